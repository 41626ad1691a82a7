"""Text in one form before it is analysed: Unicode NFKC, case folded, without accents, and where each character came from. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_JAMO = re.compile(r"([ㄱ-ㆎ]+)")


def normal(text: str) -> str:
    """`text` in its normal form; most text is so already."""
    if text.isascii():
        return text.lower()
    return _fold(text)


def _fold(text: str) -> str:
    # NFKC would turn the letters ㄱ and ㅏ into parts of a syllable, and compose them.
    return "".join(part if _JAMO.match(part) else _fold_part(part) for part in _JAMO.split(text))


def _fold_part(text: str) -> str:
    # Folding can undo a normal form (and the other way round): one more round for a form that stays.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFKC", "".join(each for each in apart if not _dropped(each)))


@lru_cache(maxsize=4096)
def _dropped(character: str) -> bool:
    """Accents (é is searched as e) and what cannot be seen: zero-width characters, direction marks, controls."""
    return "\u0300" <= character <= "\u036f" or unicodedata.category(character) in {"Cf", "Cc", "Cs"}


def origins(text: str) -> tuple[str, list[int], list[int]]:
    """Give the normal form of `text`, and for each of its characters the start and end of what it came from in `text`.

    Characters that compose (a base and its marks, the jamo of a syllable) are taken together.
    """
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    begin = 0
    while begin < len(text):
        end = begin + 1
        while end < len(text) and _joins(text[end]):
            end += 1
        part = normal(text[begin:end])
        folded.append(part)
        starts += [begin] * len(part)
        ends += [end] * len(part)
        begin = end
    return "".join(folded), starts, ends


@lru_cache(maxsize=4096)
def _joins(character: str) -> bool:
    # Vowels and final consonants of decomposed Hangul have no combining class of their own.
    return (
        unicodedata.combining(character) != 0 or "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7fb"
    )
