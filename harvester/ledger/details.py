"""Records that want further parts: which are pending, and committing what was fetched for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, select, update

from harvester.catalog.coverage import bits_of
from harvester.catalog.model import HarvestRecord, Issue, Part
from harvester.ledger import leases, records, schema
from harvester.ledger.batch import Batch, count_issues
from harvester.ledger.drift import collapsed
from harvester.ledger.encoding import addresses_of, failed_of, issues_of
from harvester.ledger.profile import profile_json, profile_of
from harvester.ledger.records import Prepared, State, StoredPart
from harvester.ledger.store import AnyRow, Store
from harvester.ledger.types import Counts, Entry, Job
from harvester.ledger.verdict import ANSWERED


def pending(store: Store, job: Job, limit: int) -> tuple[HarvestRecord, ...]:
    """The next records whose details this job still has to fetch, in listing order: their stored parts, and in `wanted`
    only the parts that are due.
    """
    record, waiting, part = schema.record.c, schema.pending.c, schema.part.c
    with store.reading() as tx:
        due = tx.execute(
            select(waiting.record, record.identifier, waiting.revision, waiting.wanted)
            .join_from(schema.pending, schema.record, waiting.record == record.key)
            .where(waiting.job == job.id)
            .order_by(waiting.place)
            .limit(limit)
        ).all()
        parts: dict[int, list[Part]] = {}
        rows = tx.execute(
            select(part.record, part.name, part.format, part.payload)
            .where(store.dialect.among(part.record, [row.record for row in due]))
            .order_by(part.record, part.place, part.name)
        )
        for key, name, format_, payload in rows:
            parts.setdefault(key, []).append(Part(name=name, format=format_, payload=store.decompress(payload)))
    return tuple(
        HarvestRecord(
            identifier=row.identifier,
            parts=tuple(parts.get(row.record, ())),
            wanted=addresses_of(row.wanted),
            revision=row.revision,
        )
        for row in due
    )


class _Due(NamedTuple):
    """A pending record with what is stored of it."""

    place: int
    state: State
    wanted: frozenset[str]
    revision: str | None
    prepared: Prepared


def commit_details(store: Store, job: Job, entries: Sequence[Entry]) -> Counts:
    """Store what was fetched for pending records, in one transaction; returns the job's counts so far.

    Entries that are not pending (any more) are left alone, so a batch may be repeated. A record keeps one place in the
    counts: what its details change moves it from one count to another. Raises `LeaseLostError`.
    """
    prepared = records.prepare(store, entries)
    with store.writing() as tx:
        row = leases.hold(tx, store, job)
        batch = Batch(store, tx, row.source_key, job=job.id, cause="harvest", now=row.now)
        batch.watch(prepared)
        due = _due(tx, store, row, prepared)
        parts = records.stored_parts(tx, store, [one.state.key for one in due])
        issues = _issues(tx, store, [one.state.key for one in due])
        outcomes: Counter[str] = Counter()
        lost = 0
        for one in due:
            before = one.state.outcome
            outcome = _take(batch, one, parts.get(one.state.key, {}), issues.get(one.state.key), job.id)
            if outcome != before:
                outcomes[records.OUTCOMES[before]] -= 1
                outcomes[records.OUTCOMES[outcome]] += 1
                batch.see(one.state.key, outcome)
            lost += sum(issue.code not in ANSWERED for _, issue in one.prepared.entry.failed_parts)
        profile = batch.tally.after(profile_of(row.profile))
        batch.keep_back(bits_of(collapsed(profile, row.live_before, mapped=True), batch.traits))
        batch.write()
        count_issues(tx, job.id, batch.issue_counts)
        if due:
            done = [one.state.key for one in due]
            tx.execute(delete(schema.pending).where(store.dialect.among(schema.pending.c.record, done)))
        leases.renew(tx, row, job, live=batch.live)
        counts = leases.added(leases.counts_of(row), outcomes)
        values = msgspec.structs.asdict(counts) | {"lost_details": row.lost_details + lost}
        values["profile"] = profile_json(profile)
        tx.execute(update(schema.job).where(schema.job.c.id == job.id).values(values))
        batch.publish()
    return counts


def _due(tx: Connection, store: Store, row: AnyRow, prepared: Sequence[Prepared]) -> list[_Due]:
    """Entries that are pending in this job, in listing order: so `seq` does not depend on which answer came first."""
    identifiers = [one.entry.record.identifier for one in prepared]
    states = records.states(tx, store, row.source_key, identifiers)
    waiting = schema.pending.c
    # By record alone: with the job in the condition, SQLite reads everything that is pending for every batch.
    rows = tx.execute(
        select(waiting.record, waiting.job, waiting.place, waiting.wanted, waiting.revision).where(
            store.dialect.among(waiting.record, [state.key for state in states.values()])
        )
    )
    places = {key: (place, wanted, revision) for key, job, place, wanted, revision in rows if job == row.id}
    due = {}
    for one in prepared:
        state = states.get(one.entry.record.identifier)
        if state is not None and state.key in places:
            place, wanted, revision = places[state.key]
            due[place] = _Due(place, state, frozenset(addresses_of(wanted)), revision, one)
    return [due[place] for place in sorted(due)]


class _Issues(NamedTuple):
    job: int
    found: tuple[Issue, ...]
    failed: dict[str, Issue]


def _issues(tx: Connection, store: Store, keys: Sequence[int]) -> dict[int, _Issues]:
    table = schema.record_issue
    rows = tx.execute(select(table).where(store.dialect.among(table.c.record, keys)))
    return {row.record: _Issues(row.job, issues_of(row.found), failed_of(row.failed)) for row in rows}


def _take(batch: Batch, one: _Due, parts: Mapping[str, StoredPart], issues: _Issues | None, job: int) -> int:
    """Store the parts that arrived and the dataset that they make; returns the record's outcome in this job."""
    entry, state = one.prepared.entry, one.state
    failed = dict(entry.failed_parts)
    arrived = []
    for place, part in enumerate(entry.record.parts[1:], 1):
        if part.name in one.wanted and part.name not in failed:
            arrived.append(part.name)
            batch.store_part(state.key, one.prepared, place, one.revision)
    outcome = state.outcome
    if entry.processed is not None:
        if issues is not None and issues.job == job:
            # Counted when the listing was committed; processing with the details has found them anew.
            batch.issue_counts.subtract((issue.severity, issue.code) for issue in issues.found)
        batch.count_anew(state)
        outcome = _moved(state, batch.take(state.key, state, one.prepared, parts))
    before = {} if issues is None else issues.failed
    after = {name: issue for name, issue in before.items() if name not in arrived} | failed
    if after or before:
        batch.fail_parts(state.key, after)
    batch.issue_counts.update((issue.severity, issue.code) for issue in failed.values())
    return outcome


def _moved(state: State, result: int) -> int:
    """The one outcome of a record that its listing gave `state.outcome` and its details `result`.

    A dataset that this job created stays created however often it changes; one that it updated is not unchanged because
    the details added nothing.
    """
    before = state.outcome
    if result == records.REJECTED:
        return result
    if before == records.REJECTED:
        return result
    if before == records.CREATED:
        return before
    return records.UPDATED if records.UPDATED in (before, result) else result
