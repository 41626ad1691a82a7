"""The parameters of the endpoint for /openapi.json, made from the tables that the search itself goes by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from indexer.facets import LARGEST_LIST, LONGEST_PREFIX, USUAL_LIST
from indexer.fields import BY_NAME
from indexer.parameters import (
    DATES,
    DEEPEST,
    FILTERS,
    LARGEST_PAGE,
    LONGEST_VALUE,
    MOST_SUGGESTIONS,
    MOST_VALUES,
    NARROWING,
    PARAMETERS,
    SORTS,
)
from indexer.syntax import LONGEST_READ

DATASET_ID: dict[str, Any] = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "`id` of a hit; it never changes",
    "schema": {"type": "string"},
}

_QUERY = (
    'Words: all must match, or as many as can be where fewer than ten datasets have them all. `"side by side"`, '
    "`-without`, "
    "`this OR that`, `field:value` (the name of a text field, a filter or a date, as here or as the page shows it; "
    "docs/api.md lists the forms). What is not understood is searched as text: nothing in `q` is an error. Of a text "
    f"of more than {LONGEST_READ:,} characters the beginning counts. No words: everything."
)
_DAY = r"^\d{4}(-\d{2}(-\d{2})?)?$"


def search_parameters() -> list[dict[str, Any]]:
    """Describe every parameter of a search, with what it allows."""
    return sorted(_parameters(), key=lambda each: PARAMETERS.index(each["name"]))


def suggest_parameters() -> list[dict[str, Any]]:
    """Describe the parameters of suggestions: the text so far, and what narrows a search."""
    narrowing = [each for each in search_parameters() if each["name"] in NARROWING]
    text = "What has been typed so far; a space at its end says that the last word is complete"
    number = {"type": "integer", "minimum": 1, "maximum": MOST_SUGGESTIONS, "default": 10}
    return [
        _parameter("q", text, {"type": "string"}, example="미세먼지 측ㅈ"),
        *narrowing,
        _parameter("size", "Suggestions at most", number),
    ]


def facet_parameters() -> list[dict[str, Any]]:
    """Describe the parameters of a facet's values: a search, and which of the values."""
    search = [each for each in search_parameters() if each["name"] in ("q", *NARROWING, "exact")]
    field = {"type": "string", "enum": list(FILTERS)}
    prefix = "Only values with this text in their label; letter case, width and spaces do not matter"
    number = {"type": "integer", "minimum": 1, "maximum": LARGEST_LIST, "default": USUAL_LIST}
    return [
        {"name": "field", "in": "path", "required": True, "description": "field to filter by", "schema": field},
        *search,
        _parameter("prefix", prefix, {"type": "string", "maxLength": LONGEST_PREFIX}, example="서울"),
        _parameter("cursor", "`cursor` of an earlier answer to the same request", {"type": "string"}),
        _parameter("size", "Values at most", number),
    ]


def _parameters() -> Iterator[dict[str, Any]]:
    yield _parameter("q", _QUERY, {"type": "string"}, example="미세먼지 측정소")
    for name in FILTERS:
        field = BY_NAME[name]
        value = {"type": "string", "maxLength": LONGEST_VALUE}
        if field.role == "year":
            value = {"type": "string", "pattern": r"^\d{4}$"}
        yield _parameter(
            name,
            f"{field.label} ({field.property}): a value of this facet; may be repeated, then one of them has to match",
            {"type": "array", "items": value, "maxItems": MOST_VALUES},
            style="form",
            explode=True,
        )
    for name in DATES:
        field = BY_NAME[name]
        yield _parameter(
            name,
            f"{field.label} ({field.property}): a year, month or day, or from..to with either end left out; "
            f"not together with {name}_from or {name}_to",
            {"type": "string"},
            example="2020..2023-06",
        )
        for end, said in (("from", "this day or later"), ("to", "this day or earlier")):
            note = f"{field.label}: {said}; a year or month counts whole"
            yield _parameter(f"{name}_{end}", note, {"type": "string", "pattern": _DAY})
    yield _parameter(
        "sort",
        "Order; a leading minus means newest first. Default: relevance where there are words, else -modified. "
        "Datasets without a date come last",
        {"type": "string", "enum": list(SORTS)},
    )
    yield _parameter("size", "Hits a page", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": 10})
    yield _parameter(
        "from",
        f"Hits to pass over; `from` + `size` may not exceed {DEEPEST:,}: beyond, `cursor` goes on",
        {"type": "integer", "minimum": 0, "maximum": DEEPEST - 1, "default": 0},
    )
    note = "`cursor` of an earlier answer to the same search; not together with `from`"
    yield _parameter("cursor", note, {"type": "string"})
    yield _parameter(
        "exact",
        "`true`: only what is written like the text: no synonyms, corrections or other names, and all words must match",
        {"type": "boolean", "default": False},
    )
    series = {"type": "array", "items": {"type": "string", "maxLength": LONGEST_VALUE}, "maxItems": MOST_VALUES}
    yield _parameter(
        "series", "Datasets of a series, as `folded` of a hit names it", series, style="form", explode=True
    )
    yield _parameter(
        "fold",
        "`true`: near-equal titles of many agencies or years are one line, which says in `folded` what it stands for; "
        "`total` and facets count datasets, `size`, `from` and cursors count lines",
        {"type": "boolean", "default": False},
    )
    yield _parameter(
        "explain",
        "`true`: every hit says in `matches` which words it has, where, as it writes them, and why they count",
        {"type": "boolean", "default": False},
    )


def _parameter(name: str, description: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema, **more}
