"""A search compiled into the engine-neutral trees that engines answer, and asked: all words first, then most of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from indexer import ranking
from indexer.analysis import normal
from indexer.documents import title_key
from indexer.engines.base import (
    All,
    Any,
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
    Term,
)
from indexer.fields import BY_NAME
from indexer.lexicon import Lexicon
from indexer.meaning import Form, Meaning, Word, best_of
from indexer.parameters import FILTERS, SearchQuery, day_range
from indexer.syntax import Clause, read
from indexer.syntax import words as words_of

MOST_TERMS = 60
FACET_VALUES = 30
_MOST_GRAMS = 60


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
    if plan.spaceless and not result.total:
        # Words that are spaced at random: all that was typed, somewhere in a title.
        result = index.search(replace(plan.base, query=plan.query((Phrase("grams", plan.spaceless),))))
        if result.total:
            return Asked(result, plan.words, strict=result.total)
    corrected = _corrected(index, plan, meaning, lexicon)
    if corrected is not None:
        plan = corrected
        result = index.search(plan.request())
    told = " ".join(word.meant for word in plan.loose) if corrected is not None else None
    strict = result.total
    if strict < (ranking.FEW if len(plan.loose) > 1 else 1) and _can_be_relaxed(plan) and (relaxed := _relaxed(index, plan)) is not None:
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
    spaceless: tuple[str, ...]
    title: str
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
            pairs = Any(tuple(Term("grams", pair) for pair in self.pairs[:_MOST_GRAMS]))
            node = Ranked(node, Boost(pairs, ranking.GRAMS))
        return Ranked(node, Boost(Term("identifier", self.title), ranking.TITLE)) if self.title else node


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
    pairs = meaning.analyser.pairs(text)
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
        pairs=tuple(dict.fromkeys(pairs)),
        spaceless=tuple(pairs)
        if len(plain) > 1 and len(plain) == len(groups) and 3 <= len(pairs) < _MOST_GRAMS
        else (),
        title=title_key(text) if text else "",
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
        return Range(name, *day_range(text, name))
    if role == "year":
        low, high = day_range(text, name)
        return Range(name, low[:4] if low else None, high[:4] if high else None)
    return OneOf(name, tuple(dict.fromkeys((text, text.upper()))))


def _can_be_relaxed(plan: Plan) -> bool:
    return len(plan.loose) > 1 or any(len(_terms_of(form)) > 1 for word in plan.loose for form in word.forms)


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
    """Give the request for documents that have some of the words, those that have all first; None without words.

    Words are taken apart into their terms here, and terms that very many documents have find nothing alone: they say
    too little. Words as a whole rank.
    """
    most = max(index.document_count() * ranking.COMMON, ranking.FEW)
    terms = list(dict.fromkeys(term for word in plan.loose for form in word.forms for term in _terms_of(form)))
    asked = [(field, term) for term, fields in terms for field in fields]
    found = iter(index.frequencies(asked))
    counts = {(term, fields): max(next(found) for _ in fields) for term, fields in terms}
    rare = [key for key, count in counts.items() if 0 < count <= most]
    wanted = rare or [key for key, count in counts.items() if count]
    some = [best_of(term, fields) for term, fields in wanted]
    some += [form.node for word in plan.loose for form in word.forms if not form.sequences]
    if not some:
        return None
    node: Node = Any(tuple(some))
    for word in plan.loose:
        node = Ranked(node, Boost(word.node, ranking.WORD_OF_SOME))
    every = All(tuple(word.node for word in plan.loose))
    return replace(plan.base, query=plan.query((Ranked(node, Boost(every, ranking.ALL_WORDS)),)))


def _terms_of(form: Form) -> list[tuple[str, tuple[str, ...]]]:
    return [(term, form.fields) for sequence in form.sequences[:1] for term in sequence]
