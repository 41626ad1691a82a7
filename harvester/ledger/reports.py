"""Jobs as every command reports them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Select, func, select

from harvester.errors import LedgerError
from harvester.ledger import schema
from harvester.ledger.encoding import deviations_of
from harvester.ledger.leases import COUNTS
from harvester.ledger.store import AnyRow, Store, moment, moment_or_none
from harvester.ledger.types import JobReport, LatestJob
from harvester.ledger.verdict import SUPERSEDED

REPORTS: Select[Any] = select(schema.job, schema.source.c.name.label("source_name")).join_from(
    schema.job, schema.source, schema.job.c.source == schema.source.c.key
)


def report_of(row: AnyRow) -> JobReport:
    """The report of a job's row, joined with its source's name."""
    return JobReport(
        source=row.source_name,
        job=row.id,
        verdict=row.verdict,
        reason=row.reason,
        **{name: getattr(row, name) for name in COUNTS},
        missing=row.missing,
        removed=row.removed,
        requests=row.requests,
        bytes=row.bytes,
        seconds=row.seconds,
        detail=row.detail,
        full=row.whole,
        started=moment(row.started),
        finished=moment_or_none(row.finished),
        accepted=moment_or_none(row.accepted),
        undone=moment_or_none(row.undone),
        deviations=deviations_of(row.deviations),
        withheld=row.withheld,
        saved_requests=row.saved_requests,
        saved_bytes=row.saved_bytes,
        resumed=row.resumed,
    )


def read(tx: Connection, job_id: int) -> JobReport:
    """The report of one job; raises `LedgerError` for a number that no job has."""
    row = tx.execute(REPORTS.where(schema.job.c.id == job_id)).one_or_none()
    if row is None:
        raise LedgerError(f"this ledger has no job {job_id}; `datamoa jobs` lists those it has")
    return report_of(row)


def report(store: Store, job_id: int) -> JobReport:
    """The report of one job."""
    with store.reading() as tx:
        return read(tx, job_id)


def latest(store: Store, holder_is_dead: Callable[[str], bool]) -> dict[str, LatestJob]:
    """The newest job of each source, by source."""
    job, source = schema.job.c, schema.source.c
    newest = select(func.max(job.id)).where(job.limited.is_(False)).group_by(job.source)
    ended = schema.job.alias()
    last_verdict = (
        select(ended.c.verdict)
        .where(ended.c.source == job.source, ended.c.limited.is_(False))
        .where(ended.c.verdict.is_not(None), ended.c.reason != SUPERSEDED)
        .order_by(ended.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = REPORTS.add_columns(
        source.holder, source.lease_until, store.now().label("now"), last_verdict.label("last_verdict")
    ).where(job.id.in_(newest))
    with store.reading() as tx:
        rows = tx.execute(statement).all()
    return {
        row.source_name: LatestJob(
            source=row.source_name,
            job=row.id,
            started=moment(row.started),
            finished=moment_or_none(row.finished),
            running=row.verdict is None
            and row.holder is not None
            and row.lease_until > row.now
            and not holder_is_dead(row.holder),
            verdict=row.verdict,
            reason=row.reason,
            seconds=row.seconds,
            last_verdict=row.last_verdict,
        )
        for row in rows
    }


def reports(store: Store, source: str | None, limit: int) -> list[JobReport]:
    """Reports of the newest jobs, newest first."""
    statement = REPORTS.order_by(schema.job.c.id.desc()).limit(limit)
    if source is not None:
        statement = statement.where(schema.source.c.name == source)
    with store.reading() as tx:
        return [report_of(row) for row in tx.execute(statement)]
