"""Updates that a job keeps back because its portal's layout has changed: settled when it ends, accepted, or forgotten.

While a job runs, `Batch.keep_back` puts aside what loses a property that nearly all records read so far have lost. Only
the end knows whether that is so over all of them: then what was published before it showed is taken back as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, delete, func, or_, select, update

from harvester.catalog import coverage
from harvester.ledger import bulk, records, schema
from harvester.ledger.batch import Batch
from harvester.ledger.publishing import DatasetChange
from harvester.ledger.rows import Withheld
from harvester.ledger.store import AnyRow, Store
from harvester.ledger.types import Cause

_AT_ONCE = 1_000


def settle(tx: Connection, store: Store, row: AnyRow, gone: int, *, keep: bool) -> int:
    """End a job's keeping back, now that it is known which properties (`gone`, bits) really went; returns how many
    records keep their last good dataset.

    What loses none of them is published. The others count as unchanged and as not mapped, so that the next harvest
    maps them anew. `keep`: the updates stay for `accept`; otherwise the next harvest brings them again.
    """
    record, table = schema.record, schema.withheld
    low, high = records.span(row.source_key)
    lost = or_(
        _lost(record.c.covered_before, record.c.covered, coverage.properties_in(gone)),
        _lost(record.c.traits_before, record.c.traits, coverage.traits_in(gone)),
    )
    mine = (record.c.key.between(low, high), record.c.mapped_in == row.id)
    waiting = select(table.c.record).join(schema.record, record.c.key == table.c.record).where(table.c.job == row.id)
    if row.profile is None or (not gone and not tx.execute(waiting.limit(1)).first()):
        return 0
    for chunk in _chunks(tx, waiting.where(~lost) if gone else waiting, table.c.record):
        _publish(tx, store, row, chunk, "harvest")
    if not gone:
        return 0
    published = (
        select(record.c.key)
        .join(schema.dataset, schema.dataset.c.record == record.c.key)
        .join(schema.version, schema.version.c.seq == schema.dataset.c.seq)
        .where(*mine, lost, schema.version.c.job == row.id, schema.version.c.cause == "harvest")
    )
    for chunk in _chunks(tx, published, record.c.key):
        _take_back(tx, store, row, chunk)
    held: int = tx.execute(select(func.count()).select_from(waiting.subquery())).scalar_one()
    sighting = schema.sighting
    tx.execute(
        update(sighting)
        .where(sighting.c.record.in_(select(table.c.record).where(table.c.job == row.id)))
        .values(outcome=records.UNCHANGED)
    )
    _swap_coverage(tx, records.TAKEN_BACK, *mine, lost)
    if not keep:
        tx.execute(delete(table).where(table.c.job == row.id))
    return held


def _lost(before: Column[Any], now: Column[Any], gone: int) -> ColumnElement[bool]:
    return before.bitwise_and(now.bitwise_not()).bitwise_and(gone) != 0


def _swap_coverage(tx: Connection, version: str, *which: Any) -> None:
    """Let records cover again what they did before the job mapped them, or after; the other one stays beside."""
    record = schema.record
    tx.execute(
        update(record)
        .where(*which)
        .values(
            mapping_version=version,
            covered=record.c.covered_before,
            covered_before=record.c.covered,
            traits=record.c.traits_before,
            traits_before=record.c.traits,
        )
    )


def _chunks(tx: Connection, keys: Select[Any], column: Any) -> Iterator[list[int]]:
    """Keys of a query in their order, so many at once; the query may change with what is done about them."""
    after = -1
    while chunk := list(tx.execute(keys.where(column > after).order_by(column).limit(_AT_ONCE)).scalars()):
        after = chunk[-1]
        yield chunk


def _publish(tx: Connection, store: Store, row: AnyRow, keys: list[int], cause: Cause) -> None:
    table = schema.withheld
    among = store.dialect.among(table.c.record, keys)
    batch = Batch(store, tx, row.source_key, job=row.id, cause=cause, now=row.now)
    for one in tx.execute(select(table).where(among).order_by(table.c.record)):
        batch.datasets.append(DatasetChange(one.record, one.content, one.content_hash))
    batch.publish()
    tx.execute(delete(table).where(among))


def _take_back(tx: Connection, store: Store, row: AnyRow, keys: list[int]) -> None:
    """Give datasets the version again that they had before the job, and keep the job's."""
    version, dataset, among = schema.version.c, schema.dataset.c, store.dialect.among
    made = tx.execute(
        select(dataset.record, version.content_hash, version.content)
        .join_from(schema.dataset, schema.version, version.seq == dataset.seq)
        .where(among(dataset.record, keys))
        .order_by(dataset.record)
    ).all()
    of_job = schema.version.alias()
    first = (
        select(of_job.c.record, func.min(of_job.c.seq).label("seq"))
        .where(among(of_job.c.record, keys), of_job.c.job == row.id)
        .group_by(of_job.c.record)
        .subquery()
    )
    last_good = (
        select(version.record, func.max(version.seq).label("seq"))
        .join_from(schema.version, first, (first.c.record == version.record) & (version.seq < first.c.seq))
        .where(version.content_hash.is_not(None))
        .group_by(version.record)
        .subquery()
    )
    before = tx.execute(
        select(version.record, version.content_hash, version.content)
        .join_from(schema.version, last_good, last_good.c.seq == version.seq)
        .order_by(version.record)
    ).all()
    batch = Batch(store, tx, row.source_key, job=row.id, cause="hold", now=row.now)
    batch.datasets = [DatasetChange(one.record, one.content, one.content_hash) for one in before]
    batch.publish()
    table = schema.withheld.c
    # A record may be here that was taken twice, and whose second update was kept back: that one counts.
    done = set(tx.execute(select(table.record).where(among(table.record, keys))).scalars())
    taken = {one.record for one in before} - done
    kept = [Withheld(one.record, row.id, one.content_hash, one.content) for one in made if one.record in taken]
    bulk.insert(tx, schema.withheld, kept)


def let_through(tx: Connection, store: Store, row: AnyRow) -> int:
    """Publish what a held job kept back; returns how many updates that were."""
    record, table = schema.record, schema.withheld
    low, high = records.span(row.source_key)
    number = 0
    mine = (record.c.key.between(low, high), record.c.mapped_in == row.id)
    _swap_coverage(tx, records.LET_THROUGH, *mine, record.c.mapping_version == records.TAKEN_BACK)
    waiting = select(table.c.record).where(table.c.job == row.id)
    sighting = schema.sighting
    tx.execute(update(sighting).where(sighting.c.record.in_(waiting)).values(outcome=records.UPDATED))
    for chunk in _chunks(tx, waiting, table.c.record):
        number += len(chunk)
        _publish(tx, store, row, chunk, "accept")
    return number


def forget(tx: Connection, source: int) -> None:
    """Drop what older jobs of a source kept back; the records are mapped anew when they are met again."""
    record, table = schema.record, schema.withheld
    low, high = records.span(source)
    mine = table.c.record.between(low, high)
    unsettled = record.c.key.in_(select(table.c.record).where(mine))
    _swap_coverage(tx, records.TAKEN_BACK, unsettled, record.c.mapping_version != records.TAKEN_BACK)
    tx.execute(delete(table).where(mine))
