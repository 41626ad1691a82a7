"""The download handler: Scrapy's own behind the address guard, and a second path that writes big bodies to disk.

Scrapy's HTTP/1.1 handler holds bodies in memory. Requests with ``meta["spool"]`` go through Twisted's public client
instead, and their decoded body to a file; all the rest of Scrapy (robots, throttling, retries, redirects) is around
both.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Headers, Request, Response
from scrapy.responsetypes import responsetypes
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet import error as tx
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeoutError
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS, ResponseDone, ResponseFailed
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers as TxHeaders

from harvester.crawl.guard import GuardedResolver
from harvester.crawl.outcome import ForbiddenAddressError

_OTHER_BODY_MAXSIZE = 1024 * 1024
"""Bodies of answers other than 200 (an error page, a redirect) are small; more of them is not read."""


class GuardedDownloadHandler(HTTP11DownloadHandler):
    """Downloads over http and https; refused addresses are an error that is not retried."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        from twisted.internet import reactor

        # Here and not only in the TWISTED_DNS_RESOLVER setting, because that one is read before the spider's own
        # settings (`allow_private`) are known.
        GuardedResolver.from_crawler(crawler, reactor).install_on_reactor()
        self._agent = Agent(  # type: ignore[no-untyped-call]
            reactor,
            BrowserLikePolicyForHTTPS(),  # type: ignore[no-untyped-call]
            connectTimeout=crawler.settings.getfloat("DOWNLOAD_TIMEOUT"),
        )
        self._silence = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self._spool_timeout = crawler.settings.getfloat("SPOOL_TIMEOUT")
        self._spool_maxsize = crawler.settings.getint("SPOOL_MAXSIZE")

    async def download_request(self, request: Request) -> Response:
        """Download `request`: into memory, or into the file ``meta["spool_file"]``."""
        try:
            if "spool_file" in request.meta:
                with _scrapy_errors(request.url):
                    return await self._spool(request, request.meta["spool_file"])
            return await super().download_request(request)
        except CannotResolveHostError as error:
            why = _refusal(urlsplit(request.url).hostname or "")
            if why is None:
                raise
            raise ForbiddenAddressError(f"not connected: {why}") from error

    async def _spool(self, request: Request, file: Path) -> Response:
        started = monotonic()
        waiting: Deferred[Any] = self._agent.request(
            request.method.encode(), request.url.partition("#")[0].encode(), TxHeaders(request.headers)
        )
        answer: Any = await maybe_deferred_to_future(_within(waiting, self._silence))
        request.meta["download_latency"] = monotonic() - started
        headers = Headers(dict(answer.headers.getAllRawHeaders()))
        encoding = (headers.get(b"Content-Encoding") or b"").strip().lower()
        received: dict[str, Any] = {}
        body = b""
        if answer.code == 200:
            with _hanging_up(answer), file.open("wb") as out:
                sink: _Sink = _FileSink(out, encoding, self._spool_maxsize)
                await self._deliver(answer, sink)
            received = {"spool_received": sink.received, "spool_digest": sink.close()}
            headers.pop(b"Content-Encoding", None)
        elif answer.length != 0:
            sink = _MemorySink()
            await self._deliver(answer, sink)
            body = bytes(sink.body)
        request.meta.update(received)
        response_class = responsetypes.from_args(headers=headers, url=request.url, body=body)
        return response_class(url=request.url, status=answer.code, headers=headers, body=body)

    async def _deliver(self, answer: Any, sink: _Sink) -> None:
        reader = _BodyReader(sink, self._silence)
        answer.deliverBody(reader)
        await maybe_deferred_to_future(_within(reader.finished, self._spool_timeout))


class _Sink:
    """Where a body goes; `received` counts bytes as they came over the network."""

    def __init__(self) -> None:
        self.received = 0

    def write(self, data: bytes) -> None:
        raise NotImplementedError

    def close(self) -> str:
        return ""


class _MemorySink(_Sink):
    def __init__(self) -> None:
        super().__init__()
        self.body = bytearray()

    def write(self, data: bytes) -> None:
        self.received += len(data)
        if len(self.body) < _OTHER_BODY_MAXSIZE:
            self.body += data


class _FileSink(_Sink):
    """Decodes gzip and deflate as it comes and writes it; `maxsize` limits what stands on disk, not what came."""

    _STEP = 1024 * 1024

    def __init__(self, out: BinaryIO, encoding: bytes, maxsize: int) -> None:
        super().__init__()
        if encoding not in {b"", b"identity", b"gzip", b"x-gzip", b"deflate"}:
            raise DownloadCancelledError(f"a content encoding that was not asked for: {encoding!r}")
        self._out = out
        self._encoded = encoding not in {b"", b"identity"}
        self._decoder = zlib.decompressobj(wbits=47)  # 32 + 15: gzip or zlib, told by the header
        self._fresh = True
        self._maxsize = maxsize
        self._size = 0
        self._hash = hashlib.blake2b(digest_size=16)

    def write(self, data: bytes) -> None:
        self.received += len(data)
        if not self._encoded:
            self._keep(data)
            return
        while data:
            if self._decoder.eof:  # a further gzip member, or padding after the last one
                if not data.startswith(b"\x1f\x8b"):
                    return
                self._decoder = zlib.decompressobj(wbits=47)
            try:
                self._keep(self._decoder.decompress(data, self._STEP))
            except zlib.error as error:
                if not self._fresh:
                    raise DownloadFailedError(f"the body is not what its Content-Encoding says: {error}") from error
                self._decoder = zlib.decompressobj(wbits=-15)  # raw deflate, which some servers mean by "deflate"
                self._fresh = False
                continue
            self._fresh = False
            data = self._decoder.unused_data if self._decoder.eof else self._decoder.unconsumed_tail

    def close(self) -> str:
        """Finish; give the hex hash of what was written. Raises `ResponseDataLossError` for a cut stream."""
        if self._encoded and not self._decoder.eof and self.received:
            raise ResponseDataLossError("the compressed body ends too early")
        return self._hash.hexdigest()

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._maxsize:
            raise DownloadCancelledError(f"the body is larger than {self._maxsize:,} bytes (SPOOL_MAXSIZE)")
        self._hash.update(data)
        self._out.write(data)


class _BodyReader(Protocol):
    """Hands a body to a sink; `finished` fires with None, or fails when it is cut, refused by the sink, or silent."""

    def __init__(self, sink: _Sink, silence: float) -> None:
        self._sink = sink
        self._silence = silence
        self.finished: Deferred[None] = Deferred(lambda _: self._abort())

    def connectionMade(self) -> None:
        from twisted.internet import reactor

        clock: Any = reactor
        self._timer: Any = clock.callLater(self._silence, self._too_silent)

    def dataReceived(self, data: bytes) -> None:
        if self.finished.called:
            return
        self._timer.reset(self._silence)
        try:
            self._sink.write(data)
        except Exception:  # noqa: BLE001 - whatever it is, it ends this download and nothing else
            self._end(_failure())
            self._abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._timer.active():
            self._timer.cancel()
        if isinstance(
            reason.value, (ResponseDone, PotentialDataLoss)
        ):  # the latter: no length was given, and that is allowed
            self._end(None)
        else:
            self._end(_failure(ResponseDataLossError(str(reason.value))))

    def _too_silent(self) -> None:
        self._end(_failure(DownloadTimeoutError(f"nothing came for {self._silence:g} seconds")))
        self._abort()

    def _end(self, result: Failure | None) -> None:
        if not self.finished.called:
            self.finished.callback(result)

    def _abort(self) -> None:
        if self.transport is not None:
            transport: Any = self.transport
            transport.stopProducing()
            transport.loseConnection()


@contextmanager
def _hanging_up(answer: Any) -> Iterator[None]:
    """Close the connection of an answer whose body cannot be taken: it is paused, and Twisted has forgotten it."""
    try:
        yield
    except Exception:
        with suppress(RuntimeError):  # the body was taken, and its reader has closed
            answer.deliverBody(_HangingUp())
        raise


class _HangingUp(Protocol):
    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.stopProducing()
        transport.loseConnection()


def _failure(error: Exception | None = None) -> Failure:
    return Failure(error)  # type: ignore[no-untyped-call]


def _refusal(host: str) -> str | None:
    from twisted.internet import reactor

    resolver: Any = reactor.nameResolver  # http and https share the one that is installed
    return resolver.refused.get(host) if isinstance(resolver, GuardedResolver) else None


def _within(deferred: Deferred[Any], seconds: float) -> Deferred[Any]:
    from twisted.internet import reactor

    return deferred.addTimeout(seconds, reactor)


@contextmanager
def _scrapy_errors(url: str) -> Iterator[None]:
    """Raise Scrapy's errors for Twisted's, as its own handler does, so that retries and reasons know them."""
    try:
        yield
    except (tx.TimeoutError, DeferredTimeoutError) as error:
        raise DownloadTimeoutError(f"{url} took too long") from error
    except CancelledError as error:
        raise DownloadCancelledError(str(error)) from error
    except tx.ConnectionRefusedError as error:
        raise DownloadConnectionRefusedError(str(error)) from error
    except tx.DNSLookupError as error:
        raise CannotResolveHostError(str(error)) from error
    except ResponseFailed as error:
        if any(reason.check(CancelledError) for reason in error.reasons):
            raise DownloadTimeoutError(f"{url} took too long") from error
        raise DownloadFailedError(str(error)) from error
