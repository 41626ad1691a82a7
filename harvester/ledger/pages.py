"""Committing pages of a listing, and what a crawl asks before it maps one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import func, select, update

from harvester.catalog.coverage import bits_of
from harvester.catalog.model import Issue, Page, Part
from harvester.errors import CursorConflictError, LedgerError
from harvester.ledger import leases, records, schema
from harvester.ledger.batch import count_issues, remark
from harvester.ledger.drift import collapsed
from harvester.ledger.encoding import storable
from harvester.ledger.intake import Intake
from harvester.ledger.profile import profile_json, profile_of
from harvester.ledger.store import Store
from harvester.ledger.types import Counts, Entry, Job, Known


def known(store: Store, source: str, identifiers: Sequence[str]) -> dict[str, Known]:
    """What the ledger has of these records of a source, by identifier; those it has not are left out."""
    record, sighting, dataset = schema.record.c, schema.sighting.c, schema.dataset.c
    chosen = store.dialect.among(record.identifier, [name for name in identifiers if storable(name)])
    statement = (
        select(
            record.identifier,
            record.payload_hash,
            record.mapping_version,
            record.revision,
            record.parts,
            sighting.job,
            dataset.seq,
            dataset.content_seq,
        )
        .join_from(schema.source, schema.record, schema.source.c.key == record.source)
        .join(schema.sighting, sighting.record == record.key)
        .outerjoin(schema.dataset, dataset.record == record.key)
        .where(schema.source.c.name == source, chosen)
    )
    with store.reading() as tx:
        rows = store.dialect.fetch(tx, statement)
    return {
        identifier: Known(
            payload_hash=digest,
            mapping_version=version,
            revision=revision,
            has_details=parts > 1,
            seen_in=job,
            removed=seq != content_seq,
        )
        for identifier, digest, version, revision, parts, job, seq, content_seq in rows
    }


def part_counts(store: Store, source: str) -> dict[str, int]:
    """How many records of a source have each part, by its name."""
    part, table = schema.part.c, schema.source.c
    with store.reading() as tx:
        key = tx.execute(select(table.key).where(table.name == source)).scalar_one()
        low, high = records.span(key)
        counted = select(part.name, func.count()).where(part.record.between(low, high)).group_by(part.name)
        return {name: number for name, number in tx.execute(counted)}


def stored_parts(store: Store, source: str, identifiers: Sequence[str]) -> dict[str, tuple[Part, ...]]:
    """All stored parts of these records, the listing's first, by identifier."""
    record, part = schema.record.c, schema.part.c
    chosen = store.dialect.among(record.identifier, [name for name in identifiers if storable(name)])
    statement = (
        select(record.identifier, part.name, part.format, part.payload)
        .join_from(schema.source, schema.record, schema.source.c.key == record.source)
        .join(schema.part, part.record == record.key)
        .where(schema.source.c.name == source, chosen)
        .order_by(record.identifier, part.place, part.name)
    )
    found: dict[str, list[Part]] = {}
    with store.reading() as tx:
        for identifier, name, format_, payload in tx.execute(statement):
            found.setdefault(identifier, []).append(Part(name=name, format=format_, payload=store.decompress(payload)))
    return {identifier: tuple(parts) for identifier, parts in found.items()}


def commit_page(store: Store, job: Job, page: Page, entries: Sequence[Entry]) -> Counts:
    """Store a page with the cursor after it, in one transaction; returns the job's counts so far.

    Raises `CursorConflictError` when the page does not follow the stored cursor, `LeaseLostError` when the job is no
    longer ours; then nothing of the page is stored, and the job must stop.
    """
    if [entry.record.identifier for entry in entries] != [record.identifier for record in page.records]:
        raise LedgerError(f"{job.source}: a page's entries are not its records, in their order")
    if page.cursor == page.after and not page.end:
        raise CursorConflictError(f"{job.source}: a page does not move the cursor ({page.after}); it could come twice")
    prepared = records.prepare(store, entries)
    with store.writing() as tx:
        row = leases.hold(tx, store, job)
        if row.listing_ended or row.cursor != page.after:
            stored = "the end of the listing" if row.listing_ended else row.cursor
            raise CursorConflictError(
                f"{job.source}: job {job.id} stands at {stored}, the page follows {page.after}; it was not stored"
            )
        intake = Intake(store, tx, row, anew=job.anew)
        if page.anew:
            intake.forget_strays()
        intake.take(prepared)
        intake.take_beside(page)
        profile = intake.batch.tally.after(profile_of(row.profile))
        intake.batch.keep_back(bits_of(collapsed(profile, row.live_before, mapped=True), intake.batch.traits))
        counts = leases.added(leases.counts_of(row), intake.outcomes)
        intake.batch.write()
        count_issues(tx, job.id, intake.batch.issue_counts)
        if page.end and page.passed:
            remark(tx, job.id, _not_selected(page.passed, counts.listed))
        leases.renew(tx, row, job, records=intake.new, live=intake.batch.live)
        values = msgspec.structs.asdict(counts) | {"cursor": page.cursor, "listing_ended": page.end}
        values["profile"] = profile_json(profile)
        if page.declared_total is not None:
            values["declared_total"] = page.declared_total
        tx.execute(update(schema.job).where(schema.job.c.id == job.id).values(values))
        intake.batch.publish()
    return counts


def _not_selected(passed: int, selected: int) -> Issue:
    message = f"{passed:,} of {passed + selected:,} entries that the portal listed are not selected by this source"
    return Issue(severity="info", code="not-selected", message=message)
