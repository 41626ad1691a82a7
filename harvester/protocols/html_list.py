"""Web pages that list records, read by the selectors of the member file (notation: `harvester.mapping.html_rules`).

A listing ends where the portal says so: at the total it declares, at its last page, at a page without a link to the
next one, or at an empty page. Where a page has none of what it should have (no rows, without the words for an empty
list; no row with an identifier, a title, a link to its page), its layout has changed, and the message says what stands
there instead.
``<meta name=robots>`` speaks to search engines about showing a page and is not looked at; robots.txt binds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec
from scrapy import Request
from scrapy.http import Response

from harvester.catalog.model import HarvestRecord, Issue, Page, Part, Rejected
from harvester.errors import PortalError
from harvester.mapping.declared import COUNTERS
from harvester.mapping.html_labels import Labels
from harvester.mapping.html_page import Element, TooDeepError, base_address, clean, fragment, outer_html, parse, text_of
from harvester.mapping.html_rules import compiled
from harvester.mapping.html_values import number
from harvester.options.html_list import HtmlListOptions
from harvester.protocols import html_candidates
from harvester.protocols.answers import as_page, instead_of_page, not_too_many, unreadable
from harvester.protocols.base import ProtocolSpider
from harvester.protocols.revisions import revision
from harvester.protocols.totals import believed, not_missing

_MOST = 1 << 27
"""Characters of all rows of a page; a page itself has half as many bytes at the most."""
_NOTHING = tuple[str, ...]()


class Position(msgspec.Struct, frozen=True, array_like=True):
    """Where a listing stands; as JSON it is the cursor.

    `pages` and `rows` count what lies before it, `address` is the next page's where a link says so, `last` a digest of
    the identifiers on the page before, `total` the largest number of records that the portal told.
    """

    pages: int = 0
    rows: int = 0
    address: str | None = None
    last: str | None = None
    total: int | None = None

    def cursor(self) -> str:
        """Position as the ledger keeps it."""
        return msgspec.json.encode(self).decode()


class _Row(NamedTuple):
    """A row: what is kept of it, and what becomes of it. Trees of a hundred thousand rows would fill the memory."""

    payload: bytes
    identifier: str | None
    outcome: HarvestRecord | Rejected

    @property
    def labels(self) -> Labels:
        """The tree that the payload gives again."""
        root = fragment(self.payload.decode())
        assert root is not None
        return Labels(root)


class _Document(NamedTuple):
    url: str
    content: str
    root: Element
    labels: Labels


class HtmlListSpider(ProtocolSpider):
    """Lists the records on web pages; see the module's text for how."""

    format = "html_row"
    options: HtmlListOptions

    def listing(self, cursor: str | None) -> Iterable[Request | Page]:
        """Ask for the page after the cursor, or for the first one."""
        yield self._ask(msgspec.json.decode(cursor, type=Position) if cursor else Position(), cursor)

    def _ask(self, position: Position, after: str | None) -> Request:
        known = {"position": position, "after": after}
        if position.address:
            return self.request(position.address, self._read, cb_kwargs=known)
        options, paging = self.options, self.options.paging
        parameters, path = dict(options.parameters), options.path
        if paging and paging.page:
            parameters[paging.page] = str(paging.first + position.pages)
        elif paging and paging.offset and paging.size:
            parameters[paging.offset] = str(paging.first + position.pages * paging.size)
        elif paging and paging.path and position.pages:
            path = paging.path.replace("{page}", str(paging.first + position.pages))
        url, arguments = f"{self.source.url}{path}", urlencode(parameters)
        if options.method == "POST":
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return self.request(url, self._read, method="POST", body=arguments, headers=headers, cb_kwargs=known)
        joint = "&" if "?" in path else "?"
        return self.request(f"{url}{joint if arguments else ''}{arguments}", self._read, cb_kwargs=known)

    def _read(self, response: Response, position: Position, after: str | None) -> Iterator[Request | Page]:
        document = _document(response, "a list")
        if _breaks_off(document.content):
            # Half a row would be taken for a record that was changed.
            raise PortalError("unreadable answer", f"{document.url}: the list breaks off: no </html> in it")
        rows = self._rows(document)
        if not any(row.identifier for row in rows):
            self._check_empty(document, rows, position)
            rows = []
        else:
            self._check(document, rows)
        following = self._following(document, rows, position)
        end = following is None
        here = following or msgspec.structs.replace(position, pages=position.pages + 1, rows=position.rows + len(rows))
        outcomes = [row.outcome for row in rows]
        yield Page(
            records=tuple(outcome for outcome in outcomes if isinstance(outcome, HarvestRecord)),
            rejected=tuple(outcome for outcome in outcomes if isinstance(outcome, Rejected)),
            after=after,
            cursor=here.cursor(),
            end=end,
            declared_total=_largest(position.total, self._number(self.options.total, document)),
        )
        if following:
            yield self._ask(following, following.cursor())

    def _rows(self, document: _Document) -> list[_Row]:
        rule = compiled(self.options.rows)
        identifier = compiled(self.options.identifier)
        rows, length = [], 0
        for element in rule.found(document.labels):
            if isinstance(element, str):
                continue
            content = outer_html(element)
            length += len(content)
            if length > _MOST:
                raise PortalError(
                    "unreadable answer", f"{document.url}: rows: `{self.options.rows}` finds rows within rows"
                )
            again = fragment(content)
            if again is not None:
                labels, payload = Labels(again), content.encode("utf-8", "replace")
                named = identifier.first(labels)
                rows.append(_Row(payload, named, self._outcome(payload, labels, named)))
                not_too_many(len(rows), document.url)
        return rows

    def _check_empty(self, document: _Document, rows: Sequence[_Row], position: Position) -> None:
        """Raise `PortalError` unless a page without records is an empty list, or what lies beyond the last page."""
        marker = self.options.empty
        if marker and _is_marked(document, marker):
            return
        if not rows and not marker and position.pages:
            return
        if not rows:
            if not document.content.lstrip().startswith("<"):
                raise unreadable(document.content.encode(), "a list in HTML", document.url)
            hint = "" if marker else "; if the list is empty, `empty` must say how it says so"
            candidates = html_candidates.of_rows(document.root)
            raise _instead(document, "a list") or PortalError(
                "layout changed",
                f"{document.url}: rows: none at `{self.options.rows}`{hint}; candidates: {candidates}",
            )
        self._check(document, rows)

    def _check(self, document: _Document, rows: Sequence[_Row]) -> None:
        """Raise `PortalError` where a rule that every record needs finds nothing in any row."""
        needed = {"identifier": (self.options.identifier,), "title": self.options.fields.get("title", _NOTHING)}
        if self.options.detail and "{identifier}" not in self.options.detail:
            needed["detail"] = (self.options.detail,)
        for name, expressions in needed.items():
            trees = (row.labels for row in rows)
            if expressions and not any(compiled(one).first(labels) for labels in trees for one in expressions):
                at = ", ".join(f"`{one}`" for one in expressions)
                candidates = html_candidates.within_rows(row.labels.root for row in rows)
                raise PortalError(
                    "layout changed", f"{document.url}: {name}: 0 of {len(rows)} rows at {at}; candidates: {candidates}"
                )

    def _following(self, document: _Document, rows: Sequence[_Row], position: Position) -> Position | None:
        """Position after a page, None where the list ends with it; raises `PortalError` where it goes in circles."""
        options, paging = self.options, self.options.paging
        if paging is None or not rows:
            return None
        last = _digest(rows)
        if last == position.last:
            raise PortalError(
                "endless paging",
                f"{document.url}: the same rows as on the page before: `paging`, `total` or `last_page` is not right",
            )
        told = self._number(options.total, document)
        not_missing(told, options.total, position.rows, document.url)
        total = _largest(position.total, told)
        end = believed(total, position.rows + len(rows))
        following = Position(position.pages + 1, position.rows + len(rows), None, last, total)
        if paging.next:
            address = compiled(paging.next).first(document.labels)
            following = msgspec.structs.replace(following, address=address)
            if address and not address.lower().startswith(("http://", "https://")):
                raise PortalError("layout changed", f"{document.url}: next: {address[:80]!r} is no address of a page")
            ended = not address
        elif end is not None:
            ended = following.rows == end
        else:
            last_page = self._number(options.last_page, document)
            ended = last_page is not None and paging.first + position.pages >= last_page
        if not ended and following.pages >= paging.most_pages:
            raise PortalError("endless paging", f"{document.url}: the list goes on after {paging.most_pages:,} pages")
        return None if ended else following

    def _number(self, expression: str | None, document: _Document) -> int | None:
        said = compiled(expression).first(document.labels) if expression else None
        return number(said) if said else None

    def _outcome(self, payload: bytes, labels: Labels, identifier: str | None) -> HarvestRecord | Rejected:
        if not identifier:
            message = f"nothing at `{self.options.identifier}` in this row"
            shown = " ".join(text_of(labels.root).split())[:200]
            issue = Issue(severity="error", code="no-identifier", message=message, field="identifier", value=shown)
            return Rejected(payload=payload, format=self.format, issue=issue)
        address = self._detail_address(labels, identifier)
        return HarvestRecord(
            identifier=identifier,
            parts=(Part(name="listing", format=self.format, payload=payload),),
            wanted={"detail": address} if address else {},
            revision=self._revision(labels) if address else None,
        )

    def _detail_address(self, labels: Labels, identifier: str) -> str | None:
        detail = self.options.detail
        if not detail:
            return None
        if "{identifier}" in detail:
            address = detail.replace("{identifier}", quote(identifier, safe=""))
            return f"{self.source.url}{address}" if address.startswith("/") else address
        link = compiled(detail).first(labels)
        return link if link and link.lower().startswith(("http://", "https://")) else None

    def _revision(self, labels: Labels) -> str:
        said = {
            name: [compiled(one).first(labels) for one in expressions]
            for name, expressions in sorted(self.options.fields.items())
            if name not in COUNTERS
        }
        return revision(said, next((one for one in said.get("modified", ()) if one), None), self.job.id)

    def detail_part(self, name: str, response: Response) -> Part:
        """Keep the content of a record's page; raises `PortalError` for a page that is none, or is withdrawn."""
        document = _document(response, "a record's page")
        kept: list[Any] = [document.root]
        if self.options.content:
            found = compiled(self.options.content).found(document.labels)
            kept = [one for one in found if not isinstance(one, str)]
        content = "".join(map(outer_html, kept))
        again = parse(content) if content else None
        labels = Labels(again) if again is not None else None
        title = self.options.detail_fields.get("title", _NOTHING)
        needed = title or tuple(one for rule in self.options.detail_fields.values() for one in rule)
        if labels is None or not any(compiled(one).first(labels) for one in needed):
            if labels is not None and not document.content.lstrip().startswith("<"):
                raise unreadable(document.content.encode(), "a record's page", document.url)
            missing = f"{'title' if title else 'fields'}: nothing at `{'`, `'.join(needed)}`"
            if labels is None:
                missing = f"content: nothing at `{self.options.content}`"
            raise _instead(document, "a record's page") or PortalError("layout changed", f"{document.url}: {missing}")
        return Part(name=name, format="html_detail", payload=content.encode("utf-8", "replace"))


def _document(response: Response, expected: str) -> _Document:
    content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
    content = as_page(response.body, content_type)
    try:
        root = parse(content)
    except TooDeepError as error:
        raise PortalError("unreadable answer", f"{response.url}: {error}") from None
    if root is None:
        raise _without_text(content, expected, response)
    clean(root, base_address(root, response.url))
    return _Document(response.url, content, root, Labels(root))


def _breaks_off(content: str) -> bool:
    return "<html" in content[:4096].lower() and "</html" not in content.lower()


def _without_text(content: str, expected: str, response: Response) -> PortalError:
    return instead_of_page(content, "", expected, response.url) or unreadable(
        content.encode(), expected, response.url, "no element in it"
    )


def _instead(document: _Document, expected: str) -> PortalError | None:
    return instead_of_page(document.content, text_of(document.root), expected, document.url)


def _is_marked(document: _Document, marker: str) -> bool:
    if marker.startswith("text:"):
        wanted = "".join(marker.removeprefix("text:").split())
        return wanted in "".join(text_of(document.root).split())
    return bool(compiled(marker).found(document.labels))


def _digest(rows: Sequence[_Row]) -> str:
    identifiers = msgspec.json.encode([row.identifier for row in rows])
    return hashlib.blake2b(identifiers, digest_size=8).hexdigest()


def _largest(one: int | None, other: int | None) -> int | None:
    return max((count for count in (one, other) if count is not None), default=None)
