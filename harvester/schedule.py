"""The worker: Huey's queue and threads run what the timetable says is due, each job in a process of its own.

The queue remembers nothing that matters. What is due is told anew from the ledger, every few seconds and after every
job, so a worker that is killed takes up what was interrupted and catches up what was missed.
"""

from __future__ import annotations

import logging
import math
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout
from huey import SqliteHuey, crontab
from huey.consumer import Consumer, Scheduler

from harvester import config, console, home, notices, timetable
from harvester.crawl import holder
from harvester.crawl.run import harvest
from harvester.errors import DataMoaError, LedgerError, NoticeError
from harvester.ledger import Ledger
from harvester.ledger.types import JobReport
from harvester.members import HarvestSource
from harvester.membership import Membership
from harvester.timetable import Due, Limits

AfterJob = Callable[[config.Settings, Ledger], None]
"""What is to be done when a job has changed the ledger: bring the index up to date."""

_LONGEST_PAUSE = timedelta(hours=1)

_TRIES = 6
"""So often is a notice given to a notifier that fails, with pauses of 10, 30, 90 … seconds."""

_TURN_SECONDS = 5
"""One notice is given at a time, so that a notifier that hangs takes one thread and keeps no job waiting."""

RunJob = Callable[[HarvestSource], JobReport]
"""Runs the job of one source in a process of its own; gives its report, whatever happened to the process."""


class _Pause(NamedTuple):
    """A job that was interrupted, not by us, or could not begin is not tried again before `until`."""

    until: datetime
    times: int


class Dispatcher:
    """Decides which jobs start, and does what is due when one has ended. Safe to call from several threads.

    `tell` says whether a notice was for anybody to know.
    """

    def __init__(
        self,
        settings: config.Settings,
        ledger: Ledger,
        *,
        limits: Limits,
        run_job: RunJob,
        after_job: AfterJob,
        tell: Callable[[notices.Notice], bool],
        told: notices.Told,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._membership = Membership(settings.config)
        self._ledger = ledger
        self._limits = limits
        self._run_job = run_job
        self._after_job = after_job
        self._tell = tell
        self._told = told
        self._clock = clock
        self._lock = threading.Lock()
        self._following = threading.Lock()
        self._taken: dict[str, HarvestSource] = {}
        self._pauses: dict[str, _Pause] = {}

    def next(self) -> list[Due]:
        """Take the sources whose jobs start now; each of them must be given to `run`."""
        with self._lock:
            now, latest = self._clock(), self._ledger.latest_jobs(holder.is_dead)
            sources = self._membership.enabled()
            running = {name for name, job in latest.items() if job.running} | self._taken.keys()
            waiting = [
                due
                for source in sources
                if source.name not in running
                and (due := timetable.due(source, latest.get(source.name), now)).now(now)
                and not (source.name in self._pauses and now < self._pauses[source.name].until)
            ]
            big = {source.name: timetable.is_big(latest.get(source.name)) for source in sources}
            chosen = timetable.choose(
                waiting, [source for source in sources if source.name in running], big, self._limits
            )
            self._taken |= {due.source.name: due.source for due in chosen}
            return chosen

    def run(self, name: str, reason: str) -> None:
        """Run the job of a source that `next` gave; a name that it did not give (an old queue's) is passed over."""
        source = self._taken.get(name)
        if source is None:
            return
        try:
            latest = self._ledger.latest_jobs(holder.is_dead).get(name)
            before = self._told.of(name) or (latest.last_verdict if latest else None)
            console.out.print(f"{_hour(self._clock())} {name} starts: {reason}")
            report = self._report(source)
            if report.elsewhere:
                console.out.print(f"{_hour(self._clock())} left to that process: {report.reason}")
                self._pause(name)
                return
            try:
                self.follow()
            except Exception as error:  # noqa: BLE001 - what is told of the job does not depend on the index
                console.notes.print(f"the index could not be brought up to date: {error}")
            after = self._ledger.latest_jobs(holder.is_dead).get(name)
            # What could not begin has no job: the one that the ledger knows is an earlier one, and says nothing of it.
            finished = after is not None and after.finished is not None and after.job == report.job
            console.out.print(f"{_hour(self._clock())} {_summary(report)}")
            verdict = notices.verdict_of(report, interrupted=not finished)
            if finished:
                self._pauses.pop(name, None)
            else:
                self._pause(name)
            notice = notices.of(report, before, verdict)
            if notice is None or self._tell(notice):
                self._told.note(name, verdict)
        finally:
            self.give_back(name)

    def give_back(self, name: str) -> None:
        """Let a source that `next` gave be chosen again."""
        with self._lock:
            self._taken.pop(name, None)

    def follow(self) -> None:
        """Bring the index up to date, one job's changes after another's."""
        with self._following:
            self._after_job(self._settings, self._ledger)

    def _report(self, source: HarvestSource) -> JobReport:
        try:
            return self._run_job(source)
        except (OSError, DataMoaError) as error:  # no process could be started: no disk, no memory, no right
            return JobReport(source=source.name, job=0, verdict="failed", reason=str(error))

    def _pause(self, name: str) -> None:
        """Let a job that did not end wait before it is tried again, longer each time."""
        times = self._pauses[name].times + 1 if name in self._pauses else 1
        pause = min(timedelta(minutes=2**times), _LONGEST_PAUSE)
        self._pauses[name] = _Pause(self._clock() + pause, times)


class _QuickScheduler(Scheduler):  # type: ignore[misc]  # Huey has no types
    """Looks for what is due more often than once a minute: a job of another process may end at any moment."""

    periodic_task_seconds = 10


class _StoppingConsumer(Consumer):  # type: ignore[misc]  # Huey has no types
    """Ends gently when interrupted: jobs are asked to stop, so that the next worker can take them up at once."""

    scheduler_class = _QuickScheduler

    def __init__(self, huey: SqliteHuey, stop: threading.Event, **options: Any) -> None:
        super().__init__(huey, **options)
        self._stop_jobs = stop

    def run(self) -> None:
        """Work until interrupted."""
        try:
            super().run()
        except KeyboardInterrupt:  # while it looks after its threads: Huey expects it while it waits
            self.stop()

    def stop(self, graceful: bool = False) -> None:
        """Ask the jobs to stop and wait for them; a second Ctrl-C does not wait."""
        self._stop_jobs.set()
        super().stop(graceful=True)

    def _set_signal_handlers(self) -> None:
        """Signals mean what they mean for every command; to Huey, SIGHUP means to start anew."""


class _Faults(logging.Handler):
    """Tells in a sentence what a task or the queue could not do, the same once in ten minutes; a full disk lasts."""

    _AGAIN_SECONDS = 600.0

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell
        self._told: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep tracebacks for what nobody expects."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, sqlite3.Error):
            said = f"the worker's queue: {error}; nothing starts meanwhile"
        elif isinstance(error, DataMoaError):
            said = str(error)
        else:
            said = self.format(record)
        if self._told.get(said, -math.inf) + self._AGAIN_SECONDS < record.created:
            self._told[said] = record.created
            console.notes.print(said)
            if isinstance(error, sqlite3.Error):  # no other notice can tell of it: jobs come out of the queue
                threading.Thread(target=self._tell, args=(said,), daemon=True).start()


def work(
    settings: config.Settings, *, limits: Limits, memory: int | None, after_job: AfterJob, notifiers: notices.Notifiers
) -> None:
    """Keep the schedules until SIGTERM or Ctrl-C. `memory` limits each job's process, in MB.

    Raises `LedgerError` where another worker runs in this home, `ConfigurationError` where it cannot be written.
    """
    home.have(settings)
    lock = FileLock(settings.home / "worker.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LedgerError(f"{settings.home}: a worker runs in this home already; stop it first") from None
    with lock, Ledger.open(settings.database_url) as ledger:
        stop = threading.Event()
        huey = _queue(settings.home / "queue.sqlite")
        logs = logging.getLogger("huey")
        logs.propagate = False
        telling = threading.Lock()

        def run_job(source: HarvestSource) -> JobReport:
            (report,) = harvest(settings, (source,), stop=stop, memory=memory)
            return report

        @huey.task()  # type: ignore[untyped-decorator]
        def tell(notifier: str, line: str, tried: int = 0) -> None:
            if notifier not in notifiers:
                return  # the queue is older than this worker, which is not to tell it
            if not telling.acquire(blocking=False):
                tell.schedule((notifier, line, tried), delay=_TURN_SECONDS)
                return
            try:
                notices.send(notifier, line)
            except NoticeError as error:
                again = tried + 1 < _TRIES
                console.notes.print(f"a notice was not taken by {error}; {'tried again' if again else 'given up'}")
                if again:
                    tell.schedule((notifier, line, tried + 1), delay=10 * 3**tried)
            finally:
                telling.release()

        def tell_all(notice: notices.Notice) -> bool:
            if stop.is_set() and notice.verdict == notices.INTERRUPTED:
                return False  # by us
            for notifier in notifiers:
                try:
                    tell(notifier, notice.line())
                except sqlite3.Error as error:  # a full disk, which is what the notice may be about
                    console.notes.print(f"the worker's queue cannot be written ({error}); telling at once, one time")
                    tell_at_once(notifier, notice)
            return True

        def tell_at_once(notifier: str, notice: notices.Notice) -> None:
            try:
                notices.send(notifier, notice.line())
            except NoticeError as fault:
                console.notes.print(f"a notice was not taken by {fault}; given up")

        def tell_of_ourselves(fault: str) -> None:
            for notifier in notifiers:
                tell_at_once(notifier, notices.of_worker(fault))

        logs.addHandler(_Faults(tell_of_ourselves))
        told = notices.Told(settings.home / "told.json")
        dispatcher = Dispatcher(
            settings, ledger, limits=limits, run_job=run_job, after_job=after_job, tell=tell_all, told=told
        )

        def start_what_is_due() -> None:
            if not stop.is_set():
                for due in dispatcher.next():
                    try:
                        run(due.source.name, due.reason)
                    except sqlite3.Error:
                        dispatcher.give_back(due.source.name)
                        logs.exception("%s could not be queued", due.source.name)

        @huey.task()  # type: ignore[untyped-decorator]
        def run(name: str, reason: str) -> None:
            dispatcher.run(name, reason)
            start_what_is_due()

        @huey.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
        def tick() -> None:
            start_what_is_due()

        with suppress(DataMoaError):  # what a killed worker left to do; the next job's end tries again
            dispatcher.follow()
        console.out.print(f"keeping the schedules of {len(config.select(settings.config, ()))} sources; Ctrl-C stops")
        # Threads for all jobs, for the tick and for a notice: none must wait for another.
        _StoppingConsumer(huey, stop, workers=limits.jobs + 2, max_delay=1.0).run()


def _queue(file: Path) -> SqliteHuey:
    """Open the queue; a damaged one is put aside: it holds nothing but notices that are still to be told."""
    try:
        return SqliteHuey("datamoa", filename=str(file), results=False)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise LedgerError(f"{file}: the worker's queue cannot be opened ({error})") from None
        aside = file.with_suffix(".damaged")
        file.replace(aside)
        for more in ("-wal", "-shm"):
            file.with_name(file.name + more).unlink(missing_ok=True)
        console.notes.print(f"{file}: damaged ({error}); put aside as {aside.name}, a new queue was begun")
        return SqliteHuey("datamoa", filename=str(file), results=False)


def _hour(now: datetime) -> str:
    return f"{now.astimezone():%Y-%m-%d %H:%M:%S}"


def _summary(report: JobReport) -> str:
    counts = {
        "listed": report.listed, "new": report.created, "changed": report.updated, "removed": report.removed,
        "rejected": report.rejected, "failed": report.failed,
    }  # fmt: skip
    said = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number) or "nothing listed"
    why = f" ({report.why})" if report.why else ""
    if not report.job:
        return f"{report.source} could not begin{why}"
    return f"{report.source} job {report.job}: {report.verdict}{why}; {said}; {report.seconds:.0f} s"
