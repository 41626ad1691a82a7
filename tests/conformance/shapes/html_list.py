"""A list in HTML as the member file describes it: the elements that are a record each."""

from __future__ import annotations

import copy
from urllib.parse import urlsplit

from lxml import html

from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked
from tests.conformance.listing import Listing

FAMILY = "html pages"


def absent(source: HarvestSource) -> dict[str, str]:
    paging = source.options.model_dump()["paging"]
    if paging is None:
        why = "its list is one page: none follows it"
        return {"endless: the same page": why, "endless: growing page numbers": why}
    if paging.get("next") is None:
        return {"endless: the same page": "the harvester counts the pages: a portal cannot name the same place again"}
    return {}


def is_page(asked: Asked, source: HarvestSource) -> bool:
    return asked.path == urlsplit(source.url + source.options.model_dump()["path"]).path


def empty(listing: Listing) -> list[bytes]:
    return [_kept(listing, body, 0) for body in listing.bodies]


def half(listing: Listing) -> list[bytes]:
    first, *others = listing.bodies
    number = len(_rows(listing, html.fromstring(first))) // 2
    return [_kept(listing, first, number), *(_kept(listing, body, 0) for body in others)]


def twice(listing: Listing) -> list[bytes]:
    page = html.fromstring(listing.bodies[0])
    rows = _rows(listing, page)
    rows[-1].addnext(copy.deepcopy(rows[0]))
    return [_written(page), *listing.bodies[1:]]


def error(listing: Listing) -> bytes:
    return "<!DOCTYPE html><html><body><h1>오류가 발생했습니다</h1><p>관리자에게 문의하세요.</p></body></html>".encode()


def growing(listing: Listing, number: int) -> Answer:
    return listing.again(listing.bodies[0])


def _rows(listing: Listing, page: html.HtmlElement) -> list[html.HtmlElement]:
    return list(page.cssselect(listing.source.options.model_dump()["rows"]))


def _kept(listing: Listing, body: bytes, number: int) -> bytes:
    page = html.fromstring(body)
    for row in _rows(listing, page)[number:]:
        row.drop_tree()
    return _written(page)


def _written(page: html.HtmlElement) -> bytes:
    return html.tostring(page, encoding="utf-8", doctype="<!DOCTYPE html>")  # type: ignore[no-any-return]
