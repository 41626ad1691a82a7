"""Cursors: where a page of results ended, as one opaque word that is safe in a URL."""

from __future__ import annotations

import base64
import binascii

import msgspec

from harvester.errors import QueryError
from indexer.engines.base import Sort

Key = str | int | float | None


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last hit of a page: the `sort` it was found by, its sort `key`, its `id`.

    `position` is how many hits came before the next one: a hint, the key decides.
    """

    sort: Sort
    key: Key
    id: str
    position: int = 0

    def encode(self) -> str:
        """As one word of URL-safe base64."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).rstrip(b"=").decode()


def decode(text: str, sort: Sort) -> Cursor:
    """Read a cursor; raise `QueryError` if it is none, or belongs to another order than `sort`."""
    cursor = _decoded(text)
    if cursor.sort != sort:
        raise QueryError(
            f"cursor: this one continues a search sorted by {cursor.sort!r}, not by {sort!r}", parameter="cursor"
        )
    return cursor


def _decoded(text: str) -> Cursor:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.json.decode(raw, type=Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise no_cursor() from None
    if not 0 <= cursor.position < 1 << 40:
        raise no_cursor()
    return cursor


def position(text: str) -> int:
    """Give how many hits came before the page that a cursor asks for; raise `QueryError` if it is none."""
    return _decoded(text).position


def no_cursor() -> QueryError:
    """Say that a cursor is none; also for an engine that finds a `key` of another kind than its own."""
    return QueryError(
        "cursor: this is not a cursor; take `cursor` from an earlier answer, unchanged", parameter="cursor"
    )
