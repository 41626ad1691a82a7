"""Rows of harvest records: what is stored of them, and a batch that collects what a transaction changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, literal, select, update

from harvester.catalog.model import Issue
from harvester.ledger import schema
from harvester.ledger.encoding import NO_ISSUES, NONE_FAILED, issues_json, payload_hash, storable, to_json
from harvester.ledger.publishing import DatasetChange, publish
from harvester.ledger.store import AnyRow, Store
from harvester.ledger.types import Cause, Entry
from harvester.processing import Processed

CREATED, UPDATED, UNCHANGED, REJECTED, DELETED, FAILED = range(1, 7)
OUTCOMES = {
    CREATED: "created",
    UPDATED: "updated",
    UNCHANGED: "unchanged",
    REJECTED: "rejected",
    DELETED: "deleted",
    FAILED: "failed",
}
"""What a job made of a record, as `sighting.outcome` stores it → the count that it belongs to."""

TAKEN_BACK = ""
"""Mapping version of a record whose dataset `undo` took back: the next harvest maps it anew, `remap` leaves
it alone."""


class Prepared(NamedTuple):
    """An entry with its payloads and its content compressed, before the transaction opens."""

    entry: Entry
    payloads: tuple[bytes, ...]
    content: bytes | None


def prepare(store: Store, entries: Iterable[Entry]) -> list[Prepared]:
    """Do what takes time before a transaction holds the write lock."""
    compress = store.compress
    prepared = []
    for entry in entries:
        processed = entry.processed
        if processed is None:
            # A detail may have arrived although its record was not mapped again; the listing's own part is stored.
            further = tuple(compress(part.payload) for part in entry.record.parts[1:])
            prepared.append(Prepared(entry, (b"", *further), None))
        else:
            payloads = tuple([compress(part.payload) for part in entry.record.parts])
            content = None if processed.content is None else compress(processed.content)
            prepared.append(Prepared(entry, payloads, content))
    return prepared


_STATES = (
    select(
        schema.record.c.key,
        schema.record.c.identifier,
        schema.record.c.payload_hash,
        schema.record.c.mapping_version,
        schema.record.c.revision,
        schema.record.c.parts,
        schema.record.c.rejected,
        schema.record.c.landing_page,
        schema.record.c.counters,
        schema.record.c.unread,
        schema.sighting.c.job,
        schema.sighting.c.outcome,
        schema.dataset.c.seq,
        schema.dataset.c.content_seq,
        schema.dataset.c.content_hash,
    )
    .join_from(schema.record, schema.sighting, schema.record.c.key == schema.sighting.c.record)
    .outerjoin(schema.dataset, schema.record.c.key == schema.dataset.c.record)
)


def states(tx: Connection, store: Store, source: int, identifiers: Sequence[str]) -> dict[str, AnyRow]:
    """What is stored of these records, by identifier: one statement a page."""
    if not identifiers:
        return {}
    chosen = store.dialect.among(schema.record.c.identifier, identifiers)
    rows = tx.execute(_STATES.where(schema.record.c.source == source, chosen)).all()
    return {row.identifier: row for row in rows}


def is_live(state: AnyRow) -> bool:
    """Whether the record has a dataset that is not removed."""
    return state.seq is not None and state.seq == state.content_seq


class StoredPart(NamedTuple):
    """What is known of a stored part without reading its payload."""

    payload_hash: bytes
    revision: str | None
    place: int


def stored_parts(tx: Connection, store: Store, keys: Sequence[int]) -> dict[int, dict[str, StoredPart]]:
    """Names, hashes and revisions of the parts of these records."""
    found: dict[int, dict[str, StoredPart]] = {}
    if keys:
        part = schema.part.c
        rows = tx.execute(
            select(part.record, part.name, part.payload_hash, part.revision, part.place).where(
                store.dialect.among(part.record, keys)
            )
        )
        for key, name, digest, revision, place in rows:
            found.setdefault(key, {})[name] = StoredPart(digest, revision, place)
    return found


class Batch:
    """Everything that one transaction changes in records, sightings, parts, issues and datasets.

    Collected in the order of the entries, which is the order of the `seq` numbers, and written with one statement a
    table. `live` is by how much the number of live datasets changes.
    """

    def __init__(self, store: Store, tx: Connection, source: int, *, job: int | None, cause: Cause, now: int) -> None:
        self._store = store
        self._tx = tx
        self._source = source
        self._job = job
        self._cause = cause
        self._now = now
        self._new_records: list[dict[str, Any]] = []
        self._changed_records: list[dict[str, Any]] = []
        self._new_sightings: list[dict[str, Any]] = []
        self._sightings: dict[int, list[int]] = {}
        self._parts: list[dict[str, Any]] = []
        self._issues: list[dict[str, Any]] = []
        self._without_issues: list[int] = []
        self._failed: list[dict[str, Any]] = []
        self._revived: dict[int, int] = {}
        self.datasets: list[DatasetChange] = []
        self.issue_counts: Counter[tuple[str, str]] = Counter()
        self.live = 0

    def take(
        self, key: int, state: AnyRow | None, prepared: Prepared, parts: Mapping[str, StoredPart] | None = None
    ) -> int:
        """Store a processed entry; returns its outcome. `parts` are those stored before (None: none but the first)."""
        entry, processed = prepared.entry, prepared.entry.processed
        assert processed is not None
        names = {"": None} if parts is None else parts
        further = [part.name for part in entry.record.parts[1:] if part.name not in names]
        row = {
            "payload_hash": entry.payload_hash,
            "mapping_version": entry.mapping_version,
            "revision": clean(entry.record.revision),
            "parts": max(len(names), 1) + len(further),
            "rejected": processed.content is None,
            "landing_page": processed.landing_page,
            "counters": to_json(processed.counters) if processed.counters else None,
            "unread": to_json(sorted(processed.unread)) if processed.unread else None,
        }
        if state is None:
            row.update(
                key=key,
                source=self._source,
                identifier=entry.record.identifier,
                dataset_id=processed.dataset_id,
                first_seen=self._now,
                first_job=self._job,
            )
            self._new_records.append(row)
        else:
            if processed.content is None:
                row.update(landing_page=state.landing_page, counters=state.counters)
            row["changed_key"] = key
            self._changed_records.append(row)
        self._take_issues(key, state, processed)
        if state is None or state.payload_hash != entry.payload_hash:
            self.store_part(key, prepared, 0)
        return self._take_dataset(key, state, processed, prepared.content)

    def _take_issues(self, key: int, state: AnyRow | None, processed: Processed) -> None:
        if processed.issues:
            found = issues_json(processed.issues)
            job = state.job if self._job is None and state is not None else self._job
            self._issues.append({"record": key, "job": job, "found": found, "failed": NONE_FAILED})
            self.issue_counts.update((issue.severity, issue.code) for issue in processed.issues)
        elif state is not None:
            self._without_issues.append(key)

    def _take_dataset(self, key: int, state: AnyRow | None, processed: Processed, content: bytes | None) -> int:
        if content is None:
            return REJECTED
        was_live = state is not None and is_live(state)
        if was_live and state is not None and state.content_hash == processed.content_hash:
            return UNCHANGED
        self.datasets.append(DatasetChange(key, content, processed.content_hash))
        if was_live:
            return UPDATED
        self.live += 1
        return CREATED

    def store_part(self, key: int, prepared: Prepared, place: int, revision: str | None = None) -> None:
        """Store one part of an entry as the current one, for the entry's revision or the one given."""
        part = prepared.entry.record.parts[place]
        self._parts.append(
            {
                "record": key,
                "name": part.name,
                "place": place,
                "format": part.format,
                "payload_hash": prepared.entry.payload_hash if place == 0 else payload_hash(part.payload),
                "revision": revision or clean(prepared.entry.record.revision),
                "payload": prepared.payloads[place],
            }
        )

    def fail_parts(self, key: int, failed: Mapping[str, Issue]) -> None:
        """Keep, beside the issues that processing found, those of parts that could not be had."""
        self._failed.append({"record": key, "job": self._job, "found": NO_ISSUES, "failed": to_json(failed)})

    def bury(self, state: AnyRow) -> None:
        """Turn a live dataset into a tombstone."""
        if is_live(state):
            self.remove(state.key)

    def remove(self, key: int) -> None:
        """Turn a dataset that is known to be live into a tombstone."""
        self.datasets.append(DatasetChange(key, None, None))
        self.live -= 1

    def revive(self, state: AnyRow) -> None:
        """Bring a removed dataset back as it was last."""
        self._revived[len(self.datasets)] = state.content_seq
        self.datasets.append(DatasetChange(state.key, None, state.content_hash))
        self.live += 1

    def see(self, key: int, outcome: int, *, new: bool = False) -> None:
        """Note that the job met the record."""
        if new:
            row = {"record": key, "job": self._job, "outcome": outcome, "seen": self._now, "missing": None}
            self._new_sightings.append(row)
        else:
            self._sightings.setdefault(outcome, []).append(key)

    def write(self) -> None:
        """Write the rows of everything but datasets."""
        tx, store = self._tx, self._store
        self._resolve_unread()
        if self._new_records:
            tx.execute(insert(schema.record), self._new_records)
        if self._changed_records:
            tx.execute(_CHANGED_RECORDS, self._changed_records)
        if self._new_sightings:
            tx.execute(insert(schema.sighting), self._new_sightings)
        for outcome, keys in self._sightings.items():
            sighting = schema.sighting
            tx.execute(
                update(sighting)
                .where(store.dialect.among(sighting.c.record, keys))
                .values(job=self._job, outcome=outcome, seen=self._now, missing=None)
            )
        self._write_parts()
        self._write_issues()
        self._read_revived()

    def publish(self) -> None:
        """Number and write the datasets; the last thing that a transaction does."""
        publish(self._tx, self._store, self.datasets, job=self._job, cause=self._cause, now=self._now)

    def _write_parts(self) -> None:
        if not self._parts:
            return
        tx, store = self._tx, self._store
        if store.retention.payloads > 1 and self._changed_records:
            part = schema.part.c
            keys = [row["record"] for row in self._parts]
            columns = [part.record, part.name, part.format, part.payload]
            replaced = select(*columns, literal(self._now)).where(store.dialect.among(part.record, keys))
            names = {(row["record"], row["name"]) for row in self._parts}
            rows = [row for row in tx.execute(replaced) if (row.record, row.name) in names]
            if rows:
                fields = ("record", "name", "format", "payload", "replaced")
                tx.execute(insert(schema.past_part), [dict(zip(fields, row, strict=True)) for row in rows])
        if self._changed_records or not self._new_records:
            columns_changed = ("place", "format", "payload_hash", "revision", "payload")
            tx.execute(store.dialect.upsert(schema.part, *columns_changed), self._parts)
        else:
            tx.execute(insert(schema.part), self._parts)

    def _write_issues(self) -> None:
        tx, upsert, issue = self._tx, self._store.dialect.upsert, schema.record_issue
        if self._failed:
            tx.execute(upsert(issue, "job", "failed"), self._failed)
        if self._issues:
            tx.execute(upsert(issue, "job", "found"), self._issues)
        if self._without_issues:
            among = self._store.dialect.among(issue.c.record, self._without_issues)
            tx.execute(update(issue).where(among).values(found=NO_ISSUES))
        touched = self._without_issues + [row["record"] for row in self._failed]
        if touched:
            among = self._store.dialect.among(issue.c.record, touched)
            tx.execute(delete(issue).where(among, issue.c.found == NO_ISSUES, issue.c.failed == NONE_FAILED))

    def _read_revived(self) -> None:
        if not self._revived:
            return
        version = schema.version.c
        chosen = self._store.dialect.among(version.seq, list(self._revived.values()))
        contents = dict(self._tx.execute(select(version.seq, version.content).where(chosen)).all())
        for place, seq in self._revived.items():
            self.datasets[place] = self.datasets[place]._replace(content=contents[seq])

    def _resolve_unread(self) -> None:
        """Replace sets of unread fields by their keys; a source has a handful of them."""
        rows = [row for row in (*self._new_records, *self._changed_records) if row["unread"] is not None]
        if not rows:
            return
        table = schema.unread_fields
        sets = sorted({row["unread"] for row in rows})
        wanted = select(table.c.fields, table.c.key).where(
            table.c.source == self._source, self._store.dialect.among(table.c.fields, sets)
        )
        known = dict(self._tx.execute(wanted).all())
        missing = [{"source": self._source, "fields": fields} for fields in sets if fields not in known]
        if missing:
            self._tx.execute(insert(table), missing)
            known = dict(self._tx.execute(wanted).all())
        for row in rows:
            row["unread"] = known[row["unread"]]


_CHANGED_RECORDS = (
    update(schema.record)
    .where(schema.record.c.key == bindparam("changed_key"))
    .values(
        {
            name: bindparam(name)
            for name in (
                "payload_hash",
                "mapping_version",
                "revision",
                "parts",
                "rejected",
                "landing_page",
                "counters",
                "unread",
            )
        }
    )
)


def count_issues(tx: Connection, store: Store, job: int, counts: Mapping[tuple[str, str], int]) -> None:
    """Add to the counts of a job's issues by severity and code (negative numbers take back)."""
    rows = [
        {"job": job, "severity": severity, "code": code, "number": number}
        for (severity, code), number in sorted(counts.items())
        if number
    ]
    if rows:
        tx.execute(store.dialect.upsert(schema.issue_count, added=("number",)), rows)


def span(source: int) -> tuple[int, int]:
    """First and last key that records of the source can have."""
    return source * schema.SPAN, (source + 1) * schema.SPAN - 1


def clean(text: str | None) -> str | None:
    """Text without what no database keeps."""
    if text is None or storable(text):
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()
