"""GitHub: a JSON list; the Link header names the next page, at an address of another path."""

from __future__ import annotations

from typing import Any

import msgspec

from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked
from tests.conformance import json_bodies
from tests.conformance.listing import Listing

FAMILY = "json pages"


def absent(source: HarvestSource) -> dict[str, str]:
    return {}


def is_page(asked: Asked, source: HarvestSource) -> bool:
    return asked.path.endswith("/repos")


def empty(listing: Listing) -> list[Answer]:
    return [json_bodies.last_page([]) for _ in listing.bodies]


def half(listing: Listing) -> list[Answer]:
    first, *others = _lists(listing)
    return [json_bodies.last_page(first[: max(1, len(first) // 2)]), *(json_bodies.last_page([]) for _ in others)]


def twice(listing: Listing) -> list[bytes]:
    *_, last = lists = _lists(listing)
    return [*listing.bodies[:-1], msgspec.json.encode([*last, lists[0][0]])]


def error(listing: Listing) -> bytes:
    return b'{"message": "Server Error", "documentation_url": "https://docs.github.example"}'


def same_page(listing: Listing) -> Answer:
    return json_bodies.linked_again(listing, "")


def growing(listing: Listing, number: int) -> Answer:
    return json_bodies.linked_again(listing, f"&again={number}")


def _lists(listing: Listing) -> list[list[Any]]:
    return [json_bodies.rows(body) for body in listing.bodies]
