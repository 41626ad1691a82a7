"""Running harvest jobs: many side by side, a child process each, or one in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from harvester import config
from harvester.crawl.children import Children
from harvester.crawl.events import ProgressEvent
from harvester.crawl.order import HarvestOrder, Sample, Witness
from harvester.ledger.types import JobReport
from harvester.members import HarvestSource


def _silent(event: ProgressEvent) -> None:
    pass


def harvest(
    settings: config.Settings,
    sources: Sequence[HarvestSource],
    *,
    full: bool | None = None,
    limit: int | None = None,
    dry_run: bool = False,
    on_progress: Callable[[ProgressEvent], None] = _silent,
    at_once: int = 4,
    stop: threading.Event | None = None,
    memory: int | None = None,
) -> list[JobReport]:
    """Harvest `sources` side by side, `at_once` at a time, a process each; the reports come in the order of `sources`.

    Every source gets a report, whatever happened to its process: one that died, or that Ctrl-C stopped, is reported as
    failed ("interrupted"), and its job is taken up again by the next harvest. `on_progress` is called in this thread.
    `stop`, once set, asks all of them to stop; `memory` limits each process, in MB.
    """
    order = HarvestOrder(settings, full, limit, dry_run, datetime.now(UTC), on_progress)
    return Children(order, at_once, stop, memory).run(sources)


def harvest_source(
    settings: config.Settings,
    source: HarvestSource,
    *,
    full: bool | None = None,
    limit: int | None = None,
    dry_run: bool = False,
    run_started: datetime | None = None,
    on_progress: Callable[[ProgressEvent], None] = _silent,
    sample: Sample | None = None,
    witness: Witness | None = None,
) -> JobReport:
    """Harvest one source in this process, and return when its job has ended or was interrupted.

    Raises `LedgerError` or `ConfigurationError` where the job cannot begin; what goes wrong later is in the report.
    """
    from harvester.crawl.crawling import crawl  # Scrapy takes half a second to import
    from harvester.crawl.loop import event_loop

    order = HarvestOrder(
        settings, full, limit, dry_run, run_started or datetime.now(UTC), on_progress, sample=sample, witness=witness
    )
    return event_loop().run_until_complete(crawl(source, order))
