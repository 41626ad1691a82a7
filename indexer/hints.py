"""What a searcher should know of a search and may do next: what was corrected, what else may be meant, what to drop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any as Json
from typing import NamedTuple

from indexer import ranking
from indexer.analysis import letters
from indexer.engines.base import Request, SearchIndex
from indexer.lexicon import Lexicon
from indexer.meaning import Meaning, Why, Word
from indexer.parameters import SearchQuery
from indexer.query import Asked, Plan, compile
from indexer.values import Values

_SHOWN = 3
_MOST_TRIED = 6
_MANY_TIMES = 10


class Correction(NamedTuple):
    """A typed word and what was looked for in its place; `also`: beside it, for the typed one has hits, too."""

    typed: str
    texts: tuple[str, ...]
    why: Why
    also: bool


class Other(NamedTuple):
    """Another text to search for, and how many datasets have all its words."""

    text: str
    total: int


class Without(NamedTuple):
    """A typed word, the text without it, and how many datasets have all words of that."""

    word: str
    text: str
    total: int


@dataclass(frozen=True, slots=True)
class Hints:
    """What to tell beside the hits of a search."""

    corrected: tuple[Correction, ...] = ()
    did_you_mean: Other | None = None
    without: tuple[Without, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """As the endpoint has it."""
        return {
            "corrected": [
                {"typed": each.typed, "texts": list(each.texts), "why": each.why, "also": each.also}
                for each in self.corrected
            ],
            "did_you_mean": self.did_you_mean._asdict() if self.did_you_mean else None,
            "without": [each._asdict() for each in self.without],
        }


class Hinter:
    """Makes hints; every one costs a few small searches, and only searches that found little get any."""

    def __init__(self, index: SearchIndex, meaning: Meaning, values: Values) -> None:
        self._index = index
        self._meaning = meaning
        self._values = values

    def hints(self, query: SearchQuery, asked: Asked, lexicon: Lexicon) -> Hints:
        """Give the hints for what was found."""
        corrected = tuple(self._corrected(asked))
        if query.exact or asked.strict >= ranking.FEW:
            return Hints(corrected)
        plan = compile(query, self._meaning, {}, self._values)
        return Hints(
            corrected,
            None if corrected else self._did_you_mean(query, asked, lexicon),
            () if asked.strict else tuple(self._without(query, plan)),
        )

    def _corrected(self, asked: Asked) -> Iterator[Correction]:
        for word in asked.words:
            if (first := word.correction) is None:
                continue
            texts = tuple(
                dict.fromkeys(form.text for form in word.forms if form.why == first.why and form.text != word.typed)
            )
            if not texts:
                continue
            typed = [form for form in word.forms if form.why == "typed"]
            also = any(self._total(Request(form.node)) for form in typed)
            yield Correction(word.typed, texts[:_SHOWN], first.why, also)

    def _did_you_mean(self, query: SearchQuery, asked: Asked, lexicon: Lexicon) -> Other | None:
        """Give the text with one word in another spelling that many more datasets have."""
        for word in asked.words[:_MOST_TRIED]:
            text = letters(word.typed)
            for near in lexicon.near(text, 1) if text else ():
                if near.datasets <= lexicon.count(text):
                    continue
                other = query.q.replace(word.typed, near.word)
                total = self._total(compile(replace(query, q=other), self._meaning, {}, self._values).request())
                if other != query.q and total >= _MANY_TIMES * max(1, asked.strict):
                    return Other(other, total)
        return None

    def _without(self, query: SearchQuery, plan: Plan) -> Iterator[Without]:
        """Give the words without which there are hits, the most first."""
        if not 2 <= len(plan.loose) <= _MOST_TRIED:
            return
        found = []
        for word in plan.loose:
            others = [other.node for other in plan.loose if other is not word]
            text = _left_out(query.q, word)
            if text is not None and (total := self._total(plan.asking(*others))):
                found.append(Without(word.typed, text, total))
        yield from sorted(found, key=lambda each: -each.total)[:_SHOWN]

    def _total(self, request: Request) -> int:
        return self._index.search(replace(request, size=0, offset=0, after=None, facets={})).total


def _left_out(text: str, word: Word) -> str | None:
    """Give the text without a word; None where it is not written as one."""
    place = re.search(rf"(?<!\w){re.escape(word.typed)}(?!\w)", text, re.IGNORECASE)
    return None if place is None else " ".join((text[: place.start()] + text[place.end() :]).split())
