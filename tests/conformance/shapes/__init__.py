"""What the table of faults must know of each protocol's answers: one small module a protocol, named like it.

To add a protocol, write ``shapes/<protocol>.py`` with what `Shape` asks for. Faults that need only bytes (a login page,
a body cut off) need nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from harvester.sample_portals.server import Asked
from tests.conformance.listing import Listing


class Shape(Protocol):
    """What a module of this folder has."""

    FAMILY: str
    """Which of `table.FAMILIES` the protocol is of."""

    ABSENT: Mapping[str, str]
    """Rows of the table that the protocol, other than its family, cannot have: row → why."""

    def is_page(self, asked: Asked) -> bool:
        """Whether a request is for a page of the listing (not for a detail, a description, an identification)."""

    def empty(self, listing: Listing) -> list[bytes]:
        """Give the listing's bodies as they are when the portal says, in good order, that it has no records."""

    def half(self, listing: Listing) -> list[bytes]:
        """Give the bodies without half of the records or more, totals to match."""

    def twice(self, listing: Listing) -> list[bytes]:
        """Give the bodies with one record listed twice."""

    def error(self, listing: Listing) -> bytes:
        """Give the body of an error of the portal's own that comes with status 200."""

    def same_page(self, listing: Listing) -> bytes:
        """Give a page of known records that says more follow, at the very place that it stands at itself."""

    def growing(self, listing: Listing, number: int) -> bytes:
        """Give the page at request `number` (0, 1, …): known records again, and more follow at a place never seen."""


def of(protocol: str) -> Shape:
    """The shape of a protocol; fails where nobody wrote one."""
    try:
        return cast(Shape, import_module(f"tests.conformance.shapes.{protocol}"))
    except ModuleNotFoundError as error:
        raise AssertionError(
            f"no shape of {protocol!r}: write tests/conformance/shapes/{protocol}.py (see shapes/__init__.py)"
        ) from error
