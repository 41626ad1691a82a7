"""Work that lets searches go first."""

from __future__ import annotations

import contextlib
import os

_NICE = 10


def give_way() -> None:
    """Let this thread, and what it starts, work with what others leave of the processors: mostly all of it.

    Linux keeps the priority of each thread, other systems one of the whole process.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, max(_NICE, os.getpriority(os.PRIO_PROCESS, 0)))
