"""A portal's own JSON list, read as its member file says (`harvester.options.json_api`).

The answer is looked into with the expressions of the options: the records, the total, what comes next. Of a record only
the identifier is read here; it is kept whole, encoded as JSON anew.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import msgspec
import orjson
from scrapy import Request
from scrapy.http import Response

from harvester.catalog.model import HarvestRecord, Issue, Page, Part, Rejected
from harvester.errors import PortalError
from harvester.mapping.declared import COUNTERS
from harvester.mapping.expressions import ExpressionError, find
from harvester.mapping.json_values import count, text
from harvester.options.json_api import JsonApiOptions
from harvester.protocols.answers import not_too_many
from harvester.protocols.base import ProtocolSpider
from harvester.protocols.json_answers import json_of, next_link
from harvester.protocols.keys import Keys
from harvester.protocols.revisions import revision
from harvester.protocols.totals import believed, not_missing

logger = logging.getLogger(__name__)

_ASKED_AGAIN = 3
"""How often an answer with an accepted status is asked for again because its body is not the good one."""


class Position(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a listing stands; as JSON it is the cursor.

    `at` is what the next request sends (page number, offset, cursor, address). `read` counts the entries before it,
    `left_out` those of them that the selection does not want. `rows` is the length of the first page, `total` the
    first total that the portal told: one that falls to nothing must not make the listing look whole, and one that
    grows with every page must not let it go on for ever.
    """

    at: int | str | None = None
    read: int = 0
    left_out: int = 0
    rows: int | None = None
    total: int | None = None

    def cursor(self) -> str:
        """Position as the ledger keeps it."""
        return msgspec.json.encode(self).decode()


class JsonApiSpider(ProtocolSpider):
    """Lists a JSON list; see the module's text for how."""

    format = "json_fields"
    options: JsonApiOptions

    def listing(self, cursor: str | None) -> Iterable[Request | Page]:
        """Ask for the page after the cursor, or for the first one."""
        begin = Position(at=self.options.paging.begin)
        yield self._ask(msgspec.json.decode(cursor, type=Position) if cursor else begin, cursor)

    def detail_request(self, record: HarvestRecord, name: str, address: str) -> Request:
        """Ask for the answer about one record."""
        return Request(
            self._keys.filled_address(address),
            headers=self._keys.filled(self.options.headers),
            meta={"handle_httpstatus_list": list(self.options.accept_status)},
        )

    def detail_part(self, name: str, response: Response) -> Part:
        """Find the record in the answer about it."""
        assert self.options.detail
        record = self._found("detail.record", self.options.detail.record, self._answer(response), response)
        if not isinstance(record, dict):
            raise PortalError("layout changed", f"{response.url}: no object at `{self.options.detail.record}`")
        return Part(name=name, format="json_detail", payload=_encoded(record))

    @cached_property
    def _keys(self) -> Keys:
        return Keys(self.options.keys, self.key)

    def _ask(self, position: Position, after: str | None, tries: int = 0) -> Request:
        options, paging = self.options, self.options.paging
        url = self._keys.filled_address(self.source.url + options.path)
        headers = self._keys.filled(options.headers)
        known: dict[str, Any] = {
            "cb_kwargs": {"position": position, "after": after, "tries": tries},
            "meta": {"handle_httpstatus_list": list(options.accept_status)},
        }
        if paging.follows and position.at is not None:
            return self.request(self._keys.filled_address(str(position.at)), self._read, headers=headers, **known)
        sent: dict[str, Any] = dict(options.parameters)
        if paging.size_parameter:
            sent[paging.size_parameter] = paging.size
        if paging.parameter and position.at is not None:
            sent[paging.parameter] = position.at
        sent = self._keys.filled(sent)
        if options.method == "GET":
            query = _urlencoded(sent)
            joint = "&" if "?" in url else "?"
            return self.request(f"{url}{joint}{query}" if query else url, self._read, headers=headers, **known)
        if options.body == "json":
            body, kind = orjson.dumps(sent), "application/json"
        else:
            body, kind = _urlencoded(sent, safe="*").encode(), "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind} | headers
        return self.request(url, self._read, method="POST", body=body, headers=headers, **known)

    def _read(self, response: Response, position: Position, after: str | None, tries: int) -> Iterator[Request | Page]:
        try:
            answer = self._answer(response)
        except PortalError as error:
            if response.status not in self.options.accept_status:
                raise
            if tries >= _ASKED_AGAIN:
                raise PortalError("server error", f"answered {response.status}, and {error}") from None
            yield self._ask(position, after, tries + 1)
            return
        told = count(self._found("total", self.options.total, answer, response))
        rows = self._rows(answer, told, response)
        if rows:
            not_missing(told, self.options.total, position.read, response.url)
        outcomes = [self._outcome(row) for row in rows]
        kept = [outcome for outcome in outcomes if outcome is not None]
        following = msgspec.structs.replace(
            position,
            read=position.read + len(rows),
            left_out=position.left_out + len(outcomes) - len(kept),
            rows=len(rows) if position.rows is None else position.rows,
            total=told if position.total is None else position.total,
        )
        at = self._next(position, following, len(rows), told, answer, response)
        following = msgspec.structs.replace(following, at=at)
        self._tell(position, following, response)
        yield Page(
            records=tuple(outcome for outcome in kept if isinstance(outcome, HarvestRecord)),
            rejected=tuple(outcome for outcome in kept if isinstance(outcome, Rejected)),
            after=after,
            cursor=following.cursor(),
            end=at is None,
            declared_total=None if following.total is None else max(0, following.total - following.left_out),
            passed=following.left_out,
        )
        if at is not None:
            yield self._ask(following, following.cursor())

    def _answer(self, response: Response) -> Any:
        """The answer as a JSON value; raises `PortalError` where it is none, or says that the portal failed."""
        answer = json_of(response.replace(body=self._keys.named(response.body)) if self.options.keys else response)
        success = self.options.success
        if success and not _is_true(self._found("success", success, answer, response)):
            said = response.body[:200].decode("utf-8", "replace")
            raise PortalError("error inside 200", f"{response.url}: `{success}` is not true of the answer: {said}")
        return answer

    def _found(self, key: str, expression: str | None, answer: Any, response: Response) -> Any:
        try:
            return find(expression, answer) if expression else None
        except ExpressionError as error:
            raise PortalError("layout changed", f"{response.url}: {key}: {error}") from None

    def _rows(self, answer: Any, told: int | None, response: Response) -> list[Any]:
        rows = self._found("records", self.options.records, answer, response)
        if rows is None and told == 0:
            return []
        if not isinstance(rows, list):
            what = "nothing" if rows is None else f"no list ({type(rows).__name__})"
            said = response.body[:120].decode("utf-8", "replace")
            message = f"{response.url}: {what} at `{self.options.records}`; the answer begins {said!r}"
            raise PortalError("layout changed", message)
        not_too_many(len(rows), response.url)
        return rows

    def _outcome(self, row: Any) -> HarvestRecord | Rejected | None:
        """What becomes of an entry of the list; None: the source does not want it."""
        try:
            if self.options.where and isinstance(row, dict) and not _is_true(find(self.options.where, row)):
                return None
            identifier = _identifier(find(self.options.identifier, row)) if isinstance(row, dict) else None
        except ExpressionError as error:
            return _rejected(row, "expression-failed", str(error), "identifier")
        if not isinstance(row, dict):
            return _rejected(row, "not-an-object", f"an entry of the list is a {type(row).__name__}", None)
        if not identifier:
            return _rejected(row, "no-identifier", f"nothing at `{self.options.identifier}`", "identifier")
        part = Part(name="listing", format=self.format, payload=_encoded(row))
        if not self.options.detail:
            return HarvestRecord(identifier=identifier, parts=(part,))
        address = self.options.detail.address.replace("{identifier}", quote(identifier, safe=""))
        return HarvestRecord(
            identifier=identifier,
            parts=(part,),
            wanted={"detail": address if "://" in address else self.source.url + address},
            revision=self._revision(row),
        )

    def _revision(self, row: Any) -> str:
        said = {
            name: [_found_in(row, one) for one in rule]
            for name, rule in sorted(self.options.fields.items())
            if name not in COUNTERS
        }
        modified = next((one for value in said.get("modified", ()) if (one := text(value))), None)
        return revision(said, modified, self.job.id)

    def _next(
        self, position: Position, following: Position, rows: int, told: int | None, answer: Any, response: Response
    ) -> int | str | None:
        """What the next request sends; None: the listing ends here."""
        paging = self.options.paging
        total = None if following.total is None else believed(max(following.total, told or 0), following.read)
        pages = count(self._found("paging.pages", paging.pages, answer, response)) if paging.page else None
        left = None if pages is None else pages - (int(position.at or 0) - int(paging.begin or 0) + 1)
        if not rows or (following.read == total and not (left and left > 0)):
            return None
        if paging.follows or paging.cursor:
            return self._named_next(position, answer, response)
        if not isinstance(position.at, int):  # one answer is all
            return None
        if left is not None and left <= 0:
            return None
        if total is None and left is None and rows < (following.rows or 0):
            return None
        return position.at + (1 if paging.page else rows)

    def _named_next(self, position: Position, answer: Any, response: Response) -> int | str | None:
        paging = self.options.paging
        if paging.link_header:
            named = next_link(response)
        else:
            named = text(self._found("paging.next", paging.next, answer, response))
        if named is None or paging.cursor:
            following = named
        else:
            try:
                following = urljoin(response.url, named)
            except ValueError as error:  # brackets that are no IPv6 address
                raise PortalError("layout changed", f"{response.url}: the next address is none: {error}") from None
            following = self._keys.named(following.encode()).decode()
            if not following.startswith(("http://", "https://")):
                raise PortalError("layout changed", f"{response.url}: the next address is no web address: {named!r}")
            if self.options.keys and not _is_told(following, self.source.url):
                said = f"the next page is on another host, which is not told the key: {following[:200]}"
                raise PortalError("forbidden address", f"{response.url}: {said}")
        if following is not None and following in {position.at, self._keys.named(response.url.encode()).decode()}:
            raise PortalError("endless paging", f"{response.url}: the answer names its own page as the next")
        return following

    def _tell(self, position: Position, following: Position, response: Response) -> None:
        """Say what no count of the job shows: a smaller page than was asked for."""
        size, rows = self.options.paging.size, following.rows
        if position.rows is None and following.at is not None and size and rows and rows < size:
            logger.info("%s: %d entries a page were asked for, %d came", self.source.name, size, rows)


def _urlencoded(parameters: dict[str, Any], safe: str = "") -> str:
    """A query or form: true and false in JSON's spelling, nothing for null.

    Forms leave `*` as it is, like browsers: one with ``***`` in the place of a key is the recorded one.
    """
    plain = {
        name: [_plain_value(one) for one in value] if isinstance(value, list) else _plain_value(value)
        for name, value in parameters.items()
    }
    return urlencode(plain, doseq=True, safe=safe)


def _plain_value(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def _is_told(address: str, source: str) -> bool:
    """Whether an address is one of the source's own server, in clear only if the source itself is."""
    (host, port, secure), (own, own_port, own_secure) = map(_server, (address, source))
    return host == own and ((port == own_port and secure == own_secure) or (secure, own_port, port) == (True, 80, 443))


def _server(address: str) -> tuple[str | None, int, bool]:
    parts = urlsplit(address)
    secure = parts.scheme == "https"
    return parts.hostname, parts.port or (443 if secure else 80), secure


def _found_in(row: Any, expression: str) -> Any:
    try:
        return find(expression, row)
    except ExpressionError:  # the mapping tells
        return None


def _is_true(value: Any) -> bool:
    """JMESPath's own sense: not null, false or empty; zero is true."""
    return value is not None and value is not False and value not in ("", [], {})


def _identifier(value: Any) -> str | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def _encoded(row: Any) -> bytes:
    try:
        return bytes(memoryview(orjson.dumps(row)))  # its bytes keep the room that they were written in: four kilobytes
    except TypeError:  # it stops at 255 levels, and reads 1024
        pass
    try:
        return msgspec.json.encode(row)
    except RecursionError:
        raise PortalError("unreadable answer", "an entry of the list is nested nearly a thousand deep") from None


def _rejected(row: Any, code: str, message: str, field: str | None) -> Rejected:
    payload = _encoded(row)
    issue = Issue(
        severity="error", code=code, message=message, field=field, value=payload[:200].decode("utf-8", "replace")
    )
    return Rejected(payload=payload, format=JsonApiSpider.format, issue=issue)
