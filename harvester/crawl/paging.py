"""The guard against listings that never end: some portals answer their last, or first, page for ever."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from harvester.catalog.model import Page
from harvester.errors import PortalError

_SAME_CONTENT = 3
"""How often the same content is one too many; once more is allowed, because a protocol may read a page again."""
_NOTHING_NEW = 5
"""So many pages one after the other whose records were all met before in the same job."""
_EMPTY = 1_000
"""So many pages one after the other without any record."""
_DECLARED_SHARE = 1.1
_DECLARED_PAGES = 3
"""More than this share of the declared total, and so many pages beyond it."""


class PagingGuard:
    """Sees every page of a job before it is committed, in order; `listed` is what was listed before (a resumed job).

    A resumed job may have to read its listing from the beginning again, because what its cursor stands in is gone. So
    as many records as were listed before may come again without anything being wrong. The same holds for a listing that
    begins anew while it is read (`Page.anew`).
    """

    def __init__(self, listed: int = 0) -> None:
        self._listed = listed
        self._may_come_again = listed
        self._largest = 0
        self._cursors: set[bytes] = set()
        self._contents: Counter[bytes] = Counter()
        self._stale = 0
        self._empty = 0

    def check(self, page: Page, payload_hashes: Sequence[bytes], new_identifiers: int) -> None:
        """Raise `PortalError` ("endless paging") where `page` shows that the listing goes round in circles.

        `new_identifiers` are those of its records that this job had not met before.
        """
        size = page.listed
        if page.anew:
            self._may_come_again = self._listed
            self._contents.clear()
        again = min(len(page.records) - new_identifiers, self._may_come_again)
        self._may_come_again -= again
        self._listed += size - again
        self._largest = max(self._largest, size)
        if page.end:
            return
        if page.cursor is not None and self._met(page.cursor):
            raise _endless("the portal gave the same place in its listing twice")
        if payload_hashes:
            content = hashlib.blake2b(b"".join(payload_hashes), digest_size=16).digest()
            self._contents[content] += 1
            if self._contents[content] >= _SAME_CONTENT:
                raise _endless(f"the same page came {_SAME_CONTENT} times")
        self._stale = self._stale + 1 if page.records and not new_identifiers and not again else 0
        if self._stale >= _NOTHING_NEW:
            raise _endless(f"{_NOTHING_NEW} pages in a row held only records that were listed before")
        self._empty = 0 if size else self._empty + 1
        if self._empty >= _EMPTY:
            raise _endless(f"{_EMPTY} pages in a row held nothing")
        total = page.declared_total
        if total is not None and self._listed > total * _DECLARED_SHARE + _DECLARED_PAGES * self._largest:
            told = f"{self._listed:,} records were listed where the portal declares {total:,}"
            raise _endless(f"{told}: the list has no end, or its total is another number")

    def _met(self, cursor: str) -> bool:
        digest = hashlib.blake2b(cursor.encode(), digest_size=16).digest()
        if digest in self._cursors:
            return True
        self._cursors.add(digest)
        return False


def _endless(what: str) -> PortalError:
    return PortalError("endless paging", f"{what}; the listing was stopped there")
