"""Documents out of changes: in this process for a few, in worker processes for many."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple

from harvester.errors import IndexEngineError
from harvester.ledger.types import Change
from indexer.documents import Documents
from indexer.engines.base import Deletion, Document, Failure, IndexChange
from indexer.priority import give_way

# Processes read the dictionaries in about a second; below this many changes one process is done by then.
_WORTH_WORKERS = 4_000
# Each takes 150 to 200 MB; what the writing process does for each document feeds about eight.
_WORKERS = min(4, os.cpu_count() or 1)
_BATCH = 500
# Made but not yet applied: enough that the workers go on while the engine takes what it has.
_BATCHES_AHEAD = 24


class Made(NamedTuple):
    """What became of a batch of changes: `last` is the seq of its last one, `bytes` the size of their contents.

    `failures` are datasets that no document can be made of.
    """

    last: int
    changes: list[IndexChange]
    failures: list[Failure]
    bytes: int


Read = Callable[[int], Sequence[Change]]
"""The next changes of the feed, at most so many; none at its end."""

Form = Callable[[Document], IndexChange]
"""The form that an engine wants of a document (`SearchIndex.ready`): made in the workers, it costs them what it would
cost the one process that writes, and is quicker to hand over."""

_documents: Documents
_ready: Form


@contextlib.contextmanager
def making(read: Read, documents: Documents, *, expected: int, ready: Form) -> Iterator[Iterable[Made]]:
    """Read changes and make documents of them, in order; `expected`: about how many there are."""
    batches = iter(lambda: read(_BATCH), [])
    if expected < _WORTH_WORKERS or (os.cpu_count() or 1) < 2:
        yield (make(batch, documents, ready) for batch in batches)
        return
    # Not forked: this process may run threads (the client of a cluster, the web server's) that hold locks.
    executor = ProcessPoolExecutor(
        _WORKERS,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(documents, ready),
    )
    try:
        yield _in_order(executor, batches)
    finally:
        executor.shutdown(cancel_futures=True)


def _in_order(executor: ProcessPoolExecutor, batches: Iterator[Sequence[Change]]) -> Iterator[Made]:
    ahead: deque[Future[Made]] = deque()
    try:
        for batch in itertools.islice(batches, _BATCHES_AHEAD):
            ahead.append(executor.submit(_make_in_worker, batch))
        while ahead:
            made = ahead.popleft().result()
            ahead.extend(executor.submit(_make_in_worker, batch) for batch in itertools.islice(batches, 1))
            yield made
    except BrokenProcessPool as error:
        raise IndexEngineError(
            "a process that makes documents died (out of memory?); what was applied stays, run the command again"
        ) from error


def make(batch: Sequence[Change], documents: Documents, ready: Form) -> Made:
    """Make the documents of a batch; a dataset that none can be made of is a failure, the others go on."""
    changes: list[IndexChange] = []
    failures: list[Failure] = []
    size = 0
    for change in batch:
        if change.content is None:
            changes.append(Deletion(change.id, change.seq, change.source))
            continue
        size += len(change.content)
        try:
            changes.append(ready(documents.document(change)))
        except Exception as error:  # noqa: BLE001 - whatever one dataset provokes, it must not stop the other million
            why = f"no document can be made of it: {type(error).__name__}: {error}"
            failures.append(Failure(change.id, change.seq, why))
    return Made(batch[-1].seq, changes, failures, size)


def _start_worker(documents: Documents, ready: Form) -> None:
    global _documents, _ready
    _documents, _ready = documents, ready
    give_way()
    # Ctrl-C reaches every process of the terminal: the one that asked for the documents says what happens.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _make_in_worker(batch: Sequence[Change]) -> Made:
    return make(batch, _documents, _ready)
