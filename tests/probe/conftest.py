"""What the tests of the probe share: a look at an address, and the command in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harvester import config
from harvester.probe import Look, look
from harvester.probe.http import Visitor
from indexer import cli

Command = Callable[..., tuple[int, list[dict[str, Any]], str, str]]
"""Runs a command: its exit code, JSON objects on stdout, stdout, stderr."""


@pytest.fixture
def probed() -> Callable[..., Look]:
    def run(url: str, **limits: Any) -> Look:
        limits.setdefault("allow_private", True)
        with closing(Visitor(**limits)) as visitor:
            return look(url, visitor, config.presets(config.default_config()))

    return run


def command(folder: Path, home: Path, *arguments: str, capfd: Any, monkeypatch: Any) -> Any:
    for name in ("DATAMOA_DATABASE_URL", "DATAMOA_INDEX_URL", "DATAMOA_HOME", "DATAMOA_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.argv", ["datamoa", "--home", str(home), "--config", str(folder), *arguments])
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capfd.readouterr()
    rows = [json.loads(line) for line in printed.out.splitlines()] if "--json" in arguments else []
    return ended.value.code, rows, printed.out, printed.err


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    def call(*arguments: str) -> Any:
        folder = config.default_config()
        return command(folder, tmp_path / "home", *arguments, capfd=capfd, monkeypatch=monkeypatch)

    return call
