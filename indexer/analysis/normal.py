"""Text in one form before it is analysed, and where each of its characters came from. Pure.

The form is Unicode NFKC, case folded, without accents and invisible characters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# The middle dots of Korean texts, U+318D and its look-alikes: they separate, however they are encoded.
_DOTS = dict.fromkeys(map(ord, "ㆍ・･‧∙•⋅"), "·")
_JAMO = re.compile(r"([ㄱ-ㆌㆎ]+)")
# Nothing that normalising would compose, expand or drop: a character stays a character.
_SIMPLE = re.compile(r"[\x20-\x7e가-힣ㄱ-ㅣ]*+")


def normal(text: str) -> str:
    """`text` in its normal form; most text is so already but for letter case."""
    return text.lower() if _SIMPLE.fullmatch(text) else _fold(text)


def _fold(text: str) -> str:
    text = text.translate(_DOTS)
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


def is_simple(text: str) -> bool:
    """Whether the normal form only differs in letter case, so that every character stays where it is."""
    return _SIMPLE.fullmatch(text) is not None


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
    # Vowels and final consonants of decomposed Hangul, and the marks of half-width kana, have no combining class.
    return (
        unicodedata.combining(character) != 0
        or "\u1160" <= character <= "\u11ff"
        or "\ud7b0" <= character <= "\ud7fb"
        or character in "\uff9e\uff9f"
    )
