"""One generation of the embedded index: a tantivy index in one folder. The only file that knows tantivy.

The checkpoint is a document of the same commit, so that neither is ever there without the other. Tombstones are
documents too: they remember the `seq` that an older change must not undo, until the next rebuild.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any as Anything
from typing import NamedTuple

import msgspec
import tantivy
from tantivy import FieldType, Occur, Order, Query

from harvester.errors import IndexEngineError
from indexer.engines.base import (
    All,
    Any,
    Best,
    Boost,
    Checkpoint,
    Everything,
    Failure,
    Filtered,
    Fuzzy,
    Hit,
    IndexChange,
    Indexed,
    Node,
    OneOf,
    Phrase,
    Prefix,
    Range,
    Ranked,
    Request,
    Result,
    SearchIndex,
    Sort,
    Term,
)
from indexer.engines.cursor import Cursor, Key, decode
from indexer.engines.embedded_documents import Stamp, State, change_document, state_document
from indexer.engines.embedded_facets import Counts, combination, count
from indexer.engines.order import day_bounds
from indexer.engines.paging import Page, Paging
from indexer.fields import BY_NAME, FIELDS

# tantivy's own default is 128 MB; it is an upper limit and only filled while loading.
_WRITER_HEAP_BYTES = 128_000_000
_WRITER_THREADS = min(2, os.cpu_count() or 1)
# A commit costs 10 ms and leaves a segment to merge; nobody reads a generation that is still being built.
_COMMIT_DOCUMENTS_WHILE_BUILDING = 100_000
_CACHED_FACETS = 256
_PREFIX_CHARACTERS = 256
_REGEX_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$#&\-~])")


class _Ordering(NamedTuple):
    """A sort in the engine's terms: ascending by a fast field, None for the score in descending order.

    `bounded`: the field holds numbers, so that a cursor can be turned into a range.
    """

    field: str | None
    bounded: bool = True


_ORDERINGS: dict[Sort, _Ordering] = {
    "relevance": _Ordering(None, bounded=False),
    "title": _Ordering("title_order", bounded=False),
    "issued": _Ordering("issued"),
    "-issued": _Ordering("issued_down"),
    "modified": _Ordering("modified"),
    "-modified": _Ordering("modified_down"),
}
_BY_ID = _Ordering("id_order")


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()

    def raw(name: str, *, stored: bool = False, fast: bool = False) -> None:
        builder.add_text_field(name, stored=stored, fast=fast, tokenizer_name="raw", index_option="basic")

    raw("id", stored=True)
    raw("kind")
    builder.add_bytes_field("stamp", stored=True)
    builder.add_unsigned_field("seq", fast=True)
    builder.add_unsigned_field("id_order", fast=True)
    raw("title_order", fast=True)
    for field in FIELDS:
        match field.role:
            case "text":
                builder.add_text_field(field.name, tokenizer_name="whitespace", index_option="position")
            case "keyword":
                raw(field.name, fast=True)
                if field.many:
                    raw(combination(field.name), fast=True)
            case "date":
                builder.add_unsigned_field(field.name, fast=True)
                builder.add_unsigned_field(f"{field.name}_down", fast=True)
            case "year":
                builder.add_unsigned_field(field.name, fast=True, indexed=True)
    return builder.build()


_SCHEMA = _schema()


# --- from trees to queries ------------------------------------------------------------------------------------------


def _query(node: Node, scoring: bool = True) -> Query:
    match node:
        case Everything():
            return Query.const_score_query(_document(), 1.0)
        case Term(field, value):
            if BY_NAME[field].role != "text":
                return Query.const_score_query(_exactly(field, (value,)), 1.0)
            return Query.term_query(_SCHEMA, field, value, index_option="freq" if scoring else "basic")
        case OneOf(field, values):
            return Query.const_score_query(_exactly(field, values), 0.0)
        case Phrase(field, terms):
            if len(terms) < 2:
                return _query(Term(field, terms[0]), scoring) if terms else Query.empty_query()
            return Query.phrase_query(_SCHEMA, field, list(terms))
        case Prefix(field, value):
            if not value or len(value) > _PREFIX_CHARACTERS:
                return Query.empty_query()
            return Query.regex_query(_SCHEMA, field, _REGEX_SPECIAL.sub(r"\\\1", value) + ".*")
        case Fuzzy(field, value, distance):
            return Query.fuzzy_term_query(_SCHEMA, field, value, distance)
        case Range(field, low, high):
            return Query.const_score_query(_between(field, low, high), 0.0)
        case All(parts, without):
            must = [_query(part, scoring) for part in parts] or [_query(Everything())]
            return Query.boolean_query(
                [(Occur.Must, query) for query in must]
                + [(Occur.MustNot, _query(part, scoring=False)) for part in without]
            )
        case Any(parts):
            return Query.boolean_query([(Occur.Should, _query(part, scoring)) for part in parts])
        case Best(parts):
            queries = [_query(part, scoring) for part in parts]
            if scoring:
                return Query.disjunction_max_query(queries)
            return Query.boolean_query([(Occur.Should, query) for query in queries])
        case Boost(part, factor):
            return Query.boost_query(_query(part), factor) if scoring else _query(part, scoring=False)
        case Ranked(part, by):
            if not scoring:
                return _query(part, scoring=False)
            return Query.boolean_query([(Occur.Must, _query(part)), (Occur.Should, _query(by))])
        case Filtered(part, filters):
            return _filtered(_query(part, scoring), [_query(filter, scoring=False) for filter in filters])


def _document() -> Query:
    return Query.term_query(_SCHEMA, "kind", "document", index_option="basic")


def _filtered(query: Query, filters: Sequence[Query]) -> Query:
    if not filters:
        return query
    silent = [(Occur.Must, Query.const_score_query(filter, 0.0)) for filter in filters]
    return Query.boolean_query([(Occur.Must, query), *silent])


def _exactly(field: str, values: Sequence[str]) -> Query:
    if BY_NAME[field].role == "year":
        numbers = [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19]
        return Query.boolean_query([(Occur.Should, Query.term_query(_SCHEMA, field, number)) for number in numbers])
    return Query.term_set_query(_SCHEMA, field, [value for value in values if value])


def _between(field: str, low: str | None, high: str | None) -> Query:
    if BY_NAME[field].role == "year":
        first, last = int(low) if low else 0, int(high) if high else 1 << 62
    else:
        first, last = day_bounds(low, high)
    if first > last:
        return Query.empty_query()
    return Query.range_query(_SCHEMA, field, FieldType.Unsigned, first, last)


def _all_score_alike(node: Node) -> bool:
    """Whether every match gets the same score: then the order is that of the ids, without looking at scores."""
    match node:
        case Everything() | OneOf() | Range() | Prefix() | Fuzzy():
            return True
        case Term(field, _):
            return BY_NAME[field].role != "text"
        case All(parts, _):
            return all(_all_score_alike(part) for part in parts)
        case Boost(part, _) | Filtered(part, _):
            return _all_score_alike(part)
        case _:
            return False


# --- reading and writing ----------------------------------------------------------------------------------------------


class _Searching(NamedTuple):
    """The last commit that was opened, and the facets that were counted in it."""

    mark: tuple[int, int, int]
    searcher: tantivy.Searcher
    facets: OrderedDict[Anything, Mapping[str, Counts]]


class Generation:
    """One tantivy index in one folder. Reads what others commit; writes only what its owner lets it write."""

    name = "embedded"
    keeps_content = False

    def __init__(self, folder: Path, *, building: bool = False) -> None:
        self.folder = folder
        self._building = building
        if not building and not tantivy.Index.exists(str(folder)):
            raise FileNotFoundError(f"{folder}: no index here")
        # Given our schema, tantivy refuses an index that was made with another one.
        self._index = tantivy.Index(_SCHEMA, str(folder))
        self._index.config_reader("manual")
        self._lock = threading.Lock()
        self._searching: _Searching | None = None
        self._writer: tantivy.IndexWriter | None = None
        self._state: State | None = None
        self._uncommitted = 0

    # reading

    def _now(self) -> _Searching:
        # A commit replaces meta.json: looking at it costs two microseconds and needs no thread that watches.
        status = os.stat(self.folder / "meta.json")
        mark = (status.st_ino, status.st_mtime_ns, status.st_size)
        if self._searching is None or self._searching.mark != mark:
            with self._lock:
                self._index.reload()
                self._searching = _Searching(mark, self._index.searcher(), OrderedDict())
        return self._searching

    def _stored_state(self) -> State:
        searcher = self._now().searcher
        hits = searcher.search(Query.term_query(_SCHEMA, "kind", "checkpoint"), limit=1).hits
        if not hits:
            return State()
        return msgspec.json.decode(searcher.doc(hits[0][1]).get_first("stamp") or b"", type=State)

    def checkpoint(self) -> Checkpoint:
        """How far this generation is."""
        return (self._state or self._stored_state()).checkpoint

    def document_count(self) -> int:
        """Documents that can be found."""
        self._commit()
        return _first(self._now().searcher, _document())[0]

    def documents(self) -> Iterator[Indexed]:
        """Every document's identity, in the order in which they lie in the index."""
        self._commit()
        searcher = self._now().searcher
        # Equal scores come in the order in which documents lie in the index: reading them so is sequential.
        for offset in range(0, searcher.num_docs, 20_000):
            hits = searcher.search(Query.const_score_query(_document(), 1.0), limit=20_000, count=False, offset=offset)
            for _, address in hits.hits:
                document = searcher.doc(address)
                stamp = msgspec.json.decode(document.get_first("stamp") or b"", type=Stamp)
                yield Indexed(str(document.get_first("id")), stamp.source, stamp.content_hash)

    def search(self, request: Request) -> Result:
        """Search the last commit."""
        self._commit()
        now = self._now()
        cursor = decode(request.after, request.sort) if request.after is not None else None
        query = _filtered(_query(request.query), [_query(node, scoring=False) for node in request.filters.values()])
        ordering = _ORDERINGS[request.sort]
        alike = ordering.field is None and _all_score_alike(request.query)
        if alike:
            ordering = _BY_ID
        total, score = _first(now.searcher, query)
        facets = _facets(now, request)
        if not total or not request.size:
            return Result(total=total, hits=(), facets=facets)
        page = _page(now.searcher, query, ordering, total, request, cursor)
        hits = tuple(
            Hit(id, score if alike else -key if ordering.field is None and isinstance(key, float) else 0.0)
            for key, id in page.hits
        )
        following = None
        if page.more and hits:
            following = Cursor(request.sort, *page.hits[-1], page.position).encode()
        return Result(total=total, hits=hits, facets=facets, cursor=following)

    # writing

    def apply(self, changes: Sequence[IndexChange], checkpoint: Checkpoint) -> list[Failure]:
        """Apply changes and checkpoint in one commit; while building, in one commit sooner or later."""
        state = self._state or self._stored_state()
        writer = self._writing()
        newest: dict[str, IndexChange] = {}
        for change in changes:
            if change.id not in newest or change.seq >= newest[change.id].seq:
                newest[change.id] = change
        # Nothing in the index can be newer than these, and with higher ids nothing can be there at all: a first load
        # and a rebuild (which comes in the order of ids) need not look at what the index has.
        unseen = not newest or min(newest) > state.highest_id
        if not unseen and min(change.seq for change in newest.values()) <= state.highest_seq:
            for id in self._outdated(newest):
                del newest[id]
        failures = []
        for id, change in newest.items():
            try:
                physical = change_document(change)
                if not unseen:
                    writer.delete_documents_by_term("id", id)
                writer.add_json(physical)
            except (ValueError, TypeError) as error:  # orjson says TypeError to lone surrogates
                failures.append(Failure(id=id, seq=change.seq, reason=str(error)))
        state = State(
            ledger=checkpoint.ledger,
            seq=checkpoint.seq,
            analysis=checkpoint.analysis,
            highest_seq=max(state.highest_seq, *(change.seq for change in newest.values()), 0),
            highest_id=max(state.highest_id, *newest, ""),
        )
        writer.delete_documents_by_term("kind", "checkpoint")
        writer.add_json(state_document(state))
        self._uncommitted += len(newest) + 1
        self._state = state
        if not self._building or self._uncommitted >= _COMMIT_DOCUMENTS_WHILE_BUILDING:
            self._commit()
        return failures

    def _writing(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._index.writer(_WRITER_HEAP_BYTES, _WRITER_THREADS)
        return self._writer

    def _outdated(self, changes: Mapping[str, IndexChange]) -> list[str]:
        """Ids of those changes that are older than what the index has."""
        self._commit()
        searcher = self._now().searcher
        hits = searcher.search(Query.term_set_query(_SCHEMA, "id", list(changes)), limit=len(changes), count=False)
        addresses = [address for _, address in hits.hits]
        ids = [str(searcher.doc(address).get_first("id")) for address in addresses]
        stored = searcher.fast_field_values("seq", addresses)
        return [id for id, seq in zip(ids, stored, strict=True) if int(seq or 0) > changes[id].seq]

    def _commit(self) -> None:
        if self._writer is not None and self._uncommitted:
            self._writer.commit()
            self._uncommitted = 0

    def end_writing(self, *, keep: bool = True) -> None:
        """Commit (or throw away) what is written, and wait for merges that tantivy runs beside."""
        writer, self._writer, self._state = self._writer, None, None
        if writer is not None:
            if keep and self._uncommitted:
                writer.commit()
            elif not keep:
                writer.rollback()
            writer.wait_merging_threads()
        self._uncommitted = 0

    def refresh(self) -> None:
        """Make what was applied visible."""
        self._commit()

    def rebuild(self, analysis: str) -> contextlib.AbstractContextManager[SearchIndex]:
        """Refuse: a generation is what a rebuild makes."""
        raise IndexEngineError(f"{self.folder}: a generation that is being built cannot be rebuilt")

    def close(self) -> None:
        """End writing."""
        self.end_writing()


def _first(searcher: tantivy.Searcher, query: Query) -> tuple[int, float]:
    """How many documents match, and the score of the best."""
    found: Anything = searcher.search(query, limit=1)  # its type stub forgets `count`
    return int(found.count), float(found.hits[0][0]) if found.hits else 0.0


def _page(
    searcher: tantivy.Searcher, query: Query, ordering: _Ordering, total: int, request: Request, cursor: Cursor | None
) -> Page:
    if cursor and ordering.bounded:
        # What comes before the cursor need not be collected again, however deep the page is.
        query = _filtered(query, [_from(ordering.field, cursor.key)])
        total = _first(searcher, query)[0]

    def ranked(limit: int) -> list[tuple[Anything, tantivy.DocAddress]]:
        if ordering.field is None:
            return [(-score, address) for score, address in searcher.search(query, limit=limit, count=False).hits]
        return searcher.search(query, limit=limit, count=False, order_by_field=ordering.field, order=Order.Asc).hits

    def ids(addresses: Sequence[tantivy.DocAddress]) -> list[str]:
        return [str(searcher.doc(address).get_first("id")) for address in addresses]

    paging = Paging(ranked, ids, total)
    if cursor is None:
        return paging.page(request.offset, request.size)
    return paging.page(0 if ordering.bounded else cursor.position, request.size, after=(cursor.key, cursor.id))


def _from(field: str | None, key: Key) -> Query:
    if field is None or not isinstance(key, int) or not 0 <= key < 1 << 64:
        return Query.empty_query()
    return Query.range_query(_SCHEMA, field, FieldType.Unsigned, key)


def _facets(now: _Searching, request: Request) -> Mapping[str, Counts]:
    """All facets in one pass, and one more for each that leaves its own filter out. Cached until the next commit."""
    if not request.facets:
        return {}
    asked = (request.query, tuple(request.filters.items()), tuple(request.facets.items()))
    cached = now.facets.get(asked)
    if cached is not None:
        return cached
    query = _query(request.query, scoring=False)
    filters = {field: _query(node, scoring=False) for field, node in request.filters.items()}
    everywhere = [field for field in request.facets if field not in filters]
    groups = [everywhere, *([field] for field in request.facets if field in filters)]
    counted: dict[str, Counts] = {}
    for group in groups:
        if group:
            others = [filter for field, filter in filters.items() if field not in group]
            narrowed = _filtered(query, others)
            counted |= count(
                functools.partial(now.searcher.aggregate, narrowed), {field: request.facets[field] for field in group}
            )
    facets = {field: counted[field] for field in request.facets}
    now.facets[asked] = facets
    while len(now.facets) > _CACHED_FACETS:
        with contextlib.suppress(KeyError):  # another thread may have been faster
            now.facets.popitem(last=False)
    return facets
