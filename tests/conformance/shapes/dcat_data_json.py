"""A feed in one file: the list ``dataset`` of a data.json."""

from __future__ import annotations

from typing import Any

from harvester.members import HarvestSource
from harvester.sample_portals.server import Asked
from tests.conformance import json_bodies
from tests.conformance.listing import Listing

FAMILY = "one file"
_DATASETS = ("dataset",)


def absent(source: HarvestSource) -> dict[str, str]:
    return {}


def is_page(asked: Asked, source: HarvestSource) -> bool:
    return asked.path == "/data.json"


def empty(listing: Listing) -> list[bytes]:
    return [_having(listing, [])]


def half(listing: Listing) -> list[bytes]:
    datasets = _datasets(listing)
    return [_having(listing, datasets[: len(datasets) // 2])]


def twice(listing: Listing) -> list[bytes]:
    datasets = _datasets(listing)
    return [_having(listing, [*datasets, datasets[0]])]


def error(listing: Listing) -> bytes:
    return b'{"success": false, "error": {"__type": "Internal Error", "message": "maintenance"}}'


def _datasets(listing: Listing) -> list[Any]:
    return json_bodies.rows(listing.bodies[0], _DATASETS)


def _having(listing: Listing, datasets: list[Any]) -> bytes:
    return json_bodies.having(listing.bodies[0], _DATASETS, datasets)
