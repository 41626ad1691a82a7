"""Jobs side by side, a process each: live progress, gentle stops, and processes that die at any moment."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from harvester import config
from harvester.crawl import children
from harvester.crawl.children import Child, start
from harvester.crawl.events import Message, ProgressEvent
from harvester.crawl.order import ChildOrder
from harvester.crawl.run import harvest
from harvester.ledger import Ledger
from harvester.ledger.types import JobReport
from harvester.sample_portals.ckan import CkanPortal
from harvester.sample_portals.datagokr import DataGoKrPortal, write_table
from harvester.sample_portals.server import Answer, Asked, Portal
from tests.crawl.paged import package
from tests.processes import descendants, lives

RECORDS = 50


@pytest.fixture(scope="module")
def ckan() -> Iterator[CkanPortal]:
    with CkanPortal([package(number) for number in range(RECORDS)]) as portal:
        yield portal


@pytest.fixture(scope="module")
def datagokr() -> Iterator[DataGoKrPortal]:
    header = ["목록키", "목록유형", "목록명", "제공기관", "수정일", "설명", "키워드"]
    rows = [
        dict(zip(header, (str(15000000 + n), "FILE", f"자료 {n}", "기관", "2026-01-02", "설명", "가,나"), strict=True))
        for n in range(RECORDS)
    ]
    with DataGoKrPortal(write_table(header, rows)) as portal:
        yield portal


Install = Callable[..., config.Settings]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Settings of an installation of its own, with sources at these portals."""

    def make(name: str = "home", **portals: Portal) -> config.Settings:
        home = tmp_path / name
        (home / "config" / "members").mkdir(parents=True)
        (home / "config" / "vocabularies").symlink_to(config.default_config() / "vocabularies")
        options = {
            CkanPortal: "protocol: ckan, rows: 10",
            DataGoKrPortal: "protocol: datagokr, page_rows: 10, details: [schema_org]",
        }
        sources = "".join(
            f"  {key}: {{title: t, evidence: assumed, allow_private: true, url: '{portal.url}', "
            f"{options[type(portal)]}}}\n"
            for key, portal in portals.items()
        )
        (home / "config" / "members" / "m.yml").write_text(f"name: {{ko: 시험}}\nsector: public\nsources:\n{sources}")
        return config.Settings(home, home / "config", f"sqlite:///{home}/ledger.sqlite", "embedded")

    return make


def run(settings: config.Settings, **options: Any) -> list[JobReport]:
    return harvest(settings, config.select(settings.config, ()), **options)


VOLATILE = {
    *("started", "finished", "recorded", "created", "first_seen", "last_seen", "seen", "changed", "since", "issued"),
    *(
        "lease",
        "lease_until",
        "holder",
        "id",
        "requests",
        "bytes",
        "seconds",
        "saved_requests",
        "saved_bytes",
        "resumed",
    ),
}


def everything(settings: config.Settings) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the ledger but for times and request counts, which an interruption may change."""
    engine = create_engine(settings.database_url)
    state = {}
    with engine.connect() as connection:
        tables = connection.execute(text("select name from sqlite_master where type = 'table'")).scalars().all()
        for table in sorted(tables):
            rows = connection.execute(text(f'select * from "{table}"')).mappings().all()
            keep = [{key: value for key, value in row.items() if key not in VOLATILE} for row in rows]
            state[table] = sorted(tuple(sorted(row.items(), key=lambda kv: kv[0])) for row in map(_plain, keep))
    engine.dispose()
    return state


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: repr(value) for key, value in row.items()}


def test_sources_side_by_side(install: Install, ckan: CkanPortal, datagokr: DataGoKrPortal) -> None:
    settings = install(one=ckan, two=datagokr, three=ckan)
    events: list[ProgressEvent] = []
    threads: set[int] = set()

    def see(event: ProgressEvent) -> None:
        threads.add(threading.get_ident())
        events.append(event)

    reports = run(settings, on_progress=see)
    assert [report.source for report in reports] == ["m.one", "m.two", "m.three"]
    assert {report.verdict for report in reports} == {"complete"}
    assert [report.created for report in reports] == [RECORDS] * 3
    assert {event.source for event in events if event.ended} == {"m.one", "m.two", "m.three"}
    assert threads == {threading.get_ident()}
    with Ledger.open(settings.database_url) as ledger:
        assert sum(1 for _ in ledger.live()) == 3 * RECORDS
    for report in reports:
        log = (settings.logs / f"{report.source}.log").read_text()
        assert "job" in log
        assert "payload" not in log  # Scrapy would write every page down


def test_children_of_one_run_share_a_download(install: Install, datagokr: DataGoKrPortal) -> None:
    settings = install(one=datagokr, two=datagokr, three=datagokr)
    before = datagokr.count("/cmm/")
    assert {report.verdict for report in run(settings)} == {"complete"}
    assert datagokr.count("/cmm/") - before == 1


def test_a_source_that_cannot_begin_has_a_report_too(install: Install, ckan: CkanPortal) -> None:
    settings = install(one=ckan, two=ckan)
    with Ledger.open(settings.database_url) as ledger:
        ledger.start_job("m.one", full=None, holder="elsewhere.example:1:1", fingerprint="x")
    one, two = run(settings)
    assert (one.verdict, one.job) == ("failed", 0)
    assert one.elsewhere
    assert "elsewhere.example" in one.reason
    assert two.verdict == "complete"
    assert not two.elsewhere


def kill_at(portal: Portal, child: Callable[[], int], nth: int) -> Callable[[Asked], Answer | None]:
    asked = 0
    lock = threading.Lock()

    def fault(_: Asked) -> Answer | None:
        nonlocal asked
        with lock:
            asked += 1
            if asked == nth:
                os.kill(child(), signal.SIGKILL)
        return None

    return fault


def start_child(settings: config.Settings, source: str) -> Child:
    return start(
        ChildOrder(
            source=source,
            full=None,
            limit=None,
            dry_run=False,
            started=datetime.now(UTC),
            environment=os.environ | config.environment(settings),
        )
    )


def finish(child: Child) -> list[Message]:
    """What it told until it ended."""
    told: list[Message] = []
    with child.told, child.until, contextlib.suppress(EOFError, OSError):
        while True:
            told.append(child.told.recv())
    child.process.join()
    return told


@pytest.mark.parametrize(("kind", "points"), [("ckan", (2, 5)), ("datagokr", (3, 25))])
def test_killed_again_and_again_the_job_ends_as_if_it_never_was(
    install: Install, ckan: CkanPortal, datagokr: DataGoKrPortal, kind: str, points: tuple[int, ...]
) -> None:
    portal: Portal = ckan if kind == "ckan" else datagokr
    unbroken = install("unbroken", source=portal)
    (whole,) = run(unbroken)
    assert whole.verdict == "complete"

    settings = install("broken", source=portal)
    for nth in points:
        child: Child | None = None

        def pid() -> int:
            assert child  # noqa: B023 - read while this round runs
            assert child.process.pid  # noqa: B023
            return child.process.pid  # noqa: B023

        with portal.failing(kill_at(portal, pid, nth)):
            child = start_child(settings, "m.source")
            finish(child)
        assert child.process.exitcode == -signal.SIGKILL
    (report,) = run(settings)
    assert (report.job, report.verdict) == (1, "complete")
    assert everything(settings) == everything(unbroken)


def test_killed_at_any_moment(install: Install, datagokr: DataGoKrPortal) -> None:
    """By the clock and not by requests: in the middle of mapping, of a commit, of a download being written."""
    unbroken = install("unbroken", source=datagokr)
    run(unbroken)
    settings = install("broken", source=datagokr)
    killed = 0

    def slowly(_: Asked) -> Answer | None:
        time.sleep(0.2)  # else a quick machine ends the job before it tells its first progress
        return None

    with datagokr.failing(slowly):
        for step in range(5):
            child = start_child(settings, "m.source")
            child.told.recv()  # the first sign of life, so that what follows is the crawl and not imports
            time.sleep(0.03 * step)
            child.process.kill()
            finish(child)
            killed += child.process.exitcode == -signal.SIGKILL
    (report,) = run(settings)
    assert killed >= 3
    assert report.verdict == "complete"
    if report.job == 1:
        assert everything(settings) == everything(unbroken)


def fork_servers() -> list[int]:
    """What this process has its harvests forked by; they are that one's children."""
    below = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [int(pid) for pid in below if b"multiprocessing.forkserver" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def end_harvests(number: signal.Signals) -> Callable[[Asked], Answer | None]:
    """Send a signal to every harvest's process when the first page is in the ledger."""

    def fault(asked: Asked) -> Answer | None:
        if int(asked.query.get("start", "0")) > 25:
            for server in fork_servers():
                for pid in descendants(server):
                    os.kill(pid, number)
        return None

    return fault


def test_a_child_that_dies_is_told_and_its_job_goes_on(install: Install, ckan: CkanPortal) -> None:
    settings = install(source=ckan)
    with ckan.failing(end_harvests(signal.SIGKILL)):
        (report,) = run(settings)
    assert report.verdict == "failed"
    assert report.reason == "interrupted: its process was ended by signal 9"
    assert report.job == 1
    assert 0 < report.listed < RECORDS
    (after,) = run(settings)
    assert (after.job, after.verdict, after.created) == (1, "complete", RECORDS)


def test_what_harvests_are_forked_from_may_die_too(install: Install, ckan: CkanPortal) -> None:
    settings = install(one=ckan, two=ckan)
    run(settings)  # so that there is one
    killed: list[int] = []

    def kill(asked: Asked) -> Answer | None:
        if not killed:
            killed.extend(fork_servers())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
        return None

    with ckan.failing(kill):
        reports = run(settings, at_once=1, full=True)
    assert killed
    assert {report.verdict for report in reports} == {"complete"}


def test_a_fork_server_that_is_killed_while_it_begins_costs_no_source(install: Install, ckan: CkanPortal) -> None:
    settings = install(one=ckan, two=ckan, three=ckan)
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # so that one starts here
    killed: list[int] = []

    def kill() -> None:
        while not (found := fork_servers()):
            time.sleep(0.001)
        time.sleep(0.05)  # it imports, which takes most of a second, and sources wait for it
        killed.extend(found)
        for pid in found:
            os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    reports = run(settings)
    killer.join()
    assert killed
    assert [report.verdict for report in reports] == ["complete"] * 3, reports


@pytest.mark.parametrize("fault", [OSError("too many open files"), EOFError("the fork server died")])
def test_a_source_whose_process_cannot_be_started_has_a_report_too(
    fault: Exception, install: Install, ckan: CkanPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = install(one=ckan, two=ckan)
    begin = BaseProcess.start

    def start_two(process: BaseProcess) -> None:
        if process.name == "m.one":
            raise fault
        begin(process)

    monkeypatch.setattr(BaseProcess, "start", start_two)
    one, two = run(settings)
    assert (one.job, one.verdict) == (0, "failed")
    assert one.reason.startswith("its process could not be started: ")
    assert two.verdict == "complete"


def test_no_module_is_taken_from_the_folder_that_a_harvest_is_started_in(
    install: Install, ckan: CkanPortal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = install(source=ckan)
    (tmp_path / "selectors.py").write_text("raise RuntimeError('not the one of Python')")
    monkeypatch.chdir(tmp_path)
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # so that one starts here
    (report,) = run(settings)
    assert report.verdict == "complete"
    assert "PYTHONSAFEPATH" not in os.environ


def test_a_log_that_cannot_be_written_is_told(install: Install, ckan: CkanPortal) -> None:
    settings = install(source=ckan)
    settings.logs.touch()
    (report,) = run(settings)
    assert (report.job, report.verdict) == (0, "failed")
    assert report.reason.startswith("its log cannot be written: ")
    assert str(settings.logs) in report.reason


def test_memory_in_which_no_job_can_begin_is_told(install: Install, ckan: CkanPortal) -> None:
    (report,) = run(install(source=ckan), memory=10)
    assert (report.job, report.verdict) == (0, "failed")
    assert "10 MB (--memory)" in report.reason


@pytest.mark.parametrize(
    ("number", "memory", "suspected"),
    [(signal.SIGSEGV, 1024, True), (signal.SIGABRT, 1024, True), (signal.SIGSEGV, None, False),
     (signal.SIGUSR1, 1024, False)],
)  # fmt: skip
def test_memory_is_named_where_a_process_with_a_limit_dies_as_without_memory(
    install: Install, ckan: CkanPortal, number: signal.Signals, memory: int | None, suspected: bool
) -> None:
    with ckan.failing(end_harvests(number)):
        (report,) = run(install(source=ckan), memory=memory)
    assert report.reason.startswith(f"interrupted: its process was ended by signal {number}")
    assert ("(--memory 1024, in MB) may be why" in report.reason) is suspected


def test_a_child_that_says_nothing_is_ended_and_that_is_told(
    install: Install, ckan: CkanPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "_SILENT_SECONDS", 0.3)
    with ckan.failing(end_harvests(signal.SIGSTOP)):
        (report,) = run(install(source=ckan), memory=1024)
    assert report.reason == "interrupted: its process said nothing for 0.3 seconds and was ended"


CALLER = """
import sys
from pathlib import Path
from harvester import config
from harvester.crawl.run import harvest
settings = config.settings()
for report in harvest(settings, config.select(settings.config, ())):
    print(report.source, report.job, report.verdict, report.reason, report.listed, sep="|", flush=True)
"""


def call(settings: config.Settings) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CALLER],
        env=os.environ | config.environment(settings),
        stdout=subprocess.PIPE,
        text=True,
    )


def slowly(seen: threading.Event) -> Callable[[Asked], Answer | None]:
    """The first page of a source comes at once, the others take a second each; `seen`: one of them was asked for."""

    def fault(asked: Asked) -> Answer | None:
        if asked.query.get("start", "0") != "0":
            seen.set()
            time.sleep(1)
        return None

    return fault


def test_ctrl_c_stops_gently(install: Install, ckan: CkanPortal) -> None:
    settings = install(one=ckan, two=ckan)
    seen = threading.Event()
    with ckan.failing(slowly(seen)):
        caller = call(settings)
        assert seen.wait(30)
        began = time.monotonic()
        caller.send_signal(signal.SIGINT)
        out, _ = caller.communicate(timeout=20)
    assert time.monotonic() - began < 10
    lines = [line.split("|") for line in out.splitlines()]
    assert [line[0] for line in lines] == ["m.one", "m.two"]
    assert all(line[2:4] == ["failed", "interrupted"] for line in lines)
    assert any(int(line[4]) > 0 for line in lines)
    after = run(settings)
    assert {(report.verdict, report.created) for report in after} == {("complete", RECORDS)}
    assert {report.job for report in after} == {int(line[1]) for line in lines}


def test_a_child_that_is_asked_to_stop_while_it_starts_stops(install: Install, ckan: CkanPortal) -> None:
    settings = install(source=ckan)
    with ckan.failing(slowly(threading.Event())):
        child = start_child(settings, "m.source")
        child.until.close()
        (*_, last) = finish(child)
    assert isinstance(last, JobReport)
    assert (last.job, last.reason) == (1, "interrupted")
    assert last.listed < RECORDS
    (report,) = run(settings)
    assert (report.job, report.verdict, report.created) == (1, "complete", RECORDS)


def test_children_do_not_outlive_their_parent(install: Install, ckan: CkanPortal) -> None:
    settings = install(source=ckan)
    seen = threading.Event()
    with ckan.failing(slowly(seen)):
        caller = call(settings)
        assert seen.wait(30)
        below = descendants(caller.pid)
        assert len(below) == 3  # Python's fork server and its tracker of resources, and the harvest
        caller.kill()
        caller.communicate()
        until = time.monotonic() + 20
        while any(lives(child) for child in below):
            assert time.monotonic() < until
            time.sleep(0.02)
    (report,) = run(settings)
    assert (report.job, report.verdict) == (1, "complete")


def test_scrapy_crawl_is_a_harvest_job(install: Install, ckan: CkanPortal) -> None:
    settings = install(source=ckan)
    subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "m.source"],
        cwd=Path(__file__).parent.parent.parent,
        env=os.environ | config.environment(settings),
        check=True,
        capture_output=True,
    )
    with Ledger.open(settings.database_url) as ledger:
        (report,) = ledger.reports()
    assert (report.source, report.verdict, report.created) == ("m.source", "complete", RECORDS)
