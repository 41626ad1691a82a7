"""Telephone numbers and e-mail addresses of contacts."""

from __future__ import annotations

import re
from functools import lru_cache

_AROUND = re.compile(r"""^(?:[\s`'‘’"]|tel:)+|[\s`'‘’"]+$""", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[\d\s().-]{7,24}")
_EMAIL = re.compile(r"[\w.!#$&*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")


@lru_cache(maxsize=8192)
def korean_phone(text: str, *, at_home: bool) -> str:
    """Give a telephone number as it is dialled in Korea (``044-200-6788``); other numbers keep their form.

    Reads what data.go.kr writes: a backtick before the digits, ``+82-0…`` with the 0 kept, digits alone. `at_home` says
    that a number without country code is a Korean one.
    """
    bare = _AROUND.sub("", text)
    if not _NUMBER.fullmatch(bare):
        return bare
    digits = re.sub(r"\D", "", bare)
    if bare.startswith("+"):
        if not digits.startswith("82"):
            return bare
        digits = "0" + digits[2:].lstrip("0")
        if re.fullmatch(r"01[5-9]\d{6}", digits):  # service numbers (15xx-xxxx) have no area code and no 0
            digits = digits[1:]
    elif not at_home:
        return bare
    return _hyphenated(digits) or bare


def _hyphenated(digits: str) -> str | None:
    if re.fullmatch(r"1[5-9]\d{6}", digits):
        return f"{digits[:4]}-{digits[4:]}"
    area = 2 if digits.startswith("02") else 3
    if digits.startswith("0") and len(digits) - area in (7, 8):
        return f"{digits[:area]}-{digits[area:-4]}-{digits[-4:]}"
    return None


@lru_cache(maxsize=8192)
def email_address(text: str) -> str | None:
    """Give the e-mail address in a text (``mailto:`` taken off); None when there is none."""
    found = _EMAIL.search(text.replace("%40", "@"))
    return found[0] if found else None
