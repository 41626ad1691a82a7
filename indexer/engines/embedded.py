"""The embedded engine: an index in a folder of this machine, no server. Its library is in `embedded_generation`.

Writers take turns (one lock a folder, held for one drain); readers take no lock and see every commit. A rebuild fills a
folder beside and swaps a pointer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from harvester.errors import IndexEngineError
from indexer.engines.base import (
    Checkpoint,
    Document,
    Failure,
    IndexChange,
    Indexed,
    Node,
    Ready,
    Request,
    Result,
    SearchIndex,
)
from indexer.engines.beside import Beside
from indexer.engines.cursor import decode
from indexer.engines.embedded_documents import ready
from indexer.engines.embedded_facets import Counts
from indexer.engines.embedded_generation import Generation
from indexer.engines.follower import Follower
from indexer.engines.generations import Generations

Found = TypeVar("Found")

_SWAPS_SURVIVED = 5
_PATIENCE = 0.02
"""Seconds that a search waits for a commit being opened."""


class EmbeddedIndex:
    """The index in `folder`, which need not exist; `wait`: seconds that a writer waits for another one.

    Searching is safe from several threads; writing belongs to one. With `follow`, for servers, a thread opens what
    others commit and warms it up; a search waits a few milliseconds for it, then takes what was there before.
    """

    name = "embedded"

    def __init__(self, folder: Path, wait: float = 120.0, *, follow: bool = False) -> None:
        self._generations = Generations(folder, wait)
        self._serving: Generation | None = None
        self._beside = Beside()
        self._writing = False
        self._follower = Follower(self._catch_up) if follow else None

    @staticmethod
    def ready(document: Document) -> Ready:
        """Give a document the form of this engine."""
        return ready(document)

    def checkpoint(self) -> Checkpoint:
        """How far the index is."""
        return self._read(Generation.checkpoint, Checkpoint())

    def document_count(self) -> int:
        """Documents that can be found."""
        return self._read(Generation.document_count, 0)

    def counts(self, nodes: Sequence[Node]) -> list[int]:
        """How many documents each node matches."""
        return self._read(lambda generation: generation.counts(nodes), [0] * len(nodes))

    def frequencies(self, terms: Sequence[tuple[str, str]]) -> list[int]:
        """How many documents have each (field, term); deleted ones count until their segment is merged."""
        return self._read(lambda generation: generation.frequencies(terms), [0] * len(terms))

    def words(
        self, field: str, prefix: str = "", filters: Sequence[Node] = (), limit: int | None = None
    ) -> list[tuple[str, int]]:
        """Terms with their numbers of documents."""
        return self._read(lambda generation: generation.words(field, prefix, filters, limit), [])

    def facet_values(
        self,
        field: str,
        query: Node,
        filters: Mapping[str, Node],
        *,
        after: str | None = None,
        size: int = 100,
        among: Collection[str] | None = None,
    ) -> list[tuple[str, int]]:
        """Values of a field with their numbers of documents, in the order of the values."""
        return self._read(lambda generation: generation.facet_values(field, query, filters, after, size, among), [])

    def documents(self) -> Iterator[Indexed]:
        """Every document's identity, as of the last commit."""
        nothing: Iterator[Indexed] = iter(())
        found = self._read(Generation.documents, nothing)
        with self._faults():
            yield from found

    def search(self, request: Request) -> Result:
        """Search the last commit."""
        if request.after is not None:
            decode(request.after, request.sort)
        nothing = Result(total=0, hits=(), facets={field: () for field in request.facets})
        return self._read(lambda generation: generation.search(request, self._count_facets), nothing)

    def _count_facets(self, count: Callable[[], Mapping[str, Counts]]) -> Mapping[str, Counts]:
        # tantivy counts without Python's lock: beside the hits, and beside all that the caller does with them.
        return self._beside.start(count, self._faults)

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
                building = _Building(self._generations, fresh)
                building.apply([], Checkpoint(analysis=analysis))
                yield building
                with self._faults():
                    fresh.end_writing()
            except BaseException:
                with contextlib.suppress(ValueError, OSError):
                    fresh.end_writing(keep=False)
                raise

    def close(self) -> None:
        """Give up lock and files."""
        if self._follower is not None:
            self._follower.close()
        with self._faults():
            self._end()
        self._serving = None

    def _read(self, use: Callable[[Generation], Found], nothing: Found) -> Found:
        """Use the generation that is current, and again if it was swapped and swept away meanwhile."""
        with self._faults():
            for _ in range(_SWAPS_SURVIVED):
                folder = self._generations.current()
                try:
                    generation = self._current()
                    return nothing if generation is None else use(generation)
                except (ValueError, OSError):
                    behind = self._serving is not None and self._serving.folder != folder
                    if self._generations.current() == folder and not behind:
                        raise
        raise IndexEngineError(f"{self._generations.folder}: the index is being replaced again and again")

    def _current(self) -> Generation | None:
        folder = self._generations.current()
        if folder is None:
            return None
        serving = self._serving
        if serving is not None and self._follower is not None and not self._writing:
            if serving.folder != folder or serving.outdated:
                self._follower.hurry(_PATIENCE)
            return self._serving
        if serving is None or serving.folder != folder:
            serving = self._serving = Generation(folder, followed=self._follower is not None)
            if self._follower is not None:
                self._follower.start()
        return serving

    def _catch_up(self) -> None:
        """Open the last commit, of a new generation too, and put it in the place of what is searched."""
        folder, serving = self._generations.current(), self._serving
        if folder is None or serving is None or self._writing:
            return
        if folder == serving.folder:
            serving.catch_up()
        else:
            fresh = Generation(folder, followed=True)
            fresh.catch_up(serving.lately)
            self._serving = fresh

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
        """Tell faults of the engine apart from ours: tantivy says all by ValueError, and panics at wrong bytes."""
        try:
            yield
        except BaseException as error:
            if not isinstance(error, ValueError | OSError) and not _is_panic(error):
                raise
            raise IndexEngineError(
                f"{self._generations.folder}: the embedded index cannot be used: {error}; if it stays so, "
                "`datamoa rebuild` makes a new one from the ledger"
            ) from error


def _is_panic(error: BaseException) -> bool:
    # No Exception, so that nobody catches it by accident, and no module has it to name it by: a file that a power loss
    # filled with zeros would end a command with a traceback, and a searcher's request without an answer.
    return type(error).__name__ == "PanicException"


class _Building(EmbeddedIndex):
    """A generation that is being built: nobody else writes into it, and it commits when it is searched."""

    def __init__(self, generations: Generations, generation: Generation) -> None:
        super().__init__(generations.folder)
        self._serving = generation

    def _current(self) -> Generation | None:
        return self._serving

    def _begin(self) -> None:
        pass

    def _end(self, *, keep: bool = True) -> None:
        pass
