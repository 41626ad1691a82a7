"""The ledger's tables as SQLAlchemy knows them; `migrations/` creates them, and a test compares the two.

Times are integers: milliseconds since 1970 in UTC. A record's key is its source's key times 2^40 plus a number that
counts up within the source: the records of a source are one range of keys, and no writer waits for another source's.
Wide values (payloads, dataset contents; zstandard) stand in tables of their own, so that what changes with every job
(`sighting`) is a narrow row. There are no foreign keys: each row is written by a transaction that has read its parent.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

SPAN = 1 << 40
"""Keys that one source has room for."""

identity = Table(
    "identity",
    metadata,
    Column("id", Text, primary_key=True),
    Column("created", BigInteger, nullable=False),
)

feed = Table(
    "feed",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)
"""The number that the newest change got: one row. Taken as the last lock of a transaction and held until its commit."""

source = Table(
    "source",
    metadata,
    Column("key", BigInteger, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("records", BigInteger, nullable=False),
    Column("live", BigInteger, nullable=False),
    Column("lease", BigInteger, nullable=False),
    Column("holder", Text),
    Column("lease_until", BigInteger),
)
"""`records` counts keys given out, `live` datasets that are not removed; `lease` grows with every change of hands."""

job = Table(
    "job",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("source", BigInteger, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("limited", Boolean, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("since", BigInteger),
    Column("first_seq", BigInteger, nullable=False),
    Column("live_before", BigInteger, nullable=False),
    Column("cursor", Text),
    Column("listing_ended", Boolean, nullable=False),
    Column("declared_total", BigInteger),
    *(
        Column(name, BigInteger, nullable=False)
        for name in (
            "listed",
            "seen",
            "created",
            "updated",
            "unchanged",
            "rejected",
            "deleted",
            "duplicate",
            "failed",
            "missing",
            "removed",
            "lost_details",
            "requests",
            "bytes",
        )
    ),
    Column("seconds", Float, nullable=False),
    Column("verdict", Text),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("finished", BigInteger),
    Column("accepted", BigInteger),
    Column("undone", BigInteger),
    Column("profile", Text),
    Column("deviations", Text),
    Column("withheld", BigInteger, nullable=False, default=0),
    Column("saved_requests", BigInteger, nullable=False),
    Column("saved_bytes", BigInteger, nullable=False),
    Column("resumed", BigInteger, nullable=False),
    Index("job_source", "source", "id"),
)
"""`profile` counts what the job's records have so far (`harvester.ledger.profile`), as JSON; `deviations` is what it
was told to be unusual when it ended, `withheld` how many updates were kept back for that; `resumed` counts how often it
was taken up again."""

record = Table(
    "record",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("source", BigInteger, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("dataset_id", Text, nullable=False, unique=True),
    Column("payload_hash", LargeBinary, nullable=False),
    Column("mapping_version", Text, nullable=False),
    Column("revision", Text),
    Column("parts", SmallInteger, nullable=False),
    Column("rejected", Boolean, nullable=False),
    Column("landing_page", Text),
    Column("counters", Text),
    Column("unread", BigInteger),
    Column("first_seen", BigInteger, nullable=False),
    Column("first_job", BigInteger, nullable=False),
    Column("found", BigInteger),
    Column("covered", BigInteger),
    Column("covered_before", BigInteger),
    Column("mapped_in", BigInteger),
    Column("doors", LargeBinary),
    Column("traits", BigInteger, nullable=False),
    Column("traits_before", BigInteger, nullable=False, default=0),
    UniqueConstraint("source", "identifier"),
)
"""`covered`: the properties (`harvester.catalog.coverage`) of the dataset that the payload makes, `found` those before
normalising; `covered_before` what was covered before job `mapped_in` mapped it (NULL after a remap); `doors`: by what
the shown dataset is recognised in other sources (`harvester.ledger.links`). `traits`, `traits_before`: bits of the
source's traits, beside `covered` and `covered_before`."""

trait = Table(
    "trait",
    metadata,
    Column("source", BigInteger, primary_key=True, autoincrement=False),
    Column("place", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
)
"""What a source's records have beside DCAT's properties; `place` is the bit of `record.traits`."""

sighting = Table(
    "sighting",
    metadata,
    Column("record", BigInteger, primary_key=True, autoincrement=False),
    Column("job", BigInteger, nullable=False),
    Column("outcome", SmallInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("missing", BigInteger),
)
"""The last job that met the record and what it made of it; `missing` is the complete full job that missed it first."""

part = Table(
    "part",
    metadata,
    Column("record", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("place", SmallInteger, nullable=False),
    Column("format", Text, nullable=False),
    Column("payload_hash", LargeBinary, nullable=False),
    Column("revision", Text),
    Column("payload", LargeBinary, nullable=False),
)
"""Current payloads; `place` 0 is the listing's own; `revision` is that of the record when the part arrived."""

past_part = Table(
    "past_part",
    metadata,
    Column("key", BigInteger, primary_key=True),
    Column("record", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("replaced", BigInteger, nullable=False),
    Index("past_part_record", "record", "name", "key"),
)

dataset = Table(
    "dataset",
    metadata,
    Column("record", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("content_seq", BigInteger, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("changed", BigInteger, nullable=False),
)
"""The change feed: one row per dataset with its latest `seq`; `content_seq` is the version that holds its last
content, an older one when the dataset is removed."""

version = Table(
    "version",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("record", BigInteger, nullable=False),
    Column("job", BigInteger),
    Column("cause", Text, nullable=False),
    Column("recorded", BigInteger, nullable=False),
    Column("content_hash", LargeBinary),
    Column("content", LargeBinary),
    Index("version_record", "record", "seq"),
)
"""Append-only; `content` NULL is a tombstone."""

withheld = Table(
    "withheld",
    metadata,
    Column("record", BigInteger, primary_key=True, autoincrement=False),
    Column("job", BigInteger, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Updates that the newest job of a source keeps back because they lose what nearly all its records lost."""

door = Table(
    "door",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("record", BigInteger, primary_key=True, autoincrement=False),
)
"""Keys of `record.doors`, to find the records that share one."""

record_issue = Table(
    "record_issue",
    metadata,
    Column("record", BigInteger, primary_key=True, autoincrement=False),
    Column("job", BigInteger, nullable=False),
    Column("found", Text, nullable=False),
    Column("failed", Text, nullable=False),
    Index("record_issue_job", "job", "record"),
)
"""Issues of a record now, as JSON: `found` by processing it, `failed` by part that could not be had."""

issue_count = Table(
    "issue_count",
    metadata,
    Column("job", BigInteger, primary_key=True, autoincrement=False),
    Column("severity", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

stray = Table(
    "stray",
    metadata,
    Column("key", BigInteger, primary_key=True),
    Column("job", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("identifier", Text),
    Column("format", Text),
    Column("payload", LargeBinary),
    Column("issue", Text, nullable=False),
    Index("stray_job", "job", "key"),
)
"""What a listing held beside records: entries without identifier (`rejected`), entries whose metadata could not be had
(`lost`), second versions of one identifier (`duplicate`), and remarks on the job itself (`job`)."""

pending = Table(
    "pending",
    metadata,
    Column("place", BigInteger, primary_key=True),
    Column("job", BigInteger, nullable=False),
    Column("record", BigInteger, nullable=False, unique=True),
    Column("revision", Text),
    Column("wanted", Text, nullable=False),
    Index("pending_job", "job", "place"),
)

unread_fields = Table(
    "unread_fields",
    metadata,
    Column("key", BigInteger, primary_key=True),
    Column("source", BigInteger, nullable=False),
    Column("fields", Text, nullable=False),
    UniqueConstraint("source", "fields"),
)
"""Sets of payload fields that no mapping reads; a record points at its set, most records of a source at the same."""

set_aside = Table(
    "set_aside",
    metadata,
    Column("index_name", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)
