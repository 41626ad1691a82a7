"""A search as its parameters say it: `SearchQuery`, what is allowed in each, and what is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

from harvester.errors import QueryError
from indexer.days import Days, whole
from indexer.documents import UNKNOWN
from indexer.engines.base import Sort
from indexer.fields import BY_NAME, FACETS, FIELDS
from indexer.syntax import LONGEST_READ, clean
from indexer.values import half_width

MOST_VALUES = 100
LONGEST_VALUE = 200
LARGEST_PAGE = 100
DEEPEST = 10_000
"""Hits that can be reached by `from`; a cursor goes on beyond."""

SORTS: tuple[Sort, ...] = get_args(Sort)
DATES = tuple(each.name for each in FIELDS if each.role == "date")
FILTERS = tuple(each.name for each in FACETS)
NARROWED_BY = (*FILTERS, "series")
"""Fields that a search can be narrowed by: the facets, and the series that a folded line stands for."""
PARAMETERS = (
    "q",
    *NARROWED_BY,
    *DATES,
    *(f"{name}_{end}" for name in DATES for end in ("from", "to")),
    *("sort", "size", "from", "cursor", "exact", "explain", "fold"),
)
"""Every parameter of a search. Filters may be repeated: the values of one field are alternatives."""

NARROWING = tuple(name for name in PARAMETERS if name.startswith((*NARROWED_BY, *DATES)))
"""The parameters that narrow a search, beside its text."""
SUGGESTING = ("q", *NARROWING, "size")
MOST_SUGGESTIONS = 20

_DAY_FORMS = ("2024", "2024-03", "2024-03-05")
_RANGE_FORMS = ("2020..2023", "2020-01-15..", "..2023-06", "2024-03")
_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """One search as a user asks for it.

    `q` is what was typed; `filters`: facet field → values, of which one must match; `dates`: date field → days;
    `sort` None means relevance where there are words, newest first where there are none.
    """

    q: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dates: Mapping[str, Days] = field(default_factory=dict)
    sort: Sort | None = None
    size: int = 10
    offset: int = 0
    cursor: str | None = None
    exact: bool = False
    explain: bool = False
    fold: bool = False

    @classmethod
    def from_parameters(cls, parameters: Iterable[tuple[str, str]]) -> SearchQuery:
        """Read URL parameters; raise `QueryError` that names the parameter at fault and says what is allowed.

        Parameters without a value, as forms send them, count as not given.
        """
        given: dict[str, list[str]] = {}
        for name, value in parameters:
            if name not in PARAMETERS:
                raise QueryError(f"{name}: no such parameter", parameter=name, allowed=PARAMETERS)
            if value.strip():
                given.setdefault(name, []).append(value.strip())
        for name, values in given.items():
            if name not in NARROWED_BY and len(values) > 1:
                raise QueryError(f"{name}: given {len(values)} times; once is allowed", parameter=name)
        one = {name: values[0] for name, values in given.items()}
        size = _number(one, "size", 10, 1, LARGEST_PAGE)
        offset = _number(one, "from", 0, 0, DEEPEST - size)
        if offset and "cursor" in one:
            raise QueryError("from: not together with cursor, which says itself where to go on", parameter="from")
        return cls(
            q=clean(one.get("q", "")).strip(),
            filters={name: _values(name, given[name]) for name in NARROWED_BY if name in given},
            dates={name: days for name in DATES if (days := _days(name, one)) is not None},
            sort=_sort(one.get("sort")),
            size=size,
            offset=offset,
            cursor=one.get("cursor"),
            exact=_switch(one, "exact"),
            explain=_switch(one, "explain"),
            fold=_switch(one, "fold"),
        )

    @classmethod
    def being_typed(cls, parameters: Iterable[tuple[str, str]]) -> SearchQuery:
        """Read the parameters of a text that is still being typed; a space at its end says that a word is complete."""
        given = list(parameters)
        only(SUGGESTING, given)
        query = cls.from_parameters(given)
        if query.size > MOST_SUGGESTIONS:
            raise QueryError(f"size: {query.size} is not a whole number from 1 to {MOST_SUGGESTIONS}", parameter="size")
        typed = next((value for name, value in given if name == "q" and value.strip()), "")
        return replace(query, q=clean(typed)[:LONGEST_READ].lstrip())

    def to_parameters(self) -> list[tuple[str, str]]:
        """As URL parameters, in a fixed order, without what is the default anyway."""
        pairs = [("q", self.q)] if self.q else []
        pairs += [(name, value) for name in NARROWED_BY for value in self.filters.get(name, ())]
        pairs += [(name, f"{low or ''}..{high or ''}") for name, (low, high) in self.dates.items()]
        pairs += [("sort", self.sort)] if self.sort else []
        pairs += [("size", str(self.size))] if self.size != 10 else []
        pairs += [("from", str(self.offset))] if self.offset else []
        pairs += [("cursor", self.cursor)] if self.cursor is not None else []
        pairs += [(name, "true") for name in ("exact", "explain", "fold") if getattr(self, name)]
        return pairs


def only(allowed: Collection[str], parameters: Iterable[tuple[str, str]]) -> None:
    """Raise `QueryError` for a parameter that is not allowed here."""
    for name, _ in parameters:
        if name not in allowed:
            raise QueryError(f"{name[:60]}: no such parameter", parameter=name[:60], allowed=tuple(allowed))


def _number(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        deeper = "; `cursor` of an answer goes on beyond" if name == "from" else ""
        raise QueryError(f"{name}: {_cut(text)!r} is not a whole number from {least} to {most}{deeper}", parameter=name)
    return int(text)


def _switch(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "false")
    if text not in ("true", "false"):
        raise QueryError(f"{name}: {_cut(text)!r} is not true or false", parameter=name, allowed=("true", "false"))
    return text == "true"


def _sort(text: str | None) -> Sort | None:
    for sort in SORTS:
        if sort == text:
            return sort
    if text is None:
        return None
    raise QueryError(f"sort: {_cut(text)!r} is no order", parameter="sort", allowed=SORTS)


def _values(name: str, values: list[str]) -> tuple[str, ...]:
    if len(values) > MOST_VALUES:
        raise QueryError(f"{name}: {len(values)} values; at most {MOST_VALUES} are allowed", parameter=name)
    values = [_value(name, value) for value in values]
    for value in values:
        if len(value) > LONGEST_VALUE:
            raise QueryError(f"{name}: a value of {len(value)} characters; at most {LONGEST_VALUE}", parameter=name)
        if BY_NAME[name].role == "year" and not re.fullmatch(r"\d{4}", value, re.ASCII):
            raise QueryError(f"{name}: {_cut(value)!r} is not a year", parameter=name, allowed=("2024",))
    return tuple(dict.fromkeys(values))


def _value(name: str, value: str) -> str:
    """Give a value as the index has it: composed, and codes in letters of the usual width."""
    value = clean(value).strip()
    # What portals wrote is stored as they wrote it; `spellings` looks for both.
    return value if name == "organization" or value.startswith(UNKNOWN) else half_width(value)


def _days(name: str, given: Mapping[str, str]) -> Days | None:
    ends = {end: given.get(f"{name}_{end}") for end in ("from", "to")}
    if name in given:
        if any(ends.values()):
            raise QueryError(f"{name}: not together with {name}_from or {name}_to", parameter=name)
        return day_range(given[name], name)
    low = _day(ends["from"], f"{name}_from", _DAY_FORMS)[0] if ends["from"] else None
    high = _day(ends["to"], f"{name}_to", _DAY_FORMS)[1] if ends["to"] else None
    return _forward(low, high, name) if low or high else None


def day_range(text: str, name: str) -> Days:
    """Read a range of days; raise `QueryError` that names the parameter."""
    low, dots, high = (part.strip() for part in text.partition(".."))
    if not dots:
        return _day(low, name, _RANGE_FORMS)
    if not low and not high:
        raise QueryError(f"{name}: {_cut(text)!r} has neither beginning nor end", parameter=name, allowed=_RANGE_FORMS)
    return _forward(
        _day(low, name, _RANGE_FORMS)[0] if low else None,
        _day(high, name, _RANGE_FORMS)[1] if high else None,
        name,
    )


def _forward(low: str | None, high: str | None, name: str) -> Days:
    if low and high and low > high:
        raise QueryError(f"{name}: {low} is after {high}; the earlier one comes first", parameter=name)
    return low, high


def _day(text: str, name: str, forms: tuple[str, ...]) -> tuple[str, str]:
    """First and last day of a year, month or day."""
    if (match := _DAY.fullmatch(text)) and (days := whole(*(int(part) for part in match.groups() if part))):
        return days
    raise QueryError(f"{name}: {_cut(text)!r} is not a year, month or day", parameter=name, allowed=forms)


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
