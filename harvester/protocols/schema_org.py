"""schema.org metadata of dataset pages: which pages there are, and the datasets that they describe.

A page of the listing is a batch of web pages. Addresses are read in their order, and the cursor is the last of them, so
a listing goes on rightly when addresses came or went meanwhile.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import ClassVar
from urllib.parse import urldefrag, urljoin, urlsplit

import lxml.etree
import msgspec
from scrapy import Request
from scrapy.http import Response, TextResponse
from scrapy.utils.gz import gunzip
from scrapy.utils.sitemap import Sitemap
from twisted.python.failure import Failure

from harvester.catalog.model import HarvestRecord, Issue, Lost, Page, Part, Rejected
from harvester.errors import PortalError
from harvester.mapping.embedded_metadata import Broken, Found, datasets_of, identify
from harvester.options.schema_org import SchemaOrgOptions
from harvester.protocols.answers import as_utf8, unreadable
from harvester.protocols.base import ProtocolSpider
from harvester.protocols.json_answers import told_fault

_MOST_SITEMAPS = 5_000
_MOST_PAGES = 1_000_000
_LARGEST_SITEMAP = 64 * 1024 * 1024
"""Bytes; the protocol of sitemaps allows 50 MB."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The cursor: the last page that was read, and how many records were found so far."""

    last: str
    found: int = 0


class _Addresses:
    """Addresses of pages while sitemaps are read; `waiting` are sitemaps still to be asked for."""

    def __init__(self, first: str) -> None:
        self.waiting = [first]
        self.met = {first}
        self.pages: set[str] = set()


class _Batch:
    """Web pages that are asked for at the same time; they become one page of the listing, in their order."""

    def __init__(self, addresses: list[str], after: str | None, place: Place | None) -> None:
        self.addresses = addresses
        self.after = after
        self.place = place
        self.outcomes: dict[str, list[HarvestRecord | Rejected | Lost]] = {}
        self.given_up = 0


class SchemaOrgSpider(ProtocolSpider):
    """Lists the datasets of the pages that the options name."""

    format: ClassVar[str] = "schema_org"
    options: SchemaOrgOptions
    _gone: ClassVar[list[int]] = [404, 410]
    _fault: PortalError | None = None
    """Why the first page that has no dataset has none: the reason of the job if no other page has one."""

    def listing(self, cursor: str | None) -> Iterable[Request | Page]:
        """Ask for the sitemap, for the page with links, or for the pages themselves."""
        options = self.options
        if options.sitemap:
            yield self._ask_sitemap(_Addresses(options.sitemap), cursor)
        elif options.links:
            yield self.request(self.source.url, self._linked, cb_kwargs={"cursor": cursor})
        else:
            yield from self._go_on(sorted(set(options.pages)) or [self.source.url], cursor)

    def _ask_sitemap(self, addresses: _Addresses, cursor: str | None) -> Request:
        known = {"addresses": addresses, "cursor": cursor}
        return self.request(addresses.waiting.pop(), self._sitemap, cb_kwargs=known)

    def _sitemap(self, response: Response, addresses: _Addresses, cursor: str | None) -> Iterator[Request | Page]:
        index, links = _read_sitemap(response)
        for link in links:
            if index and link not in addresses.met:
                addresses.met.add(link)
                addresses.waiting.append(link)
            elif not index and self._selects(link):
                addresses.pages.add(urldefrag(link).url)
        if len(addresses.met) > _MOST_SITEMAPS or len(addresses.pages) > _MOST_PAGES:
            many = f"{len(addresses.met):,} sitemaps, {len(addresses.pages):,} pages"
            raise PortalError("endless paging", f"{self.options.sitemap}: {many}: more than any catalogue")
        if addresses.waiting:
            yield self._ask_sitemap(addresses, cursor)
            return
        if not addresses.pages:
            raise PortalError("layout changed", f"{self.options.sitemap}: no address that is wanted is in this sitemap")
        yield from self._go_on(sorted(addresses.pages), cursor)

    def _linked(self, response: Response, cursor: str | None) -> Iterator[Request | Page]:
        selected = response.css(self.options.links or "") if isinstance(response, TextResponse) else []
        links = (element.attrib.get("href", "").strip() for element in selected)
        pages = {urldefrag(link).url for href in links if href and self._selects(link := _joined(response.url, href))}
        if not pages:
            raise _nothing_here(response, f"links at {self.options.links!r}")
        yield from self._go_on(sorted(pages), cursor)

    def _selects(self, link: str) -> bool:
        """Whether a page is wanted: what matches; without `match` what is at the portal's own host."""
        if not link.startswith(("http://", "https://")):
            return False
        if self.options.match:
            return re.search(self.options.match, link) is not None
        return _host(link) == _host(self.source.url)

    def _go_on(self, addresses: list[str], cursor: str | None) -> Iterator[Request | Page]:
        place = msgspec.json.decode(cursor, type=Place) if cursor else None
        begin = bisect_right(addresses, place.last) if place else 0
        yield from self._fetch(addresses, begin, place, cursor)

    def _fetch(
        self, addresses: list[str], begin: int, place: Place | None, cursor: str | None
    ) -> Iterator[Request | Page]:
        batch = _Batch(addresses[begin : begin + self.options.batch], cursor, place)
        if not batch.addresses:  # the last ones went while the job was interrupted
            yield Page(records=(), after=cursor, cursor=cursor, end=True)
        known = {"batch": batch, "addresses": addresses, "end": begin + len(batch.addresses)}
        for address in batch.addresses:
            yield Request(
                address,
                self._described,
                errback=self._given_up,
                dont_filter=True,
                cb_kwargs={**known, "address": address},
                meta={"handle_httpstatus_list": self._gone},
            )

    def _described(
        self, response: Response, batch: _Batch, addresses: list[str], end: int, address: str
    ) -> Iterator[Request | Page]:
        try:
            batch.outcomes[address] = self._outcomes(response, address)
        except PortalError as error:
            self._fault = self._fault or error
            batch.outcomes[address] = [_lost(address, error)] if self._is_expected(error) else []
        yield from self._when_all_came(batch, addresses, end)

    def _is_expected(self, error: PortalError) -> bool:
        """Whether this page should have described a dataset: a sitemap without `match` leads anywhere."""
        return not self.options.sitemap or self.options.match is not None or error.reason == "not found"

    def _given_up(self, failure: Failure) -> Iterator[Request | Page]:
        known = failure.request.cb_kwargs  # type: ignore[attr-defined]  # Scrapy puts the request there
        batch, address = known["batch"], known["address"]
        self.outcome.lose_request(failure)
        batch.given_up += 1
        batch.outcomes[address] = [_lost(address, PortalError("lost requests", failure.getErrorMessage()))]
        yield from self._when_all_came(batch, known["addresses"], known["end"])

    def _when_all_came(self, batch: _Batch, addresses: list[str], end: int) -> Iterator[Request | Page]:
        if len(batch.outcomes) < len(batch.addresses):
            return
        if batch.given_up == len(batch.addresses) > 1:
            return  # the portal is gone: asking for every other page would take hours
        outcomes = [outcome for address in batch.addresses for outcome in batch.outcomes[address]]
        records = tuple(one for one in outcomes if isinstance(one, HarvestRecord))
        rejected = tuple(one for one in outcomes if isinstance(one, Rejected))
        found = (batch.place.found if batch.place else 0) + len(records) + len(rejected)
        ended = end >= len(addresses)
        if ended and not found and self._fault:
            raise self._fault
        place = Place(last=batch.addresses[-1], found=found)
        cursor = msgspec.json.encode(place).decode()
        yield Page(
            records=records,
            rejected=rejected,
            lost=tuple(one for one in outcomes if isinstance(one, Lost)),
            after=batch.after,
            cursor=cursor,
            end=ended,
        )
        if not ended:
            yield from self._fetch(addresses, end, place, cursor)

    def _outcomes(self, response: Response, address: str) -> list[HarvestRecord | Rejected | Lost]:
        """Datasets of one web page; raises `PortalError` where it has none."""
        if response.status in self._gone:
            raise PortalError("not found", f"{address}: answered {response.status}")
        stated = list(datasets_of(_text(response), address))
        found = [one for one in stated if isinstance(one, Found)]
        broken = [_rejected(one, address) for one in stated if isinstance(one, Broken)]
        if not found and not broken:
            raise _nothing_here(response, "schema.org metadata of a dataset")
        identifiers = identify(found, address)
        return [
            *(self._record(one, id, address) for one, id in zip(found, identifiers, strict=True)),
            *broken,
        ]

    def _record(self, found: Found, identifier: str, address: str) -> HarvestRecord:
        described = {
            "page": address,
            "way": found.way,
            "mended": found.mended,
            "context": found.context,
            "node": found.node,
        }
        payload = json.dumps(described, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        return HarvestRecord(identifier=identifier, parts=(Part(name="listing", format=self.format, payload=payload),))


def _read_sitemap(response: Response) -> tuple[bool, list[str]]:
    """Whether a sitemap is an index, and the addresses in it; raises `PortalError`."""
    body, expected = response.body, "a sitemap"
    if body.startswith(b"\x1f\x8b"):
        try:
            body = gunzip(body, max_size=_LARGEST_SITEMAP)
        except (OSError, ValueError, EOFError) as error:
            raise PortalError("unreadable answer", f"{response.url}: {expected} was due: {error}") from None
    if re.match(rb"(?:\xef\xbb\xbf)?\s*https?://", body):  # the plain form: an address a line
        lines = body.decode("utf-8-sig", "replace").split()
        return False, [_joined(response.url, line) for line in lines]
    try:
        sitemap = Sitemap(body.strip())
        links = [_joined(response.url, entry["loc"]) for entry in sitemap if entry.get("loc")]
    except (lxml.etree.LxmlError, StopIteration, RuntimeError, ValueError) as error:
        raise unreadable(body[:4096], expected, response.url, error) from None
    if sitemap.type not in ("urlset", "sitemapindex"):
        raise unreadable(body[:4096], expected, response.url, f"its root is {sitemap.type}")
    if not re.search(rb"</\s*(?:\w+:)?(?:urlset|sitemapindex)\s*>", body[-1000:]) and links:
        raise PortalError("unreadable answer", f"{response.url}: the sitemap breaks off after {len(links)} addresses")
    return sitemap.type == "sitemapindex", links


def _text(response: Response) -> str:
    return response.text if isinstance(response, TextResponse) else response.body.decode("utf-8", "replace")


def _nothing_here(response: Response, expected: str) -> PortalError:
    body = as_utf8(response.body, None).strip()
    if said := told_fault(body):
        return PortalError("error inside 200", f"{response.url}: the portal says that it failed: {said}")
    if body[:1] in (b"{", b"["):
        return PortalError("layout changed", f"{response.url}: no {expected} in the answer {body[:80]!r}")
    return unreadable(body[:20_000], expected, response.url)


def _lost(address: str, error: PortalError) -> Lost:
    issue = Issue(
        severity="error", code=error.reason.replace(" ", "-"), message=str(error), field="page", value=address
    )
    return Lost(identifier=address, issue=issue)


def _rejected(broken: Broken, address: str) -> Rejected:
    message = f"{address}: metadata of a dataset that is no JSON: {broken.fault}"
    issue = Issue(severity="error", code="not-json", message=message, field="page", value=broken.text.strip()[:200])
    return Rejected(payload=broken.text.encode("utf-8", "replace"), format=SchemaOrgSpider.format, issue=issue)


def _joined(address: str, link: str) -> str:
    try:
        return urljoin(address, link)
    except ValueError:
        return ""


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower().removeprefix("www.")
    except ValueError:
        return ""
