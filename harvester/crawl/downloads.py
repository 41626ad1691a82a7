"""Downloads that several sources of one machine share: on disk by URL, fetched once, revalidated, never in memory.

Per URL there are, in one folder, a lock, a small JSON file about the newest content, and the contents by their hash.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import msgspec
from filelock import FileLock, Timeout
from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Request, Response

from harvester.crawl.conditional import SAVED_BYTES, SAVED_REQUESTS
from harvester.crawl.order import ordered

_KEPT_DAYS = 3
"""A content that nobody read for so long goes; an interrupted job is taken up again well before."""

_POLL_SECONDS = 0.2


class SpooledResponse(Response):
    """An answer whose body is the file `path`.

    `content_hash` (hex) names its content, `encoding` is the charset that its Content-Type gives, or None.
    """

    def __init__(self, url: str, *, path: Path, content_hash: str, encoding: str | None, **kwargs: Any) -> None:
        super().__init__(url, **kwargs)
        self.path = path
        self.content_hash = content_hash
        self.encoding = encoding


class _Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the newest content of one URL. `began`: when its download, or last revalidation, began.

    `proven`: a job that read it ended complete. Only then may 304 stand for it: a page of maintenance may be younger
    than the data, and a portal that compares dates would say 304 to it for good.
    """

    url: str
    content_hash: str
    began: datetime
    proven: bool = False
    headers: dict[str, list[str]] = {}

    @property
    def validators(self) -> dict[bytes, bytes]:
        """Request headers that let the server answer 304."""
        if not self.proven:
            return {}
        pairs = (("Etag", b"If-None-Match"), ("Last-Modified", b"If-Modified-Since"))
        return {ask: self.headers[name][0].encode("latin-1") for name, ask in pairs if self.headers.get(name)}


class Downloads:
    """The folder of shared downloads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lock(self, url: str) -> FileLock:
        """The lock of one URL, across processes; a process that dies lets go of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._file(url, "lock"), thread_local=False)

    def fetched(self, url: str) -> _Fetched | None:
        """What is known of `url`, None if nothing or if its content is gone."""
        try:
            known = msgspec.json.decode(self._file(url, "json").read_bytes(), type=_Fetched)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return known if self.content(url, known.content_hash) else None

    def content(self, url: str, content_hash: str) -> Path | None:
        """The file with that content of `url`, kept for some more days by being asked for; None if it is gone."""
        file = self._file(url, f"{content_hash}.data")
        try:
            os.utime(file)
        except FileNotFoundError:
            return None
        return file

    def temporary(self, url: str) -> Path:
        """Where a download of this process is written until it is whole."""
        return self._file(url, f"{os.getpid()}.part")

    def keep(self, url: str, content_hash: str, began: datetime, headers: dict[str, list[str]]) -> Path:
        """Make the temporary file the newest content of `url`; the lock must be held."""
        file = self._file(url, f"{content_hash}.data")
        self.temporary(url).replace(file)
        self.confirm(_Fetched(url=url, content_hash=content_hash, began=began, headers=headers))
        self._sweep()
        return file

    def confirm(self, fetched: _Fetched) -> None:
        """Write down what is known of a URL, in one step."""
        target = self._file(fetched.url, "json")
        part = target.with_suffix(f".json.{os.getpid()}")
        part.write_bytes(msgspec.json.encode(fetched))
        part.replace(target)

    def prove(self, url: str, content_hash: str) -> None:
        """Note that a complete job read this content; a process that is about to replace it is not waited for."""
        try:
            with self.lock(url).acquire(timeout=0):
                known = self.fetched(url)
                if known and known.content_hash == content_hash and not known.proven:
                    self.confirm(msgspec.structs.replace(known, proven=True))
        except Timeout:
            return

    def _file(self, url: str, ending: str) -> Path:
        return self.folder / f"{hashlib.blake2b(url.encode(), digest_size=16).hexdigest()}.{ending}"

    def _sweep(self) -> None:
        """Remove contents that nobody reads and parts of downloads that never ended. An open file stays readable."""
        oldest = time.time() - _KEPT_DAYS * 86400
        for file in (*self.folder.glob("*.data"), *self.folder.glob("*.part")):
            try:
                if file.stat().st_mtime < oldest:
                    file.unlink()
            except FileNotFoundError:
                continue  # another process swept it


class SharedDownloadMiddleware:
    """Answers requests with ``meta["spool"]`` (the download's URL) from disk, or lets one process fetch it.

    ``meta["spool_hash"]`` asks for one content, the one that a resumed job was reading. The lock is held only while
    the network is used, and waited for without blocking the reactor. A redirect or retry takes it anew.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        order = ordered(crawler.settings)
        self._downloads = Downloads(order.settings.downloads)
        self._run_started = order.started
        self._anew = order.full is True  # then the portal is not asked whether what is here is the newest
        self._locks: dict[str, FileLock] = {}
        self._began: dict[str, datetime] = {}
        self._read: set[tuple[str, str]] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way of making it."""
        middleware = cls(crawler)
        crawler.signals.connect(middleware.spider_closed, signals.spider_closed)
        return middleware

    def spider_closed(self, spider: Spider) -> None:
        """Prove what a complete job read."""
        if spider.outcome.verdict == "complete":  # type: ignore[attr-defined]  # the pipeline gives it one
            for url, content_hash in self._read:
                self._downloads.prove(url, content_hash)

    async def process_request(self, request: Request) -> Response | None:
        """Answer from disk what need not be fetched; else become the one who fetches it."""
        url = request.meta.get("spool")
        if url is None:
            return None
        wanted = request.meta.get("spool_hash")
        if wanted and self._downloads.content(url, wanted):
            known = self._downloads.fetched(url)
            return self._answer(url, wanted, known.headers if known and known.content_hash == wanted else {})
        lock = self._downloads.lock(url)
        await self._acquire(lock)
        known = self._downloads.fetched(url)
        if known and known.began >= self._run_started:
            lock.release()
            self._save(url, known.content_hash)
            return self._answer(url, known.content_hash, known.headers)
        self._locks[url] = lock
        self._began[url] = datetime.now(UTC)
        request.headers[b"Accept-Encoding"] = b"gzip, deflate"  # what the handler decodes as it comes
        for name, value in (known.validators if known and not self._anew else {}).items():
            request.headers[name] = value
        request.meta["spool_file"] = self._downloads.temporary(url)
        return None

    def process_response(self, request: Request, response: Response) -> Response:
        """Keep what was fetched; 304 means that the content here is the newest."""
        url = request.meta.get("spool")
        if url is None or url not in self._locks:
            return response
        try:
            if response.status == 200:
                self._crawler.stats.inc_value("spool/bytes", request.meta["spool_received"])
                headers = {
                    name.decode("latin-1"): [value.decode("latin-1") for value in values]
                    for name, values in response.headers.items()
                }
                self._downloads.keep(url, request.meta["spool_digest"], self._began[url], headers)
                return self._answer(url, request.meta["spool_digest"], headers)
            known = self._downloads.fetched(url) if response.status == 304 else None
            if known:
                self._downloads.confirm(msgspec.structs.replace(known, began=self._began[url]))
                self._save(url, known.content_hash)
                return self._answer(url, known.content_hash, known.headers)
            return response
        finally:
            self._release(url)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Let another process try while this one waits to."""
        url = request.meta.get("spool")
        if url in self._locks:
            self._downloads.temporary(url).unlink(missing_ok=True)
            self._release(url)

    async def _acquire(self, lock: FileLock) -> None:
        while True:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                if self._crawler.spider.outcome.stopped:  # type: ignore[union-attr]  # there while requests are
                    raise IgnoreRequest("the crawl was stopped") from None
                await asyncio.sleep(_POLL_SECONDS)
            else:
                return

    def _save(self, url: str, content_hash: str) -> None:
        """Count a download that another source's job has made already, or that the portal did not have to repeat."""
        path = self._downloads.content(url, content_hash)
        self._crawler.stats.inc_value(SAVED_REQUESTS)
        self._crawler.stats.inc_value(SAVED_BYTES, path.stat().st_size if path else 0)

    def _release(self, url: str) -> None:
        self._locks.pop(url).release()

    def _answer(self, url: str, content_hash: str, headers: dict[str, list[str]]) -> SpooledResponse:
        path = self._downloads.content(url, content_hash)
        assert path is not None, "contents are kept for days after they were last asked for"
        self._read.add((url, content_hash))
        return SpooledResponse(
            url, path=path, content_hash=content_hash, encoding=_charset(headers), status=200, headers=Headers(headers)
        )


def _charset(headers: dict[str, list[str]]) -> str | None:
    content_type = headers.get("Content-Type", [""])[0]
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name.casefold() == "charset" and value:
            return value.strip("\"' ")
    return None
