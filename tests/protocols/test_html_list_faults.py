"""Faults of portals in HTML, met by whole harvests: verdict, reason and counts, and no fault changes the data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harvester import config
from harvester.catalog import codec
from harvester.crawl.run import harvest_source
from harvester.ledger import JobReport, Ledger
from harvester.members import HarvestSource
from harvester.options.html_list import HtmlListOptions
from harvester.sample_portals.server import Answer, Asked
from tests.portals import faults
from tests.portals.html import HtmlPortal, entries

pytestmark = [pytest.mark.timeout(300)]

RECORDS = 8
OPTIONS = HtmlListOptions.model_validate(
    {
        "path": "/list",
        "paging": {"page": "page"},
        "rows": "#list tbody tr",
        "identifier": "td.tit a@onclick argument 1",
        "fields": {"title": "td.tit a", "modified": "td:nth-child(2)"},
        "total": "p.total",
        "empty": "td.nodata",
        "detail": "/view?id={identifier}",
        "content": "#contents",
        "detail_fields": {"title": "h2", "publisher": "th:제공기관", "views": "th:조회수"},
    }
)


@dataclass
class Healthy:
    portal: HtmlPortal
    source: HarvestSource
    settings: config.Settings
    before: tuple[int, dict[str, bytes]]

    def harvest(self) -> JobReport:
        return harvest_source(self.settings, self.source, full=True)

    def data(self) -> tuple[int, dict[str, bytes]]:
        with Ledger.open(self.settings.database_url) as ledger:
            return ledger.last_seq(), {held.id: held.content_hash for held in ledger.live()}


def made(portal: HtmlPortal, folder: Path) -> Healthy:
    source = HarvestSource(
        member="sample",
        key="html",
        title="html",
        protocol="html_list",
        url=portal.url,
        options=OPTIONS,
        evidence="assumed",
        language="ko",
        allow_private=True,
    )
    return Healthy(portal, source, config.settings(folder), (0, {}))


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Healthy]:
    with HtmlPortal(entries(RECORDS)) as portal:
        healthy = made(portal, tmp_path_factory.mktemp("html"))
        report = healthy.harvest()
        assert (report.verdict, report.reason, report.created) == ("complete", "", RECORDS)
        healthy.before = healthy.data()
        yield healthy


def test_what_is_harvested(healthy: Healthy) -> None:
    with Ledger.open(healthy.settings.database_url) as ledger:
        stored = next(one for one in ledger.export(healthy.source.name) if one.identifier == "G001")
    dataset = codec.decode(stored.content)
    assert dataset.title == {"ko": "데이터 1번 현황"}
    assert dataset.publisher is not None
    assert dataset.publisher.name == {"ko": "한빛"}
    assert dataset.modified == "2024-01-02"
    assert dataset.landing_page == f"{healthy.portal.url}/view?id=G001"
    assert stored.counters == {"views": 1234}


@pytest.mark.parametrize("name", ["login", "withdrawn", "another layout"])
def test_a_detail_that_is_none_leaves_an_issue_and_the_record(name: str, tmp_path: Path) -> None:
    page = {
        "login": faults.LOGIN_PAGE,
        "withdrawn": "<script>alert('비공개로 전환되었습니다')</script>",
        "another layout": "<html><h3>새 화면</h3></html>",
    }[name]
    code = {"login": "login page", "withdrawn": "not found", "another layout": "layout changed"}[name]
    with HtmlPortal(entries(4)) as portal, portal.failing(faults.html(page, faults.at("G002"))):
        healthy = made(portal, tmp_path)
        report = healthy.harvest()
        with Ledger.open(healthy.settings.database_url) as ledger:
            issues = ledger.issue_counts(report.job)
            titles = {codec.decode(one.content).title["ko"] for one in ledger.export(healthy.source.name)}
    assert (report.listed, report.created, report.rejected) == (4, 4, 0)
    assert issues["warning", code] == 1
    assert titles == {entry.title for entry in entries(4)}


def test_a_row_without_identifier_is_rejected_and_kept(tmp_path: Path) -> None:
    records = entries(4)
    records[2] = records[2].__class__("", "번호 없는 자료")
    with HtmlPortal(records) as portal:
        report = made(portal, tmp_path).harvest()
    assert (report.listed, report.created, report.rejected) == (4, 3, 1)


def test_a_list_that_robots_txt_names_is_left_alone(tmp_path: Path) -> None:
    def robots(asked: Asked) -> Answer | None:
        return Answer(b"User-agent: *\nDisallow: /list\n") if asked.path == "/robots.txt" else None

    with HtmlPortal(entries(4)) as portal, portal.failing(robots):
        report = made(portal, tmp_path).harvest()
        assert portal.count("/list") == 0
    assert (report.verdict, report.reason.partition(":")[0]) == ("failed", "robots")
