"""What is recorded of data.go.kr beside its catalogue and pages, and hostile answers, harvested over HTTP."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from harvester.sample_portals.datagokr import DataGoKrPortal
from harvester.sample_portals.server import Answer, Asked, Portal
from tests.protocols.test_hub_samples import Recorded, harvested

SITE = "https://godkimchee.github.io"

RECORDS = {
    "path": "/list",
    "records": "rows",
    "total": "total",
    "identifier": "publicDataPk",
    "paging": {"page": "page", "size": 500, "size_parameter": "size"},
    "fields": {
        "title": "title",
        "description": "description",
        "keyword": "keywords",
        "publisher": "organization",
        "contact_name": "department",
        "issued": "datePublished",
        "modified": "dateModified",
        "landing_page": "landingPage",
        "distribution": "distribution[].{download_url: url, title: name}",
        "additional.created": "dateCreated",
    },
}


@pytest.fixture(scope="module")
def records(samples: Path) -> list[dict[str, Any]]:
    file = samples / "korea-data-go-kr" / "file-data-2021-2022.jsonl.gz"
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


class Listed(Portal):
    """Gives records in pages."""

    def __init__(self, records: list[dict[str, Any]]) -> None:
        super().__init__()
        self.records = records

    def answer(self, asked: Asked) -> Answer:
        page, size = int(asked.query["page"]), int(asked.query["size"])
        rows = self.records[(page - 1) * size : page * size]
        return Answer(json.dumps({"total": len(self.records), "rows": rows}).encode())


def test_every_record_of_the_file_data_is_a_dataset(records: list[dict[str, Any]], tmp_path: Path) -> None:
    assert len(records) == 4603
    with Listed(records) as portal:
        report, datasets = harvested(tmp_path, "json_api", portal.url, **RECORDS)
    assert (report.verdict, report.listed, report.created) == ("complete", 4603, 4603)
    for record in records:
        dataset = datasets[record["publicDataPk"]]
        assert list(dataset.title.values()) == [record["title"]]
        assert len(dataset.distribution) == len(record["distribution"])
    assert {one.landing_page for one in datasets.values()} == {record["landingPage"] for record in records}


def test_a_month_of_the_recorded_sitemap(records: list[dict[str, Any]], samples: Path, tmp_path: Path) -> None:
    """The pages are not recorded: each is made here, as schema.org, of the record that was read out of it."""
    whole = gzip.decompress((samples / "sitemap" / "sitemap-godkimchee.xml.gz").read_bytes())
    listed = re.findall(rf"<loc>{SITE}(/opendata/20\d\d/[^<]*)</loc>", whole.decode())
    pages = {f"/opendata/{one['datePublished'].replace('-', '/')}/{one['publicDataPk']}": one for one in records}
    bodies: dict[str, bytes] = {}
    with Recorded(bodies) as portal:
        for path, one in pages.items():
            said = {
                "@context": "https://schema.org", "@type": "Dataset", "name": one["title"],
                "identifier": one["publicDataPk"], "description": one["description"], "url": one["landingPage"],
            }  # fmt: skip
            html = f'<html><script type="application/ld+json">{json.dumps(said)}</script></html>'
            bodies[path] = html.encode()
        bodies["/sitemap.xml"] = whole.replace(SITE.encode(), portal.url.encode())
        report, datasets = harvested(
            tmp_path, "schema_org", portal.url, sitemap=f"{portal.url}/sitemap.xml", match="/2022/02/"
        )
    wanted = [path for path in pages if "/2022/02/" in path]
    assert sorted(listed) == sorted(pages)
    assert (report.verdict, report.listed, report.created) == ("complete", len(wanted), len(wanted))
    assert {title for one in datasets.values() for title in one.title.values()} == {
        pages[path]["title"] for path in wanted
    }


def test_the_recorded_rdf_completes_its_row(samples: Path, tmp_path: Path) -> None:
    body = (samples / "members" / "data-go-kr" / "15001699.rdf").read_bytes()
    header = "목록키,목록유형,목록명,목록설명,기관명,목록 URL\r\n"
    row = "15001699,API,건강보험심사평가원_의료기관별상세정보서비스,,건강보험심사평가원,\r\n"
    with DataGoKrPortal((header + row).encode()) as portal:
        recorded = Answer(body, headers={"Content-Type": "application/xml;charset=UTF-8"})
        with portal.failing(lambda asked: recorded if asked.path == "/dcat/metadata/15001699" else None):
            report, datasets = harvested(tmp_path, "datagokr", portal.url, details=["rdf"])
    assert (report.verdict, report.created, report.rejected) == ("complete", 1, 0)
    (dataset,) = datasets.values()
    assert dataset.issued == "2016-12-31"
    assert "시설정보" in dataset.description["ko"]
    (contact,) = dataset.contact_point
    assert (contact.name, contact.telephone) == ({"ko": "빅데이터실"}, "033-739-1008")


@pytest.mark.parametrize(
    ("name", "encoding", "reason"),
    [
        ("bomb-br.bin", "br", "unreadable answer"),
        ("bomb-gzip.bin", "gzip", "unreadable answer"),
        ("bomb-zstd.bin", "zstd", "unreadable answer"),
        ("html-gzip-deflate.bin", "deflate", "unreadable answer"),  # gzip within deflate
        ("html-zlibdeflate.bin", "deflate", "layout changed"),  # it unpacks to a web page
        ("truncated-crc-error.gz", "gzip", "layout changed"),
        ("unexpected-eof.gz", "gzip", "unreadable answer"),
    ],
)
def test_hostile_bodies_where_a_list_was_due(
    name: str, encoding: str, reason: str, samples: Path, tmp_path: Path
) -> None:
    answer = Answer((samples / "hostile" / "compressed" / name).read_bytes(), 200, {"Content-Encoding": encoding})
    with Listed([]) as portal, portal.failing(lambda asked: answer if asked.path == "/list" else None):
        report, _ = harvested(tmp_path, "json_api", portal.url, **RECORDS)
    assert (report.verdict, report.reason, report.listed) == ("failed", reason, 0)
    assert "JSON was due" in report.detail


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("chromium_windows-949_with_no_encoding_specified.html", "한나라당은 2월 임시국회에서"),
        ("mozilla_bug9357_text.html", "요청하신 웹 페이지를 찾을 "),
    ],
)
def test_korean_pages_that_declare_no_charset(name: str, words: str, samples: Path, tmp_path: Path) -> None:
    page = (samples / "hostile" / "encoding" / name).read_bytes()
    beginning = f"xpath:substring(normalize-space(.), 1, {len(words)})"
    with Recorded({"/page": page}) as portal:
        answer = Answer(page, headers={"Content-Type": "text/html"})
        with portal.failing(lambda asked: answer if asked.path == "/page" else None):
            report, datasets = harvested(
                tmp_path, "html_list", portal.url, path="/page", rows="body", identifier=beginning,
                fields={"title": beginning},
            )  # fmt: skip
    assert (report.verdict, report.created) == ("complete", 1)
    assert [list(one.title.values()) for one in datasets.values()] == [[words.strip()]]


FAMILIES = ("korea-data-go-kr", "hostile/compressed", "hostile/encoding", "sitemap", "members/data-go-kr")
ELSEWHERE = {
    "catalogue-2022-07.csv.gz", "catalogue-2025-11.csv.gz",  # test_walk
    "detail-pages", "listing-pages",  # test_html_samples
    "dcat-sample_100.ttl", "dcat-sample_100.jsonld",  # test_samples
    "made-up", "observed.csv",  # no recorded answers; the first are mapped in tests/mapping
}  # fmt: skip


def test_nothing_recorded_is_forgotten(samples: Path) -> None:
    found = {one.name for family in FAMILIES for one in (samples / family).iterdir()}
    own = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in found if f'"{name}"' not in own} == set()
    assert found >= ELSEWHERE
