"""A list in pages, and where there is one a page for each data set: the shape of nearly every odd portal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, TypeAlias, TypeVar

import msgspec
from scrapy import Request
from scrapy.http import HtmlResponse, Response, TextResponse

from harvester.catalog.model import HarvestRecord, Issue, Page, Part, Rejected
from harvester.errors import PortalError
from harvester.mapping.declared import COUNTERS
from harvester.mapping.json_values import text
from harvester.options.spider import SpiderOptions
from harvester.protocols.answers import as_page, unreadable
from harvester.protocols.base import ProtocolSpider
from harvester.protocols.revisions import revision

Fields: TypeAlias = Mapping[str, Any]
"""Values by property name (`harvester.mapping.declared.PROPERTIES`), and ``identifier``. What is empty is left out."""

T = TypeVar("T")

_ADDRESSES = ("landing_page", "page", "access_url", "download_url", "endpoint_url")
_MOST_VISITS = 100_000


class PagedSpider(ProtocolSpider):
    """Base of the spiders of odd portals. A subclass writes `rows` and `record`, mostly `next_page` and `details` too.

    Selectors that find nothing are told: a page without rows, rows without identifiers and an empty details page are
    "layout changed" (or "login page"), and a record without a title is rejected.
    """

    format = "fields"
    options: SpiderOptions

    parameters: ClassVar[Mapping[str, Any]] = {}
    """What the member file may set under ``parameters``, with the values that hold where it does not."""

    code: ClassVar[str] = ""
    """Names what the spider's file says: details are fetched again when that changed, for it may read more of them."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._visited: set[str] = set()

    def rows(self, response: TextResponse) -> Iterable[Any]:
        """Elements of a list page (selectors, or parts of its JSON), one a data set."""
        raise NotImplementedError

    def record(self, row: Any) -> Fields:
        """Values of one row. ``identifier`` must be there and never change; addresses may be relative."""
        raise NotImplementedError

    def next_page(self, response: TextResponse) -> str | None:
        """Address of the list page after this one, None on the last."""
        return None

    def total(self, response: TextResponse) -> int | None:
        """How many data sets the portal says it has: then a list that breaks off is noticed."""
        return None

    def details(self, response: TextResponse) -> Fields:
        """Values of the page at a record's ``landing_page``; not asked for where a subclass does not write this."""
        raise NotImplementedError

    def page_request(self, address: str, **how: Any) -> Request:
        """Make the request for a list page, for portals that want a form to be posted.

        `how` are further arguments of `scrapy.Request`; give them on, with ``method``, ``body`` and ``headers``. Pages
        are told apart by `address`, so each wants one of its own, as `next_page` gives it.
        """
        return self.request(address, self._read, **how)

    def listing(self, cursor: str | None) -> Iterator[Request | Page]:
        """Ask for the first page, or for the one that the cursor names."""
        yield self._ask(msgspec.json.decode(cursor, type=str) if cursor else self.source.url, cursor)

    def detail_part(self, name: str, response: Response) -> Part:
        """Read a details page; raises `PortalError` where no selector finds anything on it."""
        page = _readable(response)
        payload = _read_off(page, lambda response: _encoded(_absolute(self.details(response), response)), "details")
        if payload == b"{}":
            raise _nothing(page, "nothing of details() is on this page")
        return Part(name=name, format=self.format, payload=payload)

    def _ask(self, address: str, cursor: str | None) -> Request:
        self._visited.add(address)
        return self.page_request(address, cb_kwargs={"address": address, "cursor": cursor})

    def _read(self, response: Response, address: str, cursor: str | None) -> Iterator[Request | Page]:
        page = _readable(response)
        rows = list(_read_off(page, self.rows) or ())
        total = _read_off(page, self.total)
        if not rows and total != 0:
            raise _nothing(page, "rows() finds nothing on this page")
        outcomes = [self._outcome(row, page) for row in rows]
        records = tuple(outcome for outcome in outcomes if isinstance(outcome, HarvestRecord))
        rejected = tuple(outcome for outcome in outcomes if isinstance(outcome, Rejected))
        if rejected and not records:
            raise _nothing(page, f"none of {len(rows)} rows can be read: {rejected[0].issue.message}")
        following = self._following(page, address)
        place = msgspec.json.encode(following if following else f"{address}#end").decode()
        yield Page(
            records=records,
            rejected=rejected,
            after=cursor,
            cursor=place,
            end=following is None,
            declared_total=total,
        )
        if following:
            yield self._ask(following, place)

    def _following(self, page: TextResponse, address: str) -> str | None:
        link = _read_off(page, self.next_page)
        following = page.urljoin(link) if link else address
        if following in {address, page.url}:
            return None  # many a board links its last page from itself
        if not following.startswith(("http://", "https://")):
            raise PortalError("layout changed", f"{page.url}: next_page() gives no web address: {following[:200]}")
        if following in self._visited or len(self._visited) > _MOST_VISITS:
            raise PortalError("endless paging", f"{page.url}: the next page is {following}, which was read before")
        return following

    def _outcome(self, row: Any, page: TextResponse) -> HarvestRecord | Rejected:
        try:
            fields = {**_absolute(self.record(row), page)}
            identifier = text(fields.pop("identifier", None))
            payload = _encoded(fields)
        except Exception as error:  # noqa: BLE001 - code of one portal: one row fails, the others go on
            return self._rejected(row, "unreadable-row", f"record(): {type(error).__name__}: {error}")
        if not identifier:
            return self._rejected(row, "no-identifier", "record() finds no identifier in this row")
        address = fields.get("landing_page")
        has_details = type(self).details is not PagedSpider.details and isinstance(address, str)
        said = {"code": self.code} | {name: value for name, value in fields.items() if name not in COUNTERS}
        return HarvestRecord(
            identifier=identifier,
            parts=(Part(name="listing", format=self.format, payload=payload),),
            wanted={"details": str(address)} if has_details else {},
            revision=revision(said, text(fields.get("modified")), self.job.id),
        )

    def _rejected(self, row: Any, code: str, message: str) -> Rejected:
        seen = str(row.get() if hasattr(row, "get") and hasattr(row, "css") else row)
        issue = Issue(severity="error", code=code, message=message, field="identifier", value=seen[:200])
        return Rejected(payload=seen.encode("utf-8", "replace"), format=self.format, issue=issue)


def _read_off(page: TextResponse, read: Callable[[TextResponse], T], name: str = "") -> T:
    try:
        return read(page)
    except Exception as error:
        message = f"{name or read.__name__}(): {type(error).__name__}: {error}"
        raise _nothing(page, message) from error  # code of one portal met a page that it does not know


def _readable(response: Response) -> TextResponse:
    if not isinstance(response, TextResponse) or not response.body.strip():
        raise unreadable(response.body[:4096], "a web page", response.url)
    if isinstance(response, HtmlResponse):
        # Scrapy believes the header: CP949 that is called UTF-8 would change every title to marks.
        content = as_page(response.body, (response.headers.get("Content-Type") or b"").decode("latin-1"))
        return response.replace(body=content.encode("utf-8", "replace"), encoding="utf-8")
    return response


def _nothing(page: TextResponse, what: str) -> PortalError:
    has_form = "html" in (page.headers.get("Content-Type") or b"").decode("latin-1") and page.css(
        "input[type=password]"
    )
    return PortalError("login page" if has_form else "layout changed", f"{page.url}: {what}")


def _absolute(fields: Fields, page: TextResponse) -> Fields:
    """Make relative addresses those that a browser would open from this page."""
    return {
        name: page.urljoin(value.strip())
        if name in _ADDRESSES and isinstance(value, str) and value.strip()
        else [_absolute(one, page) if isinstance(one, Mapping) else one for one in value]
        if name == "distribution" and isinstance(value, (list, tuple))
        else value
        for name, value in fields.items()
    }


def _encoded(fields: Fields) -> bytes:
    said = {name: value for name, value in fields.items() if value not in (None, "", [], ())}
    return msgspec.json.encode(said, order="sorted")
