"""Boxes from single numbers, with latitude and longitude by name (DataCite, schema.org)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from harvester.mapping.places import BoundingBox

_NUMBER = re.compile(r"[-+]?\d{1,4}(?:\.\d{0,20})?")


def degrees(value: Any) -> float | None:
    """Read a number of degrees: a number, or a text that is one."""
    if isinstance(value, str):
        value = value.strip()
        return float(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= 360:
        return float(value) if math.isfinite(value) else None
    return None


def box_of_edges(west: Any, south: Any, east: Any, north: Any) -> BoundingBox | None:
    """Box of four edges; None where one is missing or is no number."""
    edges = [degrees(one) for one in (west, south, east, north)]
    if any(edge is None for edge in edges):
        return None
    found = [edge for edge in edges if edge is not None]
    return (found[0], found[1], found[2], found[3])


def point(latitude: Any, longitude: Any) -> BoundingBox | None:
    """Box of a single point."""
    return box_of_edges(longitude, latitude, longitude, latitude)


def box_of_positions(value: Any) -> BoundingBox | None:
    """Box around ``lat lon lat lon …`` (blanks or commas between), as schema.org writes boxes, lines and polygons."""
    if not isinstance(value, str) or len(value) > 100_000:
        return None
    numbers = [float(one) for one in _NUMBER.findall(value)]
    if len(numbers) < 2 or len(numbers) % 2:
        return None
    return _around(numbers[::2], numbers[1::2])


def _around(latitudes: Sequence[float], longitudes: Sequence[float]) -> BoundingBox:
    return (min(longitudes), min(latitudes), max(longitudes), max(latitudes))
