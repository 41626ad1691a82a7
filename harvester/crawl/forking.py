"""Starting harvests as processes: forked from one that has imported what they need (`harvester.crawl.ancestor`)."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

ASK = struct.Struct("=ci")
"""What is asked for, and the process that it is about."""

ANSWER = struct.Struct("=i")
"""The process that was forked, or how one ended (`subprocess.Popen.returncode`)."""

FORK, WAIT = b"f", b"w"
STREAMS = 3
"""stdin, stdout and stderr of a child come with the request to fork it."""

_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "262144"}
"""For glibc: pages of megabytes go back to the system when they are done with, instead of leaving holes in the heap
(measured: 213 MB at the most instead of 249 with CKAN pages of 16 MB)."""


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a signal wait until this is done: an answer would be left unread, a child that is not known left alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, lambda number, _: came.append(number))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for each in came:
        signal.raise_signal(each)


class Child:
    """A harvest's process: what it reads and what it tells."""

    def __init__(self, ancestor: _Ancestor, pid: int, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self._ancestor = ancestor
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout

    def wait(self) -> int | None:
        """How it ended: its exit code, or minus the signal; None where nobody can tell. To be called once."""
        try:
            return self._ancestor.ask(WAIT, self.pid)
        except ConnectionError:
            return None

    def kill(self) -> None:
        """End it at once; what was not waited for is still there, so its number is nobody else's."""
        with suppress(ProcessLookupError):  # or its ancestor is gone, and it was waited for elsewhere
            os.kill(self.pid, signal.SIGKILL)


class _Ancestor:
    """The one process that all children of this process are forked from."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._socket, other = socket.socketpair()
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "harvester.crawl.ancestor"],
                stdin=other.fileno(),
                stdout=subprocess.DEVNULL,
                env=os.environ | _MEMORY,
                start_new_session=True,
            )

    def ask(self, what: bytes, pid: int = 0, streams: tuple[int, ...] = ()) -> int:
        """Give its answer; raise `ConnectionError` where it is gone."""
        with self._asking, uninterrupted():
            socket.send_fds(self._socket, [ASK.pack(what, pid)], streams)
            answer = self._socket.recv(ANSWER.size, socket.MSG_WAITALL)
        if len(answer) < ANSWER.size:
            raise ConnectionResetError("the process that harvests are forked from is gone")
        (number,) = ANSWER.unpack(answer)
        return int(number)

    def end(self) -> None:
        """Let it end; its children go on."""
        self._socket.close()
        self._process.wait()


_ancestor: _Ancestor | None = None
_replacing = threading.Lock()


def fork(log: int) -> Child:
    """Start a child; its stderr is the file of descriptor `log`."""
    given, stdin = os.pipe()
    stdout, told = os.pipe()
    reading, writing = os.fdopen(stdout, "rb"), os.fdopen(stdin, "wb")
    try:
        ancestor, pid = _fork((given, told, log))
    except BaseException:
        reading.close()
        writing.close()
        raise
    finally:
        os.close(given)
        os.close(told)
    return Child(ancestor, pid, writing, reading)


def _fork(streams: tuple[int, ...]) -> tuple[_Ancestor, int]:
    ancestor = _the_ancestor(None)
    try:
        return ancestor, ancestor.ask(FORK, streams=streams)
    except ConnectionError:  # it was killed; who had children of it loses only how they ended
        ancestor = _the_ancestor(ancestor)
        return ancestor, ancestor.ask(FORK, streams=streams)


def _the_ancestor(lost: _Ancestor | None) -> _Ancestor:
    """The one that lives; `lost` does no more."""
    global _ancestor
    with _replacing:
        if _ancestor is lost and lost is not None:
            end()
        if _ancestor is None:
            _ancestor = _Ancestor()
        return _ancestor


@atexit.register
def end() -> None:
    """End the process that children are forked from."""
    global _ancestor
    if _ancestor is not None:
        _ancestor.end()
        _ancestor = None
