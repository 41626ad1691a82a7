"""One generation of the embedded index: a tantivy index in a folder. Only this file and `embedded_query` know tantivy.

The checkpoint is a document of the same commit, so that neither is ever there without the other. Tombstones are
documents too: they remember the `seq` that an older change must not undo, until the next rebuild.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any as Anything
from typing import NamedTuple

import msgspec
import tantivy
from tantivy import Order, Query

from indexer.engines.base import (
    SEPARATOR,
    Checkpoint,
    Failure,
    Hit,
    IndexChange,
    Indexed,
    Node,
    OneOf,
    Request,
    Result,
    Sort,
    writable,
)
from indexer.engines.cursor import Cursor, Key, decode, no_cursor
from indexer.engines.embedded_documents import TITLE_ORDERS, Stamp, State, change_document, state_document
from indexer.engines.embedded_facets import Counts, count, values_in_order
from indexer.engines.embedded_query import SCHEMA, Translation, all_score_alike, filtered
from indexer.engines.matching import matching
from indexer.engines.order import text_keys
from indexer.engines.paging import Page, Paging
from indexer.engines.seen import Seen
from indexer.priority import give_way

# An upper limit that only a load fills. One thread takes 10,000 documents a second, more than can be made. It fills the
# memory with one large segment; two threads would leave two small ones to merge.
_WRITER_HEAP_BYTES = 128_000_000
_WRITER_THREADS = 1
# A commit leaves segments to merge and makes readers count facets again. Nobody reads much in an index that is being
# filled; elsewhere what was changed is to be found soon, also while a long drain goes on.
_COMMIT_DOCUMENTS = 100_000
_COMMIT_SECONDS = 10.0
_CACHED_FACETS = 256
_WARMED_UP = 4


Beside = Callable[[Callable[[], Mapping[str, Counts]]], Mapping[str, Counts]]
"""Begins to count facets, and gives what will be their counts."""


_ORDERINGS: dict[Sort, tuple[str, ...]] = {
    "relevance": (),
    "title": TITLE_ORDERS,
    "issued": ("issued",),
    "-issued": ("issued_down",),
    "modified": ("modified",),
    "-modified": ("modified_down",),
    "quality": ("quality_order",),
}
"""Fields of numbers that give an order, ascending; none: by score, descending."""
_BY_ID = ("id_order",)
_MOST_NUMBER = (1 << 64) - 1


class _Searching(NamedTuple):
    """The last commit that was opened, and the facets that were counted in it."""

    mark: tuple[int, int, int]
    searcher: tantivy.Searcher
    facets: OrderedDict[Anything, Mapping[str, Counts]]


class Generation:
    """One tantivy index in one folder. Reads what others commit; writes only what its owner lets it write.

    `followed`: somebody calls `catch_up`; else every search looks whether there is a new commit.
    """

    def __init__(self, folder: Path, *, building: bool = False, followed: bool = False) -> None:
        self.folder = folder
        self._building = building
        self._followed = followed
        self.lately: deque[Request] = deque(maxlen=_WARMED_UP)
        if not building and not tantivy.Index.exists(str(folder)):
            raise FileNotFoundError(f"{folder}: no index here")
        # Without a schema it is opened as it was made, perhaps by another release.
        self._index = tantivy.Index(SCHEMA, str(folder)) if building else tantivy.Index.open(str(folder))
        self._translation = Translation(self._index.schema)
        self._index.config_reader("manual")
        self._lock = threading.Lock()
        self._searching: _Searching | None = None
        self._writer: tantivy.IndexWriter | None = None
        self._state: State | None = None
        self._uncommitted = 0
        self._committed = 0.0
        self._seen: Seen | None = None

    # reading

    def _now(self) -> _Searching:
        found = self._searching
        # A followed one is replaced by who follows. It is searched until then, though its folder may be gone already.
        if found is None or ((not self._followed or self._writer is not None) and self.outdated):
            found = self._searching = self._opened()
        return found

    def _mark(self) -> tuple[int, int, int]:
        # A commit replaces meta.json: looking at it costs two microseconds.
        status = os.stat(self.folder / "meta.json")
        return status.st_ino, status.st_mtime_ns, status.st_size

    @property
    def outdated(self) -> bool:
        """Whether there is a commit that is not searched yet."""
        try:
            return self._searching is None or self._searching.mark != self._mark()
        except FileNotFoundError:
            # A rebuild has put another generation in the place of this one.
            if not self._followed:
                raise
            return True

    def _opened(self) -> _Searching:
        with self._lock:
            mark = self._mark()
            self._index.reload()
            return _Searching(mark, self._index.searcher(), OrderedDict())

    def catch_up(self, lately: Sequence[Request] | None = None) -> None:
        """Open the last commit, ask it what was asked `lately`, and search it from now on.

        What is asked first of new files reads them, and facets are counted for a commit.
        """
        if self.outdated:
            found = self._opened()
            for request in list(self.lately if lately is None else lately):
                self._found(found, request, lambda facets: facets())
            self._searching = found

    def _stored_state(self) -> State:
        searcher = self._now().searcher
        hits = searcher.search(self._translation.exactly("kind", "checkpoint"), limit=1).hits
        if not hits:
            return State()
        return msgspec.json.decode(searcher.doc(hits[0][1]).get_first("stamp") or b"", type=State)

    def checkpoint(self) -> Checkpoint:
        """How far this generation is."""
        return (self._state or self._stored_state()).checkpoint

    def document_count(self) -> int:
        """Documents that can be found."""
        self._commit()
        return _first(self._now().searcher, self._translation.every_document())[0]

    def counts(self, nodes: Sequence[Node]) -> list[int]:
        """How many documents each node matches."""
        self._commit()
        searcher = self._now().searcher
        return [_first(searcher, self._translation.matching(node))[0] for node in nodes]

    def frequencies(self, terms: Sequence[tuple[str, str]]) -> list[int]:
        """How many documents have each (field, term); deleted ones count until their segment is merged."""
        self._commit()
        searcher = self._now().searcher
        holds = self._translation.holds
        return [searcher.doc_freq(field, term) if holds(field) and writable(term) else 0 for field, term in terms]

    def words(self, field: str, prefix: str, filters: Sequence[Node], limit: int | None) -> list[tuple[str, int]]:
        """Terms with their numbers of documents."""
        self._commit()
        if not self._translation.holds(field) or not writable(prefix) or limit == 0:
            return []
        live = filtered(self._translation.every_document(), [self._translation.matching(node) for node in filters])
        # One more than wanted: the separator may be among them.
        found = self._now().searcher.terms_with_prefix(field, prefix, live, None if limit is None else limit + 1)
        return [(term, count) for term, count in found if term != SEPARATOR][:limit]

    def documents(self) -> Iterator[Indexed]:
        """Every document's identity, in the order in which they lie in the index."""
        self._commit()
        return self._identities(self._now().searcher)

    def _identities(self, searcher: tantivy.Searcher) -> Iterator[Indexed]:
        query = Query.const_score_query(self._translation.every_document(), 1.0)
        # Equal scores come in the order in which documents lie in the index: reading them so is sequential.
        for offset in range(0, searcher.num_docs, 20_000):
            hits = searcher.search(query, limit=20_000, count=False, offset=offset)
            for _, address in hits.hits:
                document = searcher.doc(address)
                stamp = _stamp(document)
                yield Indexed(str(document.get_first("id")), stamp.source, stamp.content_hash)

    def search(self, request: Request, beside: Beside) -> Result:
        """Search the last commit; facets are counted `beside`."""
        self._commit()
        if self._followed and request.after is None:
            self.lately.append(request)
        return self._found(self._now(), request, beside)

    def _found(self, now: _Searching, request: Request, beside: Beside) -> Result:
        cursor = decode(request.after, request.sort) if request.after is not None else None
        ordering = self._ordering(request.sort)
        if cursor and not isinstance(cursor.key, str if ordering == TITLE_ORDERS else int | float):
            raise no_cursor()
        alike = not ordering and all_score_alike(request.query)
        ranked = not ordering and request.size > 0
        query = self._translation.scored(request.query) if ranked else self._translation.matching(request.query)
        query = filtered(query, [self._translation.matching(node) for node in request.filters.values()])
        if alike:
            ordering = _BY_ID
        facets = beside(lambda: self._facets(now, request)) if request.facets else {}
        if not request.size:
            return Result(total=_first(now.searcher, query)[0], hits=(), facets=facets)
        page, total = self._page(now.searcher, query, ordering, request, cursor)
        score = _first(now.searcher, query)[1] if alike else 0.0
        hits = tuple(
            Hit(id, score if alike else -key if not ordering and isinstance(key, float) else 0.0)
            for key, id in page.hits
        )
        if self._folds(request):
            hits = tuple(self._folded(now.searcher, request, hits, page.addresses))
        following = None
        if page.more and hits:
            following = Cursor(request.sort, *page.hits[-1], page.position).encode()
        return Result(total=total, hits=hits, facets=facets, cursor=following)

    def _ordering(self, sort: Sort) -> tuple[str, ...]:
        """Give the order that is asked for; by relevance where the index lacks what it needs."""
        ordering = _ORDERINGS[sort]
        return ordering if all(map(self._translation.has, ordering)) else ()

    def _folds(self, request: Request) -> bool:
        return request.fold and self._translation.has("line") and self._translation.holds("series")

    def _page(
        self,
        searcher: tantivy.Searcher,
        query: Query,
        ordering: tuple[str, ...],
        request: Request,
        cursor: Cursor | None,
    ) -> tuple[Page[tantivy.DocAddress], int]:
        """Give a page and how many hits there are in all: counted while the page is collected, where possible."""
        translation = self._translation
        total: int | None = None

        def ranked(before: Sequence[int], least: Key, limit: int) -> list[tuple[Anything, tantivy.DocAddress]]:
            nonlocal total
            narrowing = [translation.number(name, number) for name, number in zip(ordering, before, strict=False)]
            if least is not None:
                if not isinstance(least, int) or not 0 <= least <= _MOST_NUMBER:
                    return []
                narrowing.append(translation.following(ordering[len(before)], least))
            found: Anything = searcher.search(
                filtered(query, narrowing),
                # tantivy makes room for as many hits as it may find.
                limit=min(limit, searcher.num_docs + 1),
                count=total is None and not narrowing,
                order_by_field=ordering[len(before)] if ordering else None,
                order=Order.Asc if ordering else Order.Desc,
            )
            if total is None and not narrowing:
                total = int(found.count)
            hits: list[tuple[Anything, tantivy.DocAddress]] = found.hits
            return hits if ordering else [(-score, address) for score, address in hits]

        def exact(hits: Sequence[tuple[Anything, tantivy.DocAddress]]) -> list[tuple[Anything, str]]:
            documents = [searcher.doc(address) for _, address in hits]
            ids = [str(document.get_first("id")) for document in documents]
            if ordering == TITLE_ORDERS:
                return [(_stamp(document).sort_title, id) for document, id in zip(documents, ids, strict=True)]
            return [(number, id) for (number, _), id in zip(hits, ids, strict=True)]

        def lines(addresses: Sequence[tantivy.DocAddress]) -> list[int]:
            return [int(line or 0) for line in searcher.fast_field_values("line", list(addresses))]

        paging = Paging(
            ranked,
            exact,
            numbers=(lambda key: text_keys(str(key))) if ordering == TITLE_ORDERS else (lambda key: (key,)),
            levels=max(len(ordering), 1),
            follows=bool(ordering),
            lines=lines if self._folds(request) else None,
        )
        if cursor is None:
            page = paging.page(request.offset, request.size)
        else:
            page = paging.page(cursor.position, request.size, after=(cursor.key, cursor.id))
        return page, _first(searcher, query)[0] if total is None else total

    def _folded(
        self,
        searcher: tantivy.Searcher,
        request: Request,
        hits: Sequence[Hit],
        addresses: Sequence[tantivy.DocAddress],
    ) -> Iterator[Hit]:
        """Say of hits which series they stand for, and how many documents of it were found."""
        names = [_stamp(searcher.doc(address)).series for address in addresses]
        wanted = [request.query, *request.filters.values(), OneOf("series", tuple(names))]
        query = filtered(self._translation.every_document(), [self._translation.matching(node) for node in wanted])
        counts = dict(count(functools.partial(searcher.aggregate, query), {"series": len(names)})["series"])
        for hit, name in zip(hits, names, strict=True):
            yield replace(hit, series=name, folded=counts.get(name, 1))

    def facet_values(
        self,
        field: str,
        query: Node,
        filters: Mapping[str, Node],
        after: str | None,
        size: int,
        among: Collection[str] | None,
    ) -> list[tuple[str, int]]:
        """Values of a field with their numbers of documents, in the order of the values."""
        self._commit()
        if not self._translation.holds(field):
            return []
        wanted = [query, *(node for name, node in filters.items() if name != field)]
        if among is not None:
            wanted.append(OneOf(field, tuple(among)))
        narrowed = filtered(self._translation.every_document(), [self._translation.matching(node) for node in wanted])
        aggregate = functools.partial(self._now().searcher.aggregate, narrowed)
        return values_in_order(aggregate, field, after, size, among)

    def _facets(self, now: _Searching, request: Request) -> Mapping[str, Counts]:
        """All facets in one pass, and one more for each that leaves its own filter out; cached until a commit."""
        if not request.facets:
            return {}
        wanted = matching(request.query)
        asked = (wanted, tuple(request.filters.items()), tuple(request.facets.items()))
        cached = now.facets.get(asked)
        if cached is not None:
            return cached
        query = self._translation.matching(wanted)
        filters = {field: self._translation.matching(node) for field, node in request.filters.items()}
        held = [field for field in request.facets if self._translation.holds(field)]
        everywhere = [field for field in held if field not in filters]
        groups = [everywhere, *([field] for field in held if field in filters)]
        counted: dict[str, Counts] = dict.fromkeys(request.facets, ())
        for group in groups:
            if group:
                others = [filter for field, filter in filters.items() if field not in group]
                narrowed = filtered(query, others)
                counted |= count(
                    functools.partial(now.searcher.aggregate, narrowed),
                    {field: request.facets[field] for field in group},
                )
        facets = {field: counted[field] for field in request.facets}
        now.facets[asked] = facets
        while len(now.facets) > _CACHED_FACETS:
            with contextlib.suppress(KeyError):  # another thread may have been faster
                now.facets.popitem(last=False)
        return facets

    # writing

    def apply(self, changes: Sequence[IndexChange], checkpoint: Checkpoint) -> list[Failure]:
        """Apply changes and checkpoint in one commit, sooner or later: at the latest when writing ends."""
        state = self._state or self._stored_state()
        writer = self._writing()
        if not state.highest_seq and self._seen is None:
            self._seen = Seen()
        newest: dict[str, IndexChange] = {}
        for change in changes:
            if change.id not in newest or change.seq >= newest[change.id].seq:
                newest[change.id] = change
        # A first load and a rebuild need not look at what the index has, nor delete it: all that it has they wrote.
        known = {id for id in newest if self._seen.add(id)} if self._seen else newest.keys()
        # Nothing in the index can be newer than higher numbers.
        if known and min(newest[id].seq for id in known) <= state.highest_seq:
            for id in self._outdated({id: newest[id] for id in known}):
                del newest[id]
        failures = []
        for id, change in newest.items():
            try:
                physical = change_document(change)
                if id in known:
                    writer.delete_documents_by_term("id", id)
                writer.add_json(physical)
            except (ValueError, TypeError) as error:  # orjson says TypeError to lone surrogates
                failures.append(Failure(id=id, seq=change.seq, reason=str(error)))
        state = State(
            ledger=checkpoint.ledger,
            seq=checkpoint.seq,
            analysis=checkpoint.analysis,
            highest_seq=max(state.highest_seq, *(change.seq for change in newest.values()), 0),
        )
        writer.delete_documents_by_term("kind", "checkpoint")
        writer.add_json(state_document(state))
        self._uncommitted += len(newest) + 1
        self._state = state
        if self._uncommitted >= _COMMIT_DOCUMENTS or (
            self._seen is None and time.monotonic() - self._committed >= _COMMIT_SECONDS
        ):
            self._commit()
        return failures

    def _writing(self) -> tantivy.IndexWriter:
        if self._writer is None:
            if not self._translation.current:
                raise ValueError("another release made it, with other fields: nothing can be added")
            # The threads that index and merge take their priority from the one that starts them.
            with ThreadPoolExecutor(1, initializer=give_way) as patient:
                self._writer = patient.submit(self._index.writer, _WRITER_HEAP_BYTES, _WRITER_THREADS).result()
            self._committed = time.monotonic()
        return self._writer

    def _outdated(self, changes: Mapping[str, IndexChange]) -> list[str]:
        """Ids of those changes that are older than what the index has."""
        self._commit()
        searcher = self._now().searcher
        hits = searcher.search(self._translation.any_of("id", list(changes)), limit=len(changes), count=False)
        addresses = [address for _, address in hits.hits]
        ids = [str(searcher.doc(address).get_first("id")) for address in addresses]
        stored = searcher.fast_field_values("seq", addresses)
        return [id for id, seq in zip(ids, stored, strict=True) if int(seq or 0) > changes[id].seq]

    def _commit(self) -> None:
        if self._writer is not None and self._uncommitted:
            self._writer.commit()
            self._uncommitted = 0
            self._committed = time.monotonic()

    def end_writing(self, *, keep: bool = True) -> None:
        """Commit (or throw away) what is written, and wait for merges that tantivy runs beside."""
        writer, self._writer, self._state, self._seen = self._writer, None, None, None
        if writer is not None:
            if keep and self._uncommitted:
                writer.commit()
            elif not keep:
                writer.rollback()
            writer.wait_merging_threads()
        self._uncommitted = 0


def _stamp(document: tantivy.Document) -> Stamp:
    return msgspec.json.decode(document.get_first("stamp") or b"", type=Stamp)


def _first(searcher: tantivy.Searcher, query: Query) -> tuple[int, float]:
    """How many documents match, and the score of the best."""
    found: Anything = searcher.search(query, limit=1)  # its type stub forgets `count`
    return int(found.count), float(found.hits[0][0]) if found.hits else 0.0
