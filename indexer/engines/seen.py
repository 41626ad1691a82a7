"""Ids that may have come before, in two megabytes for any number of them. Pure."""

from __future__ import annotations

_BITS = 1 << 24


class Seen:
    """A bit for the hash of each id. What it says is new is new; at a million ids it takes one new id in 17 as known.

    Deleting what is not there costs only time, so a mistake of that kind does no harm.
    """

    def __init__(self) -> None:
        self._bits = bytearray(_BITS >> 3)

    def add(self, id: str) -> bool:
        """Remember an id; tell whether it may have been there before."""
        place = hash(id) % _BITS
        byte, bit = place >> 3, 1 << (place & 7)
        before = bool(self._bits[byte] & bit)
        self._bits[byte] |= bit
        return before
