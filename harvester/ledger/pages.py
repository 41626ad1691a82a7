"""Committing pages of a listing, and what a crawl asks before it maps one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from harvester.catalog.model import Issue, Page, Part
from harvester.errors import CursorConflictError, LedgerError
from harvester.ledger import leases, records, schema
from harvester.ledger.encoding import payload_hash, storable, to_json
from harvester.ledger.store import AnyRow, Store
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
        rows = tx.execute(statement).all()
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
        intake = _Intake(store, tx, row)
        intake.take(prepared)
        intake.take_beside(page)
        counts = leases.added(leases.counts_of(row), intake.outcomes)
        intake.batch.write()
        records.count_issues(tx, store, job.id, intake.batch.issue_counts)
        leases.renew(tx, row, job, records=intake.new, live=intake.batch.live)
        values = msgspec.structs.asdict(counts) | {"cursor": page.cursor, "listing_ended": page.end}
        if page.declared_total is not None:
            values["declared_total"] = page.declared_total
        tx.execute(update(schema.job).where(schema.job.c.id == job.id).values(values))
        intake.batch.publish()
    return counts


class _Intake:
    """Decides what the job makes of each entry of a page."""

    def __init__(self, store: Store, tx: Connection, row: AnyRow) -> None:
        self._store = store
        self._tx = tx
        self._row = row
        self.batch = records.Batch(store, tx, row.source_key, job=row.id, cause="harvest", now=row.now)
        self.outcomes: Counter[str] = Counter()
        self.new = 0
        self._met: dict[str, bytes] = {}
        self._strays: list[dict[str, Any]] = []
        self._pending: list[dict[str, Any]] = []

    def take(self, prepared: Sequence[records.Prepared]) -> None:
        """Take the records of a page, in their order."""
        row = self._row
        identifiers = [one.entry.record.identifier for one in prepared]
        states = records.states(self._tx, self._store, row.source_key, [i for i in identifiers if storable(i)])
        parts = self._stored_parts(prepared, states)
        first_key = records.span(row.source_key)[0] + row.records
        for one in prepared:
            identifier = one.entry.record.identifier
            state = states.get(identifier)
            if identifier in self._met or (
                state is not None and state.job == row.id and state.outcome != records.FAILED
            ):
                self._take_duplicate(one, state)
                continue
            if not storable(identifier):
                self._take_unusable(one)
                continue
            self._met[identifier] = one.entry.payload_hash
            if state is None:
                if one.entry.record.deleted:
                    self.outcomes["deleted"] += 1
                    continue
                key = first_key + self.new
                self.new += 1
                outcome = self._take_new(key, one)
            else:
                key = state.key
                outcome = self._take_known(state, one, parts.get(key))
            self.outcomes[records.OUTCOMES[outcome]] += 1
            self.batch.see(key, outcome, new=state is None)
            if one.entry.record.wanted and outcome != records.DELETED:
                self._want_parts(key, one.entry, parts.get(key, {}))

    def take_beside(self, page: Page) -> None:
        """Take what a page holds beside records: entries without identifier, and those whose metadata got lost."""
        for rejected in page.rejected:
            payload = self._store.compress(rejected.payload)
            self._stray("rejected", None, rejected.issue, rejected.format, payload)
            self.outcomes["rejected"] += 1
        for lost in page.lost:
            self._stray("lost", lost.identifier, lost.issue)
            self.outcomes["failed"] += 1
        identifiers = [lost.identifier for lost in page.lost if storable(lost.identifier)]
        for identifier, state in records.states(self._tx, self._store, self._row.source_key, identifiers).items():
            if identifier not in self._met and state.job != self._row.id:
                self.batch.see(state.key, records.FAILED)  # the listing names it: it is not missing
        if self._strays:
            self._tx.execute(insert(schema.stray), self._strays)
        if self._pending:
            self._tx.execute(insert(schema.pending), self._pending)

    def _take_new(self, key: int, one: records.Prepared) -> int:
        if one.entry.processed is None:
            raise LedgerError(f"{one.entry.record.identifier}: a new record was not mapped")
        outcome = self.batch.take(key, None, one)
        for place in range(1, len(one.entry.record.parts)):
            self.batch.store_part(key, one, place)
        return outcome

    def _take_known(self, state: AnyRow, one: records.Prepared, parts: dict[str, records.StoredPart] | None) -> int:
        entry = one.entry
        if entry.record.deleted:
            self.batch.bury(state)
            return records.DELETED
        if entry.processed is not None:
            for place, part in enumerate(entry.record.parts[1:], 1):
                stored = (parts or {}).get(part.name)
                if stored is None or stored.payload_hash != payload_hash(part.payload):
                    self.batch.store_part(state.key, one, place)
            return self.batch.take(state.key, state, one, parts)
        if entry.payload_hash != state.payload_hash:
            raise LedgerError(f"{entry.record.identifier}: a record with a new payload was not mapped")
        if state.rejected:
            return records.REJECTED
        if state.seq is not None and not records.is_live(state):
            self.batch.revive(state)
            return records.CREATED
        return records.UNCHANGED

    def _take_duplicate(self, one: records.Prepared, state: AnyRow | None) -> None:
        self.outcomes["duplicate"] += 1
        entry = one.entry
        first = self._met.get(entry.record.identifier) or (state.payload_hash if state is not None else b"")
        if entry.record.deleted or first == entry.payload_hash:
            return
        issue = Issue(
            severity="info",
            code="duplicate",
            message="the listing names this identifier twice with different contents; the first one counts",
        )
        part = entry.record.parts[0]
        payload = self._store.compress(part.payload)
        self._stray("duplicate", entry.record.identifier, issue, part.format, payload)

    def _take_unusable(self, one: records.Prepared) -> None:
        """An identifier with NUL or half a surrogate pair, which no database keeps."""
        identifier = repr(one.entry.record.identifier)[1:-1]
        issue = Issue(
            severity="error",
            code="bad-identifier",
            message="the identifier holds characters that cannot be stored",
            value=identifier[:200],
        )
        for part in one.entry.record.parts[:1]:
            self._stray("rejected", None, issue, part.format, self._store.compress(part.payload))
        self.outcomes["rejected"] += 1

    def _stray(
        self, kind: str, identifier: str | None, issue: Issue, format_: str | None = None, payload: bytes | None = None
    ) -> None:
        if identifier is not None and not storable(identifier):
            identifier = repr(identifier)[1:-1]
        self._strays.append(
            {
                "job": self._row.id,
                "kind": kind,
                "identifier": identifier,
                "format": format_,
                "payload": payload,
                "issue": to_json(issue),
            }
        )
        self.batch.issue_counts[(issue.severity, issue.code)] += 1

    def _stored_parts(
        self, prepared: Sequence[records.Prepared], states: dict[str, AnyRow]
    ) -> dict[int, dict[str, records.StoredPart]]:
        """Of records that have, bring or want further parts only: most protocols have none."""
        keys = [
            state.key
            for one in prepared
            if (state := states.get(one.entry.record.identifier)) is not None
            and (one.entry.record.wanted or state.parts > 1 or len(one.entry.record.parts) > 1)
        ]
        return records.stored_parts(self._tx, self._store, keys)

    def _want_parts(self, key: int, entry: Entry, parts: dict[str, records.StoredPart]) -> None:
        """Parts are fetched when they never arrived, or arrived for another revision of the record."""
        revision = records.clean(entry.record.revision)
        brought = {part.name for part in entry.record.parts} if not parts else set()
        wanted = {
            name: address
            for name, address in entry.record.wanted.items()
            if name not in brought and (name not in parts or parts[name].revision != revision)
        }
        if wanted:
            row = {"job": self._row.id, "record": key, "revision": revision, "wanted": to_json(wanted)}
            self._pending.append(row)
