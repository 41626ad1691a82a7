"""A search as its parameters say it (`SearchQuery`), and the engine-neutral tree that it is compiled into. Pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple, TypeAlias, get_args

from harvester.errors import QueryError
from indexer import ranking
from indexer.analysis import normal
from indexer.engines.base import (
    All,
    Any,
    Boost,
    Everything,
    Node,
    OneOf,
    Range,
    Ranked,
    Request,
    Result,
    SearchIndex,
    Sort,
    Term,
)
from indexer.fields import BY_NAME, FACETS, FIELDS
from indexer.lexicon import Lexicon
from indexer.meaning import Meaning, Word
from indexer.syntax import Clause, read
from indexer.syntax import words as words_of

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
    *("sort", "size", "from", "cursor", "exact"),
)
"""Every parameter of a search. Filters may be repeated: the values of one field are alternatives."""

_DAY_FORMS = ("2024", "2024-03", "2024-03-05")
_RANGE_FORMS = ("2020..2023", "2020-01-15..", "..2023-06", "2024-03")
_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)

_MOST_GRAMS = 60

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
    exact: bool = False

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
            exact=_switch(one, "exact"),
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
        pairs += [("exact", "true")] if self.exact else []
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


class Asked(NamedTuple):
    """What an engine found, and how the typed text was understood.

    `words` are what was looked for, with all forms; `relaxed`: hits that have only some of the words follow those that
    have all, of which there are `strict`; `corrected`: the text that was searched instead, None where it is as typed.
    """

    result: Result
    words: tuple[Word, ...]
    relaxed: bool = False
    strict: int = 0
    corrected: str | None = None


def ask(
    index: SearchIndex,
    query: SearchQuery,
    meaning: Meaning,
    lexicon: Lexicon,
    facets: Mapping[str, int] | None = None,
) -> Asked:
    """Search: all words must match; where few documents have them all, those that have the most follow."""
    plan = compile(query, meaning, facets)
    result = index.search(plan.request())
    if query.exact or not plan.loose or result.total >= ranking.FEW:
        return Asked(result, plan.words, strict=result.total)
    corrected = _corrected(index, plan, meaning, lexicon)
    if corrected is not None:
        plan = corrected
        result = index.search(plan.request())
    told = " ".join(word.meant for word in plan.loose) if corrected is not None else None
    strict = result.total
    if strict < ranking.FEW and len(plan.loose) > 1 and (relaxed := _relaxed(index, plan)) is not None:
        wider = index.search(relaxed)
        if wider.total > strict:
            return Asked(wider, plan.words, relaxed=True, strict=strict, corrected=told)
    return Asked(result, plan.words, strict=strict, corrected=told)


@dataclass(frozen=True, slots=True)
class Plan:
    """A query in parts: `loose` words may be missing where few documents have them all, `fixed` nodes never.

    `silent` words only rank. `base` is the request without its query.
    """

    base: Request
    loose: tuple[Word, ...]
    silent: tuple[Word, ...]
    fixed: tuple[Node, ...]
    without: tuple[Node, ...]
    other: tuple[Word, ...]
    pairs: tuple[str, ...]
    asks: bool

    @property
    def words(self) -> tuple[Word, ...]:
        """Every word, for highlighting and explaining."""
        return (*self.loose, *self.silent, *self.other)

    def request(self) -> Request:
        """Give the request for documents that have all words."""
        return replace(self.base, query=self.query(tuple(word.node for word in self.loose)))

    def query(self, wanted: tuple[Node, ...]) -> Node:
        """Give the tree for documents that have everything of `wanted`, and what is fixed."""
        every = (*wanted, *self.fixed)
        if not every:
            if self.asks:
                return Any(())
            return All((), self.without) if self.without else Everything()
        node = All(every, self.without) if self.without or len(every) > 1 else every[0]
        for word in self.silent:
            node = Ranked(node, Boost(word.node, ranking.SAYS_NOTHING))
        if self.pairs:
            pairs = Any(tuple(Term("grams", pair) for pair in self.pairs))
            node = Ranked(node, Boost(pairs, ranking.GRAMS))
        return node


def compile(query: SearchQuery, meaning: Meaning, facets: Mapping[str, int] | None = None) -> Plan:
    """Compile into a plan with `facets` (field → number of values; None: all of them)."""
    groups = read(query.q)
    loose: list[Word] = []
    other: list[Word] = []
    fixed: list[Node] = []
    without: list[Node] = []
    plain: list[str] = []
    for group in groups:
        clause = group[0]
        if len(group) == 1 and not clause.phrase and not clause.excluded and clause.field is None:
            plain.append(clause.text)
            continue
        words = [word for each in group if not _exact(each) if (word := _clause(each, meaning)) is not None]
        nodes = [word.node for word in words] + [_value(each.field or "", each.text) for each in group if _exact(each)]
        node = nodes[0] if len(nodes) == 1 else Any(tuple(nodes))
        if clause.excluded:
            without += [node] if nodes else []
        else:
            fixed.append(node)
            other += words
    loose += meaning.words(" ".join(plain), exact=query.exact)
    silent = [word for word in loose if word.silent]
    if len(silent) < len(loose) or fixed:
        loose = [word for word in loose if not word.silent]
    else:
        silent = []  # nothing else was typed: then these are meant
    loose = list({word.typed: word for word in loose}.values())
    text = words_of(groups)
    asks = any(not _exact(clause) and not clause.excluded for group in groups for clause in group)
    return Plan(
        base=Request(
            query=Everything(),
            filters={
                **{name: OneOf(name, values) for name, values in query.filters.items()},
                **{name: Range(name, low, high) for name, (low, high) in query.dates.items()},
            },
            facets=dict.fromkeys(FILTERS, FACET_VALUES) if facets is None else facets,
            sort=query.sort or ("relevance" if asks else "-modified"),
            size=query.size,
            offset=query.offset,
            after=query.cursor,
        ),
        loose=tuple(loose[:MOST_TERMS]),
        silent=tuple(silent[:MOST_TERMS]),
        fixed=tuple(fixed),
        without=tuple(without),
        other=tuple(other),
        pairs=tuple(dict.fromkeys(meaning.analyser.pairs(text)))[:_MOST_GRAMS],
        asks=asks,
    )


def _exact(clause: Clause) -> bool:
    return clause.field is not None and BY_NAME[clause.field].role != "text"


def _clause(clause: Clause, meaning: Meaning) -> Word | None:
    """Give a phrase, or a word in a field, as it was typed."""
    if clause.phrase:
        return meaning.phrase(clause.text, clause.field)
    form = meaning.typed(normal(clause.text), clause.field)
    return None if form is None else Word(clause.text, (form,))


def _value(name: str, text: str) -> Node:
    """``format:csv``, ``year:2024``, ``modified:2020..2023`` as typed: codes in either case; raises `QueryError`."""
    role = BY_NAME[name].role
    if role == "date":
        return Range(name, *_range(text, name))
    if role == "year":
        low, high = _range(text, name)
        return Range(name, low[:4] if low else None, high[:4] if high else None)
    return OneOf(name, tuple(dict.fromkeys((text, text.upper()))))


def _corrected(index: SearchIndex, plan: Plan, meaning: Meaning, lexicon: Lexicon) -> Plan | None:
    """Give the plan with corrected words; None where there is nothing to correct."""
    words: list[Word] = []
    for word in plan.loose:
        known = index.search(Request(query=word.node, size=0)).total > 0
        words.append(meaning.corrected(word, lexicon, known=known) or word)
    if tuple(words) == plan.loose:
        return None
    return replace(plan, loose=tuple(words))


def _relaxed(index: SearchIndex, plan: Plan) -> Request | None:
    """Give the request for documents that have some of the words, those that have all first; None without words."""
    total = index.document_count()
    most = max(total * ranking.COMMON, ranking.FEW)
    counts = [_frequency(index, word) for word in plan.loose]
    rare = [word for word, count in zip(plan.loose, counts, strict=True) if 0 < count <= most]
    wanted = rare or [word for word, count in zip(plan.loose, counts, strict=True) if count]
    if not wanted:
        return None
    some: Node = Any(tuple(word.node for word in wanted))
    for word in plan.loose:
        if word not in wanted:
            some = Ranked(some, word.node)
    every = All(tuple(word.node for word in plan.loose))
    return replace(plan.base, query=plan.query((Ranked(some, Boost(every, ranking.ALL_WORDS)),)))


def _frequency(index: SearchIndex, word: Word) -> int:
    """Estimate how many documents have a word: no more than have the rarest of its terms."""
    best = 0
    for form in word.forms:
        for sequence in form.sequences:
            asked = [(field, term) for term in sequence for field in form.fields]
            found = index.frequencies(asked)
            width = len(form.fields)
            rarest = min(max(found[at : at + width]) for at in range(0, len(found), width))
            best = max(best, rarest)
    return best
