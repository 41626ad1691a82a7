"""Recorded pages of Korean portals, harvested over HTTP by `html_list`: every record is accounted for.

A copy of data.go.kr's records as web pages (75 rows of lists, 40 pages of records) and two pages of Seoul's open APIs.
The lists that lead to single pages are made here, the pages are as they were recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from harvester import config
from harvester.catalog import codec
from harvester.catalog.model import Dataset
from harvester.crawl.run import harvest_source
from harvester.ledger import JobReport, Ledger
from harvester.members import HarvestSource
from harvester.options.html_list import HtmlListOptions
from harvester.sample_portals.server import Answer, Asked, Portal, not_found

Harvest = Callable[..., tuple[JobReport, dict[str, Dataset]]]


class Pages(Portal):
    """Pages by path; no charset is declared in any header."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, bytes] = {}

    def answer(self, asked: Asked) -> Answer:
        page = self.pages.get(asked.path)
        return not_found() if page is None else Answer(page, headers={"Content-Type": "text/html"})

    def list_of(self, paths: list[str]) -> None:
        links = "".join(f'<li><a href="{quote(path)}">{Path(path).stem}</a></li>' for path in paths)
        self.pages["/list"] = f"<html><body><ul>{links}</ul></body></html>".encode()


@pytest.fixture
def portal() -> Iterator[Pages]:
    with Pages() as portal:
        yield portal


@pytest.fixture
def harvest(portal: Pages, tmp_path: Path) -> Harvest:
    def harvested(**options: Any) -> tuple[JobReport, dict[str, Dataset]]:
        source = HarvestSource(
            member="samples",
            key="html",
            title="samples",
            protocol="html_list",
            url=portal.url,
            options=HtmlListOptions.model_validate(options),
            evidence="recorded",
            language="ko",
            allow_private=True,
        )
        settings = config.settings(tmp_path)
        report = harvest_source(settings, source)
        with Ledger.open(settings.database_url) as ledger:
            stored = {one.identifier: codec.decode(one.content) for one in ledger.export(source.name)}
        return report, stored

    return harvested


ONE_BY_ONE = {"path": "/list", "rows": "li", "identifier": "a", "detail": "a@href"}
ADVERTISING = ("한의원", "관평동", "Read more", "adsbygoogle")


def test_the_rows_of_recorded_lists(samples: Path, portal: Pages, harvest: Harvest) -> None:
    files = sorted((samples / "korea-data-go-kr" / "listing-pages").glob("*.html"))
    assert len(files) == 3
    for number, file in enumerate(files, 1):
        # Three of the four hundred pages are kept: the pager ends after them.
        page = file.read_bytes().replace(b">400</a>", b">3</a>")
        portal.pages["/opendata" if number == 1 else f"/opendata/page{number}"] = page
    report, datasets = harvest(
        path="/opendata",
        paging={"path": "/opendata/page{page}"},
        last_page='xpath:(//nav//a[@class="page-number"])[last()]',
        rows="article",
        identifier="a.post-title-link@href segment -1",
        fields={
            "title": "a.post-title-link",
            "description": 'xpath:.//div[@itemprop="articleBody"]/text()[normalize-space()]',
            "issued": "time@datetime",
            "publisher": '[itemprop="about"] [itemprop="name"]',
            "landing_page": "a.post-title-link@href",
        },
    )
    assert (report.verdict, report.reason) == ("complete", "")
    assert (report.listed, report.created, report.rejected, report.duplicate) == (75, 75, 0, 0)
    dataset = datasets["15099498"]
    assert dataset.title == {"ko": "경상북도 김천시｜공공미술 보유 리스트"}
    assert dataset.issued is not None
    assert dataset.issued.startswith("2022-03-22")
    assert dataset.publisher is not None
    assert dataset.publisher.name == {"ko": "경상북도"}
    # The canonical link of every page is the site's root; the row's own link is the right one.
    assert dataset.landing_page == f"{portal.url}/opendata/2022/03/22/15099498"
    described = [one.description["ko"] for one in datasets.values() if one.description]
    assert len(described) == 75
    assert not any(word in text for word in ADVERTISING for text in described)


def test_recorded_pages_of_records(samples: Path, portal: Pages, harvest: Harvest) -> None:
    files = sorted((samples / "korea-data-go-kr" / "detail-pages").glob("*.html"))
    assert len(files) == 40
    for file in files:
        portal.pages[f"/opendata/{file.name}"] = file.read_bytes()
    portal.list_of([f"/opendata/{file.name}" for file in files])
    report, datasets = harvest(
        **ONE_BY_ONE,
        content='meta[name="keywords"], article header, article div.post-body',
        detail_fields={
            "title": "h1",
            "description": "blockquote",
            "keyword": 'meta[name="keywords"]@content',
            "publisher": "label:개요 > strong",
            "issued": "time@datetime",
            "landing_page": 'a[href*="www.data.go.kr/data/"]@href',
            "distribution": 'a[href*="fileDownload.do"]',
        },
        fields={"additional.file": "a"},
    )
    assert (report.verdict, report.reason) == ("complete", "")
    assert (report.listed, report.created, report.rejected) == (40, 40, 0)
    dataset = datasets["15001667"]
    assert dataset.title == {"ko": "광주광역시｜공무원교육원 도서 정보"}
    assert dataset.description["ko"].startswith("광주광역시 공무원 교육원에서 보유중인 도서 정보 데이터입니다.")
    assert dataset.publisher is not None
    assert dataset.publisher.name == {"ko": "광주광역시（공무원교육원 교육운영과）"}
    assert dataset.keyword == {"ko": ("도서", "교육원 자료실", "자료실", "CSV")}
    assert dataset.landing_page == "https://www.data.go.kr/data/15001667/fileData.do"
    assert [one.title["ko"] for one in dataset.distribution] == ["광주광역시_공무원교육원 도서 정보.csv"]
    links = {
        file.stem: file.read_bytes().count(b'<a href="https://www.data.go.kr/cmm/cmm/fileDownload') for file in files
    }
    assert {identifier: len(one.distribution) for identifier, one in datasets.items()} == links
    everything = " ".join(codec.encode(one).decode() for one in datasets.values())
    assert not any(word in everything for word in ADVERTISING)
    assert all(one.landing_page and identifier in one.landing_page for identifier, one in datasets.items())


def test_recorded_pages_of_seoul(samples: Path, portal: Pages, harvest: Harvest) -> None:
    files = sorted((samples / "korea-seoul").glob("*.html"))
    assert len(files) == 2
    for file in files:
        portal.pages[f"/{file.name}"] = file.read_bytes()
    portal.list_of([f"/{file.name}" for file in files])
    report, datasets = harvest(
        **ONE_BY_ONE,
        detail_fields={
            "title": "th:서비스명",
            "description": "th:서비스설명",
            "theme": "th:분류체계",
            "keyword": "th:태그",
            "publisher": "th:제공기관",
            "contact_name": "th:제공부서",
            "contact_telephone": "th:담당자연락처",
            "accrual_periodicity": "th:적재주기",
            "issued": "th:데이터 공개일자",
            "modified": "th:최종수정일",
            "license": "th:이용허락조건",
            "provenance": "th:원본시스템",
        },
    )
    assert (report.verdict, report.reason) == ("complete", "")
    assert (report.listed, report.created, report.rejected) == (2, 2, 0)
    dataset = datasets["서울시_착한가격업소_현황"]
    assert dataset.title == {"ko": "서울시 착한가격업소 현황"}
    assert dataset.description["ko"].startswith("가격이 저렴하고 서비스가 좋은 가격안정모범업소(착한가게)")
    assert dataset.publisher is not None
    assert dataset.publisher.name == {"ko": "서울특별시"}
    assert (dataset.issued, dataset.modified) == ("2012-06-29", "2026-04-21")
    assert dataset.license is not None
    assert dataset.license.code == "KOGL-1"
    assert dataset.contact_point[0].name == {"ko": "민생노동국 공정경제과"}
    assert dataset.contact_point[0].telephone == "02-2133-5376"
    assert dataset.keyword["ko"][:2] == ("물가정보", "가격안정모범업소")
    assert dataset.landing_page == f"{portal.url}/{quote('서울시_착한가격업소_현황.html')}"
