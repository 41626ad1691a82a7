"""What a dataset is: DCAT 3 in snake case, and what a portal's answer is before it becomes one.

Every class is frozen. Dates are strings in ISO 8601 with the precision that the source gave: ``2024``, ``2024-03``,
``2024-03-05`` or ``2024-03-05T09:00:00+09:00`` (a time without zone is kept without one).
Source: DCAT 3 (https://www.w3.org/TR/vocab-dcat-3/), DCAT-AP-KR for legal basis and fee.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

import msgspec

LangText: TypeAlias = Mapping[str, str]
"""Text by BCP 47 language tag; ``und`` where the source names no language and none can be told."""

LangKeywords: TypeAlias = Mapping[str, tuple[str, ...]]
"""Keywords by language tag, in the source's order, without repetition."""

Counters: TypeAlias = Mapping[str, int]
"""Volatile counts beside a dataset, never part of its hash: ``views``, ``downloads`` …"""


class Concept(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A value that a vocabulary may know: licence, frequency, format, theme, type.

    `source` is what the portal wrote. `code` and `uri` are filled in by normalising when the vocabulary knows it;
    a concept without `code` is unknown, stays visible, and is counted.
    `scheme` tells vocabularies apart where a property takes several (themes: ``eu`` data-theme, ``datagokr`` 16
    categories, ``brm`` tree).
    """

    source: str
    code: str | None = None
    uri: str | None = None
    scheme: str | None = None


class Agent(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An organisation or person (foaf:Agent). `source_name` keeps the name as given when an alias table replaced it."""

    name: LangText
    source_name: str | None = None
    identifier: str | None = None
    homepage: str | None = None
    email: str | None = None


class ContactPoint(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Whom to ask (vcard:Kind): `name` is a department or person."""

    name: LangText = {}
    email: str | None = None
    telephone: str | None = None
    url: str | None = None


class PeriodOfTime(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A period (dcterms:PeriodOfTime); an open end is None; `label` is the source text where there was one."""

    start: str | None = None
    end: str | None = None
    label: str | None = None


class Location(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A place (dcterms:Location); `bbox` is west, south, east, north in degrees (WGS 84)."""

    label: LangText = {}
    uri: str | None = None
    bbox: tuple[float, float, float, float] | None = None
    geometry: str | None = None


class DataService(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An API that gives access to the data (dcat:DataService)."""

    title: LangText = {}
    endpoint_url: str | None = None
    endpoint_description: str | None = None
    conforms_to: tuple[str, ...] = ()


class Distribution(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One form in which a dataset can be had (dcat:Distribution). `byte_size` in bytes."""

    identifier: str | None = None
    title: LangText = {}
    description: LangText = {}
    access_url: str | None = None
    download_url: str | None = None
    format: Concept | None = None
    media_type: str | None = None
    byte_size: int | None = None
    checksum: str | None = None
    issued: str | None = None
    modified: str | None = None
    license: Concept | None = None
    rights: LangText = {}
    conforms_to: tuple[str, ...] = ()
    access_service: DataService | None = None


class Dataset(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One entry of the catalogue (dcat:Dataset, or a dcat:DataService listed like one: then `type` says so).

    `id` is made from (`source`, `identifier`) by `harvester.catalog.identifiers` and never changes.
    `additional` holds what the source says that has no DCAT property, under the source's own field names.
    """

    id: str
    source: str
    identifier: str
    title: LangText = {}
    description: LangText = {}
    keyword: LangKeywords = {}
    theme: tuple[Concept, ...] = ()
    type: Concept | None = None
    publisher: Agent | None = None
    creator: tuple[Agent, ...] = ()
    contact_point: tuple[ContactPoint, ...] = ()
    landing_page: str | None = None
    page: tuple[str, ...] = ()
    issued: str | None = None
    modified: str | None = None
    accrual_periodicity: Concept | None = None
    temporal: tuple[PeriodOfTime, ...] = ()
    spatial: tuple[Location, ...] = ()
    language: tuple[str, ...] = ()
    license: Concept | None = None
    rights: LangText = {}
    access_rights: Concept | None = None
    conforms_to: tuple[str, ...] = ()
    version: str | None = None
    provenance: LangText = {}
    legal_basis: str | None = None
    fee: str | None = None
    is_part_of: tuple[str, ...] = ()
    other_identifier: tuple[str, ...] = ()
    distribution: tuple[Distribution, ...] = ()
    additional: Mapping[str, str] = {}


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """What a mapping may know of the harvest source that a record came from (dcat:Catalog). Pure data, no options.

    `publisher` is used where a portal carries one institution's data and its records name no publisher.
    `language` is the tag for text whose language the portal does not name (``ko``, ``en`` …).
    `rules` are those of declarative mappings: metadata format → property → expressions, of which the first that finds
    something counts (`harvester.mapping.declared`).
    """

    source: str
    url: str
    language: str = "und"
    publisher: LangText = {}
    rules: Mapping[str, Mapping[str, tuple[str, ...]]] = {}


JoinKind: TypeAlias = Literal["landing_page", "download_url", "doi", "publisher_and_title"]
"""Why two datasets of different sources are the same one."""


Severity: TypeAlias = Literal["error", "warning", "info"]


class Issue(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was wrong with a record. An ``error`` rejects it; ``warning`` and ``info`` travel with its dataset.

    `code` is a short word for counting (``unknown-license``), `field` a property or payload field,
    `value` the offending value cut to 200 characters.
    """

    severity: Severity
    code: str
    message: str
    field: str | None = None
    value: str | None = None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One answer about a record: `name` is its role (``listing``, ``schema_org``, ``rdf``), `format` how to read it."""

    name: str
    format: str
    payload: bytes


class HarvestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as the portal gave it.

    `parts[0]` is the listing's own. A record that wants more parts names them in `wanted` (part name → address of the
    answer) and gives a `revision`: when a later listing shows another revision, its details are fetched again.
    `deleted`: the portal itself says that the record is gone (then `parts` may be empty).
    """

    identifier: str
    parts: tuple[Part, ...] = ()
    deleted: bool = False
    wanted: Mapping[str, str] = {}
    revision: str | None = None


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a listing that has no usable identifier: kept with its issue so that nothing vanishes."""

    payload: bytes
    format: str
    issue: Issue


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that the listing named but whose metadata could not be had: counted as failed, its last data stay."""

    identifier: str
    issue: Issue


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What one step of a listing gave.

    `after` is the cursor that this page follows (None: the beginning), `cursor` the one to go on from: both JSON
    values, opaque to the ledger, compared for equality. `end`: the protocol says that nothing follows.
    `declared_total` is the number of records that the portal says the listing has, None where it says nothing;
    it speaks of what this source selects only if the portal applies the selection itself. `anew`: the listing begins
    again with this page, because what the cursor `after` stood in is no longer there. `passed` counts the entries that
    the portal listed and the source does not select, from the beginning of the listing to this page.
    """

    records: tuple[HarvestRecord, ...]
    after: str | None
    cursor: str | None
    end: bool = False
    declared_total: int | None = None
    rejected: tuple[Rejected, ...] = ()
    lost: tuple[Lost, ...] = ()
    anew: bool = False
    passed: int = 0

    @property
    def listed(self) -> int:
        """How many entries of the listing the page holds."""
        return len(self.records) + len(self.rejected) + len(self.lost)


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """What a mapping makes of one part: a dataset with source values, its volatile counters, and issues.

    `unread` are the payload's fields that the mapping does not read (top-level names). `places` says by
    which of a member file's expressions each property was found (`harvester.catalog.coverage.found_at`).
    """

    dataset: Dataset
    counters: Counters = {}
    issues: tuple[Issue, ...] = ()
    unread: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


class JoinKey(NamedTuple):
    """What two entries of the same dataset have in common: of which kind it is, and in a form that can be compared."""

    kind: JoinKind
    text: str


class Processed(msgspec.Struct, frozen=True, kw_only=True):
    """A record after mapping, normalising and validating.

    `content` is the encoded dataset (`harvester.catalog.codec`) and `content_hash` its hash, both None when the record
    is rejected: then `issues` holds at least one error. `counters` are volatile and not part of the hash.
    `unread` are payload fields that no mapping reads. `found` and `covered` say which properties the mappings found and
    which the normalised dataset has, rejected or not, `traits` what else there is to be counted about the record
    (`harvester.catalog.coverage`); `joins` is by what other sources' datasets are recognised as the same one
    (`harvester.catalog.joins`).
    """

    dataset_id: str
    content: bytes | None
    content_hash: bytes | None
    landing_page: str | None = None
    counters: Counters = {}
    issues: tuple[Issue, ...] = ()
    unread: tuple[str, ...] = ()
    found: int = 0
    covered: int = 0
    traits: tuple[str, ...] = ()
    joins: tuple[JoinKey, ...] = ()
