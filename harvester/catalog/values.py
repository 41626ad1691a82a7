"""Single values of one catalogue in their normal form; what is unknown or left out is noted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeVar

from harvester.catalog.dates import parse_date, parse_interval, parse_period
from harvester.catalog.findings import Findings
from harvester.catalog.model import (
    Agent,
    Catalog,
    Concept,
    ContactPoint,
    LangKeywords,
    LangText,
    Location,
    PeriodOfTime,
)
from harvester.catalog.people import email_address, korean_phone
from harvester.catalog.text import cleaned, has_hangul, is_damaged, is_plain, repaired, to_line
from harvester.catalog.urls import web_address
from harvester.catalog.vocabularies import Vocabularies
from harvester.catalog.words import split_keywords

_Value = TypeVar("_Value")
_UNDETERMINED = "und"
_DAY_FIRST = frozenset(("ca", "cs", "da", "de", "es", "fr", "gl", "it", "nl", "pl", "pt"))
_LONGEST_MARK = 12


class Values:
    """Normal forms of single values, read as the catalogue's language has them."""

    def __init__(self, vocabularies: Vocabularies, catalog: Catalog) -> None:
        language = vocabularies.language(catalog.language)
        self._vocabularies = vocabularies
        self._own_tag = language if language != _UNDETERMINED else None
        self._korean = language == "ko"
        self._day_first = True if language in _DAY_FIRST else None
        self._tags: dict[str, str] = {}

    def text(self, texts: LangText, field: str, found: Findings, *, lines: bool = False) -> LangText:
        """Give the texts clean and under known language tags, without marks of nothing; `lines` keeps line breaks."""
        if len(texts) == 1:  # nearly always: one text, in the catalogue's language, with nothing to do
            ((tag, raw),) = texts.items()
            if len(raw) > _LONGEST_MARK and tag == self._own_tag and is_plain(raw):
                return texts
        normal: dict[str, str] = {}
        retagged: dict[str, str] = {}
        for tag, raw in texts.items():
            text = raw
            if not is_plain(raw):
                text, suspicious = cleaned(raw, lines=lines)
                if suspicious and is_damaged(raw):
                    found.note("mojibake" if repaired(raw) == raw else "mojibake-repaired", field, raw)
            if self.is_empty(text):
                continue
            known = tag if tag == self._own_tag else self._tag(tag, text)
            if known == tag:
                normal[tag] = text
            else:
                retagged.setdefault(known, text)
        # What the source itself put under a tag wins over what the table of tags puts there.
        return {**retagged, **normal} if retagged else normal

    def _tag(self, tag: str, text: str) -> str:
        known = self._tags.get(tag)
        if known is None:
            self._tags[tag] = known = self._vocabularies.language(tag) or _UNDETERMINED
        if known == _UNDETERMINED and has_hangul(text):
            return "ko"
        return known

    def keywords(self, stated: LangKeywords) -> LangKeywords:
        """Give the keywords split, clean, without repetition, under the language they are in."""
        normal: dict[str, dict[str, None]] = {}
        for tag, raws in stated.items():
            for raw in raws:
                words, language = split_keywords(raw, tag)
                if not words:
                    continue
                known = tag if language == tag == self._own_tag else self._tag(language, raw)
                into = normal.get(known)
                if into is None:
                    normal[known] = into = {}
                for word in words:
                    if not self.is_empty(word):
                        into[word] = None
        return {tag: tuple(words) for tag, words in normal.items() if words}

    def line(self, text: str | None) -> str | None:
        """Give one line of text, or None where there is nothing."""
        if text is None:
            return None
        line = to_line(text)
        return None if self.is_empty(line) else line

    def lines(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """Give the lines without empty ones and repetition."""
        return tuple(dict.fromkeys(present(self.line(text) for text in texts))) if texts else ()

    def is_empty(self, text: str) -> bool:
        """Whether a text says that there is nothing."""
        return len(text) <= _LONGEST_MARK and self._vocabularies.is_empty(text)

    def url(self, text: str, field: str, found: Findings) -> str | None:
        """Give the http(s) address, or None."""
        url = web_address(text)
        if url is None and not self.is_empty(text):
            found.note("bad-link", field, text)
        return url

    def date(self, text: str, field: str, found: Findings) -> str | None:
        """Give the ISO 8601 date, or None."""
        date = parse_date(text, day_first=self._day_first)
        if date is None and not self.is_empty(text.strip()):
            found.note("unknown-date", field, text)
        return date

    def modified(self, text: str | None, found: Findings) -> tuple[str | None, Concept | None]:
        """Give the date, or the update cycle where a repetition (``R/P1D``) stands in its place, as DCAT-US allows."""
        if text is None:
            return None, None
        if text[:1] in "Rr" and parse_interval(text):
            return None, Concept(source=text)
        return self.date(text, "modified", found), None

    def period(self, period: PeriodOfTime, found: Findings) -> PeriodOfTime | None:
        """Give the period with ISO 8601 dates; its text stays as the label."""
        label = self.line(period.label)
        start = parse_date(period.start, day_first=self._day_first) if period.start else None
        end = parse_date(period.end, day_first=self._day_first) if period.end else None
        if not (start or end):
            stated = filter(None, (self.line(period.start), self.line(period.end)))
            label = label or self.line(" ~ ".join(stated))
            if label and (read := parse_period(label, day_first=self._day_first)):
                start, end = read.start, read.end
            elif label:
                found.note("unknown-period", "temporal", label)
        if start and end and end < start[: len(end)]:
            found.note("reversed-period", "temporal", f"{start}/{end}")
        return PeriodOfTime(start=start, end=end, label=label) if start or end or label else None

    def location(self, location: Location, found: Findings) -> Location | None:
        """Give the place, without a box that is none."""
        label = self.text(location.label, "spatial", found) if location.label else {}
        box = location.bbox
        if box is not None and not _is_box(box):
            found.note("bad-bbox", "spatial", ", ".join(str(edge) for edge in box))
            box = None
        if not (label or location.uri or box or location.geometry):
            return None
        return Location(label=label, uri=location.uri, bbox=box, geometry=location.geometry)

    def languages(self, stated: tuple[str, ...], found: Findings) -> tuple[str, ...]:
        """Give the languages as BCP 47 tags."""
        normal: dict[str, None] = {}
        for raw in stated:
            known = self._vocabularies.language(raw)
            if known is None and not self.is_empty(raw):
                found.note("unknown-language", "language", raw)
            if text := known or self.line(raw):
                normal[text] = None
        return tuple(normal)

    def agent(self, agent: Agent, field: str, found: Findings) -> Agent | None:
        """Give the agency under today's name."""
        name = self.text(agent.name, field, found)
        source_name = agent.source_name
        for tag, text in name.items():
            if today := self._vocabularies.agency(text):
                name = {**name, tag: today}
                source_name = source_name or text
        email = email_address(agent.email) if agent.email else None
        homepage = self.url(agent.homepage, f"{field}.homepage", found) if agent.homepage else None
        identifier = self.line(agent.identifier)
        if not name and not identifier:
            return None
        return Agent(name=name, source_name=source_name, identifier=identifier, homepage=homepage, email=email)

    def contact(self, contact: ContactPoint, found: Findings) -> ContactPoint | None:
        """Give the contact with a telephone number as it is dialled."""
        name = self.text(contact.name, "contact_point", found) if contact.name else {}
        email = email_address(contact.email) if contact.email else None
        telephone = self.line(contact.telephone)
        if telephone:
            telephone = self.line(korean_phone(telephone, at_home=self._korean))
        url = self.url(contact.url, "contact_point.url", found) if contact.url else None
        if not (name or email or telephone or url):
            return None
        return ContactPoint(name=name, email=email, telephone=telephone, url=url)

    def license(self, concept: Concept, field: str, found: Findings) -> Concept | None:
        """Give the licence by the register."""
        known = self._vocabularies.license(concept.source, concept.uri, concept.code)
        if known.code is None:
            if self.is_empty(known.source) and not known.uri:
                return None
            found.note("unknown-license", field, known.source)
        return known

    def frequency(self, concept: Concept, found: Findings) -> Concept | None:
        """Give the update cycle by the table."""
        known = self._vocabularies.accrual_periodicity(concept.source, concept.uri)
        if known.code is None:
            if self.is_empty(known.source):
                return None
            found.note("unknown-frequency", "accrual_periodicity", known.source)
        return known

    def themes(self, stated: tuple[Concept, ...], found: Findings) -> tuple[Concept, ...]:
        """Give the themes by the tables, each once."""
        normal: dict[tuple[str | None, str], Concept] = {}
        for concept in stated:
            for theme in self._vocabularies.theme(concept.source, concept.uri, concept.scheme, concept.code):
                if theme.code is None:
                    if self.is_empty(theme.source):
                        continue
                    found.note("unknown-theme", "theme", theme.source)
                key = (theme.scheme if theme.code else None, theme.code or theme.source)
                if key not in normal or theme.source.startswith(normal[key].source):  # the more specific words stay
                    normal[key] = theme
        return tuple(normal.values())

    def type(self, concept: Concept, found: Findings) -> Concept | None:
        """Give the kind of dataset by the table."""
        known = self._vocabularies.type(concept.source, concept.uri, concept.code)
        if known.code is None:
            if self.is_empty(known.source):
                return None
            found.note("unknown-type", "type", known.source)
        return known

    def access_rights(self, concept: Concept, found: Findings) -> Concept | None:
        """Give the access right by the table."""
        known = self._vocabularies.access_rights(concept.source, concept.uri)
        if known.code is None:
            if self.is_empty(known.source):
                return None
            found.note("unknown-access-rights", "access_rights", known.source)
        return known


def present(values: Iterable[_Value | None]) -> tuple[_Value, ...]:
    """Give the values that are not None."""
    return tuple([value for value in values if value is not None])


def _is_box(box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box
    return (
        all(math.isfinite(edge) for edge in box)
        and abs(west) <= 180
        and abs(east) <= 180
        and -90 <= south <= north <= 90
    )
