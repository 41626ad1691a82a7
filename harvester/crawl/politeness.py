"""Being a good guest: Retry-After is kept to by pausing the host, and redirects carry nothing to strangers."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy.utils.asyncio import call_later
from scrapy.utils.httpobj import urlparse_cached

from harvester.crawl.outcome import is_our_disk

logger = logging.getLogger(__name__)

_HARMLESS_HEADERS = {b"Accept", b"Accept-Language", b"Accept-Encoding", b"User-Agent", b"Referer"}
_DEFAULT_PORTS = {"http": 80, "https": 443}


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, never negative; None where it says nothing readable.

    Source: RFC 9110 §10.2.3, seconds or an HTTP date.
    """
    value = value.strip()
    if re.fullmatch(r"\d{1,9}", value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


class PoliteRetryMiddleware(RetryMiddleware):
    """Scrapy's retries, after a pause of the whole host: as long as it asks for, else doubled each time.

    The pause is put on the downloader's slot, so that nothing else of this crawl reaches the host either; other hosts
    and the commits go on.
    """

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self._longest = settings.getfloat("RETRY_AFTER_MAX")
        self._backoff = settings.getfloat("RETRY_BACKOFF")
        self._paused_until: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way of making it."""
        middleware = super().from_crawler(crawler)
        # This signal and not `process_response`: it comes before the downloader takes the next request of the host.
        crawler.signals.connect(middleware._downloaded, signals.response_downloaded)
        return middleware

    def process_exception(
        self, request: Request, exception: Exception, spider: Spider | None = None
    ) -> Request | Response | None:
        """Retry what Scrapy would retry, later; a full disk of ours is no reason to ask a portal again."""
        if is_our_disk(exception):
            return None
        answer = super().process_exception(request, exception)
        if isinstance(answer, Request):
            self._pause(request, None)
        return answer

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        """Retry what Scrapy would retry, but for a status that the protocol says it can read; 429 asks for a retry."""
        if response.status != 429 and response.status in request.meta.get("handle_httpstatus_list", ()):
            return response
        return super().process_response(request, response)

    def _downloaded(self, response: Response, request: Request) -> None:
        if response.status in self.retry_http_codes:
            header = response.headers.get(b"Retry-After")
            self._pause(request, retry_after(header.decode("latin-1"), datetime.now(UTC)) if header else None)

    def _pause(self, request: Request, wanted: float | None) -> None:
        if wanted is None:
            wanted = self._backoff * 2 ** request.meta.get("retry_times", 0)
        seconds = min(wanted, self._longest)
        downloader = self.crawler.engine.downloader
        host = request.meta.get(downloader.DOWNLOAD_SLOT, "")
        slot = downloader.slots.get(host)
        until = monotonic() + seconds
        if slot is None or until <= self._paused_until.get(host, 0.0):
            return
        self._paused_until[host] = until
        if slot.latercall:
            slot.latercall.cancel()
        # the downloader sends nothing while a slot has a call pending, which is how it keeps to delays itself
        slot.latercall = call_later(seconds, downloader._latercall, slot)
        logger.info("%s: asked again after %.1f seconds", host, seconds)


class CarefulRedirectMiddleware(RedirectMiddleware):
    """Scrapy's redirects (http and https only), but another origin gets no header that may hold a key, and no body."""

    def _build_redirect_request(
        self, source_request: Request, response: Response, *, url: str, **kwargs: Any
    ) -> Request:
        redirected = super()._build_redirect_request(source_request, response, url=url, **kwargs)
        if _origin(redirected) != _origin(source_request):
            if redirected.body:
                raise IgnoreRequest(f"redirected to another host ({urlparse_cached(redirected).netloc}) with a body")
            for name in set(redirected.headers) - _HARMLESS_HEADERS:
                del redirected.headers[name]
        redirected.meta.pop("download_slot", None)  # else the other host would be throttled as this one
        return redirected


def _origin(request: Request) -> tuple[str, str | None, int | None]:
    url = urlparse_cached(request)
    return url.scheme, url.hostname, url.port or _DEFAULT_PORTS.get(url.scheme)
