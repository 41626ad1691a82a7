"""`datamoa record`: what a fixture holds, what it never holds, and what is told when it is made again."""

from __future__ import annotations

import errno
import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harvester.config import Settings
from harvester.crawl.order import Sample
from harvester.errors import ConfigurationError, PortalError, UsageError
from harvester.fixtures import Fixture, replay
from harvester.kit import recording, showing
from harvester.kit.checking import check
from harvester.kit.recording import Recorded, record
from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked, Portal
from tests.kit.conftest import MEMBER
from tests.portals.board import Board

WHOLE = Sample(pages=5, records=10)


def _record(settings: Settings, source: HarvestSource, folder: Path, sample: Sample = WHOLE) -> Recorded:
    return record(settings, source, sample, folder, options={})


def _put_clocks_on_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page tells another time whenever it is asked for: a number in which 1003 occurs, and stands for itself."""
    ticks, page = itertools.count(), Board._html
    monkeypatch.setattr(Board, "_html", staticmethod(lambda body: page(f"{body}<p>10030{next(ticks)} o'clock</p>")))


def test_a_whole_listing_is_recorded_and_replays_complete(
    settings: Settings, source: HarvestSource, tmp_path: Path
) -> None:
    found = _record(settings, source, tmp_path / "fixtures")
    assert (found.problem, found.written, found.is_new) == ("", True, True)
    fixture = Fixture.load(tmp_path / "fixtures" / source.name)
    assert fixture.verdict == ("complete", "")
    assert len(fixture.exchanges) == 2 + 5
    assert all(exchange.headers == {"Content-Type": "text/html"} for exchange in fixture.exchanges)
    report, outcomes = replay(fixture, source, settings.config)
    assert (report.verdict, outcomes) == ("complete", list(fixture.expected))
    assert outcomes[0].dataset is not None
    assert outcomes[0].dataset["landing_page"].startswith(source.url.removesuffix("list.do"))
    assert check(settings, source, tmp_path / "fixtures").is_right


def test_a_cut_listing_says_so_and_replays_partial(
    settings: Settings, source: HarvestSource, board: Board, tmp_path: Path
) -> None:
    found = _record(settings, source, tmp_path, Sample(pages=1, records=2))
    assert found.written
    assert board.count("/data/list.do") == 1
    assert board.count("/data/view.do") == 2
    fixture = Fixture.load(tmp_path / source.name)
    assert fixture.verdict == ("partial", "limit")
    assert [one.identifier for one in fixture.expected] == ["1004", "1005"]
    assert check(settings, source, tmp_path).is_right


def test_made_again_it_tells_each_field_that_is_another_and_each_answer(
    settings: Settings, source: HarvestSource, board: Board, tmp_path: Path
) -> None:
    _record(settings, source, tmp_path)
    index = (tmp_path / source.name / "index.json").read_bytes()
    again = _record(settings, source, tmp_path)
    assert (again.is_new, list(again.exchanges), list(again.differences)) == (False, [], [])
    assert (tmp_path / source.name / "index.json").read_bytes() == index
    changed = ("1003", "버스 정류장 승하차 인원", "2026-02-20", "공공누리 제1유형", "매일")
    board.data_sets = (*board.data_sets[:2], changed, board.data_sets[3])
    dry = record(settings, source, WHOLE, tmp_path, options={}, dry_run=True)
    assert not dry.written
    assert (tmp_path / source.name / "index.json").read_bytes() == index
    told = {(one.identifier, one.field): (one.before, one.after) for one in dry.differences}
    assert told["1003", "license.code"] == ("KOGL-2", "KOGL-1")
    assert told["1001", "record"] == ("dataset", "–")
    assert {key for key in told if key[0] not in {"1003", "1001"}} == set()
    assert ("changed", f"GET {board.url}/data/view.do?no=1003") in dry.exchanges
    assert ("gone", f"GET {board.url}/data/view.do?no=1001") in dry.exchanges
    assert dry.traced[f"GET {board.url}/data/view.do?no=1003"] == ["1003"]
    assert dry.traced[f"GET {board.url}/data/view.do?no=1001"] == ["1001"]
    assert _record(settings, source, tmp_path).written
    assert not list((tmp_path / source.name).glob("*1001*"))
    assert len(Fixture.load(tmp_path / source.name).expected) == 4


def test_of_many_answers_that_changed_those_that_tell_of_a_record_are_told_first(
    settings: Settings,
    source: HarvestSource,
    board: Board,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _record(settings, source, tmp_path)
    _put_clocks_on_pages(monkeypatch)
    board.data_sets = (
        *board.data_sets[:2],
        ("1003", "버스 정류장", "2026-02-20", "공공누리 제1유형", "매일"),
        *board.data_sets[3:],
    )
    capsys.readouterr()
    again = _record(settings, source, tmp_path)
    assert len(again.exchanges) == 7
    pages = [f"GET {board.url}/data/list.do", f"GET {board.url}/data/view.do?no=1003"]
    assert again.traced == {one: ["1003"] for one in pages}
    showing.recorded(again)
    printed = capsys.readouterr().out
    for one in pages:
        assert f"answer changed: {one}; it tells of 1003, see below\n" in printed
    assert printed.count("tells of") == 2


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_asked(
    settings: Settings, source: HarvestSource, board: Board, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        with pytest.raises(UsageError, match=rf"^{folder}/hannuri\.board: no fixture.*--into names"):
            _record(settings, source, folder)
    (tmp_path / source.name).mkdir()
    (tmp_path / source.name / "index.json").write_text("no")
    with pytest.raises(ConfigurationError, match=r"index\.json"):
        _record(settings, source, tmp_path)
    assert board.count("/data/list.do") == 0
    assert not list((tmp_path / source.name).glob("tmp*"))


def test_a_disk_that_gets_full_leaves_the_fixture_as_it_was(
    settings: Settings, source: HarvestSource, board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _record(settings, source, tmp_path)
    before = {file.name: file.read_bytes() for file in (tmp_path / source.name).iterdir()}
    copy, copied = shutil.copyfile, []

    def full(file: Path, target: Path) -> Path:
        copied.append(file)
        if len(copied) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return copy(file, target)

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(UsageError, match=r"hannuri\.board: the fixture cannot be written here: No space left"):
        _record(settings, source, tmp_path)
    assert {file.name: file.read_bytes() for file in (tmp_path / source.name).iterdir()} == before


def test_answers_that_change_no_record_are_only_counted(
    settings: Settings,
    source: HarvestSource,
    board: Board,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _record(settings, source, tmp_path)
    _put_clocks_on_pages(monkeypatch)
    capsys.readouterr()
    again = _record(settings, source, tmp_path)
    showing.recorded(again)
    printed = capsys.readouterr().out
    assert "answers changed, but no record with them: 7\n" in printed
    assert "GET" not in printed
    board.data_sets = board.data_sets[1:]
    showing.recorded(_record(settings, source, tmp_path))
    printed = capsys.readouterr().out
    assert printed.count("answer changed: GET") == 3
    assert "answers changed: 6 in all" in printed
    assert f"answer gone: GET {board.url}/data/view.do?no=1005" in printed


def test_answers_that_make_no_listing_replace_nothing(
    settings: Settings, source: HarvestSource, board: Board, tmp_path: Path
) -> None:
    _record(settings, source, tmp_path)
    before = {file.name: file.read_bytes() for file in (tmp_path / source.name).iterdir()}
    board.renewed = True
    found = _record(settings, source, tmp_path)
    assert not found.written
    assert "layout changed" in found.problem
    assert len(found.differences) == 5
    assert {file.name: file.read_bytes() for file in (tmp_path / source.name).iterdir()} == before


def test_an_answer_too_large_is_refused_with_what_to_do(
    settings: Settings, source: HarvestSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "LARGEST", 50)
    with pytest.raises(PortalError, match=r"list\.do \(\d+ bytes\).*--option"):
        _record(settings, source, tmp_path)
    assert not list(tmp_path.glob("hannuri*"))


def test_a_portal_that_gives_no_answer_is_told_with_the_reason(
    settings: Settings, source: HarvestSource, board: Board, tmp_path: Path
) -> None:
    board.robots = "User-agent: *\nDisallow: /\n"
    with pytest.raises(PortalError, match=r"hannuri\.board: robots: no answer came"):
        _record(settings, source, tmp_path)
    board.stop()
    with pytest.raises(PortalError, match="unreachable"):
        _record(settings, source, tmp_path)
    assert not list(tmp_path.glob("hannuri*"))


class Locked(Portal):
    """A portal that wants a key, echoes it everywhere, redirects, and sets cookies."""

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/old":
            return Answer(b"", 302, {"Location": f"{self.url}/list?serviceKey={asked.query['serviceKey']}"})
        secret = asked.query.get("serviceKey") or asked.headers.get("x-key", "")
        if not secret:
            return Answer(b"<p>no key</p>", 401)
        if asked.path == "/list":
            escaped = secret.replace("/", "\\/")
            body = f"<li data-no=1>가</li><script>var k = '{secret}'; var u = '{escaped}'</script>"
        else:
            body = f"<dl><dt>{asked.method} {asked.body.decode()}</dt></dl>"
        headers = {"Content-Type": "text/html; charset=utf-8", "Set-Cookie": f"session={secret}", "X-Trace": secret}
        return Answer(body.encode(), headers=headers)


LOCKED_SPIDER = """
from urllib.parse import quote
from scrapy import Request
from harvester.spiders import PagedSpider

class Locked(PagedSpider):
    def listing(self, cursor):
        secret = quote(self.key("${BOARD_KEY}"), safe="")
        known = {"address": "", "cursor": cursor}
        yield self.request(f"{self.source.url}/old?serviceKey={secret}", self._read, cb_kwargs=known)
    def rows(self, response):
        return response.css("li")
    def record(self, row):
        return {"identifier": row.attrib["data-no"], "title": row.css("::text").get(), "landing_page": "/view"}
    def details(self, response):
        return {"description": response.css("dt::text").get()}
    def detail_request(self, record, name, address):
        secret = self.key("${BOARD_KEY}")
        headers = {"X-Key": secret, "Authorization": secret}
        return Request(address, method="POST", body=f"key={secret}&no=1", headers=headers)
"""


def test_keys_and_cookies_never_reach_a_fixture_and_it_replays_without_them(
    settings: Settings,
    configured: Callable[[str], HarvestSource],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "s3cr3t/+k==Zz"
    monkeypatch.setenv("BOARD_KEY", secret)
    (settings.config / "spiders" / "board.py").write_text(LOCKED_SPIDER, encoding="utf-8")
    with Locked() as portal:
        source = configured(MEMBER.format(url=portal.url).replace("/data/list.do", ""))
        found = _record(settings, source, tmp_path / "fixtures")
    assert (found.problem, found.written) == ("", True)
    written = b"".join(file.read_bytes() for file in (tmp_path / "fixtures" / source.name).iterdir())
    for spelt in (secret, "s3cr3t%2F%2Bk%3D%3DZz", "s3cr3t%2f%2bk", "s3cr3t\\/+k", "s3cr3t"):
        assert spelt.encode() not in written
    assert b"session=" not in written
    assert b"X-Trace" not in written
    fixture = Fixture.load(tmp_path / "fixtures" / source.name)
    assert {(one.method, one.status) for one in fixture.exchanges} == {("GET", 302), ("GET", 200), ("POST", 200)}
    (post,) = [one for one in fixture.exchanges if one.method == "POST"]
    assert post.request_body == "key=***&no=1"
    monkeypatch.delenv("BOARD_KEY")
    assert check(settings, source, tmp_path / "fixtures").is_right


@pytest.mark.parametrize(
    ("name", "most"), [("hanbit-power.datagokr", 20_000), ("lake-county.gis", 4_000), ("nordhaven.turtle", 1_000)]
)
def test_a_download_too_large_is_cut_to_the_records_that_were_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    from harvester import config, sample_portals

    monkeypatch.setattr(recording, "LARGEST", most)
    with sample_portals.start(tmp_path) as portals:
        settings = Settings(tmp_path / "home", portals.config, "sqlite://", "embedded")
        (source,) = config.select(settings.config, (name,))
        if name == "nordhaven.turtle":
            with pytest.raises(PortalError, match="larger than a fixture may hold"):
                record(settings, source, Sample(pages=1, records=3), tmp_path / "f", options={})
            return
        found = record(settings, source, Sample(pages=1, records=3), tmp_path / "f", options={})
    assert (found.problem, found.written) == ("", True)
    assert sum(one.dataset is not None for one in found.outcomes) == 3
    fixture = Fixture.load(tmp_path / "f" / name)
    assert fixture.verdict == ("complete", "")
    assert all(len(fixture.body(exchange)) <= most for exchange in fixture.exchanges)
    assert check(settings, source, tmp_path / "f").is_right


def test_options_of_the_protocol_make_pages_small_and_are_noted(
    settings: Settings, configured: Callable[[str], HarvestSource], tmp_path: Path
) -> None:
    from harvester.sample_portals import sample_ckan

    with sample_ckan() as ckan:
        text = MEMBER.format(url=ckan.url).replace("/data/list.do", "").replace("protocol: spider", "protocol: ckan")
        source = configured(text.replace("    spider: board\n", ""))
        found = record(settings, source, Sample(pages=2, records=10), tmp_path, options={"rows": 3})
        with pytest.raises(ConfigurationError, match=r"option rowz of ckan.*rows"):
            record(settings, source, WHOLE, tmp_path, options={"rowz": 3})
        with pytest.raises(ConfigurationError, match="option rows of ckan"):
            record(settings, source, WHOLE, tmp_path, options={"rows": 0})
    assert found.written
    assert json.loads((tmp_path / source.name / "sample.json").read_bytes()) == {
        "pages": 2,
        "records": 10,
        "options": {"rows": 3},
    }
    assert check(settings, source, tmp_path).is_right
