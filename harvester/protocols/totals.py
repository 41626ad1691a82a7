"""What the total of a list is worth that a member file says where to find."""

from __future__ import annotations

from harvester.errors import PortalError


def reached(read: int, total: int | None) -> bool:
    """Whether a list ends here, `read` rows of it being read: only where exactly so many came.

    Where more do, the total is another number, or a notice stands on every page; then the list goes on while rows come.
    """
    return read == total


def not_missing(told: int | None, expression: str | None, before: int, url: str) -> None:
    """Raise `PortalError` ("layout changed") where the first page of a list (no rows `before` it) tells no total
    although the member file has an `expression` for it: a list that breaks off would not be noticed.
    """
    if expression and told is None and not before:
        raise PortalError("layout changed", f"{url}: total: no number at `{expression}`")
