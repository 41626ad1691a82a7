"""The walk-throughs of the maintainers' guide are run as they stand there, against portals on loopback."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from harvester import config
from harvester.sample_portals import sample_ckan
from indexer import cli
from tests.portals.board import Board

GUIDE = Path(__file__).parent.parent / "docs" / "maintainers.md"
_BLOCK = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT_CODES = {"": 0, "held": 2, "fails": 1}


class Block(NamedTuple):
    kind: str
    info: str
    text: str


def _walks() -> dict[str, list[Block]]:
    guide = GUIDE.read_text(encoding="utf-8")
    start, end = guide.index("\n## Three walk-throughs\n"), guide.index("\n## Where to add what\n")
    _, *walks = guide[start:end].split("\n### ")
    return {walk.splitlines()[0]: [Block(*found) for found in _BLOCK.findall(walk)] for walk in walks}


class Desk:
    """A folder that an author works in, with the two portals; they follow each other through the guide."""

    def __init__(self, folder: Path, addresses: dict[str, str], board: Board) -> None:
        self.folder = folder
        self.board = board
        self._addresses = addresses

    def local(self, text: str) -> str:
        for before, after in self._addresses.items():
            text = text.replace(before, after)
        return text


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with sample_ckan() as ckan, Board() as board:
        addresses = {"http://127.0.0.1:8081": ckan.url, "http://127.0.0.1:8082": board.url}
        yield Desk(tmp_path_factory.mktemp("desk"), addresses, board)


def _run(line: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a line as a shell would; `datamoa` itself in this process, which spares it seconds of importing."""
    words = shlex.split(line)
    if words[0] == "export":
        monkeypatch.setenv(*words[1].split("=", 1))
        return 0
    if words[0] != "datamoa" or ">" in words:
        return subprocess.run(["sh", "-c", line], check=False).returncode
    config.members.cache_clear()  # files were edited since the last command
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def _plain(text: str) -> str:
    return re.sub(r"[ \t]+", " ", text)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("walk", _walks())
def test_every_step_of_a_walk_through_does_what_the_guide_says(
    walk: str, desk: Desk, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATAMOA_DATABASE_URL", "DATAMOA_INDEX_URL", "DATAMOA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATAMOA_CONFIG", "my")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    monkeypatch.chdir(desk.folder)
    said = ""
    for kind, info, text in _walks()[walk]:
        if kind == "sh":
            changes = [word for word in info.split() if word in {"renamed", "renewed"}]
            if "renamed" in changes:
                desk.board.renamed = True
            if "renewed" in changes:
                desk.board.renewed, desk.board.data_sets = True, desk.board.data_sets[::2]
            capfd.readouterr()
            codes = [_run(desk.local(line), desk, monkeypatch) for line in text.splitlines()]
            printed = capfd.readouterr()
            said = printed.out + printed.err
            ends = " ".join(word for word in info.split() if word not in changes)
            assert codes[-1] == _EXIT_CODES[ends], f"{text}\n{said}"
            assert not any(codes[:-1]), f"{text}\n{said}"
            assert "Traceback" not in said
        elif kind == "text":
            for line in text.splitlines():
                assert _plain(desk.local(line)).strip() in _plain(said), f"{line}\nis not in\n{said}"
        else:
            file = desk.folder / info
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(desk.local(text), encoding="utf-8")


def test_the_spiders_of_the_guide_and_of_the_template_are_short() -> None:
    spiders = [block.text for blocks in _walks().values() for block in blocks if block.kind == "python"]
    template = Path(__file__).parent.parent / "harvester" / "kit" / "templates" / "spider.py.txt"
    for text in (*spiders, template.read_text(encoding="utf-8")):
        assert sum(1 for line in text.splitlines() if line.strip()) < 40
