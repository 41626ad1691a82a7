"""What the page of one dataset shows, in its order. Pure: from a stored dataset to plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from harvester.catalog import codec
from harvester.catalog.model import Concept, Dataset, Distribution, LangText, PeriodOfTime
from harvester.catalog.quality import Dimension, Reason, quality
from harvester.catalog.urls import is_web_address
from harvester.catalog.vocabularies import Vocabularies
from harvester.ledger import Door, StoredDataset
from indexer.answer import Found
from indexer.languages import Said, in_reading_order, said
from indexer.web.display import size

_COUNTERS = {"views": "조회수", "downloads": "내려받은 횟수"}
_DIMENSIONS: dict[Dimension, str] = {
    "findability": "찾기",
    "accessibility": "접근",
    "interoperability": "상호운용",
    "reusability": "재사용",
    "contextuality": "맥락",
}


@dataclass(frozen=True, slots=True)
class NamedConcept:
    """A value of a vocabulary as it is read; `known` is False where no vocabulary has it."""

    label: str
    uri: str | None
    known: bool


@dataclass(frozen=True, slots=True)
class File:
    """One distribution."""

    title: Said
    description: Said | None
    format: str | None
    size: str | None
    modified: str | None
    license: NamedConcept | None
    download_url: str | None
    access_url: str | None
    endpoint_url: str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One further row of the table: a label, a text, and where it leads."""

    label: str
    text: str
    language: str = "ko"
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """A keyword and the search for it."""

    text: str
    language: str
    url: str


_REASONS = {
    "landing_page": "원래 주소가 같음",
    "download_url": "파일 주소가 같음",
    "doi": "DOI가 같음",
    "publisher_and_title": "제공기관과 제목이 같음",
}


@dataclass(frozen=True, slots=True)
class OtherDoor:
    """The same dataset as another source lists it."""

    id: str
    title: Said
    source_label: str
    reason: str
    landing_page: str | None


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """Everything that ``dataset.html`` shows."""

    id: str
    identifier: str
    title: Said
    other_titles: list[Said]
    descriptions: list[Said]
    publisher: Said | None
    source_label: str
    source_url: str
    landing_page: str | None
    also_at: list[OtherDoor]
    files: list[File]
    license: NamedConcept | None
    rights: list[Said]
    themes: list[NamedConcept]
    keywords: list[Word]
    frequency: NamedConcept | None
    issued: str | None
    modified: str | None
    facts: list[Fact]
    first_seen: datetime
    last_seen: datetime
    changed: datetime
    counters: list[tuple[str, int]]
    score: int
    dimensions: list[tuple[str, int, list[Reason]]]
    similar: Sequence[Found]


def dataset_page(
    stored: StoredDataset,
    doors: Sequence[tuple[Door, StoredDataset, Dataset]],
    vocabularies: Vocabularies,
    label: Callable[[str, str], str],
    similar: Sequence[Found] = (),
) -> DatasetPage:
    """Lay out a stored dataset, and the same one's entries in other sources (`doors`).

    `label` gives what is read for a field's value (`indexer.answer.Searcher.label`).
    """
    dataset = codec.decode(stored.content)
    judged = quality(dataset)
    titles = in_reading_order(dataset.title) or [Said(dataset.identifier, "und")]

    def named(concept: Concept | None, scheme: str) -> NamedConcept | None:
        if concept is None or not (concept.code or concept.source):
            return None
        label = vocabularies.label(concept.code, concept.scheme or scheme) if concept.code else concept.source
        return NamedConcept(label, _link(concept.uri), concept.code is not None)

    return DatasetPage(
        id=stored.id,
        identifier=dataset.identifier,
        title=titles[0],
        other_titles=titles[1:],
        descriptions=in_reading_order(dataset.description),
        publisher=said(dataset.publisher.name) if dataset.publisher else None,
        source_label=label("source", dataset.source),
        source_url="/?" + urlencode({"source": dataset.source}),
        landing_page=_link(dataset.landing_page),
        also_at=[
            OtherDoor(
                id=door.id,
                title=said(other.title) or Said(other.identifier, "und"),
                source_label=label("source", door.source),
                reason=_REASONS.get(door.kind, door.reason),
                landing_page=_link(other.landing_page),
            )
            for door, _, other in doors
        ],
        files=[_file(each, dataset, vocabularies, named) for each in dataset.distribution],
        license=named(dataset.license, "license"),
        rights=in_reading_order(dataset.rights),
        themes=_distinct(named(each, "theme") for each in dataset.theme),
        keywords=[
            Word(word, language, "/?" + urlencode({"q": f'"{word}"' if " " in word else word}))
            for language, words in sorted(dataset.keyword.items(), key=lambda each: each[0] != "ko")
            for word in words
        ],
        frequency=named(dataset.accrual_periodicity, "frequency"),
        issued=dataset.issued,
        modified=dataset.modified,
        facts=list(_facts(dataset, vocabularies, named)),
        first_seen=stored.first_seen,
        last_seen=stored.last_seen,
        changed=stored.changed,
        counters=[(_COUNTERS.get(name, name), count) for name, count in sorted(stored.counters.items(), reverse=True)],
        score=judged.score,
        dimensions=[
            (_DIMENSIONS[name], score, [reason for reason in judged.reasons if reason.dimension == name])
            for name, score in judged.dimensions.items()
        ],
        similar=similar,
    )


def _link(url: str | None) -> str | None:
    return url if url and is_web_address(url) else None


def _distinct(concepts: Iterator[NamedConcept | None]) -> list[NamedConcept]:
    found: dict[str, NamedConcept] = {}
    for concept in concepts:
        if concept:
            found.setdefault(concept.label, concept)
    return list(found.values())


def _file(
    each: Distribution,
    dataset: Dataset,
    vocabularies: Vocabularies,
    named: Callable[[Concept | None, str], NamedConcept | None],
) -> File:
    format = named(each.format, "format")
    service = each.access_service
    own = named(each.license, "license") if each.license and each.license.code != _code(dataset.license) else None
    return File(
        title=said(each.title)
        or (said(service.title) if service else None)
        or Said(f"{format.label} 파일" if format else "파일", "ko"),
        description=said(each.description),
        format=format.label if format else each.media_type,
        size=size(each.byte_size),
        modified=each.modified,
        license=own,
        download_url=_link(each.download_url),
        access_url=_link(each.access_url),
        endpoint_url=_link(service.endpoint_url) if service else None,
    )


def _code(concept: Concept | None) -> str | None:
    return concept.code if concept else None


def _facts(
    dataset: Dataset, vocabularies: Vocabularies, named: Callable[[Concept | None, str], NamedConcept | None]
) -> Iterator[Fact]:
    if kind := named(dataset.type, "type"):
        yield Fact("유형", kind.label)
    for creator in dataset.creator:
        yield from _texts("작성", creator.name)
    for contact in dataset.contact_point:
        name = said(contact.name)
        reached = [each for each in (name.text if name else None, contact.telephone, contact.email) if each]
        if reached:
            yield Fact("문의", " · ".join(reached), name.language if name else "und")
        if url := _link(contact.url):
            yield Fact("문의", url, "und", url)
    for period in dataset.temporal:
        yield Fact("시간 범위", _period(period))
    for place in dataset.spatial:
        if place.label:
            yield from _texts("공간 범위", place.label)
        elif place.bbox:
            yield Fact("공간 범위", "경위도 " + ", ".join(f"{edge:g}" for edge in place.bbox))
        elif uri := _link(place.uri):
            yield Fact("공간 범위", uri, "und", uri)
    if dataset.language:
        yield Fact("언어", ", ".join(vocabularies.label(tag, "language") for tag in dataset.language))
    if access := named(dataset.access_rights, "access_rights"):
        yield Fact("접근 권한", access.label)
    for label, words in (("비용", dataset.fee), ("근거 법령", dataset.legal_basis), ("판", dataset.version)):
        if words:
            yield Fact(label, words)
    yield from _texts("수집 방법", dataset.provenance)
    for label, addresses in (
        ("관련 문서", dataset.page),
        ("표준", dataset.conforms_to),
        ("속한 데이터", dataset.is_part_of),
    ):
        for address in addresses:
            yield Fact(label, address, "und", _link(address))
    for identifier in dataset.other_identifier:
        yield Fact("다른 식별자", identifier, "und")
    for field, value in dataset.additional.items():
        yield Fact(field, value, "und")


def _texts(label: str, texts: LangText) -> Iterator[Fact]:
    if found := said(texts):
        yield Fact(label, found.text, found.language)


def _period(period: PeriodOfTime) -> str:
    if period.start or period.end:
        return f"{(period.start or '')[:10]} ~ {(period.end or '')[:10]}".strip()
    return period.label or ""
