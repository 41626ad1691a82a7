"""A protocol of the tests' own: JSON pages of small packages, a detail for each where wanted; and its portal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response

from harvester.catalog.model import HarvestRecord, Issue, Page, Part, Rejected
from harvester.errors import PortalError
from harvester.protocols.base import ProtocolSpider
from tests.crawl.servers import Answer, Asked, Portal


class PagedSpider(ProtocolSpider):
    format = "ckan"

    def listing(self, cursor: str | None) -> Iterable[Request | Page]:
        yield self._ask(cursor)

    def _ask(self, cursor: str | None) -> Request:
        return self.request(f"{self.source.url}/page?at={cursor or 0}", self.read, cb_kwargs={"after": cursor})

    def read(self, response: Response, after: str | None) -> Iterator[Request | Page]:
        try:
            answer = json.loads(response.body)
        except ValueError:
            raise PortalError("unreadable answer", f"{response.url}: no JSON") from None
        if "error" in answer:
            raise PortalError("error inside 200", answer["error"])
        cursor = answer["next"]
        yield Page(
            records=tuple(self._record(one) for one in answer["records"] if "id" in one),
            rejected=tuple(_nameless(one) for one in answer["records"] if "id" not in one),
            after=after,
            cursor=cursor or after,
            end=cursor is None,
            declared_total=answer.get("total"),
        )
        if cursor:
            yield self._ask(cursor)

    def _record(self, one: dict[str, Any]) -> HarvestRecord:
        detail = one.get("detail")
        return HarvestRecord(
            identifier=one["id"],
            parts=(Part(name="listing", format="ckan", payload=json.dumps(one).encode()),),
            wanted={"detail": detail} if detail else {},
            revision=one.get("revision"),
            deleted=one.get("deleted", False),
        )

    def detail_part(self, name: str, response: Response) -> Part:
        if not response.body.startswith(b"{"):
            raise PortalError("unreadable answer", f"{response.url}: no JSON")
        return Part(name=name, format="ckan", payload=response.body)


def _nameless(one: dict[str, Any]) -> Rejected:
    issue = Issue(severity="error", code="no-identifier", message="no id")
    return Rejected(payload=json.dumps(one).encode(), format="ckan", issue=issue)


class PagedPortal(Portal):
    """`records` in pages of `size`; with `details` every one has a page of its own at ``/detail``."""

    def __init__(self, records: int = 0, size: int = 10, *, details: bool = False, declares: bool = True) -> None:
        super().__init__({"/page": self._page, "/detail": self._detail})
        self.size = size
        self.details = details
        self.declares = declares
        self.records: list[dict[str, Any]] = [package(number) for number in range(records)]

    def _page(self, asked: Asked) -> Answer:
        start = int(asked.path.partition("at=")[2])
        shown = self.records[start : start + self.size]
        if self.details:
            shown = [
                {**one, "detail": f"{self.url}/detail?id={one['id']}", "revision": one["metadata_modified"]}
                for one in shown
            ]
        after = start + self.size
        body: dict[str, Any] = {"records": shown, "next": str(after) if after < len(self.records) else None}
        if self.declares:
            body["total"] = len(self.records)
        return Answer(json.dumps(body), headers={"Content-Type": "application/json"})

    def _detail(self, asked: Asked) -> Answer:
        wanted = asked.path.partition("id=")[2]
        one = next(one for one in self.records if one["id"] == wanted)
        return Answer(json.dumps({**one, "notes": f"설명 {wanted}"}), headers={"Content-Type": "application/json"})


def package(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"p-{number:06}",
        "name": f"package-{number}",
        "title": f"자료 {number}",
        "notes": "",
        "metadata_modified": "2026-01-02T03:04:05",
        "resources": [{"id": f"r-{number}", "url": f"https://files.example/{number}.csv", "format": "CSV"}],
        **changes,
    }


class KeyedSpider(PagedSpider):
    """Asks with a key, in the address and in a header."""

    def _ask(self, cursor: str | None) -> Request:
        key = self.key("${PAGED_KEY}")
        url = f"{self.source.url}/page?key={key}&at={cursor or 0}"
        return self.request(url, self.read, cb_kwargs={"after": cursor}, headers={"X-Api-Key": key})

    def detail_request(self, record: HarvestRecord, name: str, address: str) -> Request:
        return Request(f"{address}&key={self.key('${PAGED_KEY}')}")
