"""Datasets like one: those that share its rare words in title and keywords."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rapidfuzz import fuzz

from harvester.catalog.model import Dataset
from indexer.analysis import Analyser, letters
from indexer.engines.base import Any, Boost, Node, Ranked, Request, SearchIndex, Term
from indexer.fields import BY_NAME
from indexer.languages import said

MOST = 10
_ASKED = 40
_TERMS = 12
_LOOKED_UP = 60
_FIELDS = ("title", "keyword")
_TOO_COMMON = 0.05
_NEAR_EQUAL = 90.0
_DIGITS = re.compile(r"\d+")


def candidates(index: SearchIndex, analyser: Analyser, dataset: Dataset) -> list[str]:
    """Give ids of datasets that have the rarest terms of its title and keywords, the likest first."""
    texts = [each.text for each in (said(dataset.title),) if each]
    texts += [word for words in dataset.keyword.values() for word in words]
    terms = list(dict.fromkeys(term for text in texts for term in analyser.terms(text)))[:_LOOKED_UP]
    found = iter(index.frequencies([(field, term) for term in terms for field in _FIELDS]))
    counts = {term: max(next(found) for _ in _FIELDS) for term in terms}
    # What only this dataset has leads nowhere, what very many have to anything.
    most = max(index.document_count() * _TOO_COMMON, 10)
    shared = sorted((count, term) for term, count in counts.items() if count > 1)
    rare = [term for count, term in shared if count <= most] or [term for _, term in shared]
    if not rare:
        return []
    node: Node = Any(tuple(_in_title(term) for term in rare[:_TERMS]))
    common = [_in_title(term) for _, term in shared if term not in rare]
    if common:
        node = Ranked(node, Any(tuple(common[:_TERMS])))
    return [hit.id for hit in index.search(Request(node, size=_ASKED)).hits if hit.id != dataset.id]


def _in_title(term: str) -> Node:
    return Any(tuple(Boost(Term(field, term), BY_NAME[field].boost) for field in _FIELDS))


def distinct(dataset: Dataset, others: Iterable[Dataset]) -> list[Dataset]:
    """Leave out what only differs in a number or a word from a title of the same agency that is there already."""
    kept: dict[str, list[str]] = {}
    _add(kept, dataset)
    return [other for other in others if _add(kept, other)][:MOST]


def _add(kept: dict[str, list[str]], dataset: Dataset) -> bool:
    publisher = said(dataset.publisher.name) if dataset.publisher else None
    agency = publisher.text if publisher else dataset.source
    name = said(dataset.title)
    title = _DIGITS.sub("", letters(name.text if name else dataset.identifier))
    titles = kept.setdefault(agency, [])
    if any(fuzz.ratio(title, other) >= _NEAR_EQUAL for other in titles):
        return False
    titles.append(title)
    return True
