"""Crawls with the house's settings against loopback servers, in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import scrapy
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.http import Request, Response
from scrapy.settings import Settings
from twisted.python.failure import Failure

from harvester import config
from harvester.crawl.loop import event_loop
from harvester.crawl.order import HarvestOrder
from harvester.crawl.outcome import Outcome, explain
from harvester.ledger.types import Verdict
from tests.crawl.servers import Portal

FAST = {
    "ALLOW_PRIVATE_ADDRESSES": True,
    "AUTOTHROTTLE_ENABLED": False,
    "DOWNLOAD_DELAY": 0,
    "RETRY_BACKOFF": 0.01,
}
"""What `harvester.settings.of_source` gives to a source that is our own."""


class Asking(scrapy.Spider):
    """Sends the requests it was given and keeps what became of them."""

    name = "asking"
    requests: list[Request]

    def __init__(self, requests: list[Request], verdict: Verdict | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.requests = requests
        self.outcome = Outcome()
        self.outcome.verdict = verdict
        self.answers: list[Response] = []
        self.lost: list[tuple[str, str]] = []

    async def start(self) -> AsyncIterator[Any]:
        for request in self.requests:
            request.callback = self.take
            request.errback = self.lose
            request.dont_filter = True
            yield request

    def take(self, response: Response) -> None:
        self.answers.append(response)

    def lose(self, failure: Failure) -> None:
        self.lost.append(explain(failure.value, failure.request.url))  # type: ignore[attr-defined]


class Asked:
    def __init__(self, crawler: Crawler) -> None:
        spider = crawler.spider
        assert isinstance(spider, Asking)
        self.crawler = crawler
        self.answers = spider.answers
        self.lost = spider.lost
        self.reasons = [reason for reason, _ in spider.lost]


Ask = Callable[..., Asked]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Send requests with `harvester.settings`; `fast` lifts what a source of our own is spared."""

    installation = config.Settings(tmp_path, tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", "embedded")

    def crawl(
        *requests: Request | str,
        fast: bool = True,
        settings: dict[str, Any] | None = None,
        started: datetime | None = None,
        full: bool | None = None,
        verdict: Verdict | None = "complete",
    ) -> Asked:
        made = [Request(request) if isinstance(request, str) else request for request in requests]
        scrapy_settings = Settings()
        scrapy_settings.setmodule("harvester.settings", priority="project")
        overrides = {
            "SPIDER_LOADER_CLASS": "scrapy.spiderloader.DummySpiderLoader",
            "ITEM_PIPELINES": {},
            "HARVEST_ORDER": HarvestOrder(installation, full, started=started or datetime.now(UTC)),
            **(FAST if fast else {}),
            **(settings or {}),
        }
        scrapy_settings.setdict(overrides, priority="cmdline")
        runner = AsyncCrawlerRunner(scrapy_settings)
        crawler = runner.create_crawler(Asking)

        async def run() -> None:
            await runner.crawl(crawler, requests=made, verdict=verdict)

        event_loop().run_until_complete(run())
        return Asked(crawler)

    return crawl


@pytest.fixture
def portal() -> Iterator[Portal]:
    with Portal() as server:
        yield server
