"""OAI-PMH: ``ListRecords``, with a resumption token that names the next page and tells how many records there are."""

from __future__ import annotations

import re

from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked
from tests.conformance.listing import Listing

FAMILY = "xml pages"
_RECORD = re.compile(rb"<record>.*?</record>", re.DOTALL)
_TOKEN = re.compile(rb"<resumptionToken[^>]*>[^<]*</resumptionToken>")


def absent(source: HarvestSource) -> dict[str, str]:
    return {}


def is_page(asked: Asked, source: HarvestSource) -> bool:
    return asked.query.get("verb") == "ListRecords"


def empty(listing: Listing) -> list[bytes]:
    return [_stated(body, b"noRecordsMatch", "조건에 맞는 자료가 없습니다") for body in listing.bodies]


def half(listing: Listing) -> list[bytes]:
    first, *others = listing.bodies
    kept = len(_RECORD.findall(first)) // 2
    return [_TOKEN.sub(b"", _RECORD.sub(b"", first, count=kept)), *others]


def twice(listing: Listing) -> list[bytes]:
    first, *others, last = listing.bodies
    again = _RECORD.findall(first)[0]
    return [first, *others, last.replace(b"<ListRecords>", b"<ListRecords>" + again)]


def error(listing: Listing) -> bytes:
    return _stated(listing.bodies[0], b"badArgument", "저장소를 점검하고 있습니다")


def same_page(listing: Listing) -> Answer:
    return _more(listing, "again")


def growing(listing: Listing, number: int) -> Answer:
    return _more(listing, f"again-{number}")


def _more(listing: Listing, token: str) -> Answer:
    following = f'<resumptionToken completeListSize="10000000">{token}</resumptionToken>'.encode()
    return listing.again(_TOKEN.sub(following, listing.bodies[0]))


def _stated(body: bytes, code: bytes, text: str) -> bytes:
    error = b'<error code="' + code + b'">' + text.encode() + b"</error>"
    return re.sub(rb"<ListRecords>.*</ListRecords>", error, body, flags=re.DOTALL)
