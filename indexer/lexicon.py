"""The words of all titles and keywords, and the agencies: what spelling, completing and initial consonants look in.

Read from the index in one go (`SearchIndex.words`) and held in memory: about 200 bytes a word.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from indexer.analysis import initials, jamo, strokes

# A word of so many keys may have one slip, of so many two: among shorter ones almost any word is near another.
_ONE_SLIP = 4
_TWO_SLIPS = 11
_HEADS = 2
_SHORTEST_PART, _LONGEST_PART, _LONGEST_TEXT = 2, 20, 40
_COST_OF_PART = 15.0
"""Against the logarithm of how many datasets have a part: fewer parts are likelier than frequent ones."""
_KEPT_FOR_A_HEAD = 200


class Known(NamedTuple):
    """A word in its normal form, and how many datasets have it in title or keywords."""

    word: str
    datasets: int


class Lexicon:
    """The words of an index, from its terms ``keys|word`` with their numbers of documents, and its agencies."""

    def __init__(self, words: Iterable[tuple[str, int]] = (), agencies: Iterable[tuple[str, int]] = ()) -> None:
        rows = sorted((term.partition("|")[0], term.partition("|")[2], count) for term, count in words)
        self._keys = [keys for keys, _, _ in rows]
        self._known = [Known(word, count) for _, word, count in rows]
        self.agencies = [Known(name, count) for name, count in agencies]

    def __len__(self) -> int:
        return len(self._known)

    def count(self, word: str) -> int:
        """How many datasets have this word."""
        return self._counts.get(word, 0)

    def beginning(self, keys: str, most: int) -> list[Known]:
        """Words whose keys begin so, the most frequent first."""
        if len(keys) <= _HEADS and most <= _KEPT_FOR_A_HEAD:
            return self._heads.get(keys, [])[:most]
        low, high = bisect_left(self._keys, keys), bisect_right(self._keys, keys + "\U0010ffff")
        return _most_frequent(self._known[low:high], most)

    def near(self, word: str, most: int) -> list[Known]:
        """Words that one slip of the fingers makes of `word` (two in a long one), the nearest and most frequent first."""
        keys, written = strokes(word), "".join(jamo(word))
        slips = 2 if len(keys) >= _TWO_SLIPS else 1 if len(keys) >= _ONE_SLIP else 0
        if not slips:
            return []
        found: list[tuple[float, int, Known]] = []
        # One letter of Hangul may be two keys: ㅟ for ㅓ.
        reach = slips + 1
        for length in range(len(keys) - reach, len(keys) + reach + 1):
            places, choices = self._by_length.get(length, ([], []))
            for _, _, at in process.extract(
                keys, choices, scorer=OSA.distance, score_cutoff=reach, limit=None, processor=None
            ):
                known = self._known[places[at]]
                distance = OSA.distance(written, "".join(jamo(known.word)), score_cutoff=slips)
                if distance <= slips:
                    found.append((distance, -known.datasets, known))
        # A slip keeps digits: 2호선 is not 3호선 misspelt.
        digits = _digits(word)
        return [known for _, _, known in sorted(found) if known.word != word and _digits(known.word) == digits][:most]

    def with_initials(self, letters: str, most: int, *, whole: bool = True) -> list[Known]:
        """Words with these initial consonants, the most frequent first; not `whole`: words that begin with them."""
        keys = self._initials[0]
        low = bisect_left(keys, letters)
        high = bisect_right(keys, letters if whole else letters + "\U0010ffff")
        return _most_frequent([self._known[place] for place in self._initials[1][low:high]], most)

    def parts(self, text: str) -> list[str]:
        """Cut a text without spaces into words that titles have: the fewest, then the most frequent; [] where none fit.

        A word of one letter is no part: almost every text could be cut into such.
        """
        if not _SHORTEST_PART * 2 <= len(text) <= _LONGEST_TEXT:
            return []
        best: list[tuple[float, list[str]] | None] = [(0.0, []), *[None] * len(text)]
        for end in range(_SHORTEST_PART, len(text) + 1):
            for begin in range(max(0, end - _LONGEST_PART), end - _SHORTEST_PART + 1):
                before, word = best[begin], text[begin:end]
                if before is None or not (count := self._counts.get(word)):
                    continue
                cost = before[0] + _COST_OF_PART - math.log(count)
                now = best[end]
                if now is None or cost < now[0]:
                    best[end] = cost, [*before[1], word]
        whole = best[-1]
        return whole[1] if whole is not None else []

    @cached_property
    def _counts(self) -> dict[str, int]:
        return {known.word: known.datasets for known in self._known}

    @cached_property
    def _heads(self) -> dict[str, list[Known]]:
        heads: dict[str, list[Known]] = {}
        for keys, known in zip(self._keys, self._known, strict=True):
            for length in range(_HEADS + 1):
                if len(keys) >= length:
                    heads.setdefault(keys[:length], []).append(known)
        return {head: _most_frequent(words, _KEPT_FOR_A_HEAD) for head, words in heads.items()}

    @cached_property
    def _by_length(self) -> dict[int, tuple[list[int], list[str]]]:
        lengths: dict[int, tuple[list[int], list[str]]] = {}
        for place, keys in enumerate(self._keys):
            places, choices = lengths.setdefault(len(keys), ([], []))
            places.append(place)
            choices.append(keys)
        return lengths

    @cached_property
    def _initials(self) -> tuple[list[str], list[int]]:
        rows = sorted((initials(known.word), place) for place, known in enumerate(self._known))
        return [letters for letters, _ in rows], [place for _, place in rows]


def _most_frequent(words: Sequence[Known], most: int) -> list[Known]:
    return heapq.nsmallest(most, words, key=lambda known: (-known.datasets, known.word))


def _digits(word: str) -> str:
    return "".join(filter(str.isdigit, word))
