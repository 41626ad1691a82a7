"""JSON lists over real sockets: every way of paging, resuming at every page, and what becomes of each entry."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from harvester import config
from harvester.crawl.run import harvest_source
from harvester.errors import PortalError
from harvester.ledger import JobReport, Ledger
from harvester.members import HarvestSource
from harvester.options.json_api import JsonApiOptions
from harvester.processing import Processor
from harvester.protocols import answers
from harvester.protocols.json_api import JsonApiSpider, Position
from harvester.remap import remap
from harvester.sample_portals.server import Answer, Asked, Fault
from tests.portals import faults
from tests.portals.json_lists import JsonListPortal, rows
from tests.protocols.driver import Listing, run, spider

LIST: dict[str, Any] = {
    "path": "/list",
    "records": "rows",
    "identifier": "id",
    "success": "status == 'OK'",
    "fields": {"title": "name", "description": "text", "views": "hits"},
}
SIZED = {"size": 10, "size_parameter": "size"}
PAGED = {"page": "at", **SIZED}
OFFSET = {"offset": "at", **SIZED}

WAYS: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {
    # name: kind and tells of the portal, options of the source
    "none": ("none", (), {}),
    "page, total": ("page", ("total",), {"paging": PAGED, "total": "total"}),
    "page, number of pages": ("page", ("pages",), {"paging": {**PAGED, "pages": "pages"}}),
    "page, until a short one": ("page", (), {"paging": PAGED}),
    "page, by a form": ("page", ("total",), {"paging": PAGED, "total": "total", "method": "POST"}),
    "page, by JSON": ("page", ("total",), {"paging": PAGED, "total": "total", "method": "POST", "body": "json"}),
    "offset, total": ("offset", ("total",), {"paging": OFFSET, "total": "total"}),
    "offset, until a short one": ("offset", (), {"paging": OFFSET}),
    "cursor": ("cursor", ("next",), {"paging": {"cursor": "at", "next": "next", **SIZED}}),
    "next address": ("offset", ("next",), {"paging": {"next": "next", **SIZED}}),
    "Link header": ("offset", ("link",), {"paging": {"link_header": True, **SIZED}}),
}


def listed(portal: JsonListPortal, tmp_path: Path, cursor: str | None = None, **options: Any) -> Listing:
    made = spider(JsonApiSpider, "json_api", portal.url, **{**LIST, **options})
    return run(made, tmp_path, cursor)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", [1, 10, 34, 40])
def test_every_way_of_paging_lists_each_record_once(way: str, number: int, tmp_path: Path) -> None:
    kind, tells, options = WAYS[way]
    with JsonListPortal(rows(number), kind, tells=tells) as portal:
        listing = listed(portal, tmp_path, **options)
    assert listing.ended
    assert listing.identifiers == [str(1000 + n) for n in range(number)]
    assert orjson.loads(listing.records[0].parts[0].payload) == rows(1)[0]
    declared = number if "total" in tells else None
    assert {page.declared_total for page in listing.pages} == {declared}
    assert len(portal.asked) <= number // 10 + 2


@pytest.mark.parametrize("way", WAYS)
def test_a_listing_goes_on_after_every_page(way: str, tmp_path: Path) -> None:
    kind, tells, options = WAYS[way]
    with JsonListPortal(rows(34), kind, tells=tells) as portal:
        whole = listed(portal, tmp_path, **options)
        for number, page in enumerate(whole.pages[:-1]):
            rest = listed(portal, tmp_path, page.cursor, **options)
            assert rest.pages == whole.pages[number + 1 :]


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_list_ends_at_once(way: str, tmp_path: Path) -> None:
    kind, tells, options = WAYS[way]
    with JsonListPortal([], kind, tells=tells) as portal:
        listing = listed(portal, tmp_path, **options)
    assert (listing.ended, len(listing.pages), listing.records) == (True, 1, [])


@pytest.mark.parametrize(
    "way", ["page, total", "page, until a short one", "offset, total", "offset, until a short one"]
)
def test_a_portal_that_gives_smaller_pages_than_asked_for_is_noticed(
    way: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kind, tells, options = WAYS[way]
    with JsonListPortal(rows(34), kind, tells=tells, cap=7) as portal, caplog.at_level(logging.INFO):
        listing = listed(portal, tmp_path, **options)
    assert listing.identifiers == [str(1000 + n) for n in range(34)]
    assert "10 entries a page were asked for, 7 came" in caplog.text


def test_parameters_are_sent_as_the_portal_wants_them(tmp_path: Path) -> None:
    parameters = {"q": "*", "open": True, "none": None, "sort": ["a", "b"]}
    with JsonListPortal(rows(2)) as portal:
        listing = listed(portal, tmp_path, path="/list?menu=115", parameters=parameters)
        assert listing.urls == [f"{portal.url}/list?menu=115&q=%2A&open=true&none=&sort=a&sort=b"]
        listed(portal, tmp_path, parameters=parameters, method="POST", body="json")
        listed(portal, tmp_path, parameters={"q": "한글"}, method="POST")
    assert portal.asked[1:] == [parameters, {"q": "한글"}]


def test_what_the_selection_leaves_out_is_counted(tmp_path: Path) -> None:
    records = [{**row, "kind": "dataset" if n % 3 else "file"} for n, row in enumerate(rows(34))]
    with JsonListPortal(records) as portal:
        listing = listed(portal, tmp_path, where="kind == 'dataset'", paging=PAGED, total="total")
    assert len(listing.records) == 22
    assert listing.pages[-1].declared_total == 22
    last = msgspec.json.decode(listing.pages[-1].cursor or "", type=Position)
    assert (last.read, last.left_out, last.total) == (34, 12, 34)
    assert [page.passed for page in listing.pages] == [4, 7, 10, 12]


def test_entries_without_identifier_or_that_are_no_objects_are_rejected(tmp_path: Path) -> None:
    odd = [{"name": "없음"}, {"id": "  "}, {"id": True}, {"id": []}, "text", None, 7, [1], {"id": 5.5}]
    with JsonListPortal(odd) as portal:
        listing = listed(portal, tmp_path)
        assert (listing.identifiers, len(listing.rejected)) == (["5.5"], 8)
        codes = [one.issue.code for one in listing.rejected]
        assert codes == ["no-identifier"] * 4 + ["not-an-object"] * 4


@pytest.mark.parametrize(("depth", "reason"), [(400, ""), (1010, "unreadable answer"), (50_000, "unreadable answer")])
def test_a_record_nested_deeply_is_read_as_far_as_json_can_be(depth: int, reason: str, tmp_path: Path) -> None:
    deep = b'{"id": "deep", "name": "x", "surplus": %s}' % (b"[" * depth + b"]" * depth)
    body = b'{"status": "OK", "rows": [%s, {"id": 2, "name": "y"}]}' % deep
    with JsonListPortal([]) as portal, portal.failing(faults.body(body)):
        report = harvest(portal, tmp_path)
    assert (report.verdict, report.reason) == (("failed", reason) if reason else ("complete", ""))
    assert report.created == (0 if reason else 2)


def test_an_expression_that_fails_on_a_record_rejects_that_record(tmp_path: Path) -> None:
    with JsonListPortal([{"id": 1}, {"id": "2"}]) as portal:
        listing = listed(portal, tmp_path, identifier="join('-', ['a', id])")
    assert listing.identifiers == ["a-2"]
    assert [one.issue.code for one in listing.rejected] == ["expression-failed"]


FAULTS: dict[str, tuple[Fault, str]] = {
    "error inside 200": (faults.body('{"status": "FAIL", "message": "점검"}'.encode()), "error inside 200"),
    "login page": (faults.html(), "login page"),
    "maintenance": (faults.html(faults.MAINTENANCE_PAGE), "layout changed"),
    "no list": (faults.body(b'{"status": "OK", "rows": {"1": {}}}'), "layout changed"),
    "no records": (faults.body(b'{"status": "OK", "entries": []}'), "layout changed"),
    "wrong charset": (faults.body(b'{"status": "\xff\xfe\xff"}'), "unreadable answer"),
    "cut": (faults.body(b'{"status": "OK", "rows": [{'), "unreadable answer"),
    "no body": (faults.body(b""), "empty"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_an_answer_that_is_not_the_list_is_told(name: str, tmp_path: Path) -> None:
    fault, reason = FAULTS[name]
    with JsonListPortal(rows(3)) as portal, portal.failing(fault), pytest.raises(PortalError) as caught:
        listed(portal, tmp_path)
    assert caught.value.reason == reason
    assert portal.url in str(caught.value)


def test_what_the_portal_says_of_its_failure_is_told(tmp_path: Path) -> None:
    with (
        JsonListPortal([]) as portal,
        portal.failing(FAULTS["error inside 200"][0]),
        pytest.raises(PortalError, match="점검"),
    ):
        listed(portal, tmp_path)


def test_a_charset_that_is_declared_is_read(tmp_path: Path) -> None:
    body = '{"status": "OK", "rows": [{"id": 1, "name": "가나"}]}'.encode("cp949")
    with JsonListPortal([]) as portal, portal.failing(faults.body(body, "application/json; charset=euc-kr")):
        listing = listed(portal, tmp_path)
    assert orjson.loads(listing.records[0].parts[0].payload)["name"] == "가나"


@pytest.mark.parametrize("named", ["ftp://elsewhere.example/list", "http://[/", "javascript:alert(1)"])
def test_a_next_address_that_is_none_is_told(named: str, tmp_path: Path) -> None:
    body = orjson.dumps({"status": "OK", "rows": [{"id": 1}], "next": named})
    with JsonListPortal([]) as portal, portal.failing(faults.body(body)), pytest.raises(PortalError) as caught:
        listed(portal, tmp_path, paging={"next": "next"})
    assert caught.value.reason == "layout changed"


@pytest.mark.parametrize("kind", ["cursor", "next_link"])
def test_an_answer_that_names_itself_as_the_next_page_is_endless(kind: str, tmp_path: Path) -> None:
    paging = {"next": "next"} | ({"cursor": "at", "first": "c0"} if kind == "cursor" else {})
    with JsonListPortal([]) as portal:
        named = "c0" if kind == "cursor" else f"{portal.url}/list"
        body = orjson.dumps({"status": "OK", "rows": [{"id": 1}], "next": named})
        with portal.failing(faults.body(body)), pytest.raises(PortalError) as caught:
            listed(portal, tmp_path, paging=paging)
    assert caught.value.reason == "endless paging"


def source_of(portal: JsonListPortal, **options: Any) -> HarvestSource:
    return HarvestSource(
        member="test",
        key="list",
        title="목록",
        protocol="json_api",
        url=portal.url,
        options=JsonApiOptions.model_validate({**LIST, **options}),
        evidence="assumed",
        language="ko",
        allow_private=True,
    )


def harvest(portal: JsonListPortal, home: Path, **options: Any) -> JobReport:
    return harvest_source(config.settings(home), source_of(portal, **options))


def as_json(answer: Any) -> Answer:
    return Answer(orjson.dumps(answer), headers={"Content-Type": "application/json"})


def for_ever(asked: Asked) -> Answer | None:
    """A page of records never seen before whatever is asked, and a total that grows with it."""
    if asked.path != "/list":
        return None
    at = int(asked.query.get("at", 1))
    return as_json(
        {"status": "OK", "total": (at + 1) * 10, "rows": [{"id": at * 10 + n, "name": "또"} for n in range(10)]}
    )


def same_page(asked: Asked) -> Answer | None:
    return as_json({"status": "OK", "total": 10_000, "rows": rows(10)}) if asked.path == "/list" else None


def test_an_answer_of_more_entries_than_memory_should_hold_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(answers, "MOST_RECORDS", 30)
    with JsonListPortal(rows(30)) as portal:
        assert len(listed(portal, tmp_path).pages[0].records) == 30
    with JsonListPortal(rows(31)) as portal, pytest.raises(PortalError, match="31 entries in one answer") as caught:
        listed(portal, tmp_path)
    assert caught.value.reason == "limit"


@pytest.mark.parametrize(("fault", "total"), [(for_ever, "total"), (same_page, "total"), (same_page, None)])
def test_endless_paging_is_stopped(fault: Fault, total: str | None, tmp_path: Path) -> None:
    with JsonListPortal(rows(10)) as portal, portal.failing(fault):
        report = harvest(portal, tmp_path, paging=PAGED, total=total)
    assert (report.verdict, report.reason.partition(":")[0]) == ("partial", "endless paging")
    assert report.created >= 10
    assert portal.count("/list") < 20


def test_a_total_that_is_larger_than_what_comes_is_not_met(tmp_path: Path) -> None:
    with JsonListPortal(rows(20)) as portal:
        report = harvest(portal, tmp_path, paging=PAGED, total="`50`")
    assert (report.verdict, report.reason.partition(":")[0]) == ("partial", "total not met")
    assert report.created == 20


@pytest.mark.parametrize("paging", [PAGED, OFFSET])
@pytest.mark.parametrize("total", [0, 1, 15])
def test_a_total_that_is_another_number_ends_no_list(paging: dict[str, Any], total: int, tmp_path: Path) -> None:
    with JsonListPortal(rows(24), "page" if paging is PAGED else "offset", tells=()) as portal:
        report = harvest(portal, tmp_path, paging=paging, total=f"`{total}`")
    assert (report.verdict, report.created) == ("complete", 24)


def test_a_list_that_goes_on_far_beyond_its_total_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with JsonListPortal(rows(100), "page", tells=()) as portal:
        report = harvest(portal, tmp_path, paging=PAGED, total="`1`")
    assert (report.verdict, report.reason) == ("partial", "endless paging")
    assert "declares 1: the list has no end, or its total is another number" in caplog.text


def test_a_total_that_is_none_is_told(tmp_path: Path) -> None:
    with JsonListPortal(rows(3)) as portal, pytest.raises(PortalError, match="total: no number at `nothing`") as caught:
        listed(portal, tmp_path, paging=PAGED, total="nothing")
    assert caught.value.reason == "layout changed"


def test_one_page_that_fails_makes_a_partial_job(tmp_path: Path) -> None:
    with (
        JsonListPortal(rows(34)) as portal,
        portal.failing(faults.server_error(lambda asked: asked.query.get("at") == "3")),
    ):
        report = harvest(portal, tmp_path, paging=PAGED, total="total")
    assert (report.verdict, report.reason.partition(":")[0], report.created) == ("partial", "server error", 20)


def test_a_total_of_the_page_does_not_hide_the_pages_that_are_told(tmp_path: Path) -> None:
    """It is asked on, and then they contradict each other, or the total is known for another number."""
    with JsonListPortal(rows(40), tells=("pages",)) as portal:
        report = harvest(portal, tmp_path, paging={**PAGED, "pages": "pages"}, total="length(rows)")
    assert (report.verdict, report.created) == ("complete", 40)


def test_integers_of_any_length_are_read_to_the_last_digit(tmp_path: Path) -> None:
    numbers = [20240101123456000000 + number for number in range(6)]
    body = msgspec.json.encode({"status": "OK", "rows": [{"id": number, "name": "이름"} for number in numbers]})
    with JsonListPortal([]) as portal, portal.failing(faults.body(body)):
        found = listed(portal, tmp_path)
    assert found.identifiers == [str(number) for number in numbers]
    assert b'"20240101123456000005"' in found.records[-1].parts[0].payload


@pytest.mark.parametrize("said", [b'"a\tb"', b'"a\nb"', rb'"a\ud800b"', b"NaN", b"-Infinity"])
def test_what_only_strict_readers_refuse_costs_nothing(said: bytes, tmp_path: Path) -> None:
    body = b'{"status": "OK", "rows": [{"id": 1, "name": %s}, {"id": 2, "name": "\xec\x9d\xb4\xeb\xa6\x84"}]}' % said
    with JsonListPortal([]) as portal, portal.failing(faults.body(body)):
        found = listed(portal, tmp_path)
    assert found.identifiers == ["1", "2"]


def test_cp949_is_read_though_nobody_declares_it(tmp_path: Path) -> None:
    body = '{"status": "OK", "rows": [{"id": 1, "name": "전력 판매량"}]}'.encode("cp949")
    with JsonListPortal([]) as portal, portal.failing(faults.body(body)):
        found = listed(portal, tmp_path)
    assert "전력 판매량".encode() in found.records[0].parts[0].payload


def test_duplicates_are_counted(tmp_path: Path) -> None:
    with JsonListPortal([*rows(5), rows(1)[0]]) as portal:
        report = harvest(portal, tmp_path)
    assert (report.verdict, report.listed, report.created, report.duplicate) == ("complete", 6, 5, 1)


def test_an_empty_list_is_held(tmp_path: Path) -> None:
    with JsonListPortal(rows(5)) as portal:
        assert harvest(portal, tmp_path).created == 5
        portal.records = []
        report = harvest(portal, tmp_path)
    assert (report.verdict, report.reason, report.removed) == ("held", "empty", 0)


def test_a_good_body_with_an_accepted_status_is_taken(tmp_path: Path) -> None:
    good = as_json({"status": "OK", "rows": rows(3)})
    with JsonListPortal([]) as portal, portal.failing(faults.always(Answer(good.body, 502, good.headers))):
        report = harvest(portal, tmp_path / "accepted", accept_status=[502])
        assert (report.verdict, report.created, portal.count("/list")) == ("complete", 3, 1)
        report = harvest(portal, tmp_path / "refused")
    assert (report.verdict, report.reason.partition(":")[0]) == ("failed", "server error")


def test_a_bad_body_with_an_accepted_status_is_asked_for_again(tmp_path: Path) -> None:
    with JsonListPortal(rows(3)) as portal:
        with portal.failing(faults.times(2, faults.server_error(status=502))):
            report = harvest(portal, tmp_path / "passes", accept_status=[502])
        assert (report.verdict, report.created) == ("complete", 3)
        with portal.failing(faults.server_error(status=502)):
            report = harvest(portal, tmp_path / "stays", accept_status=[502])
    assert (report.verdict, report.reason.partition(":")[0]) == ("failed", "server error")


def test_details_complete_their_records(tmp_path: Path) -> None:
    detail = {
        "address": "/detail/{identifier}",
        "record": "data",
        "fields": {"license": "license", "modified": "modified"},
    }
    with JsonListPortal(rows(3)) as portal:
        report = harvest(portal, tmp_path, detail=detail, landing_page="/data/{identifier}")
        assert (report.verdict, report.created, portal.count("/detail")) == ("complete", 3, 3)
        url = portal.url
    with Ledger.open(config.settings(tmp_path).database_url) as ledger:
        dataset = msgspec.json.decode(next(ledger.export("test.list")).content)
        unread = ledger.source_states()["test.list"].unread
    assert dataset["landing_page"] == f"{url}/data/1000"
    assert (dataset["license"]["code"], dataset["modified"]) == ("KOGL-1", "2024-03-05")
    assert set(unread) == {"extra", "surplus"}


def _with_detail(portal: JsonListPortal, renamed: bool) -> Fault:
    def detail(asked: Asked) -> Answer | None:
        if not asked.path.startswith("/detail/"):
            return None
        said = {"licence_name" if renamed else "license": "공공누리 제1유형", "name": "이름"}
        return Answer(orjson.dumps({"status": "OK", "data": said}), headers={"Content-Type": "application/json"})

    return detail


def test_details_that_lost_what_they_had_hold_the_job_however_many_records_were_not_asked_for(tmp_path: Path) -> None:
    """Six of forty rows changed: what the others had in earlier jobs says nothing about the details of today."""
    said = [{**row, "changed": "2026-01-01"} for row in rows(40)]
    detail = {"address": "/detail/{identifier}", "record": "data", "fields": {"license": "license"}}
    options = {"detail": detail, "fields": LIST["fields"] | {"modified": "changed"}}
    with JsonListPortal(said) as portal:
        with portal.failing(_with_detail(portal, renamed=False)):
            assert harvest(portal, tmp_path, **options).created == 40
        portal.records = [row | {"changed": "2026-02-02"} for row in said[:6]] + said[6:]
        with portal.failing(_with_detail(portal, renamed=True)):
            held = harvest(portal, tmp_path, **options)
    assert (held.verdict, held.reason, held.withheld) == ("held", "layout changed", 6)
    assert str(held.deviations[0]).startswith("license: 100 % → 0 % at `license`; candidates: licence_name")
    with Ledger.open(config.settings(tmp_path).database_url) as ledger:
        assert all(b"KOGL-1" in one.content for one in ledger.export("test.list"))


def test_a_few_details_that_are_broken_for_good_leave_the_jobs_complete(tmp_path: Path) -> None:
    detail = {"address": "/detail/{identifier}", "record": "data", "fields": {"license": "license"}}
    fields = LIST["fields"] | {"modified": "changed"}
    said = [{**row, "changed": "2026-01-01"} for row in rows(20)]
    with JsonListPortal(said) as portal:
        broken = faults.html(
            faults.MAINTENANCE_PAGE, where=lambda asked: asked.path in {"/detail/1003", "/detail/1007"}
        )
        for _ in range(3):
            with portal.failing(broken):
                report = harvest(portal, tmp_path, detail=detail, fields=fields)
            assert (report.verdict, report.reason) == ("complete", "")


def test_a_held_source_is_complete_once_its_details_are_whole_again(tmp_path: Path) -> None:
    said = [{**row, "changed": "2026-01-01"} for row in rows(12)]
    detail = {"address": "/detail/{identifier}", "record": "data", "fields": {"license": "license"}}
    options = {"detail": detail, "fields": LIST["fields"] | {"modified": "changed"}}
    verdicts = []
    with JsonListPortal(said) as portal:
        for renamed in (False, True, True, False, False):
            with portal.failing(_with_detail(portal, renamed=renamed)):
                verdicts.append(harvest(portal, tmp_path, **options).verdict)
            portal.records = [row | {"changed": "2026-02-02"} for row in said]
    assert verdicts == ["complete", "held", "held", "complete", "complete"]


@pytest.mark.parametrize("known", [0, 12])
def test_details_that_are_none_are_no_complete_job(known: int, tmp_path: Path) -> None:
    detail = {"address": "/detail/{identifier}", "record": "data", "fields": {"license": "license"}}
    with JsonListPortal(rows(12)) as portal:
        if known:
            assert harvest(portal, tmp_path, detail=detail).verdict == "complete"
        with portal.failing(faults.body(b'{"status": "OK", "item": {}}', where=faults.at("/detail"))):
            report = harvest(portal, tmp_path, detail=detail)
    assert (report.verdict, report.reason, report.seen) == ("partial", "layout changed", 12)
    assert report.detail.startswith("12 of 12 detail parts could not be used, the first one: ")


@pytest.mark.parametrize(("dated", "asked_again"), [("2026-01-01", 1), ("-", 3), (None, 3)])
def test_details_are_asked_for_again_where_the_list_tells_a_change_or_can_tell_none(
    tmp_path: Path, dated: str | None, asked_again: int
) -> None:
    said = [{**row, "changed": dated} for row in rows(3)]
    detail = {"address": "/detail/{identifier}", "record": "data", "fields": {"license": "license"}}
    fields = LIST["fields"] | ({"modified": "changed"} if dated else {})
    with JsonListPortal(said) as portal:
        assert harvest(portal, tmp_path, detail=detail, fields=fields).created == 3
        portal.records = [said[0] | {"hits": 99}, said[1] | {"changed": "2026-02-02"}, said[2]]
        again = harvest(portal, tmp_path, detail=detail, fields=fields)
        assert (again.verdict, portal.count("/detail")) == ("complete", 3 + asked_again)


def test_a_rule_taken_out_of_the_member_file_is_named_and_a_remap_tells_what_waits(tmp_path: Path) -> None:
    fewer = {"title": "name", "views": "hits"}
    with JsonListPortal(rows(12)) as portal:
        assert harvest(portal, tmp_path).created == 12
        held = harvest(portal, tmp_path, fields=fewer)
        catalog = source_of(portal, fields=fewer).catalog
    assert (held.verdict, held.reason) == ("held", "layout changed")
    lost = [str(one) for one in held.deviations]
    assert lost[0].startswith("description: 100 % → 0 %; the member file no longer looks at `text`")
    with Ledger.open(config.settings(tmp_path).database_url) as ledger:
        report = remap(ledger, "test.list", Processor(catalog, config.vocabularies(config.default_config())))
        assert (report.updated, report.waiting) == (0, 12)
        ledger.accept(held.job)
        report = remap(ledger, "test.list", Processor(catalog, config.vocabularies(config.default_config())))
        assert (report.unchanged, report.waiting) == (12, 0)


def test_a_detail_that_fails_costs_nothing_else(tmp_path: Path) -> None:
    detail = {"address": "/detail/{identifier}", "record": "data", "fields": {"license": "license"}}
    with JsonListPortal(rows(2)) as portal:
        broken = faults.body(b'{"status": "OK", "data": []}', where=faults.at("/detail/1000"))
        with portal.failing(broken):
            report = harvest(portal, tmp_path, detail=detail)
    assert (report.verdict, report.created) == ("complete", 2)
    with Ledger.open(config.settings(tmp_path).database_url) as ledger:
        assert ledger.issue_counts(report.job)["warning", "layout changed"] == 1
