from __future__ import annotations

import pytest

from harvester.errors import LedgerError
from harvester.ledger import Ending, Expected, Ledger
from tests.ledger.scripts import (
    SOURCE,
    Details,
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


def test_undo_takes_back_what_a_job_created_and_changed(ledger: Ledger) -> None:
    harvest(ledger, many(4))
    before = shown(ledger)
    report = harvest(ledger, [Listed("r0", "worse"), Listed("r1", "worse"), *many(4)[2:], *named("new", "newer")])
    undone = ledger.undo(report.job)
    assert undone.undone is not None
    assert shown(ledger) == before
    changes = ledger.changes(8, 10)
    assert [change.seq for change in changes] == [9, 10, 11, 12]
    assert [change.content is None for change in changes] == [False, False, True, True]
    assert followed(ledger).keys() == {id_of(name) for name in before}
    assert ledger.source_states()[SOURCE].datasets == 4
    causes = [(version.cause, version.job) for version in ledger.versions(id_of("r0"))]
    assert causes == [("undo", report.job), ("harvest", report.job), ("harvest", 1)]


def test_undo_brings_back_what_was_accepted(ledger: Ledger) -> None:
    harvest(ledger, many(10))
    before = shown(ledger)
    held = harvest(ledger, [Listed("r0", "changed"), Listed("new")])
    ledger.accept(held.job)
    assert set(shown(ledger)) == {"r0", "new"}
    ledger.undo(held.job)
    assert shown(ledger) == before
    assert len(followed(ledger)) == 10
    assert ledger.source_states()[SOURCE].datasets == 10
    with pytest.raises(LedgerError, match="was undone"):
        ledger.accept(held.job)


def test_undo_brings_back_what_a_complete_job_removed(ledger: Ledger) -> None:
    harvest(ledger, many(10))
    harvest(ledger, many(9))
    removing = harvest(ledger, many(9))
    assert removing.removed == 1
    ledger.undo(removing.job)
    assert len(shown(ledger)) == 10
    again = harvest(ledger, many(9))
    assert (again.missing, again.removed) == (1, 0), "it takes two complete full jobs again"


def test_undo_forgets_what_the_job_missed(ledger: Ledger) -> None:
    harvest(ledger, many(10))
    missing = harvest(ledger, many(9))
    ledger.undo(missing.job)
    assert [one.state for one in ledger.why("r9")] == ["live"]
    assert harvest(ledger, many(9)).removed == 0


def test_undo_takes_back_held_and_partial_jobs_too(ledger: Ledger) -> None:
    harvest(ledger, many(10))
    for listed, ending in ((many(2, title="held"), Ending()), (many(2, title="partial"), Ending(reason="timeout"))):
        report = harvest(ledger, listed, ending=ending)
        assert shown(ledger)["r0"] != "title"
        ledger.undo(report.job)
        assert shown(ledger) == dict.fromkeys((f"r{n}" for n in range(10)), "title")


def test_a_dataset_that_changed_twice_in_a_job_goes_back_before_both(ledger: Ledger) -> None:
    harvest(ledger, [Listed("a", wants={"text": "/a"}, revision="1")], details=Details({"/a": "old"}))
    report = harvest(
        ledger, [Listed("a", "new title", wants={"text": "/a"}, revision="2")], details=Details({"/a": "new"})
    )
    assert len(ledger.versions(id_of("a"))) == 4
    ledger.undo(report.job)
    newest = ledger.versions(id_of("a"))[0]
    assert newest.content == ledger.versions(id_of("a"))[3].content
    assert shown(ledger) == {"a": "title"}


def test_a_dataset_that_was_created_with_details_goes_back_to_nothing(ledger: Ledger) -> None:
    harvest(ledger, named("b"))
    report = harvest(ledger, [Listed("b"), Listed("a", wants={"text": "/a"})])
    assert len(ledger.versions(id_of("a"))) == 2
    ledger.undo(report.job)
    assert shown(ledger) == {"b": "title"}


def test_what_was_taken_back_is_mapped_by_the_next_harvest(ledger: Ledger) -> None:
    harvest(ledger, many(3))
    changed = [Listed("r0", "changed"), *many(3)[1:], Listed("new")]
    ledger.undo(harvest(ledger, changed).job)
    assert ledger.known(SOURCE, ["r0"])["r0"].mapping_version != "1"
    assert ledger.records(SOURCE, limit=10) != []
    assert {one.record.identifier for one in ledger.records(SOURCE)} == {"r1", "r2"}, "a remap leaves it alone"
    assert ledger.waiting(SOURCE) == 1
    report = harvest(ledger, changed)
    assert (report.updated, report.created, report.unchanged) == (1, 1, 2)
    assert shown(ledger) == {"r0": "changed", "r1": "title", "r2": "title", "new": "title"}


def test_jobs_are_taken_back_from_the_newest_on(ledger: Ledger) -> None:
    first = harvest(ledger, named("a"))
    second = harvest(ledger, named("a", title="second"))
    other = harvest(ledger, named("x"), source="other.portal")
    with pytest.raises(LedgerError, match=f"job {second.job} of {SOURCE} is newer"):
        ledger.undo(first.job)
    ledger.undo(second.job)
    with pytest.raises(LedgerError, match="undone already"):
        ledger.undo(second.job)
    ledger.undo(first.job)
    assert shown(ledger) == {}
    assert len(shown(ledger, other.source)) == 1
    with pytest.raises(LedgerError, match="no job 99"):
        ledger.undo(99)


def test_a_running_job_is_not_undone(ledger: Ledger) -> None:
    first = harvest(ledger, named("a"))
    job = start(ledger)
    commit(ledger, job, pages(named("a", title="other")))
    with pytest.raises(LedgerError, match="not ended"):
        ledger.undo(job.id)
    with pytest.raises(LedgerError, match="newer"):
        ledger.undo(first.job)
    ledger.finish_job(job, Ending(), Expected())
    ledger.undo(job.id)
    assert shown(ledger) == {"a": "title"}


def test_undo_in_many_steps(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvester.ledger.corrections._AT_ONCE", 3)
    monkeypatch.setattr("harvester.ledger.publishing._AT_ONCE", 2)
    harvest(ledger, many(10))
    report = harvest(ledger, [*many(8, title="changed"), Listed("new"), *many(10)[8:]])
    ledger.undo(report.job)
    assert shown(ledger) == dict.fromkeys((f"r{n}" for n in range(10)), "title")
    assert [change.seq for change in ledger.changes(19, 99)] == list(range(20, 29))
