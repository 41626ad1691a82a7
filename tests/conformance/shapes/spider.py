"""A list in pages as the template of ``datamoa new`` reads it: a table, a link to the next page, a count of all."""

from __future__ import annotations

import re

from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked
from tests.conformance.listing import Listing

FAMILY = "html pages"
_ROW = re.compile(rb"<tr><td>.*?</tr>\n", re.DOTALL)
_NEXT = re.compile(rb'<a class="next".*?</a>\n')
_TOTAL = re.compile(rb'(class="total">)\d+')


def absent(source: HarvestSource) -> dict[str, str]:
    return {"endless: the same page": "a link to the page that it stands on is none: many a board has it on its last"}


def is_page(asked: Asked, source: HarvestSource) -> bool:
    return asked.path == "/data/list"


def empty(listing: Listing) -> list[bytes]:
    return [_page(listing, [], 0) for _ in listing.bodies]


def half(listing: Listing) -> list[bytes]:
    kept = _rows(listing)[:2]
    return [_page(listing, kept, len(kept)) for _ in listing.bodies]


def twice(listing: Listing) -> list[bytes]:
    first, *others, last = listing.bodies
    return [first, *others, last.replace(b"</tbody>", _rows(listing)[0] + b"</tbody>")]


def error(listing: Listing) -> bytes:
    return "<!DOCTYPE html><html><body><h1>오류가 발생했습니다</h1><p>관리자에게 문의하세요.</p></body></html>".encode()


def growing(listing: Listing, number: int) -> Answer:
    following = f"?page={number + 2}".encode()
    return listing.again(re.sub(rb"\?page=\d+", following, _TOTAL.sub(rb"\g<1>10000000", listing.bodies[0])))


def _rows(listing: Listing) -> list[bytes]:
    return [row for body in listing.bodies for row in _ROW.findall(body)]


def _page(listing: Listing, rows: list[bytes], total: int) -> bytes:
    body = _NEXT.sub(b"", _ROW.sub(b"", listing.bodies[0]))
    body = _TOTAL.sub(rb"\g<1>%d" % total, body)
    return body.replace(b"</tbody>", b"".join(rows) + b"</tbody>")
