"""What the total of a list is worth that a member file says where to find."""

from __future__ import annotations

from harvester.errors import PortalError


def believed(total: int | None, read: int) -> int | None:
    """The total of a list of which `read` rows came so far: a list ends where exactly so many did.

    Where more came, it is another number, or a notice stands on every page: None, the list ends as one without total.
    """
    return None if total is not None and total < read else total


def not_missing(told: int | None, expression: str | None, before: int, url: str) -> None:
    """Raise `PortalError` ("layout changed") where the first page of a list (no rows `before` it) tells no total
    although the member file has an `expression` for it: a list that breaks off would not be noticed.
    """
    if expression and told is None and not before:
        raise PortalError("layout changed", f"{url}: total: no number at `{expression}`")
