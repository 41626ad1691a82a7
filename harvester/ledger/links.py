"""One dataset, many doors: which datasets of other sources are the same one, and why.

What a shown dataset is recognised by stands in `record.doors`, and each key of it in `door`: links are read out of
these tables whenever somebody asks, so they follow every change of a dataset in the transaction that makes it.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

import msgspec
import xxhash
from sqlalchemy import Connection, delete, select

from harvester.catalog import codec
from harvester.catalog.joins import Decisions, join_keys
from harvester.catalog.model import JoinKey, JoinKind
from harvester.ledger import bulk, schema
from harvester.ledger.publishing import DatasetChange
from harvester.ledger.rows import Door as DoorRow
from harvester.ledger.rows import Recognised
from harvester.ledger.store import Store
from harvester.ledger.types import Door

_KINDS: tuple[JoinKind, ...] = get_args(JoinKind)
_ONE = struct.Struct("<Bq")
_AT_ONCE = 5_000

_REASONS: Mapping[JoinKind, str] = {
    "landing_page": "the same landing page",
    "download_url": "the same file",
    "doi": "the same DOI",
    "publisher_and_title": "the same publisher and title",
}

GENERIC = 3
"""Datasets of one source that may share a key: what more share (a portal's search page) says nothing about any."""
_MOST = 200
"""Datasets of all sources that may share a key."""


def stored(keys: Iterable[JoinKey]) -> bytes:
    """Keys as `record.doors` has them: of each its kind and 64 bits of hash."""
    return b"".join(_ONE.pack(_KINDS.index(kind), _hash(kind, text)) for kind, text in keys)


def _hash(kind: str, text: str) -> int:
    digest = xxhash.xxh3_64_intdigest(f"{kind}:{text}".encode("utf-8", "replace"))
    return digest - (1 << 64) if digest >> 63 else digest  # databases count with a sign


def _numbers(doors: bytes | None) -> list[tuple[JoinKind, int]]:
    return [(_KINDS[kind], number) for kind, number in _ONE.iter_unpack(doors or b"")]


def write(tx: Connection, store: Store, changes: Sequence[DatasetChange], new: Mapping[int, bytes]) -> None:
    """Let the doors follow what is published; those of `new` records stand in their rows already.

    A tombstone keeps its keys: it is no door (`also_at` leaves it out), and may come back.
    """
    for start in range(0, len(changes), _AT_ONCE):
        chunk = changes[start : start + _AT_ONCE]
        added = [DoorRow(number, one.record) for one in chunk for _, number in _numbers(new.get(one.record))]
        others = {one.record: one for one in chunk if one.content is not None and one.record not in new}
        if others:
            added += _renew(tx, store, others)
        bulk.upsert(tx, schema.door, sorted(set(added)), ("record",))


def _renew(tx: Connection, store: Store, changes: Mapping[int, DatasetChange]) -> list[DoorRow]:
    record = schema.record.c
    before = store.dialect.fetch(
        tx, select(record.key, record.doors).where(store.dialect.among(record.key, list(changes)))
    )
    renewed: dict[int, bytes] = {}
    gone: set[int] = set()
    for key, doors in before:
        now = stored(_joins(store, changes[key]))
        if now != (doors or b""):
            renewed[key] = now
            gone |= {number for _, number in _numbers(doors)} - {number for _, number in _numbers(now)}
    if gone:
        among, door = store.dialect.among, schema.door.c
        tx.execute(delete(schema.door).where(among(door.key, sorted(gone)), among(door.record, list(renewed))))
    bulk.update(tx, schema.record, [Recognised(key, doors) for key, doors in renewed.items()])
    # What one of them has lost another may have: the statement above took it from both.
    return [DoorRow(number, key) for key, doors in renewed.items() for _, number in _numbers(doors)]


def _joins(store: Store, change: DatasetChange) -> tuple[JoinKey, ...]:
    if change.joins is not None:
        return change.joins
    assert change.content is not None
    try:
        return join_keys(codec.decode(store.decompress(change.content)))
    except msgspec.DecodeError:  # a version that an older program wrote
        return ()


def also_at(store: Store, id: str, decisions: Decisions) -> list[Door]:
    """Live datasets of other sources that are the same as this one, with the reason; none for an unknown one.

    What was decided by hand goes first. Sources of one member are different sources.
    """
    record, dataset, source = schema.record.c, schema.dataset.c, schema.source.c
    forced, forbidden = decisions.forced(id), decisions.forbidden(id)
    live = dataset.seq == dataset.content_seq
    found: dict[int, JoinKind] = {}
    with store.reading() as tx:
        own = tx.execute(
            select(record.key, record.doors)
            .join_from(schema.record, schema.dataset, record.key == dataset.record)
            .where(record.dataset_id == id, live)
        ).one_or_none()
        if own is None:
            return []
        sharing = (
            select(schema.door.c.record)
            .join(schema.dataset, dataset.record == schema.door.c.record)
            .where(live)
            .order_by(schema.door.c.record)
            .limit(_MOST)
        )
        for kind, number in _numbers(own.doors):
            keys = [key for (key,) in tx.execute(sharing.where(schema.door.c.key == number))]
            by_source = Counter(key // schema.SPAN for key in keys)
            if len(keys) < _MOST and max(by_source.values(), default=0) <= GENERIC:
                for key in keys:
                    found.setdefault(key, kind)
        rows = tx.execute(
            select(record.key, record.dataset_id, source.name)
            .join_from(schema.record, schema.source, record.source == source.key)
            .join(schema.dataset, dataset.record == record.key)
            .where(live)
            .where(
                store.dialect.among(record.key, list(found)) | store.dialect.among(record.dataset_id, sorted(forced))
            )
            .order_by(source.name, record.key)
        ).all()
    doors = []
    for key, other, name in rows:
        if other in forced and other != id:
            doors.append(Door(id=other, source=name, kind="decision", reason=forced[other]))
        elif key in found and other not in forbidden and key // schema.SPAN != own.key // schema.SPAN:
            doors.append(Door(id=other, source=name, kind=found[key], reason=_REASONS[found[key]]))
    return sorted(doors, key=lambda door: (door.id not in forced, door.source, door.id))
