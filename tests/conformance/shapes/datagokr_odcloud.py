"""The list API of data.go.kr: ``{page, perPage, totalCount, matchCount, data}``, three lists one after the other."""

from __future__ import annotations

from typing import Any

import msgspec

from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked
from tests.conformance.listing import Listing

FAMILY = "json pages"


def absent(source: HarvestSource) -> dict[str, str]:
    return {"endless: the same page": "the harvester counts the pages: a portal cannot name the same place again"}


def is_page(asked: Asked, source: HarvestSource) -> bool:
    return asked.path.endswith("-data-list")


def empty(listing: Listing) -> list[bytes]:
    return [_page(page, []) for page in _pages(listing)]


def half(listing: Listing) -> list[bytes]:
    """The second list and the third are empty."""
    return [
        body if "open-data-list" in listed.asked.path else _page(page, [])
        for body, listed, page in zip(listing.bodies, listing.pages, _pages(listing), strict=True)
    ]


def twice(listing: Listing) -> list[bytes]:
    *others, last = _pages(listing)
    return [*listing.bodies[:-1], _page(last, [*last["data"], others[0]["data"][0]])]


def error(listing: Listing) -> bytes:
    return '{"code": -4, "msg": "등록되지 않은 인증키 입니다."}'.encode()


def growing(listing: Listing, number: int) -> Answer:
    first = _pages(listing)[0]
    return listing.again(msgspec.json.encode({**first, "page": None, "matchCount": 10_000_000}))


def _pages(listing: Listing) -> list[dict[str, Any]]:
    return [msgspec.json.decode(body) for body in listing.bodies]


def _page(page: dict[str, Any], data: list[Any]) -> bytes:
    return msgspec.json.encode({**page, "page": None, "currentCount": len(data), "matchCount": len(data), "data": data})
