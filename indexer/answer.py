"""The endpoint's answer to a search: what the engine found, read from the ledger, labelled and highlighted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from harvester import config
from harvester.catalog import codec
from harvester.catalog.model import Concept, Dataset
from harvester.catalog.urls import is_web_address
from harvester.catalog.vocabularies import Vocabularies
from harvester.errors import ForeignIndexError
from harvester.ledger import Ledger
from indexer import similar
from indexer.analysis import Analyser
from indexer.documents import UNKNOWN, columns, places
from indexer.engines.base import Everything, Request, SearchIndex
from indexer.explaining import Explainer, Match
from indexer.facets import MOST_VALUES, FacetList, FacetQuery, FacetValue, listed
from indexer.hints import Hinter, Hints
from indexer.languages import Said, in_reading_order, said
from indexer.lexicon import Lexicon
from indexer.meaning import Meaning, Word
from indexer.ownership import estrangement
from indexer.parameters import SearchQuery
from indexer.query import ask
from indexer.suggesting import Suggester, Suggestion
from indexer.tables import read_tables
from indexer.values import CODED, values

LONGEST_DESCRIPTION = 1000
"""Characters of a description in a hit; the whole one is in the dataset."""
_SEEN_FOR_SECONDS = 60.0
_MOST_SEEN = 1000
_OWN_FOR_SECONDS = 5.0
"""So long an index that was this ledger's is taken to be so still: looking costs a cluster two requests."""
_FRAGMENT = 240
_LEAD = 60
_SPANS_WEIGHED = 200
# A server has several searchers: what each remembers costs about half a kilobyte a chunk, twice over.
_REMEMBERED_CHUNKS = 20_000
# Descriptions of a megabyte exist; nobody looks for marks in the back of one.
_HIGHLIGHTED = 20_000
Spans = Sequence[tuple[int, int]]
"""Places in a text, from and to (excluded), in characters, in order and apart."""


@dataclass(frozen=True, slots=True)
class Folded:
    """What a folded line stands for: `count` datasets of one series, found by the parameters `query`."""

    count: int
    series: str
    query: str


@dataclass(frozen=True, slots=True)
class Found:
    """One found dataset, as far as a list of results shows it.

    `highlights`: property → fragments, HTML with ``<mark>`` around what matched and everything else escaped; only
    properties in which something matched. `partial`: it has only some of the words. `matches` say why it was found,
    where that was asked for, or where words matched that were not typed. `missing` are the words of a partial one that
    it does not have.
    """

    id: str
    title: Said
    description: Said | None
    publisher: str | None
    source: str
    landing_page: str | None
    modified: str | None
    formats: tuple[str, ...]
    license: str | None
    score: float
    highlights: Mapping[str, tuple[str, ...]]
    partial: bool = False
    matches: tuple[Match, ...] | None = None
    missing: tuple[str, ...] = ()
    folded: Folded | None = None

    def to_json(self) -> dict[str, Any]:
        """As the endpoint has it."""
        return {
            "id": self.id,
            "title": self.title.text,
            "description": cut(self.description.text, LONGEST_DESCRIPTION) if self.description else None,
            "publisher": self.publisher,
            "source": self.source,
            "landing_page": self.landing_page,
            "modified": self.modified,
            "formats": list(self.formats),
            "license": self.license,
            "score": round(self.score, 4),
            "highlights": {name: list(fragments) for name, fragments in self.highlights.items()},
            "partial": self.partial,
            "missing": list(self.missing),
        } | self._asked_for()

    def _asked_for(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.matches is not None:
            found["matches"] = [match.to_json() for match in self.matches]
        if self.folded is not None:
            found["folded"] = asdict(self.folded)
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a search; `cursor` continues it, None when nothing follows.

    `all_words`: so many datasets have all the words; the others of `total` have some, and follow them. `understood`
    are the words that were looked for; `cut`: the text was too long, these are the weightiest of it.
    """

    total: int
    took_ms: int
    hits: tuple[Found, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]
    cursor: str | None
    all_words: int = 0
    understood: tuple[Word, ...] = ()
    cut: bool = False
    hints: Hints = field(default_factory=Hints)

    @property
    def little(self) -> list[Word]:
        """Words that say little and are not required; where nothing else was typed, these are meant."""
        little = [word for word in self.understood if word.silent]
        return little if len(little) < len(self.understood) else []

    def to_json(self) -> dict[str, Any]:
        """As the endpoint has it, keys in the contract's order."""
        return {
            "total": self.total,
            "took_ms": self.took_ms,
            "hits": [hit.to_json() for hit in self.hits],
            "facets": {field: [each.to_json() for each in values] for field, values in self.facets.items()},
            "cursor": self.cursor,
            "all_words": self.all_words,
            "cut": self.cut,
            "words": [_understood(word, little=word in self.little) for word in self.understood],
            **self.hints.to_json(),
        }


def _opening(query: SearchQuery, series: str) -> str:
    """Give the parameters of a search for all that a folded line stands for."""
    opened = replace(
        query, filters={**query.filters, "series": (series,)}, fold=False, explain=False, size=10, offset=0, cursor=None
    )
    return urlencode(opened.to_parameters())


def _understood(word: Word, *, little: bool) -> dict[str, Any]:
    """Give a word as the endpoint tells what was made of it."""
    others = [{"text": form.text, "why": form.why} for form in word.forms if form.why != "typed"]
    return {"typed": word.typed, "required": not little, "also": others}


class Searcher:
    """Answers searches from one ledger and one index; belongs to one thread, as its analyser does.

    Searching raises `QueryError` for parameters that are not acceptable, `IndexEngineError` (`ForeignIndexError` where
    the index is not this ledger's) and `LedgerError`. `lexicon` gives the words of the index for corrections; without
    it they are read at the first search.
    """

    def __init__(
        self,
        ledger: Ledger,
        engine: SearchIndex,
        vocabularies: Vocabularies,
        config_folder: Path,
        lexicon: Callable[[], Lexicon] | None = None,
    ) -> None:
        self._ledger = ledger
        self._engine = engine
        self._vocabularies = vocabularies
        tables = read_tables(config_folder)
        self._analyser = Analyser(remember=_REMEMBERED_CHUNKS, names=tables.names)
        self._meaning = Meaning(self._analyser, tables, vocabularies.format_names())
        self._lexicon = lexicon or cache(lambda: Lexicon.of(engine))
        self._own_until = 0.0
        self._seen_until = 0.0
        self._seen_values: Mapping[str, Sequence[str]] = {}
        members = config.members(config_folder)
        self._members = {member.id: member.name.ko for member in members}
        self._values = values(vocabularies, members, self._seen)
        self._hinter = Hinter(engine, self._meaning, self._values)
        self._suggester = Suggester(engine, self._meaning, self._titles, self._values)
        self._sources = {source.name: source.title for member in members for source in member.sources}

    def search(self, parameters: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """Give the endpoint's JSON for these parameters."""
        return self.answer(SearchQuery.from_parameters(parameters)).to_json()

    def answer(self, query: SearchQuery, *, reasons: bool = False) -> Answer:
        """Search, read what was found, label and highlight it; `reasons`: explain hits by words that were not typed."""
        began = time.perf_counter()
        self._refuse_a_strange_index()
        lexicon = self._lexicon()
        asked = ask(self._engine, query, self._meaning, lexicon, values=self._values)
        relaxed = asked.result.total > asked.strict
        explainer = Explainer(self._analyser, asked.words, whole=not relaxed)
        stored = self._ledger.datasets([hit.id for hit in asked.result.hits])
        explains = query.explain or (reasons and any(len(word.forms) > 1 for word in asked.words))
        hits = []
        for place, hit in enumerate(asked.result.hits, asked.position):
            row = stored.get(hit.id)
            # The index may be a moment behind the ledger: what is gone there is not shown.
            if row is not None and not row.removed:
                dataset = codec.decode(row.content)
                found = self._found(dataset, hit.score, explainer)
                partial = place >= asked.strict_lines
                texts = _texts(dataset) if explains or partial else {}
                matches = tuple(explainer.matches(texts)) if explains else None
                missing = tuple(explainer.missing(texts)) if partial else ()
                found = replace(found, partial=partial, matches=matches, missing=missing)
                if hit.series is not None and hit.folded > 1:
                    found = replace(found, folded=Folded(hit.folded, hit.series, _opening(query, hit.series)))
                hits.append(found)
        facets = {
            field: tuple(FacetValue(value, self.label(field, value), count) for value, count in counts)
            for field, counts in asked.result.facets.items()
        }
        took = round((time.perf_counter() - began) * 1000)
        return Answer(
            total=asked.result.total,
            took_ms=took,
            hits=tuple(hits),
            facets=facets,
            cursor=asked.result.cursor,
            all_words=asked.strict,
            understood=asked.words,
            cut=asked.cut,
            hints=self._hinter.hints(query, asked, lexicon),
        )

    def suggest(self, query: SearchQuery) -> list[Suggestion]:
        """Complete what is typed, under the filters of `query`."""
        self._refuse_a_strange_index()
        return self._suggester.suggest(query, self._lexicon())

    def facet(self, query: FacetQuery) -> FacetList:
        """Give the values of one facet among what a search finds."""
        self._refuse_a_strange_index()
        facets = {query.field: MOST_VALUES}
        search = replace(query.search, size=1)
        asked = ask(self._engine, search, self._meaning, self._lexicon(), facets, self._values)
        return listed(query, asked.result.facets[query.field], self.label)

    def similar(self, dataset: Dataset) -> list[Found]:
        """Give datasets like this one, the likest first."""
        self._refuse_a_strange_index()
        ids = similar.candidates(self._engine, self._analyser, dataset)
        rows = self._ledger.datasets(ids)
        others = [codec.decode(row.content) for id in ids if (row := rows.get(id)) is not None and not row.removed]
        nothing = Explainer(self._analyser, (), whole=True)
        return [self._found(other, 0.0, nothing) for other in similar.distinct(dataset, others)]

    def _titles(self, ids: Sequence[str]) -> dict[str, str]:
        """Read the titles of datasets that are there."""
        return {
            id: title.text
            for id, row in self._ledger.datasets(ids).items()
            if not row.removed and (title := said(codec.decode(row.content).title))
        }

    def _refuse_a_strange_index(self) -> None:
        if time.monotonic() < self._own_until:
            return
        if strange := estrangement(self._ledger, self._engine.checkpoint()):
            raise ForeignIndexError(f"{self._engine.name}: this index {strange}; `datamoa rebuild` makes it anew")
        self._own_until = time.monotonic() + _OWN_FOR_SECONDS

    def _seen(self, field: str) -> Sequence[str]:
        """Give the values that the index has of a field; they are counted once a minute, where a filter is typed."""
        if time.monotonic() >= self._seen_until:
            facets = self._engine.search(Request(Everything(), facets=dict.fromkeys(CODED, _MOST_SEEN), size=0)).facets
            self._seen_values = {name: [value for value, _ in counts] for name, counts in facets.items()}
            self._seen_until = time.monotonic() + _SEEN_FOR_SECONDS
        return self._seen_values.get(field, ())

    def label(self, field: str, value: str) -> str:
        """Give what a searcher reads for a value of a field."""
        if field == "source":
            return self._sources.get(value, value)
        if field == "member":
            return self._members.get(value, value)
        if value.startswith(UNKNOWN):
            return value.removeprefix(UNKNOWN)
        return self._vocabularies.label(value, field) if field in CODED else value

    def _found(self, dataset: Dataset, score: float, explainer: Explainer) -> Found:
        title = said(dataset.title) or Said(dataset.identifier, "und")
        description = said(dataset.description)
        publisher = said(dataset.publisher.name) if dataset.publisher else None
        page = dataset.landing_page
        return Found(
            id=dataset.id,
            title=title,
            description=description,
            publisher=publisher.text if publisher else None,
            source=dataset.source,
            landing_page=page if page and is_web_address(page) else None,
            modified=dataset.modified,
            formats=self._formats(dataset),
            license=self._license(dataset),
            score=score,
            highlights=self._highlights(dataset, title, description, publisher, explainer),
        )

    def _highlights(
        self,
        dataset: Dataset,
        title: Said,
        description: Said | None,
        publisher: Said | None,
        explainer: Explainer,
    ) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name, text in (("title", title), ("description", description), ("publisher", publisher)):
            searched = text.text[:_HIGHLIGHTED] if text else ""
            if spans := explainer.spans(name, searched):
                found[name] = (fragment(searched, spans) if name == "description" else marked(searched, spans),)
        words = [word for words in dataset.keyword.values() for word in words]
        shown = tuple(marked(word, spans) for word in words if (spans := explainer.spans("keyword", word)))
        return found | ({"keyword": shown} if shown else {})

    def _formats(self, dataset: Dataset) -> tuple[str, ...]:
        labels = (self._read(each.format, "format") for each in dataset.distribution)
        return tuple(dict.fromkeys(label for label in labels if label))

    def _license(self, dataset: Dataset) -> str | None:
        if dataset.license is not None:
            return self._read(dataset.license, "license")
        # As in the index: where only the distributions are licensed, and all alike, so is the dataset.
        every = {self._read(each.license, "license") for each in dataset.distribution}
        return every.pop() if len(every) == 1 else None

    def _read(self, concept: Concept | None, scheme: str) -> str | None:
        if concept is None:
            return None
        return (self._vocabularies.label(concept.code, scheme) if concept.code else concept.source) or None


def _texts(dataset: Dataset) -> dict[str, list[str]]:
    """Give the searched texts of a dataset by field."""
    publisher = dataset.publisher.name if dataset.publisher else {}
    return {
        "title": [each.text for each in in_reading_order(dataset.title)],
        "keyword": [word for words in dataset.keyword.values() for word in words],
        "publisher": [each.text for each in in_reading_order(publisher)],
        "description": [each.text[:_HIGHLIGHTED] for each in in_reading_order(dataset.description)],
        "column": [text[:_HIGHLIGHTED] for text in columns(dataset)],
        "place": list(places(dataset)),
    }


def cut(text: str, length: int) -> str:
    """Give the beginning of a text: `length` characters and an ellipsis, ending with a whole word if it has any."""
    if len(text) <= length:
        return text
    head = text[:length]
    words = head.rpartition(" ")[0]
    return (words if len(words) > length // 2 else head).rstrip() + "…"


def marked(text: str, spans: Spans) -> str:
    """Give the text as HTML, everything escaped, with ``<mark>`` around the spans."""
    parts, last = [], 0
    for start, end in spans:
        parts += [escape(text[last:start]), "<mark>", escape(text[start:end]), "</mark>"]
        last = end
    return "".join([*parts, escape(text[last:])])


def fragment(text: str, spans: Spans) -> str:
    """Give the stretch of a long text that shows the most spans, as marked HTML, with ellipses where it was cut."""
    if len(text) <= _FRAGMENT:
        return marked(text, spans)
    near = spans[:_SPANS_WEIGHED]
    first = max(
        (start for start, _ in near),
        key=lambda at: sum(at <= start and end <= at + _FRAGMENT - _LEAD for start, end in near),
        default=0,
    )
    begin = max(0, min(first - _LEAD, len(text) - _FRAGMENT))
    end = begin + _FRAGMENT
    if begin:
        begin = text.find(" ", begin, first) + 1 or begin
    if end < len(text) and (space := text.rfind(" ", end - _FRAGMENT // 2, end)) > 0:
        end = space
    inside = [(max(at, begin) - begin, min(to, end) - begin) for at, to in spans if at < end and to > begin]
    return ("…" if begin else "") + marked(text[begin:end], inside) + ("…" if end < len(text) else "")
