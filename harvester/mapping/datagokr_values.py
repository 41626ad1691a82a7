"""What the three metadata formats of data.go.kr (CSV, JSON, RDF) share: empty marks, categories, formats, types."""

from __future__ import annotations

import re
from functools import lru_cache

from harvester.catalog.model import Concept, DataService, Distribution

CATEGORIES = frozenset(
    (
        "공공행정", "과학기술", "교육", "교통물류", "국토관리", "농축수산", "문화관광", "법률", "보건의료", "사회복지",
        "산업고용", "식품건강", "재난안전", "재정금융", "통일외교안보", "환경기상",
    )
)  # fmt: skip
"""The sixteen categories that data.go.kr files its records under."""

EMPTY = frozenset(("", "-", "--", "null", "NULL", "None", "없음", "해당없음", "해당 없음"))
"""What data.go.kr writes where there is nothing to say."""

_FORMATS = re.compile(r"\s*[+,/;|]\s*")
_TYPES = {"fileData": "FILE", "openapi": "API", "standard": "STD", "linkedData": "LINKED", "linked": "LINKED"}
_ADDRESS = re.compile(r"/(fileData|openapi|standard|linkedData|linked)\.(?:do|json)\b")


@lru_cache(maxsize=1024)
def themes(stated: str) -> tuple[Concept, ...]:
    """Read a category: one of the sixteen, or ``upper - lower`` of the government's function tree (BRM).

    Since 2025 the catalogue files rows under ``one of the sixteen - lower``: that is both.
    """
    upper, dash, _ = stated.partition(" - ")
    if not dash:
        return (Concept(source=stated, scheme="datagokr"),)
    found = (Concept(source=stated, scheme="brm"),)
    return (Concept(source=upper.strip(), scheme="datagokr"), *found) if upper.strip() in CATEGORIES else found


@lru_cache(maxsize=1024)
def formats(stated: str | None) -> tuple[Concept | None, ...]:
    """Split ``JSON+XML`` or ``XLS, HWP``; one None where no format is stated."""
    found = tuple(Concept(source=one) for one in dict.fromkeys(_FORMATS.split(stated.strip())) if one) if stated else ()
    return found or (None,)


def type_of(url: str | None) -> str | None:
    """Tell the type of a record (FILE, API, STD, LINKED) from the address of its page."""
    found = _ADDRESS.search(url) if url else None
    return _TYPES[found[1]] if found else None


def distributions(
    kind: str | None,
    format: str | None,
    *,
    page: str | None,
    title: dict[str, str],
    download_url: str | None = None,
    endpoint_url: str | None = None,
    identifier: str | None = None,
) -> tuple[Distribution, ...]:
    """Make a distribution per stated format; an API's gives access through a service."""
    if not (format or download_url or endpoint_url or page):
        return ()
    service = DataService(title=title, endpoint_url=endpoint_url) if kind == "API" or endpoint_url else None
    return tuple(
        [
            Distribution(
                identifier=identifier,
                title=title,
                access_url=page or endpoint_url,
                download_url=download_url,
                format=one,
                access_service=service,
            )
            for one in formats(format)
        ]
    )
