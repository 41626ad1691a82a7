from __future__ import annotations

import dataclasses
import json

import pytest

from harvester.catalog.model import HarvestRecord, Issue, Part
from harvester.ledger import Ending, Entry, Expected, Ledger, payload_hash
from tests.ledger.scripts import (
    SOURCE,
    Details,
    Listed,
    adds_up,
    commit,
    harvest,
    id_of,
    pages,
    process,
    shown,
    start,
)

GONE = Issue(severity="warning", code="not found", message="the portal answers 404")
SILENT = Issue(severity="warning", code="timeout", message="no answer")


def listed(*ids: str, revision: str | None = "1", title: str = "title") -> list[Listed]:
    return [Listed(id_, title, wants={"a": f"/{id_}/a", "b": f"/{id_}/b"}, revision=revision) for id_ in ids]


def details_of(ledger: Ledger, identifier: str) -> dict[str, str]:
    (stored,) = ledger.datasets([id_of(identifier)]).values()
    found: dict[str, str] = json.loads(stored.content)["details"]
    return found


def test_a_listing_stores_stubs_and_details_complete_them(ledger: Ledger) -> None:
    job = start(ledger)
    commit(ledger, job, pages(listed("x", "y", "z", "q"), 2))
    assert len(shown(ledger)) == 4, "a listing alone is a whole record"
    due = ledger.pending(job, 3)
    assert [record.identifier for record in due] == ["x", "y", "z"], "in listing order"
    assert due[0].wanted == {"a": "/x/a", "b": "/x/b"}
    assert due[0].revision == "1"
    assert [part.name for part in due[0].parts] == ["listing"]
    assert [one.state for one in ledger.why("x")] == ["pending"]
    Details().fetch(ledger, job, 3)
    assert ledger.pending(job, 9) == ()
    report = ledger.finish_job(job, Ending(), Expected())
    assert (report.verdict, report.created, report.updated, report.seen) == ("complete", 4, 0, 4)
    assert details_of(ledger, "x") == {"a": "text of /x/a", "b": "text of /x/b"}
    assert [part.name for part in ledger.stored_parts(SOURCE, ["x"])["x"]] == ["listing", "a", "b"]
    assert ledger.known(SOURCE, ["x"])["x"].has_details
    assert [one.state for one in ledger.why("x")] == ["live"]


def test_details_are_fetched_again_only_for_another_revision(ledger: Ledger) -> None:
    harvest(ledger, listed("x", "y"))
    same = Details()
    report = harvest(ledger, listed("x", "y"), details=same)
    assert (same.asked, report.unchanged, ledger.last_seq()) == ([], 2, 4)
    newer = Details({"/x/a": "new text"})
    report = harvest(ledger, [*listed("x", revision="2"), *listed("y")], details=newer)
    assert newer.asked == ["/x/a", "/x/b"]
    assert (report.updated, report.unchanged) == (1, 1)
    assert details_of(ledger, "x")["a"] == "new text"


def test_a_changed_listing_is_processed_with_the_details_it_has(ledger: Ledger) -> None:
    harvest(ledger, listed("x"))
    same = Details()
    report = harvest(ledger, listed("x", title="new title"), details=same)
    assert (same.asked, report.updated) == ([], 1)
    assert shown(ledger) == {"x": "new title"}
    assert details_of(ledger, "x") == {"a": "text of /x/a", "b": "text of /x/b"}


def test_a_part_that_never_arrived_is_asked_for_again(ledger: Ledger) -> None:
    report = harvest(ledger, listed("x"), details=Details({"/x/b": GONE}))
    assert (report.verdict, report.created) == ("complete", 1)
    assert ledger.issue_counts(report.job) == {("warning", "not found"): 1}
    assert [(row.identifier, row.code) for row in ledger.issues(report.job)] == [("x", "not found")]
    assert details_of(ledger, "x") == {"a": "text of /x/a"}
    again = Details()
    report = harvest(ledger, listed("x"), details=again)
    assert (again.asked, report.updated, report.unchanged) == (["/x/b"], 1, 0)
    assert details_of(ledger, "x") == {"a": "text of /x/a", "b": "text of /x/b"}
    assert ledger.why("x")[0].issues == ()


def test_a_part_that_failed_leaves_an_issue_and_the_last_good_part(ledger: Ledger) -> None:
    harvest(ledger, listed("x"))
    failing = Details({"/x/a": GONE, "/x/b": "new text"})
    report = harvest(ledger, listed("x", revision="2"), details=failing)
    assert (report.verdict, report.updated) == ("complete", 1)
    assert details_of(ledger, "x") == {"a": "text of /x/a", "b": "new text"}
    assert [issue.code for issue in ledger.why("x")[0].issues] == ["not found"]
    again = Details({"/x/a": GONE})
    report = harvest(ledger, listed("x", revision="2"), details=again)
    assert (again.asked, report.unchanged) == (["/x/a"], 1), "only the part that failed, and the record is as it was"
    assert [issue.code for issue in ledger.why("x")[0].issues] == ["not found"]


def test_a_lost_detail_makes_the_job_partial_even_if_another_process_ends_it(ledger: Ledger) -> None:
    report = harvest(ledger, listed("x"), details=Details({"/x/b": SILENT}))
    assert (report.verdict, report.reason, report.created) == ("partial", "lost requests", 1)
    job = start(ledger)
    commit(ledger, job, pages(listed("y", "z")))
    Details({"/y/b": SILENT}).fetch(ledger, job)
    resumed = start(ledger)
    assert resumed.listing_ended
    assert ledger.finish_job(resumed, Ending(), Expected()).reason == "lost requests"


def test_details_that_nobody_fetched_are_lost(ledger: Ledger) -> None:
    job = start(ledger)
    commit(ledger, job, pages(listed("x", "y")))
    report = ledger.finish_job(job, Ending(), Expected())
    assert (report.verdict, report.reason) == ("partial", "lost requests")
    after = Details()
    assert harvest(ledger, listed("x", "y"), details=after).verdict == "complete"
    assert len(after.asked) == 4


def test_an_interrupted_job_goes_on_with_what_is_pending(ledger: Ledger) -> None:
    job = start(ledger)
    commit(ledger, job, pages(listed("x", "y", "z")))
    resumed = start(ledger)
    assert [record.identifier for record in ledger.pending(resumed, 9)] == ["x", "y", "z"]
    rest = Details()
    rest.fetch(ledger, resumed)
    assert len(rest.asked) == 6
    report = ledger.finish_job(resumed, Ending(), Expected())
    assert (report.verdict, report.created) == ("complete", 3)


@pytest.mark.parametrize("order", [1, -1])
def test_numbers_do_not_depend_on_which_answer_came_first(ledger: Ledger, order: int) -> None:
    job = start(ledger)
    commit(ledger, job, pages(listed("x", "y")))
    made = []
    due = ledger.pending(job, 9)
    for record in due[::order]:
        part = Part(name="a", format="test", payload=b"text")
        whole = HarvestRecord(identifier=record.identifier, parts=(*record.parts, part), revision="1")
        digest = payload_hash(record.parts[0].payload)
        made.append(Entry(record=whole, payload_hash=digest, mapping_version="1", processed=process(whole)))
    ledger.commit_details(job, made)
    assert [(change.seq, change.id) for change in ledger.changes(2, 9)] == [(3, id_of("x")), (4, id_of("y"))]
    counts = ledger.commit_details(job, made)
    assert (counts.created, counts.updated, ledger.last_seq()) == (2, 0, 4), "a repeated batch changes nothing"


@pytest.mark.parametrize(
    ("before", "now", "answer", "outcome"),
    [
        (None, Listed("x"), "text", "created"),
        (None, Listed("x"), GONE, "created"),
        (None, Listed("x", None), "text", "rejected"),
        (Listed("x"), Listed("x", revision="2"), "text", "unchanged"),
        (Listed("x"), Listed("x", revision="2"), "new", "updated"),
        (Listed("x"), Listed("x", "new", revision="2"), "new", "updated"),
        (Listed("x"), Listed("x", "new", revision="2"), "text", "updated"),
        (Listed("x"), Listed("x", "new", revision="2"), GONE, "updated"),
        (Listed("x"), Listed("x", None, revision="2"), GONE, "rejected"),
    ],
)
def test_a_record_keeps_one_place_in_the_counts(
    ledger: Ledger, before: Listed | None, now: Listed, answer: str | Issue, outcome: str
) -> None:
    if before is not None:
        first = dataclasses.replace(before, wants={"text": "/x"}, revision="1")
        harvest(ledger, [first, Listed("other")], details=Details({"/x": "text"}))
    shows = dataclasses.replace(now, wants={"text": "/x"})
    report = harvest(ledger, [shows, Listed("other")], details=Details({"/x": answer}))
    assert getattr(report, outcome) == (2 if before is None and outcome == "created" else 1) + (
        before is not None and outcome == "unchanged"
    )
    assert report.seen == 2
    assert adds_up(report)


def test_a_detail_can_make_a_rejected_record_a_dataset(ledger: Ledger) -> None:
    report = harvest(ledger, [Listed("x", None, wants={"title": "/x"})], details=Details({"/x": "title of the page"}))
    assert (report.created, report.rejected) == (1, 0)
    assert shown(ledger) == {"x": "title of the page"}
    assert ledger.rejected(report.job) == []
    assert ledger.issue_counts(report.job) == {}


def test_warnings_are_counted_once_though_a_record_is_processed_twice(ledger: Ledger) -> None:
    warned = [Listed("x", wants={"text": "/x"}, warn="odd")]
    report = harvest(ledger, warned)
    assert ledger.issue_counts(report.job) == {("warning", "odd"): 1}


def test_an_address_that_is_wanted_anew_is_fetched(ledger: Ledger) -> None:
    harvest(ledger, [Listed("x", wants={"a": "/a"}, revision="1")])
    more = Details()
    harvest(ledger, [Listed("x", wants={"a": "/a", "b": "/b"}, revision="1")], details=more)
    assert more.asked == ["/b"]


def test_without_a_revision_a_detail_is_fetched_once(ledger: Ledger) -> None:
    harvest(ledger, [Listed("x", wants={"a": "/a"})])
    again = Details()
    harvest(ledger, [Listed("x", "changed", wants={"a": "/a"})], details=again)
    assert again.asked == []
