"""A search as its parameters say it (`SearchQuery`), and the engine-neutral tree that it is compiled into. Pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple, TypeAlias, get_args

from harvester.errors import QueryError
from indexer.analysis import Analyser, grams
from indexer.engines.base import (
    All,
    Any,
    Best,
    Boost,
    Everything,
    Node,
    OneOf,
    Phrase,
    Range,
    Ranked,
    Request,
    Result,
    SearchIndex,
    Sort,
    Term,
)
from indexer.fields import BY_NAME, FACETS, FIELDS, TEXT
from indexer.syntax import Clause, read, words

LONGEST_TEXT = 500
MOST_TERMS = 60
MOST_VALUES = 100
LONGEST_VALUE = 200
LARGEST_PAGE = 100
DEEPEST = 10_000
"""Hits that can be reached by `from`; a cursor goes on beyond."""
FACET_VALUES = 30

SORTS: tuple[Sort, ...] = get_args(Sort)
DATES = tuple(each.name for each in FIELDS if each.role == "date")
FILTERS = tuple(each.name for each in FACETS)
PARAMETERS = (
    "q",
    *FILTERS,
    *DATES,
    *(f"{name}_{end}" for name in DATES for end in ("from", "to")),
    *("sort", "size", "from", "cursor"),
)
"""Every parameter of a search. Filters may be repeated: the values of one field are alternatives."""

_DAY_FORMS = ("2024", "2024-03", "2024-03-05")
_RANGE_FORMS = ("2020..2023", "2020-01-15..", "..2023-06", "2024-03")
_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)

# SEARCH figures, §7: pairs of characters with this weight rank spacing variants without moving the rest.
_GRAMS_BOOST = 1.0
_MOST_GRAMS = 60
_RANKED = tuple(each for each in TEXT if each.boost)

Days: TypeAlias = tuple[str | None, str | None]
"""First and last day (``YYYY-MM-DD``), both included; None is open."""


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
            if name not in FILTERS and len(values) > 1:
                raise QueryError(f"{name}: given {len(values)} times; once is allowed", parameter=name)
        one = {name: values[0] for name, values in given.items()}
        size = _number(one, "size", 10, 1, LARGEST_PAGE)
        offset = _number(one, "from", 0, 0, DEEPEST - size)
        if offset and "cursor" in one:
            raise QueryError("from: not together with cursor, which says itself where to go on", parameter="from")
        return cls(
            q=_text(one.get("q", "")),
            filters={name: _values(name, given[name]) for name in FILTERS if name in given},
            dates={name: days for name in DATES if (days := _days(name, one)) is not None},
            sort=_sort(one.get("sort")),
            size=size,
            offset=offset,
            cursor=one.get("cursor"),
        )

    def to_parameters(self) -> list[tuple[str, str]]:
        """As URL parameters, in a fixed order, without what is the default anyway."""
        pairs = [("q", self.q)] if self.q else []
        pairs += [(name, value) for name in FILTERS for value in self.filters.get(name, ())]
        pairs += [(name, f"{low or ''}..{high or ''}") for name, (low, high) in self.dates.items()]
        pairs += [("sort", self.sort)] if self.sort else []
        pairs += [("size", str(self.size))] if self.size != 10 else []
        pairs += [("from", str(self.offset))] if self.offset else []
        pairs += [("cursor", self.cursor)] if self.cursor is not None else []
        return pairs


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise QueryError(f"q: {len(text)} characters; at most {LONGEST_TEXT} are allowed", parameter="q")
    return text


def _number(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        deeper = "; `cursor` of an answer goes on beyond" if name == "from" else ""
        raise QueryError(f"{name}: {_cut(text)!r} is not a whole number from {least} to {most}{deeper}", parameter=name)
    return int(text)


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
    for value in values:
        if len(value) > LONGEST_VALUE:
            raise QueryError(f"{name}: a value of {len(value)} characters; at most {LONGEST_VALUE}", parameter=name)
        if BY_NAME[name].role == "year" and not re.fullmatch(r"\d{4}", value, re.ASCII):
            raise QueryError(f"{name}: {_cut(value)!r} is not a year", parameter=name, allowed=("2024",))
    return tuple(dict.fromkeys(values))


def _days(name: str, given: Mapping[str, str]) -> Days | None:
    ends = {end: given.get(f"{name}_{end}") for end in ("from", "to")}
    if name in given:
        if any(ends.values()):
            raise QueryError(f"{name}: not together with {name}_from or {name}_to", parameter=name)
        return _range(given[name], name)
    low = _day(ends["from"], f"{name}_from", _DAY_FORMS)[0] if ends["from"] else None
    high = _day(ends["to"], f"{name}_to", _DAY_FORMS)[1] if ends["to"] else None
    return _forward(low, high, name) if low or high else None


def _range(text: str, name: str) -> Days:
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
    try:
        if match := _DAY.fullmatch(text):
            year, month, day = (int(part) if part else 0 for part in match.groups())
            first = date(year, month or 1, day or 1)
            last = date(year, month or 12, day or calendar.monthrange(year, month or 12)[1])
            return first.isoformat(), last.isoformat()
    except ValueError:
        pass  # 2024-02-31: said below
    raise QueryError(f"{name}: {_cut(text)!r} is not a year, month or day", parameter=name, allowed=forms)


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


# --- compiling ------------------------------------------------------------------------------------------------------


class Compiled(NamedTuple):
    """What engines are asked, and the `terms` that were looked for, for highlighting.

    `relaxed` is for when nothing matches all words; None: there is nothing to relax.
    """

    request: Request
    relaxed: Request | None
    terms: frozenset[str]


class Asked(NamedTuple):
    """What an engine found, the `terms` for highlighting, and whether words were left out to find anything."""

    result: Result
    terms: frozenset[str]
    relaxed: bool


def ask(index: SearchIndex, query: SearchQuery, analyser: Analyser, facets: Mapping[str, int] | None = None) -> Asked:
    """Search: all words must match; where no document has them all, those that have the most come first."""
    request, relaxed, terms = compile(query, analyser, facets)
    result = index.search(request)
    if result.total or relaxed is None:
        return Asked(result, terms, relaxed=False)
    return Asked(index.search(relaxed), terms, relaxed=True)


def compile(query: SearchQuery, analyser: Analyser, facets: Mapping[str, int] | None = None) -> Compiled:
    """Compile into a request with `facets` (field → number of values; None: all of them).

    Raises `QueryError` when the text has more than `MOST_TERMS` terms.
    """
    groups = read(query.q)
    clauses = [[(clause, _terms(clause, analyser)) for clause in group] for group in groups]
    wanted = [group for group in clauses if not group[0][0].excluded]
    unwanted = [each for group in clauses for each in group if each[0].excluded]
    count = sum(len(terms) for group in clauses for _, terms in group)
    if count > MOST_TERMS:
        raise QueryError(f"q: {count} terms; at most {MOST_TERMS} are allowed", parameter="q")
    fixed: list[Node] = []
    loose: list[Node] = []
    for group in wanted:
        # A quoted phrase, an alternative and a value in a field are meant; of plain words some may be missing.
        plain = len(group) == 1 and not group[0][0].phrase and not _exact(group[0][0])
        (loose if plain else fixed).extend(_group(group))
    every = [*loose, *fixed]
    without = tuple(node for each in unwanted if (node := _together(_clause(*each))) != Any(()))
    text = words(groups)
    asks_for_words = any(terms or not _exact(clause) for group in wanted for clause, terms in group)
    request = Request(
        query=Everything(),
        filters={
            **{name: OneOf(name, values) for name, values in query.filters.items()},
            **{name: Range(name, low, high) for name, (low, high) in query.dates.items()},
        },
        facets=dict.fromkeys(FILTERS, FACET_VALUES) if facets is None else facets,
        sort=query.sort or ("relevance" if asks_for_words else "-modified"),
        size=query.size,
        offset=query.offset,
        after=query.cursor,
    )
    terms = frozenset(term for group in wanted for clause, found in group if not _exact(clause) for term in found)
    if not groups or (not every and without):
        return Compiled(replace(request, query=All((), without) if without else Everything()), None, terms)
    if not every:
        # Nothing but particles, stop words or punctuation: nothing can be found by it.
        return Compiled(replace(request, query=Any(())), None, terms)
    strict = _ranked(All(tuple(every), without) if without or len(every) > 1 else every[0], text)
    relaxed = None
    if len(loose) > 1:
        relaxed = replace(request, query=_ranked(All((Any(tuple(loose)), *fixed), without), text))
    return Compiled(replace(request, query=strict), relaxed, terms)


def _terms(clause: Clause, analyser: Analyser) -> list[str]:
    return [] if _exact(clause) else analyser.terms(clause.text)


def _exact(clause: Clause) -> bool:
    return clause.field is not None and BY_NAME[clause.field].role != "text"


def _group(group: list[tuple[Clause, list[str]]]) -> list[Node]:
    """Give the nodes that must all match: for one clause those of its terms, for alternatives one node."""
    if len(group) == 1:
        return _clause(*group[0])
    nodes = [node for each in group if (node := _together(_clause(*each))) != Any(())]
    return [Any(tuple(nodes))] if nodes else []


def _together(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else All(tuple(nodes)) if nodes else Any(())


def _clause(clause: Clause, terms: list[str]) -> list[Node]:
    name = clause.field
    if name is not None and _exact(clause):
        return [_value(name, clause.text)]
    fields = [each for each in _RANKED if name in (None, each.name)]
    distinct = list(dict.fromkeys(terms))
    if clause.phrase and len(terms) > 1:
        return [_best({each.name: Phrase(each.name, tuple(terms)) for each in fields})]
    return [_best({each.name: Term(each.name, term) for each in fields}) for term in distinct]


def _best(nodes: Mapping[str, Node]) -> Node:
    weighed = tuple(
        node if (boost := BY_NAME[name].boost) == 1.0 else Boost(node, boost) for name, node in nodes.items()
    )
    return weighed[0] if len(weighed) == 1 else Best(weighed)


def _value(name: str, text: str) -> Node:
    """``format:csv``, ``year:2024``, ``modified:2020..2023`` as typed: codes in either case; raises `QueryError`."""
    role = BY_NAME[name].role
    if role == "date":
        return Range(name, *_range(text, name))
    if role == "year":
        low, high = _range(text, name)
        return Range(name, low[:4] if low else None, high[:4] if high else None)
    return OneOf(name, tuple(dict.fromkeys((text, text.upper()))))


def _ranked(node: Node, text: str) -> Node:
    """Leave to `node` what matches, and rank it by how near its letters are to the asked ones."""
    pairs = tuple(dict.fromkeys(grams([text])))[:_MOST_GRAMS]
    if not pairs:
        return node
    return Ranked(node, Boost(Any(tuple(Term("grams", pair) for pair in pairs)), _GRAMS_BOOST))
