"""Between a protocol and the pipeline: faults of a listing are told, and a stopped crawl asks for nothing more."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.spidermiddlewares.httperror import HttpError

from harvester.catalog.model import Page
from harvester.crawl.outcome import Outcome
from harvester.errors import DataMoaError, PortalError

logger = logging.getLogger(__name__)


class ListingMiddleware:
    """Turns the faults of callbacks into the outcome, and lets a callback go on only as its pages are committed.

    A callback that reads a big file is a generator over millions of rows: it is asked for more only when its last page
    is about to be committed (`Outcome.room`), so memory does not depend on the file.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way of making it."""
        return cls(crawler)

    @property
    def _outcome(self) -> Outcome:
        outcome: Outcome = self._crawler.spider.outcome  # type: ignore[union-attr]  # it is there while pages come
        return outcome

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Pass on what the listing begins with."""
        try:
            async for output in self._while_wanted(start):
                yield output
        except Exception as error:
            logger.error("%s", error, exc_info=not isinstance(error, DataMoaError))
            self._outcome.fault(error, self._crawler.spider.name)  # type: ignore[union-attr]

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Pass on pages and requests while the listing goes on."""
        async for output in self._while_wanted(result):
            yield output

    async def _while_wanted(self, outputs: AsyncIterator[Any]) -> AsyncIterator[Any]:
        outcome = self._outcome
        async for output in outputs:
            if isinstance(output, Page):
                await outcome.room.acquire()
                if outcome.over:
                    outcome.room.release()
                    return
                yield outcome.within_limit(output)
            elif outcome.over:
                return
            else:
                yield output

    def process_spider_exception(self, response: Response, exception: Exception) -> Iterable[Request] | None:
        """End the listing with the reason that the protocol gives; other errors are the protocol's own faults."""
        if not isinstance(exception, HttpError):  # that one went to the request's errback already
            self._outcome.fault(exception, response.url)
        return () if isinstance(exception, PortalError) else None
