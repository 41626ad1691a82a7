"""What an operator decides about a finished job: to let a held one through, or to take one back."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from harvester.errors import LedgerError
from harvester.ledger import bulk, records, reports, schema
from harvester.ledger.batch import Batch
from harvester.ledger.holding import forget, let_through
from harvester.ledger.publishing import DatasetChange
from harvester.ledger.removal import mark_and_remove, remove, would_go
from harvester.ledger.rows import NotMapped
from harvester.ledger.store import AnyRow, Store
from harvester.ledger.types import JobReport
from harvester.ledger.verdict import LAYOUT_CHANGED

_AT_ONCE = 1_000


def accept(store: Store, job_id: int) -> JobReport:
    """Let a held job through: publish the updates that it kept back and remove exactly the datasets that it would have
    removed; from then on it counts as a complete one.

    Raises `LedgerError` unless it is held, not yet accepted or undone, and the newest job of its source.
    """
    with store.writing() as tx:
        row = _locked(tx, store, job_id)
        if row.undone is not None:
            raise LedgerError(f"job {job_id} was undone: there is nothing left to accept")
        if row.verdict != "held":
            raise LedgerError(f"job {job_id} is {row.verdict or 'running'}, not held: there is nothing to accept")
        if row.accepted is not None:
            raise LedgerError(f"job {job_id} was accepted already")
        _require_newest(tx, row, "accepted")
        batch = Batch(store, tx, row.source_key, job=job_id, cause="accept", now=row.now)
        updated = let_through(tx, store, row)
        if row.reason == LAYOUT_CHANGED and row.whole:
            missing, removed = mark_and_remove(tx, batch, row.source_key, job_id)
        else:
            keys = would_go(row.source_key, job_id, whole=row.whole, reason=row.reason)
            missing, removed = 0, remove(tx, batch, keys)
        tx.execute(
            update(schema.job)
            .where(schema.job.c.id == job_id)
            .values(
                accepted=row.now,
                missing=missing,
                removed=removed,
                updated=row.updated + updated,
                unchanged=row.unchanged - updated,
                withheld=0,
            )
        )
        _count_live(tx, row, batch.live)
        report = reports.read(tx, job_id)
        batch.publish()
    return report


def undo(store: Store, job_id: int) -> JobReport:
    """Take the newest job of a source back: every dataset that it created, changed or removed gets the version that it
    had before as its next one (a tombstone for a created one), under a new `seq`.

    The payloads stay those that the portal gave last. So that they are not taken for applied, the records count as
    not mapped: the next harvest maps them anew, `remap` leaves them alone. Raises `LedgerError` for a job that is not
    the newest one of its source that was not undone.
    """
    with store.writing() as tx:
        row = _locked(tx, store, job_id)
        if row.undone is not None:
            raise LedgerError(f"job {job_id} was undone already")
        if row.verdict is None:
            raise LedgerError(f"job {job_id} has not ended: let it end, or start it again, before it is undone")
        _require_newest(tx, row, "undone")
        forget(tx, row.source_key)
        sighting, record = schema.sighting, schema.record
        low, high = records.span(row.source_key)
        tx.execute(
            update(record)
            .where(record.c.key.between(low, high), record.c.mapped_in == job_id)
            .where(record.c.mapping_version != records.TAKEN_BACK)
            .values(covered=record.c.covered_before, traits=record.c.traits_before, mapping_version=records.TAKEN_BACK)
        )
        after = row.first_seq
        while changed := _changed_by(tx, row, after):
            after = changed[-1].first
            _take_back(tx, store, row, changed)
        tx.execute(
            update(sighting)
            .where(sighting.c.record.between(low, high), sighting.c.missing == job_id)
            .values(missing=None)
        )
        tx.execute(update(schema.job).where(schema.job.c.id == job_id).values(undone=row.now))
        report = reports.read(tx, job_id)
    return report


def _locked(tx: Connection, store: Store, job_id: int) -> AnyRow:
    source, job = schema.source.c, schema.job
    row = tx.execute(
        select(job, source.key.label("source_key"), source.name, store.now().label("now"))
        .join_from(job, schema.source, job.c.source == source.key)
        .where(job.c.id == job_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise LedgerError(f"this ledger has no job {job_id}; `datamoa jobs` lists those it has")
    return row


def _require_newest(tx: Connection, row: AnyRow, done: str) -> None:
    job = schema.job.c
    newest = tx.execute(select(func.max(job.id)).where(job.source == row.source_key, job.undone.is_(None))).scalar_one()
    if newest != row.id:
        raise LedgerError(
            f"job {row.id} cannot be {done}: job {newest} of {row.name} is newer, and only the newest one can be"
        )


def _count_live(tx: Connection, row: AnyRow, more: int) -> None:
    source = schema.source
    tx.execute(update(source).where(source.c.key == row.source_key).values(live=source.c.live + more))


def _changed_by(tx: Connection, row: AnyRow, after: int) -> list[AnyRow]:
    """Records that the job changed, by the first version that it gave each, in the order of these."""
    version, earlier = schema.version.c, schema.version.alias()
    first_of_its_record = ~(
        select(earlier.c.seq)
        .where(earlier.c.record == version.record, earlier.c.seq < version.seq)
        .where(earlier.c.seq > row.first_seq, earlier.c.job == row.id)
        .exists()
    )
    return list(
        tx.execute(
            select(version.record, version.seq.label("first"))
            .where(version.seq > after, version.job == row.id, version.cause != "undo", first_of_its_record)
            .order_by(version.seq)
            .limit(_AT_ONCE)
        )
    )


def _take_back(tx: Connection, store: Store, row: AnyRow, changed: list[AnyRow]) -> None:
    version, newer = schema.version.alias(), schema.version.alias()
    firsts = {one.record: one.first for one in changed}
    # The version before the job's first one of each record.
    before_seq = (
        select(func.max(version.c.seq))
        .where(version.c.record == newer.c.record, version.c.seq < newer.c.seq)
        .scalar_subquery()
    )
    befores = dict(
        tx.execute(
            select(newer.c.record, before_seq).where(store.dialect.among(newer.c.seq, list(firsts.values())))
        ).all()
    )
    contents = {
        one.seq: one
        for one in tx.execute(
            select(schema.version).where(
                store.dialect.among(schema.version.c.seq, [seq for seq in befores.values() if seq is not None])
            )
        )
    }
    dataset = schema.dataset.c
    live = {
        one.record
        for one in tx.execute(
            select(dataset.record).where(
                store.dialect.among(dataset.record, list(firsts)), dataset.seq == dataset.content_seq
            )
        )
    }
    batch = Batch(store, tx, row.source_key, job=row.id, cause="undo", now=row.now)
    for key in firsts:
        before = contents.get(befores[key])
        if before is not None and before.content is not None:
            batch.datasets.append(DatasetChange(key, before.content, before.content_hash))
            batch.live += key not in live
        elif key in live:
            batch.bury(key)
    # What the job removed is not missing at once again: it takes two complete full jobs, as for any other.
    sighting = schema.sighting
    tx.execute(update(sighting).where(store.dialect.among(sighting.c.record, list(firsts))).values(missing=None))
    bulk.update(tx, schema.record, [NotMapped(key, records.TAKEN_BACK) for key in firsts])
    _count_live(tx, row, batch.live)
    batch.publish()
