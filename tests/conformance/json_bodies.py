"""Lists inside of JSON answers, taken out and put back: what most shapes of JSON protocols are made with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from harvester.sample_portals.server import Answer
from tests.conformance.listing import Listing


def rows(body: bytes, path: Sequence[str] = ()) -> list[Any]:
    """The list at a path of keys (none: the answer itself)."""
    found = msgspec.json.decode(body)
    for key in path:
        found = found[key]
    return found  # type: ignore[no-any-return]


def having(body: bytes, path: Sequence[str], value: Any) -> bytes:
    """The answer with another value at a path of keys; of no keys, the value itself."""
    whole = msgspec.json.decode(body)
    if not path:
        return msgspec.json.encode(value)
    *parents, last = path
    place = whole
    for key in parents:
        place = place[key]
    place[last] = value
    return msgspec.json.encode(whole)


def with_rows(
    bodies: Sequence[bytes], path: Sequence[str], lists: Sequence[list[Any]], total: Sequence[str]
) -> list[bytes]:
    """The answers with other lists; `total`, if it is a path, tells how many there are in all."""
    made = [having(body, path, rows) for body, rows in zip(bodies, lists, strict=True)]
    number = sum(map(len, lists))
    return [having(body, total, number) for body in made] if total else made


def halved(lists: Sequence[list[Any]]) -> list[list[Any]]:
    """The second half, rounded up, of the first list; nothing of the others."""
    first, *others = lists
    return [first[len(first) // 2 :], *([] for _ in others)]


def last_page(rows: list[Any]) -> Answer:
    """A list that is the whole answer, and names no next page."""
    return Answer(msgspec.json.encode(rows), headers={"Content-Type": "application/json; charset=utf-8"})


def linked_again(listing: Listing, more: str) -> Answer:
    """The first page, whose Link header names itself, with `more` in its query, as the next one."""
    first = listing.pages[0]
    asked = "&".join(f"{name}={value}" for name, value in first.asked.query.items())
    return listing.again(first.answer.body, Link=f'<{first.portal.url}{first.asked.path}?{asked}{more}>; rel="next"')
