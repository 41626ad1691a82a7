"""What a crawl was answered, kept for a fixture: without keys, without cookies, with the few headers that matter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from scrapy import signals
from scrapy.http import Request, Response

from harvester.crawl.downloads import SpooledResponse
from harvester.crawl.redaction import hide_keys_in, redact, redact_bytes

_KEPT_HEADERS = ("Content-Type", "ETag", "Last-Modified", "Link", "Location", "Retry-After")
"""Headers that a protocol or the crawl acts on; all others (cookies among them) are nobody's business."""

_REDIRECTS = {301, 302, 303, 307, 308}


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer, with ``***`` in the place of keys."""

    method: str
    url: str
    request_body: str
    status: int
    headers: dict[str, str]
    body: bytes


class Recording:
    """Keeps the last answer to each request of one crawl, robots.txt apart.

    Answers that the crawl asked for again (429, 500 …) are not kept, redirects are. Bodies of more than `largest` bytes
    are left out and named in `too_large`, unless `shorten` can make an excerpt of their file.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._answered: dict[tuple[str, str, bytes], Answered] = {}
        self._too_large: list[str] = []
        self._files: dict[str, tuple[Request, SpooledResponse]] = {}

    def shorten(self, excerpt: Callable[[Path, str], bytes | None]) -> bool:
        """Keep excerpts of the downloads that were too large; tells whether there were any."""
        shortened = False
        for what, (request, response) in self._files.items():
            body = excerpt(response.path, request.url)
            if body is not None and len(body) <= self._largest:
                self._too_large.remove(what)
                self._keep(request, response, body, len(body))
                shortened = True
        return shortened

    @property
    def answered(self) -> tuple[Answered, ...]:
        """What was kept, in an order that does not depend on which answer came first.

        Keys are taken out here and not before: an answer may hold one that is known to be one only afterwards.
        """
        return tuple(
            Answered(
                method=one.method,
                url=redact(one.url),
                request_body=redact(one.request_body),
                status=one.status,
                headers={name: redact(value) for name, value in one.headers.items()},
                body=redact_bytes(one.body),
            )
            for one in sorted(self._answered.values(), key=lambda one: (one.url, one.method, one.request_body))
        )

    @property
    def too_large(self) -> tuple[str, ...]:
        """Addresses, with the size, of answers that were not kept."""
        return tuple(map(redact, self._too_large))

    def watch(self, signals_of_crawl: Any) -> None:
        """Connect to the signals of a crawl."""
        signals_of_crawl.connect(self._received, signals.response_received)
        signals_of_crawl.connect(self._downloaded, signals.response_downloaded)

    def _received(self, response: Response, request: Request) -> None:
        if isinstance(response, SpooledResponse):
            size = response.path.stat().st_size
            self._keep(request, response, response.path.read_bytes() if size <= self._largest else b"", size)
        else:
            self._keep(request, response, response.body, len(response.body))

    def _downloaded(self, response: Response, request: Request) -> None:
        if response.status in _REDIRECTS:  # it goes no further than the redirecting middleware
            self._keep(request, response, b"", 0)

    def _keep(self, request: Request, response: Response, body: bytes, size: int) -> None:
        if urlsplit(request.url).path == "/robots.txt":
            return
        sent = request.body.decode("utf-8", "replace")
        hide_keys_in(request.url)
        hide_keys_in(sent)
        if size > self._largest:
            what = f"{request.url} ({size:,} bytes)"
            self._too_large.append(what)
            if isinstance(response, SpooledResponse):
                self._files[what] = request, response
            return
        headers = {
            name: value.decode("utf-8", "replace")
            for name in _KEPT_HEADERS
            if (value := response.headers.get(name)) is not None
        }
        self._answered[request.method, request.url, request.body] = Answered(
            method=request.method,
            url=request.url,
            request_body=sent,
            status=response.status,
            headers=headers,
            body=body,
        )
