"""The life of a job: starting or resuming it, keeping its lease, ending it with a verdict."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, or_, select, update

from harvester.catalog.coverage import bits_of
from harvester.catalog.model import Issue
from harvester.errors import LeaseHeldError
from harvester.ledger import leases, records, reports, schema, traits
from harvester.ledger.batch import Batch, remark
from harvester.ledger.drift import collapsed, deviations
from harvester.ledger.encoding import names_of, to_json
from harvester.ledger.holding import forget, settle
from harvester.ledger.profile import Profile, profile_json, profile_of
from harvester.ledger.removal import absent, mark_and_remove, would_go
from harvester.ledger.store import AnyRow, Store, moment, moment_or_none
from harvester.ledger.types import Counts, Ending, Expected, Job, JobReport
from harvester.ledger.verdict import SUPERSEDED, Facts, explained, judge

_SPENT = ("requests", "bytes", "seconds", "saved_requests", "saved_bytes")
"""What a job took, over all its processes; one that was killed has told nothing of it."""


def start(
    store: Store,
    source: str,
    *,
    full: bool | None,
    holder: str,
    fingerprint: str,
    lease_seconds: int,
    holder_is_dead: Callable[[str], bool],
    limited: bool,
    full_every: timedelta,
) -> Job:
    """Resume the unfinished job of the source if it was started with the same options, else begin a new one.

    Takes the lease: raises `LeaseHeldError` while another holder has it, is not known to be dead and its time has not
    run out. `full` None leaves the choice to the ledger; what was never harvested completely with these options is
    harvested in full: an incremental job would not see what they newly select.
    """
    with store.writing() as tx:
        row = _locked_source(tx, store, source)
        taken = row.holder is not None and row.holder != holder and row.lease_until > row.now
        if taken and not holder_is_dead(row.holder):
            raise LeaseHeldError(
                f"{source}: {row.holder} is harvesting this source; its lease lasts until "
                f"{moment(row.lease_until):%Y-%m-%d %H:%M:%S} UTC unless it is renewed"
            )
        unfinished = tx.execute(
            select(schema.job)
            .where(schema.job.c.source == row.key, schema.job.c.verdict.is_(None))
            .order_by(schema.job.c.id.desc())
        ).all()
        newest = unfinished[0] if unfinished else None
        last_full = _last_full(tx, row.key)
        if last_full is None or last_full.fingerprint != fingerprint:
            full = True
        resumes = (
            newest is not None
            and newest.fingerprint == fingerprint
            and newest.limited == limited
            and full in (None, newest.whole)
        )
        _supersede(tx, [job.id for job in (unfinished[1:] if resumes else unfinished)], row.now)
        if newest is None or not resumes:
            if full is None:
                full = last_full is None or row.now - last_full.started >= full_every // timedelta(milliseconds=1)
            newest = _begin(tx, row, full=full, limited=limited, fingerprint=fingerprint)
        else:
            job = schema.job
            tx.execute(update(job).where(job.c.id == newest.id).values(resumed=job.c.resumed + 1))
        tx.execute(
            update(schema.source)
            .where(schema.source.c.key == row.key)
            .values(lease=row.lease + 1, holder=holder, lease_until=row.now + lease_seconds * 1000)
        )
    return Job(
        id=newest.id,
        source=source,
        full=newest.whole,
        holder=holder,
        cursor=newest.cursor,
        listing_ended=newest.listing_ended,
        since=moment_or_none(newest.since),
        resumed=resumes,
        limited=limited,
        lease=row.lease + 1,
        lease_seconds=lease_seconds,
    )


def heartbeat(store: Store, job: Job) -> None:
    """Extend the lease; raises `LeaseLostError` when another process has it."""
    with store.writing() as tx:
        leases.renew(tx, leases.hold(tx, store, job), job)


def release(store: Store, job: Job, ending: Ending | None = None) -> None:
    """Give the lease back without ending the job, so that it can be resumed at once; never raises for a lost lease.

    What it took so far (`ending`) is added to what it will take.
    """
    source, table = schema.source, schema.job
    with store.writing() as tx:
        ours = and_(source.c.name == job.source, source.c.lease == job.lease)
        if tx.execute(update(source).where(ours).values(holder=None, lease_until=None)).rowcount and ending:
            spent = {name: table.c[name] + getattr(ending, name) for name in _SPENT}
            tx.execute(update(table).where(table.c.id == job.id).values(spent))


def count(store: Store, job: Job) -> Counts:
    """The counts of a job so far."""
    with store.reading() as tx:
        return leases.counts_of(tx.execute(select(schema.job).where(schema.job.c.id == job.id)).one())


def finish(store: Store, job: Job, ending: Ending, expected: Expected) -> JobReport:
    """Give the job its verdict and, when it was a complete full one, mark what it missed and remove what two missed."""
    with store.writing() as tx:
        row = leases.hold(tx, store, job)
        profile = profile_of(row.profile)
        gone = bits_of(collapsed(profile, row.live_before), traits.of_source(tx, row.source_key))
        facts = _facts(tx, store, row, ending, expected, drifted=bool(gone))
        judgement = judge(facts)
        withheld = settle(tx, store, row, gone, keep=judgement.verdict == "held")
        if row.created or row.updated or row.rejected:
            profile = replace(profile, unread=unread_fields(tx, row.source_key))
        usual = usual_profile(tx, row.source_key, before=job.id)
        if not profile.unread and usual is not None:
            profile = replace(profile, unread=usual.unread)
        whole = row.whole and judgement.verdict in ("complete", "held")
        unusual = deviations(profile, usual, live=row.live_before, whole=whole, expressions=expected.expressions)
        batch = Batch(store, tx, row.source_key, job=job.id, cause="harvest", now=row.now)
        missing = removed = 0
        if judgement.verdict == "held":
            missing = _count(tx, would_go(row.source_key, job.id, whole=row.whole, reason=judgement.reason))
        elif judgement.verdict == "complete" and row.whole:
            missing, removed = mark_and_remove(tx, batch, row.source_key, job.id)
        if judgement.verdict == "complete" and row.whole and row.seen < expected.min_records:
            _warn_of_few(tx, store, job, row.seen, expected.min_records)
        tx.execute(
            update(schema.job)
            .where(schema.job.c.id == job.id)
            .values(
                verdict=judgement.verdict,
                reason=judgement.reason,
                detail=explained(judgement, facts),
                missing=missing,
                removed=removed,
                **{name: getattr(row, name) + getattr(ending, name) for name in _SPENT},
                finished=row.now,
                updated=row.updated - withheld,
                unchanged=row.unchanged + withheld,
                withheld=withheld,
                profile=profile_json(profile),
                deviations=to_json(unusual),
            )
        )
        source = schema.source
        tx.execute(
            update(source)
            .where(source.c.key == row.source_key)
            .values(holder=None, lease_until=None, live=source.c.live + batch.live)
        )
        report = reports.read(tx, job.id)
        batch.publish()
    return report


def _facts(tx: Connection, store: Store, row: AnyRow, ending: Ending, expected: Expected, *, drifted: bool) -> Facts:
    lost_details = max(ending.lost_details, row.lost_details)  # a resumed crawler knows of its own only
    pending = tx.execute(select(func.count()).where(schema.pending.c.job == row.id)).scalar_one()
    facts = Facts(
        full=row.whole,
        limited=row.limited,
        listing_ended=row.listing_ended,
        declared_total=row.declared_total,
        counts=leases.counts_of(row),
        ending=ending,
        expected=expected,
        pending=pending,
        lost_details=lost_details,
        ambiguous=_ambiguous(tx, row),
        live_before=row.live_before,
    )
    if not row.whole or judge(facts).verdict != "complete":
        # What was not seen says nothing then, and counting it means to look at every record.
        return facts._replace(collapsed=drifted)
    relapsed = 0
    if row.rejected:
        sighting, dataset = schema.sighting.c, schema.dataset.c
        low, high = records.span(row.source_key)
        relapsed = tx.execute(
            select(func.count())
            .select_from(schema.sighting.join(schema.dataset, sighting.record == dataset.record))
            .where(sighting.record.between(low, high), sighting.job == row.id)
            .where(sighting.outcome == records.REJECTED, dataset.seq == dataset.content_seq)
        ).scalar_one()
    return facts._replace(absent=_count(tx, absent(row.source_key, row.id)), relapsed=relapsed, collapsed=drifted)


def _ambiguous(tx: Connection, row: AnyRow) -> int:
    if not row.duplicate:
        return 0
    issues = schema.issue_count.c
    found = select(func.sum(issues.number)).where(issues.job == row.id, issues.code == "duplicate")
    return tx.execute(found).scalar() or 0


def _count(tx: Connection, keys: Select[Any]) -> int:
    number: int = tx.execute(select(func.count()).select_from(keys.subquery())).scalar_one()
    return number


def usual_profile(tx: Connection, source: int, before: int | None = None) -> Profile | None:
    """The profile of the last job (before this one) after which the ledger knew the whole source."""
    job = schema.job.c
    statement = (
        select(job.profile)
        .where(job.source == source, job.whole, counts_as_complete(), job.profile.is_not(None))
        .order_by(job.id.desc())
        .limit(1)
    )
    if before is not None:
        statement = statement.where(job.id < before)
    stored = tx.execute(statement).scalar()
    return None if stored is None else profile_of(stored)


def unread_fields(tx: Connection, source: int) -> dict[str, int]:
    """Payload fields that no mapping reads, with the number of records that have them, the most frequent first."""
    record, fields = schema.record.c, schema.unread_fields.c
    low, high = records.span(source)
    numbers: dict[str, int] = {}
    for names, number in tx.execute(
        select(fields.fields, func.count())
        .join_from(schema.record, schema.unread_fields, record.unread == fields.key)
        .where(record.key.between(low, high))
        .group_by(fields.fields)
    ):
        for name in names_of(names):
            numbers[name] = numbers.get(name, 0) + number
    return dict(sorted(numbers.items(), key=lambda one: (-one[1], one[0])))


def _warn_of_few(tx: Connection, store: Store, job: Job, seen: int, expected: int) -> None:
    issue = Issue(
        severity="warning",
        code="few-records",
        message=f"{seen} records were listed, at least {expected} are expected (expect: min_records)",
    )
    remark(tx, job.id, issue)


def _locked_source(tx: Connection, store: Store, name: str) -> AnyRow:
    source = schema.source
    statement = select(source, store.now().label("now")).where(source.c.name == name).with_for_update()
    row = tx.execute(statement).one_or_none()
    if row is None:
        new = {"name": name, "records": 0, "live": 0, "lease": 0}
        tx.execute(store.dialect.insert_if_new(source, source.c.name), new)
        row = tx.execute(statement).one()
    return row


def _supersede(tx: Connection, jobs: list[int], now: int) -> None:
    for job in jobs:
        closed = {"verdict": "failed", "reason": SUPERSEDED, "finished": now}
        tx.execute(update(schema.job).where(schema.job.c.id == job).values(closed))


def _begin(tx: Connection, row: AnyRow, *, full: bool, limited: bool, fingerprint: str) -> AnyRow:
    zeros = dict.fromkeys(
        (*leases.COUNTS, "missing", "removed", "lost_details", "requests", "bytes", "seconds", "saved_requests",
         "saved_bytes", "resumed"), 0
    )  # fmt: skip
    number = tx.execute(
        insert(schema.job)
        .values(
            source=row.key,
            whole=full,
            limited=limited,
            fingerprint=fingerprint,
            started=row.now,
            since=None if full else _last_start(tx, row.key),
            first_seq=select(schema.feed.c.last).scalar_subquery(),
            live_before=row.live,
            listing_ended=False,
            reason="",
            detail="",
            **zeros,
        )
        .returning(schema.job.c.id)
    ).scalar_one()
    forget(tx, row.key)
    # What an earlier job left pending is named by this listing again if it is still wanted.
    low, high = records.span(row.key)
    tx.execute(schema.pending.delete().where(schema.pending.c.record.between(low, high)))
    return tx.execute(select(schema.job).where(schema.job.c.id == number)).one()


def counts_as_complete() -> ColumnElement[bool]:
    """Jobs after which the ledger knew the whole source: complete ones and accepted ones, if they were not undone."""
    job = schema.job.c
    return and_(or_(job.verdict == "complete", job.accepted.is_not(None)), job.undone.is_(None))


def _last_start(tx: Connection, source: int) -> int | None:
    job = schema.job.c
    return tx.execute(select(func.max(job.started)).where(job.source == source, counts_as_complete())).scalar()


def _last_full(tx: Connection, source: int) -> AnyRow | None:
    job = schema.job.c
    statement = select(job.started, job.fingerprint).where(job.source == source, job.whole, counts_as_complete())
    return tx.execute(statement.order_by(job.started.desc(), job.id.desc()).limit(1)).one_or_none()
