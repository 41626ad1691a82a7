"""The ledger's face: what every other room may ask of it. Each method is one topic module's function."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import insert, select

from harvester.catalog.joins import UNDECIDED, Decisions
from harvester.catalog.model import HarvestRecord, Page, Part
from harvester.ledger import corrections, details, feed, history, jobs, links, pages, reports, schema, upkeep
from harvester.ledger.migrations import migrate
from harvester.ledger.store import Clock, Store
from harvester.ledger.types import (
    Change,
    Counts,
    Door,
    Ending,
    Entry,
    Expected,
    Held,
    Job,
    JobReport,
    Known,
    LatestJob,
    RecordIssue,
    RejectedRecord,
    Retention,
    SetAside,
    SourceState,
    StoredDataset,
    StoredRecord,
    Version,
    Why,
)


def _migrated(store: Store) -> str:
    """Create or migrate; returns the ledger's id."""
    with store.writing() as tx:
        migrate(tx, store.dialect)
        identity = schema.identity
        id_ = tx.execute(select(identity.c.id)).scalar()
        if id_ is None:
            id_ = str(uuid.uuid4())
            tx.execute(insert(identity).values(id=id_, created=tx.execute(select(store.now())).scalar_one()))
    return id_


def never(_holder: str) -> bool:
    """No holder is known to be dead."""
    return False


class Ledger:
    """The store of jobs, records, datasets, their versions and their change feed. Synchronous; every method is one or
    more short transactions, reading methods may be called from several threads. Faults are `LedgerError`.
    """

    def __init__(self, store: Store, id_: str) -> None:
        self._store = store
        self.id = id_

    @classmethod
    def open(cls, url: str, *, clock: Clock | None = None, retention: Retention | None = None) -> Ledger:
        """Open the ledger at a database address, creating or migrating it. `clock` None is the database's own."""
        store = Store(url, clock, retention or Retention())
        try:
            return cls(store, _migrated(store))
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Close every connection."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.close()

    # --- jobs -------------------------------------------------------------------------------------------------------

    def start_job(
        self,
        source: str,
        *,
        full: bool | None,
        holder: str,
        fingerprint: str,
        lease_seconds: int = 60,
        holder_is_dead: Callable[[str], bool] = never,
        limited: bool = False,
        full_every: timedelta = timedelta(days=7),
    ) -> Job:
        """See `jobs.start`: resume or begin; raises `LeaseHeldError`."""
        return jobs.start(
            self._store,
            source,
            full=full,
            holder=holder,
            fingerprint=fingerprint,
            lease_seconds=lease_seconds,
            holder_is_dead=holder_is_dead,
            limited=limited,
            full_every=full_every,
        )

    def heartbeat(self, job: Job) -> None:
        """See `jobs.heartbeat`: extend the lease; raises `LeaseLostError`."""
        jobs.heartbeat(self._store, job)

    def release(self, job: Job, ending: Ending | None = None) -> None:
        """See `jobs.release`: give the lease back, leaving the job to be resumed."""
        jobs.release(self._store, job, ending)

    def count(self, job: Job) -> Counts:
        """The counts of a job so far."""
        return jobs.count(self._store, job)

    def finish_job(self, job: Job, ending: Ending, expected: Expected) -> JobReport:
        """See `jobs.finish`: the verdict, and what it allows to be removed; raises `LeaseLostError`."""
        return jobs.finish(self._store, job, ending, expected)

    # --- pages and details ------------------------------------------------------------------------------------------

    def known(self, source: str, identifiers: Sequence[str]) -> dict[str, Known]:
        """See `pages.known`."""
        return pages.known(self._store, source, identifiers)

    def part_counts(self, source: str) -> dict[str, int]:
        """See `pages.part_counts`."""
        return pages.part_counts(self._store, source)

    def stored_parts(self, source: str, identifiers: Sequence[str]) -> dict[str, tuple[Part, ...]]:
        """See `pages.stored_parts`."""
        return pages.stored_parts(self._store, source, identifiers)

    def commit_page(self, job: Job, page: Page, entries: Sequence[Entry]) -> Counts:
        """See `pages.commit_page`: raises `CursorConflictError` or `LeaseLostError`."""
        return pages.commit_page(self._store, job, page, entries)

    def pending(self, job: Job, limit: int) -> tuple[HarvestRecord, ...]:
        """See `details.pending`."""
        return details.pending(self._store, job, limit)

    def commit_details(self, job: Job, entries: Sequence[Entry]) -> Counts:
        """See `details.commit_details`: raises `LeaseLostError`."""
        return details.commit_details(self._store, job, entries)

    # --- history ----------------------------------------------------------------------------------------------------

    def report(self, job_id: int) -> JobReport:
        """The report of one job; raises `LedgerError` for a number that no job has."""
        return reports.report(self._store, job_id)

    def reports(self, source: str | None = None, limit: int = 50) -> list[JobReport]:
        """Reports of the newest jobs, newest first."""
        return reports.reports(self._store, source, limit)

    def latest_jobs(self, holder_is_dead: Callable[[str], bool] = never) -> dict[str, LatestJob]:
        """See `reports.latest`: the newest job of each source."""
        return reports.latest(self._store, holder_is_dead)

    def issues(self, job_id: int, limit: int = 1_000) -> list[RecordIssue]:
        """See `history.issues`."""
        return history.issues(self._store, job_id, limit)

    def issue_counts(self, job_id: int) -> dict[tuple[str, str], int]:
        """See `history.issue_counts`: (severity, code) → number."""
        return history.issue_counts(self._store, job_id)

    def rejected(self, job_id: int, limit: int = 1_000) -> list[RejectedRecord]:
        """See `history.rejected`."""
        return history.rejected(self._store, job_id, limit)

    def would_remove(self, job_id: int, limit: int = 1_000) -> list[StoredDataset]:
        """See `history.would_remove`."""
        return history.would_remove(self._store, job_id, limit)

    def accept(self, job_id: int) -> JobReport:
        """See `corrections.accept`: lets a held job through."""
        return corrections.accept(self._store, job_id)

    def undo(self, job_id: int) -> JobReport:
        """See `corrections.undo`: takes the newest job of a source back."""
        return corrections.undo(self._store, job_id)

    def versions(self, id_: str) -> list[Version]:
        """The kept versions of a dataset, newest first."""
        return history.versions(self._store, id_)

    def also_at(self, id_: str, decisions: Decisions = UNDECIDED) -> list[Door]:
        """See `links.also_at`: the same dataset in other sources."""
        return links.also_at(self._store, id_, decisions)

    def why(self, id_or_url: str) -> list[Why]:
        """See `history.why`."""
        return history.why(self._store, id_or_url)

    def source_states(self, *, with_unread: bool = True) -> dict[str, SourceState]:
        """See `history.source_states`."""
        return history.source_states(self._store, with_unread=with_unread)

    # --- feed and datasets ------------------------------------------------------------------------------------------

    def last_seq(self) -> int:
        """The number of the newest change; 0 for a ledger without any."""
        return feed.last_seq(self._store)

    def changes(self, after: int, limit: int) -> list[Change]:
        """See `feed.changes`."""
        return feed.changes(self._store, after, limit)

    def live(self) -> Iterator[Held]:
        """See `feed.live`."""
        return feed.live(self._store)

    def datasets(self, ids: Sequence[str]) -> dict[str, StoredDataset]:
        """See `feed.datasets`."""
        return feed.datasets(self._store, ids)

    def export(self, source: str | None = None) -> Iterator[StoredDataset]:
        """See `feed.export`."""
        return feed.export(self._store, source)

    def set_aside(self, index: str, refused: Sequence[SetAside]) -> None:
        """See `feed.put_aside`."""
        feed.put_aside(self._store, index, refused)

    def set_asides(self, index: str) -> list[SetAside]:
        """What an index could not take, in the order of the feed."""
        return feed.set_asides(self._store, index)

    def clear_set_aside(self, index: str, ids: Sequence[str] | None = None) -> None:
        """Forget what was set aside: these datasets, or all of the index."""
        feed.clear_set_aside(self._store, index, ids)

    # --- upkeep -----------------------------------------------------------------------------------------------------

    def records(self, source: str, after: int = 0, limit: int = 500) -> list[StoredRecord]:
        """See `upkeep.stored_records`."""
        return upkeep.stored_records(self._store, source, after, limit)

    def waiting(self, source: str) -> int:
        """See `upkeep.waiting_records`."""
        return upkeep.waiting_records(self._store, source)

    def commit_remap(self, source: str, entries: Sequence[Entry]) -> Counts:
        """See `upkeep.commit_remap`."""
        return upkeep.commit_remap(self._store, source, entries)

    def prune(self) -> dict[str, int]:
        """See `upkeep.prune`."""
        return upkeep.prune(self._store)

    def backup(self, file: Path) -> None:
        """See `upkeep.backup`."""
        upkeep.backup(self._store, file)
