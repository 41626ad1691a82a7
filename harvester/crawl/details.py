"""The second phase of a crawl: after the listing ended, the further parts that its records want are fetched."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from time import monotonic

from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy.spidermiddlewares.httperror import HttpError

from harvester.catalog.model import HarvestRecord, Issue, Part
from harvester.crawl.outcome import Outcome, explain
from harvester.crawl.redaction import redact
from harvester.errors import PortalError
from harvester.ledger.verdict import ANSWERED
from harvester.protocols.base import ProtocolSpider

logger = logging.getLogger(__name__)

BATCH = 200
"""At most so many records have their details committed together; bounds memory."""

_FIRST_BATCH = 20
_BATCH_SECONDS = 20
"""A slow portal's batches are as small as this takes: so much is fetched again after an interruption, at the most."""

_GIVE_UP_AFTER = 30
"""So many lost details one after the other: the portal is gone, and asking on would take hours of retries."""


_UNUSABLE = {"unreadable answer", "error inside 200", "layout changed"}
"""Reasons that may be the portal's new layout, where half of the answers have them."""

_FEWEST_UNUSABLE = 3
_MANY_UNUSABLE = 30
_UNUSABLE_SHARE = 0.05
"""So many that could be used before, or this share of the source's if that is fewer: some pages of records are broken
for good, and are asked for in every job."""


class Details:
    """Fetches parts through Scrapy's downloader: robots, throttling, retries and limits are those of the listing."""

    def __init__(self, crawler: Crawler, spider: ProtocolSpider) -> None:
        self._crawler = crawler
        self._spider = spider
        self._lost_in_a_row = 0
        self._usable_again: Counter[str] = Counter()
        self._unusable_now: dict[str, list[Issue]] = defaultdict(list)
        self._never_usable: dict[str, list[Issue]] = defaultdict(list)
        # As many as the downloader sends at once: were a whole batch handed to it, a stop would wait for all of it.
        self._turns = asyncio.Semaphore(crawler.settings.getint("CONCURRENT_REQUESTS"))
        self.batch = min(BATCH, _FIRST_BATCH)

    @property
    def _outcome(self) -> Outcome:
        return self._spider.outcome

    async def fetch(self, records: Sequence[HarvestRecord]) -> dict[tuple[str, str], Part | Issue]:
        """Give, by (identifier, part name), every part that `records` want, or why it could not be had.

        `batch` says afterwards how many records to ask for the next time.
        """
        began = monotonic()
        wanted = [(record, name, address) for record in records for name, address in record.wanted.items()]
        answers = await asyncio.gather(*(self._part(*one) for one in wanted))
        for (record, name, _), answer in zip(wanted, answers, strict=True):
            stored = any(part.name == name for part in record.parts)
            if isinstance(answer, Part):
                self._usable_again[name] += stored
            elif answer.code in _UNUSABLE:
                (self._unusable_now if stored else self._never_usable)[name].append(answer)
        self.batch = max(1, min(BATCH, int(self.batch * _BATCH_SECONDS / max(monotonic() - began, 0.001))))
        return {(record.identifier, name): answer for (record, name, _), answer in zip(wanted, answers, strict=True)}

    @property
    def are_doubtful(self) -> bool:
        """Whether there is anything to judge."""
        return bool(self._unusable_now or self._never_usable)

    def judge(self, stored: Mapping[str, int]) -> None:
        """Say of the job that its details are none: half of those that were usable before and were answered, or of all
        that the source has. `stored` is how many of its records have each part.
        """
        for name, issues in self._unusable_now.items():
            known = stored.get(name, 0)
            fewest = max(min(_FEWEST_UNUSABLE, known), min(_MANY_UNUSABLE, _UNUSABLE_SHARE * known))
            if len(issues) >= max(fewest, (self._usable_again[name] + len(issues)) / 2):
                self._say(name, issues, self._usable_again[name] + len(issues))
        for name, issues in self._never_usable.items():
            if len(issues) >= max(_FEWEST_UNUSABLE, (stored.get(name, 0) + len(issues)) / 2):
                self._say(name, issues, stored.get(name, 0) + len(issues))

    def _say(self, name: str, issues: list[Issue], of: int) -> None:
        said = f"{len(issues)} of {of} {name} parts could not be used, the first one: {issues[0].message}"
        self._outcome.fail(issues[0].code, said)

    async def _part(self, record: HarvestRecord, name: str, address: str) -> Part | Issue:
        try:
            request = self._spider.detail_request(record, name, address)
            response = await self._download(request)
            part = self._spider.detail_part(name, response)
        except PortalError as error:
            self._lost_in_a_row = 0
            return _issue(name, error.reason, str(error), address)
        except Exception as error:  # noqa: BLE001 - a detail that fails, for whatever reason, fails nothing else
            return self._lost(name, address, error)
        self._lost_in_a_row = 0
        return part

    async def _download(self, request: Request) -> Response:
        request.dont_filter = True
        async with self._turns:
            if self._outcome.stopped:
                raise IgnoreRequest("the crawl was stopped")
            response = await self._crawler.engine.download_async(request)
        if not 200 <= response.status < 300 and response.status not in request.meta.get("handle_httpstatus_list", ()):
            raise HttpError(response, f"answered {response.status}")
        return response

    def _lost(self, name: str, address: str, error: Exception) -> Issue:
        reason, detail = explain(error, address)
        if reason in ANSWERED:
            self._lost_in_a_row = 0
        elif not self._outcome.stopped:
            self._outcome.lose_detail(detail)
            self._lost_in_a_row += 1
            if self._lost_in_a_row >= _GIVE_UP_AFTER:
                self._outcome.fail(reason, f"{_GIVE_UP_AFTER} details in a row were lost, the last one: {detail}")
                self._outcome.stopped = True
        logger.info("part %s lost: %s", name, detail)
        return _issue(name, reason, detail, address)


def _issue(name: str, reason: str, message: str, address: str) -> Issue:
    return Issue(severity="warning", code=reason, field=name, message=redact(message), value=redact(address)[:200])
