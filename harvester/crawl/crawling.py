"""One crawl in this process: Scrapy without its command line, in the loop of `harvester.crawl.loop`."""

from __future__ import annotations

import asyncio
from typing import Self

import msgspec
from scrapy.crawler import Crawler
from scrapy.settings import Settings

from harvester.crawl.loader import spider_class
from harvester.crawl.order import HarvestOrder
from harvester.crawl.pipeline import LedgerPipeline
from harvester.crawl.redaction import redact
from harvester.ledger.types import JobReport
from harvester.members import HarvestSource

_STARTING_SECONDS = 0.02


class _OwnSettings(Settings):
    """The settings of one crawl, made for it: Scrapy need not copy them (which is a tenth of a small harvest)."""

    def copy(self) -> Self:
        """Give them as they are."""
        return self


async def crawl(source: HarvestSource, order: HarvestOrder, stop: asyncio.Event | None = None) -> JobReport:
    """Crawl one source; `stop`, once set, ends the crawl gently and leaves its job to be resumed."""
    settings = _OwnSettings()
    settings.setmodule("harvester.settings", priority="project")
    settings.set("HARVEST_ORDER", order, priority="cmdline")
    # Not by one of Scrapy's runners: for their spider loader, which has nothing to do here, they copy all settings.
    crawler = Crawler(spider_class(source, order.settings.config), settings)
    if order.witness:
        order.witness.watch(crawler.signals)
    crawling = asyncio.ensure_future(crawler.crawl_async())
    asked = asyncio.ensure_future((stop or asyncio.Event()).wait())
    await asyncio.wait({crawling, asked}, return_when=asyncio.FIRST_COMPLETED)
    while not crawling.done():
        # Asked before its engine runs, Scrapy would go on to the end and never come back.
        if crawler.spider is not None and crawler.engine.running:
            await crawler.stop_async()
            break
        await asyncio.wait({crawling}, timeout=_STARTING_SECONDS)
    asked.cancel()
    await crawling
    pipeline = crawler.get_item_pipeline(LedgerPipeline)
    assert pipeline is not None, "harvester.settings names it"
    report = _report(source, pipeline)
    # A dry run's ledger is thrown away: its job number would be that of another job.
    return msgspec.structs.replace(report, job=0) if order.dry_run else report


def _report(source: HarvestSource, pipeline: LedgerPipeline) -> JobReport:
    report = pipeline.report
    if report is not None and report.verdict is not None:
        return report
    why = "interrupted" if pipeline.error is None else f"interrupted: {redact(str(pipeline.error))}"
    report = report or JobReport(source=source.name, job=0, verdict=None, reason="")
    return msgspec.structs.replace(report, verdict="failed", reason=why)
