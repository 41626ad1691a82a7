"""Conditional requests: a portal that says 304 need not send again what is kept here.

Scrapy's own HTTP cache, with a policy that trusts nothing but the portal: every answer is asked for, and a kept one is
taken only where the portal answers 304. Scrapy's two policies would also take it where the portal is down, and a job
that read yesterday's pages would call itself complete.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from time import time
from typing import Any, Self

import msgspec
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcache import HttpCacheMiddleware
from scrapy.exceptions import NotConfigured
from scrapy.http import Headers, Request, Response
from scrapy.responsetypes import responsetypes
from scrapy.settings import BaseSettings

from harvester.crawl.order import ordered
from harvester.crawl.redaction import redact

SAVED_REQUESTS = "conditional/saved_requests"
SAVED_BYTES = "conditional/saved_bytes"

_KEPT_SECONDS = 90 * 86400
_LARGEST_KEPT = 32 * 1024 * 1024  # bytes as they came; what is larger is a download, which has a spool of its own


class ConditionalPolicy:
    """Scrapy's cache policy: answers with an ETag or Last-Modified are kept and revalidated, nothing is ever fresh."""

    def __init__(self, settings: BaseSettings) -> None:
        pass

    def should_cache_request(self, request: Request) -> bool:
        """Whether the answer may be kept: never where a key is sent, and spooled downloads revalidate themselves."""
        secret = b"Authorization" in request.headers or redact(request.url) != request.url
        return not secret and "spool" not in request.meta and redact(text := _text(request.body)) == text

    def should_cache_response(self, response: Response, request: Request) -> bool:
        """Whether the answer can be asked for conditionally the next time."""
        headers = response.headers
        stored = b"no-store" not in (headers.get(b"Cache-Control") or b"").lower()
        validated = b"ETag" in headers or b"Last-Modified" in headers
        return response.status == 200 and stored and validated and len(response.body) <= _LARGEST_KEPT

    def is_cached_response_fresh(self, cachedresponse: Response, request: Request) -> bool:
        """Never: put the validators on the request instead."""
        for theirs, ours in ((b"ETag", b"If-None-Match"), (b"Last-Modified", b"If-Modified-Since")):
            if value := cachedresponse.headers.get(theirs):
                request.headers[ours] = value
        return False

    def is_cached_response_valid(self, cachedresponse: Response, response: Response, request: Request) -> bool:
        """Only where the portal itself says so."""
        return response.status == 304


class SqliteCacheStorage:
    """Scrapy's cache storage in one file for each source; Scrapy's own makes a folder of seven files for each answer.

    A cache: what a crash loses is fetched again, so nothing is forced to disk. Answers that were not asked for in 90
    days go when the crawl ends.
    """

    def __init__(self, settings: BaseSettings) -> None:
        self._folder = ordered(settings).settings.answers
        self._database: sqlite3.Connection

    def open_spider(self, spider: Spider) -> None:
        """Open the file of the spider's source."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._fingerprint = spider.crawler.request_fingerprinter.fingerprint
        self._database = sqlite3.connect(self._folder / f"{spider.name}.sqlite", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS answer"
            " (request BLOB PRIMARY KEY, used INTEGER, url TEXT, headers BLOB, body BLOB) WITHOUT ROWID"
        )

    def close_spider(self, spider: Spider) -> None:
        """Let go of what nobody asks for any more."""
        with closing(self._database):
            self._database.execute("DELETE FROM answer WHERE used < ?", (int(time()) - _KEPT_SECONDS,))

    def retrieve_response(self, spider: Spider, request: Request) -> Response | None:
        """Give the kept answer, None where there is none."""
        row = self._database.execute(
            "SELECT url, headers, body FROM answer WHERE request = ?", (self._fingerprint(request),)
        ).fetchone()
        if row is None:
            return None
        url, raw, body = row
        headers = Headers(msgspec.msgpack.decode(raw))
        kind = responsetypes.from_args(headers=headers, url=url, body=body)
        return kind(url=url, status=200, headers=headers, body=body)

    def store_response(self, spider: Spider, request: Request, response: Response) -> None:
        """Keep an answer, or note that it was used again."""
        key, now = self._fingerprint(request), int(time())
        if "cached" in response.flags:
            self._database.execute("UPDATE answer SET used = ? WHERE request = ?", (now, key))
            return
        self._database.execute(
            "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?)",
            (key, now, response.url, msgspec.msgpack.encode(dict(response.headers)), response.body),
        )


class ConditionalRequestMiddleware(HttpCacheMiddleware):
    """Asks conditionally and counts what that saved. Off for a dry run, and where a source says so."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way of making it."""
        if ordered(crawler.settings).dry_run or not crawler.settings.getbool("CONDITIONAL_REQUESTS"):
            raise NotConfigured
        return super().from_crawler(crawler)

    def process_response(self, request: Request, response: Response, *_: Any) -> Request | Response:
        """Put the kept answer in the place of 304."""
        kept = request.meta.get("cached_response")
        answer = super().process_response(request, response)
        if kept is not None and answer is kept:
            self.stats.inc_value(SAVED_REQUESTS)
            self.stats.inc_value(SAVED_BYTES, len(kept.body))
        return answer

    def process_exception(self, request: Request, exception: Exception, *_: Any) -> None:
        """Take nothing that is kept for a portal that cannot be reached."""
        request.meta.pop("cached_response", None)


def _text(body: bytes) -> str:
    return body.decode("latin-1")
