"""`datamoa try`: what it shows, and that it stores nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harvester.config import Settings
from harvester.kit import showing
from harvester.kit.trying import attempt, coverage
from harvester.members import HarvestSource
from tests.kit.conftest import MEMBER
from tests.portals.board import Board


def test_a_try_shows_raw_beside_normalised_and_stores_nothing(
    settings: Settings, source: HarvestSource, tmp_path: Path
) -> None:
    found = attempt(settings, source, 5)
    assert (found.report.verdict, found.report.reason, found.report.job) == ("partial", "limit", 0)
    assert {one.identifier for one in found.records} == {"1001", "1002", "1003", "1004", "1005"}
    first = next(one for one in found.records if one.identifier == "1001")
    assert set(first.raw) == {"listing", "details"}
    assert "무료 와이파이" in first.raw["listing"]
    assert first.dataset is not None
    assert first.dataset["modified"] == "2025-07-08"
    assert first.dataset["landing_page"] == f"{source.url.removesuffix('list.do')}view.do?no=1001"
    assert found.unread == {"colour": 5}
    assert found.unknown == {"license: 이용조건 문의": 1}
    assert found.coverage["title"] == 100
    assert found.coverage["keyword"] == 0
    assert found.coverage["distribution.download_url"] == 100
    assert not (tmp_path / "untouched.sqlite").exists()
    assert not (tmp_path / "home").exists()


def test_the_limit_is_the_number_of_records(settings: Settings, source: HarvestSource, board: Board) -> None:
    found = attempt(settings, source, 2)
    assert [one.identifier for one in found.records] == ["1005", "1004"]
    assert board.count("/data/view.do") == 2


def test_rejected_records_and_rows_without_identifier_are_shown(
    settings: Settings, source: HarvestSource, board: Board
) -> None:
    board.data_sets = (("7", " ", "2026-01-01", "", ""), ("x", "제목", "", "", ""), ("8", "제목", "2026-01-01", "", ""))
    found = attempt(settings, source, 3)
    by_identifier = {one.identifier: one for one in found.records}
    assert by_identifier["7"].dataset is None
    assert [issue.code for issue in by_identifier["7"].issues if issue.severity == "error"] == ["no-title"]
    assert by_identifier[None].dataset is None
    assert by_identifier[None].issues[0].code == "no-identifier"
    assert by_identifier["8"].dataset is not None


def test_what_went_wrong_is_told_in_words(
    settings: Settings, configured: Callable[[str], HarvestSource], board: Board
) -> None:
    source = configured(MEMBER.format(url=board.url) + "    parameters: {rows_at: table tr}\n")
    found = attempt(settings, source, 2)
    assert (found.report.verdict, found.report.reason) == ("failed", "layout changed")
    assert any("rows() finds nothing" in line for line in found.said)
    assert not found.records


def test_rules_that_found_nothing_are_told(
    settings: Settings,
    configured: Callable[[str], HarvestSource],
    board: Board,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = MEMBER.format(url=board.url).replace("protocol: spider\n    spider: board", "protocol: json_api")
    text = text.replace("/data/list.do", "") + (
        "    path: /data/list.json\n    records: list\n    identifier: number\n    total: total\n"
        "    fields: {title: title, issued: [registered, created], modified: date, views: hits}\n"
    )
    found = attempt(settings, configured(text), 5)
    assert found.idle == {"issued": ("registered", "created"), "views": ("hits",)}
    showing.summed_up(found)
    printed = capsys.readouterr().out
    assert "rules that found nothing: issued at `registered`, `created` (0 of 5)" in printed
    assert "title at" not in printed


@pytest.mark.parametrize("width", [80, 200])
def test_it_is_readable_on_narrow_and_on_wide_terminals(
    settings: Settings,
    source: HarvestSource,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    width: int,
) -> None:
    monkeypatch.setattr(showing.console.out, "_width", width)
    found = attempt(settings, source, 1)
    showing.seen(found.records[0])
    printed = capsys.readouterr().out
    beside = any(line.startswith("what the portal gave ") and "dataset" in line for line in printed.splitlines())
    assert beside == (width >= 130)
    assert ("what the portal gave:" in printed) == (width < 130)
    assert printed.count("공영주차장 현황") >= 2
    assert "nobody reads: colour" in printed


def test_coverage_counts_datasets_that_have_a_property() -> None:
    shares = coverage(
        [{"title": {"ko": "가"}}, {"title": {"ko": "나"}, "distribution": [{"format": {}}, {"format": {}}]}]
    )
    assert (shares["title"], shares["distribution"], shares["distribution.format"], shares["license"]) == (
        100,
        50,
        50,
        0,
    )
    assert coverage([])["title"] == 0
