"""Rows that are written by the thousand: named tuples whose fields are the columns of their table."""

from __future__ import annotations

from typing import NamedTuple


class NewRecord(NamedTuple):
    """A row of `record`; `unread` is the set of fields as JSON until the batch knows its key."""

    key: int
    source: int
    identifier: str
    dataset_id: str
    payload_hash: bytes
    mapping_version: str
    revision: str | None
    parts: int
    rejected: bool
    landing_page: str | None
    counters: str | None
    unread: str | int | None
    first_seen: int
    first_job: int
    found: int
    covered: int
    mapped_in: int
    doors: bytes
    traits: int


class ChangedRecord(NamedTuple):
    """What a new payload or another mapping changes in a row of `record`."""

    key: int
    payload_hash: bytes
    mapping_version: str
    revision: str | None
    parts: int
    rejected: bool
    landing_page: str | None
    counters: str | None
    unread: str | int | None
    found: int
    covered: int
    covered_before: int | None
    mapped_in: int | None
    traits: int
    traits_before: int


class Sighting(NamedTuple):
    """A row of `sighting`."""

    record: int
    job: int
    outcome: int
    seen: int
    missing: int | None


class PartRow(NamedTuple):
    """A row of `part`; `payload` is compressed."""

    record: int
    name: str
    place: int
    format: str
    payload_hash: bytes
    revision: str | None
    payload: bytes


class PastPart(NamedTuple):
    """A row of `past_part`."""

    record: int
    name: str
    format: str
    payload: bytes
    replaced: int


class VersionRow(NamedTuple):
    """A row of `version`."""

    seq: int
    record: int
    job: int | None
    cause: str
    recorded: int
    content_hash: bytes | None
    content: bytes | None


class DatasetRow(NamedTuple):
    """A row of `dataset`."""

    record: int
    seq: int
    content_seq: int
    content_hash: bytes
    changed: int


class Burial(NamedTuple):
    """What a tombstone changes in a row of `dataset`."""

    record: int
    seq: int
    changed: int


class IssueRow(NamedTuple):
    """A row of `record_issue`."""

    record: int
    job: int
    found: str
    failed: str


class IssueCount(NamedTuple):
    """A row of `issue_count`."""

    job: int
    severity: str
    code: str
    number: int


class Stray(NamedTuple):
    """A row of `stray`, without its key."""

    job: int
    kind: str
    identifier: str | None
    format: str | None
    payload: bytes | None
    issue: str


class Pending(NamedTuple):
    """A row of `pending`, without its place."""

    job: int
    record: int
    revision: str | None
    wanted: str


class Withheld(NamedTuple):
    """A row of `withheld`; `content` is compressed."""

    record: int
    job: int
    content_hash: bytes
    content: bytes


class Recognised(NamedTuple):
    """What another dataset changes in a row of `record`."""

    key: int
    doors: bytes


class Door(NamedTuple):
    """A row of `door`."""

    key: int
    record: int


class NotMapped(NamedTuple):
    """What `undo` changes in a row of `record`."""

    key: int
    mapping_version: str


class Refused(NamedTuple):
    """A row of `set_aside`."""

    index_name: str
    id: str
    seq: int
    reason: str
