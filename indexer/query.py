"""A search compiled into the engine-neutral tree that engines answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, TypeAlias

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
    Term,
)
from indexer.fields import BY_NAME, TEXT
from indexer.parameters import FILTERS, SearchQuery
from indexer.syntax import Clause, ValueClause, read, words
from indexer.values import Values, spellings

MOST_TERMS = 60
FACET_VALUES = 30

# SEARCH figures, §7: pairs of characters with this weight rank spacing variants without moving the rest.
_GRAMS_BOOST = 1.0
_MOST_GRAMS = 60
_Termed: TypeAlias = tuple[Clause | ValueClause, list[str]]
NO_VALUES = Values({})
_RANKED = tuple(each for each in TEXT if each.boost)


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


def ask(
    index: SearchIndex,
    query: SearchQuery,
    analyser: Analyser,
    facets: Mapping[str, int] | None = None,
    values: Values = NO_VALUES,
) -> Asked:
    """Search: all words must match; where no document has them all, those that have the most come first."""
    request, relaxed, terms = compile(query, analyser, facets, values)
    result = index.search(request)
    if result.total or relaxed is None:
        return Asked(result, terms, relaxed=False)
    return Asked(index.search(relaxed), terms, relaxed=True)


def compile(
    query: SearchQuery, analyser: Analyser, facets: Mapping[str, int] | None = None, values: Values = NO_VALUES
) -> Compiled:
    """Compile into a request with `facets` (field → number of values; None: all of them)."""
    groups, _ = read(query.q, values)
    clauses = _bounded([[(clause, _terms(clause, analyser)) for clause in group] for group in groups])
    wanted = [group for group in clauses if not group[0][0].excluded]
    unwanted = [each for group in clauses for each in group if each[0].excluded]
    fixed: list[Node] = []
    loose: list[Node] = []
    for group in wanted:
        # A quoted phrase, an alternative and a value in a field are meant; of plain words some may be missing.
        plain = len(group) == 1 and not _meant(group[0][0])
        (loose if plain else fixed).extend(_group(group))
    every = [*loose, *fixed]
    without = tuple(node for each in unwanted if (node := _together(_clause(*each))) != Any(()))
    text = words(groups)
    asks_for_words = any(terms or not _exact(clause) for group in wanted for clause, terms in group)
    request = Request(
        query=Everything(),
        filters={
            **{name: OneOf(name, spellings(chosen)) for name, chosen in query.filters.items()},
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


def _terms(clause: Clause | ValueClause, analyser: Analyser) -> list[str]:
    return [] if isinstance(clause, ValueClause) else analyser.terms(clause.text)


def _bounded(groups: list[list[_Termed]]) -> list[list[_Termed]]:
    """Leave out groups, the last first, that would ask for more than `MOST_TERMS`."""
    kept: list[list[_Termed]] = []
    count = 0
    for group in groups:
        count += sum(len(terms) for _, terms in group)
        if count > MOST_TERMS and kept:
            break
        kept.append([(clause, terms[:MOST_TERMS]) for clause, terms in group])
    return kept


def _exact(clause: Clause | ValueClause) -> bool:
    return isinstance(clause, ValueClause)


def _meant(clause: Clause | ValueClause) -> bool:
    return isinstance(clause, ValueClause) or clause.phrase or clause.required


def _group(group: list[_Termed]) -> list[Node]:
    """Give the nodes that must all match: for one clause those of its terms, for alternatives one node."""
    if len(group) == 1:
        return _clause(*group[0])
    nodes = [node for each in group if (node := _together(_clause(*each))) != Any(())]
    return [Any(tuple(nodes))] if nodes else []


def _together(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else All(tuple(nodes)) if nodes else Any(())


def _clause(clause: Clause | ValueClause, terms: list[str]) -> list[Node]:
    name = clause.field
    if isinstance(clause, ValueClause):
        return [Range(clause.field, *clause.between) if clause.between else OneOf(clause.field, clause.values)]
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


def _ranked(node: Node, text: str) -> Node:
    """Leave to `node` what matches, and rank it by how near its letters are to the asked ones."""
    pairs = tuple(dict.fromkeys(grams([text])))[:_MOST_GRAMS]
    if not pairs:
        return node
    return Ranked(node, Boost(Any(tuple(Term("grams", pair) for pair in pairs)), _GRAMS_BOOST))
