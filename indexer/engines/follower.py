"""A thread that keeps something fresh, so that nobody who uses it has to wait for that."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)


class Follower:
    """Calls `look` in a thread of its own: every `every` seconds, and when it is hurried.

    The thread starts when it is first hurried or told to `start`. Its faults are logged, once until all is well again.
    """

    def __init__(self, look: Callable[[], None], every: float = 0.25) -> None:
        self._look = look
        self._every = every
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._hurried = self._closed = False
        self._looking_since: float | None = None
        self._looks = 0

    def start(self) -> None:
        """Begin to look, if that has not begun."""
        with self._changed:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
                self._thread.start()

    def hurry(self, seconds: float) -> None:
        """Have it look now, and wait until it has; not longer than until it has been looking for `seconds`."""
        self.start()
        with self._changed:
            looks = self._looks
            if self._looking_since is None:
                self._hurried = True
                self._changed.notify_all()
            end = (self._looking_since or time.monotonic()) + seconds
            while self._looks == looks and not self._closed and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        well = True
        while True:
            with self._changed:
                if not self._hurried and not self._closed:
                    self._changed.wait(self._every)
                if self._closed:
                    return
                self._hurried = False
                self._looking_since = time.monotonic()
            try:
                self._look()
                well = True
            except BaseException as error:  # noqa: BLE001 - the thread must live, whatever a library throws
                if well:
                    log.warning("what is new cannot be read: %s", error)
                well = False
            with self._changed:
                self._looks += 1
                self._looking_since = None
                self._changed.notify_all()
