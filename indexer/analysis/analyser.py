"""Korean and English text into terms: the same for documents, for questions and for highlighting. Pure.

A text is cut at white space, and a chunk has the same tokens wherever it stands: that is what makes a cache of chunks
possible, and five to ten times faster than analysing sentences, at the same quality of results.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import snowballstemmer

from indexer.analysis.morphemes import Morphemes, Token
from indexer.analysis.normal import is_simple, normal, origins

ANALYSIS = "1"
"""Changes whenever the same text may give other terms: an index that was built with another one must be rebuilt."""

_GENERATION_CHUNKS = 20_000
_CACHED_WORD = 40
_CACHED_CHUNK = 8
_RUN_CHARACTERS = 60
_TERM_CHARACTERS = 80

_CHUNK = re.compile(r"\S+")
_RUN = re.compile(
    r"(?P<hangul>[가-힣]++)"
    # 8,990 and 1,234,567.8 are one number; 2024.03.05 is three; pm2.5 and v1.2 stay whole.
    r"|(?P<amount>(?<![0-9])[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9]))"
    r"|(?P<day>(?<![0-9])(?:19|20)[0-9]{2}\.[01]?[0-9](?:\.[0-3]?[0-9])?(?![0-9]))"
    r"|(?P<word>[a-z]++(?:'[a-z]++(?![0-9]))?+(?![0-9]))"
    r"|(?P<mixed>[a-z0-9]++(?:(?<=[0-9])\.[0-9]++)*+)"
    r"|(?P<ideograph>[\u3040-\u30ff\u3400-\u9fff])"
    r"|(?P<letters>(?:(?![가-힣a-z0-9_\u3040-\u30ff\u3400-\u9fff])\w)++)"
)
_NO_LETTER = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"[0-9]+")

# English words that say nothing about a dataset. Not "it", "at", "no": they are names too (IT, aT).
_STOP_WORDS = frozenset(
    (
        "a",
        "an",
        "and",
        "are",
        "as",
        "be",
        "by",
        "for",
        "from",
        "in",
        "is",
        "of",
        "on",
        "or",
        "that",
        "the",
        "this",
        "to",
    )
)

# Plurals that the stemmer leaves apart from their singular.
_IRREGULAR = {"buses": "bus", "gases": "gas", "viruses": "virus", "campuses": "campus", "indices": "index"}

_Tokens: TypeAlias = tuple[tuple[str, int, int], ...]


class Analyser:
    """Makes terms and tokens. Not thread safe; keeps two generations of `remember` chunks, about 300 B each."""

    def __init__(self, remember: int = _GENERATION_CHUNKS) -> None:
        self._morphemes = Morphemes()
        self._stem = snowballstemmer.stemmer("english").stemWord
        self._remember = remember
        self._young: dict[str, _Tokens] = {}
        self._old: dict[str, _Tokens] = {}

    def terms(self, text: str) -> list[str]:
        """Give the terms of `text`, in its order."""
        return [token[0] for chunk in text.split() for token in self._chunk(chunk)]

    def tokens(self, text: str) -> list[Token]:
        """Give the terms of `text` with the characters that each stands for."""
        return [
            Token(term, match.start() + start, match.start() + end)
            for match in _CHUNK.finditer(text)
            for term, start, end in self._chunk(match[0])
        ]

    def highlight(self, text: str, terms: Iterable[str]) -> list[tuple[int, int]]:
        """Where `terms` stand in `text`: (start, end), ascending; what touches or overlaps is one span."""
        wanted = frozenset(terms)
        spans: list[tuple[int, int]] = []
        for term, start, end in self.tokens(text):
            if term not in wanted:
                continue
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            else:
                spans.append((start, end))
        return spans

    def _chunk(self, chunk: str) -> _Tokens:
        """Give the tokens of a text without white space: the one way by which terms are made."""
        tokens = self._young.get(chunk)
        if tokens is not None:
            return tokens
        tokens = self._old.get(chunk)
        if tokens is None:
            tokens = self._analyse(chunk)
            # Words come again, and so do short chunks; of longer ones ("남해군_중질유사용현황") only the words do.
            if len(chunk) > (_CACHED_WORD if chunk.isalpha() else _CACHED_CHUNK):
                return tokens
        self._young[chunk] = tokens
        if len(self._young) >= self._remember:
            self._old, self._young = self._young, {}
        return tokens

    def _analyse(self, chunk: str) -> _Tokens:
        if is_simple(chunk):
            return tuple(self._runs(chunk.lower()))
        folded, starts, ends = origins(chunk)
        return tuple((term, starts[start], ends[end - 1]) for term, start, end in self._runs(folded))

    def _runs(self, chunk: str) -> Iterator[tuple[str, int, int]]:
        for match in _RUN.finditer(chunk):
            at, end = match.span()
            text, kind = match[0], match.lastgroup
            if kind == "hangul":
                for begin in range(0, len(text), _RUN_CHARACTERS):
                    run = text[begin : begin + _RUN_CHARACTERS]
                    here = at + begin
                    for term, first, last in self._morphemes.split(run) if run == chunk else self._chunk(run):
                        yield term, here + first, here + last
            elif kind == "day":
                for part in _NUMBER.finditer(text):
                    yield part[0], at + part.start(), at + part.end()
            elif kind == "word":
                if text not in _STOP_WORDS:
                    yield _IRREGULAR.get(text) or self._stem(text[:_TERM_CHARACTERS]), at, end
            else:
                yield (text.replace(",", "") if kind == "amount" else text)[:_TERM_CHARACTERS], at, end


def grams(values: Iterable[str]) -> list[str]:
    """Pair neighbouring letters and digits of each value, across its spaces.

    Pairs know nothing of how words are spaced, match almost anything, and are therefore good for ranking only.
    """
    pairs: list[str] = []
    for value in values:
        letters = _NO_LETTER.sub("", normal(value))
        pairs += map("".join, itertools.pairwise(letters)) if len(letters) > 1 else letters
    return pairs
