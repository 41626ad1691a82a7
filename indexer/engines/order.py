"""Numbers that sort like (day, document id): an engine that sorts by one number only can break ties with it.

The low 40 bits are the first five bytes of the id in UTF-8, which keep the order of ids; ids that agree in them
give equal numbers, and whoever sorts compares those by the whole id. Days are proleptic Gregorian ordinals.
"""

from __future__ import annotations

from datetime import date

_ID_BITS = 40
_NO_DAY = (1 << 22) - 1


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
