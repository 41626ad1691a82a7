"""Which values of a field a searcher means: by code, by label in either language, by what portals write. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeAlias
from unicodedata import normalize

from harvester.catalog.names import name_key
from harvester.catalog.vocabularies import Vocabularies
from harvester.members import Member
from indexer.documents import UNKNOWN

Seen: TypeAlias = Callable[[str], Iterable[str]]
"""Values of a field that the index has; those that no vocabulary knows are found by nothing else."""

CODED = ("theme", "format", "license", "type", "frequency", "language")
"""Fields whose values are codes that the vocabularies have a label for."""

_HALF_WIDTH = str.maketrans({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "})
# A name that people use for two formats, each of which has a name of its own, too.
_FAMILIES = {
    "엑셀": ("XLSX", "XLS"),
    "excel": ("XLSX", "XLS"),
    "워드": ("DOCX", "DOC"),
    "word": ("DOCX", "DOC"),
    "한글": ("HWP", "HWPX"),
    "파워포인트": ("PPTX", "PPT"),
}


def half_width(text: str) -> str:
    """Give the text with full-width letters, digits and signs (``ＣＳＶ：``) in their usual width; the length stays."""
    return text.translate(_HALF_WIDTH)


def spellings(values: Iterable[str]) -> tuple[str, ...]:
    """Give the values and their half-width forms: what portals wrote is stored as they wrote it."""
    return tuple(dict.fromkeys(form for value in values for form in (value, half_width(value))))


class Values:
    """Finds the values of fields. `labels`: field → value → what it reads as; `known`: a code for other spellings."""

    def __init__(
        self,
        labels: Mapping[str, Mapping[str, Sequence[str]]],
        known: Mapping[str, Callable[[str], Iterable[str]]] | None = None,
        seen: Seen = lambda field: (),
    ) -> None:
        self._labels = {
            field: {value: tuple(filter(None, map(_key, names))) for value, names in rows.items()}
            for field, rows in labels.items()
        }
        self._known = known or {}
        self._seen = seen

    def labelled(self, field: str, text: str) -> tuple[str, ...]:
        """Give the values whose code or label is the whole text; portals' own categories and the EU's share some."""
        key = _key(text)
        return tuple(value for value, names in self._rows(field).items() if key and key in names)

    def whole(self, field: str, text: str) -> tuple[str, ...]:
        """Give the values that the whole text names in any spelling that is known; () where it names none."""
        key = _key(text)
        if field == "format" and key in _FAMILIES:
            return _FAMILIES[key]
        known = self._known[field](text) if key and field in self._known else ()
        return tuple(dict.fromkeys([*self.labelled(field, text), *known]))

    def find(self, field: str, text: str) -> tuple[str, ...]:
        """Give the values that the text names, else those that begin with it, else those that contain it."""
        key = _key(text)
        whole = self.whole(field, text)
        if not key or (whole and (field != "theme" or (key.isascii() and key.upper() in whole))):
            return whole + self._versions(field, whole)
        rows = self._rows(field)
        contain = tuple(value for value, names in rows.items() if len(key) > 1 and any(key in name for name in names))
        if field == "theme":
            # Three classifications stand side by side: 교통 means 교통, 교통물류 and 교통및물류 alike.
            return tuple(dict.fromkeys([*whole, *contain]))
        begin = tuple(value for value, names in rows.items() if any(name.startswith(key) for name in names))
        return begin or contain

    def _versions(self, field: str, values: tuple[str, ...]) -> tuple[str, ...]:
        """Give what the index has of a licence in its versions (CC-BY-4.0), of a language in its kinds (zh-Hans)."""
        mark = {"license": r"-\d.*", "language": r"-.*"}.get(field)
        if mark is None:
            return ()
        kinds = re.compile(f"(?:{'|'.join(map(re.escape, values))}){mark}")
        return tuple(value for value in self._seen(field) if value not in values and kinds.fullmatch(value))

    def _rows(self, field: str) -> dict[str, tuple[str, ...]]:
        rows = dict(self._labels.get(field, {}))
        for value in self._seen(field):
            rows.setdefault(value, (_key(value.removeprefix(UNKNOWN)),))
        return rows


def values(vocabularies: Vocabularies, members: Sequence[Member], seen: Seen = lambda field: ()) -> Values:
    """Make the table from the vocabularies, and from members and their sources."""
    labels: dict[str, dict[str, Sequence[str]]] = {
        field: {
            code: (code, vocabularies.label(code, field, "ko"), vocabularies.label(code, field, "en"))
            for code in vocabularies.codes(field)
        }
        for field in CODED
    }
    labels["member"] = {
        member.id: (member.id, member.name.ko, member.name.en or "", *member.aliases) for member in members
    }
    labels["source"] = {source.name: (source.name, source.title) for member in members for source in member.sources}
    return Values(labels, {field: partial(_code, vocabularies, field) for field in CODED if field != "theme"}, seen)


def _code(vocabularies: Vocabularies, field: str, text: str) -> tuple[str, ...]:
    """Give the codes of what a portal may write for a value (``매년``, ``kor``, ``CC BY 4.0``)."""
    text = normalize("NFKC", text)
    if field == "language":
        tag = vocabularies.language(text)
        return (tag,) if tag and vocabularies.label(tag, field) != tag else ()
    if field == "format":
        codes = [one.code if one else None for one, _ in vocabularies.format(text).formats]
        return tuple(code for code in codes if code) if all(codes) else ()
    lookup = {
        "license": vocabularies.license,
        "type": vocabularies.type,
        "frequency": vocabularies.accrual_periodicity,
    }[field]
    concept = lookup(text)
    return (concept.code,) if concept.code else ()


def _key(text: str) -> str:
    return name_key(normalize("NFKC", text))
