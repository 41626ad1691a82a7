"""What the values of portals mean, by tables: pure, made once from the files of ``config/vocabularies``.

Every lookup is cached by the raw text, since portals repeat themselves: after the first time a value costs one access.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from harvester.catalog.dates import parse_interval
from harvester.catalog.formats import FormatRegister
from harvester.catalog.licences import LicenceRegister
from harvester.catalog.model import Concept
from harvester.catalog.names import clean_address, codes_by_name, last_step, name_key
from harvester.catalog.tables import Label, Tables, Term
from harvester.catalog.text import to_line
from harvester.catalog.themes import EU_THEME, ThemeRegister
from harvester.catalog.urls import is_web_address

_EU = "http://publications.europa.eu/resource/authority"
_LANGUAGE_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_][a-z0-9]{2,8})*", re.IGNORECASE)

LICENSE, FREQUENCY, FORMAT, TYPE, ACCESS_RIGHTS, LANGUAGE = (
    "license", "frequency", "format", "type", "access_rights", "language"
)  # fmt: skip


class Vocabularies:
    """Lookups of all vocabularies. Raises ValueError when two rows of a table claim the same name.

    An unknown value comes back as a concept without code. `digest` changes whenever any table does.
    """

    def __init__(self, tables: Tables) -> None:
        self.digest = hashlib.blake2b(tables.model_dump_json().encode(), digest_size=6).hexdigest()
        self._tables = tables
        self._empty = frozenset(mark.casefold() for mark in tables.values.empty)
        self._licences = LicenceRegister(tables.licences)
        self._frequencies = codes_by_name((code, term.names) for code, term in tables.frequencies.items())
        self._durations = {duration: code for code, term in tables.frequencies.items() for duration in term.durations}
        self._cld = {name.casefold(): code for code, term in tables.frequencies.items() for name in term.cld}
        self._types = codes_by_name((code, term.names) for code, term in tables.values.types.items())
        self._access_rights = codes_by_name((code, term.names) for code, term in tables.values.access_rights.items())
        self._agencies = {old: _last_name(tables.agencies.names, old) for old in tables.agencies.names}

        self.renamed_agencies: Mapping[str, str] = self._agencies
        """Former name of an agency to today's."""
        self.is_empty = lru_cache(maxsize=4096)(self._is_empty)
        self.license = lru_cache(maxsize=4096)(self._license)
        self.accrual_periodicity = lru_cache(maxsize=1024)(self._accrual_periodicity)
        self.format = lru_cache(maxsize=8192)(FormatRegister(tables.formats, self._is_empty).find)
        self.theme = lru_cache(maxsize=8192)(ThemeRegister(tables.themes).find)
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

    def format_names(self) -> dict[str, str]:
        """Give the code of every format by each of its names, letters and digits only."""
        names: dict[str, str] = {}
        for code, known in self._tables.formats.items():
            for name in (code, *known.names):
                names.setdefault("".join(filter(str.isalnum, name.casefold())), code)
        return names

    def codes(self, scheme: str) -> tuple[str, ...]:
        """Give the codes that `label` has a label for; of themes those of all three schemes."""
        values, themes = self._tables.values, self._tables.themes
        tables: dict[str, Iterable[str]] = {
            LICENSE: self._tables.licences,
            FREQUENCY: self._tables.frequencies,
            FORMAT: self._tables.formats,
            TYPE: values.types,
            ACCESS_RIGHTS: values.access_rights,
            LANGUAGE: values.language_names,
            "theme": (*themes.eu, *themes.datagokr, *themes.brm),
        }
        return tuple(dict.fromkeys(tables.get(scheme, ())))

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
        uri = clean_address(uri)
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
        uri = clean_address(uri)
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
        if "//" in text:
            step = last_step(text)
            return self._frequencies.get(name_key(step)) or self._cld.get(step.casefold())
        head = re.split(r"[,(]", text, maxsplit=1)[0]
        return self._cld.get(text.casefold()) or (self._frequencies.get(name_key(head)) if head.strip() else None)

    def _type(self, source: str, uri: str | None = None, code: str | None = None) -> Concept:
        """Give the kind of dataset."""
        uri = clean_address(uri)
        text = to_line(source)
        for value in (code or "", uri or "", text):
            if known := self._types.get(name_key(last_step(value))):
                return Concept(source=text or value, code=known)
        return Concept(source=text, uri=uri if uri and is_web_address(uri) else None)

    def _access_right(self, source: str, uri: str | None = None) -> Concept:
        """Give the access right, by the EU's table."""
        uri = clean_address(uri)
        text = to_line(source)
        for value in (uri or "", text):
            if code := self._access_rights.get(name_key(last_step(value))):
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
        text = last_step(text.strip().casefold())
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


def _last_name(renamed: Mapping[str, str], name: str) -> str:
    seen = {name}
    while (name := renamed[name]) in renamed:
        if name in seen:
            raise ValueError(f"{name!r} is renamed in a circle")
        seen.add(name)
    return name
