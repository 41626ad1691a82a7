"""A configuration of one odd source, and of one CKAN, on portals of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harvester import config
from harvester.config import Settings
from harvester.members import HarvestSource
from tests.portals.board import Board

SPIDER = Path(__file__).parent / "board_spider.py.txt"

MEMBER = """\
name: {{ko: 한누리군}}
sector: local-government
sources:
  board:
    title: 한누리 데이터마당
    protocol: spider
    spider: board
    url: {url}/data/list.do
    allow_private: true
    language: ko
    evidence: assumed
    note: a portal of this machine
"""


@pytest.fixture
def board() -> Iterator[Board]:
    with Board() as portal:
        yield portal


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "config"
    (folder / "members").mkdir(parents=True)
    (folder / "spiders").mkdir()
    (folder / "spiders" / "board.py").write_bytes(SPIDER.read_bytes())
    return Settings(tmp_path / "home", folder, f"sqlite:///{tmp_path / 'untouched.sqlite'}", "embedded")


@pytest.fixture
def configured(settings: Settings) -> Callable[[str], HarvestSource]:
    """Write a member file with this text and give its first source."""

    def write(text: str) -> HarvestSource:
        file = settings.config / "members" / "hannuri.yml"
        file.write_text(text, encoding="utf-8")
        return config.member(file).sources[0]

    return write


@pytest.fixture
def source(configured: Callable[[str], HarvestSource], board: Board) -> HarvestSource:
    return configured(MEMBER.format(url=board.url))
