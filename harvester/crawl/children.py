"""The parent's side of harvests that run side by side: a child process for each source, its progress and its end.

Children are forked by Python's fork server, which has imported what they need (`harvester.crawl.preloaded`). A child
tells its progress and its report through one pipe, and stops gently when another one ends. So Ctrl-C asks children to
stop by closing it, and a parent that dies takes its children along.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from time import monotonic, sleep
from typing import NamedTuple

import msgspec

from harvester import config
from harvester.crawl.events import Message, ProgressEvent
from harvester.crawl.order import ChildOrder, HarvestOrder
from harvester.errors import DataMoaError
from harvester.ledger.types import JobReport
from harvester.members import HarvestSource

_GRACE_SECONDS = 30
"""How long a child that was asked to stop may take (a download under way) before it is killed; resuming is exact."""

_SILENT_SECONDS = 900
"""A child tells its progress twice a second; one that says nothing for so long hangs. Resuming is exact."""

_REAPING_SECONDS = 0.1
"""A process that was killed lets go of its connections a moment before it can be seen to have ended."""

_FORK_SERVER = {"MALLOC_MMAP_THRESHOLD_": "262144", "PYTHONSAFEPATH": "1"}
"""The fork server's environment, beyond ours. For glibc: pages of megabytes go back to the system when they are done
with, instead of leaving holes in the heap (measured: 213 MB at the most instead of 249 with CKAN pages of 16 MB). For
Python: modules are not looked for in the folder that the command happens to be used in."""

_beginning = threading.Lock()
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["harvester.crawl.preloaded"])


_OF_MEMORY = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP, signal.SIGKILL}
"""Signals that a process may end by where it gets no more memory: libraries in C that do not expect it, the system."""


class Child(NamedTuple):
    """A harvest's process; it stops gently when `until` is closed."""

    process: BaseProcess
    until: Connection
    told: Connection


def start(order: ChildOrder) -> Child:
    """Start a child; raises `OSError` where no process can be had, even of a second fork server when the first died."""
    try:
        return _started(order)
    except (EOFError, ConnectionError):
        sleep(_REAPING_SECONDS)
    try:
        return _started(order)
    except EOFError:
        raise ChildProcessError("Python's fork server died") from None


def _started(order: ChildOrder) -> Child:
    _have_fork_server()
    ends, until = _forking.Pipe(duplex=False)
    told, telling = _forking.Pipe(duplex=False)
    with ends, telling:
        process = _forking.Process(target=_harvest, args=(order, ends, telling), name=order.source)
        try:
            process.start()
        except BaseException:
            until.close()
            told.close()
            raise
    return Child(process, until, told)


def _have_fork_server() -> None:
    """Start the fork server where none runs.

    What ends the command is sent to all its processes, by a terminal or a supervisor, and is blocked there and in
    children from their first moment: it would kill the former while it imports.
    """
    with _beginning, _environment(_FORK_SERVER):
        resource_tracker.ensure_running()  # else the fork server's start does it, and unblocks the signals
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _environment(more: Mapping[str, str]) -> Iterator[None]:
    """Let processes that start now have `more`, and none that start later: a notifier's Python is not our business."""
    before = dict(os.environ)
    os.environ.update(more)
    try:
        yield
    finally:
        for name in more:
            del os.environ[name]
        os.environ.update((name, before[name]) for name in more if name in before)


def _harvest(order: ChildOrder, until: Connection, told: Connection) -> None:
    from harvester.crawl import child  # which takes a second to import, and not in the parent

    child.main(order, until, told)


class Children:
    """Runs one child for each source, `at_once` at a time."""

    def __init__(
        self, order: HarvestOrder, at_once: int, stop: threading.Event | None = None, memory: int | None = None
    ) -> None:
        self._order = order
        self._at_once = at_once
        self._stop = stop or threading.Event()
        self._memory = memory
        self._heard: dict[str, float] = {}
        self._silent: set[str] = set()
        self._messages: queue.Queue[tuple[HarvestSource, Message | None]] = queue.Queue()
        self._running: dict[str, Child] = {}
        self._reports: dict[str, JobReport] = {}
        self._faults: dict[str, str] = {}
        self._killed_at: float | None = None

    def run(self, sources: Sequence[HarvestSource]) -> list[JobReport]:
        """Run them all; a report for each, in the order of `sources`."""
        waiting = list(sources)
        while waiting or self._running:
            try:
                while waiting and len(self._running) < self._at_once:
                    self._start(waiting[0])
                    waiting.pop(0)
                self._take_message()
                stop = self._stop.is_set() and self._killed_at is None
            except KeyboardInterrupt:
                stop = True
            if stop:
                waiting.clear()
                self._ask_to_stop()
            self._kill_the_silent()
        return [self._reports.get(source.name) or _failed(source, "interrupted") for source in sources]

    def _start(self, source: HarvestSource) -> None:
        order = ChildOrder(
            source=source.name,
            full=self._order.full,
            limit=self._order.limit,
            dry_run=self._order.dry_run,
            started=self._order.started,
            environment=os.environ | config.environment(self._order.settings),
            memory=self._memory,
        )
        with _uninterrupted():
            try:
                child = start(order)
            except OSError as error:
                self._reports[source.name] = _failed(source, f"its process could not be started: {error}")
                return
            self._running[source.name] = child
            self._heard[source.name] = monotonic()
            threading.Thread(target=self._listen, args=(source, child.told), daemon=True).start()

    def _listen(self, source: HarvestSource, told: Connection) -> None:
        with told:
            while True:
                try:
                    self._messages.put((source, told.recv()))
                except (EOFError, OSError):  # the latter: a killed child's last message is cut
                    break
        self._messages.put((source, None))

    def _take_message(self) -> None:
        try:
            source, message = self._messages.get(timeout=1)
        except queue.Empty:
            if self._killed_at is not None and monotonic() > self._killed_at:
                self._kill()
            return
        self._heard[source.name] = monotonic()
        match message:
            case ProgressEvent():
                self._order.on_progress(message)
            case JobReport():
                self._reports[source.name] = message
            case str():
                self._faults[source.name] = message
            case None:
                self._gone(source)

    def _gone(self, source: HarvestSource) -> None:
        child = self._running.pop(source.name)
        child.process.join()
        child.until.close()
        if source.name in self._reports:
            return
        if source.name in self._faults:
            self._reports[source.name] = _failed(source, self._faults[source.name])
            return
        why = f"interrupted: {self._end_of(source, child.process.exitcode or 0)}"
        self._reports[source.name] = msgspec.structs.replace(self._last(source), verdict="failed", reason=why)

    def _end_of(self, source: HarvestSource, code: int) -> str:
        if code >= 0:
            return f"exit code {code}"
        if source.name in self._silent:
            return f"its process said nothing for {_SILENT_SECONDS} seconds and was ended"
        ended = f"its process was ended by signal {-code}"
        if self._memory is None or -code not in _OF_MEMORY or self._killed_at is not None:
            return ended
        return f"{ended}; its limit of memory (--memory {self._memory}, in MB) may be why: more, or 0 for none"

    def _last(self, source: HarvestSource) -> JobReport:
        """What the ledger knows of the job whose process died."""
        from harvester.ledger import Ledger

        if not self._order.dry_run:
            try:
                with Ledger.open(self._order.settings.database_url) as ledger:
                    for report in ledger.reports(source.name, 1):
                        if report.verdict is None:
                            return report
            except DataMoaError:
                pass  # the report says that the process died, which is the fault to tell
        return _failed(source, "")

    def _ask_to_stop(self) -> None:
        if self._killed_at is not None:
            self._kill()
            return
        self._killed_at = monotonic() + _GRACE_SECONDS
        for child in self._running.values():
            child.until.close()

    def _kill_the_silent(self) -> None:
        for name, child in self._running.items():
            if monotonic() - self._heard[name] > _SILENT_SECONDS:
                self._silent.add(name)
                child.process.kill()

    def _kill(self) -> None:
        for child in self._running.values():
            child.process.kill()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a signal wait until this is done: a child that runs and is not known would be left alone."""
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


def _failed(source: HarvestSource, reason: str) -> JobReport:
    return JobReport(source=source.name, job=0, verdict="failed", reason=reason)
