"""What is struck: every configured source, and one of each protocol, or way of listing, that no member uses yet."""

from __future__ import annotations

from pathlib import Path

from harvester import config
from harvester.kit import making
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


_COLUMNS = {
    "title": "목록명",
    "description": "설명",
    "publisher": "제공기관",
    "license": "이용허락범위",
    "modified": "수정일",
    "landing_page": "목록 URL",
}

OTHERS = {
    source.name: source
    for source in (
        _other("ckan", "ckan", "https://ckan.example", rows=3),
        _other("csv", "table", "https://table.example", path="/catalogue.csv", identifier="목록키", columns=_COLUMNS),
        _other("data-json", "dcat", "https://feed.example/data.json", format="data_json"),
        _other("dcat", "dcat", "https://dcat.example/catalog.ttl"),
        _other(
            "list",
            "json_api",
            "https://list.example",
            path="/list.json",
            records="list",
            identifier="number",
            fields={"title": "title", "modified": "date", "license": "licence"},
        ),
        _other("oai", "oai_pmh", "https://oai.example/oai"),
        _other(
            "odcloud",
            "datagokr",
            "https://www.data.go.kr",
            listing="odcloud",
            organisations=("한빛전력공사",),
            page_rows=3,
            api_key="${DATA_GO_KR_KEY}",
        ),
        _other("spider", "spider", "https://board.example/data/list", spider="other_spider"),
        _other("xlsx", "table", "https://table.example", path="/list.xlsx", identifier="목록키", columns=_COLUMNS),
    )
}
SOURCES = {**CONFIGURED, **OTHERS}


WITH_DETAILS = [
    source.name
    for source in SOURCES.values()
    if source.protocol == "spider"
    or getattr(source.options, "detail", None)
    or getattr(source.options, "details", None)
]
INCREMENTAL = [source.name for source in SOURCES.values() if source.options.incremental]


def folder(name: str) -> Path:
    """Folder of a source's fixture."""
    return (_FIXTURES if name in CONFIGURED else _HERE / "fixtures") / name


def with_spider(folder: Path) -> tuple[Path, Path]:
    """Make what `datamoa new` gives to an author: a configuration folder with a spider, and the folder of fixtures."""
    configuration, fixtures = folder / "config", folder / "fixtures"
    (configuration / "members").mkdir(parents=True)
    source = OTHERS["other.spider"]
    making.make(config.settings(folder, configuration), source.name, source.url, fixtures)
    return configuration, fixtures
