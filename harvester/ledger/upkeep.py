"""Keeping the ledger in shape: stored records for a remap, pruning, backup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, and_, delete, func, not_, or_, select, update

from harvester.catalog.model import HarvestRecord, Part
from harvester.ledger import leases, records, schema
from harvester.ledger.batch import Batch
from harvester.ledger.encoding import issues_json, issues_of
from harvester.ledger.jobs import counts_as_complete
from harvester.ledger.records import State
from harvester.ledger.store import Store
from harvester.ledger.types import Counts, Entry, StoredRecord

_KEYS_AT_ONCE = 10_000


def stored_records(store: Store, source: str, after: int, limit: int) -> list[StoredRecord]:
    """The next records of a source (in the order of their keys, `after` excluded) with all their parts, for `remap`.

    Records that are removed are left out, and `waiting_records`: they are mapped when they are met again.
    """
    record, dataset, part = schema.record.c, schema.dataset.c, schema.part.c
    with store.reading() as tx:
        key = tx.execute(select(schema.source.c.key).where(schema.source.c.name == source)).scalar()
        if key is None:
            return []
        low, high = records.span(key)
        rows = tx.execute(
            select(record.key, record.identifier, record.revision, record.payload_hash, record.mapping_version)
            .outerjoin(schema.dataset, dataset.record == record.key)
            .where(record.key > max(after, low - 1), record.key <= high, record.mapping_version != records.TAKEN_BACK)
            .where(or_(dataset.seq.is_(None), dataset.seq == dataset.content_seq))
            .order_by(record.key)
            .limit(limit)
        ).all()
        parts: dict[int, list[Part]] = {}
        for owner, name, format_, payload in tx.execute(
            select(part.record, part.name, part.format, part.payload)
            .where(store.dialect.among(part.record, [row.key for row in rows]))
            .order_by(part.record, part.place, part.name)
        ):
            parts.setdefault(owner, []).append(Part(name=name, format=format_, payload=store.decompress(payload)))
    return [
        StoredRecord(
            key=row.key,
            record=HarvestRecord(identifier=row.identifier, parts=tuple(parts.get(row.key, ())), revision=row.revision),
            payload_hash=row.payload_hash,
            mapping_version=row.mapping_version,
        )
        for row in rows
    ]


def waiting_records(store: Store, source: str) -> int:
    """How many records of a source wait to be met again: `undo` took their dataset back, or a held job keeps it."""
    record, dataset = schema.record.c, schema.dataset.c
    taken_back = (
        select(func.count())
        .select_from(schema.record)
        .join(schema.source, schema.source.c.key == record.source)
        .join(schema.dataset, dataset.record == record.key)
        .where(schema.source.c.name == source, record.mapping_version == records.TAKEN_BACK)
        .where(dataset.seq == dataset.content_seq)
    )
    with store.reading() as tx:
        number: int = tx.execute(taken_back).scalar_one()
    return number


def commit_remap(store: Store, source: str, entries: Sequence[Entry]) -> Counts:
    """Store what mapping stored records again made of them; returns what became of these entries.

    A record whose payload has changed since it was read is left alone: the harvest that changed it has mapped it. The
    same entries again change nothing.
    """
    prepared = records.prepare(store, entries)
    outcomes: Counter[str] = Counter()
    with store.writing() as tx:
        table = schema.source
        row = tx.execute(select(table, store.now().label("now")).where(table.c.name == source).with_for_update()).one()
        states = records.states(tx, store, row.key, [entry.record.identifier for entry in entries])
        issue = schema.record_issue.c
        keys = [state.key for state in states.values()]
        found = dict(tx.execute(select(issue.record, issue.found).where(store.dialect.among(issue.record, keys))).all())
        batch = Batch(store, tx, row.key, job=None, cause="remap", now=row.now)
        batch.watch(prepared)
        for one in prepared:
            state = states.get(one.entry.record.identifier)
            if state is None or not _may_remap(state, one.entry):
                continue
            if _is_same(state, one.entry, found.get(state.key)):
                outcome = records.REJECTED if state.rejected else records.UNCHANGED
            else:
                outcome = batch.take(state.key, state, one)
            outcomes[records.OUTCOMES[outcome]] += 1
        batch.write()
        tx.execute(update(table).where(table.c.key == row.key).values(live=row.live + batch.live))
        batch.publish()
    return leases.added(Counts(), outcomes)


def _may_remap(state: State, entry: Entry) -> bool:
    removed = state.seq is not None and not state.live
    return not removed and state.payload_hash == entry.payload_hash and state.mapping_version != records.TAKEN_BACK


def _is_same(state: State, entry: Entry, found: str | None) -> bool:
    processed = entry.processed
    assert processed is not None
    held = None if state.rejected else state.content_hash
    return (
        state.mapping_version == entry.mapping_version
        and held == processed.content_hash
        and (() if found is None else issues_of(found)) == issues_of(issues_json(processed.issues))
    )


def prune(store: Store) -> dict[str, int]:
    """Delete what is older than the retention says; returns how many rows of each kind went.

    What an `undo` of a source's newest job needs is kept, and the last content of a removed dataset. Works in short
    transactions, so harvests go on meanwhile. SQLite keeps the freed space and fills it again.
    """
    pruned = {"versions": 0, "payloads": 0, "jobs": 0}
    with store.reading() as tx:
        sources = tx.execute(select(schema.source.c.key, schema.source.c.records)).all()
    for source, number in sources:
        low, _ = records.span(source)
        for start in range(low, low + number, _KEYS_AT_ONCE):
            with store.writing() as tx:
                pruned["versions"] += _prune_versions(tx, store, source, start, start + _KEYS_AT_ONCE - 1)
                pruned["payloads"] += _prune_payloads(tx, store, start, start + _KEYS_AT_ONCE - 1)
        with store.writing() as tx:
            pruned["jobs"] += _prune_jobs(tx, store, source)
    return pruned


def _prune_versions(tx: Connection, store: Store, source: int, low: int, high: int) -> int:
    version, dataset, job = schema.version.c, schema.dataset.c, schema.job.c
    undoable = tx.execute(
        select(job.first_seq).where(job.source == source, job.undone.is_(None)).order_by(job.id.desc()).limit(1)
    ).scalar()
    ranked = (
        select(
            version.seq,
            version.record,
            func.row_number().over(partition_by=version.record, order_by=version.seq.desc()).label("rank"),
            func.lag(version.seq).over(partition_by=version.record, order_by=version.seq.desc()).label("newer"),
        )
        .where(version.record.between(low, high))
        .subquery()
    )
    old = ranked.c.rank > max(store.retention.versions, 1)
    if undoable is not None:
        old = and_(old, not_(and_(ranked.c.seq <= undoable, ranked.c.newer > undoable)))
    doomed = (
        select(ranked.c.seq)
        .join(schema.dataset, dataset.record == ranked.c.record)
        .where(old, ranked.c.seq != dataset.content_seq)
    )
    return tx.execute(delete(schema.version).where(version.seq.in_(doomed))).rowcount


def _prune_payloads(tx: Connection, store: Store, low: int, high: int) -> int:
    past = schema.past_part.c
    rank = func.row_number().over(partition_by=[past.record, past.name], order_by=past.key.desc()).label("rank")
    ranked = select(past.key, rank).where(past.record.between(low, high)).subquery()
    doomed = select(ranked.c.key).where(ranked.c.rank >= max(store.retention.payloads, 1))
    return tx.execute(delete(schema.past_part).where(past.key.in_(doomed))).rowcount


def _prune_jobs(tx: Connection, store: Store, source: int) -> int:
    job = schema.job.c
    mine = job.source == source
    kept = select(job.id).where(mine).order_by(job.id.desc()).limit(max(store.retention.jobs, 1))
    # The next job asks these two when it decides what to harvest, and since when.
    last_complete = select(func.max(job.id)).where(mine, counts_as_complete())
    last_full = select(func.max(job.id)).where(mine, counts_as_complete(), job.whole)
    doomed = [
        key
        for (key,) in tx.execute(
            select(job.id).where(
                mine,
                job.verdict.is_not(None),
                job.id.not_in(kept),
                job.id != func.coalesce(last_complete.scalar_subquery(), 0),
                job.id != func.coalesce(last_full.scalar_subquery(), 0),
            )
        )
    ]
    for column in (schema.stray.c.job, schema.issue_count.c.job, job.id):
        tx.execute(delete(column.table).where(store.dialect.among(column, doomed)))
    return len(doomed)


def backup(store: Store, file: Path) -> None:
    """A consistent copy of the ledger while others write; raises `LedgerError` where it cannot be made here."""
    store.dialect.backup(file)
