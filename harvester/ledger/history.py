"""Looking back: what a job left behind, what became of a record, how a source stands."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, or_, select

from harvester.catalog.coverage import PROPERTIES
from harvester.catalog.model import Issue, Part
from harvester.errors import LedgerError
from harvester.ledger import feed, records, reports, schema
from harvester.ledger.encoding import clean, failed_of, issue_of, issues_of
from harvester.ledger.jobs import counts_as_complete, unread_fields, usual_profile
from harvester.ledger.profile import Profile
from harvester.ledger.removal import would_go
from harvester.ledger.store import AnyRow, Store, moment, moment_or_none
from harvester.ledger.types import (
    JobReport,
    RecordIssue,
    RejectedRecord,
    SourceState,
    StoredDataset,
    Version,
    Why,
)
from harvester.ledger.verdict import LAYOUT_CHANGED

_EXCERPT = 300


def issue_counts(store: Store, job_id: int) -> dict[tuple[str, str], int]:
    """How many issues a job found, exactly, by severity and code; records that it did not map again have none."""
    table = schema.issue_count.c
    with store.reading() as tx:
        rows = tx.execute(
            select(table.severity, table.code, table.number)
            .where(table.job == job_id, table.number > 0)
            .order_by(table.severity, table.number.desc(), table.code)
        )
        return {(severity, code): number for severity, code, number in rows}


def issues(store: Store, job_id: int, limit: int) -> list[RecordIssue]:
    """Up to `limit` issues of a job: those on the job and on entries without identifier, then those of records as they
    stand now (what a newer job found instead of them belongs to that one).
    """
    stray, table, record = schema.stray.c, schema.record_issue.c, schema.record.c
    with store.reading() as tx:
        beside = tx.execute(
            select(stray.identifier, stray.issue).where(stray.job == job_id).order_by(stray.key).limit(limit)
        )
        found = [_about(identifier, None, issue_of(issue)) for identifier, issue in beside]
        rows = tx.execute(
            select(record.identifier, record.dataset_id, table.found, table.failed)
            .join_from(schema.record_issue, schema.record, table.record == record.key)
            .where(table.job == job_id)
            .order_by(table.record)
            .limit(limit)
        )
        for row in rows:
            both = (*issues_of(row.found), *failed_of(row.failed).values())
            found += [_about(row.identifier, row.dataset_id, issue) for issue in both]
            if len(found) >= limit:
                break
    return found[:limit]


def rejected(store: Store, job_id: int, limit: int) -> list[RejectedRecord]:
    """Up to `limit` entries that the job met and that are no datasets, with what the portal gave and the reasons."""
    stray, sighting = schema.stray.c, schema.sighting.c
    found = []
    with store.reading() as tx:
        source = tx.execute(select(schema.job.c.source).where(schema.job.c.id == job_id)).scalar()
        if source is None:
            raise LedgerError(f"this ledger has no job {job_id}; `datamoa jobs` lists those it has")
        for row in tx.execute(
            select(stray.format, stray.payload, stray.issue)
            .where(stray.job == job_id, stray.kind == "rejected")
            .order_by(stray.key)
            .limit(limit)
        ):
            part = Part(name="listing", format=row.format, payload=store.decompress(row.payload))
            found.append(_rejected(None, None, (issue_of(row.issue),), (part,), shown=False))
        low, high = records.span(source)
        rows = tx.execute(
            _IDENTITIES.where(sighting.record.between(low, high), sighting.job == job_id)
            .where(sighting.outcome == records.REJECTED)
            .order_by(sighting.record)
            .limit(max(limit - len(found), 0))
        ).all()
        parts: dict[int, list[Part]] = {}
        table = schema.part.c
        for key, name, format_, payload in tx.execute(
            select(table.record, table.name, table.format, table.payload)
            .where(store.dialect.among(table.record, [row.key for row in rows]))
            .order_by(table.record, table.place, table.name)
        ):
            parts.setdefault(key, []).append(Part(name=name, format=format_, payload=store.decompress(payload)))
    for row in rows:
        shown = row.seq is not None and row.seq == row.content_seq
        found.append(
            _rejected(row.identifier, row.dataset_id, _issues(row), tuple(parts.get(row.key, ())), shown=shown)
        )
    return found


def _about(identifier: str | None, id_: str | None, issue: Issue) -> RecordIssue:
    return RecordIssue(identifier=identifier, id=id_, **msgspec.structs.asdict(issue))


def _rejected(
    identifier: str | None, id_: str | None, issues: tuple[Issue, ...], parts: tuple[Part, ...], *, shown: bool
) -> RejectedRecord:
    first = next((issue for issue in issues if issue.severity == "error"), None)
    return RejectedRecord(
        identifier=identifier,
        id=id_,
        code=first.code if first else "",
        message=first.message if first else "",
        excerpt=parts[0].payload[:_EXCERPT].decode("utf-8", "replace") if parts else "",
        shown=shown,
        issues=issues,
        parts=parts,
    )


def would_remove(store: Store, job_id: int, limit: int) -> list[StoredDataset]:
    """Up to `limit` datasets that a held job would remove if it was accepted; none for other jobs."""
    with store.reading() as tx:
        row = tx.execute(select(schema.job).where(schema.job.c.id == job_id)).one_or_none()
    if row is None:
        raise LedgerError(f"this ledger has no job {job_id}; `datamoa jobs` lists those it has")
    if row.verdict != "held" or row.accepted is not None or row.undone is not None:
        return []
    keys = would_go(row.source, job_id, whole=row.whole, reason=row.reason)
    return feed.datasets_of(store, keys.order_by(schema.sighting.c.record).limit(limit))


def versions(store: Store, id_: str) -> list[Version]:
    """The kept versions of a dataset, newest first."""
    version = schema.version.c
    statement = (
        select(schema.version)
        .join(schema.record, schema.record.c.key == version.record)
        .where(schema.record.c.dataset_id == id_)
        .order_by(version.seq.desc())
    )
    with store.reading() as tx:
        return [
            Version(
                seq=row.seq,
                job=row.job,
                cause=row.cause,
                recorded=moment(row.recorded),
                content=None if row.content is None else store.decompress(row.content),
                content_hash=row.content_hash,
            )
            for row in tx.execute(statement)
        ]


_IDENTITIES: Select[Any] = (
    select(
        schema.record.c.key,
        schema.record.c.dataset_id,
        schema.record.c.identifier,
        schema.record.c.rejected,
        schema.record.c.landing_page,
        schema.record.c.first_seen,
        schema.source.c.name.label("source"),
        schema.sighting.c.job,
        schema.sighting.c.outcome,
        schema.sighting.c.seen,
        schema.sighting.c.missing,
        schema.dataset.c.seq,
        schema.dataset.c.content_seq,
        schema.dataset.c.changed,
        schema.record_issue.c.found,
        schema.record_issue.c.failed,
        schema.pending.c.wanted,
    )
    .join_from(schema.record, schema.source, schema.record.c.source == schema.source.c.key)
    .join(schema.sighting, schema.sighting.c.record == schema.record.c.key)
    .outerjoin(schema.dataset, schema.dataset.c.record == schema.record.c.key)
    .outerjoin(schema.record_issue, schema.record_issue.c.record == schema.record.c.key)
    .outerjoin(schema.pending, schema.pending.c.record == schema.record.c.key)
)


def why(store: Store, name: str) -> list[Why]:
    """What is known of a dataset id, a portal's identifier or a landing page (with or without ``www.``, a closing slash
    and whichever of http and https); the records of all sources that it fits.
    """
    record, stray = schema.record.c, schema.stray.c
    name = clean(name) or ""
    with store.reading() as tx:
        sources = [key for (key,) in tx.execute(select(schema.source.c.key))]
        by_identifier = store.dialect.among(record.source, sources) & (record.identifier == name)
        rows = list(tx.execute(_IDENTITIES.where(or_(record.dataset_id == name, by_identifier))))
        if not rows and "://" in name:
            rows = list(tx.execute(_IDENTITIES.where(store.dialect.among(record.landing_page, _spellings(name)))))
        found = [_why(row, _words_on(tx, row)) for row in rows]
        if not found:
            lost = tx.execute(
                select(stray.identifier, stray.issue, stray.job, schema.source.c.name)
                .join_from(schema.stray, schema.job, stray.job == schema.job.c.id)
                .join(schema.source, schema.source.c.key == schema.job.c.source)
                .where(stray.identifier == name, stray.kind == "lost")
                .order_by(stray.key.desc())
                .limit(1)
            )
            for row in lost:
                issue = issue_of(row.issue)
                found.append(
                    Why(
                        id="",
                        source=row.name,
                        state="rejected",
                        reason=f"job {row.job} met it in the listing, but got no metadata: {issue.message}",
                        identifier=row.identifier,
                        last_job=row.job,
                        issues=(issue,),
                    )
                )
    return found


def _spellings(url: str) -> list[str]:
    rest = url.split("://", 1)[1].removesuffix("/")
    hosts = {rest, rest.removeprefix("www."), f"www.{rest.removeprefix('www.')}"}
    return [f"{scheme}://{host}{end}" for scheme in ("http", "https") for host in sorted(hosts) for end in ("", "/")]


def _words_on(tx: Connection, row: AnyRow) -> str:
    """What the job that met the record last says of it, where that matters."""
    job = tx.execute(
        select(schema.job.c.verdict, schema.job.c.reason, schema.job.c.id, schema.job.c.accepted, schema.job.c.undone)
        .where(schema.job.c.source == row.key // schema.SPAN)
        .order_by(schema.job.c.id.desc())
        .limit(1)
    ).one_or_none()
    if job is None or job.verdict != "held" or job.accepted is not None or job.undone is not None:
        return ""
    table = schema.withheld.c
    if tx.execute(select(table.record).where(table.record == row.key)).first():
        return (
            f"job {job.id} read less of it than was read before and is held ({job.reason}): the last good dataset is "
            f"shown; `datamoa jobs {job.id}` names what is lost, `datamoa accept {job.id}` would show what it read"
        )
    if row.job < job.id and job.reason != LAYOUT_CHANGED and row.seq is not None and row.seq == row.content_seq:
        return f"job {job.id} did not meet it and is held ({job.reason}): `datamoa accept {job.id}` would remove it"
    return ""


def _issues(row: AnyRow) -> tuple[Issue, ...]:
    return () if row.found is None else (*issues_of(row.found), *failed_of(row.failed).values())


def _why(row: AnyRow, held: str) -> Why:
    live = row.seq is not None and row.seq == row.content_seq
    found = _issues(row)
    errors = "; ".join(issue.message for issue in found if issue.severity == "error")
    if row.rejected:
        state, reason = "rejected", errors or "it could not be read"
        if live:
            reason += " (the last good dataset is still shown)"
    elif row.seq is not None and not live:
        state = "removed"
        if row.outcome == records.DELETED:
            reason = f"job {row.job}: the portal says that it is deleted"
        elif row.missing is not None:
            reason = f"missing since job {row.missing}, and again in the next complete full job"
        else:
            reason = f"removed after job {row.job}"
    elif row.missing is not None:
        state, reason = "missing", f"job {row.missing} did not meet it; the next complete full job may remove it"
    elif row.wanted is not None:
        state, reason = "pending", f"details are still to be fetched (job {row.job})"
    elif row.outcome == records.DELETED and row.seq is None:
        state, reason = "removed", f"job {row.job}: the portal says that it is deleted"
    else:
        state, reason = "live", f"job {row.job} found it {records.OUTCOMES[row.outcome]}"
    return Why(
        id=row.dataset_id,
        source=row.source,
        state=state,  # type: ignore[arg-type]
        reason=held or reason,
        identifier=row.identifier,
        landing_page=row.landing_page,
        first_seen=moment(row.first_seen),
        last_seen=moment(row.seen),
        last_changed=moment_or_none(row.changed),
        last_job=row.job,
        issues=found,
    )


def source_states(store: Store, *, with_unread: bool) -> dict[str, SourceState]:
    """Every source that was ever harvested, by name. Counting unread fields looks at every record."""
    job, source = schema.job.c, schema.source.c
    states = {}
    with store.reading() as tx:
        completes = dict(
            tx.execute(
                select(job.source, func.max(job.finished)).where(counts_as_complete()).group_by(job.source)
            ).all()
        )
        finished = select(func.max(job.id)).where(job.verdict.is_not(None)).group_by(job.source)
        last_jobs: dict[str, JobReport] = {
            row.source_name: reports.report_of(row) for row in tx.execute(reports.REPORTS.where(job.id.in_(finished)))
        }
        for row in tx.execute(select(source.key, source.name, source.live).order_by(source.name)):
            states[row.name] = SourceState(
                source=row.name,
                datasets=row.live,
                last_job=last_jobs.get(row.name),
                last_complete=moment_or_none(completes.get(row.key)),
                unread=unread_fields(tx, row.key) if with_unread else {},
                coverage=_coverage(usual_profile(tx, row.key)) if with_unread else {},
            )
    return states


def _coverage(profile: Profile | None) -> dict[str, tuple[float, float]]:
    if profile is None or not profile.records:
        return {}
    number = profile.records
    seen = {*profile.found, *profile.covered}
    names = [name for name in PROPERTIES if name in seen]
    return {
        name: (profile.found.get(name, 0) / number, profile.covered.get(name, 0) / number)
        for name in (*names, *sorted(seen.difference(names)))
    }
