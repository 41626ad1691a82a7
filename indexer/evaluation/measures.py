"""Measures of one answer, each from 0 to 1. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from indexer.evaluation.questions import Question

LOOKED_AT = 200
"""So many hits of a word are looked at for it."""

MAIN = ("ndcg@10", "groups@10", "mrr@10", "found", "absent", "order", "contain", "success@10")
"""The measure that a question is won or lost by: the first of these that it has."""


ZERO_HITS = "zero hits"
"""The only measure of which less is better."""

BORDER = "\0"
"""Stands between texts in which words are looked for: no word runs over it."""


class Hits(NamedTuple):
    """An answer: number of hits, ids of the first ones, titles of the first ten; `fault` where there was none."""

    total: int
    ids: tuple[str, ...]
    titles: tuple[str, ...]
    fault: str = ""


class Texts(NamedTuple):
    """A dataset's title without spaces and underscores, and all that is searched of it without spaces."""

    title: str
    everything: str


def measure(
    question: Question, hits: Hits, ids: Mapping[str, Collection[str]], catalogue: Mapping[str, Texts]
) -> dict[str, float]:
    """Judge an answer. `ids`: the ids that a name stands for; a name without any is left out of the judgement.

    `catalogue`: the texts of every dataset, needed for words only.
    """
    places: dict[str, int] = {}
    for at, id_ in enumerate(hits.ids):
        places.setdefault(id_, at)

    def rank(name: str) -> float:
        return min((places[id_] for id_ in ids.get(name, ()) if id_ in places), default=math.inf)

    def known(names: Collection[str]) -> list[str]:
        return [name for name in names if ids.get(name)]

    made: dict[str, float] = {}
    if want := known(question.want):
        wanted = [rank(name) for name in want]
        made |= first(min(wanted))
        made["recall@100"] = within(wanted, 100)
    if grades := {name: question.grades[name] for name in known(question.grades)}:
        ranked = sorted((name for name in grades if rank(name) < math.inf), key=rank)
        made["ndcg@10"] = ndcg([grades[name] for name in ranked], list(grades.values()), 10)
        relevant = [rank(name) for name, grade in grades.items() if grade]
        made["success@10"] = float(min(relevant, default=math.inf) < 10)
        if relevant:
            made["recall@100"] = within(relevant, 100)
    if groups := [each for group in question.groups if (each := known(group))]:
        best = [min(rank(name) for name in group) for group in groups]
        made |= {"groups@10": within(best, 10), "groups@100": within(best, 100)}
    if question.title:
        matching = (at for at, title in enumerate(hits.titles) if re.search(question.title, title))
        made |= first(next(matching, math.inf))
    if found := known(question.found):
        made["found"] = within([rank(name) for name in found], math.inf)
    if absent := known(question.absent):
        made["absent"] = 1 - within([rank(name) for name in absent], math.inf)
    if len(known(question.before)) == 2:
        earlier, later = question.before
        made["order"] = float(rank(earlier) < rank(later))
    if question.word:
        made |= containment(question.word, hits, catalogue)
    if made:
        made[ZERO_HITS] = float(hits.total == 0)
    return made


def first(place: float) -> dict[str, float]:
    """Reciprocal rank and success within ten of the first relevant hit at `place` (from 0)."""
    return {"mrr@10": 1 / (place + 1) if place < 10 else 0.0, "success@10": float(place < 10)}


def within(places: Sequence[float], depth: float) -> float:
    """Share of the places that come before `depth`."""
    return sum(place < depth for place in places) / len(places)


def ndcg(ranked: Sequence[int], judged: Sequence[int], depth: int) -> float:
    """Discounted gain of grades in the order found against that of the best order; 1 where nothing is relevant."""
    ideal = _gain(sorted(judged, reverse=True)[:depth])
    return _gain(ranked[:depth]) / ideal if ideal else 1.0


def _gain(grades: Sequence[int]) -> float:
    return sum(float(2**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(grades))


def containment(word: str, hits: Hits, catalogue: Mapping[str, Texts]) -> dict[str, float]:
    """Share of the first hits that contain the word somewhere, and of the titles with the word that are hits."""
    sought = texts(word, "").title
    made = {}
    if looked_at := [catalogue[id_] for id_ in hits.ids[:LOOKED_AT] if id_ in catalogue]:
        made["contain"] = sum(sought in each.everything or sought in each.title for each in looked_at) / len(looked_at)
    having = {id_ for id_, each in catalogue.items() if sought in each.title}
    if having:
        made["titles"] = len(having.intersection(hits.ids)) / len(having)
    return made


def texts(title: str, rest: str) -> Texts:
    """Bring the texts of a dataset into the form in which words are looked for."""
    whole = re.sub(r"\s", "", unicodedata.normalize("NFKC", f"{title}{BORDER}{rest}").casefold())
    return Texts(re.sub(r"[\s_]", "", unicodedata.normalize("NFKC", title).casefold()), whole)
