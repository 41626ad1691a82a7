"""Hits folded by series on Elasticsearch: the server collapses, and this says what to ask it for besides.

The server collapses the first pages, by position. It cannot collapse what follows a cursor: there hits are read as they
are, and of their series it is asked, in one request, which hit comes first of all and how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any as Json
from typing import NamedTuple

from indexer.engines.base import OneOf, Request
from indexer.engines.elasticsearch_query import search_body

Row = Mapping[str, Json]
Ask = Callable[[dict[str, Json]], Mapping[str, Json]]

# What the server gives at once, less the one hit more that is always asked for.
_MOST_ROWS = 10_000
_GROWTH = 4


class Line(NamedTuple):
    """The first hit of a series, the series (None: nothing is folded), and how many documents of it were found."""

    row: Row
    series: str | None
    folded: int


def lines(ask: Ask, request: Request, rows: Sequence[Row]) -> list[Line]:
    """Give the lines of a page, and one more if more follow; `rows` is what `search_body` found."""
    if request.after is None:
        counts = _counts(ask(_about(request, _names(rows), first=False)))
        return [Line(row, _series(row), counts.get(_series(row), 1)) for row in rows]
    found: list[Line] = []
    for batch in _batches(ask, request, rows):
        answer = ask(_about(request, _names(batch), first=True))
        counts = _counts(answer)
        first = {_series(row): row["_id"] for row in answer["hits"]["hits"]}
        found += [
            Line(row, _series(row), counts.get(_series(row), 1))
            for row in batch
            if first.get(_series(row)) == row["_id"]
        ]
        if len(found) > request.size:
            break
    return found[: request.size + 1]


def _batches(ask: Ask, request: Request, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    size = request.size + 1
    while rows:
        yield rows
        if len(rows) < size:
            return
        size = min(size * _GROWTH, _MOST_ROWS)
        body = search_body(replace(request, facets={}))
        rows = ask(body | {"search_after": rows[-1]["sort"], "size": size, "track_total_hits": False})["hits"]["hits"]


def _about(request: Request, names: Sequence[str], *, first: bool) -> dict[str, Json]:
    """Ask how many documents of each series were found, and which comes `first`."""
    filters = {**request.filters, "": OneOf("series", tuple(names))}  # beside a filter of that field, if there is one
    asked = replace(request, filters=filters, facets={}, after=None, offset=0)
    body = search_body(asked) | {
        "size": len(names) if first else 0,
        "track_total_hits": False,
        "aggs": {"lines": {"terms": {"field": "series", "size": max(len(names), 1)}}},
        "preference": search_body(replace(request, after=None))["preference"],
    }
    if not first:
        del body["collapse"]
    return body


def _names(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(map(_series, rows)))


def _series(row: Row) -> str:
    # A document that somebody else put here may have none.
    return str(row.get("fields", {}).get("series", [row["_id"]])[0])


def _counts(answer: Mapping[str, Json]) -> dict[str, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in answer["aggregations"]["lines"]["buckets"]}
