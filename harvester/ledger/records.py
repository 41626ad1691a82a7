"""Harvest records as they are stored: what is asked about them before a transaction decides what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from harvester.catalog import coverage
from harvester.ledger import schema
from harvester.ledger.encoding import storable
from harvester.ledger.profile import Seen
from harvester.ledger.store import Store
from harvester.ledger.types import Entry

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
"""Mapping version of a record whose dataset `undo` or a held job took back: the next harvest maps it anew, `remap`
leaves it alone."""

LET_THROUGH = "accepted"
"""Mapping version of a record whose dataset `accept` published: as good as any, but nobody knows by which rules."""


class Prepared(NamedTuple):
    """An entry with the payloads of its parts and its content compressed, before the transaction opens.

    The payload of the listing's part is empty where nothing was mapped: it is stored already.
    """

    entry: Entry
    payloads: Sequence[bytes]
    content: bytes | None


def prepare(store: Store, entries: Iterable[Entry]) -> list[Prepared]:
    """Do what takes time before a transaction holds the write lock."""
    entries = list(entries)
    raw: list[bytes] = []
    for entry in entries:
        raw += [part.payload for part in entry.record.parts[entry.processed is None :]]
        if entry.processed is not None and entry.processed.content is not None:
            raw.append(entry.processed.content)
    compressed = iter(store.compress(raw))
    prepared = []
    for entry in entries:
        payloads = [b""] if entry.processed is None else []
        payloads += [next(compressed) for _ in entry.record.parts[entry.processed is None :]]
        has_content = entry.processed is not None and entry.processed.content is not None
        prepared.append(Prepared(entry, payloads, next(compressed) if has_content else None))
    return prepared


class State(NamedTuple):
    """What is stored of one record: its row, its last sighting, and its row in the change feed.

    `found`, `covered` and `covered_before` are without `traits` and `traits_before`, which stand above them.
    """

    key: int
    identifier: str
    payload_hash: bytes
    mapping_version: str
    parts: int
    rejected: int
    landing_page: str | None
    counters: str | None
    found: int | None
    covered: int | None
    covered_before: int | None
    mapped_in: int | None
    traits: int
    traits_before: int
    job: int
    outcome: int
    seq: int | None
    content_seq: int | None
    content_hash: bytes | None

    @property
    def live(self) -> bool:
        """Whether the record has a dataset that is not removed."""
        return self.seq is not None and self.seq == self.content_seq


def coverage_before(state: State, job: int | None) -> int | None:
    """What the record's dataset covered before the job mapped it (None: not known, or it was rejected).

    A rejected record has no dataset that could lose anything; one that was taken back stands for its last good one.
    """
    if job is not None and state.mapped_in == job:
        covered, traits = state.covered_before, state.traits_before
    else:
        covered, traits = state.covered, state.traits
        if state.rejected and state.mapping_version != TAKEN_BACK:
            return None
    return None if covered is None else coverage.with_traits(covered, traits)


def as_stored(state: State, job: int | None) -> Seen:
    """What the record adds to the job's profile as it is stored.

    One with further parts that was not mapped says nothing about the portal of today: its parts are of earlier jobs.
    """
    assert state.found is not None
    assert state.covered is not None
    mapped = job is not None and state.mapped_in == job
    silent = state.parts > 1 and not mapped
    return Seen(
        coverage.with_traits(state.found, state.traits),
        coverage.with_traits(state.covered, state.traits),
        None if silent else coverage_before(state, job),
        mapped=mapped,
        rejected=bool(state.rejected),
    )


_STATES = (
    select(
        *(schema.record.c[name] for name in State._fields[:14]),
        *(schema.sighting.c[name] for name in State._fields[14:16]),
        *(schema.dataset.c[name] for name in State._fields[16:]),
    )
    .join_from(schema.record, schema.sighting, schema.record.c.key == schema.sighting.c.record)
    .outerjoin(schema.dataset, schema.record.c.key == schema.dataset.c.record)
)


def states(tx: Connection, store: Store, source: int, identifiers: Sequence[str]) -> dict[str, State]:
    """What is stored of these records, by identifier: one statement a page."""
    identifiers = [identifier for identifier in identifiers if storable(identifier)]
    if not identifiers:
        return {}
    chosen = store.dialect.among(schema.record.c.identifier, identifiers)
    rows = store.dialect.fetch(tx, _STATES.where(schema.record.c.source == source, chosen))
    return {row[1]: State._make(row) for row in rows}


class StoredPart(NamedTuple):
    """What is known of a stored part without reading its payload."""

    payload_hash: bytes
    revision: str | None


def stored_parts(tx: Connection, store: Store, keys: Sequence[int]) -> dict[int, dict[str, StoredPart]]:
    """Names, hashes and revisions of the parts of these records."""
    found: dict[int, dict[str, StoredPart]] = {}
    if keys:
        part = schema.part.c
        statement = select(part.record, part.name, part.payload_hash, part.revision)
        for key, name, digest, revision in store.dialect.fetch(
            tx, statement.where(store.dialect.among(part.record, keys))
        ):
            found.setdefault(key, {})[name] = StoredPart(digest, revision)
    return found


def span(source: int) -> tuple[int, int]:
    """First and last key that records of the source can have."""
    return source * schema.SPAN, (source + 1) * schema.SPAN - 1
