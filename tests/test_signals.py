"""Ctrl-C and SIGTERM at any time: the program ends without a traceback, and what it did goes on later."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from harvester import config
from harvester.sample_portals.ckan import CkanPortal
from harvester.sample_portals.server import Answer, Asked
from tests.crawl.paged import package
from tests.processes import descendants, lives

RECORDS = 50


@contextmanager
def datamoa(*arguments: str, python: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DATAMOA_")}
    with subprocess.Popen(
        [sys.executable, *python, "-m", "indexer", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[str, str]:
    process.send_signal(number)
    return process.communicate(timeout=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_program_starts_ends_it_without_a_word(number: signal.Signals, tmp_path: Path) -> None:
    # A line for each module that was imported: far more than fit into a pipe that nobody reads.
    with datamoa("--home", str(tmp_path), "members", python=("-X", "importtime")) as process:
        assert process.stderr
        for line in process.stderr:
            if "harvester" in line:
                break
        printed, said = end(process, number)
        assert process.returncode == -number
    assert printed == ""
    assert "Traceback" not in said


@pytest.fixture
def portal() -> Iterator[CkanPortal]:
    with CkanPortal([package(number) for number in range(RECORDS)]) as running:
        yield running


@pytest.fixture
def installation(tmp_path: Path, portal: CkanPortal) -> list[str]:
    (tmp_path / "config" / "members").mkdir(parents=True)
    for folder in ("vocabularies", "search"):
        (tmp_path / "config" / folder).symlink_to(config.default_config() / folder)
    source = (
        f"{{title: t, protocol: ckan, url: '{portal.url}', rows: 10, evidence: assumed, allow_private: true, "
        "concurrent_requests: 1}"
    )
    (tmp_path / "config" / "members" / "m.yml").write_text(
        f"name: {{ko: 시험}}\nsector: public\nsources: {{one: {source}}}\n", encoding="utf-8"
    )
    return ["--home", str(tmp_path / "var"), "--config", str(tmp_path / "config")]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder whose name is short enough for a socket in it."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.parametrize("to_all", [False, True], ids=["to the command", "to every process, as supervisors do"])
def test_sigterm_stops_a_harvest_gently_and_its_job_goes_on(
    to_all: bool, portal: CkanPortal, installation: list[str], monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(temporary))
    seen = threading.Event()

    def slowly(asked: Asked) -> Answer | None:
        if int(asked.query.get("start", "0")) > 15:  # the first page is in the ledger
            seen.set()
            time.sleep(0.2)
        return None

    with portal.failing(slowly), datamoa(*installation, "harvest", "m", "--json") as process:
        assert seen.wait(30)
        if to_all:
            for child in descendants(process.pid):
                os.kill(child, signal.SIGTERM)
        printed, said = end(process, signal.SIGTERM)
        assert process.returncode == -signal.SIGTERM
    (stopped,) = map(json.loads, printed.splitlines())
    assert (stopped["job"], stopped["verdict"], stopped["reason"]) == (1, "failed", "interrupted")
    assert 0 < stopped["listed"] < RECORDS
    assert "Traceback" not in said
    assert list(temporary.iterdir()) == []
    with datamoa(*installation, "harvest", "m", "--json") as process:
        printed, _ = process.communicate(timeout=60)
        assert process.returncode == 0
    (report,) = map(json.loads, printed.splitlines())
    assert (report["job"], report["verdict"], report["created"]) == (1, "complete", RECORDS)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_signal_to_all_processes_while_harvests_begin_stops_them_gently(
    number: signal.Signals, code: int, installation: list[str]
) -> None:
    with datamoa(*installation, "harvest", "m", "--json") as process:
        while len(running := descendants(process.pid)) < 2:  # Python's fork server imports for a second now
            time.sleep(0.01)
        for child in running:
            os.kill(child, number)
        printed, said = end(process, number)
        assert process.returncode == code
    (stopped,) = map(json.loads, printed.splitlines())
    assert (stopped["verdict"], stopped["reason"]) == ("failed", "interrupted")
    assert said == ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_signal_stops_the_endpoint_in_order(number: signal.Signals, code: int, installation: list[str]) -> None:
    with datamoa(*installation, "serve", "--port", "0") as process:
        assert process.stderr
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found
        assert httpx.get(f"{found[0]}health", timeout=30, trust_env=False).status_code == 200
        printed, said = end(process, number)
        assert process.returncode == code
    assert (printed, said) == ("", "")


def test_sigterm_stops_the_demo_while_it_harvests(tmp_path: Path) -> None:
    with datamoa("--home", str(tmp_path), "demo", "--port", "0") as process:
        assert process.stdout
        assert "sample portal" in process.stdout.readline()
        while (
            len(running := descendants(process.pid)) < 3
        ):  # Python's fork server and its tracker of resources, and a harvest
            time.sleep(0.01)
        _, said = end(process, signal.SIGTERM)
        assert process.returncode == -signal.SIGTERM
    assert "Traceback" not in said
    until = time.monotonic() + 10  # what harvests are forked from ends when it sees that the command did
    while any(lives(child) for child in running):
        assert time.monotonic() < until
        time.sleep(0.01)
