"""Listings whose pages name the next one: in the Link header (RFC 8288) or in the answer itself."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit

import msgspec
from scrapy import Request
from scrapy.http import Response

from harvester.catalog.model import HarvestRecord, Page, Rejected
from harvester.errors import PortalError
from harvester.protocols.answers import not_too_many
from harvester.protocols.base import ProtocolSpider

logger = logging.getLogger(__name__)


class Passed(NamedTuple):
    """A row that the portal listed and the source does not select; `what` is told in the log."""

    what: str


class Answered(NamedTuple):
    """What one answer holds: its rows, the address of the next page, and how many rows the portal says there are."""

    rows: Sequence[HarvestRecord | Rejected | Passed]
    following: str | None
    total: int | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a listing stands; as JSON it is the cursor.

    `following` is the next page: what comes after the portal's address. `rows` were listed so far, `passed` of them
    not selected. `total` is the largest that the portal declared: one that falls in the middle hides nothing.
    """

    following: str | None = None
    rows: int = 0
    passed: int = 0
    total: int | None = None


class LinkedPagesSpider(ProtocolSpider):
    """Follows the pages of a list. A subclass says how the list begins and what an answer holds.

    Only path and query of a next page are taken, the host is always the source's own: a key goes to nobody else, and a
    copy that serves recorded answers is read to its end.
    """

    statuses: ClassVar[tuple[int, ...]] = ()
    """Statuses other than 2xx whose answers `read` wants to see."""

    @abstractmethod
    def first(self) -> str:
        """Path and query of the first page, after the portal's address."""

    @abstractmethod
    def read(self, response: Response) -> Answered:
        """Read an answer; raises `PortalError`."""

    def headers(self) -> Mapping[str, str]:
        """Headers of every request."""
        return {}

    def listing(self, cursor: str | None) -> Iterable[Request | Page]:
        """Ask for the page after the cursor, or for the first one."""
        yield self._ask(msgspec.json.decode(cursor, type=Place) if cursor else Place(following=self.first()), cursor)

    def _ask(self, place: Place, after: str | None) -> Request:
        return self.request(
            f"{self.source.url}{place.following}",
            self._page,
            headers=dict(self.headers()),
            cb_kwargs={"place": place, "after": after},
            meta={"handle_httpstatus_list": list(self.statuses)},
        )

    def _page(self, response: Response, place: Place, after: str | None) -> Iterator[Request | Page]:
        rows, link, total = self.read(response)
        not_too_many(len(rows), response.url)
        total = max((one for one in (total, place.total) if one is not None), default=None)
        passed = [row for row in rows if isinstance(row, Passed)]
        following = self._own(response, link) if link else None
        if following and not rows:
            if total is None or place.rows < total:
                raise PortalError("empty", f"{response.url}: an empty page, although the portal names a next one")
            following = None
        here = Place(following=following, rows=place.rows + len(rows), passed=place.passed + len(passed), total=total)
        cursor = msgspec.json.encode(here).decode()
        if passed:
            some = "; ".join(dict.fromkeys(row.what for row in passed))[:1000]
            logger.info("%s: %d rows are not selected: %s", response.url, len(passed), some)
        yield Page(
            records=tuple(row for row in rows if isinstance(row, HarvestRecord)),
            rejected=tuple(row for row in rows if isinstance(row, Rejected)),
            after=after,
            cursor=cursor,
            end=following is None,
            # The portal counts what it listed: taking off what was passed over makes it speak of the selection.
            declared_total=None if total is None else max(0, total - here.passed),
            passed=here.passed,
        )
        if following is not None:
            yield self._ask(here, cursor)

    def _own(self, response: Response, link: str) -> str:
        """Give the part of a link that comes after the portal's address."""
        try:
            parts = urlsplit(urljoin(response.url, link))
        except ValueError as error:
            raise PortalError("layout changed", f"{response.url}: the next page {link[:200]!r}: {error}") from None
        own = urlunsplit(("", "", parts.path, parts.query, ""))
        return own.removeprefix(urlsplit(self.source.url).path)
