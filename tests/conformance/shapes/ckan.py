"""``package_search``: results by offset, with the count of all."""

from __future__ import annotations

from typing import Any

import msgspec

from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked
from tests.conformance.listing import Listing

FAMILY = "json pages"


def absent(source: HarvestSource) -> dict[str, str]:
    return {"endless: the same page": "the harvester counts the offsets: a portal cannot name the same place again"}


def is_page(asked: Asked, source: HarvestSource) -> bool:
    return asked.path.endswith("/package_search")


def empty(listing: Listing) -> list[bytes]:
    return [_page([], 0) for _ in listing.bodies]


def half(listing: Listing) -> list[bytes]:
    kept = _results(listing)[:2]
    return [_page(kept, len(kept)) for _ in listing.bodies]


def twice(listing: Listing) -> list[bytes]:
    first, last = map(msgspec.json.decode, listing.bodies)
    results = [*last["result"]["results"], first["result"]["results"][0]]
    return [listing.bodies[0], _page(results, last["result"]["count"])]


def error(listing: Listing) -> bytes:
    return b'{"help": "", "success": false, "error": {"__type": "Internal Error", "message": "maintenance"}}'


def growing(listing: Listing, number: int) -> Answer:
    return listing.again(_page(_results(listing), 10_000_000))


def _results(listing: Listing) -> list[Any]:
    return msgspec.json.decode(listing.bodies[0])["result"]["results"]  # type: ignore[no-any-return]


def _page(results: list[Any], count: int) -> bytes:
    return msgspec.json.encode({"help": "", "success": True, "result": {"count": count, "results": results}})
