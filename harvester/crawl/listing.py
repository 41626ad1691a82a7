"""Between a protocol and the pipeline: faults of a listing are told, and a stopped crawl asks for nothing more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from harvester.catalog.model import Page
from harvester.crawl.outcome import Outcome
from harvester.errors import PortalError


class ListingMiddleware:
    """Turns the faults of callbacks into the outcome, and lets a callback go on only as its pages are committed.

    A callback that reads a big file is a generator over millions of rows: it is asked for its next page only when
    fewer than two are waiting (`Outcome.room`), so memory does not depend on the file.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way of making it."""
        return cls(crawler)

    @property
    def _outcome(self) -> Outcome:
        outcome: Outcome = self._crawler.spider.outcome  # type: ignore[union-attr]  # a spider is there while it answers
        return outcome

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Pass on pages and requests while the crawl goes on."""
        outcome = self._outcome
        async for output in result:
            if outcome.stopped:
                return
            if isinstance(output, Page):
                await outcome.room.acquire()
            yield output

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Pass on what the listing begins with, pages as room allows."""
        async for output in start:
            if isinstance(output, Page):
                await self._outcome.room.acquire()
            yield output

    def process_spider_exception(self, response: Response, exception: Exception) -> Iterable[Request] | None:
        """End the listing with the reason that the protocol gives; other errors are the protocol's own faults."""
        if isinstance(exception, PortalError):
            self._outcome.fail(exception.reason, str(exception))
            return ()
        self._outcome.fail("unreadable answer", f"{response.url}: {type(exception).__name__}: {exception}")
        return None
