"""The change feed and the datasets behind it, for indexes and the endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, delete, select

from harvester.ledger import bulk, records, schema
from harvester.ledger.encoding import counters_of
from harvester.ledger.rows import Refused
from harvester.ledger.store import AnyRow, Store, moment
from harvester.ledger.types import Change, Held, SetAside, StoredDataset

_AT_ONCE = 500


def last_seq(store: Store) -> int:
    """The number of the newest change; 0 for a ledger without any."""
    with store.reading() as tx:
        number: int = tx.execute(select(schema.feed.c.last)).scalar_one()
    return number


def changes(store: Store, after: int, limit: int) -> list[Change]:
    """The next changes after `after`, in their order: one per dataset, its newest; tombstones have no content."""
    version, dataset, record = schema.version.c, schema.dataset.c, schema.record.c
    statement = (
        select(version.seq, record.dataset_id, schema.source.c.name, version.content, version.content_hash)
        .join_from(schema.version, schema.dataset, (dataset.record == version.record) & (dataset.seq == version.seq))
        .join(schema.record, record.key == version.record)
        .join(schema.source, schema.source.c.key == record.source)
        .where(version.seq > after)
        .order_by(version.seq)
        .limit(limit)
    )
    with store.reading() as tx:
        rows = tx.execute(statement).all()
    return [
        Change(
            seq=seq,
            id=id_,
            source=source,
            content=None if content is None else store.decompress(content),
            content_hash=content_hash,
        )
        for seq, id_, source, content, content_hash in rows
    ]


def live(store: Store) -> Iterator[Held]:
    """Every live dataset, ordered by id; read in short transactions, so that it holds nobody up."""
    record, dataset = schema.record.c, schema.dataset.c
    statement = (
        select(record.dataset_id, schema.source.c.name, dataset.content_hash, dataset.seq)
        .join_from(schema.record, schema.dataset, record.key == dataset.record)
        .join(schema.source, schema.source.c.key == record.source)
        .where(dataset.seq == dataset.content_seq)
        .order_by(record.dataset_id)
        .limit(5_000)
    )
    after = ""
    while True:
        with store.reading() as tx:
            rows = tx.execute(statement.where(record.dataset_id > after)).all()
        if not rows:
            return
        for id_, source, content_hash, seq in rows:
            yield Held(id=id_, source=source, content_hash=content_hash, seq=seq)
        after = rows[-1].dataset_id


_DATASETS: Select[Any] = (
    select(
        schema.record.c.key,
        schema.record.c.dataset_id,
        schema.source.c.name.label("source"),
        schema.record.c.identifier,
        schema.record.c.counters,
        schema.record.c.first_seen,
        schema.sighting.c.seen,
        schema.dataset.c.seq,
        schema.dataset.c.content_seq,
        schema.dataset.c.content_hash,
        schema.dataset.c.changed,
        schema.version.c.content,
    )
    .join_from(schema.record, schema.dataset, schema.record.c.key == schema.dataset.c.record)
    .join(schema.version, schema.version.c.seq == schema.dataset.c.content_seq)
    .join(schema.sighting, schema.sighting.c.record == schema.record.c.key)
    .join(schema.source, schema.source.c.key == schema.record.c.source)
)


def datasets(store: Store, ids: Sequence[str]) -> dict[str, StoredDataset]:
    """These datasets, by id, removed ones too; ids that the ledger does not know are left out."""
    with store.reading() as tx:
        rows = tx.execute(_DATASETS.where(store.dialect.among(schema.record.c.dataset_id, ids))).all()
    return {row.dataset_id: stored_dataset(store, row) for row in rows}


def datasets_of(store: Store, keys: Select[Any]) -> list[StoredDataset]:
    """Datasets of the records that a query of keys names, in the order of keys."""
    statement = _DATASETS.where(schema.record.c.key.in_(keys)).order_by(schema.record.c.key)
    with store.reading() as tx:
        return [stored_dataset(store, row) for row in tx.execute(statement)]


def export(store: Store, source: str | None) -> Iterator[StoredDataset]:
    """Every live dataset (of a source), in the order in which records were first met; read in short transactions."""
    dataset, record = schema.dataset.c, schema.record.c
    with store.reading() as tx:
        named = select(schema.source.c.key).order_by(schema.source.c.key)
        if source is not None:
            named = named.where(schema.source.c.name == source)
        spans = [records.span(key) for (key,) in tx.execute(named)]
    for low, high in spans:
        after = low - 1
        statement = _DATASETS.where(dataset.seq == dataset.content_seq).order_by(record.key).limit(_AT_ONCE)
        while True:
            with store.reading() as tx:
                rows = tx.execute(statement.where(record.key > after, record.key <= high)).all()
            if not rows:
                break
            for row in rows:
                yield stored_dataset(store, row)
            after = rows[-1].key


def stored_dataset(store: Store, row: AnyRow) -> StoredDataset:
    """A row of `_DATASETS`."""
    return StoredDataset(
        id=row.dataset_id,
        source=row.source,
        identifier=row.identifier,
        content=store.decompress(row.content),
        content_hash=row.content_hash,
        seq=row.seq,
        counters=counters_of(row.counters),
        first_seen=moment(row.first_seen),
        last_seen=moment(row.seen),
        changed=moment(row.changed),
        removed=row.seq != row.content_seq,
    )


def put_aside(store: Store, index: str, refused: Sequence[SetAside]) -> None:
    """Remember changes that an index could not take, with the reason; the newest word on a dataset counts."""
    rows = {one.id: Refused(index, one.id, one.seq, one.reason) for one in refused}
    if rows:
        with store.writing() as tx:
            bulk.upsert(tx, schema.set_aside, list(rows.values()), ("seq", "reason"))


def set_asides(store: Store, index: str) -> list[SetAside]:
    """What an index could not take, in the order of the feed."""
    table = schema.set_aside
    with store.reading() as tx:
        rows = tx.execute(select(table).where(table.c.index_name == index).order_by(table.c.seq))
        return [SetAside(seq=row.seq, id=row.id, reason=row.reason) for row in rows]


def clear_set_aside(store: Store, index: str, ids: Sequence[str] | None) -> None:
    """Forget what was set aside: these datasets, or all of the index."""
    table = schema.set_aside
    statement = delete(table).where(table.c.index_name == index)
    if ids is not None:
        statement = statement.where(store.dialect.among(table.c.id, ids))
    with store.writing() as tx:
        tx.execute(statement)
