"""Streams that are closed, full, or whose reader left: no traceback, and nothing is done that nobody could be told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = [["--help"], ["members"], ["members", "--json"], ["members", "--markdown"], ["export", "--format", "csv"]]


def _shell(tmp_path: Path, command: list[str], redirected: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `datamoa` with streams as a shell redirects them."""
    script = f'"$@" {redirected}; echo "exit code $?" >"{tmp_path}/code"'
    python = [sys.executable, "-m", "indexer", "--home", str(tmp_path / "home"), *command]
    return subprocess.run(["sh", "-c", script, "sh", *python], capture_output=True, text=True, timeout=60, check=False)


def _code(tmp_path: Path) -> int:
    return int((tmp_path / "code").read_text().split()[-1])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_with_a_closed_stdout_nothing_is_done_and_a_line_says_so(tmp_path: Path, command: list[str]) -> None:
    ended = _shell(tmp_path, command, ">&-")
    assert _code(tmp_path) == 1
    assert ended.stderr.startswith("datamoa: write error: standard output is closed")
    assert len(ended.stderr.splitlines()) == 1
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("redirected", ["2>&-", "<&-", "<&- 2>&-"])
def test_a_closed_stdin_or_stderr_keeps_nobody_from_working(tmp_path: Path, redirected: str) -> None:
    ended = _shell(tmp_path, ["members"], redirected)
    assert _code(tmp_path) == 0
    assert "datagokr" in ended.stdout
    assert ended.stderr == ""
    assert _shell(tmp_path, ["members", "nobody"], redirected).stdout == ""
    assert _code(tmp_path) == 64


def test_all_of_them_closed(tmp_path: Path) -> None:
    _shell(tmp_path, ["members"], "<&- >&- 2>&-")
    assert _code(tmp_path) == 1


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_reader_that_left_is_told_nothing(tmp_path: Path, command: list[str]) -> None:
    script = """(sleep 0.2; "$@"; echo "exit code $?" >"$0") | true"""
    python = [sys.executable, "-m", "indexer", "--home", str(tmp_path / "home"), *command]
    ended = subprocess.run(
        ["sh", "-c", script, str(tmp_path / "code"), *python], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stderr == ""
    assert _code(tmp_path) == 1


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_full_disk_behind_stdout_is_told(tmp_path: Path, command: list[str]) -> None:
    ended = _shell(tmp_path, command, ">/dev/full")
    assert _code(tmp_path) != 0
    assert "No space left on device" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
