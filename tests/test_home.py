"""A home that cannot be written: each command says so in a sentence, and those that need none go on."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1


def _obey_modes() -> None:
    """Root writes whatever a file's mode says; without this capability it does not. Others never had it."""
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)


def python(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: said for name, said in os.environ.items() if not name.startswith("DATAMOA_")}
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment | {"DATAMOA_HOME": str(home)},
        preexec_fn=_obey_modes,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "command",
    [("members",), ("schedule",), ("search", "x"), ("harvest", "kepco"), ("worker",), ("serve", "--port", "0")],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_home_that_cannot_be_written_is_told_in_a_sentence(
    tmp_path: Path, command: tuple[str, ...], is_new: bool
) -> None:
    if not is_new:
        assert python(tmp_path, "-m", "indexer", "index").returncode == 0
        (tmp_path / "ledger.sqlite").chmod(0o444)
    tmp_path.chmod(0o555)
    ended = python(tmp_path, "-m", "indexer", *command)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith(f"datamoa: {tmp_path}: this folder cannot be written, ")
    assert "--home" in ended.stderr


_OWN_LEDGER = """
from harvester import config
from harvester.kit.crawls import own_ledger
with own_ledger(config.settings()) as here:
    print(here.home)
"""


@pytest.mark.parametrize("mode", [0o755, 0o555])
def test_a_trial_keeps_no_downloads_in_a_home_that_cannot_be_written(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    ended = python(tmp_path, "-c", _OWN_LEDGER)
    assert ended.returncode == 0, ended.stderr
    assert (ended.stdout.strip() == str(tmp_path)) is (mode == 0o755)
