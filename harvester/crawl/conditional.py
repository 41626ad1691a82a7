"""Conditional requests: a portal that says 304 need not send again what is kept here.

Scrapy's own HTTP cache, with a policy that trusts nothing but the portal: every answer is asked for, and a kept one is
taken only where the portal answers 304. Scrapy's two policies would also take it where the portal is down, and a job
that read yesterday's pages would call itself complete.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
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
from scrapy.utils.request import fingerprint

from harvester.crawl.order import ordered
from harvester.crawl.redaction import redact

logger = logging.getLogger(__name__)

SAVED_REQUESTS = "conditional/saved_requests"
SAVED_BYTES = "conditional/saved_bytes"

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}  # the last: tables of another version
_KEPT_SECONDS = 90 * 86400
_LARGEST_KEPT = 32 * 1024 * 1024  # bytes as they came; what is larger is a download, which has a spool of its own


_OF_OURS = {b"If-None-Match", b"If-Modified-Since", b"Cookie", b"Referer"}
"""Headers that are sent again otherwise: they do not choose the answer."""


class ConditionalPolicy:
    """Scrapy's cache policy: answers with an ETag or Last-Modified are kept and revalidated, nothing is ever fresh."""

    def __init__(self, settings: BaseSettings) -> None:
        self._anew = ordered(settings).full is True

    def should_cache_request(self, request: Request) -> bool:
        """Whether the answer may be kept: never where a key is sent, and spooled downloads revalidate themselves."""
        headers = request.headers.to_string().decode("latin-1")
        sent = f"{request.url} {headers} {_text(request.body)}"
        return "spool" not in request.meta and b"Authorization" not in request.headers and redact(sent) == sent

    def should_cache_response(self, response: Response, request: Request) -> bool:
        """Whether the answer can be asked for conditionally the next time."""
        headers = response.headers
        stored = b"no-store" not in (headers.get(b"Cache-Control") or b"").lower()
        validated = b"ETag" in headers or b"Last-Modified" in headers
        return response.status == 200 and stored and validated and len(response.body) <= _LARGEST_KEPT

    def is_cached_response_fresh(self, cachedresponse: Response, request: Request) -> bool:
        """Never: put the validators on the request instead, unless the operator asks for everything anew (`--full`)."""
        if self._anew:
            return False
        for theirs, ours in ((b"ETag", b"If-None-Match"), (b"Last-Modified", b"If-Modified-Since")):
            if value := cachedresponse.headers.get(theirs):
                request.headers[ours] = value
        return False

    def is_cached_response_valid(self, cachedresponse: Response, response: Response, request: Request) -> bool:
        """Only where the portal itself says so."""
        return response.status == 304 and not self._anew


def _key(request: Request) -> bytes:
    """What an answer is known by: all that was asked, headers too, which may choose the language of the answer."""
    return fingerprint(request, include_headers=[name for name in request.headers if name not in _OF_OURS])


class SqliteCacheStorage:
    """Scrapy's cache storage in one file for each source; Scrapy's own makes a folder of seven files for each answer.

    A cache: what a crash loses is fetched again, so nothing is forced to disk, a damaged file is begun anew, and a file
    that cannot be written costs a job nothing but the savings. An answer is *proven*, and asked for conditionally, only
    when the job that fetched it ended complete: a page of maintenance may be younger than the data, and a portal that
    compares dates would then say 304 to it for good. Answers that were not asked for in 90 days go when the crawl ends.
    """

    def __init__(self, settings: BaseSettings) -> None:
        self._folder = ordered(settings).settings.answers
        self._database: sqlite3.Connection

    def open_spider(self, spider: Spider) -> None:
        """Open the file of the spider's source."""
        self._file = self._folder / f"{spider.name}.sqlite"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._database = _opened(self._file)
        except (OSError, sqlite3.Error) as error:
            self._begin_anew(error)

    def close_spider(self, spider: Spider) -> None:
        """Prove what a complete job fetched, forget what another fetched, and what nobody asks for any more.

        The answers of an interrupted job wait for the end of that job.
        """
        verdict = spider.outcome.verdict  # type: ignore[attr-defined]  # the pipeline gives it one
        try:
            with closing(self._database):
                if verdict == "complete":
                    self._database.execute("UPDATE answer SET proven = 1 WHERE NOT proven")
                elif verdict is not None:
                    self._database.execute("DELETE FROM answer WHERE NOT proven")
                self._database.execute("DELETE FROM answer WHERE used < ?", (int(time()) - _KEPT_SECONDS,))
        except sqlite3.Error as error:
            logger.warning("%s: %s; what it keeps is left as it is", self._file, error)

    def retrieve_response(self, spider: Spider, request: Request) -> Response | None:
        """Give the kept answer, None where there is none."""
        try:
            row = self._database.execute(
                "SELECT url, headers, body FROM answer WHERE request = ? AND proven", (_key(request),)
            ).fetchone()
        except sqlite3.Error as error:
            self._begin_anew(error)
            return None
        if row is None:
            return None
        url, raw, body = row
        headers = Headers(msgspec.msgpack.decode(raw))
        kind = responsetypes.from_args(headers=headers, url=url, body=body)
        return kind(url=url, status=200, headers=headers, body=body)

    def store_response(self, spider: Spider, request: Request, response: Response) -> None:
        """Keep an answer, or note that it was used again."""
        key, now = _key(request), int(time())
        try:
            if "cached" in response.flags:
                self._database.execute("UPDATE answer SET used = ? WHERE request = ?", (now, key))
                return
            self._database.execute(
                "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, 0)",
                (key, now, response.url, msgspec.msgpack.encode(dict(response.headers)), response.body),
            )
        except sqlite3.Error as error:
            self._begin_anew(error)

    def _begin_anew(self, error: Exception) -> None:
        """Go on without what is kept: in a new file if the old one is damaged, else in memory, where little is kept."""
        logger.warning("%s: %s; everything is asked for anew", self._file, error)
        if hasattr(self, "_database"):
            self._database.close()
        damaged = isinstance(error, sqlite3.Error) and error.sqlite_errorcode & 0xFF in _DAMAGED
        try:
            if not damaged:
                raise error
            for file in (self._file, *(self._file.with_name(self._file.name + more) for more in ("-wal", "-shm"))):
                file.unlink(missing_ok=True)
            self._database = _opened(self._file)
        except (OSError, sqlite3.Error):
            self._database = _opened(None)


def _opened(file: Path | None) -> sqlite3.Connection:
    """Open the answers kept in `file`; without one, a place that keeps nothing."""
    database = sqlite3.connect(file or ":memory:", isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        database.execute(
            "CREATE TABLE IF NOT EXISTS answer (request BLOB PRIMARY KEY, used INTEGER, url TEXT, headers BLOB,"
            " body BLOB, proven INTEGER) WITHOUT ROWID"
        )
        if file is None:
            database.execute("CREATE TRIGGER forget BEFORE INSERT ON answer BEGIN SELECT RAISE(IGNORE); END")
    except sqlite3.Error:
        database.close()
        raise
    return database


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

    def _freshen_cached_response(self, cachedresponse: Response, response: Response) -> None:
        """Leave the headers as they came with the body: portals put other types and encodings on 304."""

    def process_exception(self, request: Request, exception: Exception, *_: Any) -> None:
        """Take nothing that is kept for a portal that cannot be reached."""
        request.meta.pop("cached_response", None)


def _text(body: bytes) -> str:
    return body.decode("latin-1")
