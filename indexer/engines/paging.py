"""Pages in the order of (key, id), folded or not, out of an engine that knows the order of numbers only. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, NamedTuple, TypeVar

from indexer.engines.cursor import Key

Address = TypeVar("Address")

# Collecting a few more hits than the page costs little and mostly reaches beyond the ties at its end.
_SLACK_HITS = 64
_GROWTH = 8
# So many ties are told apart by reading what is stored of them; for more, the next number is asked for.
_FEW_TIED = 256


class Page(NamedTuple, Generic[Address]):
    """Hits as (key, id), their addresses, the `position` of the hit that follows them, and whether there is one."""

    hits: list[tuple[Key, str]]
    addresses: list[Address]
    position: int
    more: bool


class Paging(NamedTuple, Generic[Address]):
    """How to ask the engine for the hits of one search.

    A hit has a key and an id, which decide the order, and `levels` numbers that agree with it: of two hits the first
    number that differs says which comes first, and where none does, `exact` says it, which reads (key, id) of hits.
    `ranked(before, least, limit)` gives hits whose first numbers are `before` as (next number, address), ascending by
    that number, beginning with `least` (None: with the first), fewer than `limit` only where there are no more.
    `numbers` are those of a key. `follows`: `least` is understood.

    `lines` gives a number for the series of each address; where it is there, a series is given once, by its first hit.
    """

    ranked: Callable[[tuple[Any, ...], Any, int], Sequence[tuple[Any, Address]]]
    exact: Callable[[Sequence[tuple[Any, Address]]], list[tuple[Any, str]]]
    numbers: Callable[[Key], tuple[Any, ...]] = lambda key: (key,)
    levels: int = 1
    follows: bool = False
    lines: Callable[[Sequence[Address]], Sequence[int]] | None = None

    def page(self, begin: int, size: int, after: tuple[Key, str] | None = None) -> Page[Address]:
        """Give the page of `size` hits from position `begin`; or after the (key, id) `after`, then `begin` is a guess.

        More hits than needed are collected, until the last one has another number than the page's last: then the ties
        of the page are complete.
        """
        walk = _Walk(self, begin, size, after)
        found = list(islice(walk.hits((), self.numbers(after[0]) if after else ()), size + 1))
        page = found[:size]
        return Page(
            hits=[(key, id) for key, id, _ in page],
            addresses=[address for _, _, address in page],
            position=begin + len(page),
            more=len(found) > size,
        )


class _Walk(Generic[Address]):
    """One way through the hits. `skip`: so many are passed over still; `seen`: the series that came already."""

    def __init__(self, paging: Paging[Address], begin: int, size: int, after: tuple[Key, str] | None) -> None:
        self._paging = paging
        self._after = after
        self._skip = 0 if after else begin
        # What comes before the cursor need not be collected again, but to know the series there.
        from_cursor = after is not None and paging.follows and paging.lines is None
        self._limit = (0 if from_cursor else begin) + size + _SLACK_HITS
        self._seen: set[int] = set()

    def hits(self, before: tuple[Any, ...], path: tuple[Any, ...]) -> Iterator[tuple[Any, str, Address]]:
        """Give the hits whose first numbers are `before`; `path`: the cursor's next numbers if it is among these."""
        paging = self._paging
        least = path[0] if path and paging.follows and paging.lines is None else None
        if least is not None and len(before) + 1 < paging.levels:
            # Mostly the page ends among the hits whose first numbers are the cursor's: few, and quickly found.
            yield from self._deeper(before, least, path)
            least, path = least + 1, ()
        limit, done = self._limit, 0
        while True:
            found = paging.ranked(before, least, limit)
            numbers = [number for number, _ in found]
            complete = len(found) < limit
            known = len(found) if complete else bisect_left(numbers, numbers[-1])
            lines = paging.lines([address for _, address in found[:known]]) if paging.lines else None
            if path:
                # Nothing before the cursor is read.
                start = bisect_left(numbers, path[0], done, known)
                self._seen.update(lines[done:start] if lines else ())
                done = start
            while done < known:
                end = bisect_right(numbers, numbers[done], done, known)
                if self._skip and end - done == 1:
                    self._pass(lines[done] if lines else None)
                else:
                    yield from self._tied(before, found[done:end], lines[done:end] if lines else None, path)
                done = end
            if complete:
                return
            if len(before) + 1 < paging.levels and not (path and numbers[-1] < path[0]):
                # Further numbers tell more of what was cut than more hits would, however many there are.
                yield from self._deeper(before, numbers[-1], path)
                least, done = numbers[-1] + 1, 0
                continue
            if paging.follows and known:
                # What was collected is not collected again.
                least, done = numbers[-1], 0
                limit *= 2
            else:
                limit *= _GROWTH

    def _pass(self, line: int | None) -> None:
        """Pass over one hit on the way to a position."""
        if line is None:
            self._skip -= 1
        elif line not in self._seen:
            self._seen.add(line)
            self._skip -= 1

    def _deeper(
        self, before: tuple[Any, ...], number: Any, path: tuple[Any, ...]
    ) -> Iterator[tuple[Any, str, Address]]:
        return self.hits((*before, number), path[1:] if path and path[0] == number else ())

    def _tied(
        self,
        before: tuple[Any, ...],
        hits: Sequence[tuple[Any, Address]],
        lines: Sequence[int] | None,
        path: tuple[Any, ...],
    ) -> Iterator[tuple[Any, str, Address]]:
        """Give hits that have the same number; as few of them as can be are read."""
        number = hits[0][0]
        reached = not path or number > path[0]
        if reached and self._skip:
            count = len(hits) if lines is None else len({line for line in lines if line not in self._seen})
            if count <= self._skip:
                self._skip -= count
                self._seen.update(lines or ())
                return
        if len(hits) > _FEW_TIED and len(before) + 1 < self._paging.levels:
            yield from self._deeper(before, number, path)
            return
        exact = self._paging.exact(hits)
        for place in sorted(range(len(hits)), key=exact.__getitem__):
            new = lines is None or lines[place] not in self._seen
            if lines is not None:
                self._seen.add(lines[place])
            if not new or (not reached and self._after is not None and exact[place] <= self._after):
                continue
            if self._skip:
                self._skip -= 1
                continue
            yield (*exact[place], hits[place][1])
