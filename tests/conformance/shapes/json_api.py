"""A JSON list as the member file describes it: where its records are, how many, how it is paged."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import jmespath

from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked
from tests.conformance import json_bodies
from tests.conformance.listing import Listing

FAMILY = "json pages"


def absent(source: HarvestSource) -> dict[str, str]:
    paging = source.options.model_dump()["paging"]
    if not any(paging[way] for way in ("page", "offset", "cursor", "next", "link_header")):
        why = "its list is one answer: no page follows it"
        return {"endless: the same page": why, "endless: growing page numbers": why}
    if paging.get("page") or paging.get("offset"):
        return {"endless: the same page": "the harvester counts the pages: a portal cannot name the same place again"}
    return {}


def is_page(asked: Asked, source: HarvestSource) -> bool:
    return asked.path == urlsplit(source.url + source.options.model_dump()["path"]).path


def empty(listing: Listing) -> list[bytes]:
    return _with(listing, [[] for _ in listing.bodies])


def half(listing: Listing) -> list[bytes]:
    return _with(listing, json_bodies.halved(_lists(listing)))


def twice(listing: Listing) -> list[bytes]:
    lists = _lists(listing)
    where = listing.source.options.model_dump().get("where")
    wanted = next(row for rows in lists for row in rows if not where or jmespath.search(where, row))
    # On the first page, because a last one that is as long as the first would not look like the last.
    first, *others = listing.bodies
    return [json_bodies.having(first, _path(listing, "records"), [*lists[0], wanted]), *others]


def error(listing: Listing) -> bytes:
    return '{"success": false, "result": {"code": "500"}, "error": {"message": "점검 중입니다"}}'.encode()


def growing(listing: Listing, number: int) -> Answer:
    body = listing.bodies[0]
    if total := _path(listing, "total"):
        body = json_bodies.having(body, total, 10_000_000)
    pages = (listing.source.options.model_dump()["paging"] or {}).get("pages")
    return listing.again(json_bodies.having(body, pages.split("."), 10_000_000) if pages else body)


def _lists(listing: Listing) -> list[list[Any]]:
    return [json_bodies.rows(body, _path(listing, "records")) for body in listing.bodies]


def _with(listing: Listing, lists: list[list[Any]]) -> list[bytes]:
    return json_bodies.with_rows(listing.bodies, _path(listing, "records"), lists, _path(listing, "total"))


def _path(listing: Listing, option: str) -> list[str]:
    """Keys on the way to what an option finds; other expressions than paths of names are not known here."""
    said = listing.source.options.model_dump().get(option)
    return said.split(".") if said and said != "@" else []
