"""What people make of a text: slips, spacing, particles, initial consonants. The caller gives the chance."""

from __future__ import annotations

import random
import unicodedata

_FIRST, _LAST = 0xAC00, 0xD7A3
_INITIAL_KEYS = ("r", "R", "s", "e", "E", "f", "a", "q", "Q", "t", "T", "d", "w", "W", "c", "z", "x", "v", "g")
_VOWEL_KEYS = (
    "k", "o", "i", "O", "j", "p", "u", "P", "h", "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b", "m", "ml", "l",
)  # fmt: skip
_FINAL_KEYS = (
    "", "r", "R", "rt", "s", "sw", "sg", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "qt", "t", "T",
    "d", "w", "c", "z", "x", "v", "g",
)  # fmt: skip
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_PARTICLES = (("을", "를"), ("은", "는"), ("이", "가"), ("의", "의"), ("에서", "에서"), ("에 대한", "에 대한"))


def is_syllable(letter: str) -> bool:
    return _FIRST <= ord(letter) <= _LAST


def parts(letter: str) -> tuple[int, int, int]:
    """Initial, vowel and final of a syllable, as numbers."""
    at = ord(letter) - _FIRST
    return at // 588, at % 588 // 28, at % 28


def latin_keyboard(text: str) -> str:
    """What a keyboard types that was left in Latin."""
    typed = []
    for letter in unicodedata.normalize("NFC", text):
        if is_syllable(letter):
            initial, vowel, final = parts(letter)
            typed.append(_INITIAL_KEYS[initial] + _VOWEL_KEYS[vowel] + _FINAL_KEYS[final])
        else:
            typed.append(letter)
    return "".join(typed)


def initials(text: str) -> str:
    return "".join(_INITIALS[parts(letter)[0]] if is_syllable(letter) else letter for letter in text)


def wrong_jamo(text: str, chance: random.Random) -> str:
    """One vowel, initial or final of one syllable replaced."""
    places = [at for at, letter in enumerate(text) if is_syllable(letter)]
    if not places:
        return text
    at = chance.choice(places)
    initial, vowel, final = parts(text[at])
    which = chance.choice(("initial", "vowel", "vowel", "final") if final else ("initial", "vowel", "vowel"))
    if which == "initial":
        initial = (initial + chance.randrange(1, 19)) % 19
    elif which == "vowel":
        vowel = (vowel + chance.randrange(1, 21)) % 21
    else:
        final = chance.choice([each for each in range(1, 28) if each != final])
    return text[:at] + chr(_FIRST + initial * 588 + vowel * 28 + final) + text[at + 1 :]


def word_dropped(text: str, chance: random.Random) -> str:
    words = text.split()
    if len(words) > 1:
        words.pop(chance.randrange(len(words)))
    return " ".join(words)


def random_spaces(text: str, chance: random.Random) -> str:
    glued = text.replace(" ", "")
    return "".join(
        letter + (" " if chance.random() < 0.25 and at + 1 < len(glued) else "") for at, letter in enumerate(glued)
    )


def split(words: list[str], chance: random.Random) -> str:
    """One word in two, at any border between syllables."""
    long = [at for at, word in enumerate(words) if len(word) > 2] or [
        at for at, word in enumerate(words) if len(word) > 1
    ]
    at = chance.choice(long)
    border = chance.randrange(1, len(words[at]))
    return " ".join([*words[:at], words[at][:border], words[at][border:], *words[at + 1 :]])


def with_particles(words: list[str], chance: random.Random) -> str:
    """A particle after each word."""
    made = []
    for word in words:
        after_consonant, after_vowel = chance.choice(_PARTICLES)
        ends_open = not is_syllable(word[-1]) or parts(word[-1])[2] == 0
        made.append(word + (after_vowel if ends_open else after_consonant))
    return " ".join(made)
