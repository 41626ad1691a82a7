"""The embedded engine: an index in a folder of this machine, no server. Its library is in `embedded_generation`.

Writers take turns (one lock a folder, held for one drain); readers take no lock and see every commit. A rebuild fills a
folder beside and swaps a pointer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from harvester.errors import IndexEngineError
from indexer.engines.base import Checkpoint, Failure, IndexChange, Indexed, Request, Result, SearchIndex
from indexer.engines.cursor import decode
from indexer.engines.embedded_generation import Generation
from indexer.engines.generations import Generations


class EmbeddedIndex:
    """The index in `folder`, which need not exist; `wait`: seconds that a writer waits for another one.

    Searching is safe from several threads; writing belongs to one.
    """

    name = "embedded"
    keeps_content = False

    def __init__(self, folder: Path, wait: float = 120.0) -> None:
        self._generations = Generations(folder, wait)
        self._serving: Generation | None = None
        self._writing = False

    def checkpoint(self) -> Checkpoint:
        """How far the index is."""
        with self._faults():
            generation = self._current()
            return generation.checkpoint() if generation else Checkpoint()

    def document_count(self) -> int:
        """Documents that can be found."""
        with self._faults():
            generation = self._current()
            return generation.document_count() if generation else 0

    def documents(self) -> Iterator[Indexed]:
        """Every document's identity, as of the moment of the call."""
        with self._faults():
            generation = self._current()
            yield from generation.documents() if generation else ()

    def search(self, request: Request) -> Result:
        """Search the last commit."""
        with self._faults():
            generation = self._current()
            if generation is not None:
                return generation.search(request)
        if request.after is not None:
            decode(request.after, request.sort)
        return Result(total=0, hits=(), facets={field: () for field in request.facets})

    def apply(self, changes: Sequence[IndexChange], checkpoint: Checkpoint) -> list[Failure]:
        """Apply changes and checkpoint in one commit; takes the writers' lock until `refresh` or `close`."""
        with self._faults():
            self._begin()
            try:
                generation = self._current() or self._first()
                return generation.apply(changes, checkpoint)
            except BaseException:
                self._end(keep=False)
                raise

    def refresh(self) -> None:
        """End writing; every commit is visible to every reader anyway."""
        with self._faults():
            self._end()

    @contextlib.contextmanager
    def rebuild(self, analysis: str) -> Iterator[SearchIndex]:
        """Make a generation in a folder beside; see `SearchIndex`."""
        with self._faults():
            self._end()
        with self._generations.making() as folder:
            with self._faults():
                fresh = Generation(folder, building=True)
            try:
                with self._faults():
                    fresh.apply([], Checkpoint(analysis=analysis))
                yield fresh
                with self._faults():
                    fresh.end_writing()
            except BaseException:
                with contextlib.suppress(ValueError, RuntimeError):
                    fresh.end_writing(keep=False)
                raise

    def close(self) -> None:
        """Give up lock and files."""
        with self._faults():
            self._end()
        self._serving = None

    def _current(self) -> Generation | None:
        """Give the generation in use, opened anew after a swap."""
        for _ in range(5):
            folder = self._generations.current()
            if folder is None:
                return None
            if self._serving is not None and self._serving.folder == folder:
                return self._serving
            try:
                self._serving = Generation(folder)
            except (ValueError, OSError):
                # Swapped and swept between reading the pointer and opening: the pointer has moved on then.
                if self._generations.current() == folder:
                    raise
            else:
                return self._serving
        raise IndexEngineError(f"{self._generations.folder}: the index is being replaced again and again")

    def _first(self) -> Generation:
        with self._generations.making() as folder:
            Generation(folder, building=True)
        self._serving = Generation(folder)
        return self._serving

    def _begin(self) -> None:
        if not self._writing:
            self._generations.lock()
            self._writing = True
            self._generations.sweep()

    def _end(self, *, keep: bool = True) -> None:
        if self._writing:
            try:
                if self._serving is not None:
                    self._serving.end_writing(keep=keep)
            finally:
                self._writing = False
                self._generations.unlock()

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        """Tell faults of the engine apart from ours: tantivy says everything by ValueError."""
        try:
            yield
        except (ValueError, OSError) as error:
            raise IndexEngineError(
                f"{self._generations.folder}: the embedded index cannot be used: {error}; if it stays so, "
                "`datamoa rebuild` makes a new one from the ledger"
            ) from error
