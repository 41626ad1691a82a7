"""The test node's keeper: it waits for the node, changes a port that is taken, and leaves no node behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.elasticsearch_node import node as nodes
from tests.elasticsearch_node.node import Node

STUB = """#!/usr/bin/env bash
# Stands for `run`: says that the port is taken the first time, then serves for ever.
port=${@: -2:1} home=${@: -1}
if [ -e "$home/collide" ]; then rm "$home/collide"; echo "BindHttpException: Failed to bind to $port"; exit 1; fi
[ -e "$home/broken" ] && { echo "no such jar"; exit 1; }
echo "ready $port"
exec -a java-stub sleep 600
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    script = tmp_path / "run"
    script.write_text(STUB)
    script.chmod(0o755)
    return script


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


def alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return False


def test_a_node_serves_until_it_is_stopped(run: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "RUN", run)
    with Node(home).running() as node:
        pid, port = node.pid, node.port
        assert alive(pid)
        node.kill()
        assert not alive(pid)
        node.start()
        assert (node.port, alive(node.pid)) == (port, True)
        pid = node.pid
    assert not alive(pid)


def test_a_port_that_is_taken_is_changed(run: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "RUN", run)
    (home / "collide").touch()
    with Node(home).running() as node:
        assert alive(node.pid)


def test_a_node_that_does_not_start_says_why(run: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "RUN", run)
    (home / "broken").touch()
    with pytest.raises(RuntimeError, match="no such jar"):
        Node(home).start()


def test_a_node_does_not_outlive_its_owner(run: Path, home: Path) -> None:
    program = f"""
import time
from pathlib import Path
from tests.elasticsearch_node import node
node.RUN = Path({str(run)!r})
started = node.Node(Path({str(home)!r}))
started.start()
started.leave()
print(started.pid, flush=True)
time.sleep(600)
"""
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    assert alive(pid)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    end = time.monotonic() + 20
    while alive(pid):
        assert time.monotonic() < end, "the node is still there"
        time.sleep(0.05)
