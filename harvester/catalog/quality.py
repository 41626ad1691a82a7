"""How good a dataset's metadata is, from 0 to 100 with the reasons, after the European MQA method.

Source: https://data.europa.eu/mqa/methodology. Its points are kept, but nobody asks here whether an address answers:
one that is there gets the points of an access address that answers, and the question whether a download answers is left
out of the sum and of the most that can be reached. Computed when shown, never stored: a better rule needs no harvest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from harvester.catalog.model import Concept, Dataset

Dimension: TypeAlias = Literal["findability", "accessibility", "interoperability", "reusability", "contextuality"]
"""찾기, 접근, 상호운용, 재사용, 맥락."""

_MACHINE_READABLE = frozenset(
    (
        "API", "ATOM", "AVRO", "CSV", "DBF", "ESRI-REST", "GEOJSON", "GEOPARQUET", "GML", "GPKG", "GPX", "GTFS",
        "GTFS-RT", "HDF", "ICS", "JSON", "JSON-LD", "JSONL", "KML", "KMZ", "MDB", "N-TRIPLES", "N3", "NETCDF", "NETEX",
        "ODS", "PARQUET", "ARROW", "PC-AXIS", "RDF", "RSS", "SDMX", "SHP", "SPARQL", "SQL", "SQLITE", "TOPOJSON", "TSV",
        "TURTLE", "WCS", "WFS", "WMS", "WMTS", "XLS", "XLSB", "XLSX", "XML", "YAML",
    )
)  # fmt: skip
_PROPRIETARY = frozenset(
    (
        "AI", "AVI", "DGN", "DOC", "DWG", "ECW", "ESRI-REST", "EXE", "GDB", "HWP", "IMG", "MDB", "PPT", "RAR", "SAS",
        "SAV", "STATA", "WMV", "XLS", "XLSB",
    )
)  # fmt: skip


class Criterion(NamedTuple):
    """One question about the metadata: how much a yes is worth and, in Korean and English, what is asked for."""

    dimension: Dimension
    code: str
    points: int
    ko: str
    en: str
    met: Callable[[Dataset], bool]


class Reason(NamedTuple):
    """The answer to one question; `points` of `most` were given."""

    dimension: Dimension
    code: str
    points: int
    most: int
    ko: str
    en: str


class Quality(NamedTuple):
    """Score from 0 to 100, of the whole and of every dimension, and the answer to every question."""

    score: int
    dimensions: dict[Dimension, int]
    reasons: tuple[Reason, ...]


def quality(dataset: Dataset) -> Quality:
    """Judge the metadata of a normalised dataset. Pure: the same dataset has the same score everywhere."""
    reasons = tuple(
        Reason(one.dimension, one.code, one.points if one.met(dataset) else 0, one.points, one.ko, one.en)
        for one in CRITERIA
    )
    names: tuple[Dimension, ...] = tuple(dict.fromkeys(one.dimension for one in CRITERIA))
    return Quality(
        score=_share(reasons),
        dimensions={name: _share(tuple(one for one in reasons if one.dimension == name)) for name in names},
        reasons=reasons,
    )


def score(dataset: Dataset) -> int:
    """Give the score alone, as `quality` has it: for judging many datasets."""
    return round(100 * sum(one.points for one in CRITERIA if one.met(dataset)) / _MOST)


def _share(reasons: tuple[Reason, ...]) -> int:
    return round(100 * sum(one.points for one in reasons) / sum(one.most for one in reasons))


def _codes(dataset: Dataset) -> frozenset[str]:
    return frozenset(one.format.code for one in dataset.distribution if one.format and one.format.code)


def _licences(dataset: Dataset) -> tuple[Concept, ...]:
    stated = (dataset.license, *(one.license for one in dataset.distribution))
    return tuple(one for one in stated if one is not None)


CRITERIA: tuple[Criterion, ...] = (
    Criterion("findability", "keyword", 30, "키워드가 있다", "has keywords", lambda one: any(one.keyword.values())),
    Criterion("findability", "theme", 30, "분류가 있다", "has a theme", lambda one: bool(one.theme)),
    Criterion("findability", "spatial", 20, "공간 범위가 있다", "says which place it is about",
        lambda one: bool(one.spatial)),
    Criterion("findability", "temporal", 20, "시간 범위가 있다", "says which time it is about",
        lambda one: bool(one.temporal)),
    Criterion(
        "accessibility", "access_url", 50, "데이터에 이르는 주소가 있다", "has an address of the data",
        lambda one: any(d.access_url or d.download_url for d in one.distribution),
    ),
    Criterion(
        "accessibility", "download_url", 20, "바로 내려받는 주소가 있다", "has an address to download from",
        lambda one: any(d.download_url for d in one.distribution),
    ),
    Criterion(
        "interoperability", "format", 20, "형식을 밝혔다", "names a format",
        lambda one: any(d.format for d in one.distribution),
    ),
    Criterion(
        "interoperability", "media_type", 10, "미디어 유형이 있다", "has a media type",
        lambda one: any(d.media_type for d in one.distribution),
    ),
    Criterion(
        "interoperability", "known_format", 10, "표준 목록에 있는 형식이다", "the format is in the vocabulary",
        lambda one: bool(_codes(one)),
    ),
    Criterion(
        "interoperability", "open_format", 20, "특정 제품에 매이지 않는 형식이다", "a format that is no vendor's",
        lambda one: bool(_codes(one) - _PROPRIETARY),
    ),
    Criterion(
        "interoperability", "machine_readable", 20, "기계가 읽을 수 있는 형식이다", "a format that machines can read",
        lambda one: bool(_codes(one) & _MACHINE_READABLE),
    ),
    Criterion(
        "interoperability", "dcat_ap", 30, "DCAT-AP 필수 항목이 있다", "has what DCAT-AP makes mandatory",
        lambda one: bool(
            one.title and one.description and all(d.access_url or d.download_url for d in one.distribution)
        ),
    ),
    Criterion("reusability", "license", 20, "이용허락범위를 밝혔다", "names a licence",
        lambda one: bool(_licences(one))),
    Criterion(
        "reusability", "known_license", 10, "표준 목록에 있는 이용허락이다", "the licence is in the vocabulary",
        lambda one: any(licence.code for licence in _licences(one)),
    ),
    Criterion(
        "reusability", "access_rights", 10, "공개 여부를 밝혔다", "says who may have access",
        lambda one: one.access_rights is not None,
    ),
    Criterion(
        "reusability", "known_access_rights", 5, "공개 여부가 표준 값이다", "the access right is in the vocabulary",
        lambda one: one.access_rights is not None and one.access_rights.code is not None,
    ),
    Criterion(
        "reusability", "contact_point", 20, "문의처가 있다", "says whom to ask", lambda one: bool(one.contact_point)
    ),
    Criterion(
        "reusability", "publisher", 10, "제공기관이 있다", "names its publisher", lambda one: one.publisher is not None
    ),
    Criterion("contextuality", "rights", 5, "권리 사항이 있다", "states rights", lambda one: bool(one.rights)),
    Criterion(
        "contextuality", "byte_size", 5, "파일 크기를 밝혔다", "gives the size of a file",
        lambda one: any(d.byte_size for d in one.distribution),
    ),
    Criterion("contextuality", "issued", 5, "등록일이 있다", "says when it was issued",
        lambda one: one.issued is not None),
    Criterion("contextuality", "modified", 5, "수정일이 있다", "says when it was modified",
        lambda one: one.modified is not None),
)  # fmt: skip
"""Every question, in the order of the MQA's tables."""

_MOST = sum(one.points for one in CRITERIA)
