"""Starts the real Elasticsearch node of this folder for tests and benchmarks; it does not outlive them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

RUN = Path(__file__).parent / "run"

# The optimising compiler takes longer than what it saves in the minutes that tests take: twice the processor time.
_BRIEFLY = "-XX:TieredStopAtLevel=1"

# The node goes when whoever wanted it goes, even by `kill -9`: nobody else would ever stop it.
_WATCH = """
"$@" & node=$!
trap 'kill -TERM $node 2>/dev/null; wait $node; exit 0' TERM INT
while kill -0 "$OWNER" 2>/dev/null && kill -0 $node 2>/dev/null; do sleep 0.2; done
kill -TERM $node 2>/dev/null; wait $node
"""


def missing(major: int = 8) -> str | None:
    """What this machine lacks for a node, in words; None where nothing is."""
    if not shutil.which("mvn"):
        return "Maven is not installed"
    if major == 9:
        newer = any(_javac(jdk) >= 21 for jdk in Path("/usr/lib/jvm").glob("*"))
        return None if newer else "no JDK 21 or newer is under /usr/lib/jvm"
    home = os.environ.get("JAVA_HOME")
    return None if (Path(home, "bin/javac").exists() if home else shutil.which("javac")) else "no JDK is installed"


def _javac(jdk: Path) -> int:
    """Version of the compiler of a JDK from its release file; 0 where there is none."""
    release = jdk / "release"
    if not (jdk / "bin" / "javac").exists() or not release.is_file():
        return 0
    found = re.search(r'JAVA_VERSION="(\d+)', release.read_text())
    return int(found[1]) if found else 0


class Node:
    """One node on loopback. `home` keeps its data: after `kill` (a crash) or `stop`, `start` finds them again.

    `measured`: how fast it is matters, as in benchmarks; else it starts sooner and is never as fast as it could be.
    """

    def __init__(
        self,
        home: Path,
        *,
        major: int = 8,
        heap: str = "512m",
        settings: Sequence[str] = (),
        measured: bool = False,
    ) -> None:
        self.home = home
        self.major = major
        self.heap = heap
        self.settings = settings
        self.measured = measured
        self.port = 0
        self.pid = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, owner: int | None = None, wait: float = 240) -> None:
        """Start and wait until it serves (the first time on a machine jars are fetched). `owner`: the process that it
        must not outlive, by default this one. The port stays the same over restarts."""
        self.home.mkdir(parents=True, exist_ok=True)
        for attempt in range(3):
            self.port = self.port or _free_port()
            if self._serves(owner or os.getpid(), wait):
                return
            # Somebody else may have taken the port between our look and the node's: with a new port it works.
            if attempt < 2 and "BindHttpException" in self._log().read_text(errors="replace"):
                self.port = 0
                continue
            break
        raise RuntimeError(f"the node did not start:\n{self._log().read_text(errors='replace')[-3000:]}")

    def _serves(self, owner: int, wait: float) -> bool:
        options = [f"-m{self.heap}", *(["-9"] if self.major == 9 else [])]
        for setting in self.settings:
            options += ["-E", setting]
        with self._log().open("wb") as log:
            self._process = subprocess.Popen(
                ["bash", "-c", _WATCH, "watch", str(RUN), *options, str(self.port), str(self.home)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "OWNER": str(owner), **({} if self.measured else {"JAVA_TOOL_OPTIONS": _BRIEFLY})},
                start_new_session=True,
            )
        end = time.monotonic() + wait
        while time.monotonic() < end and self._process.poll() is None:
            if f"ready {self.port}".encode() in self._log().read_bytes():
                self.pid = _java(self._process.pid)
                return True
            time.sleep(0.1)
        self.stop()
        return False

    def _log(self) -> Path:
        return self.home / "node.log"

    def kill(self) -> None:
        """As a crash ends it."""
        os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """Close it cleanly."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def leave(self) -> str:
        """Let it run as long as its owner does; this object forgets it. Gives its address."""
        if self._process is not None:
            # Said to have ended, or Python warns of a child that nobody waited for.
            self._process.returncode = 0
            self._process = None
        return self.url

    @contextlib.contextmanager
    def running(self) -> Iterator[Node]:
        """Started inside the ``with``, stopped after it."""
        self.start()
        try:
            yield self
        finally:
            self.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _java(watcher: int) -> int:
    children = Path(f"/proc/{watcher}/task/{watcher}/children").read_text().split()
    return next(int(child) for child in children if "java" in Path(f"/proc/{child}/cmdline").read_text())
