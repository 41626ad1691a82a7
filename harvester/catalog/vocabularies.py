"""What the values of portals mean, by tables: pure, made once from the files of ``config/vocabularies``.

Every lookup is cached by the raw text, since portals repeat themselves: after the first time a value costs one access.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from harvester.catalog.dates import parse_interval
from harvester.catalog.licences import LicenceRegister, address_key, name_key
from harvester.catalog.model import Concept
from harvester.catalog.tables import Format, Label, Tables, Term
from harvester.catalog.text import to_line
from harvester.catalog.urls import is_web_address

_EU = "http://publications.europa.eu/resource/authority"
_MEDIA_TYPES = "https://www.iana.org/assignments/media-types"
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9!#$&^_.+-]*", re.IGNORECASE)
_SEPARATORS = re.compile(r"[+,/;|·]|\s+(?:및|and)\s+")
_LAST_STEP = re.compile(r"[#/:]([^#/:?]+)/?$")
_LANGUAGE_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_][a-z0-9]{2,8})*", re.IGNORECASE)

LICENSE, FREQUENCY, FORMAT, TYPE, ACCESS_RIGHTS, LANGUAGE = (
    "license", "frequency", "format", "type", "access_rights", "language"
)  # fmt: skip
EU_THEME, DATAGOKR_THEME, BRM_THEME = "eu", "datagokr", "brm"


class Formats(NamedTuple):
    """What a distribution's format and media type mean together.

    `formats`: format and media type, once for each format that one value named (``JSON+XML``), once with None for a
    format where there was nothing. `unknown` are the formats without code, `dropped` is a media type that is none.
    """

    formats: tuple[tuple[Concept | None, str | None], ...]
    unknown: tuple[str, ...] = ()
    dropped: str | None = None


class Vocabularies:
    """Lookups of all vocabularies. Raises ValueError when two rows of a table claim the same name.

    An unknown value comes back as a concept without code. `digest` changes whenever any table does.
    """

    def __init__(self, tables: Tables) -> None:
        self.digest = hashlib.blake2b(tables.model_dump_json().encode(), digest_size=6).hexdigest()
        self._tables = tables
        self._empty = frozenset(mark.casefold() for mark in tables.values.empty)
        self._licences = LicenceRegister(tables.licences)
        self._frequencies = _names((code, term.names) for code, term in tables.frequencies.items())
        self._durations = {duration: code for code, term in tables.frequencies.items() for duration in term.durations}
        self._cld = {name.casefold(): code for code, term in tables.frequencies.items() for name in term.cld}
        self._formats = _names((code, term.names) for code, term in tables.formats.items())
        self._media_types = _media_types(tables.formats)
        self._types = _names((code, term.names) for code, term in tables.values.types.items())
        self._access_rights = _names((code, term.names) for code, term in tables.values.access_rights.items())
        self._eu = _names((code, (label.en,)) for code, label in tables.themes.eu.items())
        self._datagokr = {name_key(name): name for name in tables.themes.datagokr}
        self._brm = {name_key(name): name for name in tables.themes.brm}
        self._brm_areas = {name_key(area): name for area, name in tables.themes.brm_areas.items()}
        self._agencies = {old: _last_name(tables.agencies.names, old) for old in tables.agencies.names}

        self.is_empty = lru_cache(maxsize=4096)(self._is_empty)
        self.license = lru_cache(maxsize=4096)(self._license)
        self.accrual_periodicity = lru_cache(maxsize=1024)(self._accrual_periodicity)
        self.format = lru_cache(maxsize=8192)(self._format)
        self.theme = lru_cache(maxsize=8192)(self._theme)
        self.type = lru_cache(maxsize=256)(self._type)
        self.access_rights = lru_cache(maxsize=512)(self._access_right)
        self.agency = lru_cache(maxsize=16384)(self._agency)
        self.language = lru_cache(maxsize=1024)(self._language)

    def label(self, code: str, scheme: str, language: str = "ko") -> str:
        """Tell what a searcher reads for a code; the code itself where no table has it.

        `scheme` is a property (``license``, ``frequency``, ``format``, ``type``, ``access_rights``, ``language``) or
        the scheme of a theme (``eu``, ``datagokr``, ``brm``; ``theme`` looks in all three).
        """
        label: Label | None
        if scheme == FORMAT:
            known = self._tables.formats.get(code)
            return (known.label if known else None) or code
        if scheme == LICENSE:
            label = self._licences.label(code)
        elif scheme in (EU_THEME, "theme"):
            label = self._tables.themes.eu.get(code)
        elif scheme == LANGUAGE:
            label = self._tables.values.language_names.get(code)
        else:
            tables: dict[str, Mapping[str, Term]] = {
                FREQUENCY: self._tables.frequencies,
                "accrual_periodicity": self._tables.frequencies,
                TYPE: self._tables.values.types,
                ACCESS_RIGHTS: self._tables.values.access_rights,
            }
            term = tables.get(scheme, {}).get(code)
            label = term.label if term else None
        if label is None:
            return code
        return label.ko if language == "ko" else label.en

    def is_open(self, code: str) -> bool:
        """Whether a licence leaves the data open: anyone may use them for any purpose, crediting at most."""
        licence = self._tables.licences.get(code)
        if licence is not None:
            return licence.open
        return code.startswith("CC-BY-") and "-NC" not in code and "-ND" not in code

    def _is_empty(self, text: str) -> bool:
        """Whether the text is one of the marks that portals write for "nothing" (``-``, ``null``, ``없음`` …)."""
        return text.strip().casefold() in self._empty

    def _license(self, source: str, uri: str | None = None, code: str | None = None) -> Concept:
        """Give the licence that a code, an address or a text means; the `uri` of an unknown one is its link, if any."""
        uri = _address(uri)
        text = to_line(source) or uri or ""
        known = (
            (self._licences.by_code(code) if code else None)
            or (self._licences.by_address(uri) if uri else None)
            or self._licences.find(text, markup=source)
        )
        if known:
            return Concept(source=text or known.code, code=known.code, uri=known.uri)
        return Concept(source=text, uri=uri if uri and is_web_address(uri) else None)

    def _accrual_periodicity(self, source: str, uri: str | None = None) -> Concept:
        """Give the update cycle that a word, an ISO 8601 repetition or an address means."""
        uri = _address(uri)
        text = to_line(source)
        for value in (uri or "", text):
            if code := self._frequency(value):
                return Concept(source=text or value, code=code, uri=f"{_EU}/frequency/{code}")
        return Concept(source=text)

    def _frequency(self, text: str) -> str | None:
        if found := self._frequencies.get(name_key(text)):
            return found
        if duration := parse_interval(text) or (text.upper() if text[:1] in "Pp" else None):
            return self._durations.get(duration)
        if "//" in text and (step := _LAST_STEP.search(text)):
            return self._frequencies.get(name_key(step[1])) or self._cld.get(step[1].casefold())
        head = re.split(r"[,(]", text, maxsplit=1)[0]
        return self._cld.get(text.casefold()) or (self._frequencies.get(name_key(head)) if head.strip() else None)

    def _format(
        self, source: str, uri: str | None = None, media_type: str | None = None, code: str | None = None
    ) -> Formats:
        """Give formats and media types of a distribution, from what it says of either; see `Formats`."""
        uri = _address(uri)
        stated, stray = self._media_type(media_type or "")
        text = to_line(source)
        if self._is_empty(text):
            text = ""
        if code in self._tables.formats:
            concepts: tuple[Concept, ...] = (self._format_concept(text or code, code),)
        else:
            concepts = self._formats_of(text, uri) if text or uri else ()
        if not concepts and stray and self._known_format(stray):
            concepts, stray = (self._format_concept(stray, None),), None
        by_media_type = self._media_types.get(stated or "")
        if by_media_type and not any(concept.code for concept in concepts) and len(concepts) < 2:
            concepts = (self._format_concept(concepts[0].source if concepts else stated or "", by_media_type),)
        if not concepts:
            return Formats(((None, stated),), dropped=stray)
        if len(concepts) == 1:
            return Formats(((concepts[0], stated or self._own_media_type(concepts[0])),), _unknown(concepts), stray)
        return Formats(tuple((one, self._own_media_type(one)) for one in concepts), _unknown(concepts), stray)

    def _formats_of(self, text: str, uri: str | None) -> tuple[Concept, ...]:
        for value in (uri or "", text):
            if code := self._known_format(value):
                return (self._format_concept(text or value, code),)
        names = [name.strip() for name in _SEPARATORS.split(text)]
        if len(names) == 1:
            names = text.split()
        codes = {name: self._known_format(name) for name in names if name}
        if not any(codes.values()):
            return (Concept(source=text),) if text else ()
        contents = {name: code for name, code in codes.items() if not (code and self._tables.formats[code].packaging)}
        by_code = {code or name: self._format_concept(name, code) for name, code in (contents or codes).items()}
        return tuple(by_code.values())

    def _known_format(self, text: str) -> str | None:
        if code := self._formats.get(name_key(text)):
            return code
        if _MEDIA_TYPE.match(text):
            return self._media_types.get(text.partition(";")[0].strip().lower())
        if "//" in text:
            key = address_key(text)
            if code := self._media_types.get("/".join(key.split("/")[-2:])):
                return code
            return self._formats.get(name_key(step[1])) if (step := _LAST_STEP.search(text)) else None
        return None

    def _format_concept(self, source: str, code: str | None) -> Concept:
        if code is None and (code := self._known_format(source)) is None:
            return Concept(source=source)
        known = self._tables.formats[code]
        registered = known.media_type if known.registered else None
        return Concept(source=source, code=code, uri=f"{_MEDIA_TYPES}/{registered}" if registered else None)

    def _own_media_type(self, concept: Concept) -> str | None:
        return self._tables.formats[concept.code].media_type if concept.code else None

    def _media_type(self, text: str) -> tuple[str | None, str | None]:
        """Give a media type in the form that the table prefers, or None and the value that is none."""
        text = text.strip()
        if not text or self._is_empty(text):
            return None, None
        if "//" in text:
            text = "/".join(address_key(text).split("/")[-2:])
        essence = text.partition(";")[0].strip().lower()
        if not _MEDIA_TYPE.fullmatch(essence):
            return None, text
        code = self._media_types.get(essence)
        return (self._tables.formats[code].media_type if code else None) or essence, None

    def _theme(
        self, source: str, uri: str | None = None, scheme: str | None = None, code: str | None = None
    ) -> tuple[Concept, ...]:
        """Give the theme itself and, where a table leads there, the EU themes it falls in."""
        uri = _address(uri)
        text = to_line(source) or uri or _address(code) or ""
        for value in filter(None, (code, uri, text)):
            step = _LAST_STEP.search(value) if "//" in value else None
            name = step[1] if step else value
            may_be_eu = scheme in (None, EU_THEME) and (not step or "/data-theme/" in value)
            if may_be_eu and (theme := self._eu.get(name_key(name))):
                return (_eu_theme(text, theme),)
            if korean := self._korean_theme(text, name, scheme):
                return korean
        return (Concept(source=text, uri=uri if uri and is_web_address(uri) else None, scheme=scheme),)

    def _korean_theme(self, source: str, name: str, scheme: str | None) -> tuple[Concept, ...]:
        """Give the category, the branch of the function tree, or both, with their EU themes; () where neither is meant."""
        top, _, area = (name_key(level) for level in name.partition(" - "))
        branch = self._brm.get(top) if scheme == BRM_THEME else None
        branch = branch or (self._brm_areas.get(area) if scheme in (None, BRM_THEME) else None)
        category = self._datagokr.get(top) if scheme in (None, DATAGOKR_THEME) or not branch else None
        if not category and not branch and scheme is None:
            branch = self._brm.get(top)
        themes = self._tables.themes
        found = [Concept(source=source, code=category, scheme=DATAGOKR_THEME)] if category else []
        found += [Concept(source=source, code=branch, scheme=BRM_THEME)] if branch else []
        eu = (*themes.datagokr.get(category or "", ()), *themes.brm.get(branch or "", ()))
        return (*found, *(_eu_theme(source, theme) for theme in dict.fromkeys(eu)))

    def _type(self, source: str, uri: str | None = None, code: str | None = None) -> Concept:
        """Give the kind of dataset."""
        uri = _address(uri)
        text = to_line(source)
        for value in (code or "", uri or "", text):
            step = _LAST_STEP.search(value) if "//" in value else None
            if known := self._types.get(name_key(step[1] if step else value)):
                return Concept(source=text or value, code=known)
        return Concept(source=text, uri=uri if uri and is_web_address(uri) else None)

    def _access_right(self, source: str, uri: str | None = None) -> Concept:
        """Give the access right, by the EU's table."""
        uri = _address(uri)
        text = to_line(source)
        for value in (uri or "", text):
            step = _LAST_STEP.search(value) if "//" in value else None
            if code := self._access_rights.get(name_key(step[1] if step else value)):
                return Concept(source=text or value, code=code, uri=f"{_EU}/access-right/{code}")
        return Concept(source=text, uri=uri if uri and is_web_address(uri) else None)

    def _agency(self, name: str) -> str | None:
        """Today's name of an agency whose name changed; None when the register has nothing about it."""
        if found := self._agencies.get(name):
            return self._agency(found) or found
        head, space, rest = name.partition(" ")
        if space and (prefix := self._tables.agencies.prefixes.get(head)):
            return f"{prefix} {rest}"
        return None

    def _language(self, text: str) -> str | None:
        """BCP 47 tag (language, and script where given) of a tag, a three-letter code, a name or an address."""
        text = text.strip().casefold()
        if "//" in text:
            step = _LAST_STEP.search(text)
            text = step[1] if step else ""
        table = self._tables.values.languages
        if found := table.get(text):
            return found
        match = _LANGUAGE_TAG.fullmatch(text)
        if not match:
            return None
        language = table.get(match[1], match[1])
        if len(language) == 3 and language != "und":
            return None
        return f"{language}-{match[2].title()}" if match[2] else language


def _names(rows: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, str]:
    """Every code and name of a table to its code; raises ValueError when two codes claim one name."""
    found: dict[str, str] = {}
    for code, names in rows:
        for name in (code, *names):
            owner = found.setdefault(name_key(name), code)
            if owner != code:
                raise ValueError(f"{name!r} stands under {owner} and under {code}")
    return found


def _media_types(formats: Mapping[str, Format]) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, known in formats.items():
        own = (known.media_type,) if known.media_type and not known.shares_media_type else ()
        for media_type in (*own, *known.media_types):
            owner = found.setdefault(media_type.lower(), code)
            if owner != code:
                raise ValueError(f"{media_type} stands under {owner} and under {code}")
    return found


def _address(uri: str | None) -> str | None:
    return (to_line(uri) or None) if uri else None


def _eu_theme(source: str, code: str) -> Concept:
    return Concept(source=source, code=code, uri=f"{_EU}/data-theme/{code}", scheme=EU_THEME)


def _unknown(concepts: tuple[Concept, ...]) -> tuple[str, ...]:
    return tuple(concept.source for concept in concepts if concept.code is None)


def _last_name(renamed: Mapping[str, str], name: str) -> str:
    seen = {name}
    while (name := renamed[name]) in renamed:
        if name in seen:
            raise ValueError(f"{name!r} is renamed in a circle")
        seen.add(name)
    return name
