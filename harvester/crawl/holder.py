"""Who holds a job's lease: host, process and its start, so that a dead holder on this host is known as dead."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def this_process() -> str:
    """The holder that this process is: ``host:pid:start``."""
    return f"{socket.gethostname()}:{os.getpid()}:{_start_of(os.getpid())}"


def is_dead(holder: str) -> bool:
    """Whether `holder` was a process of this host and lives no more; of other hosts only the lease can tell."""
    host, _, rest = holder.rpartition(":")[0].rpartition(":")
    start = holder.rpartition(":")[2]
    if host != socket.gethostname() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it lives, as another user's
    return _start_of(int(rest)) != start


def _start_of(pid: int) -> str:
    """Start of a process in clock ticks since boot: a number that is given anew has another; "0" where not told."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return "0"
