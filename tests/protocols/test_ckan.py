"""The CKAN spider against a CKAN of our own, as it should be and as portals are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harvester.errors import PortalError
from harvester.protocols.ckan import CkanSpider
from harvester.sample_portals.ckan import CkanPortal, Quirks
from harvester.sample_portals.server import Answer, Asked
from tests.portals import faults
from tests.protocols.driver import Listing, run, spider


def package(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"id-{number:05d}",
        "name": f"name-{number:05d}",
        "title": f"Package {number}",
        "state": "active",
        "private": False,
        "metadata_modified": f"2026-01-{number % 28 + 1:02d}T00:00:00.000000",
        **fields,
    }


def listing(
    portal: CkanPortal, tmp_path: Path, *, cursor: str | None = None, most: int = 10_000, **more: Any
) -> Listing:
    more.setdefault("rows", 100)
    return run(spider(CkanSpider, "ckan", portal.url, **more), tmp_path, cursor, most)


ALL = [f"id-{number:05d}" for number in range(250)]


@pytest.mark.parametrize(
    "quirks",
    [
        pytest.param(Quirks(), id="stock"),
        pytest.param(Quirks(max_rows=30), id="caps rows"),
        pytest.param(Quirks(max_rows=1), id="caps rows at one"),
        pytest.param(Quirks(envelope=False), id="no envelope"),
        pytest.param(Quirks(whole_pages=True), id="counts in whole pages"),
        pytest.param(Quirks(deepest=120), id="409 on deep paging"),
        pytest.param(Quirks(searches=False), id="no package_search"),
        pytest.param(Quirks(searches=False, max_rows=30), id="no package_search and caps rows"),
        pytest.param(Quirks(searches=False, lists_with_resources=False), id="only package_list and package_show"),
        pytest.param(
            Quirks(searches=False, lists_with_resources=False, show_as_list=True), id="DKAN shows lists of one package"
        ),
    ],
)
def test_every_package_is_listed_once_whatever_the_portal_refuses(quirks: Quirks, tmp_path: Path) -> None:
    with CkanPortal(map(package, range(250)), quirks) as portal:
        found = listing(portal, tmp_path)
    assert sorted(found.identifiers) == ALL
    assert found.ended
    assert found.outcome.lost_requests == 0


def test_a_portal_that_refuses_to_sort_is_read_in_its_own_order(tmp_path: Path) -> None:
    with CkanPortal(map(package, range(250)), Quirks(sorts=False)) as portal:
        found = listing(portal, tmp_path)
    assert sorted(found.identifiers) == ALL
    assert found.pages[-1].declared_total == 250


def test_payloads_are_the_bytes_that_the_portal_sent(tmp_path: Path) -> None:
    body = b'{"id": "a",  "title":"\\u314e", "extras": [ ]}'
    with CkanPortal([body]) as portal:
        found = listing(portal, tmp_path)
    assert found.records[0].parts[0].payload == body
    assert found.records[0].parts[0].format == "ckan"


def test_the_total_is_told_again_on_the_last_page(tmp_path: Path) -> None:
    with CkanPortal(map(package, range(250)), Quirks(surplus=40)) as portal:
        found = listing(portal, tmp_path)
    assert len(found.records) == 250
    assert found.ended
    assert found.pages[-1].declared_total == 290


@pytest.mark.parametrize("rows", [100, 50])
def test_a_package_removed_while_pages_are_read_hides_no_other(rows: int, tmp_path: Path) -> None:
    packages = [package(number) for number in range(250)]
    with CkanPortal(packages) as portal:
        first = listing(portal, tmp_path, most=1, rows=rows)
        portal.replace(packages[:10] + packages[15:])
        rest = listing(portal, tmp_path, cursor=first.pages[-1].cursor, rows=rows)
    assert sorted({*first.identifiers, *rest.identifiers}) == ALL
    assert rest.ended


def test_the_package_at_the_edge_of_a_page_may_go_too(tmp_path: Path) -> None:
    packages = [package(number) for number in range(250)]
    with CkanPortal(packages) as portal:
        first = listing(portal, tmp_path, most=1)
        portal.replace(packages[:97] + packages[100:])
        rest = listing(portal, tmp_path, cursor=first.pages[-1].cursor)
    assert sorted({*first.identifiers, *rest.identifiers}) == ALL
    assert rest.identifiers == ALL[100:]


def test_packages_may_come_before_the_cursor_while_the_one_at_the_edge_goes(tmp_path: Path) -> None:
    packages = [package(number) for number in range(250)]
    with CkanPortal(packages) as portal:
        first = listing(portal, tmp_path, most=1)
        new = [{**package(0), "id": f"id-0000{letter}"} for letter in "abcdef"]
        portal.replace(packages[:99] + new + packages[100:])
        rest = listing(portal, tmp_path, cursor=first.pages[-1].cursor)
    assert set(rest.identifiers) >= set(ALL[100:])
    assert len(rest.identifiers) < len(ALL[100:]) + 10  # a few come twice, which the ledger counts
    assert rest.ended


def test_a_portal_that_pays_no_heed_to_the_sort_is_read_to_its_end(tmp_path: Path) -> None:
    with CkanPortal(map(package, range(950)), Quirks(shuffles=True)) as portal:
        found = listing(portal, tmp_path)
    assert found.ended
    assert len(found.records) >= 950
    assert portal.count() < 20


def test_a_listing_goes_on_from_any_cursor(tmp_path: Path) -> None:
    for quirks in (Quirks(), Quirks(searches=False), Quirks(searches=False, lists_with_resources=False)):
        with CkanPortal(map(package, range(250)), quirks) as portal:
            whole = listing(portal, tmp_path)
            for number in range(1, len(whole.pages)):
                rest = listing(portal, tmp_path, cursor=whole.pages[number - 1].cursor)
                assert rest.pages == whole.pages[number:]


def test_an_incremental_listing_asks_for_what_changed_since_with_an_overlap(tmp_path: Path) -> None:
    with CkanPortal(map(package, range(250))) as portal:
        since = datetime(2026, 1, 27, 0, 30, tzinfo=UTC)
        found = listing(portal, tmp_path, full=False, since=since, overlap_seconds=3600)
        everything = listing(portal, tmp_path, full=True, since=since)
    days = {msgspec.json.decode(record.parts[0].payload)["metadata_modified"][:10] for record in found.records}
    assert days == {"2026-01-27", "2026-01-28"}
    assert found.ended
    assert len(everything.records) == 250


def test_a_source_may_filter(tmp_path: Path) -> None:
    packages = [package(n, organization={"name": "seoul" if n % 5 == 0 else "busan"}) for n in range(50)]
    with CkanPortal(packages) as portal:
        found = listing(portal, tmp_path, filter_query="organization:seoul")
    assert len(found.records) == 10


def test_deleted_and_draft_packages_are_gone_and_private_says_nothing(tmp_path: Path) -> None:
    packages = [package(1), package(2, state="Deleted"), package(3, private=True), package(4, state="draft")]
    with CkanPortal(packages) as portal:
        found = listing(portal, tmp_path)
    assert {record.identifier: record.deleted for record in found.records} == {
        "id-00001": False,
        "id-00002": True,
        "id-00003": False,
        "id-00004": True,
    }


def test_packages_without_id_go_by_name_and_those_with_neither_are_rejected(tmp_path: Path) -> None:
    packages: list[bytes] = [b'{"title": "nothing"}', b'{"id": null, "name": "by-name"}', b'{"id": 7}', b'{"id": " "}']
    with CkanPortal() as portal, portal.failing(faults.body(_search(packages), where=faults.at("package_search"))):
        found = listing(portal, tmp_path)
    assert found.identifiers == ["by-name", "7"]
    assert [rejected.payload for rejected in found.rejected] == [packages[0], packages[3]]
    assert {rejected.issue.code for rejected in found.rejected} == {"no-identifier"}


def test_a_list_with_something_else_in_it_costs_only_that(tmp_path: Path) -> None:
    with CkanPortal() as portal, portal.failing(faults.body(_search([b'"text"', b'{"id": "a"}', b"null"]))):
        found = listing(portal, tmp_path)
    assert found.identifiers == ["a"]
    assert [rejected.issue.code for rejected in found.rejected] == ["not-a-package", "not-a-package"]


DEEP = b'{"id": "deep", "title": "]}\\"", "extras": ' + b'[{"a":' * 5_000 + b'"]"' + b"}]" * 5_000 + b"}"
LONG = b'{"id": "long", "size": ' + b"9" * 5_000 + b"}"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"success": true, "result": {"count": 3, "results": [%s]}}', id="search"),
        pytest.param(b'{"help": {}, "result": [%s]}', id="list"),
        pytest.param(b'{"success": true, "result": [[%s]]}', id="DKAN"),
        pytest.param(b"[%s]", id="no envelope"),
    ],
)
def test_a_package_nested_thousands_deep_or_with_an_endless_number_costs_no_other(body: bytes, tmp_path: Path) -> None:
    packages = [b'{"id": "a"}', DEEP, LONG, b'{"id": "b"}']
    with CkanPortal(quirks=Quirks(searches=b"results" in body)) as portal:
        answer = faults.body(body % b", ".join(packages), where=faults.at("search" if b"results" in body else "_with_"))
        with portal.failing(answer):
            found = listing(portal, tmp_path)
    assert found.identifiers == ["a", "long", "b"]
    assert [rejected.payload for rejected in found.rejected] == [DEEP]
    assert found.ended


def test_a_shown_package_nested_thousands_deep_is_rejected(tmp_path: Path) -> None:
    deep = faults.body(b'{"success": true, "result": %s}' % DEEP, where=faults.at("name-00001"))
    quirks = Quirks(searches=False, lists_with_resources=False)
    with CkanPortal(map(package, range(3)), quirks) as portal, portal.failing(deep):
        found = listing(portal, tmp_path)
    assert found.identifiers == ["id-00000", "id-00002"]
    assert [rejected.payload for rejected in found.rejected] == [DEEP]


def test_a_package_that_cannot_be_shown_is_lost_not_forgotten(tmp_path: Path) -> None:
    quirks = Quirks(searches=False, lists_with_resources=False, gone=frozenset({"name-00007"}))
    with CkanPortal(map(package, range(120)), quirks) as portal:
        found = listing(portal, tmp_path)
        with portal.failing(faults.server_error(faults.at("name-00009"))):
            worse = listing(portal, tmp_path)
    assert len(found.records) == 119
    assert [lost.identifier for lost in found.lost] == ["name-00007"]
    assert found.ended
    assert found.pages[-1].declared_total == 120
    assert [lost.identifier for lost in worse.lost] == ["name-00007", "name-00009"]
    assert len(worse.records) + len(worse.lost) == 120


def test_dkan_puts_everything_in_a_list_in_a_list(tmp_path: Path) -> None:
    body = msgspec.json.encode({"success": True, "result": [[package(number) for number in range(150)]]})
    with (
        CkanPortal(quirks=Quirks(searches=False)) as portal,
        portal.failing(faults.body(body, where=faults.at("_with_"))),
    ):
        found = listing(portal, tmp_path)
    assert len(found.records) == 150
    assert found.ended
    assert portal.count("/api/3/action/current_package_list_with_resources") == 1


def test_a_short_list_that_ignores_offset_ends(tmp_path: Path) -> None:
    body = msgspec.json.encode({"success": True, "result": [package(number) for number in range(50)]})
    with (
        CkanPortal(quirks=Quirks(searches=False)) as portal,
        portal.failing(faults.body(body, where=faults.at("_with_"))),
    ):
        found = listing(portal, tmp_path)
    assert found.identifiers == ALL[:50]
    assert found.ended


@pytest.mark.parametrize(
    "quirks", [Quirks(ignores_start=True), Quirks(ignores_start=True, sorts=False)], ids=["sorted", "unsorted"]
)
def test_a_portal_that_gives_the_same_page_for_ever_is_told(quirks: Quirks, tmp_path: Path) -> None:
    with CkanPortal(map(package, range(250)), quirks) as portal, pytest.raises(PortalError) as error:
        listing(portal, tmp_path)
    assert error.value.reason == "endless paging"


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b'{"success": false, "error": {"message": "x"}}', "application/json", "error inside 200"),
        (b'{"error": "down"}', "application/json", "error inside 200"),
        (faults.LOGIN_PAGE.encode(), "text/html", "login page"),
        (faults.MAINTENANCE_PAGE.encode(), "text/html", "layout changed"),
        (b"", "application/json", "empty"),
        (b'{"success": true, "result": {"count": 3, "results": [{"id"', "application/json", "unreadable answer"),
        (b'{"success": true, "result": {"count": 1, "results": []}} trailing', "application/json", "unreadable answer"),
        (b"[" * 100_000, "application/json", "unreadable answer"),
        (b'{"a":' * 100_000, "application/json", "unreadable answer"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "application/json", "layout changed"),
        (b'{"success": true, "result": {"rows": []}}', "application/json", "layout changed"),
        (b'{"success": true, "result": 5}', "application/json", "layout changed"),
        (b"7", "application/json", "layout changed"),
        (b'{"success": true, "result": {"count": -1, "results": []}}', "application/json", "layout changed"),
        (
            b'{"success": true, "result": {"count": 1%s, "results": []}}' % (b"0" * 30),
            "application/json",
            "layout changed",
        ),
        (b'{"success": true, "result": {"count": "x", "results": 3}}', "application/json", "layout changed"),
        ("\ud55c\uad6d".encode("cp949"), "application/json", "unreadable answer"),
    ],
)
def test_an_answer_that_is_none_has_its_reason(body: bytes, content_type: str, reason: str, tmp_path: Path) -> None:
    with (
        CkanPortal() as portal,
        portal.failing(faults.body(body, content_type)),
        pytest.raises(PortalError) as error,
    ):
        listing(portal, tmp_path)
    assert error.value.reason == reason
    assert portal.url in str(error.value)


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [("utf-8-sig", "application/json"), ("latin-1", "application/json; charset=ISO-8859-1"), ("utf-16", "text/plain")],
)
def test_other_encodings_are_read_where_they_are_declared(encoding: str, content_type: str, tmp_path: Path) -> None:
    body = _search(['{"id": "a", "title": "Donnés"}'.encode()]).decode().encode(encoding)
    with CkanPortal() as portal, portal.failing(faults.body(body, content_type)):
        found = listing(portal, tmp_path)
    assert msgspec.json.decode(found.records[0].parts[0].payload)["title"] == "Donnés"


def test_an_empty_portal_is_empty_and_ended(tmp_path: Path) -> None:
    with CkanPortal() as portal:
        found = listing(portal, tmp_path)
    assert found.ended
    assert found.records == []
    assert found.pages[-1].declared_total == 0


def test_a_list_that_shrinks_below_the_cursor_hides_nothing(tmp_path: Path) -> None:
    packages = [package(number) for number in range(250)]
    with CkanPortal(packages) as portal:
        first = listing(portal, tmp_path, most=2)
        portal.replace(packages[220:])
        rest = listing(portal, tmp_path, cursor=first.pages[-1].cursor)
    assert set(rest.identifiers) == set(ALL[220:])
    assert rest.ended


def test_an_empty_page_ends_a_listing_before_its_total(tmp_path: Path) -> None:
    def two_pages(asked: Asked) -> Answer:
        body = _search([b'{"id": "a"}'] if asked.query["start"] == "0" else [], 500)
        return Answer(body, headers={"Content-Type": "application/json"})

    with CkanPortal() as portal, portal.failing(two_pages):
        found = listing(portal, tmp_path)
    assert found.identifiers == ["a"]
    assert found.ended
    assert found.pages[-1].declared_total == 500


def _search(packages: list[bytes], count: int | None = None) -> bytes:
    body = b", ".join(packages)
    return b'{"success": true, "result": {"count": %d, "results": [%s]}}' % (
        len(packages) if count is None else count,
        body,
    )
