"""Where a found dataset has what was looked for: spans for highlighting, and why it matched. Pure.

Only the text decides: what is marked is what the index has as terms of that text, side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from indexer import ranking
from indexer.analysis import Analyser, initials, joined, letters, normal
from indexer.fields import BY_NAME
from indexer.meaning import Form, Why, Word

Spans = list[tuple[int, int]]

_SEPARATED = r"[\W_]*"
_INSIDE_FROM = 3
_HANGUL = re.compile("[가-힣]")
_INSIDE_FIELDS = frozenset(("title", "keyword"))


@dataclass(frozen=True, slots=True)
class Match:
    """One typed word in one field: `matched` as the dataset writes it, `why` it is taken for the typed one.

    `weight` is what the field and this form of the word are worth in ranking, beside 1 for the description and the
    word as it was typed.
    """

    field: str
    typed: str
    matched: str
    why: Why
    weight: float

    def to_json(self) -> dict[str, Any]:
        """As the endpoint has it."""
        return {
            "field": self.field,
            "typed": self.typed,
            "matched": self.matched,
            "why": self.why,
            "weight": round(self.weight, 3),
        }


class Explainer:
    """Finds `words` in texts; not `whole`: where a word does not stand as a whole, its parts count too."""

    def __init__(self, analyser: Analyser, words: Sequence[Word], *, whole: bool) -> None:
        self._analyser = analyser
        self._words = words
        self._whole = whole
        self._sequences = [sequence for word in words for form in word.forms for sequence in form.sequences]
        self._inside = [pattern for word in words for form in word.forms if (pattern := _inside(form)) is not None]
        self._initials = [form.text for word in words for form in word.forms if form.why == "initials"]
        self._parts = [] if whole else [(term,) for word in words for form in word.forms for term in form.terms]

    def spans(self, field: str, text: str) -> Spans:
        """Give the places in `text`, from and to, in order and apart, in which something matched."""
        spans = self._analyser.spans(text, self._sequences)
        if field in _INSIDE_FIELDS:
            spans += [span for pattern in self._inside for span in self._inside_spans(pattern, text)]
            spans += [span for wanted in self._initials for span in _initial_spans(text, wanted)]
        if not spans and self._parts:
            spans = self._analyser.spans(text, self._parts)
        return joined(spans)

    def _inside_spans(self, pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
        """Find where the pairs of letters of `text` are those of what matches: 비정규직 has others than 정규직."""
        for match in pattern.finditer(text):
            first, pairs = len(letters(text[: match.start()])), self._analyser.pairs(match[0])
            if self._analyser.pairs(text)[first : first + len(pairs)] == pairs:
                yield match.span()

    def missing(self, texts: Mapping[str, Iterable[str]]) -> list[str]:
        """Give the words that stand as a whole in no field of `texts`, as typed; words that say little do not count."""
        values = {field: list(each) for field, each in texts.items()}
        return [
            word.typed
            for word in self._words
            if not word.silent and not any(self._best(word, field, each, whole=True) for field, each in values.items())
        ]

    def matches(self, texts: Mapping[str, Iterable[str]]) -> list[Match]:
        """Give the best reason for every word in every field of `texts`, the weightiest first.

        Parts of a word count where it stands nowhere as a whole, and only parts of what was typed.
        """
        values = {field: list(each) for field, each in texts.items()}
        found: list[Match] = []
        for word in self._words:
            for whole in (True,) if self._whole else (True, False):
                matches = [self._best(word, field, each, whole=whole) for field, each in values.items()]
                if any(matches):
                    found += filter(None, matches)
                    break
        return sorted(found, key=lambda match: -match.weight)

    def _best(self, word: Word, field: str, values: Sequence[str], *, whole: bool) -> Match | None:
        for form in sorted(word.forms, key=lambda form: -form.weight):
            if field not in form.fields or not (whole or form.why == "typed"):
                continue
            alone = Explainer(self._analyser, [Word(word.typed, (form,))], whole=whole)
            for text in values:
                if spans := alone.spans(field, text):
                    start, end = spans[0]
                    weight = BY_NAME[field].boost * form.weight * (ranking.SAYS_NOTHING if word.silent else 1.0)
                    return Match(field, word.typed, text[start:end], form.why, weight)
        return None


def _inside(form: Form) -> re.Pattern[str] | None:
    """Give a pattern for the letters of a longer word, which a title may have across its morphemes and spaces."""
    found = [each for each in normal(form.text) if each.isalnum()]
    if len(found) < _INSIDE_FROM or "title" not in form.fields or form.why == "initials":
        return None
    pattern = _SEPARATED.join(map(re.escape, found))
    # Words of Latin letters and digits only are not looked for inside others: bus is not in Busan.
    return re.compile(pattern if _HANGUL.search(form.text) else rf"\b{pattern}\b", re.IGNORECASE)


def _initial_spans(text: str, wanted: str) -> Spans:
    places = [place for place, each in enumerate(text) if each.isalnum()]
    short = "".join(initials(text[place]) for place in places)
    if len(short) != len(places):
        return []
    found = (match.start() for match in re.finditer(f"(?={re.escape(wanted)})", short))
    return [(places[at], places[at + len(wanted) - 1] + 1) for at in found]
