"""Hugging Face, GitHub and DataCite, page after page over real sockets."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from pydantic import ValidationError
from scrapy.http import Headers, Response

from harvester.errors import PortalError
from harvester.options import OPTIONS
from harvester.protocols.base import ProtocolSpider
from harvester.protocols.datacite import DataCiteSpider
from harvester.protocols.github_org import GitHubOrgSpider
from harvester.protocols.huggingface import HuggingFaceSpider
from harvester.protocols.json_answers import next_link
from harvester.sample_portals.server import Answer
from tests.portals import faults
from tests.portals.linked import LinkedPortal
from tests.protocols.driver import Listing, run, spider

UNIVERSITY = "Sejong University"


def data_set(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"skt/set-{number}", "author": "skt", "tags": [], **more}


def repository(number: int, **more: Any) -> dict[str, Any]:
    return {"id": 1000 + number, "name": f"repo-{number}", "topics": [], **more}


def doi(number: int, *affiliation: Any, **more: Any) -> dict[str, Any]:
    creators = [{"name": "Kim", "affiliation": list(affiliation or (UNIVERSITY,))}]
    attributes = {"creators": creators, "titles": [{"title": "T"}], "types": {"resourceTypeGeneral": "Dataset"}, **more}
    return {"id": f"10.5072/{number}", "type": "dois", "attributes": attributes}


class Hub(NamedTuple):
    protocol: type[ProtocolSpider]
    name: str
    options: dict[str, Any]
    row: Callable[..., dict[str, Any]]
    identifier: Callable[[int], str]
    portal: Callable[..., LinkedPortal]


HUBS = {
    "huggingface": Hub(
        HuggingFaceSpider,
        "huggingface",
        {"organisation": "skt"},
        data_set,
        "skt/set-{}".format,
        lambda rows, **more: LinkedPortal("/api/datasets", rows, parameter="cursor", **more),
    ),
    "github_org": Hub(
        GitHubOrgSpider,
        "github_org",
        {"organisation": "kakao"},
        repository,
        lambda number: str(1000 + number),
        lambda rows, **more: LinkedPortal("/orgs/kakao/repos", rows, next_path="/organizations/7/repos", **more),
    ),
    "datacite": Hub(
        DataCiteSpider,
        "datacite",
        {"affiliations": [UNIVERSITY]},
        doi,
        "10.5072/{}".format,
        lambda rows, **more: LinkedPortal("/dois", rows, parameter="page[cursor]", envelope=True, **more),
    ),
}


@pytest.fixture(params=HUBS)
def hub(request: pytest.FixtureRequest) -> Hub:
    return HUBS[request.param]


def listed(
    hub: Hub, portal: LinkedPortal, tmp_path: Path, cursor: str | None = None, most: int = 10_000, **options: Any
) -> Listing:
    return run(spider(hub.protocol, hub.name, portal.url, **{**hub.options, **options}), tmp_path, cursor, most)


def test_every_page_is_followed_to_the_last(hub: Hub, tmp_path: Path) -> None:
    with hub.portal([hub.row(number) for number in range(7)]) as portal:
        found = listed(hub, portal, tmp_path)
    assert found.identifiers == [hub.identifier(number) for number in range(7)]
    assert (len(found.pages), found.ended, found.rejected) == (4, True, [])
    assert len(portal.asked) == 4


def test_a_listing_goes_on_after_any_page(hub: Hub, tmp_path: Path) -> None:
    with hub.portal([hub.row(number) for number in range(7)]) as portal:
        whole = listed(hub, portal, tmp_path)
        for number, page in enumerate(whole.pages[:-1], 1):
            rest = listed(hub, portal, tmp_path, cursor=page.cursor)
            assert rest.pages == whole.pages[number:]


def test_a_listing_may_be_one_page_or_none(hub: Hub, tmp_path: Path) -> None:
    for count in (0, 1, 2):
        with hub.portal([hub.row(number) for number in range(count)]) as portal:
            found = listed(hub, portal, tmp_path)
        assert (len(found.pages), len(found.records), found.ended) == (1, count, True)


def test_payloads_are_the_bytes_that_were_sent(hub: Hub, tmp_path: Path) -> None:
    row = hub.row(1, title="가  나")
    with hub.portal([row]) as portal:
        found = listed(hub, portal, tmp_path)
    assert found.records[0].parts[0].payload == msgspec.json.encode(row)


def test_rows_without_identifier_are_rejected_one_by_one(hub: Hub, tmp_path: Path) -> None:
    broken = [{**hub.row(1), "id": None}, "text", None, {**hub.row(1), "id": " "}, [1]]
    with hub.portal([hub.row(0), *broken, hub.row(2)], size=10) as portal:
        found = listed(hub, portal, tmp_path)
    assert found.identifiers == [hub.identifier(0), hub.identifier(2)]
    assert [one.issue.code for one in found.rejected] == [
        "no-identifier", "not-a-record", "not-a-record", "no-identifier", "not-a-record",
    ]  # fmt: skip


def test_links_to_another_host_are_followed_at_the_sources_own(hub: Hub, tmp_path: Path) -> None:
    with hub.portal([hub.row(number) for number in range(5)], host="https://elsewhere.example") as portal:
        found = listed(hub, portal, tmp_path)
    assert len(found.records) == 5
    assert all(url.startswith(portal.url) for url in found.urls)


def test_an_empty_page_in_the_middle_is_no_end(hub: Hub, tmp_path: Path) -> None:
    rows = [hub.row(number) for number in range(6)]
    with hub.portal(rows) as portal:
        first = listed(hub, portal, tmp_path, most=1)
        portal.rows[2:4] = []
        empty = _with_rows(portal, [], 7)
        with (
            portal.failing(lambda asked: empty if asked.path != "/robots.txt" else None),
            pytest.raises(PortalError) as caught,
        ):
            listed(hub, portal, tmp_path, cursor=first.pages[0].cursor)
    assert caught.value.reason == "empty"


def _with_rows(portal: LinkedPortal, rows: list[Any], total: int) -> Answer:
    following = f"{portal.url}{portal.next_path}?{portal.parameter}=3"
    body: Any = {"data": rows, "meta": {"total": total}, "links": {"next": following}} if portal.envelope else rows
    headers = {"Content-Type": "application/json", "Link": f'<{following}>; rel="next"'}
    return Answer(msgspec.json.encode(body), headers=headers)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (faults.LOGIN_PAGE, "login page"),
        (faults.MAINTENANCE_PAGE, "layout changed"),
        ('{"error": "Internal Error"}', "error inside 200"),
        ('{"errors": [{"status": "500", "title": "oops"}]}', "error inside 200"),
        ('{"message": "API rate limit exceeded"}', "error inside 200"),
        ('{"items": []}', "layout changed"),
        ('"text"', "layout changed"),
        ("", "empty"),
        ('[{"id": "skt/a"', "unreadable answer|layout changed"),  # an answer may be wrong before it breaks off
        ("[" * 100_000, "unreadable answer|layout changed"),
    ],
)
def test_what_is_no_list_is_told_apart(hub: Hub, body: str, reason: str, tmp_path: Path) -> None:
    with (
        hub.portal([]) as portal,
        portal.failing(faults.body(body.encode(), "text/html")),
        pytest.raises(PortalError) as caught,
    ):
        listed(hub, portal, tmp_path)
    assert caught.value.reason in reason.split("|")
    assert portal.url in str(caught.value)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<https://a.example/?page=2>; rel="next"', "https://a.example/?page=2"),
        ("<https://a.example/?p=2>; rel=next", "https://a.example/?p=2"),
        ('<https://a.example/a,b;c>; title="x, y"; rel="prev next"', "https://a.example/a,b;c"),
        ('<https://a.example/1>; rel="prev", <https://a.example/3>; REL="NEXT"', "https://a.example/3"),
        ('<https://a.example/1>; rel="nextish"', None),
        ('<https://a.example/1>; title="rel=next"', None),
        ("garbage, <", None),
        ("", None),
    ],
)
def test_the_link_header(header: str, expected: str | None) -> None:
    assert next_link(Response("https://a.example/", headers=Headers({"Link": header}))) == expected


# GitHub


def test_repositories_are_selected_by_name_or_topic(tmp_path: Path) -> None:
    rows = [
        repository(1, name="KorNLUDatasets"),
        repository(2, name="trainer"),
        repository(3, name="images", topics=["Open-Data", None]),
        repository(4, name=None, topics="open-data"),
    ]
    hub = HUBS["github_org"]
    with hub.portal(rows, size=10) as portal:
        some = listed(hub, portal, tmp_path, names=["*datasets"], topics=["open-*"])
        every = listed(hub, portal, tmp_path)
        none = listed(hub, portal, tmp_path, names=["nothing"])
    assert some.identifiers == ["1001", "1003"]
    assert len(every.records) == 4
    assert (none.records, none.ended) == ([], True)


def test_a_full_page_without_any_link_may_not_be_the_last(tmp_path: Path) -> None:
    hub = HUBS["github_org"]
    portal = hub.portal([repository(number) for number in range(4)], headers=False)
    portal.next_path = portal.path
    with portal:
        found = listed(hub, portal, tmp_path, rows=2)
    assert len(found.records) == 4
    assert [asked.query["page"] for asked in portal.asked] == ["1", "2", "3"]


def test_a_key_is_sent_by_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "s3cret-token")
    hub = HUBS["github_org"]
    with hub.portal([repository(1), repository(2), repository(3)]) as portal:
        listed(hub, portal, tmp_path, api_key="${SOME_TOKEN}")
        listed(hub, portal, tmp_path)
    sent = [asked.headers.get("authorization") for asked in portal.asked]
    assert sent == ["Bearer s3cret-token"] * 2 + [None] * 2
    with pytest.raises(ValidationError):
        OPTIONS["github_org"](organisation="a", api_key="s3cret-token")


@pytest.mark.parametrize(
    ("status", "headers", "reason", "said"),
    [
        (
            403,
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1760000000"},
            "blocked",
            "until 2025-10-09 08:53 UTC",
        ),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, "blocked", "no request is left"),
        (403, {}, "blocked", "Sorry"),
        (404, {}, "not found", "Sorry"),
    ],
)
def test_a_refusal_says_why(status: int, headers: dict[str, str], reason: str, said: str, tmp_path: Path) -> None:
    hub = HUBS["github_org"]
    refusal = Answer(b'{"message": "Sorry"}', status, headers)
    with hub.portal([]) as portal, portal.failing(faults.always(refusal)), pytest.raises(PortalError) as caught:
        listed(hub, portal, tmp_path)
    assert caught.value.reason == reason
    assert said in str(caught.value)


# Hugging Face


def test_data_sets_of_others_are_not_listed(tmp_path: Path) -> None:
    hub = HUBS["huggingface"]
    with hub.portal([data_set(1), {"id": "other/set"}, {"id": "squad"}, {"id": "SKT/set"}], size=9) as portal:
        found = listed(hub, portal, tmp_path)
    assert found.identifiers == ["skt/set-1", "SKT/set"]
    assert portal.asked[0].query == {"author": "skt", "limit": "100", "full": "true"}


# DataCite


def test_only_the_exact_affiliation_is_selected(tmp_path: Path) -> None:
    ror = "https://ror.org/03s5q0090"
    hub = HUBS["datacite"]
    rows = [
        doi(1),
        doi(2, {"name": "Sejong  University "}),
        doi(3, "Sejong University Hospital"),
        doi(4, "Sejong City"),
        doi(5, {"name": "Department of Physics", "affiliationIdentifier": ror}),
        doi(6, {"name": "Other", "affiliationIdentifier": "03S5Q0090"}),
        doi(7, "Other", contributors=[{"name": "Lee", "affiliation": UNIVERSITY}]),
        doi(8, types={"resourceTypeGeneral": "Software"}),
        doi(9, creators=None),
        doi(10, state="registered"),
        {"id": "10.5072/ELEVEN", "attributes": None},
    ]
    with hub.portal(rows, size=4) as portal:
        found = listed(hub, portal, tmp_path, ror=[ror])
    assert found.identifiers == [f"10.5072/{number}" for number in (1, 2, 5, 6, 7, 10)]
    assert [record.deleted for record in found.records] == [False] * 5 + [True]
    assert found.pages[-1].declared_total == 6, "11 declared, 5 of them not selected"
    assert found.pages[-1].passed == 5
    assert portal.asked[0].query == {
        "affiliation": "true",
        "resource-type-id": "dataset",
        "page[size]": "200",
        "page[cursor]": "1",
        "query": f'creators.affiliation.name:"{UNIVERSITY}" OR contributors.affiliation.name:"{UNIVERSITY}" OR '
        f'creators.affiliation.affiliationIdentifier:"{ror}" OR contributors.affiliation.affiliationIdentifier:"{ror}"',
    }


def test_a_total_that_is_not_met_shows(tmp_path: Path) -> None:
    hub = HUBS["datacite"]
    with hub.portal([doi(1), doi(2, "Elsewhere"), doi(3)], total=50) as portal:
        found = listed(hub, portal, tmp_path)
    assert (len(found.records), found.pages[-1].declared_total) == (2, 49)


def test_names_with_quotes_stay_one_term(tmp_path: Path) -> None:
    hub = HUBS["datacite"]
    with hub.portal([]) as portal:
        listed(hub, portal, tmp_path, affiliations=['a "b" \\ c'])
    assert portal.asked[0].query["query"].startswith('creators.affiliation.name:"a \\"b\\" \\\\ c" OR ')


def test_datacite_needs_to_know_whose_datasets() -> None:
    with pytest.raises(ValidationError, match="whose datasets"):
        OPTIONS["datacite"]()
    with pytest.raises(ValidationError):
        OPTIONS["datacite"](ror=["03s5q0090"])


def test_the_cursor_is_small_json(hub: Hub, tmp_path: Path) -> None:
    with hub.portal([hub.row(number) for number in range(9)]) as portal:
        found = listed(hub, portal, tmp_path)
    cursors = [page.cursor or "" for page in found.pages]
    assert all(isinstance(msgspec.json.decode(cursor), dict) and len(cursor) < 700 for cursor in cursors)
    assert all(one != other for one, other in itertools.pairwise(cursors))
