"""Runs a protocol's callbacks without Scrapy's engine: real requests over real sockets, one after the other.

Quick, and exact about pages: every page must follow the cursor of the one before. What Scrapy adds (retries, robots,
limits) is tested with whole harvests.
"""

from __future__ import annotations

import hashlib
import http.client
import inspect
import itertools
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import Headers, Request, Response, TextResponse
from scrapy.responsetypes import responsetypes
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from harvester.catalog.model import HarvestRecord, Lost, Page, Rejected
from harvester.crawl.downloads import SpooledResponse
from harvester.ledger.types import Job
from harvester.members import HarvestSource
from harvester.options import OPTIONS
from harvester.protocols.base import ProtocolSpider


class Outcome:
    stopped = False

    def __init__(self) -> None:
        self.lost_requests = 0

    def lose_request(self, failure: Failure) -> None:
        self.lost_requests += 1


class Listing:
    """What a listing gave: its pages, and what they hold together."""

    def __init__(self, pages: list[Page], outcome: Outcome, urls: list[str]) -> None:
        self.pages = pages
        self.outcome = outcome
        self.urls = urls

    @property
    def ended(self) -> bool:
        return bool(self.pages) and self.pages[-1].end

    @property
    def records(self) -> list[HarvestRecord]:
        return [record for page in self.pages for record in page.records]

    @property
    def identifiers(self) -> list[str]:
        return [record.identifier for record in self.records]

    @property
    def rejected(self) -> list[Rejected]:
        return [rejected for page in self.pages for rejected in page.rejected]

    @property
    def lost(self) -> list[Lost]:
        return [lost for page in self.pages for lost in page.lost]


def spider(
    protocol: type[ProtocolSpider],
    name: str,
    url: str,
    *,
    full: bool = True,
    since: datetime | None = None,
    language: str = "und",
    **options: Any,
) -> ProtocolSpider:
    """A spider of one protocol for the portal at `url`, as the loader makes them."""
    source = HarvestSource(
        member="test",
        key="source",
        title="test",
        protocol=name,
        url=url,
        options=OPTIONS[name](**options),
        evidence="assumed",
        language=language,
        allow_private=True,
    )
    made = type("Made", (protocol,), {"name": source.name, "source": source, "options": source.options})()
    made.job = Job(id=1, source=source.name, full=full, holder="test", since=since)
    made.outcome = Outcome()
    return made


def run(spider: ProtocolSpider, tmp_path: Path, cursor: str | None = None, most_pages: int = 10_000) -> Listing:
    """Follow a listing to its end, or until it has given so many pages."""
    pages: list[Page] = []
    urls: list[str] = []
    waiting: deque[Any] = deque([iter(spider.listing(cursor))])
    expected = cursor
    while waiting and len(pages) < most_pages:
        try:
            output = next(waiting[0])
        except StopIteration:
            waiting.popleft()
            continue
        if isinstance(output, Page):
            assert output.after == expected, "a page must follow the cursor of the one before"
            expected = output.cursor
            pages.append(output)
        else:
            urls.append(output.url)
            outputs = _answered(output, tmp_path)
            if inspect.isgenerator(outputs):
                waiting.append(outputs)
    return Listing(pages, spider.outcome, urls)


def fetch(request: Request, tmp_path: Path) -> Response:
    parts = urlsplit(request.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
        headers = {name: value for name, value in request.headers.to_unicode_dict().items() if value}
        connection.request(request.method, path, request.body or None, headers)
        answer = connection.getresponse()
        body, received = answer.read(), Headers(dict(answer.getheaders()))
    finally:
        connection.close()
    if "spool" in request.meta and answer.status == 200:
        digest = hashlib.blake2b(body, digest_size=16).hexdigest()
        file = tmp_path / f"{digest}-{next(_numbers)}.data"
        file.write_bytes(body)
        return SpooledResponse(
            request.url, path=file, content_hash=digest, encoding=None, headers=received, request=request
        )
    kind = responsetypes.from_args(headers=received, url=request.url, body=body)
    kind = kind if issubclass(kind, TextResponse) else Response
    return kind(request.url, status=answer.status, headers=received, body=body, request=request)


def _answered(request: Request, tmp_path: Path) -> Any:
    response = fetch(request, tmp_path)
    if not 200 <= response.status < 300 and response.status not in request.meta.get("handle_httpstatus_list", ()):
        failure = Failure(HttpError(response, f"answered {response.status}"))
        failure.request = request
        return request.errback(failure)
    return request.callback(response, **request.cb_kwargs)


_numbers = itertools.count()
