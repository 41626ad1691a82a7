"""Giving changes their numbers: the one way by which a dataset gets a new version and the change feed a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, update

from harvester.catalog.model import JoinKey
from harvester.ledger import bulk, schema
from harvester.ledger.rows import Burial, DatasetRow, VersionRow
from harvester.ledger.types import Cause

_AT_ONCE = 5_000
"""Changes that are held as rows at a time: a removal may have hundreds of thousands."""


class DatasetChange(NamedTuple):
    """The next version of a dataset; `content` (compressed) and its hash are None for a tombstone. `joins` None: they
    are read out of the content.
    """

    record: int
    content: bytes | None
    content_hash: bytes | None
    joins: tuple[JoinKey, ...] | None = None


def publish(tx: Connection, changes: Sequence[DatasetChange], *, job: int | None, cause: Cause, now: int) -> None:
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
        versions, datasets, burials = [], [], []
        for seq, (record, content, content_hash, _) in enumerate(changes[start : start + _AT_ONCE], first + start):
            versions.append(VersionRow(seq, record, job, cause, now, content_hash, content))
            if content_hash is None:
                burials.append(Burial(record, seq, now))
            else:
                datasets.append(DatasetRow(record, seq, seq, content_hash, now))
        bulk.insert(tx, schema.version, versions)
        bulk.upsert(tx, schema.dataset, datasets, ("seq", "content_seq", "content_hash", "changed"))
        bulk.update(tx, schema.dataset, burials)
