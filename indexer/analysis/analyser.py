"""Korean and English text into terms: the same for documents, for queries and for highlighting. Pure.

A text is cut at white space, and a chunk has the same tokens wherever it stands: that is what makes a cache of chunks
possible, and five to ten times faster than analysing sentences, at the same quality of results.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import snowballstemmer

from indexer.analysis.letters import pairs
from indexer.analysis.morphemes import INSIDE, NAMES_END_SO, NEGATORS, PARTICLES, Morphemes, Token
from indexer.analysis.normal import is_simple, normal, origins

ANALYSIS = "2"
"""Changes whenever the same text may give other terms: an index that was built with another one must be rebuilt."""

_GENERATION_CHUNKS = 20_000
_CACHED_WORD = 40
_CACHED_CHUNK = 8
_RUN_CHARACTERS = 60
_TERM_CHARACTERS = 80

_CHUNK = re.compile(r"\S+")
_HANGUL = re.compile("[가-힣]+")
_SYLLABLE = re.compile("[가-힣]")
_HANJA = r"\u3400-\u9fff\uf900-\ufaff"
_RUN = re.compile(
    r"(?P<hangul>[가-힣]++)"
    # 8,990 and 1,234,567 are one number each.
    r"|(?P<amount>(?<![0-9])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9]))"
    r"|(?P<number>[0-9]++)"
    # Wi-Fi, e-mail and K-pop are one word: a part of one or two letters is seldom a word of its own.
    r"|(?P<joined>(?<![a-z0-9])(?:[a-z]{1,2}-[a-z]++|[a-z]++-[a-z]{1,2})(?![a-z0-9-]))"
    r"|(?P<word>[a-z]++(?:'[a-z]++(?![0-9]))?+)"
    rf"|(?P<hanja>[{_HANJA}]++)"
    r"|(?P<kana>[\u3040-\u30fa\u30fc-\u30ff])"
    rf"|(?P<letters>(?:(?![가-힣a-z0-9_\u3040-\u30ff{_HANJA}])\w)++)"
)
# What a query calls one word: letters and digits of any kind, also where one of these stands between two of them.
_WORD = re.compile(r"(?:(?!_)\w)+(?:(?:['&·.+-]+|(?<=[0-9]),(?=[0-9]))(?:(?!_)\w)+)*")

# English words that say nothing about a dataset, where they stand alone. Not "a", "it", "at", "no": they are names, too
# (A, IT, aT), and not in A형, AS센터.
_STOP_WORDS = frozenset(
    (
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

_NO_TERM = Token("", 0, 0)
_Tokens: TypeAlias = tuple[Token, ...]


class Analyser:
    """Makes terms and tokens. Not thread safe; keeps two generations of `remember` chunks, about 300 B each.

    `names`: the user dictionary, word → its parts.
    """

    def __init__(self, remember: int = _GENERATION_CHUNKS, names: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._morphemes = Morphemes(names)
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
            Token(term, match.start() + start, match.start() + end, loose)
            for match in _CHUNK.finditer(text)
            for term, start, end, loose in self._chunk(match[0])
        ]

    def words(self, text: str) -> list[str]:
        """Cut `text` into what a searcher means as one word each: at spaces and punctuation.

        Letters keep their case where nothing else is to be normalised: keys of a Korean keyboard have a case.
        """
        # The normal form drops tabs and line ends, which separate.
        return _WORD.findall(text if is_simple(text) else " ".join(map(normal, text.split())))

    def pairs(self, text: str) -> list[str]:
        """Pair neighbouring letters and digits of `text`; see `indexer.analysis.letters.pairs`."""
        folded = normal(text)
        turned = {token.start + 1 for token in self.tokens(folded) if len(token.term) > 2 and token.term[0] in NEGATORS}
        return pairs(folded, turned)

    def sequences(self, word: str, *, loose: bool = False) -> list[tuple[str, ...]]:
        """Give the ways in which the terms of a typed word may stand in a document, side by side.

        There are two where its first term is one syllable, which is another term inside a longer word. `loose`: without
        its last syllable, where that may be a particle or a suffix of the kind; [] where it is none. A word of
        punctuation only has none.
        """
        tokens = self.tokens(word)
        if loose:
            tokens = tokens[:-1] if tokens and tokens[-1].loose else []
        terms = tuple(token.term for token in tokens)
        ways = [terms] if terms else []
        if terms and _SYLLABLE.fullmatch(terms[0]):
            ways.append((INSIDE + terms[0], *terms[1:]))
        return ways

    def verbal(self, word: str) -> bool:
        """Whether a word is a verb or an adjective with its ending (있는, 찾아주세요): it asks, and names nothing."""
        return _HANGUL.fullmatch(word) is not None and self._morphemes.verbal(word)

    def spans(self, text: str, sequences: Iterable[Sequence[str]]) -> list[tuple[int, int]]:
        """Where one of `sequences` of terms stands side by side in `text`: (start, end), ascending.

        What touches or overlaps is one span.
        """
        sequences = [sequence for sequence in sequences if sequence]
        letters = [[term.lstrip(INSIDE)[:1] for term in sequence] for sequence in sequences]
        tokens = self._tokens_near(
            text, {first for first, *_ in letters}, {each for every in letters for each in every}
        )
        places: dict[str, list[int]] = {}
        for place, token in enumerate(tokens):
            places.setdefault(token.term, []).append(place)
        marks: list[tuple[int, int]] = []
        for sequence in sequences:
            for place in places.get(sequence[0], ()):
                found = tokens[place : place + len(sequence)]
                if len(found) == len(sequence) and all(
                    token.term == term for token, term in zip(found, sequence, strict=True)
                ):
                    marks += ((token.start, token.end) for token in found)
        return joined(marks)

    def _tokens_near(self, text: str, first: set[str], every: set[str]) -> list[Token]:
        """Give the tokens of `text`; for a chunk in which no sequence can stand one that is no term, in place of all.

        A term begins with a letter of its word, but for a few forms of verbs (했다: 하), which are left out: where no
        letter of `first` stands, no sequence begins, and where none of `every` follows, none goes on.
        """
        tokens: list[Token] = []
        near = False
        for match in _CHUNK.finditer(text):
            chunk = match[0]
            if is_simple(chunk):
                letters = chunk.lower()
                begins, goes_on = not first.isdisjoint(letters), not every.isdisjoint(letters)
                # Signs and stop words between two words have no terms.
                if not begins and not (near and (goes_on or chunk.isascii())):
                    tokens.append(_NO_TERM)
                    near = False
                    continue
                found = self._chunk(chunk)
                near = goes_on or not found
            else:
                found = self._chunk(chunk)
                near = True
            begin = match.start()
            for term, start, end, loose in found:
                tokens.append(Token(term, begin + start, begin + end, loose))
        return tokens

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
        return tuple(Token(term, starts[start], ends[end - 1], loose) for term, start, end, loose in self._runs(folded))

    def _runs(self, chunk: str) -> Iterator[Token]:
        for match in _RUN.finditer(chunk):
            at, end = match.span()
            text, kind = match[0], match.lastgroup
            if kind == "hangul" and text in PARTICLES and at and chunk[at - 1].isalnum() and chunk[at - 1].isascii():
                if text in NAMES_END_SO:
                    yield Token(text, at, end, loose=True)
            elif kind == "hangul":
                for begin in range(0, len(text), _RUN_CHARACTERS):
                    run = text[begin : begin + _RUN_CHARACTERS]
                    here = at + begin
                    for term, first, last, loose in self._morphemes.split(run) if run == chunk else self._chunk(run):
                        yield Token(term, here + first, here + last, loose)
            elif kind == "hanja":
                yield from self._hanja(text, at, end)
            elif kind == "word":
                if text not in _STOP_WORDS or text != chunk:
                    yield Token(_IRREGULAR.get(text) or self._stem(text[:_TERM_CHARACTERS]), at, end)
            elif kind == "joined":
                yield Token(self._stem(text.replace("-", "")[:_TERM_CHARACTERS]), at, end)
            else:
                yield Token((text.replace(",", "") if kind == "amount" else text)[:_TERM_CHARACTERS], at, end)

    def _hanja(self, text: str, at: int, end: int) -> Iterator[Token]:
        """Read Chinese characters as Koreans do, so that 大韓民國 and 대한민국 are one word; unknown ones stay."""
        read = self._morphemes.hanja(text[:_RUN_CHARACTERS])
        if len(read) != len(text):
            yield from (Token(letter, at + place, at + place + 1) for place, letter in enumerate(text))
            return
        for part in re.finditer(r"[가-힣]+|[^가-힣]", read):
            begin = at + part.start()
            if "가" <= part[0][0] <= "힣":
                for term, first, last, loose in self._chunk(part[0]):
                    yield Token(term, begin + first, begin + last, loose)
            else:
                yield Token(part[0], begin, begin + 1)


def joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Give the spans in order; those that touch or overlap are one."""
    apart: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart
