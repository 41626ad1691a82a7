"""Reading places: ``west,south,east,north``, GeoJSON, WKT, an ArcGIS envelope, an address of a place, or a name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from harvester.catalog.model import Location
from harvester.mapping.json_values import address_of_one, inner_json, is_language_map, lang_text

BoundingBox: TypeAlias = tuple[float, float, float, float]

MAX_GEOMETRY = 20_000
"""Characters of a geometry that travel with a dataset; of a longer one (a coast line of 300 kB was seen) only the
bounding box does. The whole stays in the stored payload."""

_NUMBER = r"[-+]?\d{1,4}(?:\.\d{0,20})?(?:[eE][-+]?\d{1,2})?"
_BOX = re.compile(rf"\s*{_NUMBER}(?:(?:\s*,\s*|\s+){_NUMBER}){{3}}\s*")
_ENVELOPE = re.compile(rf"\s*ENVELOPE\s*\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)\s*")
_WKT = re.compile(r"\s*(?:<[^<>]*>\s*|SRID=\d+;\s*)?(?:MULTI)?(?:POINT|LINESTRING|POLYGON)\s*Z?\s*\(", re.IGNORECASE)
_NUMBERS = re.compile(_NUMBER)
_WKT_POSITION = re.compile(rf"({_NUMBER})\s+({_NUMBER})[^,()]*")
_EDGES = ("westboundingcoordinate", "southboundingcoordinate", "eastboundingcoordinate", "northboundingcoordinate")
_NAMES = ("prefLabel", "label", "text", "name", "geographicName", "title")
_GEOJSON = ("coordinates", "geometry", "geometries", "features")
_MAX_DEPTH = 12
_MAX_BOX = 200
_MAX_OUTLINE = 4_000


def locations(value: Any, language: str) -> tuple[Location, ...]:
    """Read all places of a JSON value: one or a list of texts, GeoJSON objects, or DCAT locations."""
    if not value:
        return ()
    if isinstance(value, str):
        return (place_of_text(value, language),) if value.strip() else ()
    if isinstance(value, list) and (box := _box_of_positions(value)):
        return (Location(bbox=box),)
    found = (_place(one, language) for one in (value if isinstance(value, list) else (value,)))
    return tuple(one for one in found if one)


def _place(value: Any, language: str) -> Location | None:
    if isinstance(value, dict):
        if "coordinates" in value or "geometries" in value or "features" in value:
            box = _box(_positions(value))
            return Location(bbox=box) if box else None
        label: dict[str, str] = next((found for key in _NAMES if (found := lang_text(value.get(key), language))), {})
        shapes = [value.get(key) for key in ("bbox", "geometry", "geom", "centroid")]
        place = next((shaped for shape in shapes if shape and (shaped := _shape(shape))), Location())
        uri = address_of_one(value.get("@id") or value.get("uri"))
        if label or uri or place.bbox or place.geometry:
            return Location(label=label, uri=uri, bbox=place.bbox, geometry=place.geometry)
        return None
    if isinstance(value, str) and value.strip():
        return place_of_text(value, language)
    return None


def _shape(value: Any) -> Location | None:
    if isinstance(value, dict) and "@value" in value:
        value = value["@value"]
    if isinstance(value, str):
        return shape_of_text(value)
    box = _box(_positions(value))
    return Location(bbox=box) if box else None


def place_of_text(value: str, language: str) -> Location:
    """Read one place from a text: a shape, an address, or its name."""
    value = value.strip()
    if place := shape_of_text(value):
        return place
    if value.startswith(("http://", "https://")):
        return Location(uri=value)
    return Location(label=lang_text(value, language))


def shape_of_text(value: str) -> Location | None:
    """Read a shape from ``w,s,e,n``, GeoJSON or WKT; None where the text is none of them."""
    if len(value) < _MAX_BOX and _BOX.fullmatch(value):
        west, south, east, north = (float(number) for number in _NUMBERS.findall(value))
        return _located(_checked(west, south, east, north))
    if len(value) < _MAX_BOX and (
        found := _ENVELOPE.fullmatch(value)
    ):  # ENVELOPE(west, east, north, south), as GeoBlacklight and CQL write it
        west, east, north, south = (float(number) for number in found.groups())
        return _located(_checked(west, south, east, north))
    if value[:1] in ("{", "["):
        return _known_outline(value) if len(value) < _MAX_OUTLINE else _json_shape(value)
    if _WKT.match(value):
        box = _box((float(x), float(y)) for x, y in _WKT_POSITION.findall(value))
        return _located(box, value) or _only_geometry(value)
    return None


def _only_geometry(value: str) -> Location | None:
    """Keep a shape in another coordinate system than WGS 84 as written, without a box."""
    return Location(geometry=value) if len(value) <= MAX_GEOMETRY else None


@lru_cache(maxsize=512)  # many datasets of a portal carry the same outline of its territory
def _known_outline(value: str) -> Location | None:
    return _json_shape(value)


def _json_shape(value: str) -> Location | None:
    content = inner_json(value)
    if isinstance(content, list) and (box := _box_of_positions(content)):
        return Location(bbox=box)
    if not isinstance(content, (list, dict)) or is_language_map(content):
        return None
    return _located(_box(_positions(content)), value) or _only_geometry(value)


def _checked(west: float, south: float, east: float, north: float) -> BoundingBox | None:
    if -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90:
        return (float(west), float(south), float(east), float(north))
    return None


def _located(box: BoundingBox | None, geometry: str | None = None) -> Location | None:
    if box is None:
        return None
    return Location(bbox=box, geometry=geometry if geometry and len(geometry) <= MAX_GEOMETRY else None)


def _box_of_positions(value: list[Any]) -> BoundingBox | None:
    """Read ``[[west, south], [east, north]]``, ``[west, south, east, north]``, or edges by name (all in data.json)."""
    while value and isinstance(value[0], list) and (len(value) == 1 or isinstance(value[-1], str)):
        value = value[0]  # [[{"WestBoundingCoordinate": …}], "CARTESIAN"]
    if len(value) == 4 and all(_is_number(one) for one in value):
        return _checked(*(float(one) for one in value))
    if len(value) == 2 and all(isinstance(one, list) and len(one) == 2 and all(map(_is_number, one)) for one in value):
        (west, south), (east, north) = value
        return _checked(west, south, east, north) or _checked(south, west, north, east)  # some write latitude first
    if len(value) == 1 and isinstance(value[0], dict):
        edges = {key.lower(): number for key, number in value[0].items() if _is_number(number)}
        if all(edge in edges for edge in _EDGES):
            return _checked(*(edges[edge] for edge in _EDGES))
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _positions(value: Any) -> Iterator[tuple[float, float]]:
    """Find every coordinate pair in GeoJSON (RFC 7946), without recursion."""
    stack = [(value, 0)]
    while stack:
        one, depth = stack.pop()
        if depth > _MAX_DEPTH:
            continue
        if isinstance(one, dict):
            stack += [(one[key], depth + 1) for key in _GEOJSON if key in one]
        elif isinstance(one, list):
            if len(one) >= 2 and _is_number(one[0]) and _is_number(one[1]):
                yield float(one[0]), float(one[1])
            else:
                stack += [(inner, depth + 1) for inner in one]


def _box(positions: Iterator[tuple[float, float]]) -> BoundingBox | None:
    found = list(positions)
    if not found:
        return None
    return _checked(
        min(x for x, _ in found), min(y for _, y in found), max(x for x, _ in found), max(y for _, y in found)
    )
