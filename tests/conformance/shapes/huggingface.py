"""Hugging Face: a JSON list; the Link header names the next page."""

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
    return asked.path == "/api/datasets"


def empty(listing: Listing) -> list[Answer]:
    return [json_bodies.last_page([]) for _ in listing.bodies]


def half(listing: Listing) -> list[Answer]:
    return [json_bodies.last_page(rows) for rows in json_bodies.halved(_lists(listing))]


def twice(listing: Listing) -> list[bytes]:
    *_, last = lists = _lists(listing)
    return [*listing.bodies[:-1], msgspec.json.encode([*last, lists[0][-1]])]


def error(listing: Listing) -> bytes:
    return b'{"error": "Internal Error - We\'re working hard to fix this as soon as possible!"}'


def same_page(listing: Listing) -> Answer:
    return json_bodies.linked_again(listing, "")


def growing(listing: Listing, number: int) -> Answer:
    return json_bodies.linked_again(listing, f"&cursor=again-{number}")


def _lists(listing: Listing) -> list[list[Any]]:
    return [json_bodies.rows(body) for body in listing.bodies]
