"""What is struck: every configured source, and one of each protocol that no member uses yet."""

from __future__ import annotations

from pathlib import Path

from harvester import config
from harvester.members import HarvestSource
from harvester.options import OPTIONS

_HERE = Path(__file__).parent
_FIXTURES = _HERE.parent / "fixtures"

CONFIGURED: dict[str, HarvestSource] = {
    source.name: source for member in config.members(config.default_config()) for source in member.sources
}


def _other(protocol: str, url: str, **options: object) -> HarvestSource:
    return HarvestSource(
        member="other",
        key=protocol,
        title=protocol,
        protocol=protocol,
        url=url,
        options=OPTIONS[protocol](**options),
        evidence="assumed",
    )


OTHERS = {
    "other.ckan": _other("ckan", "https://ckan.example", rows=3),
    "other.dcat": _other("dcat", "https://dcat.example/catalog.ttl"),
}
SOURCES = {**CONFIGURED, **OTHERS}


def folder(name: str) -> Path:
    """Folder of a source's fixture."""
    return (_FIXTURES if name in CONFIGURED else _HERE / "fixtures") / name
