from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from harvester.errors import LeaseHeldError, LeaseLostError, LedgerError
from harvester.ledger import Ending, Expected, Ledger
from tests.ledger.conftest import Clock
from tests.ledger.scripts import SOURCE, adds_up, commit, entries, harvest, many, named, pages, shown, start


def test_an_interrupted_job_goes_on_under_its_number(ledger: Ledger) -> None:
    job = start(ledger)
    commit(ledger, job, pages(many(7))[:2])
    again = start(ledger)
    assert (again.id, again.cursor, again.resumed, again.listing_ended) == (job.id, "2", True, False)
    commit(ledger, again, pages(many(7)))
    report = ledger.finish_job(again, Ending(), Expected())
    assert (report.job, report.verdict, report.created, report.duplicate) == (job.id, "complete", 7, 0)
    assert report.resumed == 1
    assert not start(ledger).resumed


def test_other_options_close_an_interrupted_job(ledger: Ledger) -> None:
    job = start(ledger)
    commit(ledger, job, pages(many(7))[:1])
    for change in ({"fingerprint": "other"}, {"limited": True}):
        newer = start(ledger, **change)
        assert not newer.resumed
        superseded = ledger.report(newer.id - 1)
        assert (superseded.verdict, superseded.reason) == ("failed", "superseded")
    assert ledger.report(job.id).created == 3
    assert len(shown(ledger)) == 3


def test_the_first_job_is_full_and_the_rest_as_asked(ledger: Ledger, clock: Clock) -> None:
    job = start(ledger, full=False)
    assert job.full
    assert job.since is None
    assert start(ledger, full=False).id == job.id
    commit(ledger, start(ledger, full=None), pages(many(2)))
    started = clock.time
    clock.forward(hours=1)
    job = start(ledger, full=False)
    assert job.full, "a job that did not end is taken up as it was begun"
    ledger.finish_job(job, Ending(), Expected())
    clock.forward(hours=1)
    job = start(ledger, full=False)
    assert (job.full, job.since) == (False, started)
    second = clock.time
    clock.forward(hours=1)
    ledger.finish_job(job, Ending(reason="blocked"), Expected())
    assert start(ledger, full=False).since == started, "a partial job moves nothing"
    assert harvest(ledger, [], full=False).verdict == "complete"
    assert start(ledger, full=False).since == second + timedelta(hours=1)


def test_what_other_options_select_is_harvested_in_full_until_it_was_complete(ledger: Ledger) -> None:
    harvest(ledger, many(2))
    assert not harvest(ledger, [], full=None).full
    broken = start(ledger, full=None, fingerprint="other")
    ledger.finish_job(broken, Ending(reason="blocked"), Expected())
    assert broken.full
    assert harvest(ledger, many(2), full=None, fingerprint="other").full
    assert not harvest(ledger, [], full=None, fingerprint="other").full


def test_full_jobs_are_due_again(ledger: Ledger, clock: Clock) -> None:
    harvest(ledger, many(2))
    clock.forward(days=6)
    assert harvest(ledger, many(2), full=None).full is False
    clock.forward(days=1)
    assert start(ledger, full=None, limited=True).full is True
    assert start(ledger, full=None, full_every=timedelta(days=8)).full is False


def test_a_limited_or_undone_job_does_not_count_as_complete(ledger: Ledger) -> None:
    limited = harvest(ledger, many(2), limited=True)
    assert (limited.verdict, limited.reason) == ("partial", "limit")
    assert start(ledger, full=False, fingerprint="2").full
    done = harvest(ledger, many(2), fingerprint="2")
    ledger.undo(done.job)
    assert start(ledger, full=False, fingerprint="3").full


def test_two_jobs_of_a_source_cannot_run_at_once(ledger: Ledger, clock: Clock) -> None:
    job = start(ledger, holder="machine-a:1")
    with pytest.raises(LeaseHeldError, match="machine-a:1"):
        start(ledger, holder="machine-b:1")
    clock.forward(seconds=50)
    ledger.heartbeat(job)
    clock.forward(seconds=50)
    with pytest.raises(LeaseHeldError):
        start(ledger, holder="machine-b:1")
    start(ledger, holder="machine-b:1", source="another.portal")
    clock.forward(seconds=20)
    taken = start(ledger, holder="machine-b:1")
    assert taken.id == job.id
    page, _ = pages(many(6))
    for refused in (
        lambda: ledger.commit_page(job, page, entries(ledger, page.records)),
        lambda: ledger.commit_details(job, []),
        lambda: ledger.heartbeat(job),
        lambda: ledger.finish_job(job, Ending(), Expected()),
    ):
        with pytest.raises(LeaseLostError):
            refused()
    assert ledger.commit_page(taken, page, entries(ledger, page.records)).created == 3


def test_a_lease_that_ran_out_is_ours_while_nobody_takes_it(ledger: Ledger, clock: Clock) -> None:
    job = start(ledger)
    clock.forward(hours=5)
    commit(ledger, job, pages(many(6))[:1])
    with pytest.raises(LeaseHeldError):
        start(ledger, holder="other")


def test_a_dead_holder_is_followed_at_once(ledger: Ledger) -> None:
    start(ledger, holder="here:1")
    asked = []
    job = start(ledger, holder="here:2", holder_is_dead=lambda holder: not asked.append(holder))
    assert asked == ["here:1"]
    assert job.resumed


def test_the_same_holder_may_start_again_but_its_older_self_is_out(ledger: Ledger) -> None:
    older, newer = start(ledger), start(ledger)
    with pytest.raises(LeaseLostError):
        ledger.heartbeat(older)
    ledger.heartbeat(newer)


def test_what_a_job_took_is_added_up_over_its_processes(ledger: Ledger) -> None:
    took = Ending(requests=3, bytes=100, seconds=1.5, saved_requests=1, saved_bytes=40)
    ledger.release(start(ledger), took)
    stale = start(ledger)
    job = start(ledger)
    ledger.release(stale, took)
    commit(ledger, job, pages(many(2)))
    report = ledger.finish_job(job, took, Expected())
    assert (report.requests, report.bytes, report.seconds) == (6, 200, 3.0)
    assert (report.saved_requests, report.saved_bytes) == (2, 80)


def test_a_released_lease_is_free_and_the_job_is_not_over(ledger: Ledger) -> None:
    job = start(ledger, holder="a")
    commit(ledger, job, pages(many(6))[:1])
    ledger.release(job)
    later = start(ledger, holder="b")
    assert (later.id, later.cursor) == (job.id, "1")
    ledger.release(job)
    with pytest.raises(LeaseHeldError):
        start(ledger, holder="c")


def test_a_report_tells_what_the_crawl_saw(ledger: Ledger, clock: Clock) -> None:
    job = start(ledger)
    commit(ledger, job, pages(named("a")))
    clock.forward(minutes=3)
    ending = Ending(reason="timeout", detail="after 3 minutes", requests=7, bytes=9_000, seconds=180.5)
    report = ledger.finish_job(job, ending, Expected())
    assert (report.source, report.verdict, report.reason) == (SOURCE, "partial", "timeout")
    assert (report.requests, report.bytes, report.seconds) == (7, 9_000, 180.5)
    assert report.started == datetime(2026, 3, 5, 3, 20, tzinfo=UTC)
    assert report.finished == datetime(2026, 3, 5, 3, 23, tzinfo=UTC)
    assert ledger.report(job.id) == report
    assert ledger.reports() == [report]
    assert ledger.reports("another.portal") == []
    assert adds_up(report)
    with pytest.raises(LedgerError, match="no job 99"):
        ledger.report(99)


def test_reports_are_newest_first_and_a_running_job_has_no_verdict(ledger: Ledger) -> None:
    first = harvest(ledger, many(1))
    job = start(ledger)
    assert [(one.job, one.verdict) for one in ledger.reports()] == [(job.id, None), (first.job, "complete")]
    state = ledger.source_states()[SOURCE]
    assert state.last_job == first
    assert state.last_complete == first.finished
    assert [one.job for one in ledger.reports(limit=1)] == [job.id]


def test_few_records_warn(ledger: Ledger) -> None:
    report = harvest(ledger, many(3), expected=Expected(min_records=10))
    assert report.verdict == "complete"
    assert ledger.issue_counts(report.job) == {("warning", "few-records"): 1}
    assert "at least 10" in ledger.issues(report.job)[0].message


def test_a_job_that_another_ledger_gave_out_is_refused(ledger: Ledger) -> None:
    job = start(ledger)
    with pytest.raises(LedgerError, match="no job"):
        ledger.heartbeat(type(job)(id=99, source=SOURCE, full=True, holder="here"))
