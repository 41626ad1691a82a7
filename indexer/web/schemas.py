"""What the endpoint's answers hold, for /openapi.json; docstrings and field notes become its descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from harvester.catalog.model import Counters, Dataset
from harvester.catalog.quality import Dimension
from indexer.meaning import Why


class FacetValue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value to filter by, how a Korean searcher reads it, and how many found datasets have it."""

    value: str
    label: str
    count: int


WHY: TypeAlias = Annotated[
    Why,
    Meta(
        description="typed: as it was typed; synonym; agency: another name of one; format; identifier; keyboard: typed "
        "with the keyboard in the other language; spelling: a slip; initials: initial consonants; completion: begun"
    ),
]


class FoldedAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a folded line stands for."""

    count: Annotated[int, Meta(description="found datasets of the series, this one too")]
    series: Annotated[str, Meta(description="value of the filter `series`")]
    query: Annotated[str, Meta(description="parameters of /api/search for all of them")]


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
    partial: Annotated[bool, Meta(description="it has only some of the words")]
    missing: Annotated[list[str], Meta(description="the words that a partial one does not have")]
    matches: Annotated[list[MatchAnswer], Meta(description="with `explain=true` only")] | UnsetType = UNSET
    folded: Annotated[FoldedAnswer, Meta(description="with `fold=true` only")] | UnsetType = UNSET


class MatchAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A typed word in a field of a dataset, and why the dataset's own words are taken for it."""

    field: str
    typed: str
    matched: Annotated[str, Meta(description="as the dataset writes it")]
    why: WHY
    weight: Annotated[float, Meta(description="worth of the field and of this form of the word in ranking")]


class WordAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was made of a typed word."""

    typed: str
    required: Annotated[bool, Meta(description="false: it says little (데이터, 현황) and only orders what others find")]
    also: Annotated[list[AlsoAnswer], Meta(description="what else was looked for in its place")]


class AlsoAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another form of a typed word, and why it is one."""

    text: str
    why: WHY


class CorrectionAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A typed word and what was looked for in its place."""

    typed: str
    texts: list[str]
    why: WHY
    also: Annotated[bool, Meta(description="true: the typed word was found, too, and comes first")]


class OtherAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another text, and how many datasets have all its words."""

    text: str
    total: int


class WithoutAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A word to drop, the text without it, and how many datasets have all words of that."""

    word: str
    text: str
    total: int


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
    all_words: Annotated[int, Meta(description="so many of `total` have all words; the others follow them, `partial`")]
    cut: Annotated[bool, Meta(description="the text was long: only its weightiest words were looked for, see `words`")]
    words: Annotated[list[WordAnswer], Meta(description="what was made of the text")]
    corrected: Annotated[list[CorrectionAnswer], Meta(description="slips that were mended; `exact=true` undoes it")]
    did_you_mean: Annotated[
        OtherAnswer | None, Meta(description="a spelling that many more datasets have; it was not looked for")
    ]
    without: Annotated[
        list[WithoutAnswer], Meta(description="where none has all words: the words without which there are some")
    ]


class SuggestionAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One suggestion."""

    text: Annotated[str, Meta(description="what to search for; of an agency its name, a value of `organization`")]
    kind: Literal["word", "agency", "title"]
    count: Annotated[
        int,
        Meta(
            description="datasets under the filters: with the text in title or keywords, of the agency, with the title"
        ),
    ]
    why: Annotated[str | None, Meta(description="how it was found, if it does not begin as typed; see `also`")] = None
    id: Annotated[str | None, Meta(description="the dataset, where only one has this title")] = None
    rest: Annotated[str | None, Meta(description="of an agency: what was typed before its name, left as `q`")] = None


class SuggestAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the text may become."""

    suggestions: list[SuggestionAnswer]


class FacetAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values of one field."""

    field: str
    total: Annotated[int, Meta(description="values that there are, whatever page was asked for")]
    values: list[FacetValue]
    cursor: Annotated[str | None, Meta(description="parameter `cursor` of the next page; null when nothing follows")]


class SimilarAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Datasets like one."""

    similar: list[Hit]


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


_ANSWERS = (SearchAnswer, SuggestAnswer, FacetAnswer, SimilarAnswer, DatasetAnswer, MembersAnswer, HealthAnswer, Fault)


def components() -> Mapping[str, Any]:
    """Give the JSON Schemas of all answers, by name, as they stand under ``#/components/schemas``."""
    return msgspec.json.schema_components(_ANSWERS, ref_template="#/components/schemas/{name}")[1]


def answered(schema: type, description: str) -> dict[str, Any]:
    """Make an entry of an operation's ``responses``."""
    reference = {"$ref": f"#/components/schemas/{schema.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": reference}}}
