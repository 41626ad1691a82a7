"""What an index and the ledger disagree on. Pure; memory grows with the differences, not with the datasets.

Both sides come in any order and may be a million long. The first reading folds each into a few thousand sums, one for
each bucket of ids; equal sums mean equal contents. Only ids of the buckets that differ are held and compared one by one
in further readings, so many at a time that they fit.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from indexer.engines.base import Indexed

_BUCKETS = 4096
_HELD_AT_ONCE = 200_000

Side = Callable[[], Iterable[Indexed]]
"""Reads one side from its beginning."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """One source: datasets that the `ledger` has live, documents that the `index` has, and those among them that are
    `missing` from the index, `extra` in it, or there with `different` content. Counts as found, before any repair.
    """

    source: str
    ledger: int
    index: int
    missing: int = 0
    extra: int = 0
    different: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """One dataset that the sides disagree on; `source` is the ledger's, where the ledger has it."""

    id: str
    source: str
    kind: str
    """``missing``, ``extra`` or ``different``."""


class _Sums:
    """Counts by source, and one sum a bucket."""

    def __init__(self, side: Side) -> None:
        self.sources: Counter[str] = Counter()
        self.counts = [0] * _BUCKETS
        self.digests = [0] * _BUCKETS
        for each in side():
            digest = hashlib.blake2b(
                f"{each.id}\0{each.source}\0{each.content_hash}".encode("utf-8", "replace"), digest_size=16
            ).digest()
            bucket = _bucket(each.id)
            self.sources[each.source] += 1
            self.counts[bucket] += 1
            # Added, not XORed: two equal entries must not cancel each other.
            self.digests[bucket] += int.from_bytes(digest)


def _bucket(id: str) -> int:
    return zlib.crc32(id.encode("utf-8", "replace")) % _BUCKETS


def differences(ledger: Side, index: Side) -> tuple[dict[str, tuple[int, int]], Iterator[Difference]]:
    """Counts by source (ledger, index), and the differences, found while they are read."""
    theirs, ours = _Sums(ledger), _Sums(index)
    counts = {
        source: (theirs.sources[source], ours.sources[source])
        for source in sorted(theirs.sources.keys() | ours.sources.keys())
    }
    unlike = [
        bucket
        for bucket in range(_BUCKETS)
        if (theirs.counts[bucket], theirs.digests[bucket]) != (ours.counts[bucket], ours.digests[bucket])
    ]
    sizes = [theirs.counts[bucket] + ours.counts[bucket] for bucket in range(_BUCKETS)]
    return counts, _one_by_one(ledger, index, unlike, sizes)


def _one_by_one(ledger: Side, index: Side, unlike: list[int], sizes: list[int]) -> Iterator[Difference]:
    while unlike:
        group: set[int] = set()
        held = 0
        while unlike and (not group or held + sizes[unlike[-1]] <= _HELD_AT_ONCE):
            held += sizes[unlike[-1]]
            group.add(unlike.pop())
        wanted = {each.id: each for each in ledger() if _bucket(each.id) in group}
        found = {each.id: each for each in index() if _bucket(each.id) in group}
        for id, each in wanted.items():
            if (other := found.pop(id, None)) is None:
                yield Difference(id, each.source, "missing")
            elif other != each:
                yield Difference(id, each.source, "different")
        for id, each in found.items():
            yield Difference(id, each.source, "extra")
