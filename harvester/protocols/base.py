"""What every protocol is: a Scrapy spider that pages through one harvest source and yields `Page` objects.

A protocol only pages. What its pages become (mapped, committed, resumed) is `harvester.crawl.pipeline`'s work.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Set
from pathlib import Path
from typing import Any, ClassVar

import scrapy
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from harvester import config
from harvester.catalog.model import HarvestRecord, Page, Part
from harvester.crawl.outcome import Outcome
from harvester.crawl.redaction import hide
from harvester.ledger.types import Job
from harvester.members import HarvestSource
from harvester.options import Options

Output = Iterable[Request | Page]
"""What callbacks yield: pages, in order, each following the cursor of the one before, and the next request."""


class ProtocolSpider(scrapy.Spider):
    """Base of all protocols. A subclass says `format` and writes `listing` and its callbacks.

    `harvester.crawl.loader` makes one subclass for each configured source, with `source` and `options` filled in;
    `job` and `outcome` are set before `listing` is asked.
    """

    format: ClassVar[str]
    """Metadata format of the listing's parts."""

    source: HarvestSource
    options: Options
    job: Job
    outcome: Outcome

    def listing(self, cursor: str | None) -> Output:
        """Yield what to do first, going on from `cursor` (None: from the beginning, else the last committed page's).

        Raises `PortalError` where that cannot be told.
        """
        raise NotImplementedError

    def detail_request(self, record: HarvestRecord, name: str, address: str) -> Request:
        """Make the request for the part `name` that `record` wants; callback and errback are the crawl's."""
        return Request(address)

    def detail_part(self, name: str, response: Response) -> Part:
        """Read the answer to a `detail_request`; raises `PortalError` when it is not the part that was asked for."""
        raise NotImplementedError

    @classmethod
    def excerpt(cls, file: Path, url: str, identifiers: Set[str]) -> bytes | None:
        """Make a download that is too large for a fixture one of these records only, in the same form; None: cannot.

        Raises `PortalError` where the file is not what the protocol downloads.
        """
        return None

    async def start(self) -> AsyncIterator[Any]:
        """Begin, or go on with, the listing; a job whose listing has ended has only details left."""
        if self.job.listing_ended:
            return
        for output in self.listing(self.job.cursor):
            yield output

    def request(self, url: str, callback: Callable[..., Any], **kwargs: Any) -> Request:
        """Make a request of the listing: never filtered as a duplicate, and counted when it is lost.

        Answers other than 2xx do not reach `callback` unless ``meta={"handle_httpstatus_list": [...]}`` names them.
        """
        return Request(url, callback=callback, errback=self._lost, dont_filter=True, **kwargs)

    def download(
        self, url: str, callback: Callable[..., Any], *, content_hash: str | None = None, **kwargs: Any
    ) -> Request:
        """Make a request whose answer is kept on disk and shared by all sources of this machine.

        `callback` gets a `harvester.crawl.downloads.SpooledResponse`. Give the `content_hash` of a cursor to go on
        reading the very content that the job began with, if it is still there; else the answer has another hash.
        """
        meta = {**kwargs.pop("meta", {}), "spool": url, "spool_hash": content_hash}
        return self.request(url, callback, meta=meta, **kwargs)

    def key(self, reference: str) -> str:
        """Resolve ``${NAME}`` to the key it names; from then on logs and the ledger show ``***`` in its place."""
        value = config.secret(reference)
        hide(value)
        return value

    def _lost(self, failure: Failure) -> None:
        self.outcome.lose_request(failure)
