"""What is known of a text apart from its morphemes: letter pairs, initial consonants, keys on a keyboard. Pure.

Keys are those of the common Korean layout (두벌식, KS X 5002) on a Latin keyboard: 미 is typed "al".
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator

from indexer.analysis.normal import normal

_NO_LETTER = re.compile(r"[\W_]+")
_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_KEYS = dict(zip("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ", "rRseEfaqQtTdwWczxvg", strict=True)) | dict(
    zip("ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅛㅜㅠㅡㅣ", "koiOjpuPhynbml", strict=True)
)
# Letters that take two keys.
_DOUBLE = {
    **{"ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ", "ㅟ": "ㅜㅣ", "ㅢ": "ㅡㅣ"},
    **{"ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ"},
    **{"ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ"},
}
_STROKES = _KEYS | {letter: _KEYS[pair[0]] + _KEYS[pair[1]] for letter, pair in _DOUBLE.items()}
_LETTER_OF = {key: letter for letter, key in _KEYS.items()}
_PAIRED = {pair: letter for letter, pair in _DOUBLE.items()}
# Shift gives a letter of its own on some keys only; on the others it is the same letter.
_SHIFTED = frozenset("RQETWOP")
_VOWEL_LETTERS = frozenset(_VOWELS)
INITIALS = frozenset(_LEADS)


def letters(text: str) -> str:
    """`text` in its normal form, letters and digits only."""
    return _NO_LETTER.sub("", normal(text))


def pairs(text: str, turned: Collection[int] = ()) -> list[str]:
    """Pair neighbouring letters and digits of `text`, which is in its normal form, across its spaces.

    Pairs know nothing of how words are spaced. One of them matches almost anything and is therefore good for ranking
    only; all pairs of a longer word side by side are that word. `turned`: places of letters that follow a negating
    prefix (비급여); the pair that begins there is another term, so that 급여 stands in 급여 only.
    """
    places = [place for place, letter in enumerate(text) if letter.isalnum()]
    if len(places) == 1:
        return [text[places[0]]]
    return [
        ("!" if first in turned else "") + text[first] + text[second] for first, second in itertools.pairwise(places)
    ]


def initials(text: str) -> str:
    """Initial consonants of the syllables of `text` (미세먼지: ㅁㅅㅁㅈ); other letters and digits stay, spaces go."""
    return "".join(_LEADS[(ord(each) - 0xAC00) // 588] if "가" <= each <= "힣" else each for each in letters(text))


def initial_grams(text: str) -> list[str]:
    """Three neighbouring initial consonants each: the terms that a search by initial consonants looks for."""
    short = initials(text)
    return [short[at : at + 3] for at in range(len(short) - 2)]


def strokes(text: str) -> str:
    """Give the keys that type `text`, Hangul and the letters of Hangul; everything else stays as it is."""
    return "".join(_STROKES.get(letter, letter) for letter in jamo(text))


def jamo(text: str) -> Iterator[str]:
    """Take syllables apart into the letters that they are written with; everything else stays."""
    for each in text:
        if "가" <= each <= "힣":
            lead, rest = divmod(ord(each) - 0xAC00, 588)
            vowel, tail = divmod(rest, 28)
            yield _LEADS[lead]
            yield _VOWELS[vowel]
            if tail:
                yield _TAILS[tail]
        else:
            yield each


def typed_in_hangul(keys: str) -> str:
    """Give what `keys` would have typed with the keyboard in Hangul, as an input method composes it."""
    return compose(_LETTER_OF.get(key) or _LETTER_OF.get(key.lower(), key) for key in keys)


def compose(parts: Iterable[str]) -> str:
    """Put letters of Hangul together to syllables, as an input method does; what fits nowhere stays a letter."""
    done: list[str] = []
    lead = vowel = tail = ""

    def flush() -> None:
        nonlocal lead, vowel, tail
        if lead and vowel:
            number = (_LEADS.index(lead) * 21 + _VOWELS.index(vowel)) * 28 + (_TAILS.index(tail) if tail else 0)
            done.append(chr(0xAC00 + number))
        else:
            done.append(lead + vowel)
        lead = vowel = tail = ""

    for each in parts:
        if each in _VOWEL_LETTERS:
            if tail:
                moved = _DOUBLE[tail][1] if tail in _DOUBLE else tail
                tail = _DOUBLE[tail][0] if tail in _DOUBLE else ""
                flush()
                lead, vowel = moved, each
            elif vowel and vowel + each in _PAIRED:
                vowel = _PAIRED[vowel + each]
            elif lead and not vowel:
                vowel = each
            else:
                flush()
                vowel = each
        elif each in INITIALS:
            if lead and vowel and not tail and each in _TAILS:
                tail = each
            elif tail and tail + each in _PAIRED:
                tail = _PAIRED[tail + each]
            else:
                flush()
                lead = each
        else:
            flush()
            done.append(each)
    flush()
    return "".join(done)
