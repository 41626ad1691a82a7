"""CKAN's Action API (https://docs.ckan.org/en/latest/api/), and the portals that answer it only in part.

Ways of listing, best first; a portal that refuses one gets the next:

``search``
    ``package_search`` sorted by id. While pages are read, a package added before the cursor is met twice, which the
    ledger counts; one *removed* there would shift the list and hide another. So each page starts at the last package
    of the page before: where that is not met again, the list has shifted, and one page is read once more.
``beyond``
    the same from the last id on (``fq=id:{last TO *]``), for portals that refuse deep offsets. Not the first choice:
    stock CKAN understands it, many a portal that imitates CKAN does not.
``list``
    ``current_package_list_with_resources`` by offset, until an empty page.
``show``
    ``package_list``, then ``package_show`` for every name.

Each package stays the bytes that the portal sent; only its id, name and state are read here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Literal, NamedTuple
from urllib.parse import urlencode

import msgspec
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from harvester.catalog.model import HarvestRecord, Issue, Lost, Page, Part, Rejected
from harvester.errors import PortalError
from harvester.options.ckan import CkanOptions
from harvester.protocols.base import ProtocolSpider
from harvester.protocols.ckan_answers import names_of, packages_of

_NOT_OFFERED = frozenset({404, 405, 501})
_REFUSED = frozenset({400, 409, 413, 422})
_SMALL = 100
_SHOWN_AT_ONCE = 50


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Where a listing stands; as JSON it is the cursor.

    `start` counts the packages before it, `last` is the id (or name) of the one right before. `total` is the largest
    count that the portal told: one that falls to nothing in the middle of a listing must not make it look whole.
    """

    way: Literal["search", "beyond", "list", "show"] = "search"
    start: int = 0
    rows: int
    sort: bool = True
    overlap: bool = True
    last: str | None = None
    total: int | None = None

    def cursor(self) -> str:
        """Position as the ledger keeps it."""
        return msgspec.json.encode(self).decode()

    @property
    def overlapping(self) -> int:
        """Offset to ask from: that of the last package before, if a page has room for a new one beside it."""
        overlaps = self.way == "search" and self.sort and self.overlap and self.last and self.rows > 1
        return max(0, self.start - 1) if overlaps else self.start


class _Head(msgspec.Struct):
    id: Any = None
    name: Any = None
    state: Any = None


class _Read(NamedTuple):
    """A package as bytes, with its id for paging and what becomes of it."""

    id: str | None
    outcome: HarvestRecord | Rejected


_head = msgspec.json.Decoder(_Head)


class CkanSpider(ProtocolSpider):
    """Lists a CKAN portal; see the module's text for how."""

    format = "ckan"
    options: CkanOptions
    statuses: ClassVar[list[int]] = sorted(_NOT_OFFERED | _REFUSED)

    def listing(self, cursor: str | None) -> Iterable[Request | Page]:
        """Ask for the page after the cursor, or for the first one."""
        position = msgspec.json.decode(cursor, type=Position) if cursor else Position(rows=self.options.rows)
        yield self._ask(position, cursor)

    def _ask(self, position: Position, after: str | None, begin: int | None = None) -> Request:
        """Request for the page at a position; `begin` asks for it from further back, because the list has shifted."""
        begin = position.overlapping if begin is None else begin
        if position.way == "search":
            action = "package_search"
            query = {"q": "*:*", "rows": position.rows, "start": begin, "fq": self._filter()}
        elif position.way == "beyond":
            action = "package_search"
            query = {"q": "*:*", "rows": position.rows, "start": 0, "fq": self._filter(position.last)}
        elif position.way == "list":
            action = "current_package_list_with_resources"
            query = {"limit": position.rows, "offset": begin}
        else:
            action, query = "package_list", {}
        if action == "package_search" and position.sort:
            query["sort"] = "id asc"
        return self._action(action, query, self._read, {"position": position, "after": after, "begin": begin})

    def _action(self, action: str, query: dict[str, Any], callback: Any, known: dict[str, Any]) -> Request:
        arguments = urlencode({name: value for name, value in query.items() if value != ""})
        url = f"{self.source.url}/api/3/action/{action}{'?' if arguments else ''}{arguments}"
        return self.request(url, callback, cb_kwargs=known, meta={"handle_httpstatus_list": self.statuses})

    def _filter(self, last: str | None = None) -> str:
        """Solr filter: the source's own, what changed since (with overlap), and what lies beyond an id."""
        own = self.options.filter_query
        clauses = [own if own.startswith(("+", "-")) else f"+({own})"] if own else []
        if not self.job.full and self.job.since:
            since = self.job.since - timedelta(seconds=self.options.overlap_seconds)
            clauses.append(f"+metadata_modified:[{since:%Y-%m-%dT%H:%M:%SZ} TO *]")
        if last:
            quoted = last.replace("\\", r"\\").replace('"', r"\"")
            clauses.append(f'+id:{{"{quoted}" TO *]')
        return " ".join(clauses)

    def _read(self, response: Response, position: Position, after: str | None, begin: int) -> Iterator[Request | Page]:
        if response.status in _NOT_OFFERED | _REFUSED:
            yield self._ask(_retreat(position, response), after)
        elif position.way == "show":
            yield from self._shows(names_of(response), position, after)
        elif position.way == "list":
            yield from self._listed(packages_of(response)[0], position, after)
        else:
            packages, count = packages_of(response)
            yield from self._searched([_package(raw) for raw in packages], count, position, after, begin)

    def _searched(
        self, read: list[_Read], count: int | None, position: Position, after: str | None, begin: int
    ) -> Iterator[Request | Page]:
        reached, total = begin + len(read), count
        if position.way == "beyond":
            reached = position.start + len(read)
            total = None if count is None else position.start + count
        end = not read or (total is not None and reached >= total)
        fresh = read
        if begin < position.start:
            match _after(position.last or "", read):
                case "earlier" if begin > 0 and (read or (total is not None and total < begin)):
                    back = (begin if read else total or 0) - position.rows
                    yield self._ask(position, after, max(0, back))
                    return
                case "nowhere":
                    position = msgspec.structs.replace(position, overlap=False)
                case list(fresh) if not fresh and not end and len(read) > 1:
                    # Perhaps the portal counts in whole pages: then it must not be asked for one package again.
                    yield self._ask(msgspec.structs.replace(position, overlap=False), after)
                    return
                case list(fresh):
                    # A count may be larger than what there is: then only what was asked for again comes.
                    end = end or not fresh
        elif read and not end and read[-1].id and read[-1].id == position.last:
            raise PortalError("endless paging", f"{self.source.url}: page after page ends with package {position.last}")
        following = msgspec.structs.replace(
            position,
            start=reached,
            rows=len(read) if position.start == 0 and read and not end else position.rows,
            last=read[-1].id if read else position.last,
            total=position.total if total is None else max(total, position.total or 0),
        )
        yield _page([package.outcome for package in fresh], after, following, end, following.total)
        if not end:
            yield self._ask(following, following.cursor())

    def _listed(self, packages: Sequence[bytes], position: Position, after: str | None) -> Iterator[Request | Page]:
        read = [_package(raw) for raw in packages]
        same = bool(read) and position.last is not None and read[-1].id == position.last
        if same and len(read) == position.rows:
            raise PortalError("endless paging", f"{self.source.url}: page after page ends with package {position.last}")
        # DKAN knows no limit and no offset: everything is in the first answer.
        end = not read or same or len(read) > position.rows
        following = msgspec.structs.replace(
            position, start=position.start + len(read), last=read[-1].id if read else position.last
        )
        yield _page([] if same else [package.outcome for package in read], after, following, end, None)
        if not end:
            yield self._ask(following, following.cursor())

    def _shows(self, names: Sequence[str], position: Position, after: str | None) -> Iterator[Request | Page]:
        """Ask for the next packages of the list; names are sorted, so that a cursor holds for a changed list."""
        names = sorted(set(names))
        begin = bisect_right(names, position.last) if position.last else 0
        yield from self._show(_Batch(names, begin, position, after))

    def _show(self, batch: _Batch) -> Iterator[Request | Page]:
        if not batch.names_now:
            yield _page([], batch.after, batch.position, True, len(batch.names))
        for name in batch.names_now:
            known = {"batch": batch, "name": name}
            # A package that cannot be shown is a lost entry of its page, not a lost request of the listing.
            yield self._action("package_show", {"id": name}, self._shown, known).replace(errback=self._not_shown)

    def _shown(self, response: Response, batch: _Batch, name: str) -> Iterator[Request | Page]:
        try:
            if response.status in _NOT_OFFERED | _REFUSED:
                raise PortalError("not found", f"{response.url}: answered {response.status}")
            packages, _ = packages_of(response, shown=True)
            if len(packages) != 1:
                raise PortalError("layout changed", f"{response.url}: {len(packages)} packages instead of one")
            batch.outcomes[name] = _package(packages[0]).outcome
        except PortalError as error:
            batch.lose(name, error)
        yield from self._when_all_shown(batch)

    def _not_shown(self, failure: Failure) -> Iterator[Request | Page]:
        known = failure.request.cb_kwargs  # type: ignore[attr-defined]  # Scrapy puts the request there
        batch, name = known["batch"], known["name"]
        batch.lose(name, PortalError("server error", failure.getErrorMessage()))
        yield from self._when_all_shown(batch)

    def _when_all_shown(self, batch: _Batch) -> Iterator[Request | Page]:
        if len(batch.outcomes) < len(batch.names_now):
            return
        if batch.errors and len(batch.errors) == len(batch.names_now) > 1:
            raise batch.errors[0]
        following = batch.following()
        yield _page(
            [batch.outcomes[name] for name in batch.names_now],
            batch.after,
            following.position,
            not following.names_now,
            len(batch.names),
        )
        if following.names_now:
            yield from self._show(following)


class _Batch:
    """Packages that are asked for at the same time; they become one page, in the order of their names."""

    def __init__(self, names: Sequence[str], begin: int, position: Position, after: str | None) -> None:
        self.names = names
        self.begin = begin
        self.names_now = names[begin : begin + _SHOWN_AT_ONCE]
        self.position = position
        self.after = after
        self.outcomes: dict[str, HarvestRecord | Rejected | Lost] = {}
        self.errors: list[PortalError] = []

    def lose(self, name: str, error: PortalError) -> None:
        self.errors.append(error)
        issue = Issue(severity="error", code=error.reason.replace(" ", "-"), message=str(error), field="package_show")
        self.outcomes[name] = Lost(identifier=name, issue=issue)

    def following(self) -> _Batch:
        end = self.begin + len(self.names_now)
        position = msgspec.structs.replace(self.position, start=end, last=self.names_now[-1])
        return _Batch(self.names, end, position, position.cursor())


def _after(last: str, read: list[_Read]) -> list[_Read] | Literal["earlier", "nowhere"]:
    """Packages of a page that come after the last one read.

    ``earlier``: the whole page comes after it, so that others may stand before; ``nowhere``: the portal takes the sort
    and pays no heed to it.
    """
    ids = [package.id or "" for package in read]
    if last in ids:
        return read[ids.index(last) + 1 :]
    if ids != sorted(ids):
        return "nowhere"
    return "earlier" if not ids or ids[0] > last else [package for package in read if (package.id or "") > last]


def _retreat(position: Position, response: Response) -> Position:
    """Next thing to try when a portal refuses; raise `PortalError` when nothing is left."""
    change, first = msgspec.structs.replace, position.start == 0
    if position.way == "search" and first:
        if response.status in _REFUSED and position.sort:
            return change(position, sort=False)
        if response.status in _REFUSED and position.rows > _SMALL:
            return change(position, sort=True, rows=_SMALL)
        return change(position, way="list", sort=True)
    if position.way == "list" and first:
        return change(position, way="show")
    if response.status in _REFUSED and position.way in {"search", "beyond"}:
        if position.rows > _SMALL:
            return change(position, rows=_SMALL)
        if position.way == "search" and position.sort and position.last:
            return change(position, way="beyond")
    reason = "not found" if response.status in _NOT_OFFERED else "server error"
    raise PortalError(reason, f"{response.url}: answered {response.status}: {response.body[:120]!r}")


def _package(payload: bytes) -> _Read:
    try:
        head = _head.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        return _Read(None, _rejected(payload, "not-a-package", f"not a package: {error}"))
    identifier = _text(head.id) or _text(head.name)
    if not identifier:
        return _Read(None, _rejected(payload, "no-identifier", "neither id nor name in this package"))
    # `private` says nothing: we ask without a key, so what is shown is public, and a recorded DKAN calls all it has so.
    gone = isinstance(head.state, str) and head.state.lower() in {"deleted", "draft"}
    part = Part(name="listing", format=CkanSpider.format, payload=payload)
    return _Read(_text(head.id), HarvestRecord(identifier=identifier, parts=(part,), deleted=gone))


def _text(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def _rejected(payload: bytes, code: str, message: str) -> Rejected:
    issue = Issue(
        severity="error", code=code, message=message, field="id", value=payload[:200].decode("utf-8", "replace")
    )
    return Rejected(payload=payload, format=CkanSpider.format, issue=issue)


def _page(
    outcomes: Iterable[HarvestRecord | Rejected | Lost],
    after: str | None,
    position: Position,
    end: bool,
    total: int | None,
) -> Page:
    outcomes = list(outcomes)
    return Page(
        records=tuple(outcome for outcome in outcomes if isinstance(outcome, HarvestRecord)),
        rejected=tuple(outcome for outcome in outcomes if isinstance(outcome, Rejected)),
        lost=tuple(outcome for outcome in outcomes if isinstance(outcome, Lost)),
        after=after,
        cursor=position.cursor(),
        end=end,
        declared_total=total,
    )
