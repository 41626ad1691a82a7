"""Who may write for a source: the lease that a job holds and every commit checks."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from harvester.errors import LeaseLostError, LedgerError
from harvester.ledger import schema
from harvester.ledger.store import AnyRow, Store
from harvester.ledger.types import Counts, Job

COUNTS = Counts.__struct_fields__


def hold(tx: Connection, store: Store, job: Job) -> AnyRow:
    """Lock the job's source for this transaction and return job and source as they are, with the time as `now`.

    A lease that ran out is still ours as long as nobody took it. Raises `LeaseLostError` when somebody did, or when the
    job has ended.
    """
    source, table = schema.source.c, schema.job.c
    row = tx.execute(
        select(
            schema.job,
            source.key.label("source_key"),
            source.lease,
            source.records,
            source.live,
            store.now().label("now"),
        )
        .join_from(schema.job, schema.source, table.source == source.key)
        .where(table.id == job.id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise LedgerError(f"{job.source}: this ledger has no job {job.id}")
    if row.lease != job.lease or row.verdict is not None:
        raise LeaseLostError(
            f"{job.source}: job {job.id} is no longer ours: another process took it over or it was closed; "
            "nothing of this page was stored"
        )
    return row


def renew(tx: Connection, row: AnyRow, job: Job, *, records: int = 0, live: int = 0) -> None:
    """Extend the lease of a held source; count records that were added to it and datasets that came or went."""
    source = schema.source
    tx.execute(
        update(source)
        .where(source.c.key == row.source_key)
        .values(
            lease_until=row.now + job.lease_seconds * 1000,
            records=row.records + records,
            live=row.live + live,
        )
    )


def counts_of(row: AnyRow) -> Counts:
    """The counts of a job's row."""
    return Counts(**{name: getattr(row, name) for name in COUNTS})


def added(counts: Counts, more: Mapping[str, int]) -> Counts:
    """Counts after `more` outcomes (``created``, ``failed`` …); `seen` and `listed` follow."""
    total = {name: getattr(counts, name) + more.get(name, 0) for name in COUNTS}
    total["seen"] = sum(total[name] for name in ("created", "updated", "unchanged", "rejected", "deleted", "duplicate"))
    total["listed"] = total["seen"] + total["failed"]
    return Counts(**total)
