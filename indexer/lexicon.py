"""The words of all titles and keywords, and the agencies: what spelling, completing and initial consonants look in.

Read from the index in one go (`SearchIndex.words`) and held in memory: about 200 bytes a word.
"""

from __future__ import annotations

import heapq
import itertools
import math
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, TypeVar

from rapidfuzz import process
from rapidfuzz.distance import OSA

from indexer.analysis import initials, jamo, letters, strokes
from indexer.engines.base import SearchIndex

Row = TypeVar("Row")

# A word of so many keys may have one slip, of so many two: among shorter ones almost any word is near another.
_ONE_SLIP = 4
_TWO_SLIPS = 11
_END = 2
_HEADS = 2
_SHORTEST_PART, _LONGEST_PART, _LONGEST_TEXT = 2, 20, 40
_COST_OF_PART = 15.0
"""Against the logarithm of how many datasets have a part: fewer parts are likelier than frequent ones."""
_KEPT_FOR_A_HEAD = 200
_LOOKED_AT_FOR_A_SLIP = 3000
_STEP = 500
_PAUSE_SECONDS = 0.0005


class Known(NamedTuple):
    """A word in its normal form, and how many datasets have it in title or keywords."""

    word: str
    datasets: int


class Lexicon:
    """The words of an index, from its terms ``keys|word`` with their numbers of documents, and its agencies.

    `gently`: made at once, in many short steps with pauses, for a process in which searches must not wait meanwhile;
    otherwise every part is made when it is first needed.
    """

    def __init__(
        self,
        words: Iterable[tuple[str, int]] = (),
        agencies: Iterable[tuple[str, int]] = (),
        *,
        gently: bool = False,
    ) -> None:
        # The most frequent first: a word's place says which of several comes first, and sorting places is cheap.
        rows = sorted(words, key=lambda row: -row[1])
        self._gently = gently
        # Arrays, and tuples of strings, here and below: a collection of garbage stops every thread to look through
        # lists, and through tuples of anything else.
        self._terms = tuple([term for term, _ in rows])
        self._datasets = array("I", [count for _, count in rows])
        self.agencies = [Known(name, count) for name, count in agencies]
        self._agency = {known.word: known for known in self.agencies}
        if gently:
            for part in ("_datasets_of", "_by_keys", "_by_initials", "_by_ends", "_by_agency"):
                getattr(self, part)

    @classmethod
    def of(cls, index: SearchIndex, *, gently: bool = False) -> Lexicon:
        """Read the lexicon of an index; raises `IndexEngineError`."""
        return cls(index.words("word"), index.words("organization"), gently=gently)

    def __len__(self) -> int:
        return len(self._terms)

    def count(self, word: str) -> int:
        """How many datasets have this word."""
        return self._datasets_of.get(word, 0)

    def beginning(self, keys: str, most: int) -> list[Known]:
        """Words whose keys begin so, the most frequent first."""
        return self._known(self._by_keys.beginning(keys, most))

    def with_initials(self, letters: str, most: int, *, whole: bool = True) -> list[Known]:
        """Words with these initial consonants, the most frequent first; not `whole`: words that begin with them."""
        return self._known(self._by_initials.beginning(letters, most, whole=whole))

    def beginning_nearly(self, keys: str, most: int) -> list[Known]:
        """Words that begin with `keys` but for one slip, which is not in the first two of them."""
        if len(keys) < _ONE_SLIP:
            return []
        places = self._by_keys.beginning(keys[:_END], _LOOKED_AT_FOR_A_SLIP)
        beginnings = (self._terms[place].partition("|")[0][: len(keys)] for place in places)
        near = process.extract_iter(keys, beginnings, scorer=OSA.distance, score_cutoff=1, processor=None)
        return self._known(places[at] for _, _, at in itertools.islice(near, most))

    def agencies_beginning(self, keys: str, most: int) -> list[Known]:
        """Agencies of which a word begins with these keys, or whose initial consonants begin so (given as letters)."""
        return [self.agencies[place] for place in self._by_agency.beginning(keys, most)]

    def agency(self, name: str) -> Known | None:
        """Give the agency of this name."""
        return self._agency.get(name)

    def near(self, word: str, most: int) -> list[Known]:
        """Words that one slip makes of `word` (two of a long one), the nearest and most frequent first."""
        keys = strokes(word)
        slips = 2 if len(keys) >= _TWO_SLIPS else 1 if len(keys) >= _ONE_SLIP else 0
        if not slips:
            return []
        found = self._near(word, slips, keys[:_END], keys[-_END:])
        if not found and (slips > 1 or len(keys) < _ONE_SLIP + _END):
            found = self._near(word, slips, "", "")  # slips at both ends
        # A slip keeps digits and Latin letters: 2호선 is not 3호선 misspelt, B등급 is not 등급.
        kept = _not_hangul(word)
        nearest = self._known(place for _, place in found)
        return [known for known in nearest if known.word != word and _not_hangul(known.word) == kept][:most]

    def _near(self, word: str, slips: int, head: str, tail: str) -> list[tuple[int, int]]:
        """Find words near to `word` whose keys begin or end so: few slips leave one end of a word as it is."""
        keys, written = strokes(word), "".join(jamo(word))
        # One letter of Hangul may be two keys: ㅟ for ㅓ.
        reach = slips + 1
        found: dict[int, int] = {}
        for length in range(len(keys) - reach, len(keys) + reach + 1):
            for end in {f"{length} {head}-", f"{length} -{tail}"}:
                places = self._by_ends.get(end, ())
                choices = (self._terms[place][:length] for place in places)
                near = process.extract_iter(keys, choices, scorer=OSA.distance, score_cutoff=reach, processor=None)
                for _, _, at in near:
                    other = "".join(jamo(self._terms[places[at]].partition("|")[2]))
                    distance = OSA.distance(written, other, score_cutoff=slips)
                    if distance <= slips:
                        found[places[at]] = distance
        return sorted((distance, place) for place, distance in found.items())

    def _known(self, places: Iterable[int]) -> list[Known]:
        return [Known(self._terms[place].partition("|")[2], self._datasets[place]) for place in places]

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
                if before is None or not (count := self._datasets_of.get(word)):
                    continue
                cost = before[0] + _COST_OF_PART - math.log(count)
                now = best[end]
                if now is None or cost < now[0]:
                    best[end] = cost, [*before[1], word]
        whole = best[-1]
        return whole[1] if whole is not None else []

    @cached_property
    def _datasets_of(self) -> dict[str, int]:
        terms = _steps(self._terms, self._gently)
        return {term.partition("|")[2]: count for term, count in zip(terms, self._datasets, strict=True)}

    @cached_property
    def _by_keys(self) -> _Column:
        return _Column(enumerate(self._terms), self._gently)

    @cached_property
    def _by_initials(self) -> _Column:
        words = (term.partition("|")[2] for term in self._terms)
        return _Column(enumerate(map(initials, words)), self._gently)

    @cached_property
    def _by_agency(self) -> _Column:
        return _Column(
            (
                (place, spelling)
                for place, (name, _) in enumerate(self.agencies)
                for spelling in {initials(name), *(strokes(letters(" ".join(part))) for part in _endings(name.split()))}
            ),
            self._gently,
        )

    @cached_property
    def _by_ends(self) -> dict[str, array[int]]:
        """Places of words by their number of keys and the first or last of them, and by their number alone."""
        ends: dict[str, array[int]] = {}
        for place, term in enumerate(_steps(self._terms, self._gently)):
            length = term.find("|")
            for end in (f"{length} {term[:_END]}-", f"{length} -{term[max(0, length - _END) : length]}", f"{length} -"):
                ends.setdefault(end, array("I")).append(place)
        return ends


class _Column:
    """Places of words by one of their spellings, in order, so that those that begin alike lie side by side.

    What very many words begin with is kept apart, with its first words: nobody waits for 100,000 to be looked through.
    """

    def __init__(self, spellings: Iterable[tuple[int, str]], gently: bool) -> None:
        self._heads: dict[str, array[int]] = {}
        groups: dict[str, array[int]] = {}
        places = array("I")
        written: list[str] = []
        for row, (place, spelling) in enumerate(_steps(spellings, gently)):
            for length in range(_HEADS + 1):
                kept = self._heads.setdefault(spelling[:length], array("I"))
                if len(kept) < _KEPT_FOR_A_HEAD:
                    kept.append(place)
            groups.setdefault(spelling[:_HEADS], array("I")).append(row)
            places.append(place)
            written.append(spelling)
        ordered: list[str] = []
        self._places = array("I")
        for head in _steps(sorted(groups), gently):
            rows = sorted(groups.pop(head), key=written.__getitem__)
            ordered += [written[row] for row in rows]
            self._places.extend(places[row] for row in rows)
        self._spellings = tuple(ordered)

    def beginning(self, text: str, most: int, *, whole: bool = False) -> list[int]:
        """Give the first places whose spelling begins so; `whole`: is so."""
        if not whole and len(text) <= _HEADS and most <= _KEPT_FOR_A_HEAD:
            return list(dict.fromkeys(self._heads.get(text, ())))[:most]
        low = bisect_left(self._spellings, text)
        high = bisect_right(self._spellings, text if whole else text + "\U0010ffff")
        return heapq.nsmallest(most, set(self._places[low:high]))


def _steps(rows: Iterable[Row], gently: bool) -> Iterator[Row]:
    """Give the rows; `gently`: and every few of them the interpreter to other threads."""
    for at, row in enumerate(rows):
        if gently and not at % _STEP:
            time.sleep(_PAUSE_SECONDS)
        yield row


def _endings(words: Sequence[str]) -> Iterator[Sequence[str]]:
    return (words[at:] for at in range(len(words)))


def _not_hangul(word: str) -> str:
    return "".join(each for each in word if not ("가" <= each <= "힣" or "ㄱ" <= each <= "ㅣ"))
