"""Work in a thread beside the one that asks: its result is a mapping that waits when it is first looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

Value = TypeVar("Value")


class Beside:
    """A few threads; they end when nobody refers to this object any more."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="facets")

    def start(
        self, work: Callable[[], Mapping[str, Value]], faults: Callable[[], AbstractContextManager[None]]
    ) -> Mapping[str, Value]:
        """Begin `work` and give what will be its result; its fault is raised inside `faults`, to who looks first."""
        return _Coming(self._threads.submit(work), faults)


class _Coming(Mapping[str, Value]):
    def __init__(self, future: Future[Mapping[str, Value]], faults: Callable[[], AbstractContextManager[None]]) -> None:
        self._future = future
        self._faults = faults

    def _come(self) -> Mapping[str, Value]:
        with self._faults():
            return self._future.result()

    def __getitem__(self, key: str) -> Value:
        return self._come()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._come())

    def __len__(self) -> int:
        return len(self._come())

    def __repr__(self) -> str:
        return repr(dict(self))
