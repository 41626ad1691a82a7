"""Datasets that a full job did not meet: finding, marking and removing them without loading them into memory."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, false, select, update

from harvester.ledger import records, schema
from harvester.ledger.batch import Batch
from harvester.ledger.verdict import LAYOUT_CHANGED


def absent(source: int, job: int) -> Select[Any]:
    """Keys of live datasets of the source whose record was not met by the job nor by a newer one."""
    sighting, dataset = schema.sighting.c, schema.dataset.c
    low, high = records.span(source)
    return (
        select(sighting.record)
        .join_from(schema.sighting, schema.dataset, sighting.record == dataset.record)
        .where(sighting.record.between(low, high), sighting.job < job, dataset.seq == dataset.content_seq)
    )


def would_go(source: int, job: int, *, whole: bool, reason: str) -> Select[Any]:
    """Keys of the datasets that accepting a held job removes.

    Accepting a drop removes all that the job did not meet. A job that is held for its layout, and met all it should, is
    accepted as a complete one: it removes what was missing before. One that was not a full job removes nothing.
    """
    keys = absent(source, job)
    if not whole:
        return keys.where(false())
    return keys.where(schema.sighting.c.missing.is_not(None)) if reason == LAYOUT_CHANGED else keys


def mark_and_remove(tx: Connection, batch: Batch, source: int, job: int) -> tuple[int, int]:
    """Remove what the complete full job before this one missed too, and mark what is missing for the first time.

    Returns how many were marked and how many removed; the tombstones are in the batch, to be published.
    """
    sighting = schema.sighting
    removed = remove(tx, batch, absent(source, job).where(sighting.c.missing.is_not(None)))
    first_time = absent(source, job).where(sighting.c.missing.is_(None))
    marked = tx.execute(update(sighting).where(sighting.c.record.in_(first_time)).values(missing=job))
    # Those removed just now were marked before; what is marked without being removed is what the statement changed.
    return marked.rowcount, removed


def remove(tx: Connection, batch: Batch, keys: Select[Any]) -> int:
    """Put a tombstone for each of these datasets into the batch, in the order of their keys."""
    removed = 0
    for (key,) in tx.execute(keys.order_by(schema.sighting.c.record).execution_options(yield_per=10_000)):
        batch.bury(key)
        removed += 1
    return removed
