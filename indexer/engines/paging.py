"""Pages in the order of (key, id), out of an engine that knows the order of keys only. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from indexer.engines.cursor import Key

Address = TypeVar("Address")

# Collecting a few more hits than the page costs little and mostly reaches beyond the ties at its end.
_SLACK_HITS = 64


class Page(NamedTuple):
    """Hits as (key, id), the `position` of the hit that follows them, and whether there is one."""

    hits: list[tuple[Key, str]]
    position: int
    more: bool


class Paging(NamedTuple, Generic[Address]):
    """How to ask the engine for the hits of one search.

    `ranked(limit)` gives the first hits as (key, address), ascending by key, fewer only where there are no more; `ids`
    resolves addresses; `unique`: no two hits have the same key.
    """

    ranked: Callable[[int], Sequence[tuple[Any, Address]]]
    ids: Callable[[Sequence[Address]], list[str]]
    unique: bool = False

    def page(self, begin: int, size: int, after: tuple[Key, str] | None = None) -> Page:
        """Give the page of `size` hits from position `begin`; or after the (key, id) `after`, then `begin` is a guess.

        More hits than needed are collected, until the last one has another key than the page's last: then the ties
        of the page are complete, and their ids decide.
        """
        limit = begin + size + (1 if self.unique else _SLACK_HITS)
        while True:
            found = self.ranked(limit)
            keys = [key for key, _ in found]
            complete = len(found) < limit
            known = len(keys) if complete else bisect_left(keys, keys[-1])
            start = begin
            if after:
                low, high = bisect_left(keys, after[0], 0, known), bisect_right(keys, after[0], 0, known)
                start = low + sum(id <= after[1] for id in self._ids(found[low:high]))
            if complete or known >= start + size:
                break
            limit *= 8
        end = min(start + size, known)
        hits: list[tuple[Key, str]] = []
        while start < end:
            low, high = bisect_left(keys, keys[start], 0, known), bisect_right(keys, keys[start], 0, known)
            tied = sorted(self._ids(found[low:high]))
            hits += [(keys[start], id) for id in tied[start - low : end - low]]
            start = min(high, end)
        return Page(hits, position=end, more=not complete or end < known)

    def _ids(self, found: Sequence[tuple[Any, Address]]) -> list[str]:
        return self.ids([address for _, address in found])
