"""Who reads ledger and index for the endpoint: a few threads, so that searches wait and the server does not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from harvester import config
from harvester.catalog.vocabularies import Vocabularies
from harvester.errors import DataMoaError
from harvester.ledger import Ledger
from indexer.answer import Searcher
from indexer.engines import open_index
from indexer.engines.base import SearchIndex
from indexer.web.words import Words

Found = TypeVar("Found")


class UnavailableError(DataMoaError):
    """The endpoint cannot answer now: too many requests at once, or one that took too long.

    Raised by `Readers.ask`; answered with 503 and `retry_after` seconds.
    """

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Reader:
    """What one thread reads with. The searcher is its own (analysis belongs to one thread), the rest is shared."""

    def __init__(self, settings: config.Settings, ledger: Ledger, engine: SearchIndex, words: Words) -> None:
        self.settings = settings
        self.ledger = ledger
        self.engine = engine
        self.vocabularies: Vocabularies = config.vocabularies(settings.config)
        self.searcher = Searcher(ledger, engine, self.vocabularies, settings.config, words.lexicon)


class Stores:
    """Ledger and index, opened when first asked for: a server without them starts, and says that it is ill."""

    def __init__(self, settings: config.Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._ledger: Ledger | None = None
        self._engine: SearchIndex | None = None
        self._words: Words | None = None

    def reader(self) -> Reader:
        """Make a reader for one thread. Raises `LedgerError` or `IndexEngineError`; the next call tries again."""
        with self._lock:
            if self._ledger is None:
                self._settings.home.mkdir(parents=True, exist_ok=True)
                self._ledger = Ledger.open(self._settings.database_url)
            if self._engine is None:
                self._engine = open_index(self._settings, follow=True)
            if self._words is None:
                self._words = Words(self._engine)
            return Reader(self._settings, self._ledger, self._engine, self._words)

    def close(self) -> None:
        """Close index and ledger."""
        if self._words is not None:
            self._words.close()
        if self._engine is not None:
            self._engine.close()
        if self._ledger is not None:
            self._ledger.close()


class Readers:
    """`threads` readers; at most `waiting` more questions queue up, and none is waited for longer than `seconds`.

    A question that ran out of time keeps its thread until it ends: capacity shrinks instead of the machine drowning.
    """

    def __init__(self, stores: Stores, *, threads: int, waiting: int = 64, seconds: float = 10.0) -> None:
        self._stores = stores
        self._seconds = seconds
        self._count = threads
        self._limit = threads + waiting
        self._running = 0
        self._own = threading.local()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="reader")

    async def ask(self, question: Callable[[Reader], Found]) -> Found:
        """Run `question` in a reader's thread; its faults are raised here, and `UnavailableError`."""
        if self._running >= self._limit:
            raise UnavailableError("too many requests at once; try again in a moment", 1)
        self._running += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question)
        future.add_done_callback(self._done)
        try:
            # Shielded, so that the count goes down when the thread is free again, not when we stop waiting.
            return await asyncio.wait_for(asyncio.shield(future), self._seconds)
        except TimeoutError:
            raise UnavailableError("this took too long; ask for less, or try again later", 5) from None

    async def warm_up(self) -> None:
        """Open every reader before somebody waits for it; a fault is left to whoever asks next."""
        await asyncio.gather(*(self.ask(lambda reader: None) for _ in range(self._count)), return_exceptions=True)

    def _done(self, future: asyncio.Future[Found]) -> None:
        self._running -= 1
        if not future.cancelled():
            future.exception()  # looked at, or asyncio complains about one that nobody waits for any more

    def _answer(self, question: Callable[[Reader], Found]) -> Found:
        if (reader := getattr(self._own, "reader", None)) is None:
            reader = self._own.reader = self._stores.reader()
        return question(reader)

    def close(self) -> None:
        """Wait for what runs."""
        self._threads.shutdown(wait=True, cancel_futures=True)
