"""OAI-PMH 2.0 (https://www.openarchives.org/OAI/openarchivesprotocol.html): lists of records by resumption token.

``Identify`` tells how fine datestamps are, ``ListMetadataFormats`` what can be asked for, then ``ListRecords`` is
followed to the token that is empty or missing. A token is the repository's: one that it does not know any more is
answered by beginning anew, once; the ledger counts the records that come again. Where ``ListRecords`` is refused,
``ListIdentifiers`` and a ``GetRecord`` for each header take its place.

The ``cursor`` of a token is not read: repositories count in it from 0, from 1, in pages, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal, TypeAlias
from urllib.parse import urlencode

import msgspec
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from harvester.catalog.model import HarvestRecord, Issue, Lost, Page, Rejected
from harvester.errors import PortalError
from harvester.options.oai_pmh import OaiPmhOptions
from harvester.protocols.base import ProtocolSpider
from harvester.protocols.oai_answers import Entry, OaiError, Token, read
from harvester.protocols.oai_records import PREFIXES, outcome

_REFUSED = frozenset({400, 404, 405, 410, 422, 501})
"""Some repositories send what OAI-PMH calls an error with a status of HTTP."""
_NOT_THIS_VERB = frozenset({"badVerb", *map(str, _REFUSED)})
_FORGOTTEN = frozenset({"badResumptionToken", "400", "410", "422"})
_AT_ONCE = 50
_DAY = "%Y-%m-%d"
_SECOND = "%Y-%m-%dT%H:%M:%SZ"

Outcome: TypeAlias = HarvestRecord | Rejected | Lost
"""What becomes of one record of a listing."""


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a listing stands; as JSON it is the cursor.

    `number` is that of the set, `since` the argument ``from``, `restarts` how often the listing began anew. `total` is
    the largest count that the repository told for this set. `expires` is when it forgets the token, as it says. `row`
    is the next header of the answer, where records are asked for one by one.
    """

    verb: Literal["ListRecords", "ListIdentifiers"] = "ListRecords"
    prefix: str
    number: int = 0
    since: str | None = None
    token: str | None = None
    expires: str | None = None
    total: int | None = None
    restarts: int = 0
    row: int = 0

    def cursor(self) -> str:
        """Place as the ledger keeps it."""
        return msgspec.json.encode(self).decode()


class OaiPmhSpider(ProtocolSpider):
    """Lists a repository; see the module's text for how."""

    format = "oai_dc"
    options: OaiPmhOptions
    statuses: ClassVar[list[int]] = sorted(_REFUSED)

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._began_anew = False
        self._untried: list[str] = []

    def listing(self, cursor: str | None) -> Iterable[Request | Page]:
        """Ask who the repository is, or for the page after the cursor."""
        if cursor is None:
            yield self._ask(self._identified, verb="Identify")
            return
        place = msgspec.json.decode(cursor, type=Place)
        if place.token and _is_over(place.expires):
            place = self._anew(place)
        yield self._list(place, cursor)

    def _ask(self, callback: Callable[..., Any], known: dict[str, Any] | None = None, **arguments: str) -> Request:
        url = f"{self.source.url}{'&' if '?' in self.source.url else '?'}{urlencode(arguments)}"
        return self.request(url, callback, cb_kwargs=known or {}, meta={"handle_httpstatus_list": self.statuses})

    def _identified(self, response: Response) -> Iterator[Request]:
        answer = read(response)
        if not answer.has("Identify"):
            raise PortalError("layout changed", f"{response.url}: no Identify in the answer; is this a base URL?")
        deleting = answer.text("deletedRecord") or "no"
        if not self.job.full and deleting == "no":
            self.logger.info("the repository tells no deletions: they show at the next full harvest")
        since = self._since(answer.text("granularity") or "", answer.text("earliestDatestamp") or "")
        if self.options.metadata_prefix:
            yield self._list(Place(prefix=self.options.metadata_prefix, since=since), None)
        else:
            yield self._ask(self._formats, {"since": since}, verb="ListMetadataFormats")

    def _since(self, granularity: str, earliest: str) -> str | None:
        """Argument ``from`` of an incremental job; none where it lies before everything, which some refuse."""
        if self.job.full or not self.job.since:
            return None
        since = self.job.since - timedelta(seconds=self.options.overlap_seconds)
        written = since.strftime(_SECOND if "hh" in granularity.lower() else _DAY)
        return written if written[:10] > earliest[:10] else None

    def _formats(self, response: Response, since: str | None) -> Iterator[Request]:
        offered = read(response).texts("metadataPrefix")
        self._untried = [prefix for known in PREFIXES for prefix in offered if prefix.lower() == known]
        if not self._untried:
            known = ", ".join(PREFIXES)
            raise PortalError(
                "layout changed",
                f"{response.url}: the repository offers {', '.join(offered)[:300] or 'no format'}, of which no mapping "
                f"reads any (known: {known}); if one is a dialect of these, name it as metadata_prefix",
            )
        yield self._list(Place(prefix=self._untried.pop(0), since=since), None)

    def _list(self, place: Place, after: str | None) -> Request:
        known = {"place": place, "after": after}
        if place.token:
            return self._ask(self._listed, known, verb=place.verb, resumptionToken=place.token)
        arguments = {"verb": place.verb, "metadataPrefix": place.prefix}
        if place.since:
            arguments["from"] = place.since
        if self.options.sets:
            arguments["set"] = self.options.sets[place.number]
        return self._ask(self._listed, known, **arguments)

    def _listed(self, response: Response, place: Place, after: str | None) -> Iterator[Request | Page]:
        try:
            answer = read(response)
        except OaiError as error:
            # To a token of its own it is a fault, unless the total that was declared tells that nothing is missing.
            if error.code != "noRecordsMatch" or (place.token and (place.total is None or len(self.options.sets) > 1)):
                yield self._list(self._way_on(error, place), after)
                return
            yield from self._turned([], None, place, after)
            return
        if place.verb == "ListRecords":
            yield from self._turned([outcome(one) for one in answer.records], answer.token(), place, after)
        else:
            yield from self._get(_Batch(answer.headers(), answer.token(), place, after))

    def _way_on(self, error: OaiError, place: Place) -> Place:
        """What to ask for after a stated error; raises it where nothing is left."""
        change = msgspec.structs.replace
        if place.token:
            if error.code not in _FORGOTTEN or self._began_anew:
                raise error
            return self._anew(place)
        if error.code == "cannotDisseminateFormat" and self._untried:
            return change(place, prefix=self._untried.pop(0))
        if error.code == "badArgument" and place.since and len(place.since) > 10:
            return change(place, since=place.since[:10])
        if error.code in _NOT_THIS_VERB and place.verb == "ListRecords":
            return change(place, verb="ListIdentifiers")
        raise error

    def _anew(self, place: Place) -> Place:
        """The beginning of the set's listing, as another place: cursors of the first time do not come again."""
        self._began_anew = True
        return msgspec.structs.replace(place, token=None, expires=None, row=0, restarts=place.restarts + 1)

    def _turned(
        self,
        outcomes: list[Outcome],
        token: Token | None,
        place: Place,
        after: str | None,
    ) -> Iterator[Request | Page]:
        """Give one page, and ask for what follows it: the next of this set, or the next set."""
        if token and token.value and token.value == place.token:
            message = f"{self.source.url}: the answer to the token {token.value[:100]!r} names the same token again"
            raise PortalError("endless paging", message)
        told = [total for total in (place.total, token.total if token else None) if total is not None]
        total = max(told, default=None)
        change = msgspec.structs.replace
        if token and token.value:
            following = change(place, token=token.value, expires=token.expires, total=total, row=0)
        else:
            following = change(place, token=None, expires=None, total=None, row=0, number=place.number + 1)
        end = not following.token and following.number >= len(self.options.sets)
        # Sets share records: what they declare together is more than there is.
        declared = total if len(self.options.sets) < 2 else None
        yield _page(outcomes, place, after, following, end=end, declared_total=declared)
        if not end:
            yield self._list(following, following.cursor())

    def _get(self, batch: _Batch) -> Iterator[Request | Page]:
        """Ask for some of the records of a page of headers; they become a page when all have come."""
        for identifier in list(batch.missing):
            known = {"batch": batch, "identifier": identifier}
            # A record that cannot be had is a lost entry of its page, not a lost request of the listing.
            yield self._ask(
                self._got, known, verb="GetRecord", metadataPrefix=batch.place.prefix, identifier=identifier
            ).replace(errback=self._not_got)
        if not batch.asked:
            yield from self._when_all_came(batch)

    def _got(self, response: Response, batch: _Batch, identifier: str) -> Iterator[Request | Page]:
        try:
            records = read(response).records
            if len(records) != 1 or records[0].identifier != identifier:
                raise PortalError("layout changed", f"{response.url}: not the one record that was asked for")
            batch.take(identifier, outcome(records[0]))
        except PortalError as error:
            batch.lose(identifier, error)
        yield from self._when_all_came(batch)

    def _not_got(self, failure: Failure) -> Iterator[Request | Page]:
        known = failure.request.cb_kwargs  # type: ignore[attr-defined]  # Scrapy puts the request there
        known["batch"].lose(known["identifier"], PortalError("server error", failure.getErrorMessage()))
        yield from self._when_all_came(known["batch"])

    def _when_all_came(self, batch: _Batch) -> Iterator[Request | Page]:
        if batch.missing:
            return
        if len(batch.errors) == batch.asked > 1:
            raise batch.errors[0]
        row = batch.place.row + len(batch.headers_now)
        if row >= len(batch.headers):
            yield from self._turned(batch.found(), batch.token, batch.place, batch.after)
            return
        following = msgspec.structs.replace(batch.place, row=row)
        yield _page(batch.found(), batch.place, batch.after, following)
        yield from self._get(_Batch(batch.headers, batch.token, following, following.cursor()))


class _Batch:
    """Records that are asked for one by one; they become one page, in the order of their headers."""

    def __init__(self, headers: list[Entry], token: Token | None, place: Place, after: str | None) -> None:
        self.headers = headers
        self.headers_now = headers[place.row : place.row + _AT_ONCE]
        self.token = token
        self.place = place
        self.after = after
        wanted = (one.identifier for one in self.headers_now if one.identifier and not one.deleted)
        self.missing = dict.fromkeys(wanted)
        self.asked = len(self.missing)
        self.errors: list[PortalError] = []
        self._outcomes: dict[str, Outcome] = {}

    def take(self, identifier: str, found: HarvestRecord | Rejected) -> None:
        """Note what came for a header."""
        self._outcomes[identifier] = found
        del self.missing[identifier]

    def lose(self, identifier: str, error: PortalError) -> None:
        """Note that a record could not be had."""
        issue = Issue(severity="error", code=error.reason.replace(" ", "-"), message=str(error), field="GetRecord")
        self.errors.append(error)
        self._outcomes[identifier] = Lost(identifier=identifier, issue=issue)
        del self.missing[identifier]

    def found(self) -> list[Outcome]:
        """What came of the headers, in their order; a deleted one is all that there is of its record."""
        return [self._outcomes.get(one.identifier or "") or outcome(one) for one in self.headers_now]


def _page(
    outcomes: list[Outcome],
    place: Place,
    after: str | None,
    following: Place,
    *,
    end: bool = False,
    declared_total: int | None = None,
) -> Page:
    return Page(
        records=tuple(one for one in outcomes if isinstance(one, HarvestRecord)),
        rejected=tuple(one for one in outcomes if isinstance(one, Rejected)),
        lost=tuple(one for one in outcomes if isinstance(one, Lost)),
        after=after,
        cursor=following.cursor(),
        end=end,
        declared_total=declared_total,
        anew=place.restarts > 0 and not place.token and not place.row,
    )


def _is_over(expires: str | None) -> bool:
    """Whether a time that a repository wrote has passed; one that cannot be read has not."""
    if not expires:
        return False
    try:
        moment = datetime.fromisoformat(expires.strip())
    except ValueError:
        return False
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) <= datetime.now(UTC)
