"""`datamoa check`: a broken selector, a broken fixture and a careless spider are told."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harvester.config import Settings
from harvester.errors import ConfigurationError, UsageError
from harvester.fixtures import Exchange, Fixture, Outcome, as_recorded, serving
from harvester.kit import showing
from harvester.kit.checking import check
from harvester.kit.differences import by_field, differences, new_issues
from harvester.kit.making import make
from harvester.members import HarvestSource
from tests.kit.conftest import MEMBER

URL = "https://portal.example/data/list"


def _made(settings: Settings, folder: Path) -> HarvestSource:
    from harvester import config

    return config.member(make(settings, "odd.board", URL, folder).member).sources[0]


def test_the_spider_that_new_writes_is_short(settings: Settings, tmp_path: Path) -> None:
    assert len(make(settings, "odd.board", URL, tmp_path).spider.read_text().splitlines()) < 40


def test_what_new_writes_replays_at_once_and_no_fault_changes_it(settings: Settings, tmp_path: Path) -> None:
    source = _made(settings, tmp_path)
    found = check(settings, source, tmp_path)
    assert found.is_right
    assert found.records == 3
    assert [(one.fault, one.verdict, one.reason, one.changed) for one in found.faults] == [
        ("login page", "failed", "login page", 0),
        ("error 500", "failed", "server error", 0),
        ("empty body", "failed", "empty", 0),
        ("another page", "failed", "layout changed", 0),
    ]


@pytest.mark.parametrize(
    ("file", "before", "after", "field"),
    [
        ("list-1.html", 'class="data-list"', 'class="list"', "record"),
        ("list-1.html", 'class="date"', 'class="day"', "modified"),
        ("list-1.html", "view?id=", "view?no=", "record"),
        ("view-101.html", 'class="description"', 'class="text"', "description.ko"),
        ("view-102.html", "이용허락범위", "이용조건", "license.code"),
        ("view-103.html", 'class="file"', 'class="down"', "distribution[0].download_url"),
        ("list-1.html", 'class="next"', 'class="following"', "record"),
    ],
)
def test_a_changed_page_breaks_the_selectors_visibly(
    settings: Settings, tmp_path: Path, file: str, before: str, after: str, field: str
) -> None:
    source = _made(settings, tmp_path)
    page = tmp_path / source.name / file
    text = page.read_text(encoding="utf-8")
    assert before in text
    page.write_text(text.replace(before, after), encoding="utf-8")
    found = check(settings, source, tmp_path)
    assert not found.is_right
    assert field in {one.field for one in found.differences}


def test_a_spider_that_takes_a_fault_for_a_listing_is_told(settings: Settings, tmp_path: Path) -> None:
    source = _made(settings, tmp_path)
    spider = settings.config / "spiders" / "odd_board.py"
    careless = spider.read_text(encoding="utf-8").replace(
        'return response.css("table.data-list tbody tr")',
        'return response.css("table.data-list tbody tr") or response.css("body")',
    )
    careless = careless.replace('link.re_first(r"id=(\\d+)")', 'link.re_first(r"id=(\\d+)") or "1"')
    careless = careless.replace('int(response.css(".total::text").re_first(r"\\d+"))', "None")
    careless = careless.replace('"title": row.css("a::text").get()', '"title": row.css("a::text").get() or "?"')
    spider.write_text(careless, encoding="utf-8")
    found = check(settings, source, tmp_path)
    assert not found.differences
    assert not found.is_right
    assert not next(one for one in found.faults if one.fault == "login page").is_harmless


def test_a_fixture_that_is_not_whole_is_told_with_its_file(settings: Settings, tmp_path: Path) -> None:
    source = _made(settings, tmp_path)
    with pytest.raises(ConfigurationError, match=r"nowhere.*index\.json.*datamoa record"):
        check(settings, source, tmp_path / "nowhere")
    (tmp_path / source.name / "expected.jsonl").unlink()
    with pytest.raises(ConfigurationError, match=r"expected\.jsonl.*datamoa record"):
        check(settings, source, tmp_path)


def test_new_touches_nothing_that_exists(
    settings: Settings, configured: Callable[[str], HarvestSource], tmp_path: Path
) -> None:
    configured(MEMBER.format(url="https://portal.example"))
    member = settings.config / "members" / "hannuri.yml"
    before = member.read_bytes()
    made = make(settings, "hannuri.second", URL, tmp_path)
    assert member.read_bytes() == before
    assert "  second:\n" in made.to_add
    source = configured(before.decode() + made.to_add)
    assert source.name == "hannuri.board"
    with pytest.raises(UsageError, match="exists already"):
        make(settings, "hannuri.second", URL, tmp_path)
    for name in ("hannuri", "Hannuri.x", "hannuri.", "a.b.c", "../x.y"):
        with pytest.raises(UsageError, match="no name"):
            make(settings, name, URL, tmp_path)
    with pytest.raises(ConfigurationError, match=r"http\(s\)"):
        make(settings, "odd.portal", "portal.example", tmp_path)
    with pytest.raises(UsageError, match=r"/proc/nowhere.*--into"):
        make(settings, "odd.portal", URL, Path("/proc/nowhere"))
    assert not (settings.config / "spiders" / "odd_portal.py").exists()
    assert not (settings.config / "members" / "odd.yml").exists()
    configured(before.decode().replace("protocol: spider", "protocol: dcat").replace("    spider: board\n", ""))
    with pytest.raises(UsageError, match="board is there already"):
        make(settings, "hannuri.board", URL, tmp_path / "new")


def test_differences_are_told_field_by_field() -> None:
    before = [
        Outcome(identifier="1", dataset={"title": {"ko": "가"}, "keyword": {"ko": ["a", "b"]}}, counters={"views": 1}),
        Outcome(identifier="2", dataset={"distribution": [{"format": {"code": "CSV"}}]}),
        Outcome(identifier="3"),
        Outcome(identifier=None, issues=("error no-identifier",)),
    ]
    after = [
        Outcome(identifier="1", dataset={"title": {"ko": "나"}, "keyword": {"ko": ["b"]}}, counters={"views": 2}),
        Outcome(identifier="2", dataset={"distribution": []}, issues=("warning no-link landing_page",)),
        Outcome(identifier="4", dataset={"title": {"ko": "라"}}),
        Outcome(identifier=None, issues=("error no-identifier",)),
    ]
    assert differences(before, before) == []
    assert [(one.identifier, one.field, one.before, one.after) for one in differences(before, after)] == [
        ("1", "title.ko", "가", "나"),
        ("1", "keyword.ko", "a, b", "b"),
        ("1", "counters.views", "1", "2"),
        ("2", "distribution[0].format.code", "CSV", "–"),
        ("2", "distribution", "–", ""),
        ("2", "issues", "–", "warning no-link landing_page"),
        ("3", "record", "rejected", "–"),
        ("4", "record", "–", "dataset"),
    ]


def test_differences_in_one_field_are_told_once_with_their_number() -> None:
    def listed(number: int, licence: str | None, files: int = 2) -> Outcome:
        told = {"distribution": [{"format": f"F{licence}"} for _ in range(files)]}
        return Outcome(identifier=str(number), dataset=told | ({"license": licence} if licence else {}))

    before = [listed(number, "a") for number in range(1, 6)]
    after = [listed(1, None), listed(2, None), listed(3, "b"), *(listed(number, "a", 3) for number in (4, 5))]
    assert [
        (one.field, one.identifiers, one.before, one.after)
        for one in by_field(differences(before, [*after, listed(6, "a")]))
    ] == [
        ("distribution[].format", ["1", "2", "3"], "Fa", "FNone"),
        ("license", ["1", "2"], "a", "–"),
        ("license", ["3"], "a", "b"),
        ("distribution[].format", ["4", "5"], "–", "Fa"),
        ("record", ["6"], "–", "dataset"),
    ]


def test_new_issues_are_told_in_words_and_by_number() -> None:
    before = [Outcome(identifier="1", issues=("info a b",)), Outcome(identifier="2"), Outcome(identifier=None)]
    after = [
        Outcome(identifier="1", issues=("info a b", "error c")),
        Outcome(identifier="2", issues=("info a b", "info a b")),
        Outcome(identifier="3", issues=("info a b",)),
    ]
    words = {("1", "info a b"): "old", ("2", "info a b"): "new", ("1", "error c"): "bad"}
    assert [(one.issue, one.message, one.records, one.identifier) for one in new_issues(before, after, words)] == [
        ("info a b", "new", 2, "2"),
        ("error c", "bad", 1, "1"),
    ]


def test_a_check_speaks_of_the_portal_and_of_the_stored_files_and_says_issues_in_words(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = _made(settings, tmp_path)
    for page in (tmp_path / source.name).glob("view-*.html"):
        page.write_text(page.read_text(encoding="utf-8").replace("공공누리", "열린"), encoding="utf-8")
    showing.checked(check(settings, source, tmp_path))
    printed = capsys.readouterr().out
    assert re.search(r"^license\.code +3 +101, 102, 103 +KOGL", printed, re.MULTILINE)
    assert re.search(r"unknown-license license \(3 records, the first: 101\): no row .* '열린", printed)
    page = tmp_path / source.name / "list-1.html"
    page.write_text(page.read_text(encoding="utf-8").replace('class="data-list"', ""), encoding="utf-8")
    showing.checked(check(settings, source, tmp_path))
    printed = capsys.readouterr().out
    assert f"layout changed: {URL} (list-1.html): rows() finds nothing" in printed
    assert "127.0.0.1" not in printed


def test_an_address_that_the_fixture_does_not_have_is_the_portals_own_too() -> None:
    exchanges = (
        Exchange(url="https://a.example/list", file="list.html"),
        Exchange(url="https://a.example/list?b=2&a=%EA%B0%80", file="two.html", method="POST", request_body="x"),
    )
    with serving(Fixture(folder=Path("f"), exchanges=exchanges)) as portals:
        (url,) = (portal.url for portal in portals.values())
        told = as_recorded(f"<{url}/list>, {url}/list?a=가&b=2; {url}/list?page=9. {url}", portals)
    assert told == (
        "<https://a.example/list (list.html)>, https://a.example/list?a=가&b=2 (two.html); "
        "https://a.example/list?page=9. https://a.example"
    )
