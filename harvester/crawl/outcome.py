"""How a crawl ended: collects what went wrong while it runs and tells one reason, whatever the order of events.

Scrapy reports ``finished`` although pages were lost, so the end of a job is judged from this and from the ledger.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator

import msgspec
from OpenSSL import SSL
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.spidermiddlewares.httperror import HttpError
from service_identity import VerificationError
from twisted.internet.error import ConnectError
from twisted.python.failure import Failure

from harvester.catalog.model import Page
from harvester.crawl.order import Sample
from harvester.crawl.redaction import redact
from harvester.errors import DataMoaError, LedgerError, PortalError
from harvester.ledger.types import Verdict

_PRECEDENCE = (
    "forbidden address", "robots", "blocked", "login page", "error inside 200", "layout changed", "not found",
    "server error", "timeout", "unreachable", "unreadable answer", "endless paging", "lost requests", "limit",
)  # fmt: skip
"""Reasons from the most to the least telling: of several the first one here is the job's."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO}

_TOO_LARGE = "larger than download max size"
"""Scrapy's words for a body, or its Content-Length."""

_BLOCKED = {401, 403, 407, 429, 451}


class ForbiddenAddressError(IgnoreRequest):
    """A host has no address that a crawl may connect to; raised by the download handler, stops that request."""


class Outcome:
    """What went wrong in one crawl so far.

    `listing_over`: nothing more is to be listed; `stopped`: nothing more is to be fetched or committed either;
    `broken`: what is wrong on our side, so that the job must be left as it is; `verdict`: what the ledger made of it,
    None while the job has none.
    `room` bounds the pages that wait to be committed: taken for each page that a protocol yields, given back by the
    pipeline. One is being committed while the next is fetched.
    """

    def __init__(self, limit: int | None = None, sample: Sample | None = None) -> None:
        self.reason: str | None = None
        self.detail = ""
        self.listing_over = False
        self.stopped = False
        self.lost_requests = 0
        self.lost_details = 0
        self.broken: Exception | None = None
        self.verdict: Verdict | None = None
        self.left = limit
        self._sample = sample
        self._pages = 0
        self.room = asyncio.Semaphore(1)

    def fail(self, reason: str, detail: str) -> None:
        """Note that the listing cannot be complete because of `reason` (a verdict reason)."""
        if self.reason is None or _rank(reason) < _rank(self.reason):
            self.reason, self.detail = reason, redact(detail)

    @property
    def over(self) -> bool:
        """Whether nothing more is to be listed."""
        return self.stopped or self.listing_over

    def within_limit(self, page: Page) -> Page:
        """Cut `page` to the entries that the operator still wants; with the last of them the listing is over."""
        if self._sample is not None:
            page = self._sampled(page, self._sample)
        if self.left is None:
            return page
        if page.listed >= self.left:
            self.listing_over = True
            self.fail("limit", "the operator asked for no more")
            records = page.records[: self.left]
            rejected = page.rejected[: self.left - len(records)]
            lost = page.lost[: self.left - len(records) - len(rejected)]
            page = msgspec.structs.replace(page, records=records, rejected=rejected, lost=lost, end=False)
        self.left -= page.listed
        return page

    def _sampled(self, page: Page, sample: Sample) -> Page:
        self._pages += 1
        if len(page.records) > sample.records:
            self.fail("limit", f"of a page only the first {sample.records} records were wanted")
            page = msgspec.structs.replace(page, records=page.records[: sample.records])
        if self._pages >= sample.pages and not page.end:
            self.listing_over = True
            self.fail("limit", f"only the first pages of the listing were wanted ({sample.pages})")
        return page

    def fault(self, error: Exception, where: str) -> None:
        """Note an error of the protocol's code at `where`: the portal's answer, a setting of ours, or its own bug."""
        if isinstance(error, PortalError):
            self.fail(error.reason, str(error))
        elif isinstance(error, DataMoaError):
            self.broken = error
            self.stopped = True
        else:
            self.fail("unreadable answer", f"{where}: {type(error).__name__}: {error}")

    def lose_detail(self, detail: str) -> None:
        """Note a detail that was given up; the first one is told of where the job has no other reason."""
        self.lost_details += 1
        self.detail = self.detail or redact(detail)

    def lose_request(self, failure: Failure) -> None:
        """Note a request of the listing that was given up."""
        if is_our_disk(failure.value):
            self.fault(LedgerError(f"a download cannot be written: {failure.value}; make room, then go on"), "")
            return
        self.lost_requests += 1
        request = getattr(failure, "request", None)  # Scrapy hangs it on every failure that it gives to an errback
        self.fail(*explain(failure.value, request.url if request else "a request"))


def is_our_disk(error: BaseException | None) -> bool:
    """Whether a request was given up because its answer found no room here, which says nothing of the portal."""
    return isinstance(error, OSError) and error.errno in _NO_ROOM


def _rank(reason: str) -> int:
    return _PRECEDENCE.index(reason) if reason in _PRECEDENCE else len(_PRECEDENCE)


def explain(error: BaseException | None, url: str) -> tuple[str, str]:
    """Give the verdict reason and a sentence for a request to `url` that was given up."""
    where = redact(url)
    if isinstance(error, HttpError):
        status = error.response.status
        return _status_reason(status), f"{where}: answered {status}"
    return _error_reason(error), f"{where}: {redact(_sentence(error))}"


def _status_reason(status: int) -> str:
    if status in _BLOCKED:
        return "blocked"
    if status in {404, 410}:
        return "not found"
    return "server error" if status >= 500 else "unreadable answer"


def _error_reason(error: BaseException | None) -> str:
    match error:
        case ForbiddenAddressError():
            return "forbidden address"
        case IgnoreRequest() if "robots.txt" in str(error):
            return "robots"
        case DownloadCancelledError() if _TOO_LARGE in str(error):
            return "limit"
        case IgnoreRequest() | DownloadCancelledError():
            return "unreadable answer"
        case DownloadTimeoutError():
            return "timeout"
        case CannotResolveHostError() | DownloadConnectionRefusedError() | ConnectError():
            return "unreachable"
    untrusted = any(isinstance(cause, (SSL.Error, VerificationError)) for cause in _causes(error))
    return "unreachable" if untrusted else "lost requests"


def _sentence(error: BaseException | None) -> str:
    for cause in _causes(error):
        if isinstance(cause, (SSL.Error, VerificationError)):
            return f"its TLS certificate or handshake is not acceptable: {cause}"
        if _TOO_LARGE in str(cause):
            return "the answer is larger than a crawl takes (DOWNLOAD_MAXSIZE)"
        if reasons := getattr(cause, "reasons", ()):  # whose text is that of a list of Twisted's failures
            error = reasons[-1].value
    return f"{type(error).__name__}: {error}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Walk an error, what it was raised from, and the list of reasons that Twisted hangs on failed responses."""
    while error is not None:
        yield error
        for reason in getattr(error, "reasons", ()):
            yield from _causes(reason.value)
        error = error.__cause__
