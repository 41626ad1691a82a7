"""Processor time and memory of a process and all that it starts, read from /proc while it runs (Linux)."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

CLOCK: int = os.sysconf("SC_CLK_TCK")
_EVERY = 0.5


def cpu_of(process: int) -> int:
    """Clock ticks of processor time that a process has used."""
    return _ticks(Path(f"/proc/{process}/stat").read_text())


def _ticks(stat: str) -> int:
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


class Watching:
    """Looks at a process twice a second; a thread's last moments may be missed."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._ticks: dict[tuple[str, int], int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak_bytes = 0
        self.peak_own_bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def cpu(self) -> dict[str, float]:
        """Seconds by what used them: the process's own threads, its engine's threads, the processes it started."""
        seconds: dict[str, float] = defaultdict(float)
        for (name, _), ticks in self._ticks.items():
            seconds[name] += ticks / CLOCK
        return dict(seconds)

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY):
            used = own = 0
            for process in [self._process, *_descendants(self._process)]:
                with contextlib.suppress(OSError, ValueError):  # it may end at any moment
                    memory = _memory(process)
                    used += memory["Pss"]
                    own += memory["Pss_Anon"]
                    self._look(process)
            self.peak_bytes = max(self.peak_bytes, used)
            self.peak_own_bytes = max(self.peak_own_bytes, own)

    def _look(self, process: int) -> None:
        for task in Path(f"/proc/{process}/task").iterdir():
            thread = (task / "comm").read_text().strip()
            if process != self._process:
                name = "processes that it started"
            elif "merge" in thread:
                name = "engine: merging"
            elif "tantivy" in thread or "thrd" in thread or "segment" in thread:
                name = "engine: indexing"
            else:
                name = "the process itself"
            self._ticks[name, int(task.name)] = _ticks((task / "stat").read_text())


def _descendants(process: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _descendants(int(child))


def _memory(process: int) -> dict[str, int]:
    """Bytes by kind; a page that several processes share counts for each by its share (PSS), pages of files too.

    ``Pss_Anon`` is what files do not hold: the system cannot take it back when memory is short.
    """
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(value.split()[0]) * 1024 for name, _, value in (line.partition(":") for line in lines)}
