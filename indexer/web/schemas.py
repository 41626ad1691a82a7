"""What the endpoint's answers hold, for /openapi.json; docstrings and field notes become its descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from harvester.catalog.model import Counters, Dataset
from harvester.catalog.quality import Dimension


class FacetValue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value to filter by, how a Korean searcher reads it, and how many found datasets have it."""

    value: str
    label: str
    count: int


class Hit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A found dataset, as far as a list of results shows it; texts in Korean where there are any."""

    id: str
    title: str
    description: Annotated[str | None, Meta(description="cut after 1,000 characters")]
    publisher: str | None
    source: Annotated[str, Meta(description="harvest source, member.key")]
    landing_page: Annotated[str | None, Meta(description="http(s) address at the portal")]
    modified: Annotated[str | None, Meta(description="ISO 8601 with the precision the portal gave: 2024, 2024-03, …")]
    formats: list[str]
    license: str | None
    score: Annotated[float, Meta(description="0 where the order is not by relevance")]
    highlights: Annotated[
        dict[str, list[str]],
        Meta(
            description="property (title, description, publisher, keyword) → fragments in which something matched: "
            "HTML with <mark> around the matches, everything else escaped"
        ),
    ]


class SearchAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Found datasets, and facets with counts."""

    total: Annotated[int, Meta(description="exact, whatever page was asked for")]
    took_ms: int
    hits: list[Hit]
    facets: Annotated[
        dict[str, list[FacetValue]],
        Meta(description="field → values, most frequent first; every field can be filtered by"),
    ]
    cursor: Annotated[str | None, Meta(description="parameter `cursor` of the next page; null when nothing follows")]


class QualityReason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer to one question about the metadata: `points` of `most` were given."""

    dimension: Dimension
    code: str
    points: int
    most: int
    ko: str
    en: str


class QualityAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How good the metadata is, from 0 to 100, after the European MQA method."""

    score: int
    dimensions: dict[Dimension, int]
    reasons: list[QualityReason]


class DoorAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same dataset as another source lists it."""

    id: str
    source: Annotated[str, Meta(description="harvest source, member.key")]
    title: str
    landing_page: Annotated[str | None, Meta(description="http(s) address at the portal")]
    reason: Annotated[str, Meta(description="why the two are the same one")]


class DatasetAnswer(Dataset, frozen=True, kw_only=True, omit_defaults=True):
    """A dataset in DCAT 3, properties in snake case; absent properties are empty."""

    counters: Annotated[Counters, Meta(description="volatile: views, downloads")]
    first_harvested: datetime
    last_harvested: datetime
    last_changed: datetime
    quality: QualityAnswer
    also_at: list[DoorAnswer]


class SourceAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A harvest source: one portal of a member."""

    source: str
    title: str
    protocol: str
    url: str
    evidence: Annotated[
        Literal["recorded", "documented", "assumed"],
        Meta(description="how we know that this portal answers as we read it"),
    ]
    note: str
    enabled: bool
    schedule: Annotated[str | None, Meta(description="cron line")]
    last_verdict: Literal["complete", "partial", "held", "failed"] | None
    last_reason: str | None
    last_finished: datetime | None
    last_complete: datetime | None
    datasets: Annotated[int, Meta(description="live now")]


class MemberAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An institution whose data is harvested."""

    member: str
    name: Annotated[dict[str, str], Meta(description="by language tag")]
    sector: str
    homepage: str | None
    datasets: int
    sources: list[SourceAnswer]


class MembersAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every configured member."""

    members: list[MemberAnswer]


class HealthAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """State of the service."""

    status: Literal["ok", "degraded", "down"]
    engine: Annotated[str | None, Meta(description="embedded or elasticsearch")]
    ledger: Literal["reachable", "unreachable"]
    index_lag: Annotated[int | None, Meta(description="changes of the ledger that the index does not have yet")]
    last_seq: Annotated[int | None, Meta(description="the ledger's newest change")]
    checkpoint: Annotated[int | None, Meta(description="the newest change that the index has")]
    documents: Annotated[int | None, Meta(description="datasets that can be found")]
    reasons: Annotated[list[str], Meta(description="why it is not ok")]


class Error(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is wrong, which parameter, and what would be allowed."""

    message: str
    parameter: str | None = None
    allowed: list[str] = []


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every answer that is not what was asked for."""

    error: Error


_ANSWERS = (SearchAnswer, DatasetAnswer, MembersAnswer, HealthAnswer, Fault)


def components() -> Mapping[str, Any]:
    """Give the JSON Schemas of all answers, by name, as they stand under ``#/components/schemas``."""
    return msgspec.json.schema_components(_ANSWERS, ref_template="#/components/schemas/{name}")[1]


def answered(schema: type, description: str) -> dict[str, Any]:
    """Make an entry of an operation's ``responses``."""
    reference = {"$ref": f"#/components/schemas/{schema.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": reference}}}
