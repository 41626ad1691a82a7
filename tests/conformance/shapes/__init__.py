"""What the table of faults must know of each protocol's answers: one small module a protocol, named like it.

To add a protocol, write ``shapes/<protocol>.py`` with what `Shape` asks for, and ``<protocol>_<value>.py`` where its
option `listing` or `format` gives it another way. Faults that need only bytes (a login page, a body cut off) need
nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast

from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked
from tests.conformance.listing import Listing


class Shape(Protocol):
    """What a module of this folder has."""

    __name__: str

    FAMILY: str
    """Which of `table.FAMILIES` the protocol is of."""

    def absent(self, source: HarvestSource) -> Mapping[str, str]:
        """Rows of the table that the source, by what it is told of its portal, cannot have: row → why."""

    def is_page(self, asked: Asked, source: HarvestSource) -> bool:
        """Whether a request is for a page of the listing (not for a detail, a description, an identification)."""

    def empty(self, listing: Listing) -> Sequence[bytes | Answer]:
        """Give the listing's bodies, or whole answers, as they are when the portal says in good order: no records."""

    def half(self, listing: Listing) -> Sequence[bytes | Answer]:
        """Give the bodies without half of the records or more, totals to match."""

    def twice(self, listing: Listing) -> Sequence[bytes | Answer]:
        """Give the bodies with one record listed twice."""

    def error(self, listing: Listing) -> bytes:
        """Give the body of an error of the portal's own that comes with status 200."""

    def same_page(self, listing: Listing) -> Answer:
        """Give a page of known records that says more follow, at the very place that it stands at itself."""

    def growing(self, listing: Listing, number: int) -> Answer:
        """Give the page at request `number` (0, 1, …): known records again, and more follow at a place never seen."""


def of(source: HarvestSource) -> Shape:
    """The shape of a source's protocol, in the way of listing that it uses. Raises LookupError where there is none."""
    options = source.options.model_dump()
    ways = [f"{source.protocol}_{options[option]}" for option in ("listing", "format") if option in options]
    for name in (*ways, source.protocol):
        if find_spec(f"{__name__}.{name}"):
            return cast(Shape, import_module(f"{__name__}.{name}"))
    raise LookupError(f"no shape: write tests/conformance/shapes/{source.protocol}.py (see shapes/__init__.py)")
