from __future__ import annotations

import pytest

from harvester.catalog.model import Issue, Lost
from harvester.errors import LedgerError
from harvester.ledger import Ending, Expected, Ledger
from tests.ledger.scripts import (
    SOURCE,
    Listed,
    commit,
    followed,
    harvest,
    id_of,
    many,
    named,
    pages,
    shown,
    start,
)

LENIENT = Expected(max_drop=0.5)


def test_what_two_complete_full_jobs_in_a_row_miss_is_removed(ledger: Ledger) -> None:
    harvest(ledger, many(10))
    first = harvest(ledger, many(8))
    assert (first.verdict, first.missing, first.removed, len(shown(ledger))) == ("complete", 2, 0, 10)
    assert [one.state for one in ledger.why("r9")] == ["missing"]
    second = harvest(ledger, many(8))
    assert (second.verdict, second.missing, second.removed, len(shown(ledger))) == ("complete", 0, 2, 8)
    assert [(one.id, one.content) for one in ledger.changes(10, 9)] == [(id_of("r8"), None), (id_of("r9"), None)]
    assert followed(ledger).keys() == {id_of(f"r{n}") for n in range(8)}
    third = harvest(ledger, many(8))
    assert (third.missing, third.removed, ledger.last_seq()) == (0, 0, 12)
    assert [one.state for one in ledger.why("r9")] == ["removed"]


def test_what_is_seen_again_is_not_missing_any_more(ledger: Ledger) -> None:
    harvest(ledger, many(10))
    harvest(ledger, many(8))
    assert harvest(ledger, many(10), full=False).full is False
    report = harvest(ledger, many(8))
    assert (report.missing, report.removed) == (2, 0)
    assert len(shown(ledger)) == 10


def test_a_removed_record_that_comes_back_is_revived(ledger: Ledger) -> None:
    harvest(ledger, many(10))
    harvest(ledger, many(8))
    harvest(ledger, many(8))
    report = harvest(ledger, [*many(9), Listed("r9", "another title")])
    assert (report.created, report.unchanged) == (2, 8)
    assert shown(ledger)["r8"] == "title"
    assert shown(ledger)["r9"] == "another title"
    assert [version.content is None for version in ledger.versions(id_of("r8"))] == [False, True, False]
    assert len(followed(ledger)) == 10


@pytest.mark.parametrize("between", ["partial", "failed", "incremental", "held", "limited", "superseded"])
def test_other_jobs_neither_count_nor_reset(ledger: Ledger, between: str) -> None:
    harvest(ledger, many(10))
    assert harvest(ledger, many(9)).missing == 1
    for _ in range(2):
        if between == "partial":
            report = harvest(ledger, many(3), ending=Ending(reason="timeout"))
        elif between == "failed":
            report = ledger.finish_job(start(ledger), Ending(reason="blocked"), Expected())
        elif between == "incremental":
            report = harvest(ledger, [], full=False)
        elif between == "held":
            report = harvest(ledger, many(1))
        elif between == "limited":
            report = harvest(ledger, many(3), limited=True)
        else:
            commit(ledger, start(ledger, fingerprint="x"), pages(many(6))[:1])
            start(ledger, fingerprint="y")
            report = ledger.finish_job(start(ledger, fingerprint="y"), Ending(reason="blocked"), Expected())
        assert report.removed == 0
        assert len(shown(ledger)) == 10
    assert [one.state for one in ledger.why("r9")] == ["missing"]
    report = harvest(ledger, many(9))
    assert (report.verdict, report.removed) == ("complete", 1)
    assert "r9" not in shown(ledger)


def test_a_suspicious_drop_is_held_until_it_is_accepted(ledger: Ledger) -> None:
    harvest(ledger, many(10))
    report = harvest(ledger, [*many(1), Listed("r1", "changed"), Listed("new")])
    assert (report.verdict, report.reason) == ("held", "suspicious drop")
    assert (report.created, report.updated, report.unchanged) == (1, 1, 1)
    assert (report.missing, report.removed) == (8, 0)
    assert len(shown(ledger)) == 11
    assert [one.identifier for one in ledger.would_remove(report.job)] == [f"r{n}" for n in range(2, 10)]
    assert [one.identifier for one in ledger.would_remove(report.job, 2)] == ["r2", "r3"]
    (why,) = ledger.why("r5")
    assert f"datamoa accept {report.job}" in why.reason
    accepted = ledger.accept(report.job)
    assert (accepted.verdict, accepted.removed, accepted.missing) == ("held", 8, 0)
    assert accepted.accepted is not None
    assert shown(ledger) == {"r0": "title", "r1": "changed", "new": "title"}
    assert len(followed(ledger)) == 3
    assert ledger.would_remove(report.job) == []
    assert ledger.source_states()[SOURCE].datasets == 3
    with pytest.raises(LedgerError, match="accepted already"):
        ledger.accept(report.job)
    assert harvest(ledger, named("r0", "new")).missing == 1, "what is left is the new measure"


def test_an_empty_full_job_is_held(ledger: Ledger) -> None:
    assert (harvest(ledger, []).verdict, len(ledger.would_remove(1))) == ("held", 0)
    harvest(ledger, many(5))
    report = harvest(ledger, [])
    assert (report.verdict, report.reason, report.missing) == ("held", "empty", 5)
    assert len(shown(ledger)) == 5
    ledger.accept(report.job)
    assert shown(ledger) == {}
    assert followed(ledger) == {}


def test_an_empty_incremental_job_means_that_nothing_changed(ledger: Ledger) -> None:
    harvest(ledger, many(5))
    assert harvest(ledger, [], full=False).verdict == "complete"
    assert len(shown(ledger)) == 5


def test_accepting_removes_exactly_what_was_listed(ledger: Ledger) -> None:
    """A record that was missing before, and one that is seen between the job and its acceptance."""
    harvest(ledger, many(10))
    harvest(ledger, many(9))
    held = harvest(ledger, many(2))
    assert len(ledger.would_remove(held.job)) == 8
    later = start(ledger, full=False)
    with pytest.raises(LedgerError, match=f"job {later.id} of {SOURCE} is newer"):
        ledger.accept(held.job)
    commit(ledger, later, pages([*many(1), Listed("r5")]))
    assert {one.identifier for one in ledger.would_remove(held.job)} == {"r2", "r3", "r4", "r6", "r7", "r8", "r9"}


def test_only_held_jobs_are_accepted(ledger: Ledger) -> None:
    done = harvest(ledger, many(3))
    running = start(ledger)
    for number, what in ((done.job, "complete, not held"), (running.id, "running, not held"), (99, "no job 99")):
        with pytest.raises(LedgerError, match=what):
            ledger.accept(number)
    for empty in (ledger.would_remove(done.job), ledger.would_remove(running.id)):
        assert empty == []
    with pytest.raises(LedgerError, match="no job 99"):
        ledger.would_remove(99)


def test_a_drop_up_to_the_limit_is_not_held(ledger: Ledger) -> None:
    harvest(ledger, many(10))
    assert harvest(ledger, many(5), expected=LENIENT).missing == 5
    report = harvest(ledger, many(5), expected=LENIENT)
    assert (report.verdict, report.removed) == ("complete", 5)
    assert harvest(ledger, many(2), expected=LENIENT).verdict == "held"


def test_new_records_do_not_hide_a_drop(ledger: Ledger) -> None:
    harvest(ledger, many(10))
    report = harvest(ledger, [*many(5), *named(*(f"n{n}" for n in range(90)))])
    assert (report.verdict, report.missing, report.created) == ("held", 5, 90)


def test_a_partial_job_marks_nothing(ledger: Ledger) -> None:
    harvest(ledger, many(10))
    for ending in (Ending(lost_requests=1), Ending(reason="blocked"), Ending(lost_details=1)):
        report = harvest(ledger, many(9), ending=ending)
        assert (report.verdict, report.missing) == ("partial", 0)
    report = harvest(ledger, many(9), declared=10)
    assert (report.verdict, report.reason, report.missing) == ("partial", "total not met", 0)
    assert [one.state for one in ledger.why("r9")] == ["live"]


def test_lost_entries_are_not_absent(ledger: Ledger) -> None:
    harvest(ledger, many(200), size=100)
    lost = [Lost(identifier="r0", issue=Issue(severity="warning", code="timeout", message="no answer"))]
    for expected_missing in (1, 0):
        report = harvest(ledger, many(199)[1:], size=100, lost=lost)
        assert (report.verdict, report.missing) == ("complete", expected_missing)
    assert (report.removed, set(shown(ledger)) ^ {f"r{n}" for n in range(199)}) == (1, set())


def test_a_portal_that_turned_unreadable_is_not_complete(ledger: Ledger) -> None:
    harvest(ledger, many(5))
    report = harvest(ledger, many(5, title=None))
    assert (report.verdict, report.reason, report.rejected) == ("held", "layout changed", 5)
    assert len(shown(ledger)) == 5
