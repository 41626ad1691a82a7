from __future__ import annotations

import os
import tempfile
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from harvester.catalog.coverage import count, with_traits
from harvester.catalog.model import Issue, Lost, Rejected
from harvester.ledger import Ending, Expected, JobReport, Ledger, schema
from harvester.ledger.profile import profile_of
from harvester.ledger.records import TAKEN_BACK
from harvester.ledger.traits import of_source
from tests.ledger.scripts import (
    SOURCE,
    Details,
    Listed,
    adds_up,
    commit,
    followed,
    id_of,
    pages,
    process,
    shown,
    start,
)

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""A disk is waited for at every commit; hundreds of small jobs need not be."""
ISSUE = Issue(severity="warning", code="not found", message="404")
REJECTED = Rejected(payload=b"x", format="test", issue=ISSUE)

names = st.sampled_from("abcdefgh")
listed = st.builds(
    Listed,
    id=names,
    title=st.sampled_from(["one", "two", None]),
    views=st.integers(0, 2),
    license=st.sampled_from(["KOGL-1", "KOGL-1", None]),
    phone=st.sampled_from(["02", "02", None]),
    deleted=st.sampled_from([False, False, False, True]),
    wants=st.sampled_from([{}, {"t": "/t"}, {"t": "/t", "title": "/u"}]),
    revision=st.sampled_from([None, "1", "2"]),
    warn=st.sampled_from([None, "odd"]),
)
jobs = st.fixed_dictionaries(
    {
        "listed": st.lists(listed, max_size=12),
        "bare": st.sampled_from([False, False, True]),
        "size": st.integers(1, 4),
        "lost": st.lists(st.builds(Lost, identifier=names, issue=st.just(ISSUE)), max_size=2),
        "rejected": st.lists(st.just(REJECTED), max_size=2),
        "answers": st.dictionaries(st.sampled_from(["/t", "/u"]), st.sampled_from(["text", "other", ISSUE])),
        "stops": st.lists(st.integers(0, 4), max_size=2),
        "full": st.booleans(),
        "version": st.sampled_from(["1", "1", "2"]),
        "after": st.sampled_from(["nothing", "nothing", "accept", "undo", "prune"]),
    }
)


@given(st.lists(jobs, min_size=1, max_size=3))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_counts_add_up_and_the_feed_holds_what_is_shown(runs: list[dict[str, object]]) -> None:
    """Whatever portals show, in whatever pages, however often a job is taken up again."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, Ledger.open(f"sqlite:///{folder}/ledger.db") as ledger:
        for number, run in enumerate(runs):
            _run(ledger, str(number), run)  # type: ignore[arg-type]
            _check(ledger)


def _run(ledger: Ledger, name: str, run: dict) -> None:  # type: ignore[type-arg]
    options = {"fingerprint": name, "full": run["full"]}
    if run["bare"]:
        run["listed"] = [
            replace(one, license=None, phone=None, title=one.title and f"{one.title} {name}") for one in run["listed"]
        ]
    made = pages(run["listed"], run["size"], lost=run["lost"], rejected=run["rejected"])
    before = shown(ledger)
    for stop in run["stops"]:
        job = start(ledger, **options)
        assert adds_up(commit(ledger, job, made[:stop], run["version"]))
    job = start(ledger, **options)
    counts = commit(ledger, job, made, run["version"])
    assert counts.listed == len(run["listed"]) + len(run["lost"]) + len(run["rejected"])
    assert counts.failed == len(run["lost"])
    Details(run["answers"]).fetch(ledger, job, 2, run["version"])
    assert ledger.count(job).listed == counts.listed
    report = ledger.finish_job(job, Ending(), Expected(max_drop=0.5))
    assert adds_up(report)
    _check_profile(ledger, job.id, report)
    if not any(one.deleted for one in run["listed"]):  # a deletion of what was never known is not remembered
        assert report.duplicate == len(run["listed"]) - len({one.id for one in run["listed"]})
    if run["after"] == "accept" and report.verdict == "held":
        ledger.accept(job.id)
    elif run["after"] == "undo":
        ledger.undo(job.id)
        assert shown(ledger) == before
    elif run["after"] == "prune":
        ledger.prune()


def _check_profile(ledger: Ledger, job: int, report: JobReport) -> None:
    """What was counted as it came is what the records of the job show."""
    with ledger._store.reading() as tx:
        profile = profile_of(tx.execute(select(schema.job.c.profile).where(schema.job.c.id == job)).scalar())
        record, sighting = schema.record.c, schema.sighting.c
        swapped = record.mapping_version == TAKEN_BACK
        traits = of_source(tx, tx.execute(select(schema.source.c.key)).scalar_one())
        columns = (record.covered, record.covered_before, record.traits, record.traits_before)
        rows = tx.execute(
            select(*columns, record.parts, record.mapped_in, record.rejected, swapped.label("swapped"))
            .join_from(schema.record, schema.sighting, record.key == sighting.record)
            .where(sighting.job == job, sighting.outcome.in_((1, 2, 3, 4)))
        ).all()
    stored = [(_joined(row.covered, row.traits), _joined(row.covered_before, row.traits_before)) for row in rows]
    now = [older if row.swapped else newer for row, (newer, older) in zip(rows, stored, strict=True)]
    before = [
        None
        if row.parts > 1 and row.mapped_in != job
        else older
        if row.mapped_in == job and not row.swapped
        else None
        if row.rejected and not row.swapped
        else newer
        for row, (newer, older) in zip(rows, stored, strict=True)
    ]
    assert (
        profile.records
        == len(rows)
        == report.created + report.updated + report.unchanged + len([row for row in rows if row.rejected])
    )
    assert profile.covered == count(now, traits)
    assert profile.known == len([one for one in before if one is not None])
    assert profile.had == count([one for one in before if one is not None], traits)
    assert profile.kept == count([one for one, old in zip(now, before, strict=True) if old is not None], traits)


def _joined(covered: int | None, traits: int) -> int | None:
    return None if covered is None else with_traits(covered, traits)


def _check(ledger: Ledger) -> None:
    live = {one.id: one.seq for one in ledger.live()}
    assert followed(ledger).keys() == live.keys() == {id_of(name) for name in shown(ledger)}
    assert ledger.source_states()[SOURCE].datasets == len(live)
    for name in "abcdefgh":
        versions = ledger.versions(id_of(name))
        if versions:
            assert (versions[0].content is not None) == (id_of(name) in live)
        for one in ledger.why(name):
            assert one.reason
            assert (one.state == "removed") <= (one.id not in live)
    for record in ledger.records(SOURCE):
        kept = ledger.datasets([id_of(record.record.identifier)])
        processed = process(record.record)
        if processed.content is not None and kept:
            (stored,) = kept.values()
            assert stored.content == processed.content, "a stored record maps to the dataset that is stored"
