"""What is struck: every configured source, and one of each protocol that no member uses yet."""

from __future__ import annotations

from pathlib import Path

from harvester import config
from harvester.members import HarvestSource

_HERE = Path(__file__).parent
_FIXTURES = _HERE.parent / "fixtures"

CONFIGURED: dict[str, HarvestSource] = {
    source.name: source for member in config.members(config.default_config()) for source in member.sources
}
SOURCES = dict(CONFIGURED)


def folder(name: str) -> Path:
    """Folder of a source's fixture."""
    return _FIXTURES / name
