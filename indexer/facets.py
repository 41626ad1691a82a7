"""All values of one facet: which of them are asked for, and where a list of them goes on. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any as Json

import orjson

from harvester.errors import QueryError
from indexer.analysis import normal
from indexer.parameters import FILTERS, NARROWING, SearchQuery, only

MOST_VALUES = 50_000
"""Values of a facet that are counted, the most frequent."""
LARGEST_LIST = 1000
USUAL_LIST = 100
LONGEST_PREFIX = 100
PARAMETERS = ("q", *NARROWING, "exact", "prefix", "cursor", "size")


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a field, how it reads, and in how many found datasets it is."""

    value: str
    label: str
    count: int

    def to_json(self) -> dict[str, Json]:
        """As the endpoint has it."""
        return {"value": self.value, "label": self.label, "count": self.count}


@dataclass(frozen=True, slots=True)
class FacetQuery:
    """What is asked: values of `field` among the datasets that `search` finds, with `prefix` in their label."""

    field: str
    search: SearchQuery
    prefix: str = ""
    cursor: str | None = None
    size: int = USUAL_LIST

    @classmethod
    def from_parameters(cls, field: str, parameters: Iterable[tuple[str, str]]) -> FacetQuery:
        """Read URL parameters; raises `QueryError`."""
        given = list(parameters)
        if field not in FILTERS:
            raise QueryError(f"{field[:60]}: no such facet", parameter="field", allowed=FILTERS)
        only(PARAMETERS, given)
        own = {name: value.strip() for name, value in given if name in ("prefix", "cursor", "size") and value.strip()}
        search = SearchQuery.from_parameters([pair for pair in given if pair[0] not in ("prefix", "cursor", "size")])
        size = own.get("size", str(USUAL_LIST))
        if not (size.isascii() and size.isdigit() and len(size) < 5 and 1 <= int(size) <= LARGEST_LIST):
            raise QueryError(f"size: {size[:60]!r} is not a whole number from 1 to {LARGEST_LIST}", parameter="size")
        prefix = own.get("prefix", "")
        if len(prefix) > LONGEST_PREFIX:
            raise QueryError(f"prefix: {len(prefix)} characters; at most {LONGEST_PREFIX}", parameter="prefix")
        return cls(field, search, prefix, own.get("cursor"), int(size))


@dataclass(frozen=True, slots=True)
class FacetList:
    """Values of one facet, the most frequent first; `total`: how many there are; `cursor` goes on, None at the end."""

    field: str
    total: int
    values: tuple[FacetValue, ...]
    cursor: str | None

    def to_json(self) -> dict[str, Json]:
        """As the endpoint has it."""
        values = [value.to_json() for value in self.values]
        return {"field": self.field, "total": self.total, "values": values, "cursor": self.cursor}


def listed(query: FacetQuery, counts: Iterable[tuple[str, int]], label: Callable[[str, str], str]) -> FacetList:
    """Choose from the counted values of a field: those whose label has the prefix, from the cursor on."""
    wanted = "".join(normal(query.prefix).split())
    begin = _decoded(query.cursor) if query.cursor else None
    values = [FacetValue(value, label(query.field, value), count) for value, count in counts]
    if wanted:
        values = [value for value in values if wanted in "".join(normal(value.label).split())]
    values.sort(key=_order)
    after = values if begin is None else [value for value in values if _order(value) > begin]
    page = after[: query.size]
    cursor = _encoded(page[-1]) if len(after) > len(page) else None
    return FacetList(query.field, len(values), tuple(page), cursor)


def _order(value: FacetValue) -> tuple[int, str]:
    return -value.count, value.value


def _encoded(value: FacetValue) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(_order(value))).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[int, str]:
    try:
        count, value = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error):
        count = value = None
    if not isinstance(count, int) or not isinstance(value, str):
        raise QueryError("cursor: not one of an earlier answer", parameter="cursor")
    return count, value
