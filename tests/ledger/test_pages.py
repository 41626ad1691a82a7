from __future__ import annotations

import json

import msgspec
import pytest

from harvester.catalog.model import HarvestRecord, Issue, Lost, Page, Part, Rejected
from harvester.errors import CursorConflictError, LeaseLostError, LedgerError
from harvester.ledger import Ending, Entry, Expected, Ledger, payload_hash
from tests.ledger.scripts import (
    SOURCE,
    Listed,
    adds_up,
    commit,
    entries,
    followed,
    harvest,
    id_of,
    many,
    named,
    pages,
    process,
    shown,
    start,
)


def test_a_page_is_stored_with_its_cursor(ledger: Ledger) -> None:
    job = start(ledger)
    first, second = pages(many(5))
    counts = ledger.commit_page(job, first, entries(ledger, first.records))
    assert (counts.listed, counts.seen, counts.created) == (3, 3, 3)
    assert start(ledger).cursor == "1"
    job = start(ledger)
    ledger.commit_page(job, second, entries(ledger, second.records))
    assert ledger.count(job).created == 5
    assert start(ledger).listing_ended


def test_a_page_that_does_not_follow_is_refused_and_leaves_nothing(ledger: Ledger) -> None:
    job = start(ledger)
    first, second = pages(many(6))
    with pytest.raises(CursorConflictError, match="follows 1"):
        ledger.commit_page(job, second, entries(ledger, second.records))
    ledger.commit_page(job, first, entries(ledger, first.records))
    with pytest.raises(CursorConflictError):
        ledger.commit_page(job, first, entries(ledger, first.records))
    ledger.commit_page(job, second, entries(ledger, second.records))
    after_the_end = msgspec.structs.replace(second, after="2", cursor="3")
    with pytest.raises(CursorConflictError, match="end of the listing"):
        ledger.commit_page(job, after_the_end, entries(ledger, after_the_end.records))
    assert ledger.count(job).listed == 6
    assert ledger.last_seq() == 6


def test_a_page_must_move_the_cursor(ledger: Ledger) -> None:
    job = start(ledger)
    page = Page(records=(), after=None, cursor=None)
    with pytest.raises(CursorConflictError, match="move"):
        ledger.commit_page(job, page, [])


def test_a_page_must_come_with_all_its_records(ledger: Ledger) -> None:
    job = start(ledger)
    (page,) = pages(many(2), 2)
    with pytest.raises(LedgerError, match="entries"):
        ledger.commit_page(job, page, entries(ledger, page.records)[:1])
    assert ledger.count(job).listed == 0


def test_what_was_not_mapped_must_be_known(ledger: Ledger) -> None:
    job = start(ledger)
    (page,) = pages(many(1))
    unmapped = [msgspec.structs.replace(entries(ledger, page.records)[0], processed=None)]
    with pytest.raises(LedgerError, match="not mapped"):
        ledger.commit_page(job, page, unmapped)
    assert shown(ledger) == {}


def test_an_unchanged_payload_is_known_and_changes_nothing(ledger: Ledger) -> None:
    harvest(ledger, many(7))
    known = ledger.known(SOURCE, ["r0", "r6", "r7"])
    assert set(known) == {"r0", "r6"}
    assert known["r0"].payload_hash == payload_hash(many(1)[0].record.parts[0].payload)
    assert (known["r0"].mapping_version, known["r0"].has_details, known["r0"].removed) == ("1", False, False)
    again = harvest(ledger, many(7))
    assert (again.verdict, again.unchanged, again.created, again.updated) == ("complete", 7, 0, 0)
    assert ledger.last_seq() == 7
    assert ledger.known("other.portal", ["r0"]) == {}


def test_a_dataset_that_did_not_change_gets_no_number_but_its_counters(ledger: Ledger) -> None:
    harvest(ledger, many(3, views=1))
    report = harvest(ledger, [*many(2, views=99), Listed("r2", "new title")])
    assert (report.unchanged, report.updated) == (2, 1)
    assert [change.seq for change in ledger.changes(0, 10)] == [1, 2, 4]
    (stored,) = ledger.datasets([id_of("r0")]).values()
    assert (stored.counters, stored.seq) == ({"views": 99}, 1)
    assert shown(ledger)["r2"] == "new title"


def test_another_mapping_version_maps_again(ledger: Ledger) -> None:
    harvest(ledger, many(3))
    report = harvest(ledger, many(3), version="2")
    assert (report.unchanged, ledger.last_seq()) == (3, 3)
    assert ledger.known(SOURCE, ["r0"])["r0"].mapping_version == "2"


def test_rejected_records_keep_their_last_good_dataset_and_can_be_read(ledger: Ledger) -> None:
    first = harvest(ledger, [*many(2), Listed("bad", None, warn="odd")])
    assert (first.created, first.rejected, first.verdict) == (2, 1, "complete")
    second = harvest(ledger, [Listed("r0", None), Listed("r1"), Listed("bad", None, warn="odd")])
    assert (second.rejected, second.unchanged) == (2, 1)
    assert shown(ledger) == {"r0": "title", "r1": "title"}
    bad, broken = sorted(ledger.rejected(second.job), key=lambda one: str(one.identifier))
    assert (bad.identifier, bad.code, bad.message, bad.shown) == ("bad", "no-title", "it has no title", False)
    assert (broken.identifier, broken.shown) == ("r0", True)
    assert json.loads(broken.parts[0].payload)["title"] is None
    assert '"title": null' in broken.excerpt
    assert [issue.code for issue in bad.issues] == ["no-title", "odd"]
    assert ledger.issue_counts(first.job) == {("error", "no-title"): 1, ("warning", "odd"): 1}
    assert ledger.issue_counts(second.job) == {("error", "no-title"): 1}
    third = harvest(ledger, many(2))
    assert third.unchanged == 2
    assert ledger.rejected(third.job) == []


def test_an_entry_without_identifier_is_kept(ledger: Ledger) -> None:
    issue = Issue(severity="error", code="no-identifier", message="it has none")
    nameless = Rejected(payload=b'{"id": null}', format="test", issue=issue)
    report = harvest(ledger, many(2), rejected=[nameless])
    assert (report.listed, report.seen, report.rejected, report.created) == (3, 3, 1, 2)
    assert adds_up(report)
    (kept,) = ledger.rejected(report.job)
    assert (kept.identifier, kept.code, kept.parts[0].payload) == (None, "no-identifier", b'{"id": null}')
    assert [(row.identifier, row.code) for row in ledger.issues(report.job)] == [(None, "no-identifier")]


def test_a_lost_entry_counts_as_failed_and_is_not_missing(ledger: Ledger) -> None:
    harvest(ledger, many(200), size=50)
    lost = [Lost(identifier="r0", issue=Issue(severity="warning", code="timeout", message="no answer"))]
    for _ in range(3):
        report = harvest(ledger, many(200)[1:], size=50, lost=lost)
        assert (report.listed, report.seen, report.failed, report.missing) == (200, 199, 1, 0)
        assert report.verdict == "complete"
    assert "r0" in shown(ledger)
    assert ledger.issue_counts(report.job) == {("warning", "timeout"): 1}
    (why,) = ledger.why("r0")
    assert why.state == "live"
    unknown = [Lost(identifier="never met", issue=lost[0].issue)]
    harvest(ledger, many(200), size=50, lost=unknown)
    (why,) = ledger.why("never met")
    assert "no answer" in why.reason


def test_an_entry_that_was_lost_and_comes_again_is_no_duplicate(ledger: Ledger) -> None:
    harvest(ledger, many(3))
    lost = [Lost(identifier="r2", issue=Issue(severity="warning", code="timeout", message="no answer"))]
    job = start(ledger)
    counts = commit(ledger, job, pages(many(3), 2, lost=lost))
    assert (counts.listed, counts.failed, counts.unchanged, counts.duplicate) == (4, 1, 3, 0)


def test_what_the_portal_deletes_is_removed_at_once_and_comes_back(ledger: Ledger) -> None:
    harvest(ledger, many(3))
    report = harvest(ledger, [Listed("r0", deleted=True), *many(3)[1:], Listed("unknown", deleted=True)], full=False)
    assert (report.deleted, report.unchanged, report.full) == (2, 2, False)
    assert set(shown(ledger)) == {"r1", "r2"}
    (change,) = ledger.changes(3, 10)
    assert (change.seq, change.id, change.content) == (4, id_of("r0"), None)
    again = harvest(ledger, [Listed("r0", deleted=True), *many(3)[1:]])
    assert (again.deleted, ledger.last_seq()) == (1, 4)
    back = harvest(ledger, many(3))
    assert (back.created, back.unchanged) == (1, 2)
    assert followed(ledger).keys() == {id_of("r0"), id_of("r1"), id_of("r2")}


def test_an_identifier_met_twice_counts_once(ledger: Ledger) -> None:
    listed = [Listed("a"), Listed("b"), Listed("a", "another title"), Listed("a"), Listed("b"), Listed("c")]
    report = harvest(ledger, listed, size=3)
    assert (report.listed, report.created, report.duplicate) == (6, 3, 3)
    assert adds_up(report)
    assert shown(ledger)["a"] == "title"
    assert ledger.issue_counts(report.job) == {("info", "duplicate"): 1}
    assert [row.identifier for row in ledger.issues(report.job)] == ["a"]


def test_a_listing_whose_identifiers_tell_nothing_apart_is_not_complete_and_removes_nothing(ledger: Ledger) -> None:
    harvest(ledger, many(9))
    for _ in range(2):
        report = harvest(ledger, [Listed("r0", f"title {number}") for number in range(9)])
        assert (report.verdict, report.reason) == ("partial", "ambiguous identifiers")
        assert (report.duplicate, report.missing, report.removed) == (8, 0, 0)
        assert report.detail.startswith("8 of 9 entries have the identifier of another and other contents")
    again = harvest(ledger, [*many(9), *many(9)])
    assert (again.verdict, again.duplicate) == ("complete", 9), "the same contents twice are no more than that"


@pytest.mark.parametrize("identifier", ["nul\0inside", "half \ud800 pair"])
def test_an_identifier_that_no_database_keeps_is_rejected_not_fatal(ledger: Ledger, identifier: str) -> None:
    for _ in range(2):
        report = harvest(ledger, [Listed("fine"), Listed(identifier)])
        assert (report.listed, report.rejected, report.verdict) == (2, 1, "complete")
    assert shown(ledger) == {"fine": "title"}
    assert ledger.issue_counts(report.job) == {("error", "bad-identifier"): 1}
    lost = [Lost(identifier=identifier, issue=Issue(severity="warning", code="timeout", message="half \ud800, nul \0"))]
    assert harvest(ledger, named("fine"), lost=lost).failed == 1


def test_values_that_no_database_keeps_do_not_stop_a_page(ledger: Ledger) -> None:
    job = start(ledger)
    record = HarvestRecord(
        identifier="a", parts=(Part(name="listing", format="test", payload=b""),), revision="1\0\ud800"
    )
    processed = process(Listed("a").record)
    issue = Issue(severity="warning", code="odd", message="\0", field="\ud800", value="\udfff\0")
    entry = Entry(
        record=record,
        payload_hash=payload_hash(b""),
        mapping_version="1",
        processed=msgspec.structs.replace(processed, issues=(issue,), landing_page="http://\0", unread=("\ud800",)),
    )
    page = Page(records=(record,), after=None, cursor="1", end=True)
    assert ledger.commit_page(job, page, [entry]).created == 1
    assert ledger.known(SOURCE, ["a"])["a"].revision == "1?"
    assert [row.code for row in ledger.issues(job.id)] == ["odd"]


def test_two_sources_do_not_meet(ledger: Ledger) -> None:
    harvest(ledger, many(3), source="one.portal")
    harvest(ledger, many(2), source="two.portal")
    harvest(ledger, many(4), source="one.portal")
    assert len(shown(ledger, "one.portal")) == 4
    assert len(shown(ledger, "two.portal")) == 2
    assert len(list(ledger.live())) == 6
    states = ledger.source_states()
    assert {name: state.datasets for name, state in states.items()} == {"one.portal": 4, "two.portal": 2}


def test_a_commit_of_a_job_that_ended_is_refused(ledger: Ledger) -> None:
    job = start(ledger)
    page, _ = pages(many(6))
    ledger.finish_job(job, Ending(reason="blocked"), Expected())
    with pytest.raises(LeaseLostError):
        ledger.commit_page(job, page, entries(ledger, page.records))


def test_unread_fields_are_counted_by_what_records_have_now(ledger: Ledger) -> None:
    harvest(ledger, [*many(3, unread=("extra", "other")), Listed("x", unread=("extra",))])
    assert ledger.source_states()[SOURCE].unread == {"extra": 4, "other": 3}
    harvest(ledger, [*many(2, unread=("extra", "other")), Listed("r2"), Listed("x")])
    assert ledger.source_states()[SOURCE].unread == {"extra": 2, "other": 2}
    assert ledger.source_states(with_unread=False)[SOURCE].unread == {}


def test_what_a_source_does_not_select_is_told_once_over_all_its_processes(ledger: Ledger) -> None:
    first, second = pages(many(4), 2)
    commit(ledger, start(ledger), [msgspec.structs.replace(first, passed=1_200)])
    resumed = start(ledger)
    commit(ledger, resumed, [msgspec.structs.replace(second, passed=1_996)])
    report = ledger.finish_job(resumed, Ending(requests=1), Expected())
    assert (report.verdict, report.listed) == ("complete", 4)
    assert ledger.issue_counts(report.job) == {("info", "not-selected"): 1}
    (told,) = ledger.issues(report.job, 10)
    assert told.message == "1,996 of 2,000 entries that the portal listed are not selected by this source"


def test_a_listing_that_begins_anew_counts_what_has_no_identifier_once(ledger: Ledger) -> None:
    problem = Issue(severity="error", code="no-identifier", message="no list key")
    nameless = [Rejected(payload=f"row {number}".encode(), format="test", issue=problem) for number in range(3)]
    gone = [Lost(identifier="r9", issue=Issue(severity="error", code="not-found", message="404"))]
    first, second = pages(many(4), 2, rejected=nameless[:2], lost=gone)
    job = start(ledger)
    commit(ledger, job, [first])
    anew = [
        Page(records=first.records, after="1", cursor="a", anew=True, rejected=tuple(nameless[1:])),
        msgspec.structs.replace(second, after="a", cursor="b", lost=tuple(gone)),
    ]
    commit(ledger, start(ledger), anew)
    report = ledger.finish_job(start(ledger), Ending(requests=1), Expected())
    assert (report.created, report.duplicate, report.rejected, report.failed) == (4, 2, 2, 1)
    assert (report.listed, report.seen) == (9, 8)
    assert ledger.issue_counts(report.job) == {("error", "no-identifier"): 2, ("error", "not-found"): 1}
    assert [row.excerpt for row in ledger.rejected(report.job)] == ["row 1", "row 2"]
