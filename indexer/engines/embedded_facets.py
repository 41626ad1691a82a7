"""Facet counts of the embedded engine: what to ask of its aggregation, and how to read the answer. Pure.

The aggregation speaks Elasticsearch's JSON.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

import orjson

from indexer.engines.base import value_key
from indexer.fields import BY_NAME

Counts: TypeAlias = tuple[tuple[str, int], ...]

# tantivy gives up above 65,000 buckets in one answer.
_MOST_BUCKETS = 60_000
_COMBINATIONS = 5_000
# A few values more than wanted mostly show where a tie at the cut ends.
_SLACK_VALUES = 32


def combination(field: str) -> str:
    """Name the field that holds all values of a document as one: counting and splitting these is far faster."""
    return f"{field}_all"


def combined(values: Sequence[str]) -> str:
    """All values of a document as one."""
    return orjson.dumps(sorted(set(values))).decode()


def count(aggregate: Callable[[dict[str, Any]], dict[str, Any]], facets: Mapping[str, int]) -> dict[str, Counts]:
    """Count `facets` (field → how many values) in one pass; a field whose cut is uncertain is counted again, whole."""
    wanted = {field: size for field, size in facets.items() if size}
    answer = aggregate(
        {
            field: _terms(combination(field), _COMBINATIONS)
            if BY_NAME[field].many
            else _terms(field, size + _SLACK_VALUES)
            for field, size in wanted.items()
        }
    )
    counted: dict[str, Counts] = dict.fromkeys(facets, ())
    for field, size in wanted.items():
        buckets, rest = answer[field]["buckets"], answer[field]["sum_other_doc_count"]
        many = BY_NAME[field].many
        if rest and (many or buckets[size - 1]["doc_count"] == buckets[-1]["doc_count"]):
            buckets, many = aggregate({field: _terms(field, _MOST_BUCKETS)})[field]["buckets"], False
        counts = _split(buckets) if many else {_value(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}
        counted[field] = tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:size])
    return counted


def values_in_order(
    aggregate: Callable[[dict[str, Any]], dict[str, Any]],
    field: str,
    after: str | None,
    size: int,
    among: Collection[str] | None,
) -> list[tuple[str, int]]:
    """List values with their counts in the order of the values: those after `after`, at most `size`."""
    many = BY_NAME[field].many
    buckets, rest = _buckets(aggregate, combination(field) if many else field)
    if rest and many:
        buckets, rest, many = *_buckets(aggregate, field), False
    if not rest:
        counts = _split(buckets) if many else {_value(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}
        order = functools.partial(value_key, field)
        values = sorted((value for value in counts if among is None or value in among), key=order)
        start = 0 if after is None else bisect_right(values, order(after), key=order)
        return [(value, counts[value]) for value in values[start : start + size]]
    # More values than one answer holds: page by page.
    found: list[tuple[str, int]] = []
    while len(found) < size:
        page = {"sources": [{"value": {"terms": {"field": field}}}], "size": _MOST_BUCKETS}
        following = {"after": {"value": f"str:{after}"}} if after else {}
        buckets = aggregate({field: {"composite": page | following}})[field]["buckets"]
        listed = [(str(bucket["key"]["value"]), int(bucket["doc_count"])) for bucket in buckets]
        found += [(value, number) for value, number in listed if among is None or value in among]
        if len(buckets) < _MOST_BUCKETS:
            break
        after = listed[-1][0]
    return found[:size]


def _buckets(aggregate: Callable[[dict[str, Any]], dict[str, Any]], field: str) -> tuple[list[Any], int]:
    answer = aggregate({field: _terms(field, _MOST_BUCKETS)})[field]
    return answer["buckets"], int(answer["sum_other_doc_count"])


def _terms(field: str, size: int) -> dict[str, Any]:
    # segment_size: its default, ten times the size, makes counts inexact when there are several segments.
    return {"terms": {"field": field, "size": size, "segment_size": _MOST_BUCKETS}}


def _split(buckets: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for bucket in buckets:
        for value in orjson.loads(bucket["key"]):
            counts[value] = counts.get(value, 0) + int(bucket["doc_count"])
    return counts


def _value(key: object) -> str:
    return str(int(key)) if isinstance(key, float) else str(key)
