"""`datamoa demo` as README promises it: from portals to an address that answers; and again, with nothing new."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest


@contextmanager
def demo(home: Path, port: int) -> Iterator[tuple[httpx.Client, str]]:
    """Run the demo until it serves; gives a client and what was printed so far, then presses Ctrl-C."""
    # Sample data must not get where the environment points.
    environment = os.environ | {"DATAMOA_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing"}
    with subprocess.Popen(
        [sys.executable, "-m", "indexer", "--home", str(home), "demo", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as process:
        try:
            printed = ""
            assert process.stdout
            for line in process.stdout:
                printed += line
                if found := re.search(r"search page and API: (http://\S+)", line):
                    break
            else:
                pytest.fail(f"the demo ended with {process.wait()}:\n{printed}")
            with httpx.Client(base_url=found[1], trust_env=False, timeout=30) as client:
                _until_it_answers(client)
                yield client, printed
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    assert process.returncode == 0


def _until_it_answers(client: httpx.Client) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            client.get("/health")
        except httpx.TransportError:
            assert time.monotonic() < until, "the demo does not serve"
            time.sleep(0.05)
        else:
            return


@pytest.mark.timeout(300)
def test_the_demo_shows_the_whole_walk_and_a_second_start_that_nothing_changed(tmp_path: Path) -> None:
    with demo(tmp_path, 0) as (client, printed):
        assert "complete" in printed
        assert "failed" not in printed
        total = int(re.search(r"(\d+) datasets are new or changed", printed)[1])  # type: ignore[index]
        assert client.get("/api/search").json()["total"] == total > 100
        assert client.get("/health").json()["status"] == "ok"
        korean = client.get("/api/search", params={"q": "미세먼지"}).json()
        english = client.get("/api/search", params={"q": "water quality"}).json()
        assert korean["hits"][0]["highlights"]
        assert english["hits"][0]["highlights"]
        assert "데이터모아" in client.get("/").text
        verdicts = [
            source["last_verdict"]
            for member in client.get("/api/members").json()["members"]
            for source in member["sources"]
        ]
        assert set(verdicts) == {"complete"}
    assert {each.name for each in tmp_path.iterdir()} == {"demo"}

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with demo(tmp_path, port) as (client, printed):
            assert "nothing changed since the last start" in printed
            assert f"port {port} is taken" in printed
            assert client.base_url.port != port
            assert client.get("/api/search").json()["total"] == total
