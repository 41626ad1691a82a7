from __future__ import annotations

import pytest

from harvester.errors import LedgerError
from harvester.ledger import Ledger
from tests.ledger.conftest import Clock
from tests.ledger.scripts import SOURCE, Listed, harvest, id_of, many


def test_versions_tell_what_made_them(ledger: Ledger, clock: Clock) -> None:
    first = harvest(ledger, [Listed("a", "one"), *many(9)])
    clock.forward(days=1)
    second = harvest(ledger, [Listed("a", "two"), *many(9)])
    clock.forward(days=1)
    third = harvest(ledger, [Listed("a", deleted=True), *many(9)])
    versions = ledger.versions(id_of("a"))
    assert [(one.seq, one.job, one.cause) for one in versions] == [
        (12, third.job, "harvest"),
        (11, second.job, "harvest"),
        (1, first.job, "harvest"),
    ]
    assert [one.content is None for one in versions] == [True, False, False]
    assert [one.content_hash is None for one in versions] == [True, False, False]
    assert versions[0].recorded == clock.time
    assert ledger.versions("unknown") == []


def test_why_finds_a_record_by_id_identifier_and_address(ledger: Ledger, clock: Clock) -> None:
    report = harvest(ledger, [Listed("a", warn="odd"), Listed("b", None)])
    (live,) = ledger.why(id_of("a"))
    assert (live.id, live.source, live.state, live.identifier) == (id_of("a"), SOURCE, "live", "a")
    assert live.reason == f"job {report.job} found it created"
    assert (live.first_seen, live.last_seen, live.last_changed) == (clock.time, clock.time, clock.time)
    assert (live.landing_page, live.last_job) == ("https://www.example.org/dataset/a", report.job)
    assert [issue.code for issue in live.issues] == ["odd"]
    for name in ("a", "https://www.example.org/dataset/a", "http://example.org/dataset/a/"):
        assert ledger.why(name) == [live]
    (bad,) = ledger.why("b")
    assert (bad.state, bad.reason, bad.last_changed) == ("rejected", "it has no title", None)
    harvest(ledger, [Listed("a", None), Listed("b", None)])
    (kept,) = ledger.why("a")
    assert (kept.state, kept.reason) == ("rejected", "it has no title (the last good dataset is still shown)")
    assert ledger.why("unknown") == []
    assert ledger.why("https://example.org/unknown") == []


def test_why_names_every_source_that_has_it(ledger: Ledger) -> None:
    harvest(ledger, many(1))
    harvest(ledger, many(1), source="other.portal")
    assert sorted(one.source for one in ledger.why("r0")) == [SOURCE, "other.portal"]


def test_why_tells_missing_removed_and_deleted_apart(ledger: Ledger) -> None:
    harvest(ledger, many(10))
    missing = harvest(ledger, many(9))
    assert ledger.why("r9")[0].reason.startswith(f"job {missing.job} did not meet it")
    harvest(ledger, many(9))
    assert ledger.why("r9")[0].reason == f"missing since job {missing.job}, and again in the next complete full job"
    deleting = harvest(ledger, [Listed("r0", deleted=True)], full=False)
    assert ledger.why("r0")[0].reason == f"job {deleting.job}: the portal says that it is deleted"
    creating = harvest(ledger, [Listed("new")], full=False)
    ledger.undo(creating.job)
    (undone,) = ledger.why("new")
    assert (undone.state, undone.reason) == ("removed", f"removed after job {creating.job}")


def test_issues_are_counted_exactly_and_listed_up_to_a_limit(ledger: Ledger) -> None:
    report = harvest(ledger, [*many(30, warn="odd"), *(Listed(f"x{n}", None) for n in range(3))], size=10)
    assert ledger.issue_counts(report.job) == {("error", "no-title"): 3, ("warning", "odd"): 30}
    assert len(ledger.issues(report.job, 7)) == 7
    assert len(ledger.issues(report.job)) == 33
    first = ledger.issues(report.job, 1)[0]
    assert (first.identifier, first.id, first.severity, first.value) == ("r0", id_of("r0"), "warning", "value")
    assert len(ledger.rejected(report.job, 2)) == 2
    with pytest.raises(LedgerError, match="no job 99"):
        ledger.rejected(99)


def test_an_unchanged_record_writes_no_issues_again(ledger: Ledger) -> None:
    first = harvest(ledger, many(3, warn="odd"))
    again = harvest(ledger, [*many(2, warn="odd"), Listed("r2", "changed", warn="other")])
    assert ledger.issue_counts(again.job) == {("warning", "other"): 1}
    assert [row.code for row in ledger.issues(again.job)] == ["other"]
    assert len(ledger.issues(first.job)) == 2
    cured = harvest(ledger, many(3))
    assert ledger.issue_counts(cured.job) == {}
    assert ledger.issues(first.job) == []
