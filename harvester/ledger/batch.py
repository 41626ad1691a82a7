"""What one transaction changes in records, collected first and then written with few statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

from sqlalchemy import Connection, delete, insert, select, update

from harvester.catalog import coverage
from harvester.catalog.model import Issue
from harvester.ledger import bulk, links, records, schema, traits
from harvester.ledger.encoding import NO_ISSUES, NONE_FAILED, clean, issues_json, payload_hash, to_json
from harvester.ledger.profile import Seen, Tally
from harvester.ledger.publishing import DatasetChange, publish
from harvester.ledger.records import CREATED, REJECTED, UNCHANGED, UPDATED, Prepared, State, StoredPart
from harvester.ledger.rows import ChangedRecord, IssueCount, IssueRow, NewRecord, PartRow, PastPart, Sighting, Withheld
from harvester.ledger.store import Store
from harvester.ledger.types import Cause
from harvester.processing import Processed

_RecordRow = TypeVar("_RecordRow", NewRecord, ChangedRecord)


class Batch:
    """Everything that one transaction changes in records, sightings, parts, issues and datasets.

    `watch` comes before the first `take`. Collected in the order of the entries, which is the order of the `seq`
    numbers. `live` is by how much the number of live datasets changes. `job` is None for a remap.
    """

    def __init__(self, store: Store, tx: Connection, source: int, *, job: int | None, cause: Cause, now: int) -> None:
        self._store = store
        self._tx = tx
        self._source = source
        self._job = job
        self._cause = cause
        self._now = now
        self._new_records: list[NewRecord] = []
        self._changed_records: list[ChangedRecord] = []
        self._new_sightings: list[Sighting] = []
        self._sightings: dict[int, list[int]] = {}
        self._parts: list[PartRow] = []
        self._issues: list[IssueRow] = []
        self._without_issues: list[int] = []
        self._failed: list[IssueRow] = []
        self._revived: dict[int, int] = {}
        self._lost: dict[int, int] = {}
        self._updated: set[int] = set()
        self._withheld: list[Withheld] = []
        self._not_withheld: list[int] = []
        self._recognised: list[DatasetChange] = []
        self._bits: dict[str, int] = {}
        self.traits: Sequence[str] = ()
        self.tally = Tally()
        self.datasets: list[DatasetChange] = []
        self.issue_counts: Counter[tuple[str, str]] = Counter()
        self.live = 0

    def watch(self, prepared: Sequence[Prepared]) -> None:
        """Say, before any of them is taken, which entries the transaction has: what most of them have gets a name."""
        met = [one.entry.processed.traits for one in prepared if one.entry.processed is not None]
        self.traits = traits.watched(self._tx, self._source, traits.of_source(self._tx, self._source), met)
        self._bits = {name: 1 << place for place, name in enumerate(self.traits)}
        self.tally = Tally(self.traits)

    def take(
        self, key: int, state: State | None, prepared: Prepared, parts: Mapping[str, StoredPart] | None = None
    ) -> int:
        """Store a processed entry; returns its outcome. `parts` are those stored before (None: the first at most)."""
        entry, processed = prepared.entry, prepared.entry.processed
        assert processed is not None
        further = entry.record.parts[1:]
        stored = len(parts) if parts else 1
        number = stored + sum(part.name not in (parts or ()) for part in further)
        counters = to_json(processed.counters) if processed.counters else None
        unread = to_json(sorted(processed.unread)) if processed.unread else None
        revision = clean(entry.record.revision)
        version = entry.mapping_version
        landing_page = clean(processed.landing_page)
        before = None if state is None else records.coverage_before(state, self._job)
        has = sum(self._bits.get(name, 0) for name in set(processed.traits))
        if state is None:
            assert self._job is not None
            self._new_records.append(
                NewRecord(
                    key,
                    self._source,
                    entry.record.identifier,
                    processed.dataset_id,
                    entry.payload_hash,
                    version,
                    revision,
                    number,
                    processed.content is None,
                    landing_page,
                    counters,
                    unread,
                    self._now,
                    self._job,
                    processed.found,
                    processed.covered,
                    self._job,
                    links.stored(processed.joins) if processed.content is not None else b"",
                    has,
                )
            )
        else:
            if processed.content is None:
                landing_page, counters = state.landing_page, state.counters
            self._changed_records.append(
                ChangedRecord(
                    key,
                    entry.payload_hash,
                    version,
                    revision,
                    number,
                    processed.content is None,
                    landing_page,
                    counters,
                    unread,
                    processed.found,
                    processed.covered,
                    None if before is None else coverage.properties_in(before),
                    self._job,
                    has,
                    coverage.traits_in(before or 0),
                )
            )
            self._lost[key] = (before or 0) & ~coverage.with_traits(processed.covered, has)
            if state.mapped_in == self._job or self._job is None:
                self._not_withheld.append(key)
        rejected = processed.content is None
        found, covered = (coverage.with_traits(bits, has) for bits in (processed.found, processed.covered))
        self.tally.add(Seen(found, covered, before, mapped=True, rejected=rejected))
        self._take_issues(key, state, processed)
        if state is None or state.payload_hash != entry.payload_hash:
            self.store_part(key, prepared, 0)
        outcome = self._take_dataset(key, state, processed, prepared.content)
        if outcome == UNCHANGED and state is not None and state.mapping_version != version:
            same = DatasetChange(key, prepared.content, processed.content_hash, processed.joins)
            self._recognised.append(same)  # other rules may recognise the same dataset by other keys
        return outcome

    def _take_issues(self, key: int, state: State | None, processed: Processed) -> None:
        if processed.issues:
            job = self._job if self._job is not None or state is None else state.job
            assert job is not None
            self._issues.append(IssueRow(key, job, issues_json(processed.issues), NONE_FAILED))
            self.issue_counts.update([(issue.severity, issue.code) for issue in processed.issues])
        elif state is not None:
            self._without_issues.append(key)

    def _take_dataset(self, key: int, state: State | None, processed: Processed, content: bytes | None) -> int:
        if content is None:
            return REJECTED
        if state is not None and state.live:
            if state.content_hash == processed.content_hash:
                return UNCHANGED
            self.datasets.append(DatasetChange(key, content, processed.content_hash, processed.joins))
            self._updated.add(key)
            return UPDATED
        self.datasets.append(DatasetChange(key, content, processed.content_hash, processed.joins))
        self.live += 1
        return CREATED

    def store_part(self, key: int, prepared: Prepared, place: int, revision: str | None = None) -> None:
        """Store one part of an entry as the current one, for the entry's revision or the one given."""
        record = prepared.entry.record
        if not record.parts:
            return
        part = record.parts[place]
        digest = prepared.entry.payload_hash if place == 0 else payload_hash(part.payload)
        row = PartRow(
            key, part.name, place, part.format, digest, revision or clean(record.revision), prepared.payloads[place]
        )
        self._parts.append(row)

    def fail_parts(self, key: int, failed: Mapping[str, Issue]) -> None:
        """Keep, beside the issues that processing found, those of parts that could not be had (none: forget them)."""
        assert self._job is not None
        self._failed.append(IssueRow(key, self._job, NO_ISSUES, to_json(failed)))

    def bury(self, key: int) -> None:
        """Turn a live dataset into a tombstone."""
        self.datasets.append(DatasetChange(key, None, None))
        self.live -= 1

    def revive(self, state: State) -> None:
        """Bring a removed dataset back as it was last."""
        assert state.content_seq is not None
        self._revived[state.key] = state.content_seq
        self.datasets.append(DatasetChange(state.key, None, state.content_hash))
        self.live += 1

    def count_unmapped(self, state: State) -> None:
        """Count the properties of a record that was met as it is stored."""
        if state.covered is not None:
            self.tally.add(records.as_stored(state, self._job))

    def count_anew(self, state: State) -> None:
        """Forget what this job counted for a record that it met before: it is about to be taken again."""
        if state.covered is not None:
            self.tally.take_out(records.as_stored(state, self._job))

    def keep_back(self, gone: int) -> None:
        """Keep back the updates that lose one of the properties `gone`: their datasets stay as they were last."""
        if not gone:
            return
        assert self._job is not None
        published = []
        for change in self.datasets:
            if change.record in self._updated and self._lost[change.record] & gone:
                assert change.content is not None
                assert change.content_hash is not None
                self._withheld.append(Withheld(change.record, self._job, change.content_hash, change.content))
            else:
                published.append(change)
        self.datasets = published

    def see(self, key: int, outcome: int, *, new: bool = False) -> None:
        """Note that the job met the record."""
        if new:
            assert self._job is not None
            self._new_sightings.append(Sighting(key, self._job, outcome, self._now, None))
        else:
            self._sightings.setdefault(outcome, []).append(key)

    def write(self) -> None:
        """Write the rows of everything but datasets."""
        tx = self._tx
        keys = self._unread_keys()
        bulk.insert(tx, schema.record, _with_unread(self._new_records, keys))
        bulk.update(tx, schema.record, _with_unread(self._changed_records, keys))
        bulk.insert(tx, schema.sighting, self._new_sightings)
        sighting = schema.sighting
        for outcome, met in sorted(self._sightings.items()):
            tx.execute(
                update(sighting)
                .where(self._store.dialect.among(sighting.c.record, met))
                .values(job=self._job, outcome=outcome, seen=self._now, missing=None)
            )
        self._write_parts()
        self._write_issues()
        self._read_revived()
        self._write_withheld()

    def publish(self) -> None:
        """Number and write the datasets; the last thing that a transaction does."""
        new = {row.key: row.doors for row in self._new_records}
        links.write(self._tx, self._store, [*self.datasets, *self._recognised], new)
        publish(self._tx, self.datasets, job=self._job, cause=self._cause, now=self._now)

    def _write_parts(self) -> None:
        if self._store.retention.payloads > 1 and self._parts:
            part = schema.part.c
            names = {(row.record, row.name) for row in self._parts}
            replaced = select(part.record, part.name, part.format, part.payload).where(
                self._store.dialect.among(part.record, [row.record for row in self._parts])
            )
            rows = [PastPart(*row, self._now) for row in self._tx.execute(replaced) if (row[0], row[1]) in names]
            bulk.insert(self._tx, schema.past_part, rows)
        updated = ("place", "format", "payload_hash", "revision", "payload")
        bulk.upsert(self._tx, schema.part, self._parts, updated)

    def _write_issues(self) -> None:
        tx, issue, among = self._tx, schema.record_issue, self._store.dialect.among
        bulk.upsert(tx, issue, self._failed, ("job", "failed"))
        bulk.upsert(tx, issue, self._issues, ("job", "found"))
        if self._without_issues:
            tx.execute(update(issue).where(among(issue.c.record, self._without_issues)).values(found=NO_ISSUES))
        touched = self._without_issues + [row.record for row in self._failed]
        if touched:
            empty = (issue.c.found == NO_ISSUES, issue.c.failed == NONE_FAILED)
            tx.execute(delete(issue).where(among(issue.c.record, touched), *empty))

    def _read_revived(self) -> None:
        if not self._revived:
            return
        version = schema.version.c
        chosen = self._store.dialect.among(version.seq, list(self._revived.values()))
        contents = dict(self._tx.execute(select(version.seq, version.content).where(chosen)).all())
        for place, change in enumerate(self.datasets):
            if change.record in self._revived:
                self.datasets[place] = change._replace(content=contents[self._revived[change.record]])

    def _write_withheld(self) -> None:
        if self._not_withheld:
            chosen = self._store.dialect.among(schema.withheld.c.record, self._not_withheld)
            self._tx.execute(delete(schema.withheld).where(chosen))
        bulk.insert(self._tx, schema.withheld, self._withheld)

    def _unread_keys(self) -> dict[str, int]:
        """Keys of the sets of unread fields; a source has a handful of them."""
        sets = sorted(
            {str(row.unread) for row in self._new_records if row.unread}
            | {str(row.unread) for row in self._changed_records if row.unread}
        )
        if not sets:
            return {}
        table = schema.unread_fields
        wanted = select(table.c.fields, table.c.key).where(
            table.c.source == self._source, self._store.dialect.among(table.c.fields, sets)
        )
        known = dict(self._tx.execute(wanted).all())
        missing = [{"source": self._source, "fields": fields} for fields in sets if fields not in known]
        if missing:
            self._tx.execute(table.insert(), missing)
            known = dict(self._tx.execute(wanted).all())
        return known


def _with_unread(rows: list[_RecordRow], keys: Mapping[str, int]) -> list[_RecordRow]:
    return [row._replace(unread=keys[str(row.unread)]) if row.unread else row for row in rows]


def remark(tx: Connection, job: int, issue: Issue) -> None:
    """Note an issue of the job itself."""
    tx.execute(insert(schema.stray).values(job=job, kind="job", issue=to_json(issue)))
    count_issues(tx, job, {(issue.severity, issue.code): 1})


def count_issues(tx: Connection, job: int, counts: Mapping[tuple[str, str], int]) -> None:
    """Add to the counts of a job's issues by severity and code (negative numbers take back)."""
    rows = [IssueCount(job, *which, number) for which, number in sorted(counts.items()) if number]
    bulk.upsert(tx, schema.issue_count, rows, (), added=("number",))
