"""Searches while an index is written: how long they take, the longest pause, and when a commit is seen.

    python -m benchmarks.search_while_writing [--home DIR] [--datasets 100000] [--changes 100000] [--commit 2000]

Searches come at a steady pace, whether or not the one before was quick, and are timed from the moment when they were
due: a pause counts for every search that it holds up. They are asked in a process of their own, as `datamoa serve` asks
them, without HTTP. First without a writer; then a process applies changes and commits them every 2,000; then `datamoa
rebuild` runs. The home is filled once (`benchmarks.million_home`) and kept.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import multiprocessing
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.queues import Queue
from pathlib import Path
from tempfile import gettempdir
from types import TracebackType
from typing import Self, TypeAlias

from benchmarks.index_load import _machine
from benchmarks.million_home import SHARED, Filling, prepared, records
from benchmarks.search_million import Texts
from harvester import config
from harvester.ledger import Ledger
from harvester.ledger.types import Change
from indexer.answer import Searcher
from indexer.documents import Documents
from indexer.engines import open_index
from indexer.engines.base import Checkpoint, IndexChange, SearchIndex
from indexer.making import making

_EVERY = 0.2
_LATEST = 1.0
_QUIET_SECONDS = 30.0
_WARM_UP = 50
_LOOKED = 0.02

Commits: TypeAlias = "Queue[tuple[int, float]]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path(gettempdir()) / "datamoa-writing")
    parser.add_argument("--datasets", type=int, default=100_000)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--commit", type=int, default=2_000)
    parser.add_argument("--shared", type=Path, default=SHARED)
    options = parser.parse_args()
    print(f"machine: {_machine()}\ncommand: python -m benchmarks.search_while_writing {' '.join(sys.argv[1:])}\n")
    settings = prepared(options.home, options.datasets, options.shared)
    _have_an_index(settings)
    with Ledger.open(settings.database_url) as ledger, contextlib.closing(open_index(settings, follow=True)) as index:
        _change(ledger, settings, options)
        searcher = Searcher(ledger, index, config.vocabularies(settings.config), settings.config)
        texts = Texts(options.shared, seed=1).words(2)
        for text in itertools.islice(texts, _WARM_UP):
            searcher.search([("q", text)])
        print(f"{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}  ms")
        ended = time.monotonic() + _QUIET_SECONDS
        _print("no writer", _paced(searcher, texts, lambda: time.monotonic() < ended))

        spawning = multiprocessing.get_context("spawn")
        commits: Commits = spawning.Queue()
        writer = spawning.Process(target=_write, args=(settings, options.commit, commits))
        with _Seeing(index) as seeing:
            writer.start()
            _print(f"a commit every {options.commit:,} changes", _paced(searcher, texts, writer.is_alive))
        writer.join()
        assert writer.exitcode == 0, writer.exitcode
        seeing.print(commits)

        process = _rebuild(settings)
        _print("`datamoa rebuild`", _paced(searcher, texts, lambda: process.poll() is None))
        assert process.returncode == 0, process.returncode


def _have_an_index(settings: config.Settings) -> None:
    with contextlib.closing(open_index(settings)) as index:
        made = index.checkpoint().analysis == Documents.of(settings.config).analysis
    if not made:
        assert _rebuild(settings).wait() == 0


def _rebuild(settings: config.Settings) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "indexer", "rebuild"],
        env=os.environ | config.environment(settings),
        stdout=subprocess.DEVNULL,
    )


def _change(ledger: Ledger, settings: config.Settings, options: argparse.Namespace) -> None:
    """Commit changed datasets to the ledger, which the index does not have yet."""
    count = min(options.changes, options.datasets)
    revision = 1 + (ledger.last_seq() - options.datasets) // count
    Filling(ledger, settings).commit(records(options.shared, 0, count, revision))


def _paced(searcher: Searcher, texts: Iterator[str], going: Callable[[], bool]) -> list[float]:
    """Milliseconds from when each search was due to when it was answered."""
    times = []
    due = time.perf_counter()
    while going():
        time.sleep(max(0.0, due - time.perf_counter()))
        searcher.search([("q", next(texts))])
        now = time.perf_counter()
        times.append((now - due) * 1000)
        # What a long pause left unasked is dropped: this measures pauses, not how a queue is worked off.
        due = max(due + _EVERY, now - _LATEST)
    return times


def _write(settings: config.Settings, each: int, commits: Commits) -> None:
    """Apply what the index does not have, `each` changes a commit, and tell when each commit was there."""
    with Ledger.open(settings.database_url) as ledger, contextlib.closing(open_index(settings)) as index:
        at = index.checkpoint().seq
        documents = Documents.of(settings.config)

        def read(limit: int) -> Sequence[Change]:
            nonlocal at
            found = ledger.changes(at, limit)
            at = found[-1].seq if found else at
            return found

        with making(read, documents, expected=ledger.last_seq() - at, ready=index.ready) as batches:
            waiting: list[IndexChange] = []
            for made in batches:
                waiting += made.changes
                if len(waiting) >= each:
                    _commit(index, waiting, Checkpoint(ledger.id, made.last, documents.analysis), commits)
                    waiting.clear()
            _commit(index, waiting, Checkpoint(ledger.id, at, documents.analysis), commits)


def _commit(index: SearchIndex, changes: Sequence[IndexChange], checkpoint: Checkpoint, commits: Commits) -> None:
    assert index.apply(changes, checkpoint) == []
    index.refresh()
    commits.put((checkpoint.seq, time.monotonic()))


class _Seeing:
    """Looks every 20 ms how far the index is that searches use, in the way in which a search comes to it."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self._seen: list[tuple[int, float]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._look_once()
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_LOOKED):
            self._look_once()

    def _look_once(self) -> None:
        self._seen.append((self._index.checkpoint().seq, time.monotonic()))

    def print(self, commits: Commits) -> None:
        """Print how long after its commit each was seen."""
        late = []
        while not commits.empty():
            seq, moment = commits.get()
            late.append(1000 * (min(seen for at, seen in self._seen if at >= seq) - moment))
        middle, last = statistics.median(late), max(late)
        print(f"    {len(late)} commits, seen after {middle:.0f} ms (median), {last:.0f} ms (latest)")


def _print(name: str, times: Sequence[float]) -> None:
    cuts = statistics.quantiles(times, n=100)
    print(f"{cuts[49]:8.1f}{cuts[94]:8.1f}{cuts[98]:8.1f}{max(times):8.1f}  {name} ({len(times)} searches)", flush=True)


if __name__ == "__main__":
    main()
