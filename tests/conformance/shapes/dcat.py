"""A feed in Turtle, in Hydra pages that name the next one."""

from __future__ import annotations

import re

from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked
from tests.conformance.listing import Listing

FAMILY = "rdf pages"


def absent(source: HarvestSource) -> dict[str, str]:
    return {}


def is_page(asked: Asked, source: HarvestSource) -> bool:
    return asked.path == "/catalog.ttl"


def empty(listing: Listing) -> list[bytes]:
    return [
        b"@prefix dcat: <http://www.w3.org/ns/dcat#> .\n<https://x.example/> a dcat:Catalog ." for _ in listing.bodies
    ]


def half(listing: Listing) -> list[bytes]:
    # The first page without its next one, and with the total that it has then.
    first = re.sub(rb"; hydra:next <[^>]*>", b"", listing.bodies[0])
    return [re.sub(rb"totalItems \d+", b"totalItems 3", first), *listing.bodies[1:]]


def twice(listing: Listing) -> list[bytes]:
    first, last = listing.bodies
    return [first, last + b"\n" + re.split(rb"\n(?=<[^>]*> a dcat:Dataset)", first)[1]]


def error(listing: Listing) -> bytes:
    return b'{"success": false, "error": {"__type": "Internal Error", "message": "maintenance"}}'


def same_page(listing: Listing) -> Answer:
    following = f"hydra:next <{listing.source.url}>"
    return listing.again(re.sub(rb"hydra:next <[^>]*>", following.encode(), listing.bodies[0]))


def growing(listing: Listing, number: int) -> Answer:
    following = f"hydra:next <{listing.source.url}?page={number + 2}>"
    return listing.again(re.sub(rb"hydra:next <[^>]*>", following.encode(), listing.bodies[0]))
