"""Paging through data.go.kr's list API: list by list, agency by agency, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import Any
from urllib.parse import urlencode

import msgspec
from scrapy import Request
from scrapy.http import Response

from harvester.catalog.model import HarvestRecord, Page, Rejected
from harvester.errors import PortalError
from harvester.options.datagokr import DataGoKrOptions
from harvester.protocols import odcloud_rows
from harvester.protocols.base import ProtocolSpider

_TOLERANCE = 0.01  # share of a list that may have gone while it was read


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a listing stands; as JSON it is the cursor.

    `leg` numbers the pairs of list and agency. `page` is the next one to ask for (from 1) and `row` the first of its
    rows that is not committed yet: rows of a record may go on on the page after. `read`: rows of the leg before `page`.
    """

    per_page: int
    leg: int = 0
    page: int = 1
    row: int = 0
    read: int = 0

    def cursor(self) -> str:
        """Place as the ledger keeps it."""
        return msgspec.json.encode(self).decode()


class OdcloudListing:
    """Lists the records of a source's agencies by the list API, for `spider`.

    `make` turns the rows of one list entry (list, list key, rows) into a record; entries of agencies that are not the
    source's give None.
    """

    def __init__(
        self,
        spider: ProtocolSpider,
        options: DataGoKrOptions,
        make: Callable[[str, str, Sequence[Any]], HarvestRecord | Rejected | None],
    ) -> None:
        self._spider = spider
        self._options = options
        self._make = make
        self._legs = list(product(options.odcloud_lists, options.organisations or ("",)))

    def listing(self, cursor: str | None) -> Iterable[Request]:
        """Ask for the page at the cursor, or for the first one."""
        place = msgspec.json.decode(cursor, type=Place) if cursor else Place(per_page=self._options.page_rows)
        if place.leg >= len(self._legs):
            place = Place(per_page=self._options.page_rows)
        yield self._ask(place, cursor)

    def _ask(self, place: Place, after: str | None, before: Sequence[Any] = (), held: int = 0) -> Request:
        """Request for a page; `before` are the rows of the page before, the last `held` of which may go on here."""
        name, organisation = self._legs[place.leg]
        query: dict[str, str | int] = {"page": place.page, "perPage": place.per_page}
        if organisation:
            comparison = "LIKE" if organisation.endswith("*") else "EQ"
            query[f"cond[org_nm::{comparison}]"] = organisation.rstrip("* ")
        assert self._options.api_key
        return self._spider.request(
            f"{self._options.odcloud_url}/{name}?{urlencode(query)}",
            self._read,
            headers={"Authorization": f"Infuser {self._spider.key(self._options.api_key)}"},
            cb_kwargs={"place": place, "after": after, "before": before, "held": held},
        )

    def _read(
        self, response: Response, place: Place, after: str | None, before: Sequence[Any], held: int
    ) -> Iterator[Request | Page]:
        name, organisation = self._legs[place.leg]
        answer = odcloud_rows.read(response.body, response.url)
        data = answer.data or []
        if answer.page is not None and answer.page != place.page:
            message = f"{response.url}: page {place.page} was asked for, page {answer.page} came"
            raise PortalError("endless paging", message)
        if data and data == before:
            raise PortalError("endless paging", f"{response.url}: the same rows came as on the page before")
        read = place.read + len(data)
        total = answer.matchCount if organisation or answer.matchCount is not None else answer.totalCount
        done = not data or (total is not None and read >= total)
        complete = total is None or read >= total * (1 - _TOLERANCE)
        groups = odcloud_rows.groups([*before[len(before) - held :], *data[place.row :]])
        # The last record may go on on the next page and is left to it, unless it began before this page.
        begins = len(data) - len(groups[-1]) if groups else 0
        held = len(groups.pop()) if begins > 0 and not done else 0
        if done:
            following = Place(per_page=self._options.page_rows, leg=place.leg + 1)
        elif held:
            following = msgspec.structs.replace(place, row=begins)
        else:
            following = self._next(answer, place, read)
        end = done and following.leg == len(self._legs)
        if following.cursor() != after:
            outcomes = [self._make(name, odcloud_rows.key_of(group[0]), group) for group in groups]
            yield Page(
                records=tuple(one for one in outcomes if isinstance(one, HarvestRecord)),
                rejected=tuple(one for one in outcomes if isinstance(one, Rejected)),
                after=after,
                cursor=following.cursor(),
                end=end and complete,
            )
        if done and not complete:
            message = f"{response.url}: {read:,} rows came of {total:,} that the list API declares"
            raise PortalError("total not met", message)
        if done and not end:
            yield self._ask(following, following.cursor())
        elif not end:
            yield self._ask(self._next(answer, place, read), following.cursor(), data, held)

    def _next(self, answer: odcloud_rows.Answer, place: Place, read: int) -> Place:
        """The page after. Rows a page are what the portal says it took: it does not heed a number that is too large."""
        taken = answer.perPage if answer.perPage and answer.perPage > 0 else place.per_page
        return Place(per_page=taken, leg=place.leg, page=place.page + 1, read=read)
