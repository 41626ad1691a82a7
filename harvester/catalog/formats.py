"""Which file formats a portal means, and their media types."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from harvester.catalog.model import Concept
from harvester.catalog.names import address_key, clean_address, codes_by_name, last_step, name_key
from harvester.catalog.tables import Format
from harvester.catalog.text import to_line

_MEDIA_TYPES = "https://www.iana.org/assignments/media-types"
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9!#$&^_.+-]*", re.IGNORECASE)
_SEPARATORS = re.compile(r"[+,/;|·]|\s+(?:및|and)\s+")


class Formats(NamedTuple):
    """What a distribution's format and media type mean together.

    `formats`: format and media type, once for each format that one value named (``JSON+XML``), once with None for a
    format where there was nothing. `unknown` are the formats without code, `dropped` is a media type that is none.
    """

    formats: tuple[tuple[Concept | None, str | None], ...]
    unknown: tuple[str, ...] = ()
    dropped: str | None = None


class FormatRegister:
    """The formats of ``formats.yml``. Raises ValueError when two claim one name or media type."""

    def __init__(self, formats: Mapping[str, Format], is_empty: Callable[[str], bool]) -> None:
        self._table = formats
        self._is_empty = is_empty
        self._formats = codes_by_name((code, known.names) for code, known in formats.items())
        self._media_types = _media_types(formats)

    def find(
        self, source: str, uri: str | None = None, media_type: str | None = None, code: str | None = None
    ) -> Formats:
        """Give formats and media types of a distribution, from what it says of either; see `Formats`."""
        uri = clean_address(uri)
        stated, stray = self._media_type(media_type or "")
        text = to_line(source)
        if self._is_empty(text):
            text = ""
        if code and code in self._table:
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
        contents = {name: code for name, code in codes.items() if not (code and self._table[code].packaging)}
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
            return self._formats.get(name_key(last_step(text)))
        return None

    def _format_concept(self, source: str, code: str | None) -> Concept:
        if code is None and (code := self._known_format(source)) is None:
            return Concept(source=source)
        known = self._table[code]
        registered = known.media_type if known.registered else None
        return Concept(source=source, code=code, uri=f"{_MEDIA_TYPES}/{registered}" if registered else None)

    def _own_media_type(self, concept: Concept) -> str | None:
        return self._table[concept.code].media_type if concept.code else None

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
        return (self._table[code].media_type if code else None) or essence, None


def _media_types(formats: Mapping[str, Format]) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, known in formats.items():
        own = (known.media_type,) if known.media_type and not known.shares_media_type else ()
        for media_type in (*own, *known.media_types):
            owner = found.setdefault(media_type.lower(), code)
            if owner != code:
                raise ValueError(f"{media_type} stands under {owner} and under {code}")
    return found


def _unknown(concepts: tuple[Concept, ...]) -> tuple[str, ...]:
    return tuple(concept.source for concept in concepts if concept.code is None)
