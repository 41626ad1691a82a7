"""From a dataset of the ledger to a document of an index: terms for its texts, exact values for filters and facets.

A value is stable and short: the code of a concept, or ``?`` and what the portal wrote where no vocabulary knows it
(`UNKNOWN`), an organisation's name, a source's name. What a searcher reads for it is the vocabularies' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from harvester import config
from harvester.catalog import codec, quality
from harvester.catalog.model import Concept, Dataset, LangText
from harvester.ledger.types import Change
from indexer import analysis
from indexer.analysis import Analyser, initial_grams, letters, normal, strokes
from indexer.engines.base import SEPARATOR, Document
from indexer.languages import in_reading_order, said
from indexer.series import series
from indexer.tables import Name, names_of, search_tables

ANALYSIS = f"{analysis.ANALYSIS}.4"
"""Version of everything that makes documents, the analysis first. An index built by another one must be rebuilt."""

UNKNOWN = "?"
"""Stands before a value that no vocabulary knows."""

_VALUE_CHARACTERS = 100
_SORT_CHARACTERS = 100
# Descriptions of a megabyte exist (whole tables pasted in); what comes later in one does not make it easier to find.
_TEXT_CHARACTERS = 50_000
_KEYWORDS = 500
_WORD_CHARACTERS = 30
# The longest term that Elasticsearch's white-space tokenizer makes has 255 characters.
_ADDRESS_CHARACTERS = 200
_ADDRESSED = 100
_ADDRESS_FRAME = re.compile(r"^(?:https?://)?(?:www\.)?(?:(?:dx\.)?doi\.org/|doi:)?|[/?#]+$")
# What portals call a list of columns in fields of their own.
_COLUMNS = re.compile(r"컬럼|칼럼|항목|필드|변수|column|field|variable", re.IGNORECASE)
# Much more than for searching: a catalogue of 34,267 real datasets has 91,000 different words.
_REMEMBERED_CHUNKS = 100_000


class Documents(NamedTuple):
    """How documents are made: `dictionary` has the names that the analysis takes as they are.

    `analysis` is the version that an index of such documents carries.
    """

    dictionary: tuple[Name, ...]
    analysis: str

    @classmethod
    def of(cls, folder: Path) -> Documents:
        """Read the dictionary of a config folder; raises `ConfigurationError`."""
        own, packaged = (config.search_words(each) for each in (folder, config.default_config()))
        tables = search_tables(own)
        # The packaged dictionary belongs to this code, and its changes to `ANALYSIS`.
        version = ANALYSIS if own == packaged else f"{ANALYSIS}+{tables.digest}"
        return cls(tables.dictionary, version)

    def document(self, change: Change) -> Document:
        """Make the document of a change that is no tombstone.

        Uses one analyser a process. Raises what `codec.decode` raises when the content is no dataset.
        """
        return _document(change, _analyser(self.dictionary))


@lru_cache(maxsize=2)
def _analyser(dictionary: tuple[Name, ...]) -> Analyser:
    return Analyser(remember=_REMEMBERED_CHUNKS, names=names_of(dictionary))


@lru_cache(maxsize=1)
def packaged() -> Documents:
    """Give how documents are made with the packaged dictionary."""
    return Documents.of(config.default_config())


def document(change: Change) -> Document:
    """Make the document of a change with the packaged dictionary."""
    return packaged().document(change)


def _document(change: Change, analyser: Analyser) -> Document:
    if change.content is None or change.content_hash is None:
        raise ValueError(f"{change.id}: a tombstone has no document")
    dataset = codec.decode(change.content)
    return Document(
        id=change.id,
        seq=change.seq,
        source=change.source,
        content_hash=change.content_hash.hex(),
        content=change.content,
        terms={field: text for field, text in _terms(dataset, analyser) if text},
        values={field: values for field, values in _values(dataset) if values},
        sort_title=_sort_title(dataset),
        quality=quality.score(dataset),
    )


def _terms(dataset: Dataset, analyser: Analyser) -> Iterator[tuple[str, str]]:
    def joined(values: Iterable[str]) -> str:
        return _separated(" ".join(analyser.terms(value)) for value in values)

    titles = _texts(dataset.title)
    keywords = [word for words in dataset.keyword.values() for word in words][:_KEYWORDS]
    yield "title", joined(titles)
    yield "keyword", joined(keywords)
    if dataset.publisher:
        former = dataset.publisher.source_name
        names = _texts(dataset.publisher.name)
        yield "publisher", joined([*names, former] if former and former not in names else names)
    yield "description", joined(_texts(dataset.description))
    yield "column", joined(columns(dataset))
    yield "place", joined(places(dataset))
    keys = [*map(address_key, _identifiers(dataset)), *map(title_key, titles)]
    yield "identifier", " ".join(_distinct(keys))
    yield "grams", _separated(" ".join(analyser.pairs(text)) for text in (*titles, *keywords))
    yield "word", " ".join(_distinct(map(word_key, _words(analyser, titles, keywords))))
    yield "initials", _separated(" ".join(initial_grams(text)) for text in titles)


def word_key(word: str) -> str:
    """Give the term of field `word` for the letters of a word: the keys that type it, a bar, the word.

    By the keys it is found half typed, and typed with the keyboard in the wrong language.
    """
    return f"{strokes(word)}|{word}"


def address_key(text: str) -> str:
    """Give the term of field `identifier` for an identifier or an address, however it is written."""
    key = _ADDRESS_FRAME.sub("", normal(text).strip())
    return "".join(key.split())[:_ADDRESS_CHARACTERS]


def title_key(text: str) -> str:
    """Give the term of field `identifier` for a whole title, however it is spaced."""
    return f"={letters(text)}"[:_ADDRESS_CHARACTERS]


def _words(analyser: Analyser, titles: Iterable[str], keywords: Iterable[str]) -> Iterator[str]:
    for text in (*titles, *keywords):
        for word in analyser.words(text):
            if len(word) <= _WORD_CHARACTERS:
                yield letters(word)


def columns(dataset: Dataset) -> Iterator[str]:
    """Give the texts in which a portal names the columns of a dataset."""
    for name, value in dataset.additional.items():
        if _COLUMNS.search(name):
            yield value[:_TEXT_CHARACTERS]


def places(dataset: Dataset) -> Iterator[str]:
    """Give the places and periods of a dataset, as they are written."""
    for place in dataset.spatial:
        yield from _texts(place.label)
    for period in dataset.temporal:
        yield period.label or f"{period.start or ''} {period.end or ''}"


def _identifiers(dataset: Dataset) -> Iterator[str]:
    yield from (dataset.identifier, *dataset.other_identifier)
    for each in (dataset.landing_page, *dataset.page):
        if each:
            yield each
    for distribution in dataset.distribution[:_ADDRESSED]:
        for each in (distribution.access_url, distribution.download_url):
            if each:
                yield each


def _texts(texts: LangText) -> list[str]:
    return [each.text[:_TEXT_CHARACTERS] for each in in_reading_order(texts)]


def _separated(values: Iterable[str]) -> str:
    return f" {SEPARATOR} ".join(filter(None, values))


def _values(dataset: Dataset) -> Iterator[tuple[str, tuple[str, ...]]]:
    publisher = said(dataset.publisher.name) if dataset.publisher else None
    yield "organization", (publisher.text[:_VALUE_CHARACTERS],) if publisher else ()
    # The BRM tree says in other words what the 16 categories say: side by side in one list they read as repetitions.
    themes = [theme for theme in dataset.theme if theme.scheme != "brm"] or dataset.theme
    yield "theme", _distinct(_value(theme) for theme in themes)
    yield "format", _distinct(_value(each.format) for each in dataset.distribution)
    licenses = {_value(each.license) for each in dataset.distribution} if dataset.license is None else set()
    # Where only the distributions are licensed, and all alike, so is the dataset.
    yield "license", _distinct(licenses if len(licenses) == 1 else [_value(dataset.license)])
    yield "source", (dataset.source,)
    yield "member", (dataset.source.partition(".")[0],)
    yield "type", _distinct([_value(dataset.type)])
    yield "frequency", _distinct([_value(dataset.accrual_periodicity)])
    yield "language", _distinct(tag[:_VALUE_CHARACTERS] for tag in dataset.language)
    yield "series", (series(dataset) or dataset.id,)
    issued, modified = _day(dataset.issued), _day(dataset.modified)
    yield "year", (str(int(modified[:4])),) if modified else ()
    yield "issued", (issued,) if issued else ()
    yield "modified", (modified,) if modified else ()


def _value(concept: Concept | None) -> str:
    if concept is None:
        return ""
    if concept.code:
        return concept.code
    source = " ".join(concept.source.split())[:_VALUE_CHARACTERS]
    return f"{UNKNOWN}{source}" if source else ""


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


@lru_cache(maxsize=50_000)
def _day(moment: str | None) -> str | None:
    """Give the first day of what a date or time of whatever precision means; None if it is none."""
    if not moment:
        return None
    day = moment[:10]
    day += "-01-01"[len(day) - 4 :] if len(day) in (4, 7) else ""
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError:
        return None


def _sort_title(dataset: Dataset) -> str:
    title = said(dataset.title)
    text = normal(" ".join(title.text[: 2 * _SORT_CHARACTERS].split())) if title else ""
    return text.strip(" _-()[]{}<>'\"·.,")[:_SORT_CHARACTERS] or dataset.id
