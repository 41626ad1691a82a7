"""The parent's side of harvests that run side by side: a child process for each source, its progress and its end.

A child is told what to do by one JSON line on stdin, and tells its progress and its report as JSON lines on stdout. Its
stdin is kept open: when that ends, it stops gently. So Ctrl-C asks children to stop by closing it, and a parent that
dies takes its children along.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import IO

import msgspec

from harvester import config
from harvester.crawl import forking
from harvester.crawl.events import ProgressEvent
from harvester.crawl.order import HarvestOrder
from harvester.errors import DataMoaError
from harvester.ledger.types import JobReport
from harvester.members import HarvestSource

_GRACE_SECONDS = 30
"""How long a child that was asked to stop may take (a download under way) before it is killed; resuming is exact."""

_SILENT_SECONDS = 900
"""A child tells its progress twice a second; one that says nothing for so long hangs. Resuming is exact."""


class ChildOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a child is told on stdin. It takes on `environment`, where settings are, and `folder`; `memory` in MB."""

    source: str
    full: bool | None
    limit: int | None
    dry_run: bool
    started: str
    environment: dict[str, str]
    folder: str
    memory: int | None = None


class ChildMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a child: `progress` while it runs, its `report` at the end, or the `fault` that kept it from one."""

    progress: ProgressEvent | None = None
    report: JobReport | None = None
    fault: str | None = None


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
        self._messages: queue.Queue[tuple[HarvestSource, ChildMessage | None]] = queue.Queue()
        self._running: dict[str, forking.Child] = {}
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
            started=self._order.started.isoformat(),
            environment=os.environ | config.environment(self._order.settings),
            folder=os.getcwd(),
            memory=self._memory,
        )
        with log_file(self._order.settings, source.name).open("ab") as log, forking.uninterrupted():
            try:
                child = forking.fork(log.fileno())
            except ConnectionError as error:
                self._reports[source.name] = _failed(source, f"interrupted: {error}")
                return
            self._running[source.name] = child
            self._heard[source.name] = monotonic()
            threading.Thread(target=self._listen, args=(source, child.stdout), daemon=True).start()
            with suppress(BrokenPipeError):  # it is dead, which is told in time
                child.stdin.write(msgspec.json.encode(order) + b"\n")
                child.stdin.flush()

    def _listen(self, source: HarvestSource, lines: IO[bytes]) -> None:
        with lines:
            for line in lines:
                try:
                    self._messages.put((source, msgspec.json.decode(line, type=ChildMessage)))
                except msgspec.DecodeError:
                    continue  # something printed; a killed child's last line may be cut
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
            case ChildMessage(progress=ProgressEvent() as event):
                self._order.on_progress(event)
            case ChildMessage(report=JobReport() as report):
                self._reports[source.name] = report
            case ChildMessage(fault=str() as fault):
                self._faults[source.name] = fault
            case None:
                self._gone(source)

    def _gone(self, source: HarvestSource) -> None:
        child = self._running.pop(source.name)
        code = child.wait()
        with suppress(BrokenPipeError):  # what it was told and never read
            child.stdin.close()
        if source.name in self._reports:
            return
        if source.name in self._faults:
            self._reports[source.name] = _failed(source, self._faults[source.name])
            return
        if code is None:
            why = "interrupted: its process is gone"
        elif code < 0:
            why = f"interrupted: its process was ended by signal {-code}"
        else:
            why = f"interrupted: exit code {code}"
        self._reports[source.name] = msgspec.structs.replace(self._last(source), verdict="failed", reason=why)

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
            with suppress(BrokenPipeError):
                child.stdin.close()

    def _kill_the_silent(self) -> None:
        for name, child in self._running.items():
            if monotonic() - self._heard[name] > _SILENT_SECONDS:
                child.kill()

    def _kill(self) -> None:
        for child in self._running.values():
            child.kill()


def log_file(settings: config.Settings, source: str) -> Path:
    """The log of one source's crawls."""
    settings.logs.mkdir(parents=True, exist_ok=True)
    return settings.logs / f"{source}.log"


def _failed(source: HarvestSource, reason: str) -> JobReport:
    return JobReport(source=source.name, job=0, verdict="failed", reason=reason)
