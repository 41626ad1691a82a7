"""How faults are put before a fixture: each makes, for one portal of a listing, what answers in the portal's place."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from harvester.fixtures import FixturePortal
from harvester.sample_portals.server import Answer, Asked, Fault
from tests.conformance import shapes
from tests.conformance.listing import Listing

Strike: TypeAlias = Callable[[Listing, FixturePortal], Fault]


def everywhere(make: Callable[[], Fault]) -> Strike:
    """A fault of `tests.portals.faults`, in the place of every answer but robots.txt."""
    return lambda listing, portal: make()


def on_pages(change: Callable[[Answer], Answer], *, last: bool = False) -> Strike:
    """Changes the healthy answers of the listing: all of its pages, or only the last one."""

    def strike(listing: Listing, portal: FixturePortal) -> Fault:
        def fault(asked: Asked) -> Answer | None:
            number = listing.number(portal, asked)
            if number is None or (last and number < len(listing.pages) - 1):
                return None
            return change(portal.answer(asked))

        return fault

    return strike


def instead(make: Callable[[Any], Callable[[Listing], Sequence[bytes | Answer]]]) -> Strike:
    """Other bodies for the pages of the listing, made by a function of the protocol's shape."""

    def strike(listing: Listing, portal: FixturePortal) -> Fault:
        bodies = make(shapes.of(listing.source))(listing)
        assert bodies != listing.bodies, "the shape's function changes nothing"

        def fault(asked: Asked) -> Answer | None:
            number = listing.number(portal, asked)
            if number is None:
                return None
            body, healthy = bodies[number], listing.pages[number].answer
            return body if isinstance(body, Answer) else Answer(body, 200, healthy.headers)

        return fault

    return strike


def for_ever(make: Callable[[Any], Callable[[Listing, int], Answer]]) -> Strike:
    """A body made by the protocol's shape for every request of a page, also of pages that the fixture has not."""

    def strike(listing: Listing, portal: FixturePortal) -> Fault:
        shape = shapes.of(listing.source)
        count = itertools.count()

        def fault(asked: Asked) -> Answer | None:
            if not shape.is_page(asked, listing.source):
                return None
            return make(shape)(listing, next(count))

        return fault

    return strike


def error_inside_200(listing: Listing, portal: FixturePortal) -> Fault:
    """The portal's own kind of error for every page of the listing, with status 200."""
    body = shapes.of(listing.source).error(listing)
    kinds = {b"{": "application/json", b"<?": "text/xml; charset=utf-8", b"<": "text/html; charset=utf-8"}
    kind = next((kinds[start] for start in kinds if body.startswith(start)), "text/plain; charset=utf-8")
    return on_pages(with_body(body, kind))(listing, portal)


def with_body(body: bytes, content_type: str) -> Callable[[Answer], Answer]:
    """Status 200 with this body."""
    return lambda healthy: Answer(body, 200, {"Content-Type": content_type})


def with_status(status: int) -> Callable[[Answer], Answer]:
    """Another status, the good body."""
    return lambda healthy: Answer(healthy.body, status, healthy.headers)


def broken_off(healthy: Answer) -> Answer:
    """The connection closes in the middle of the body."""
    return Answer(healthy.body, healthy.status, healthy.headers, cut=len(healthy.body) // 2)


def cut_short(healthy: Answer) -> Answer:
    """Half the body, whole by its Content-Length."""
    return Answer(healthy.body[: len(healthy.body) // 2], healthy.status, healthy.headers)


def in_another_charset(healthy: Answer) -> Answer:
    """The text in CP949 where the portal says, or everybody expects, UTF-8; in UTF-16 where CP949 cannot show it."""
    text = healthy.body.decode("utf-8-sig")
    try:
        body = text.encode("cp949")
    except UnicodeEncodeError:
        body = healthy.body
    return Answer(text.encode("utf-16-le") if body == healthy.body else body, healthy.status, healthy.headers)


def another_layout(healthy: Answer) -> Answer:
    """What the portal may look like after it was made anew: the same kind of text, nothing in it where it was."""
    start = healthy.body.lstrip(b"\xef\xbb\xbf \r\n\t")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        body = "<!DOCTYPE html><html><body><main><section><h3>새 단장</h3></section></main></body></html>".encode()
    elif start.startswith(b"<"):
        body = '<?xml version="1.0"?><entries xmlns="urn:new"><entry><name>새 목록</name></entry></entries>'.encode()
    elif start.startswith(b"@prefix"):
        body = '@prefix new: <urn:new#> . <urn:new#list> new:name "새 목록" .'.encode()
    elif start.startswith((b"{", b"[")):
        body = '{"renewed": {"entries": [{"number": 1, "label": "새 목록"}]}}'.encode()
    else:
        body = "번호,이름\n1,새 목록\n".encode()
    return Answer(body, healthy.status, healthy.headers)
