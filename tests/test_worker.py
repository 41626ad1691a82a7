"""The worker as an operator runs it: a process, real portals, a real queue."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from harvester import config
from harvester.ledger import Ledger
from harvester.sample_portals.ckan import CkanPortal
from tests.crawl.paged import package
from tests.portals import faults

SCHEDULED = """\
name: {{ko: 시험}}
sector: public
sources:
  one: {{title: 하나, evidence: assumed, protocol: ckan, rows: 10, url: '{url}', allow_private: true,
        schedule: '0 3 1 1 *', timezone: UTC}}
"""


@pytest.fixture(scope="module")
def portal() -> Iterator[CkanPortal]:
    with CkanPortal([package(number) for number in range(50)]) as ckan:
        yield ckan


@pytest.fixture
def settings(tmp_path: Path, portal: CkanPortal) -> config.Settings:
    folder = tmp_path / "config"
    (folder / "members").mkdir(parents=True)
    for name in ("vocabularies", "search"):
        if (config.default_config() / name).exists():
            (folder / name).symlink_to(config.default_config() / name)
    (folder / "members" / "m.yml").write_text(SCHEDULED.format(url=portal.url), encoding="utf-8")
    home = tmp_path / "home"
    return config.Settings(home, folder, f"sqlite:///{home}/ledger.sqlite", "embedded")


@contextmanager
def worker(settings: config.Settings, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "indexer", "worker", *arguments]
    with subprocess.Popen(
        command,
        env=os.environ | config.environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def eventually(condition: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


def verdicts(settings: config.Settings) -> list[tuple[int, str | None]]:
    if not (settings.home / "ledger.sqlite").exists():
        return []
    with Ledger.open(settings.database_url) as ledger:
        return [(report.job, report.verdict) for report in ledger.reports()]


def stopped(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM, output
    return output


def test_what_is_due_is_harvested_and_found_without_a_command(settings: config.Settings) -> None:
    with worker(settings) as process:
        eventually(lambda: verdicts(settings) == [(1, "complete")])
        search = [sys.executable, "-m", "indexer", "search", "--json"]

        def found() -> bool:
            answer = subprocess.run(search, env=os.environ | config.environment(settings), capture_output=True)
            return bool(answer.stdout) and json.loads(answer.stdout)["total"] == 50

        eventually(found)
        second = subprocess.run(
            [sys.executable, "-m", "indexer", "worker"],
            env=os.environ | config.environment(settings),
            capture_output=True,
            text=True,
        )
        assert second.returncode == 1
        assert "a worker runs in this home already" in second.stderr
        output = stopped(process)
    assert re.search(r"m\.one starts: never harvested", output)
    assert re.search(r"m\.one job 1: complete; 50 listed, 50 new; \d+ s", output)
    assert verdicts(settings) == [(1, "complete")]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_ends_in_the_middle_of_a_job_loses_nothing(
    settings: config.Settings, portal: CkanPortal, how: signal.Signals
) -> None:
    with portal.failing(faults.after(2, faults.slow(3, faults.at("package_search")))), worker(settings) as process:

        def pages() -> bool:
            with Ledger.open(settings.database_url) as ledger:
                return any(report.seen for report in ledger.reports())

        eventually(lambda: (settings.home / "ledger.sqlite").exists() and pages())
        assert verdicts(settings) == [(1, None)]
        process.send_signal(how)
        process.wait(timeout=90)
    with worker(settings) as process:
        eventually(lambda: verdicts(settings) == [(1, "complete")])
        assert "job 1 was interrupted and goes on" in stopped(process)
    with Ledger.open(settings.database_url) as ledger:
        (report,) = ledger.reports()
    assert (report.listed, report.created) == (50, 50)


class Hook(BaseHTTPRequestHandler):
    told: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.told.append(body)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def test_a_command_and_a_webhook_are_told_of_a_verdict(
    settings: config.Settings, portal: CkanPortal, tmp_path: Path
) -> None:
    Hook.told = []
    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    script = tmp_path / "tell.sh"
    script.write_text(f"#!/bin/sh\ncat > {tmp_path}/told\n")
    script.chmod(0o755)
    url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    with portal.failing(faults.forbidden()), worker(settings, "--notify", str(script), "--webhook", url) as process:
        (told,) = eventually(lambda: Hook.told)
        line = eventually(lambda: (tmp_path / "told").exists() and (tmp_path / "told").read_text())
        stopped(process)
    server.shutdown()
    server.server_close()
    assert told == json.loads(line)
    text = told.pop("text")
    assert text.startswith("m.one: new → failed (blocked: http://")
    assert text.endswith("answered 403), job 1")
    assert told == {
        "source": "m.one",
        "job": 1,
        "verdict": "failed",
        "before": None,
        "reason": "blocked",
    }


def test_a_job_keeps_to_its_memory(settings: config.Settings) -> None:
    with worker(settings, "--memory", "64") as process:
        log = settings.logs / "m.one.log"
        eventually(lambda: log.exists() and "64 MB (--memory)" in log.read_text(encoding="utf-8"))
        output = stopped(process)
    assert "64 MB (--memory)" in output
    assert verdicts(settings) == []


def test_a_queue_that_is_damaged_is_put_aside(settings: config.Settings) -> None:
    settings.home.mkdir()
    (settings.home / "queue.sqlite").write_bytes(b"no database" * 1000)
    with worker(settings) as process:
        eventually(lambda: verdicts(settings) == [(1, "complete")])
        output = stopped(process)
    assert re.search(r"queue\.sqlite: damaged .*; put aside as queue\.damaged, a new queue was begun", output)
    assert "Traceback" not in output


def test_notifiers_that_hang_or_fail_keep_no_job_waiting_and_are_told_in_a_line(
    settings: config.Settings, portal: CkanPortal
) -> None:
    with portal.failing(faults.forbidden()):
        hang = ["--notify", "sleep 3"] * 4
        with worker(settings, "--jobs", "1", *hang, "--webhook", "http://127.0.0.1:1/s3cret") as process:
            eventually(lambda: verdicts(settings) == [(1, "failed")])
            time.sleep(1)
            output = stopped(process)
    assert "Traceback" not in output
    assert "s3cret" not in output


def test_ctrl_c_stops_the_worker(settings: config.Settings) -> None:
    with worker(settings) as process:
        eventually(lambda: verdicts(settings) == [(1, "complete")])
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in output


def test_a_notifier_that_was_taken_away_is_told_nothing_more(
    settings: config.Settings, portal: CkanPortal, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    notify = ["--notify", f"sh -c 'date >> {told}; exit 1'"]
    with portal.failing(faults.forbidden()):
        with worker(settings, *notify) as process:
            eventually(told.exists)
            stopped(process)
        times = told.read_text().count("\n")
        with worker(settings) as process:
            time.sleep(12)  # longer than the pause before the second try
            stopped(process)
    assert told.read_text().count("\n") == times


def test_a_full_disk_is_told_in_a_sentence_and_does_not_keep_the_notice(
    settings: config.Settings, portal: CkanPortal, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    fault = faults.after(1, faults.slow(5, faults.forbidden()))
    with portal.failing(fault), worker(settings, "--notify", f"sh -c 'cat > {told}'") as process:
        eventually(lambda: verdicts(settings) == [(1, None)])
        with sqlite3.connect(settings.home / "queue.sqlite") as queue:
            queue.execute("CREATE TRIGGER full BEFORE INSERT ON task BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
        eventually(told.exists)
        output = stopped(process)
    assert json.loads(told.read_text())["verdict"] == "partial"
    assert "the worker's queue cannot be written (disk is full)" in output
    assert "Traceback" not in output
