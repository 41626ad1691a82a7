"""From the ledger's change feed into an engine: bring up to date, rebuild, verify.

The checkpoint never passes a change that is neither applied nor set aside in the ledger with its reason. So it is
always moved one batch late: with the next batch, when the refusals of this one are in the ledger.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from harvester.errors import ForeignIndexError, IndexEngineError
from harvester.ledger import Ledger
from harvester.ledger.types import Change, SetAside
from indexer.documents import Documents, packaged
from indexer.drift import Difference, VerifyReport, differences
from indexer.engines.base import Checkpoint, Deletion, Failure, IndexChange, Indexed, SearchIndex
from indexer.making import Made, Read, make, making
from indexer.ownership import estrangement

__all__ = ["IndexReport", "RebuildReport", "VerifyReport", "bring_up_to_date", "rebuild", "verify"]

# What one call of the engine takes. Larger ones waste less on commits, smaller ones less memory.
_APPLIED_AT_ONCE = 10_000
_BYTES_AT_ONCE = 32 << 20
_REPAIRED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What `bring_up_to_date` did: the last `seq` that the index has seen, changes applied, changes set aside."""

    checkpoint: int
    applied: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What `rebuild` did: documents that can be found now, seconds that it took."""

    documents: int
    seconds: float


def bring_up_to_date(ledger: Ledger, index: SearchIndex, documents: Documents | None = None) -> IndexReport:
    """Apply every change that the index has not seen. Several loaders may do so at the same time.

    `documents` says how documents are made; without it with the packaged dictionary.

    Raises `ForeignIndexError` where only a rebuild can help, `IndexEngineError` where the engine fails: what was
    applied stays, and the next call goes on from the checkpoint.
    """
    documents = documents or packaged()
    start = _checkpoint(ledger, index, documents)
    pending = ledger.last_seq() - start.seq
    if not pending:
        return IndexReport(start.seq, 0, 0)
    with _draining(index):
        done, applied, aside = _drain(ledger, index, documents, start, expected=pending)
    return IndexReport(done.seq, applied, len(aside))


def rebuild(ledger: Ledger, index: SearchIndex, documents: Documents | None = None) -> RebuildReport:
    """Fill a fresh generation from the whole ledger and put it in the place of the old one.

    Changes that arrive meanwhile are in it; changes that were set aside are tried again. A fault throws the fresh
    generation away and leaves the old one as it was.
    """
    documents = documents or packaged()
    began = time.monotonic()
    before = {row.id for row in ledger.set_asides(index.name)}
    last = ledger.last_seq()
    with index.rebuild(documents.analysis) as fresh:
        start = Checkpoint(ledger.id, 0, documents.analysis)
        _, _, aside = _drain(ledger, fresh, documents, start, expected=last, forget_tombstones_to=last)
    if solved := before - aside:
        ledger.clear_set_aside(index.name, sorted(solved))
    return RebuildReport(index.document_count(), time.monotonic() - began)


def verify(
    ledger: Ledger, index: SearchIndex, documents: Documents | None = None, *, repair: bool = False
) -> list[VerifyReport]:
    """Compare what the ledger has live with what the index has, source by source, and `repair` what differs.

    A change that the index has not seen yet counts as a difference. Raises `ForeignIndexError` like `bring_up_to_date`.
    """
    documents = documents or packaged()
    _checkpoint(ledger, index, documents)
    counts, found = _compare(ledger, index)
    kinds = Counter((each.source, each.kind) for each in found)
    if repair and kinds:
        bring_up_to_date(ledger, index, documents)
        _, remaining = _compare(ledger, index)
        with _draining(index):
            for some in _batched(remaining, _REPAIRED_AT_ONCE):
                _repair(ledger, index, documents, some)
    return [
        VerifyReport(source, *count, kinds[source, "missing"], kinds[source, "extra"], kinds[source, "different"])
        for source, count in counts.items()
    ]


def _checkpoint(ledger: Ledger, index: SearchIndex, documents: Documents) -> Checkpoint:
    """Where the index is; for a new one, where it begins."""
    at = index.checkpoint()
    if at.ledger is None:
        return Checkpoint(ledger.id, 0, documents.analysis)
    if strange := estrangement(ledger, at):
        raise ForeignIndexError(f"{index.name}: this index {strange}; `datamoa rebuild` makes it anew")
    if at.analysis != documents.analysis:
        raise ForeignIndexError(
            f"{index.name}: this index was built by analysis {at.analysis}, now it is {documents.analysis}; "
            "run `datamoa rebuild`"
        )
    return at


@contextlib.contextmanager
def _draining(index: SearchIndex) -> Iterator[None]:
    """End a drain with `refresh`, which shows its changes and gives the writers' lock back, also after a fault."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(IndexEngineError):
            index.refresh()
        raise
    index.refresh()


def _drain(
    ledger: Ledger,
    index: SearchIndex,
    documents: Documents,
    start: Checkpoint,
    *,
    expected: int,
    forget_tombstones_to: int = 0,
) -> tuple[Checkpoint, int, set[str]]:
    """Apply the feed from `start` to its end; give the checkpoint reached, changes applied, and ids set aside.

    A fresh generation has nothing that tombstones up to `forget_tombstones_to` could remove.
    """
    standing = {row.id for row in ledger.set_asides(index.name)}
    aside: set[str] = set()
    done, applied = start, 0
    with making(_reader(ledger, start.seq), documents, expected=expected, ready=index.ready) as batches:
        for made in _joined(batches):
            changes = [each for each in made.changes if not _forgotten(each, forget_tombstones_to)]
            refused = index.apply(changes, done)
            failures = [*made.failures, *refused]
            solved = standing.intersection(change.id for change in changes).difference(each.id for each in refused)
            if solved and not forget_tombstones_to:
                ledger.clear_set_aside(index.name, sorted(solved))
            _set_aside(ledger, index, failures)
            aside.update(each.id for each in failures)
            applied += len(made.changes) - len(refused)
            done = replace(done, seq=made.last)
    index.apply((), done)
    return done, applied, aside


def _reader(ledger: Ledger, after: int) -> Read:
    at = after

    def read(limit: int) -> Sequence[Change]:
        nonlocal at
        changes = ledger.changes(at, limit)
        if changes:
            at = changes[-1].seq
        return changes

    return read


def _forgotten(change: IndexChange, to: int) -> bool:
    return isinstance(change, Deletion) and change.seq <= to


def _joined(batches: Iterable[Made]) -> Iterator[Made]:
    """Batches put together until they are worth a call of the engine."""
    changes: list[IndexChange] = []
    failures: list[Failure] = []
    size = last = 0
    for made in batches:
        changes += made.changes
        failures += made.failures
        size += made.bytes
        last = made.last
        if len(changes) >= _APPLIED_AT_ONCE or size >= _BYTES_AT_ONCE:
            yield Made(last, changes, failures, size)
            changes, failures, size, last = [], [], 0, 0
    if last:
        yield Made(last, changes, failures, size)


def _compare(ledger: Ledger, index: SearchIndex) -> tuple[dict[str, tuple[int, int]], Iterator[Difference]]:
    return differences(
        lambda: (Indexed(held.id, held.source, held.content_hash.hex()) for held in ledger.live()), index.documents
    )


def _repair(ledger: Ledger, index: SearchIndex, documents: Documents, some: Sequence[Difference]) -> None:
    """Apply again what the ledger says now of datasets that differ.

    They come as of the ledger's last change: an index that was filled before the ledger was restored from a backup has
    documents of a later `seq` than the ledger's, and would take nothing older. Read before the datasets, so that a
    change that comes meanwhile is newer and wins.
    """
    last = ledger.last_seq()
    stored = ledger.datasets([each.id for each in some])
    changes = []
    for each in some:
        if (now := stored.get(each.id)) is None:
            # The ledger never had it.
            changes.append(Change(seq=last, id=each.id, source=each.source, content=None, content_hash=None))
        else:
            gone = now.removed
            changes.append(
                Change(
                    seq=last,
                    id=now.id,
                    source=now.source,
                    content=None if gone else now.content,
                    content_hash=None if gone else now.content_hash,
                )
            )
    made = make(changes, documents, index.ready)
    refused = index.apply(made.changes, _checkpoint(ledger, index, documents))
    _set_aside(ledger, index, [*made.failures, *refused])
    failed = {each.id for each in (*made.failures, *refused)}
    ledger.clear_set_aside(index.name, sorted({each.id for each in some} - failed))


def _set_aside(ledger: Ledger, index: SearchIndex, failures: Sequence[Failure]) -> None:
    ledger.set_aside(index.name, [SetAside(seq=each.seq, id=each.id, reason=each.reason) for each in failures])


def _batched(found: Iterable[Difference], size: int) -> Iterator[list[Difference]]:
    found = iter(found)
    while some := list(itertools.islice(found, size)):
        yield some
