"""Numbers that sort like a day, a quality or a text, then the document id: for an engine that sorts by one number only.

The low 40 bits are the first five bytes of the id in UTF-8, which keep the order of ids; ids that agree in them
give equal numbers, and whoever sorts compares those by the whole id. Days are proleptic Gregorian ordinals.
"""

from __future__ import annotations

import hashlib
from datetime import date

_ID_BITS = 40
_NO_DAY = (1 << 22) - 1
_BEST = 100
_CHARACTERS = 4
_BITS = 16
_LAST = (1 << _BITS) - 1
TEXT_NUMBERS = 6
"""Numbers that sort a text, by four characters each: 24, about a whole title; further ones are compared as text."""


def id_key(id: str) -> int:
    """Give a number of 40 bits that orders ids, but for those that begin alike."""
    return int.from_bytes(id.encode()[:5].ljust(5, b"\0"))


def day_key(day: str | None, id: str, *, newest_first: bool = False) -> int:
    """Sorts by `day` (``YYYY-MM-DD``), then id; no day comes last. Raises ValueError when it is no day."""
    if day is None:
        number = _NO_DAY
    else:
        number = date.fromisoformat(day).toordinal()
        if newest_first:
            number = _NO_DAY - number
    return number << _ID_BITS | id_key(id)


def day_bounds(low: str | None, high: str | None) -> tuple[int, int]:
    """First and last `day_key` between two days, both included; None is open. Documents without a day are outside."""
    first = date.fromisoformat(low).toordinal() if low else 0
    last = date.fromisoformat(high).toordinal() if high else _NO_DAY - 1
    return first << _ID_BITS, (last + 1 << _ID_BITS) - 1


def quality_key(quality: int | None, id: str) -> int:
    """Sorts the best first, then by id; no quality comes last."""
    return (_BEST + 1 if quality is None else _BEST - quality) << _ID_BITS | id_key(id)


def text_keys(text: str) -> tuple[int, ...]:
    """Sort like the beginning of a text, compared by code point; texts that begin alike have the same numbers."""
    codes: list[int] = []
    for character in text[: TEXT_NUMBERS * _CHARACTERS]:
        codes.append(min(ord(character), _LAST))
        if codes[-1] == _LAST:
            # Characters that do not fit look alike here, so nothing that follows one may count.
            break
    codes += [0] * (TEXT_NUMBERS * _CHARACTERS - len(codes))
    numbers = []
    for at in range(0, len(codes), _CHARACTERS):
        number = 0
        for code in codes[at : at + _CHARACTERS]:
            number = number << _BITS | code
        numbers.append(number)
    return tuple(numbers)


def line_key(series: str) -> int:
    """Give a number of 64 bits that no two series share: among a billion, one pair in forty catalogues would."""
    return int.from_bytes(hashlib.blake2b(series.encode(), digest_size=8).digest())
