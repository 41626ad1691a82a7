"""A dataset with the source's values into one with everybody's: pure, idempotent, the hottest code of a harvest.

What is unknown stays as the source wrote it and is counted by an issue; what cannot be kept (a ``javascript:`` link)
leaves an issue with the value. Nothing is guessed: theme, licence and publisher change only by a row of a vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

from harvester.catalog.dates import parse_date, parse_interval, parse_period
from harvester.catalog.findings import Findings
from harvester.catalog.model import (
    Agent,
    Catalog,
    Concept,
    ContactPoint,
    DataService,
    Dataset,
    Distribution,
    Issue,
    LangKeywords,
    LangText,
    Location,
    PeriodOfTime,
)
from harvester.catalog.people import email_address, korean_phone
from harvester.catalog.text import cleaned, has_hangul, is_damaged, is_plain, repaired, to_block, to_line
from harvester.catalog.urls import web_address
from harvester.catalog.vocabularies import Vocabularies
from harvester.catalog.words import keywords

VERSION = 1
"""Raised whenever the same input would normalise to something else; part of `Processor.version`."""

_Value = TypeVar("_Value")
_UNDETERMINED = "und"
_DAY_FIRST = frozenset(("ca", "cs", "da", "de", "es", "fr", "gl", "it", "nl", "pl", "pt"))
_LONGEST_MARK = 12


class Normaliser:
    """Normalises the datasets of one catalogue."""

    def __init__(self, vocabularies: Vocabularies, catalog: Catalog) -> None:
        self._vocabularies = vocabularies
        language = vocabularies.language(catalog.language)
        self._own_tag = language if language != _UNDETERMINED else None
        self._korean = language == "ko"
        self._day_first = True if language in _DAY_FIRST else None
        self._tags: dict[str, str] = {}

    def normalise(self, dataset: Dataset) -> tuple[Dataset, tuple[Issue, ...]]:
        """Give the dataset with normal values, and what was noticed. Doing it twice changes nothing more."""
        found = Findings()
        license = self._license(dataset.license, "license", found) if dataset.license else None
        modified, cycle = self._modified(dataset.modified, found)
        frequency = dataset.accrual_periodicity or cycle
        normal = Dataset(
            id=dataset.id,
            source=dataset.source,
            identifier=dataset.identifier,
            title=self._text(dataset.title, "title", found),
            description=self._text(dataset.description, "description", found, lines=True),
            keyword=self._keywords(dataset.keyword, found),
            theme=self._themes(dataset.theme, found) if dataset.theme else (),
            type=self._type(dataset.type, found) if dataset.type else None,
            publisher=self._agent(dataset.publisher, "publisher", found) if dataset.publisher else None,
            creator=_present(self._agent(one, "creator", found) for one in dataset.creator) if dataset.creator else (),
            contact_point=(
                _present(self._contact(one, found) for one in dataset.contact_point) if dataset.contact_point else ()
            ),
            landing_page=self._url(dataset.landing_page, "landing_page", found) if dataset.landing_page else None,
            page=_present(self._url(one, "page", found) for one in dataset.page) if dataset.page else (),
            issued=self._date(dataset.issued, "issued", found) if dataset.issued else None,
            modified=modified,
            accrual_periodicity=self._frequency(frequency, found) if frequency else None,
            temporal=_present(self._period(one, found) for one in dataset.temporal) if dataset.temporal else (),
            spatial=_present(self._location(one, found) for one in dataset.spatial) if dataset.spatial else (),
            language=self._languages(dataset.language, found) if dataset.language else (),
            license=license,
            rights=self._text(dataset.rights, "rights", found, lines=True) if dataset.rights else {},
            access_rights=self._access_rights(dataset.access_rights, found) if dataset.access_rights else None,
            conforms_to=self._lines(dataset.conforms_to),
            version=self._line(dataset.version),
            provenance=self._text(dataset.provenance, "provenance", found, lines=True) if dataset.provenance else {},
            legal_basis=self._line(dataset.legal_basis),
            fee=self._line(dataset.fee),
            is_part_of=self._lines(dataset.is_part_of),
            other_identifier=self._lines(dataset.other_identifier),
            distribution=self._distributions(dataset.distribution, found) if dataset.distribution else (),
            additional=(
                {key: text for key, value in dataset.additional.items() if not self._is_empty(text := to_block(value))}
                if dataset.additional
                else {}
            ),
        )
        return normal, found.issues()

    # --- distributions ------------------------------------------------------------------------------------------------

    def _distributions(self, distributions: Sequence[Distribution], found: Findings) -> tuple[Distribution, ...]:
        normal: list[Distribution] = []
        for one in distributions:
            self._distribution(one, normal, found)
        return tuple(normal)

    def _distribution(self, one: Distribution, normal: list[Distribution], found: Findings) -> None:
        """Append the distribution: once, or once for each of several formats that it names."""
        stated = one.format
        if stated:
            formats = self._vocabularies.format(stated.source, stated.uri, one.media_type)
        else:
            formats = self._vocabularies.format("", None, one.media_type)
        for text in formats.unknown:
            found.note("unknown-format", "distribution.format", text)
        if formats.dropped:
            found.note("bad-media-type", "distribution.media_type", formats.dropped)
        access_url, download_url = one.access_url, one.download_url
        if access_url:
            access_url = self._url(access_url, "distribution.access_url", found)
        if download_url:
            download_url = self._url(download_url, "distribution.download_url", found)
        for concept, media_type in formats.formats:
            normal.append(
                Distribution(
                    identifier=one.identifier,
                    title=self._text(one.title, "distribution.title", found) if one.title else {},
                    description=(
                        self._text(one.description, "distribution.description", found, lines=True)
                        if one.description
                        else {}
                    ),
                    access_url=access_url,
                    download_url=download_url,
                    format=concept,
                    media_type=media_type,
                    byte_size=one.byte_size if one.byte_size and one.byte_size > 0 else None,
                    checksum=one.checksum,
                    issued=self._date(one.issued, "distribution.issued", found) if one.issued else None,
                    modified=self._date(one.modified, "distribution.modified", found) if one.modified else None,
                    license=self._license(one.license, "distribution.license", found) if one.license else None,
                    rights=self._text(one.rights, "distribution.rights", found, lines=True) if one.rights else {},
                    conforms_to=self._lines(one.conforms_to) if one.conforms_to else (),
                    access_service=self._service(one.access_service, found) if one.access_service else None,
                )
            )

    def _service(self, service: DataService, found: Findings) -> DataService:
        url, description = service.endpoint_url, service.endpoint_description
        return DataService(
            title=self._text(service.title, "access_service.title", found) if service.title else {},
            endpoint_url=self._url(url, "access_service.endpoint_url", found) if url else None,
            endpoint_description=(
                self._url(description, "access_service.endpoint_description", found) if description else None
            ),
            conforms_to=self._lines(service.conforms_to),
        )

    # --- text ---------------------------------------------------------------------------------------------------------

    def _text(self, texts: LangText, field: str, found: Findings, *, lines: bool = False) -> LangText:
        if len(texts) == 1:  # nearly always: one text, in the catalogue's language, with nothing to do
            ((tag, raw),) = texts.items()
            if len(raw) > _LONGEST_MARK and tag == self._own_tag and is_plain(raw):
                return texts
        normal: dict[str, str] = {}
        same = True
        for tag, raw in texts.items():
            text = raw
            if not is_plain(raw):
                text, suspicious = cleaned(raw, lines=lines)
                if suspicious and is_damaged(raw):
                    found.note("mojibake" if repaired(raw) == raw else "mojibake-repaired", field, raw)
            if len(text) <= _LONGEST_MARK and self._vocabularies.is_empty(text):
                same = False
                continue
            known = tag if tag == self._own_tag else self._tag(tag, text)
            if known is not tag:
                same = False
                if known in texts:  # what the source itself put under that tag wins
                    continue
            elif text is not raw:
                same = False
            normal.setdefault(known, text)
        return texts if same else normal

    def _tag(self, tag: str, text: str) -> str:
        known = self._tags.get(tag)
        if known is None:
            self._tags[tag] = known = self._vocabularies.language(tag) or _UNDETERMINED
        if known == _UNDETERMINED and has_hangul(text):
            return "ko"
        return known

    def _keywords(self, stated: LangKeywords, found: Findings) -> LangKeywords:
        normal: dict[str, dict[str, None]] = {}
        for tag, raws in stated.items():
            for raw in raws:
                words, language = keywords(raw, tag)
                if not words:
                    continue
                known = tag if language == tag == self._own_tag else self._tag(language, raw)
                into = normal.get(known)
                if into is None:
                    normal[known] = into = {}
                for word in words:
                    if len(word) > _LONGEST_MARK or not self._vocabularies.is_empty(word):
                        into[word] = None
        return {tag: tuple(words) for tag, words in normal.items() if words}

    def _line(self, text: str | None) -> str | None:
        if text is None:
            return None
        line = to_line(text)
        return None if self._is_empty(line) else line

    def _lines(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_present(self._line(text) for text in texts))) if texts else ()

    def _is_empty(self, text: str) -> bool:
        return len(text) <= _LONGEST_MARK and self._vocabularies.is_empty(text)

    # --- links, dates, places -----------------------------------------------------------------------------------------

    def _url(self, text: str, field: str, found: Findings) -> str | None:
        url = web_address(text)
        if url is None and not self._is_empty(text):
            found.note("bad-link", field, text)
        return url

    def _date(self, text: str, field: str, found: Findings) -> str | None:
        date = parse_date(text, day_first=self._day_first)
        if date is None and not self._is_empty(text.strip()):
            found.note("unknown-date", field, text)
        return date

    def _modified(self, text: str | None, found: Findings) -> tuple[str | None, Concept | None]:
        """Give the date, or the update cycle where a repetition (``R/P1D``) stands in its place, as DCAT-US allows."""
        if text is None:
            return None, None
        if text[:1] in "Rr" and parse_interval(text):
            return None, Concept(source=text)
        return self._date(text, "modified", found), None

    def _period(self, period: PeriodOfTime, found: Findings) -> PeriodOfTime | None:
        label = self._line(period.label)
        start = parse_date(period.start, day_first=self._day_first) if period.start else None
        end = parse_date(period.end, day_first=self._day_first) if period.end else None
        if not (start or end):
            label = label or self._line(" ~ ".join(filter(None, (period.start, period.end))))
            if label and (read := parse_period(label, day_first=self._day_first)):
                start, end = read.start, read.end
            elif label:
                found.note("unknown-period", "temporal", label)
        if start and end and end < start[: len(end)]:
            found.note("reversed-period", "temporal", f"{start}/{end}")
        return PeriodOfTime(start=start, end=end, label=label) if start or end or label else None

    def _location(self, location: Location, found: Findings) -> Location | None:
        label = self._text(location.label, "spatial", found) if location.label else {}
        box = location.bbox
        if box is not None and not _is_box(box):
            found.note("bad-bbox", "spatial", ", ".join(str(edge) for edge in box))
            box = None
        if not (label or location.uri or box or location.geometry):
            return None
        return Location(label=label, uri=location.uri, bbox=box, geometry=location.geometry)

    def _languages(self, stated: tuple[str, ...], found: Findings) -> tuple[str, ...]:
        normal: dict[str, None] = {}
        for raw in stated:
            known = self._vocabularies.language(raw)
            if known is None and not self._is_empty(raw):
                found.note("unknown-language", "language", raw)
            if text := known or self._line(raw):
                normal[text] = None
        return tuple(normal)

    # --- people -------------------------------------------------------------------------------------------------------

    def _agent(self, agent: Agent, field: str, found: Findings) -> Agent | None:
        name = self._text(agent.name, field, found)
        source_name = agent.source_name
        for tag, text in name.items():
            if today := self._vocabularies.agency(text):
                name = {**name, tag: today}
                source_name = source_name or text
        email = email_address(agent.email) if agent.email else None
        homepage = self._url(agent.homepage, f"{field}.homepage", found) if agent.homepage else None
        identifier = self._line(agent.identifier)
        if not name and not identifier:
            return None
        return Agent(name=name, source_name=source_name, identifier=identifier, homepage=homepage, email=email)

    def _contact(self, contact: ContactPoint, found: Findings) -> ContactPoint | None:
        name = self._text(contact.name, "contact_point", found) if contact.name else {}
        email = email_address(contact.email) if contact.email else None
        telephone = self._line(contact.telephone)
        if telephone:
            telephone = self._line(korean_phone(telephone, at_home=self._korean))
        url = self._url(contact.url, "contact_point.url", found) if contact.url else None
        if not (name or email or telephone or url):
            return None
        return ContactPoint(name=name, email=email, telephone=telephone, url=url)

    # --- concepts -----------------------------------------------------------------------------------------------------

    def _license(self, concept: Concept, field: str, found: Findings) -> Concept | None:
        known = self._vocabularies.license(concept.source, concept.uri, concept.code)
        if known.code is None:
            if self._is_empty(known.source) and not known.uri:
                return None
            found.note("unknown-license", field, known.source)
        return known

    def _frequency(self, concept: Concept, found: Findings) -> Concept | None:
        known = self._vocabularies.accrual_periodicity(concept.source, concept.uri)
        if known.code is None:
            if self._is_empty(known.source):
                return None
            found.note("unknown-frequency", "accrual_periodicity", known.source)
        return known

    def _themes(self, stated: tuple[Concept, ...], found: Findings) -> tuple[Concept, ...]:
        normal: dict[tuple[str | None, str], Concept] = {}
        for concept in stated:
            for theme in self._vocabularies.theme(concept.source, concept.uri, concept.scheme):
                if theme.code is None:
                    if self._is_empty(theme.source):
                        continue
                    found.note("unknown-theme", "theme", theme.source)
                normal.setdefault((theme.scheme if theme.code else None, theme.code or theme.source), theme)
        return tuple(normal.values())

    def _type(self, concept: Concept, found: Findings) -> Concept | None:
        known = self._vocabularies.type(concept.source, concept.uri)
        if known.code is None:
            if self._is_empty(known.source):
                return None
            found.note("unknown-type", "type", known.source)
        return known

    def _access_rights(self, concept: Concept, found: Findings) -> Concept | None:
        known = self._vocabularies.access_rights(concept.source, concept.uri)
        if known.code is None:
            if self._is_empty(known.source):
                return None
            found.note("unknown-access-rights", "access_rights", known.source)
        return known


def _present(values: Iterable[_Value | None]) -> tuple[_Value, ...]:
    return tuple([value for value in values if value is not None])


def _is_box(box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box
    return (
        all(math.isfinite(edge) for edge in box)
        and abs(west) <= 180
        and abs(east) <= 180
        and -90 <= south <= north <= 90
    )
