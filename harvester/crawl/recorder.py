"""From pages to the ledger: decide what is mapped, map it, commit. Synchronous; runs in worker threads.

Nothing here knows Scrapy, so that the same steps can be tested and measured without a crawl.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import Self

import msgspec

from harvester import config
from harvester.catalog.coverage import by_property
from harvester.catalog.model import HarvestRecord, Issue, Page, Part
from harvester.crawl import holder
from harvester.crawl.order import HarvestOrder
from harvester.crawl.paging import PagingGuard
from harvester.crawl.unkeyed import part_without_keys, without_keys
from harvester.ledger import Ledger, payload_hash
from harvester.ledger.types import Counts, Ending, Entry, Expected, Job, JobReport, Known
from harvester.mapping.declared import filling
from harvester.members import HarvestSource
from harvester.processing import Processor

LEASE_SECONDS = 60


class Recorder:
    """One job of one source: `begin` it, record pages and details as they come, `finish` it, `close`."""

    def __init__(self, source: HarvestSource, order: HarvestOrder) -> None:
        self._source = source
        self._order = order
        self._versions: dict[str, str] = {}
        self._throw_away: tempfile.TemporaryDirectory[str] | None = None
        self._ledger: Ledger
        self._processor: Processor
        self._guard: PagingGuard
        self.job: Job

    def begin(self) -> Job:
        """Open the ledger and start the job, or take up the one that was interrupted.

        Raises `LedgerError` where the ledger cannot be used or another live process harvests this source.
        """
        url = self._order.settings.database_url
        if self._order.dry_run:
            self._throw_away = tempfile.TemporaryDirectory(prefix="datamoa-dry-run-")
            url = f"sqlite:///{self._throw_away.name}/ledger.sqlite"
        else:
            self._order.settings.home.mkdir(parents=True, exist_ok=True)
        self._processor = Processor(self._source.catalog, config.vocabularies(self._order.settings.config))
        self._ledger = Ledger.open(url)
        job = self._ledger.start_job(
            self._source.name,
            # A listing that always holds everything shows at every harvest what is missing.
            full=self._order.full if self._source.options.incremental else True,
            full_every=self._source.full_every,
            holder=holder.this_process(),
            holder_is_dead=holder.is_dead,
            fingerprint=fingerprint(self._source),
            lease_seconds=LEASE_SECONDS,
            limited=self._order.limit is not None,
        )
        self.job = msgspec.structs.replace(job, anew=self._order.full is True)
        self._guard = PagingGuard(self.count().listed)
        return self.job

    def count(self) -> Counts:
        """Counts of the job so far, over all its processes."""
        return self._ledger.count(self.job)

    def heartbeat(self) -> None:
        """Keep the lease; raises `LeaseLostError`."""
        self._ledger.heartbeat(self.job)

    def record_page(self, page: Page) -> Counts:
        """Map what is new or changed on `page`, and commit it with the cursor after it.

        Raises `PortalError` for endless paging: then the page is not committed.
        """
        page = without_keys(page)
        return self._ledger.commit_page(self.job, page, self._entries(page))

    def _entries(self, page: Page) -> list[Entry]:
        hashes = [_listing_hash(record) for record in page.records]
        known = self._ledger.known(self._source.name, [record.identifier for record in page.records])
        new = sum(1 for record in page.records if not self._met(known.get(record.identifier)))
        self._guard.check(page, hashes, new)
        changed = [
            record.identifier
            for record, digest in zip(page.records, hashes, strict=True)
            if (before := known.get(record.identifier)) and before.has_details and self._is_new(record, digest, before)
        ]
        stored = self._ledger.stored_parts(self._source.name, changed) if changed else {}
        return [
            self._entry(record, digest, known.get(record.identifier), stored.get(record.identifier, ()))
            for record, digest in zip(page.records, hashes, strict=True)
        ]

    def pending(self, limit: int) -> tuple[HarvestRecord, ...]:
        """The next records whose further parts are to be fetched, in listing order, with all stored parts."""
        return self._ledger.pending(self.job, limit)

    def stored_parts(self) -> Mapping[str, int]:
        """How many records of the source have each part."""
        return self._ledger.part_counts(self._source.name)

    def record_details(
        self, records: Sequence[HarvestRecord], fetched: Mapping[tuple[str, str], Part | Issue]
    ) -> Counts:
        """Commit what came for `records`: by (identifier, part name) the part, or the issue why there is none.

        A part that could not be had leaves the last good one in place.
        """
        entries = []
        for record in records:
            answers = [(name, fetched[record.identifier, name]) for name in record.wanted]
            arrived = {name: part_without_keys(answer) for name, answer in answers if isinstance(answer, Part)}
            failed = tuple((name, answer) for name, answer in answers if isinstance(answer, Issue))
            parts = {part.name: part for part in record.parts} | arrived
            whole = msgspec.structs.replace(record, parts=tuple(parts.values()))
            entries.append(
                Entry(
                    record=whole,
                    payload_hash=_listing_hash(whole),
                    mapping_version=self._version(whole),
                    processed=self._processor.process(whole) if arrived else None,
                    failed_parts=failed,
                )
            )
        return self._ledger.commit_details(self.job, entries)

    def finish(self, ending: Ending) -> JobReport:
        """End the job with its verdict."""
        expect = self._source.expect
        return self._ledger.finish_job(
            self.job,
            ending,
            Expected(
                max_drop=expect.max_drop,
                min_records=expect.min_records,
                expressions=by_property(filling(self._source.catalog.rules)),
            ),
        )

    def leave(self, ending: Ending) -> JobReport:
        """Leave the job to be taken up again, by anyone and at once; gives it as it stands."""
        self._ledger.release(self.job, ending)
        return self._ledger.report(self.job.id)

    def close(self) -> None:
        """Close the ledger; a dry run's is thrown away."""
        if hasattr(self, "_ledger"):
            self._ledger.close()
        if self._throw_away:
            self._throw_away.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _met(self, known: Known | None) -> bool:
        return known is not None and known.seen_in == self.job.id

    def _is_new(self, record: HarvestRecord, digest: bytes, known: Known) -> bool:
        return known.payload_hash != digest or known.mapping_version != self._version(record) or known.removed

    def _entry(self, record: HarvestRecord, digest: bytes, known: Known | None, stored: tuple[Part, ...]) -> Entry:
        processed = None
        if not record.deleted and (known is None or self._is_new(record, digest, known)):
            listed = {part.name for part in record.parts}
            others = tuple(part for part in stored if part.name not in listed)
            whole = msgspec.structs.replace(record, parts=record.parts + others) if others else record
            processed = self._processor.process(whole)
        return Entry(record=record, payload_hash=digest, mapping_version=self._version(record), processed=processed)

    def _version(self, record: HarvestRecord) -> str:
        if not record.parts:
            return ""
        listing = record.parts[0].format
        if listing not in self._versions:
            self._versions[listing] = self._processor.version(listing)
        return self._versions[listing]


def fingerprint(source: HarvestSource) -> str:
    """Digest of where a source lists what: an interrupted job is taken up again only while that is the same."""
    parts = (source.protocol, source.url, source.options.model_dump_json())
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


def _listing_hash(record: HarvestRecord) -> bytes:
    return payload_hash(record.parts[0].payload if record.parts else b"")
