"""Giving changes their numbers: the one way by which a dataset gets a new version and the change feed a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, insert, update

from harvester.ledger import schema
from harvester.ledger.store import Store
from harvester.ledger.types import Cause


class DatasetChange(NamedTuple):
    """The next version of a dataset; `content` (compressed) and its hash are None for a tombstone."""

    record: int
    content: bytes | None
    content_hash: bytes | None


_AT_ONCE = 5_000
"""Rows of one statement: a removal may have hundreds of thousands."""

_TOMBSTONES = (
    update(schema.dataset)
    .where(schema.dataset.c.record == bindparam("dead"))
    .values(seq=bindparam("number"), changed=bindparam("at"))
)


def publish(
    tx: Connection, store: Store, changes: Sequence[DatasetChange], *, job: int | None, cause: Cause, now: int
) -> None:
    """Number the changes and write them; call it last in a transaction.

    The row of `feed` is the last lock that a transaction takes, and it keeps it until it commits: whoever gets the next
    number commits later, so no reader can see a number while a smaller one is still to come. Only the rows that carry
    the numbers are written after it.
    """
    if not changes:
        return
    feed = schema.feed
    last = tx.execute(update(feed).values(last=feed.c.last + len(changes)).returning(feed.c.last)).scalar_one()
    first = last - len(changes) + 1
    for start in range(0, len(changes), _AT_ONCE):
        numbered = list(enumerate(changes[start : start + _AT_ONCE], first + start))
        _write(tx, store, numbered, job=job, cause=cause, now=now)


def _write(
    tx: Connection,
    store: Store,
    numbered: Sequence[tuple[int, DatasetChange]],
    *,
    job: int | None,
    cause: Cause,
    now: int,
) -> None:
    tx.execute(
        insert(schema.version),
        [
            {
                "seq": seq,
                "record": change.record,
                "job": job,
                "cause": cause,
                "recorded": now,
                "content_hash": change.content_hash,
                "content": change.content,
            }
            for seq, change in numbered
        ],
    )
    alive = [
        {
            "record": change.record,
            "seq": seq,
            "content_seq": seq,
            "content_hash": change.content_hash,
            "changed": now,
        }
        for seq, change in numbered
        if change.content is not None
    ]
    if alive:
        tx.execute(store.dialect.upsert(schema.dataset, "seq", "content_seq", "content_hash", "changed"), alive)
    dead = [{"dead": change.record, "number": seq, "at": now} for seq, change in numbered if change.content is None]
    if dead:
        tx.execute(_TOMBSTONES, dead)
