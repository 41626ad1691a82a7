"""A portal whose layout changes: the last good data stay, and what was lost is named."""

from __future__ import annotations

import json

import pytest

from harvester.errors import LedgerError
from harvester.ledger import Ending, Expected, Ledger
from tests.ledger.scripts import (
    PHONE,
    SOURCE,
    Details,
    Listed,
    commit,
    entries,
    followed,
    harvest,
    id_of,
    many,
    pages,
    shown,
    start,
)

NAMES = {"license": "license", "phone": PHONE[0]}


@pytest.fixture(params=NAMES)
def lost(request: pytest.FixtureRequest) -> str:
    """What the portal's new layout has no more: a property, or what its records alone have."""
    field: str = request.param
    return field


def bare(lost: str) -> dict[str, str | None]:
    return {lost: None, "title": "new"}


def having(ledger: Ledger, field: str) -> set[str]:
    return {one.identifier for one in ledger.export(SOURCE) if json.loads(one.content)[field]}


def everything(ledger: Ledger) -> list[tuple[str, bytes]]:
    return [(one.identifier, one.content) for one in ledger.export(SOURCE)]


@pytest.mark.parametrize("size", [1, 3, 20])
def test_updates_that_lose_what_all_lose_are_held(ledger: Ledger, lost: str, size: int) -> None:
    harvest(ledger, many(10))
    good = everything(ledger)
    report = harvest(ledger, [*many(10, **bare(lost)), Listed("extra", **{lost: None})], size=size)
    assert (report.verdict, report.reason) == ("held", "layout changed")
    assert (report.created, report.updated, report.unchanged, report.withheld) == (1, 0, 10, 10)
    assert [str(one) for one in report.deviations] == [f"{NAMES[lost]}: 100 % → 0 %"]
    assert everything(ledger)[:10] == good, "the last good data"
    assert followed(ledger).keys() == {id_of(f"r{n}") for n in range(10)} | {id_of("extra")}
    assert "accept 2" in ledger.why("r3")[0].reason
    if size == 20:
        assert ledger.last_seq() == 11, "where a page shows it, nothing of it was ever published"


def test_a_held_layout_is_held_again_until_it_is_mended(ledger: Ledger, lost: str) -> None:
    harvest(ledger, many(10))
    for _ in range(3):
        assert harvest(ledger, many(10, **bare(lost))).verdict == "held"
    assert having(ledger, lost) == {f"r{n}" for n in range(10)}
    report = harvest(ledger, many(10, title="new"), version="2")
    assert (report.verdict, report.updated, report.deviations) == ("complete", 10, ())
    assert shown(ledger) == {f"r{n}": "new" for n in range(10)}


@pytest.mark.parametrize("size", [1, 20])
def test_a_new_layout_is_let_through(ledger: Ledger, lost: str, size: int) -> None:
    harvest(ledger, many(10))
    held = harvest(ledger, many(10, **bare(lost)), size=size)
    report = ledger.accept(held.job)
    assert (report.updated, report.unchanged, report.withheld, report.removed) == (10, 0, 0, 0)
    assert set(shown(ledger).values()) == {"new"}
    assert having(ledger, lost) == set()
    assert len(followed(ledger)) == 10
    again = harvest(ledger, many(10, **bare(lost)))
    assert (again.verdict, again.unchanged) == ("complete", 10), "it is the new measure"
    assert harvest(ledger, many(10, **bare(lost) | {"title": "newer"})).verdict == "complete"


@pytest.mark.parametrize("size", [1, 20])
@pytest.mark.parametrize("accepted", [False, True])
def test_a_held_layout_is_undone(ledger: Ledger, lost: str, size: int, accepted: bool) -> None:
    harvest(ledger, many(10))
    good = everything(ledger)
    held = harvest(ledger, [*many(10, **bare(lost)), Listed("extra")], size=size)
    if accepted:
        ledger.accept(held.job)
    assert ledger.undo(held.job).undone
    assert everything(ledger) == good
    with pytest.raises(LedgerError, match="undone"):
        ledger.accept(held.job)
    assert harvest(ledger, many(10, **bare(lost))).verdict == "held", "what was taken back is the measure"


def test_a_title_that_vanishes_rejects_and_holds(ledger: Ledger) -> None:
    harvest(ledger, many(10))
    expected = Expected(expressions={"title": ("dl dt a",)})
    report = harvest(ledger, many(10, title=None, unread=("heading",)), expected=expected)
    assert (report.verdict, report.reason, report.rejected) == ("held", "layout changed", 10)
    assert [str(one) for one in report.deviations] == [
        "title: 100 % → 0 % at `dl dt a`; candidates: heading",
        "rejected: 0 % → 100 %; candidates: heading",
    ]
    assert set(shown(ledger).values()) == {"title"}
    again = harvest(ledger, many(10, title=None, unread=("heading",)), expected=expected)
    assert again.deviations == report.deviations, "also when it is no news"
    assert harvest(ledger, many(10)).verdict == "complete"


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize("full", [False, True])
def test_what_rejected_records_had_is_no_measure(ledger: Ledger, accepted: bool, full: bool) -> None:
    """The bad layout showed something that the good one never has."""
    good, bad = many(20, license=None), many(20, title=None)
    harvest(ledger, good)
    held = harvest(ledger, bad)
    if accepted:
        ledger.accept(held.job)
    report = harvest(ledger, good, full=full)
    assert (report.verdict, report.reason, report.withheld) == ("complete", "", 0)
    assert harvest(ledger, bad, full=full).reason == "layout changed", "the good one is the measure again"


def test_a_drop_after_a_bad_layout_is_a_drop(ledger: Ledger) -> None:
    good = many(20, license=None)
    harvest(ledger, good)
    ledger.accept(harvest(ledger, many(20, title=None)).job)
    report = harvest(ledger, good[:8])
    assert (report.verdict, report.reason, report.missing) == ("held", "suspicious drop", 12)


def test_what_is_lost_by_some_is_only_told(ledger: Ledger, lost: str) -> None:
    harvest(ledger, many(40), size=20)
    report = harvest(ledger, [*many(15, **bare(lost)), *many(40)[15:]], size=20)
    assert (report.verdict, report.updated, report.withheld) == ("complete", 15, 0)
    assert [str(one) for one in report.deviations] == [f"{NAMES[lost]}: 100 % → 62 %"]
    assert len(having(ledger, lost)) == 25, "kept back while it looked like all, published when it was not"
    assert [version.cause for version in ledger.versions(id_of("r3"))] == ["harvest", "harvest"]


def test_an_incremental_job_is_held_too_and_accepting_it_removes_nothing(ledger: Ledger, lost: str) -> None:
    harvest(ledger, many(30))
    report = harvest(ledger, many(6, **bare(lost)), full=False)
    assert (report.verdict, report.reason, report.missing) == ("held", "layout changed", 0)
    assert ledger.would_remove(report.job) == []
    assert ledger.accept(report.job).removed == 0
    assert len(shown(ledger)) == 30
    assert len(having(ledger, lost)) == 24


def test_accepting_a_full_one_removes_what_a_complete_job_would(ledger: Ledger, lost: str) -> None:
    harvest(ledger, many(20))
    harvest(ledger, many(19))
    report = harvest(ledger, many(18, **bare(lost)))
    assert (report.verdict, report.reason, report.missing) == ("held", "layout changed", 1)
    assert [one.identifier for one in ledger.would_remove(report.job)] == ["r19"]
    accepted = ledger.accept(report.job)
    assert (accepted.missing, accepted.removed) == (1, 1)
    assert [one.state for one in ledger.why("r18")] == ["missing"]


def test_a_job_that_stops_short_keeps_back_as_well_and_the_next_one_maps_anew(ledger: Ledger, lost: str) -> None:
    harvest(ledger, many(20))
    for ending in (Ending(reason="timeout"), Ending(lost_requests=1)):
        report = harvest(ledger, many(10, **bare(lost)), ending=ending, size=4)
        assert (report.verdict, report.withheld) == ("partial", 10)
        assert report.deviations
        assert set(shown(ledger).values()) == {"title"}
    assert harvest(ledger, many(20, title="good")).verdict == "complete"
    assert set(shown(ledger).values()) == {"good"}


def test_a_job_that_never_ends_leaves_nothing_stuck(ledger: Ledger, lost: str) -> None:
    harvest(ledger, many(20))
    job = start(ledger, fingerprint="drifts")
    commit(ledger, job, pages(many(20, **bare(lost)), 10)[:1])
    assert start(ledger, fingerprint="drifts").resumed
    assert harvest(ledger, many(20, **bare(lost)), fingerprint="other").verdict == "held"
    assert set(shown(ledger).values()) == {"title"}
    ledger.accept(3)
    assert having(ledger, lost) == set()


def test_details_that_lose_what_they_gave(ledger: Ledger) -> None:
    """The listing is whole; what the details gave is gone from all of them."""
    wanting = [Listed(f"r{n}", wants={"t": f"/{n}"}, revision="1") for n in range(12)]
    harvest(ledger, wanting)
    good = everything(ledger)
    newer = [Listed(f"r{n}", wants={"t": f"/{n}"}, revision="2") for n in range(12)]
    report = harvest(ledger, newer, details=Details(dict.fromkeys((f"/{n}" for n in range(12)), "")))
    assert (report.verdict, report.reason, report.withheld) == ("held", "layout changed", 12)
    assert [one.what for one in report.deviations] == ["description"]
    assert everything(ledger) == good
    ledger.accept(report.job)
    assert [json.loads(one.content)["details"] for one in ledger.export(SOURCE)] == [{"t": ""}] * 12


def test_a_listing_that_is_good_and_details_that_are_not(ledger: Ledger) -> None:
    """Taken twice in one job: published by the listing, kept back with the details."""
    wanting = [Listed(f"r{n}", wants={"t": f"/{n}"}, revision="1") for n in range(12)]
    harvest(ledger, wanting)
    good = everything(ledger)
    newer = [Listed(f"r{n}", "new", wants={"t": f"/{n}"}, revision="2") for n in range(12)]
    report = harvest(ledger, newer, details=Details(dict.fromkeys((f"/{n}" for n in range(12)), "")))
    assert (report.withheld, report.updated) == (12, 0)
    assert everything(ledger) == good
    ledger.accept(report.job)
    assert set(shown(ledger).values()) == {"new"}
    ledger.undo(report.job)
    assert everything(ledger) == good


def test_a_remap_leaves_alone_what_is_held_and_sets_the_measure_elsewhere(ledger: Ledger, lost: str) -> None:
    harvest(ledger, many(10))
    harvest(ledger, many(10, **bare(lost)))
    assert ledger.records(SOURCE) == []
    ledger.accept(2)
    (page,) = pages(many(10, **bare(lost)), 10)
    assert len(ledger.records(SOURCE)) == 10
    ledger.commit_remap(SOURCE, entries(ledger, page.records, version="2"))
    assert harvest(ledger, many(10, **bare(lost)), version="2").unchanged == 10


def test_coverage_of_a_source(ledger: Ledger) -> None:
    harvest(ledger, [*many(3), Listed("x", license=None)])
    assert ledger.source_states()[SOURCE].coverage == {
        "title": (1.0, 1.0),
        "license": (0.75, 0.75),
        **dict.fromkeys(PHONE, (1.0, 1.0)),
    }
    harvest(ledger, [*many(3), Listed("x", license=None)])
    assert ledger.source_states()[SOURCE].coverage["license"] == (0.75, 0.75), "counted without being mapped"
