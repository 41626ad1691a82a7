"""DataCite: JSON:API with ``data``, ``meta.total`` and ``links.next``."""

from __future__ import annotations

from typing import Any

from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked
from tests.conformance import json_bodies
from tests.conformance.listing import Listing

FAMILY = "json pages"
_DATA, _TOTAL, _NEXT = ("data",), ("meta", "total"), ("links", "next")


def absent(source: HarvestSource) -> dict[str, str]:
    return {}


def is_page(asked: Asked, source: HarvestSource) -> bool:
    return asked.path == "/dois"


def empty(listing: Listing) -> list[bytes]:
    return _last(listing, [[] for _ in listing.bodies])


def half(listing: Listing) -> list[bytes]:
    return _last(listing, json_bodies.halved(_lists(listing)))


def twice(listing: Listing) -> list[bytes]:
    *_, last = lists = _lists(listing)
    return [*listing.bodies[:-1], json_bodies.having(listing.bodies[-1], _DATA, [*last, lists[0][-1]])]


def error(listing: Listing) -> bytes:
    return b'{"errors": [{"status": "500", "title": "Something went wrong"}]}'


def same_page(listing: Listing) -> Answer:
    first = listing.pages[0]
    address = f"{first.portal.url}/dois?page[cursor]=1"
    return _more(listing, address)


def growing(listing: Listing, number: int) -> Answer:
    return _more(listing, f"{listing.pages[0].portal.url}/dois?page[cursor]=again-{number}")


def _more(listing: Listing, address: str) -> Answer:
    body = json_bodies.having(listing.bodies[0], _TOTAL, 10_000_000)
    return listing.again(json_bodies.having(body, _NEXT, address))


def _lists(listing: Listing) -> list[list[Any]]:
    return [json_bodies.rows(body, _DATA) for body in listing.bodies]


def _last(listing: Listing, lists: list[list[Any]]) -> list[bytes]:
    """The answers with these lists, and the first of them the last one."""
    made = json_bodies.with_rows(listing.bodies, _DATA, lists, _TOTAL)
    return [json_bodies.having(made[0], ("links",), {}), *made[1:]]
