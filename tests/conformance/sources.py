"""What is struck: every configured source, and one of each protocol, or way of listing, that no member uses yet."""

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


def _other(key: str, protocol: str, url: str, **options: object) -> HarvestSource:
    return HarvestSource(
        member="other",
        key=key,
        title=key,
        protocol=protocol,
        url=url,
        options=OPTIONS[protocol](**options),
        evidence="assumed",
    )


OTHERS = {
    source.name: source
    for source in (
        _other("ckan", "ckan", "https://ckan.example", rows=3),
        _other("dcat", "dcat", "https://dcat.example/catalog.ttl"),
        _other(
            "odcloud",
            "datagokr",
            "https://www.data.go.kr",
            listing="odcloud",
            organisations=("한빛전력공사",),
            page_rows=3,
            api_key="${DATA_GO_KR_KEY}",
        ),
    )
}
SOURCES = {**CONFIGURED, **OTHERS}


def folder(name: str) -> Path:
    """Folder of a source's fixture."""
    return (_FIXTURES if name in CONFIGURED else _HERE / "fixtures") / name
