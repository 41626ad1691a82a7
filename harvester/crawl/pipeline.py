"""Where pages leave Scrapy: the item pipeline that hands them to the ledger, and watches over the job meanwhile.

The reactor's thread downloads, a second maps and commits, a page at a time and in order. Mapping in a third thread only
made them wait for the interpreter (`docs/decisions.md`). The job begins when the spider is opened and ends when it is
closed, so that ``scrapy crawl NAME`` is a harvest job too.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, Self, TypeVar, cast

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider

from harvester.catalog.model import Page
from harvester.crawl.conditional import SAVED_BYTES, SAVED_REQUESTS
from harvester.crawl.details import Details
from harvester.crawl.events import ProgressEvent
from harvester.crawl.order import ordered
from harvester.crawl.outcome import Outcome
from harvester.crawl.recorder import LEASE_SECONDS, Recorder
from harvester.errors import PortalError
from harvester.ledger.types import Counts, Ending, JobReport
from harvester.protocols.base import ProtocolSpider

logger = logging.getLogger(__name__)

T = TypeVar("T")

_TICK_SECONDS = 0.5
_HEARTBEAT_SECONDS = LEASE_SECONDS / 4
_GARBAGE_AFTER = (5_000, 10, 10)
"""Allocations before garbage is looked for (Python's default 700, 10, 10). A page makes a hundred thousand objects that
stay until it is committed, none of them in a cycle: looking after every 700 took a twentieth of a harvest. Looking ten
times less often than now lets answers of megabytes pile up, which do stand in cycles with their requests."""


class LedgerPipeline:
    """Commits the pages of one crawl. Afterwards `report` is the job's, and `error` what stopped it without an end."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._spider = cast(ProtocolSpider, crawler.spider)
        self._order = ordered(crawler.settings)
        self._recorder = Recorder(self._spider.source, self._order)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._turn = asyncio.Lock()
        self._refused = False
        self._tasks: set[asyncio.Future[Any]] = set()
        self._ticking: asyncio.Future[None] | None = None
        self._after_listing: asyncio.Future[None] | None = None
        self._closing: asyncio.Future[None] | None = None
        self._began = monotonic()
        self._heard = monotonic()
        self._phase = "starting"
        self._counts = Counts()
        self._declared_total: int | None = None
        self.outcome = self._spider.outcome = Outcome(self._order.limit, self._order.sample)
        self.report: JobReport | None = None
        self.error: Exception | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way of making it."""
        pipeline = cls(crawler)
        crawler.signals.connect(pipeline._idle, signals.spider_idle)
        return pipeline

    async def open_spider(self) -> None:
        """Start the job, or take up the one that was interrupted; raises `LedgerError` where that is refused."""
        gc.freeze()
        gc.set_threshold(*_GARBAGE_AFTER)
        self._spider.job = job = await self._work(self._recorder.begin)
        self._counts = await self._work(self._recorder.count)
        if self.outcome.left is not None:
            self.outcome.left = max(0, self.outcome.left - self._counts.listed)
        self._phase = "listing"
        self._ticking = asyncio.ensure_future(self._tick())
        kind = ("full" if job.full else "incremental") + ", resumed" * job.resumed
        logger.info("job %d of %s (%s)", job.id, job.source, kind)

    async def process_item(self, item: Page) -> Page:
        """Give a page to the worker; Scrapy goes on meanwhile (`Outcome.room` bounds how far)."""
        self._keep(asyncio.ensure_future(self._record(item)))
        return item

    async def close_spider(self) -> None:
        """End the job with what is known of its end; an interrupted one is left to be taken up again."""
        interrupted = not self._crawler.engine.running
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._ticking:
            self._ticking.cancel()
        try:
            if self._ticking:
                await self._end(interrupted)
        finally:
            await self._work(self._recorder.close)
            self._worker.shutdown(wait=False)

    async def _end(self, interrupted: bool) -> None:
        self._phase = "finishing"
        self.error = self.error or self.outcome.broken
        try:
            if self.error is None and not interrupted:
                self.report = await self._work(self._recorder.finish, self._ending())
                self.outcome.verdict = self.report.verdict
            else:
                self.report = await self._work(self._recorder.leave, self._ending())
        except Exception as error:  # noqa: BLE001 - told in the report; the job stays as it is
            self._stop(error)
        logger.info("%s", self.report or self.error)
        if self.outcome.reason:
            logger.warning("%s: %s", self.outcome.reason, self.outcome.detail)
        self._phase = "ended"
        self._tell()

    def _ending(self) -> Ending:
        outcome = self.outcome
        return Ending(
            reason=outcome.reason,
            detail=outcome.detail,
            lost_requests=outcome.lost_requests,
            lost_details=outcome.lost_details,
            requests=self._requests,
            bytes=self._bytes,
            seconds=monotonic() - self._began,
            saved_requests=self._stat(SAVED_REQUESTS),
            saved_bytes=self._stat(SAVED_BYTES),
        )

    async def _record(self, page: Page) -> None:
        async with self._turn:  # what is wrong with one page stops the job before the next is recorded
            self.outcome.room.release()
            if self.outcome.stopped or self._refused:
                return
            if page.declared_total is not None:
                self._declared_total = page.declared_total
            try:
                self._counts = await self._work(self._recorder.record_page, page)
            except PortalError as error:
                self.outcome.fail(error.reason, str(error))
                self.outcome.listing_over = self._refused = True
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing may be committed after it
                self._stop(error)

    def _idle(self) -> None:
        """Scrapy has nothing more to do: see to the pages under way and to the details, then close."""
        if self._after_listing is None:
            self._after_listing = asyncio.ensure_future(self._finish_up())
        raise DontCloseSpider

    async def _finish_up(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)
        try:
            await self._fetch_details()
        except Exception as error:  # noqa: BLE001 - as in `_record`
            self._stop(error)
        if self._crawler.engine.running:
            await self._crawler.engine.close_spider_async(reason="finished")

    async def _fetch_details(self) -> None:
        details = Details(self._crawler, self._spider)
        while not self.outcome.stopped:
            records = await self._work(self._recorder.pending, details.batch)
            if not records:
                break
            self._phase = "details"
            fetched = await details.fetch(records)
            if not self.outcome.stopped:
                self._counts = await self._work(self._recorder.record_details, records, fetched)
        if details.are_doubtful:
            details.judge(await self._work(self._recorder.stored_parts))

    def _stop(self, error: Exception) -> None:
        """Stop at once and leave the job as it is, to be taken up again."""
        if self.error is None:
            self.error = error
            logger.error("the job stops, and can be resumed: %s", error, exc_info=error)
        self._close("stopped")

    def _close(self, reason: str) -> None:
        self.outcome.stopped = True
        engine = self._crawler.engine
        if engine.running and self._phase != "finishing":
            # not among `_tasks`: closing waits for those
            self._closing = asyncio.ensure_future(engine.close_spider_async(reason=reason))

    async def _tick(self) -> None:
        """Tell progress, keep the lease, keep to the time limit, notice that Scrapy was told to stop."""
        limit = self._spider.source.time_limit.total_seconds()
        started = False
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._tell()
            # The spider is opened before the engine runs, and on a busy machine that takes longer than a tick.
            started = started or self._crawler.engine.running
            if started and not self._crawler.engine.running:
                self.outcome.stopped = True
            elif monotonic() - self._began > limit:
                self.outcome.fail("timeout", f"the time limit of {limit:g} seconds (time_limit)")
                self._close("time limit")
            elif monotonic() - self._heard > _HEARTBEAT_SECONDS:
                self._heard = monotonic()
                self._keep(asyncio.ensure_future(self._beat()))

    async def _beat(self) -> None:
        try:
            await asyncio.to_thread(self._recorder.heartbeat)  # a page may take longer than the lease
        except Exception as error:  # noqa: BLE001 - as in `_record`
            self._stop(error)

    def _tell(self) -> None:
        if not self._ticking:
            return
        event = ProgressEvent(
            source=self._spider.source.name,
            job=self._spider.job.id,
            phase=self._phase,  # type: ignore[arg-type]
            seen=self._counts.seen,
            declared_total=self._declared_total,
            requests=self._requests,
            bytes=self._bytes,
            seconds=monotonic() - self._began,
            ended=self._phase == "ended",
        )
        self._order.on_progress(event)

    @property
    def _requests(self) -> int:
        return self._stat("downloader/request_count")

    @property
    def _bytes(self) -> int:
        return self._stat("downloader/response_bytes") + self._stat("spool/bytes")

    def _stat(self, name: str) -> int:
        return cast(int, self._crawler.stats.get_value(name, 0))

    def _keep(self, task: asyncio.Future[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, function, *arguments)
