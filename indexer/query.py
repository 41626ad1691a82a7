"""A search compiled into the trees that engines answer, and asked: all words first, then most of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import NamedTuple

from indexer import ranking
from indexer.analysis import letters, normal
from indexer.documents import title_key, word_key
from indexer.engines.base import (
    All,
    Any,
    Boost,
    Everything,
    Filtered,
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
from indexer.engines.cursor import position as cursor_position
from indexer.lexicon import Lexicon
from indexer.meaning import Form, Meaning, Word, best_of
from indexer.parameters import FILTERS, SearchQuery
from indexer.syntax import Clause, ValueClause, read
from indexer.syntax import words as words_of
from indexer.values import Values, spellings

MOST_WORDS = 16
"""Words that a query asks for; of more, as in a pasted text, the weightiest."""
FACET_VALUES = 30
NO_VALUES = Values({})
_MOST_READ = 80
# Letters of plain words that are analysed: as many as 80 words have.
_MOST_LETTERS = 500
_MOST_PAIRS = 60
_SHORTEST_SPACELESS = 3
_STRETCH, _STRIDE = 5, 3
"""Letter pairs that are looked for side by side where words may be missing: six letters, every third beginning."""
_MANY = 3
_SAYS_LITTLE = re.compile(r"-?\w|\d\d")
_SENTENCE = 4
"""From so many words on, a short one that nobody knows is no slip: sentences have words of their own."""


class Asked(NamedTuple):
    """What an engine found, and how the typed text was understood.

    `words` are what was looked for, with all forms. So many datasets as `strict` says have all words; others follow
    that have some. Where hits are folded, those with all words make so many `lines`. `position` is that of the first
    hit. `cut`: the text was longer than what was looked for.
    """

    result: Result
    words: tuple[Word, ...]
    strict: int
    position: int = 0
    cut: bool = False
    lines: int | None = None

    @property
    def strict_lines(self) -> int:
        """So many lines have all words: where hits are folded, fewer than hits."""
        return self.strict if self.lines is None else self.lines


@dataclass(frozen=True, slots=True)
class Plan:
    """A query in parts: `plain` words may be missing where few documents have them all, `fixed` nodes never.

    `other` words stand in `fixed`. `base` is the request without its query. `pairs` are the
    letter pairs of all that was typed, `spaceless` the same where they are to be tried side by side, `title` is the
    term of a title that is exactly this text. `asks`: there are words, though perhaps none that can be found.
    """

    base: Request
    plain: tuple[Word, ...]
    other: tuple[Word, ...]
    fixed: tuple[Node, ...]
    without: tuple[Node, ...]
    pairs: tuple[str, ...]
    spaceless: tuple[str, ...]
    title: str
    asks: bool
    cut: bool

    @property
    def loose(self) -> tuple[Word, ...]:
        """The plain words that documents should have: all of them, where all say nothing and nothing else was typed."""
        loose = tuple(word for word in self.plain if not word.silent)
        return loose if loose or self.fixed else self.plain

    @property
    def silent(self) -> tuple[Word, ...]:
        """The plain words that only rank."""
        loose = self.loose
        return tuple(word for word in self.plain if word not in loose)

    @property
    def words(self) -> tuple[Word, ...]:
        """Every word, for highlighting and explaining."""
        return (*self.plain, *self.other)

    def request(self) -> Request:
        """Give the request for documents that have all words."""
        return self.asking(*(word.node for word in self.loose))

    def asking(self, *wanted: Node) -> Request:
        """Give the request for documents that have everything of `wanted`, and what is fixed."""
        every = (*wanted, *self.fixed)
        if not every and self.asks:
            return replace(self.base, query=Any(()))
        if not every:
            return replace(self.base, query=All((), self.without) if self.without else Everything())
        node = All(every, self.without) if self.without or len(every) > 1 else every[0]
        for word in self.silent[:MOST_WORDS]:
            node = Ranked(node, Boost(word.node, ranking.SAYS_NOTHING))
        if self.pairs:
            pairs = Any(tuple(Term("grams", pair) for pair in self.pairs))
            node = Ranked(node, Boost(pairs, ranking.GRAMS))
        for first, second in pairwise(self.plain[: MOST_WORDS + 1]):
            together = word_key(letters(f"{first.typed}{second.typed}"))
            node = Ranked(node, Boost(Term("word", together), ranking.WHOLE))
        if self.title:
            node = Ranked(node, Boost(Term("identifier", self.title), ranking.TITLE))
        return replace(self.base, query=node)


def ask(
    index: SearchIndex,
    query: SearchQuery,
    meaning: Meaning,
    lexicon: Lexicon,
    facets: Mapping[str, int] | None = None,
    values: Values = NO_VALUES,
) -> Asked:
    """Search: all words must match; where few documents have them all, those that have the most follow.

    Where few have them all, slips are looked for first: words spaced at random, the other keyboard, spelling.
    """
    plan = compile(query, meaning, facets, values)
    narrowed = plan.base
    if not narrowed.filters:
        return _ask(index, query, plan, meaning, lexicon)[0]
    # What is looked for is decided as if there were no filters: then as many are found as a facet or folded line said.
    plan = replace(plan, base=replace(narrowed, filters={}, facets={}, size=0, offset=0, after=None))
    asked, shown, whole = _ask(index, query, plan, meaning, lexicon)
    result = index.search(replace(narrowed, query=shown.query))
    strict, lines = result.total, None
    if shown is not whole:
        strict = index.counts([Filtered(whole.query, tuple(narrowed.filters.values()))])[0]
        if narrowed.fold and strict:
            first = replace(narrowed, query=whole.query, facets={}, size=strict, offset=0, after=None)
            lines = len(index.search(first).hits)
    return asked._replace(result=result, strict=strict, lines=lines)


def _ask(
    index: SearchIndex, query: SearchQuery, plan: Plan, meaning: Meaning, lexicon: Lexicon
) -> tuple[Asked, Request, Request]:
    """Give what was found, the request for it, and the one for what has all words."""
    if len(plan.loose) > MOST_WORDS:
        plan = _weightiest(index, plan)
    position = cursor_position(query.cursor) if query.cursor else query.offset
    if query.exact or not plan.loose:
        request = plan.request()
        found = index.search(request)
        return Asked(found, plan.words, found.total, position, plan.cut), request, request
    # Many words are seldom all found. Their facets are counted when it is known which datasets are shown.
    trial = plan.request() if len(plan.loose) < _MANY else replace(plan.request(), facets={})
    whole, found = trial, index.search(trial)
    if not found.total and plan.spaceless:
        spaceless = plan.asking(Phrase("grams", plan.spaceless))
        if (there := index.search(spaceless)).total:
            return Asked(there, plan.words, there.total, position, plan.cut), spaceless, spaceless
    if found.total < ranking.FEW and (corrected := _corrected(index, plan, meaning, lexicon)) is not None:
        plan = corrected
        whole, found = plan.request(), index.search(plan.request())
    request, strict, lines = whole, found.total, None
    if strict < (ranking.FEW if len(plan.loose) > 1 else 1) and (some := _relaxed(index, plan, strict)) is not None:
        request, found = some, index.search(some)
        if request.fold and strict:
            lines = len(index.search(replace(whole, facets={}, size=strict, offset=0, after=None)).hits)
    if request is trial and plan.base.facets and not trial.facets:
        found = replace(found, facets=index.search(replace(plan.request(), size=0, offset=0, after=None)).facets)
    return Asked(found, plan.words, strict, position, plan.cut, lines), request, whole


def compile(
    query: SearchQuery, meaning: Meaning, facets: Mapping[str, int] | None = None, values: Values = NO_VALUES
) -> Plan:
    """Compile into a plan with `facets` (field → number of values; None: all of them)."""
    groups, cut = read(query.q, values)
    plain: list[str] = []
    other: list[Word] = []
    fixed: list[Node] = []
    without: list[Node] = []
    for group in groups:
        clause = group[0]
        if len(group) == 1 and isinstance(clause, Clause) and clause == Clause(clause.text):
            plain.append(clause.text)
            continue
        nodes, words = _nodes(group, meaning)
        if clause.excluded:
            without += nodes
        elif nodes:
            fixed.append(nodes[0] if len(nodes) == 1 else Any(tuple(nodes)))
            other += words
    plain = list(dict.fromkeys(plain)) if len(plain) > _MOST_READ else plain
    letters = accumulate(map(len, plain))
    most = sum(1 for count in letters if count <= _MOST_LETTERS) or 1
    typed = tuple({word.typed: word for word in meaning.words(" ".join(plain[:most]), exact=query.exact)}.values())
    text = words_of(groups)
    pairs = meaning.analyser.pairs(text[:_MOST_LETTERS])
    alone = len(plain) == len(groups) > 1
    asks = any(isinstance(clause, Clause) and not clause.excluded for group in groups for clause in group)
    asks |= bool(query.q.strip()) and not groups
    return Plan(
        base=Request(
            query=Everything(),
            filters={
                **{name: OneOf(name, spellings(chosen)) for name, chosen in query.filters.items()},
                **{name: Range(name, low, high) for name, (low, high) in query.dates.items()},
            },
            facets=dict.fromkeys(FILTERS, FACET_VALUES) if facets is None else facets,
            sort=query.sort or ("relevance" if asks else "-modified"),
            size=query.size,
            offset=query.offset,
            after=query.cursor,
            # Who names a series wants to see what is in it.
            fold=query.fold and "series" not in query.filters,
        ),
        plain=typed[:_MOST_READ],
        other=tuple(other),
        fixed=tuple(fixed),
        without=tuple(without),
        pairs=tuple(dict.fromkeys(pairs))[:_MOST_PAIRS],
        spaceless=tuple(pairs) if alone and _SHORTEST_SPACELESS <= len(pairs) <= _MOST_PAIRS else (),
        title=title_key(text) if plain else "",
        asks=asks,
        cut=cut or len(typed) > _MOST_READ or len(plain) > most,
    )


def _nodes(group: Sequence[Clause | ValueClause], meaning: Meaning) -> tuple[list[Node], list[Word]]:
    """Give what is meant as it was typed: phrases, words in a field, alternatives, filters."""
    nodes: list[Node] = []
    words: list[Word] = []
    for clause in group:
        if isinstance(clause, ValueClause):
            field = clause.field
            nodes.append(Range(field, *clause.between) if clause.between else OneOf(field, clause.values))
            continue
        if clause.phrase:
            found = meaning.phrase(clause.text, clause.field)
        else:
            found = meaning.literal(normal(clause.text), clause.field)
        if found is not None:
            nodes.append(found.node)
            words.append(found)
    return nodes, words


def _weightiest(index: SearchIndex, plan: Plan) -> Plan:
    """Keep the words that the fewest documents have; of a pasted text the others say little beside them."""
    counts = _frequencies(index, plan.loose)
    known = sorted((count, place) for place, count in enumerate(counts) if count)
    kept = sorted(place for _, place in known[:MOST_WORDS])
    return replace(plan, plain=tuple(plan.loose[place] for place in kept), spaceless=(), cut=True)


def _corrected(index: SearchIndex, plan: Plan, meaning: Meaning, lexicon: Lexicon) -> Plan | None:
    """Give the plan with corrected words; None where there is nothing to correct."""
    words: list[Word] = []
    typed = meaning.rejoined(plan.plain, lexicon)
    for word, count in zip(typed, index.counts([word.node for word in typed]), strict=True):
        corrected = None
        if not word.silent:
            corrected = meaning.corrected(word, lexicon, known=count > 0, alone=len(plan.loose) < _SENTENCE)
        words.append(corrected or word)
    return None if tuple(words) == plan.plain else replace(plan, plain=tuple(words))


def _relaxed(index: SearchIndex, plan: Plan, strict: int) -> Request | None:
    """Give the request for documents that have some of the words, those that have all first; None without words.

    `strict`: so many have all; they are among them, also where they have a word in another reading.

    Words are taken apart into their terms here. Terms that very many documents have, one syllable and short numbers
    find nothing alone: they say too little. They rank, as do words as a whole.
    """
    most = max(index.document_count() * ranking.COMMON, ranking.SELDOM)
    terms = list(dict.fromkeys(term for word in plan.loose for form in word.forms for term in _terms(form)))
    if len(terms) < 2:
        return None
    found = iter(index.frequencies([(field, term) for term, fields in terms for field in fields]))
    counts = {(term, fields): max(next(found) for _ in fields) for term, fields in terms}
    known = [key for key, count in counts.items() if count]
    telling = [key for key in known if counts[key] <= most and not _SAYS_LITTLE.fullmatch(key[0])]
    some = [best_of(*key) for key in telling or known]
    rest = tuple(best_of(*key) for key in known if telling and key not in telling)
    others = [form for word in plan.loose for form in word.forms if not form.terms]
    some += [form.node for form in others if form.why != "format"]
    # A format says too little, too: every third dataset may have it.
    some = some or [form.node for form in others]
    if not some:
        return None
    every = All(tuple(word.node for word in plan.loose))
    if strict:
        some.append(every)
    node: Node = Ranked(Any(tuple(some)), Any(rest)) if rest else Any(tuple(some))
    for word in plan.loose:
        node = Ranked(node, Boost(word.node, ranking.WORD_OF_SOME))
    return plan.asking(Ranked(node, Boost(every, ranking.ALL_WORDS)))


def _frequencies(index: SearchIndex, words: Sequence[Word]) -> list[int]:
    """Estimate how many documents have each word: no more than have the rarest of its terms."""
    asked = [(field, term) for word in words for term, fields in _terms(word.forms[0]) for field in fields]
    found = iter(index.frequencies(asked))
    return [min((max(next(found) for _ in fields) for _, fields in _terms(word.forms[0])), default=0) for word in words]


def _terms(form: Form) -> list[tuple[str, tuple[str, ...]]]:
    """Terms of the likeliest reading of a form, each with the fields that it is looked for in."""
    return [(term, form.fields) for term in form.terms]
