from __future__ import annotations

from typing import Any

import pytest

from harvester.catalog.model import Location
from harvester.mapping.places import MAX_GEOMETRY, locations


@pytest.mark.parametrize(
    "value",
    [
        "1,2,3,4",
        " 1.0, 2.0 3 ,4 ",
        "ENVELOPE(1, 3, 4, 2)",
        [1, 2, 3, 4],
        [[1, 2], [3, 4]],
        "[[1, 2], [3, 4]]",
        '[[{"WestBoundingCoordinate":1,"NorthBoundingCoordinate":4,"EastBoundingCoordinate":3,"SouthBoundingCoordinate":2}],"CARTESIAN"]',
        "POLYGON ((1 2, 3 2, 3 4, 1 4, 1 2))",
        "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> Polygon((1 2, 3 4))",
        "MULTIPOLYGON (((1 2, 3 2 7, 3 4)))",
        '{"type":"Polygon","coordinates":[[[1,2],[3,2],[3,4]]]}',
        {"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]},
        {"type": "Feature", "geometry": {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}},
        {"bbox": "1,2,3,4"},
        {"geometry": {"@value": "POLYGON ((1 2, 3 4))"}},
    ],
)
def test_a_bounding_box_in_all_its_notations(value: Any) -> None:
    (place,) = locations(value, "en")
    assert place.bbox == (1, 2, 3, 4)


def test_corners_with_latitude_first_are_turned_where_only_that_can_be_meant() -> None:
    (place,) = locations("[[-14.6, -179.2], [71.4, 179.8]]", "en")
    assert place.bbox == (-179.2, -14.6, 179.8, 71.4)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("Seoul", Location(label={"ko": "Seoul"})),
        ("1,2,3", Location(label={"ko": "1,2,3"})),
        ("1,95,3,99", Location(label={"ko": "1,95,3,99"})),
        ("https://sws.geonames.org/1/", Location(uri="https://sws.geonames.org/1/")),
        ('{"de": "Schweiz"}', Location(label={"de": "Schweiz"})),
        ("POINT (200000 500000)", Location(geometry="POINT (200000 500000)")),
        (
            {"@id": "https://place.example", "prefLabel": "There"},
            Location(label={"ko": "There"}, uri="https://place.example"),
        ),
    ],
)
def test_what_is_no_box(value: Any, place: Location) -> None:
    assert locations(value, "ko") == (place,)


@pytest.mark.parametrize("value", [None, "", "  ", 0, 5, [], {}, [None, ""], {"x": 1}])
def test_nothing_is_no_place(value: Any) -> None:
    assert locations(value, "ko") == ()


def test_a_long_outline_leaves_its_box_only() -> None:
    outline = "POLYGON ((" + ", ".join(f"{x / 100000} 2" for x in range(20_000)) + ", 1 4))"
    assert len(outline) > MAX_GEOMETRY
    (place,) = locations(outline, "ko")
    assert place == Location(bbox=(0, 2, 1, 4))
