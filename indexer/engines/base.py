"""What an engine is: documents in, a query tree in, identifiers and counts out. An engine only translates.

Terms in documents and in trees were made by `indexer.analysis`; engines split them at white space and nothing else.
Both engines must give the same totals, facets and orders: what a node means is said here, exactly.
`tests/engines/contract.py` holds every engine to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from indexer.fields import BY_NAME

# --- the query tree -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Everything:
    """Every document; scores 1 for each."""


@dataclass(frozen=True, slots=True)
class Term:
    """Documents whose `field` has this term (text) or exactly this value (keyword, year). An empty one: none.

    A text term scores by BM25; a keyword or year value gives every document the same score.
    """

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """Documents whose keyword or year `field` has one of these values; does not score. No value: no document."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Documents whose text `field` has these terms side by side, in this order.

    One term is a `Term`, none matches nothing. Values of a multi-valued field are kept apart by `SEPARATOR`.
    """

    field: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """Documents whose text `field` has a term that starts so; scores 1 for each.

    The value is no pattern; an empty one matches nothing.
    """

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Range:
    """Documents whose date or year `field` lies between `low` and `high`, both included; None is open. Does not score.

    Dates are whole days, ``2024-03-05``. A document without a value never matches, not even with both ends open.
    """

    field: str
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True, slots=True)
class All:
    """Documents that match every part, and none of `without`; scores add up. No part: every document not excluded."""

    parts: tuple[Node, ...]
    without: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    """Documents that match at least one part; scores add up. No part: no document."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Best:
    """Documents that match at least one part; the best part's score counts (dis_max). No part: no document."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Boost:
    """Same documents as `part`, its score times `factor`."""

    part: Node
    factor: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """Same documents as `part`; those that match `by` too get its score on top. `by` never adds or removes one."""

    part: Node
    by: Node


@dataclass(frozen=True, slots=True)
class Filtered:
    """Documents of `part` that match every filter; filters do not score."""

    part: Node
    filters: tuple[Node, ...]


Node: TypeAlias = Everything | Term | OneOf | Phrase | Prefix | Range | All | Any | Best | Boost | Ranked | Filtered


# --- documents ------------------------------------------------------------------------------------------------------

SEPARATOR = "\N{BROKEN BAR}"
"""A term that stands between two values of a multi-valued text field, so that no phrase reaches across. No analysis
makes it, no query asks for it."""


@dataclass(frozen=True, slots=True)
class Document:
    """A dataset ready for an index.

    `terms`: text field → terms joined by single spaces (values of a multi-valued field are kept apart by `SEPARATOR`);
    `values`: keyword, date and year fields → exact values (a date: one whole day); `sort_title`: key for sorting by
    title, compared by code point; `content` is the encoded dataset, for engines that keep a readable copy
    (``_source``). `quality` is from 0 to 100.
    """

    id: str
    seq: int
    source: str
    content_hash: str
    content: bytes
    terms: Mapping[str, str]
    values: Mapping[str, tuple[str, ...]]
    sort_title: str
    quality: int | None = None

    @property
    def series(self) -> str:
        """The value of field `series`; a document without one is the only one of its series, named by its id."""
        return self.values.get("series", (self.id,))[0]


@dataclass(frozen=True, slots=True)
class Deletion:
    """A tombstone: the document goes, and an older change that comes late must not bring it back."""

    id: str
    seq: int
    source: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A document in one engine's own form: made by its `ready`, in whatever process makes documents."""

    id: str
    seq: int
    source: str
    form: bytes


IndexChange: TypeAlias = Document | Ready | Deletion


@dataclass(frozen=True, slots=True)
class Failure:
    """A change that the engine refused for good (after its own retries), with the reason."""

    id: str
    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far an index is; all None or 0 for a new one.

    `ledger` is the id of the ledger it belongs to, `seq` the last change it applied, `analysis` the version of fields
    and analysis it was built with.
    """

    ledger: str | None = None
    seq: int = 0
    analysis: str | None = None


@dataclass(frozen=True, slots=True)
class Indexed:
    """Identity of one document, for comparing the index with the ledger."""

    id: str
    source: str
    content_hash: str


# --- searching ------------------------------------------------------------------------------------------------------


Sort: TypeAlias = Literal["relevance", "title", "issued", "-issued", "modified", "-modified", "quality"]


@dataclass(frozen=True, slots=True)
class Request:
    """One search.

    `filters` holds one node per filtered field: a facet's own counts leave its own filter out (multi-select).
    `facets`: field → how many values to return. Ties are broken by document id, ascending. Documents without a date
    come last in both directions. By quality the best come first.

    `fold`: of each series (`Document.series`) only the first hit is given, in the order of these. `total` and facets
    count documents all the same; `size`, `offset` and cursors count what is given.

    `after` is the cursor of an earlier result of the same search and sort, `offset` must be 0 with it. A cursor names
    the last hit, not a position: documents that come or go elsewhere neither repeat nor hide one. (With relevance that
    holds as long as the scores stay what they were.) A cursor that is none raises `QueryError`.
    """

    query: Node
    filters: Mapping[str, Node] = field(default_factory=dict)
    facets: Mapping[str, int] = field(default_factory=dict)
    sort: Sort = "relevance"
    size: int = 10
    offset: int = 0
    after: str | None = None
    fold: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One found document; `score` is 0 where the order is not by relevance.

    Where the search folds, `series` is the document's and `folded` says how many documents of it were found.
    """

    id: str
    score: float
    series: str | None = None
    folded: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """What an engine found.

    `total` is exact, whatever page was asked for; `facets`: field → (value, count), exact, most frequent first, ties by
    value (code points); `cursor` continues after the last hit, None when nothing follows.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    cursor: str | None = None


def writable(value: str) -> bool:
    """Whether a text can be written as UTF-8: half a surrogate pair, as a terminal may pass it, cannot.

    No index has one: a term or value that has matches nothing.
    """
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def value_key(field: str, value: str) -> tuple[int, str]:
    """What values of a keyword or year field are ordered by: texts as they are, years by number.

    What is no year comes before all years.
    """
    if BY_NAME[field].role != "year":
        return 0, value
    return (int(value), "") if value.isascii() and value.isdigit() and len(value) < 10 else (-1, "")


class SearchIndex(Protocol):
    """An engine's index. Faults are `IndexEngineError`; an index that does not exist yet is empty and searchable.

    Implementations take the lock (embedded) or nothing (Elasticsearch) for writing only. A lock is held from the first
    `apply` of a drain until `refresh` or `close`: end every drain with one of them.
    """

    name: str

    @staticmethod
    def ready(document: Document) -> Ready:
        """Give a document this engine's form; other processes can be given this function.

        Raises ValueError or TypeError for a document that the engine would refuse.
        """

    def checkpoint(self) -> Checkpoint:
        """How far the index is."""

    def apply(self, changes: Sequence[IndexChange], checkpoint: Checkpoint) -> list[Failure]:
        """Apply changes and move the checkpoint there; give those that were refused.

        Neither is visible or durable without the other, or the checkpoint follows the changes. Applying a change
        twice, or an older one after a newer one, changes nothing, and of several changes of one document in one call
        the newest counts. An engine's own fault raises `IndexEngineError`: then nothing of this call is promised, and
        the checkpoint has not moved.
        """

    def refresh(self) -> None:
        """Make everything that was applied visible to the next search of this object."""

    def search(self, request: Request) -> Result:
        """Search; raises `IndexEngineError` when the engine cannot answer."""

    def document_count(self) -> int:
        """Documents that can be found."""

    def counts(self, nodes: Sequence[Node]) -> list[int]:
        """How many documents each of `nodes` matches, asked at once."""

    def frequencies(self, terms: Sequence[tuple[str, str]]) -> list[int]:
        """How many documents have each (text field, term), about: deleted documents may count for a while.

        Much cheaper than `counts`: for weighing hundreds of terms.
        """

    def words(
        self, field: str, prefix: str = "", filters: Sequence[Node] = (), limit: int | None = None
    ) -> list[tuple[str, int]]:
        """Terms of `field` that begin with `prefix`, and how many documents that match every filter have each.

        `field` is a keyword field or a text field whose terms are `listed`. The most frequent come first, ties by term
        (code points); `limit`: so many, None: all. A term that no document has any more is left out.
        """

    def facet_values(
        self,
        field: str,
        query: Node,
        filters: Mapping[str, Node],
        *,
        after: str | None = None,
        size: int = 100,
        among: Collection[str] | None = None,
    ) -> list[tuple[str, int]]:
        """Values of a keyword or year field, with how many documents of `query` and `filters` have each, exactly.

        They come in the order of the values (code points; years by number), those after `after`, at most `size`: as
        many mean that more may follow. The field's own filter is left out, as in facets. `among`: only these values,
        for who has found by their labels which are wanted.
        """

    def documents(self) -> Iterator[Indexed]:
        """Every document's identity, in any order."""

    def rebuild(self, analysis: str) -> AbstractContextManager[SearchIndex]:
        """Make a fresh generation beside this one: fill it inside the ``with``.

        Leaving it swaps it in atomically, an exception throws it away. Searches are served by the old generation until
        then.
        """

    def close(self) -> None:
        """Release files, locks and connections."""
