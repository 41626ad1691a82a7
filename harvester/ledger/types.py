"""What goes into the ledger and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from harvester.catalog.model import Counters, HarvestRecord, Issue, JoinKind, Part, Processed, Severity

Verdict: TypeAlias = Literal["complete", "partial", "held", "failed"]


Cause: TypeAlias = Literal["harvest", "accept", "undo", "remap", "hold"]
"""What made a version of a dataset; ``hold``: the job that had changed it turned out to be one of a changed layout."""


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How much history `prune` leaves: versions of a dataset, payloads of a part (1: only the current one, since a
    million CKAN records are about 4 GB a version), finished jobs of a source.
    """

    versions: int = 5
    payloads: int = 1
    jobs: int = 200


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A harvest job that runs now: `cursor` is where its listing goes on (None: the beginning), `listing_ended` says
    that only details are left, `since` is the start of the last complete job for an incremental one (UTC).

    `limited`: the operator asked for a few records only (`--limit`), so this job can never be complete. `anew`: further
    parts are asked for again whether or not the listing shows a change.
    `lease` numbers the times that the source changed hands: a job whose lease is not the newest has lost it; it lasts
    `lease_seconds` from the last heartbeat or commit.
    """

    id: int
    source: str
    full: bool
    holder: str
    cursor: str | None = None
    listing_ended: bool = False
    since: datetime | None = None
    resumed: bool = False
    limited: bool = False
    anew: bool = False
    lease: int = 0
    lease_seconds: int = 60


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger has of one record before a page is committed.

    `payload_hash` is that of its listing part; `has_details` says that further parts are stored: then a changed
    listing must be processed together with them (`Ledger.stored_parts`).
    """

    payload_hash: bytes
    mapping_version: str
    revision: str | None
    has_details: bool
    seen_in: int
    removed: bool


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a page or of a batch of details, ready to be committed.

    `processed` is None when payload and mapping version are what the ledger has already: nothing was mapped.
    `failed_parts` names wanted parts that could not be had, with the issue of each.
    """

    record: HarvestRecord
    payload_hash: bytes
    mapping_version: str
    processed: Processed | None
    failed_parts: tuple[tuple[str, Issue], ...] = ()


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of a job so far: listed = seen + failed; seen = the six others together."""

    listed: int = 0
    seen: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    deleted: int = 0
    duplicate: int = 0
    failed: int = 0


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How the crawl of a job ended, as the crawler saw it. `reason` is None when nothing went wrong.

    `lost_requests` counts requests of the listing that were given up, `lost_details` those for details.
    `saved_requests` are answers that did not have to be sent again, `saved_bytes` what they would have had.
    """

    reason: str | None = None
    detail: str = ""
    lost_requests: int = 0
    lost_details: int = 0
    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0
    saved_requests: int = 0
    saved_bytes: int = 0


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What a good run looks like (`expect:` in the YAML); `expressions` are those of the member file, by property."""

    max_drop: float = 0.2
    min_records: int = 0
    expressions: Mapping[str, tuple[str, ...]] = {}


class Deviation(msgspec.Struct, frozen=True, kw_only=True):
    """What is unusual about a job: `what` is a property (``title``, ``distribution.download_url``), a trait
    (``additional.전화``, ``title at `dl dt a```), ``rejected``, or ``records`` (their number, as a share of the usual).

    `before` and `after` are shares of the records, `records` is how many they are that differ. `structural`: nearly all
    that had it lost it, so the job's updates that lose it are kept back. `unreadable`: its values are still found, but
    in a form that cannot be read. `new`: it is new records that lack what is usual. `expressions` are where the member
    file looks, `given_up` where it looked, and found, when it was another; `candidates` are fields that are new.
    """

    what: str
    before: float
    after: float
    records: int
    structural: bool = False
    unreadable: bool = False
    new: bool = False
    expressions: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    given_up: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"{self.what}{' of new records' * self.new}: {self.before:.0%} → {self.after:.0%}".replace("%", " %")
        if self.unreadable:
            text += ", found but not readable any more"
        if self.expressions:
            text += f" at {_either(self.expressions)}"
        if self.given_up:
            text += f"; the member file no longer looks at {_either(self.given_up)}"
        return text + (f"; candidates: {', '.join(self.candidates)}" if self.candidates else "")


def _either(expressions: tuple[str, ...]) -> str:
    return " or ".join(f"`{one}`" for one in expressions)


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Another entry of the same dataset: its id and harvest source, and why the two are the same one: of which kind the
    reason is (``decision``: a person said so), and the reason in words.
    """

    id: str
    source: str
    kind: JoinKind | Literal["decision"]
    reason: str


class JobReport(msgspec.Struct, frozen=True, kw_only=True):
    """A job as every command reports it; the first eighteen fields are the `--json` contract, in this order.

    `missing` records were absent for the first time, `removed` ones were turned into tombstones by this job.
    `verdict` is None while the job runs or after it was interrupted. `bytes` received, `seconds` of crawling.
    `withheld` updates wait for `accept`; their records count as unchanged. `detail` is the sentence behind the reason:
    which address, what it answered. `resumed`: how often the job was taken up again after an interruption. `job` is 0
    where none could begin; `elsewhere`: because another process is harvesting the source.
    """

    source: str
    job: int
    verdict: Verdict | None
    reason: str
    listed: int = 0
    seen: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    deleted: int = 0
    duplicate: int = 0
    failed: int = 0
    missing: int = 0
    removed: int = 0
    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0
    detail: str = ""
    full: bool = True
    started: datetime | None = None
    finished: datetime | None = None
    accepted: datetime | None = None
    undone: datetime | None = None
    deviations: tuple[Deviation, ...] = ()
    withheld: int = 0
    saved_requests: int = 0
    saved_bytes: int = 0
    resumed: int = 0
    elsewhere: bool = False

    @property
    def why(self) -> str:
        """Reason and detail in one."""
        return ": ".join(part for part in (self.reason, self.detail) if part)


class LatestJob(msgspec.Struct, frozen=True, kw_only=True):
    """The newest job of a source that was not limited to a few records. `running`: a live holder has its lease.

    A job that has neither `finished` nor is running was interrupted. `seconds` of crawling. `last_verdict` is that of
    the source's newest job that ended by itself: this one's, or that of one before it.
    """

    source: str
    job: int
    started: datetime
    finished: datetime | None
    running: bool
    verdict: Verdict | None
    reason: str
    seconds: float
    last_verdict: Verdict | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the change feed: the newest state of a dataset. `content` None is a tombstone."""

    seq: int
    id: str
    source: str
    content: bytes | None
    content_hash: bytes | None


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """A change that an index could not take after its retries, with the reason; the next rebuild tries it again."""

    seq: int
    id: str
    reason: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Identity of a live dataset for comparing an index with the ledger."""

    id: str
    source: str
    content_hash: bytes
    seq: int


class StoredDataset(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset as the ledger keeps it; `content` is the last one it had when `removed`. Times in UTC."""

    id: str
    source: str
    identifier: str
    content: bytes
    content_hash: bytes
    seq: int
    counters: Counters
    first_seen: datetime
    last_seen: datetime
    changed: datetime
    removed: bool


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """One look at a source: datasets live now, its newest finished job, fields that nobody reads with their counts;
    `coverage`: of the records of the last complete full job, the share (0 to 1) in which each property was found, and
    that whose dataset has it.
    """

    source: str
    datasets: int = 0
    last_job: JobReport | None = None
    last_complete: datetime | None = None
    unread: dict[str, int] = {}
    coverage: dict[str, tuple[float, float]] = {}


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one record: `state` is live, missing, removed, rejected or pending; `reason` says why."""

    id: str
    source: str
    state: Literal["live", "missing", "removed", "rejected", "pending"]
    reason: str
    identifier: str
    landing_page: str | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    last_changed: datetime | None = None
    last_job: int | None = None
    issues: tuple[Issue, ...] = ()


class RecordIssue(msgspec.Struct, frozen=True, kw_only=True):
    """An issue with what it is about: a record (`id` is its dataset's), an entry without identifier (both None), or
    the job as a whole (both None). The other fields are those of `Issue`.
    """

    identifier: str | None
    id: str | None
    severity: Severity
    code: str
    message: str
    field: str | None = None
    value: str | None = None


class RejectedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that did not become a dataset, with the reasons and what the portal gave; `identifier` and `id` are None
    for an entry that has no usable identifier. `code` and `message` are those of its first error, `excerpt` is the
    beginning of the listing's payload as text. `shown`: an older good dataset is still shown.
    """

    identifier: str | None
    id: str | None
    code: str
    message: str
    excerpt: str
    shown: bool
    issues: tuple[Issue, ...]
    parts: tuple[Part, ...]


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One state that a dataset had; `content` None is a tombstone. `job` is None for a remap."""

    seq: int
    job: int | None
    cause: Cause
    recorded: datetime
    content: bytes | None
    content_hash: bytes | None


class StoredRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record with all its stored parts, the listing's first; `key` orders the records of a source for paging."""

    key: int
    record: HarvestRecord
    payload_hash: bytes
    mapping_version: str
