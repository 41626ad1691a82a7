"""The dispatcher over a real ledger on a simulated clock: days pass in a second."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harvester import config, notices, timetable
from harvester.catalog.model import Page
from harvester.errors import NoticeError, UsageError
from harvester.ledger import Ending, Expected, Ledger
from harvester.ledger.types import Job, JobReport
from harvester.members import HarvestSource
from harvester.schedule import Dispatcher
from harvester.timetable import Limits
from tests.processes import lives

EVERYWHERE = Limits(jobs=100, per_host=100)


class World:
    """A clock, a ledger that goes by it, and jobs that take as long as we say."""

    def __init__(self, home: Path) -> None:
        self.now = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
        self.settings = config.Settings(home, config.default_config(), f"sqlite:///{home}/ledger.sqlite", "embedded")
        self.sources = [one for one in config.select(self.settings.config, ()) if one.schedule]
        self.ledger = Ledger.open(self.settings.database_url, clock=lambda: self.now)
        self.jobs: dict[str, Job] = {}
        self.ends: dict[str, datetime] = {}
        self.started: list[tuple[datetime, str]] = []
        self.notices: list[notices.Notice] = []
        self.followed = 0
        self.limits = Limits()
        self.dispatcher = self.new_dispatcher()

    def new_dispatcher(
        self, limits: Limits | None = None, run_job: Callable[[HarvestSource], JobReport] | None = None
    ) -> Dispatcher:
        self.limits = limits or self.limits

        def follow(settings: config.Settings, ledger: Ledger) -> None:
            self.followed += 1

        return Dispatcher(
            self.settings, self.ledger, limits=self.limits, run_job=run_job or self.finish, after_job=follow,
            tell=self.tell, told=notices.Told(self.settings.home / "told.json"), clock=lambda: self.now,
        )  # fmt: skip

    def tell(self, notice: notices.Notice) -> bool:
        self.notices.append(notice)
        return True

    def start(self, source: HarvestSource) -> Job:
        """A job begins and is under way."""
        self.started.append((self.now, source.name))
        job = self.ledger.start_job(source.name, full=None, holder="w", fingerprint="f", lease_seconds=10**6)
        self.jobs[source.name] = job
        return job

    def finish(self, source: HarvestSource) -> JobReport:
        """What `run_job` does: the job that was started ends now."""
        job = self.jobs.pop(source.name)
        if job.cursor is None:
            self.ledger.commit_page(job, Page(records=(), after=None, cursor="end", end=True), ())
        return self.ledger.finish_job(job, Ending(seconds=1.0), Expected())

    def pass_time(self, step: timedelta = timedelta(minutes=1), duration: timedelta = timedelta(0)) -> None:
        """Some time passes: what has ended ends, what is due starts."""
        for name in [name for name, end in self.ends.items() if end <= self.now]:
            del self.ends[name]
            self.dispatcher.run(name, "")
        for due in self.dispatcher.next():
            self.start(due.source)
            self.ends[due.source.name] = self.now + duration
        self.now += step

    def hosts_now(self) -> Counter[str]:
        return Counter(timetable.host(source) for source in self.sources if source.name in self.jobs)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    with made.ledger:
        yield made


class InTurn:
    """Jobs of one source that end in turn as told."""

    def __init__(self, world: World, *ends: str) -> None:
        self.world, self.ends = world, list(ends)

    def __call__(self, source: HarvestSource) -> JobReport:
        world, end = self.world, self.ends.pop(0)
        if end == "elsewhere":
            return JobReport(source=source.name, job=0, verdict="failed", reason="b:1 is harvesting", elsewhere=True)
        job = world.start(source)
        if end == "interrupted":
            world.ledger.release(job)
            return JobReport(source=source.name, job=job.id, verdict="failed", reason="interrupted: signal 9")
        if end == "failed":
            return world.ledger.finish_job(job, Ending(reason="blocked", seconds=1.0), Expected())
        return world.finish(source)


def pass_a_day(world: World) -> None:
    for _ in range(24 * 60):
        world.pass_time()


def test_a_day_of_schedules_every_job_at_its_time_and_none_twice(world: World) -> None:
    for _ in range(120):  # what was never harvested is harvested first
        world.pass_time()
    assert {name for _, name in world.started} == {source.name for source in world.sources}
    world.started.clear()
    begin = world.now
    pass_a_day(world)
    expected = Counter[str]()
    for source in world.sources:
        moment = timetable.after(source, begin - timedelta(seconds=1))
        while moment < begin + timedelta(days=1):
            expected[source.name] += 1
            moment = timetable.after(source, moment)
    assert Counter(name for _, name in world.started) == expected
    lines = {source.name: source for source in world.sources}
    for moment, name in world.started:
        assert moment - timetable.before(lines[name], moment) < timedelta(minutes=5), name
    assert world.followed == len(world.started) + len(world.sources)


def test_jobs_that_take_an_hour_keep_to_the_limits_and_none_is_lost(world: World) -> None:
    for _ in range(24 * 12):
        world.pass_time(timedelta(minutes=5), timedelta(minutes=61))
        assert len(world.jobs) <= world.limits.jobs
        assert all(number <= world.limits.per_host for number in world.hosts_now().values())
    assert {name for _, name in world.started} == {source.name for source in world.sources}


def test_days_that_were_missed_are_caught_up_once(world: World) -> None:
    for _ in range(120):
        world.pass_time()
    world.started.clear()
    world.now += timedelta(days=8)
    for _ in range(60):
        world.pass_time()
    caught_up = Counter(name for _, name in world.started)
    assert set(caught_up) == {source.name for source in world.sources}
    assert max(caught_up.values()) == 1


def test_a_worker_that_was_killed_loses_nothing(world: World) -> None:
    source = world.sources[0]
    job = world.start(source)
    world.ledger.release(job)  # as a lease that has run out
    world.dispatcher = world.new_dispatcher(EVERYWHERE)
    (due,) = [one for one in world.dispatcher.next() if one.source.name == source.name]
    assert due.reason == f"job {job.id} was interrupted and goes on"
    resumed = world.start(source)
    assert (resumed.id, resumed.resumed) == (job.id, True)


def test_a_job_that_dies_again_and_again_is_given_pauses(world: World) -> None:
    source = world.sources[0]

    def die(source: HarvestSource) -> JobReport:
        job = world.start(source)
        world.ledger.release(job)
        return JobReport(source=source.name, job=job.id, verdict="failed", reason="interrupted: signal 9")

    world.finish = die  # type: ignore[method-assign]
    world.dispatcher = world.new_dispatcher(EVERYWHERE)
    attempts = []
    for _ in range(240):
        for due in world.dispatcher.next():
            if due.source.name == source.name:
                attempts.append(world.now)
                world.dispatcher.run(source.name, due.reason)
        world.now += timedelta(minutes=1)
    pauses = [later - earlier for earlier, later in itertools.pairwise(attempts)]
    assert pauses[:4] == [timedelta(minutes=2), timedelta(minutes=4), timedelta(minutes=8), timedelta(minutes=16)]
    assert max(pauses) <= timedelta(minutes=60)
    assert [notice.verdict for notice in world.notices] == ["interrupted"]
    assert len({job for _, job in world.started}) == 1


@pytest.mark.parametrize("fault", [None, OSError("No space left on device")])
def test_a_job_that_cannot_begin_is_given_pauses_although_an_earlier_one_ended(
    world: World, fault: Exception | None
) -> None:
    source = world.sources[0]
    world.start(source)
    world.finish(source)
    world.now += timedelta(days=40)

    def cannot(source: HarvestSource) -> JobReport:
        if fault:
            raise fault
        return JobReport(source=source.name, job=0, verdict="failed", reason="the member file is broken")

    world.finish = cannot  # type: ignore[method-assign]
    world.dispatcher = world.new_dispatcher(EVERYWHERE)
    attempts = []
    for _ in range(240):
        for due in world.dispatcher.next():
            if due.source.name == source.name:
                attempts.append(world.now)
                world.dispatcher.run(source.name, due.reason)
        world.now += timedelta(minutes=1)
    assert 5 <= len(attempts) <= 9
    (notice,) = world.notices
    assert (notice.verdict, notice.before, notice.job) == ("failed", "held", None)
    assert notice.text == f"{source.name}: held → failed ({fault or 'the member file is broken'}), no job began"


def test_what_another_process_harvests_is_left_to_it_without_a_verdict_or_a_notice(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    source = world.sources[0]
    turns = InTurn(world, "failed", "elsewhere", "elsewhere", "failed", "held")
    world.dispatcher = world.new_dispatcher(EVERYWHERE, turns)
    tried = []
    while turns.ends:
        for due in world.dispatcher.next():
            if due.source.name == source.name:
                tried.append(world.now)
                world.dispatcher.run(source.name, due.reason)
        world.now += timedelta(minutes=1)
    assert [notice.verdict for notice in world.notices] == ["failed", "held"]
    assert [later - earlier for earlier, later in itertools.pairwise(tried)][1:3] == [
        timedelta(minutes=2),
        timedelta(minutes=4),
    ]
    said = capsys.readouterr().out
    assert said.count("left to that process: b:1 is harvesting\n") == 2
    assert "job 0" not in said


def test_what_was_told_is_known_to_the_next_worker_and_whatever_others_harvest(world: World) -> None:
    source = world.sources[0]

    def run(*ends: str) -> list[tuple[str | None, str]]:
        turns = InTurn(world, *ends)
        world.dispatcher = world.new_dispatcher(EVERYWHERE, turns)
        world.notices.clear()
        while turns.ends:
            for due in world.dispatcher.next():
                if due.source.name == source.name:
                    world.dispatcher.run(source.name, due.reason)
            world.now += timedelta(hours=1)
        return [(notice.before, notice.verdict) for notice in world.notices]

    assert run("held", "interrupted") == [(None, "held"), ("held", "interrupted")]
    assert run("held") == [("interrupted", "held")]
    elsewhere = world.start(source)
    assert world.ledger.finish_job(elsewhere, Ending(reason="blocked"), Expected()).verdict == "failed"
    assert run("failed") == [("held", "failed")]
    (world.settings.home / "told.json").write_text("torn {")
    assert run("failed", "held") == [("failed", "held")]


def test_a_job_is_told_though_the_index_cannot_follow(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    world.dispatcher._after_job = full
    world.pass_time()
    world.pass_time()
    assert world.notices
    assert "the index could not be brought up to date: No space left on device" in capsys.readouterr().err


def test_a_job_that_somebody_else_runs_is_not_run_again(world: World) -> None:
    source = world.sources[0]
    world.start(source)
    assert source.name not in {due.source.name for due in world.dispatcher.next()}


def test_a_name_of_an_old_queue_is_passed_over(world: World) -> None:
    world.dispatcher.run("kepco.nothing", "")
    assert not world.started


@pytest.mark.parametrize(
    ("verdict", "before", "told"),
    [
        ("complete", None, None),
        ("complete", "complete", None),
        ("held", "held", None),
        ("held", "complete", "a.b: complete → held (empty), job 3"),
        ("failed", None, "a.b: new → failed (empty), job 3"),
        ("complete", "failed", "a.b: failed → complete (empty), job 3"),
        ("interrupted", "complete", "a.b: complete → interrupted (empty), job 3"),
        ("complete", "interrupted", "a.b: interrupted → complete (empty), job 3"),
    ],
)
def test_what_is_told(verdict: str, before: str | None, told: str | None) -> None:
    notice = notices.of(JobReport(source="a.b", job=3, verdict=None, reason="empty"), before, verdict)
    assert (notice and notice.text) == told


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (("failed", "interrupted", "held"), ["failed", "interrupted", "held"]),
        (("failed", "interrupted", "failed"), ["failed", "interrupted", "failed"]),
        (("interrupted", "interrupted", "held"), ["interrupted", "held"]),
    ],
)
def test_a_recovery_is_told_also_after_an_interruption(world: World, ends: tuple[str, ...], told: list[str]) -> None:
    source = world.sources[0]
    turns = InTurn(world, *ends)
    world.dispatcher = world.new_dispatcher(EVERYWHERE, turns)
    while turns.ends:
        for due in world.dispatcher.next():
            if due.source.name == source.name:
                world.dispatcher.run(source.name, due.reason)
        world.now += timedelta(hours=6)
    assert [notice.verdict for notice in world.notices] == told
    assert [notice.before for notice in world.notices[1:]] == told[:-1]


@pytest.mark.parametrize(
    ("notifier", "said"),
    [
        ("false", "--notify false: ended with exit code 1"),
        ("sh -c 'exit 3' s3cret", "--notify sh: ended with exit code 3"),
        ("/no/such/command s3cret", "--notify /no/such/command: No such file or directory"),
        ("http://user:s3cret@127.0.0.1:1/s3cret", r"--webhook http://127\.0\.0\.1/…: .+"),
        ("https://host name/s3cret", r"--webhook https://host name/…: InvalidURL"),
    ],
)
def test_a_notifier_that_fails_is_named_without_what_may_be_secret(notifier: str, said: str) -> None:
    with pytest.raises(NoticeError, match=f"^{said}$") as raised:
        notices.send(notifier, "{}")
    assert "s3cret" not in str(raised.value)


def test_a_notifier_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "_SECONDS", 0.05)
    with pytest.raises(NoticeError, match=r"^--notify sleep: took longer than"):
        notices.send("sleep 60", "{}")


def test_what_a_notifier_that_hangs_has_started_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "_SECONDS", 1.0)
    with pytest.raises(NoticeError, match="took longer than"):
        notices.send(f"sh -c 'sleep 60 & echo $! > {tmp_path}/child; wait'", "{}")
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        if not lives(child):
            return
        time.sleep(0.05)
    pytest.fail("the child of the notifier lives on")


@pytest.mark.parametrize("address", ["ftp://host/", "http://", "http://[/", "hooks.example"])
def test_what_is_no_webhook_is_told(address: str) -> None:
    with pytest.raises(UsageError, match="--webhook"):
        notices.checked((), (address,))
