"""Generations of an embedded index: folders side by side, of which a pointer file names the one in use.

``current``      name of the generation in use, replaced atomically
``write.lock``   held by whoever writes into the current generation
``g-…``          one folder a generation; while it is being built its maker holds ``g-….lock``
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from harvester.errors import IndexEngineError


class Generations:
    """The generations below `folder`, which need not exist. `wait`: seconds to wait for another writer."""

    def __init__(self, folder: Path, wait: float = 120.0) -> None:
        self.folder = folder
        self.wait = wait
        self._pointer = folder / "current"
        # One lock object, not bound to a thread: a drain may be closed from another thread than it was begun in.
        self._lock = FileLock(folder / "write.lock", thread_local=False)

    def current(self) -> Path | None:
        """Folder of the generation in use; None where none was ever made."""
        try:
            return self.folder / self._pointer.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None

    def lock(self) -> None:
        """Take the writers' lock (again, if this object has it already); wait for another writer.

        Raises `IndexEngineError` when that takes longer than `wait`. Every `lock` wants its `unlock`.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=self.wait)
        except Timeout:
            raise IndexEngineError(
                f"{self.folder}: another process has been writing to this index for more than {self.wait:g} s; "
                "try again when its harvest or index command has ended"
            ) from None

    def unlock(self) -> None:
        """Give the writers' lock back, once."""
        self._lock.release()

    @contextlib.contextmanager
    def making(self) -> Iterator[Path]:
        """Make a new folder, locked against sweeping; it becomes current when the block ends, and goes if that raises.

        The swap waits for whoever writes into the current generation: its files must not go from under a writer.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        generation = self.folder / f"g-{secrets.token_hex(6)}"
        with FileLock(_building(generation)):
            generation.mkdir()
            try:
                yield generation
                self.lock()
                try:
                    self._point_to(generation)
                    self.sweep()
                finally:
                    self.unlock()
            except BaseException:
                if self.current() != generation:
                    shutil.rmtree(generation, ignore_errors=True)
                raise
            finally:
                _building(generation).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove generations that nobody uses: neither current nor being built. Readers keep the files they opened.

        Call it with the writers' lock held.
        """
        for generation in sorted(self.folder.glob("g-*/")):
            lock = FileLock(_building(generation), timeout=0)
            try:
                with lock:
                    # Read again under the lock: the generation may have become current a moment ago.
                    if generation != self.current():
                        shutil.rmtree(generation, ignore_errors=True)
                    _building(generation).unlink(missing_ok=True)
            except Timeout:
                continue

    def _point_to(self, generation: Path) -> None:
        # Written beside and renamed, both synced: after a power loss the pointer names the old one or the new one.
        fresh = self._pointer.with_suffix(f".{secrets.token_hex(4)}")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(generation.name)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._pointer)
        directory = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _building(generation: Path) -> Path:
    return generation.with_name(f"{generation.name}.lock")
