"""Listings that would never end are stopped, and no listing that ends is."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.catalog.model import HarvestRecord, Page, Part
from harvester.crawl.paging import PagingGuard
from harvester.errors import PortalError


def page(number: int, identifiers: list[str], *, total: int | None = None, end: bool = False, cursor: str = "") -> Page:
    records = tuple(
        HarvestRecord(identifier=i, parts=(Part(name="listing", format="x", payload=i.encode()),)) for i in identifiers
    )
    return Page(
        records=records,
        after=str(number - 1) if number else None,
        cursor=cursor or str(number),
        declared_total=total,
        end=end,
    )


def check(guard: PagingGuard, one: Page, new: int | None = None) -> None:
    hashes = [record.identifier.encode() for record in one.records]
    guard.check(one, hashes, len(one.records) if new is None else new)


def until_refused(
    pages: int, make: Callable[[int], Page], new: int | None = None, guard: PagingGuard | None = None
) -> tuple[int, str]:
    """Number of the page that was refused, and why."""
    guard = guard or PagingGuard()
    number = -1
    with pytest.raises(PortalError) as refused:  # noqa: PT012 - which of many calls refuses is the question
        for number in range(pages):
            check(guard, make(number), new)
    assert refused.value.reason == "endless paging"
    return number, str(refused.value)


def test_the_same_page_for_ever() -> None:
    number, why = until_refused(100, lambda number: page(number, ["a", "b"]))
    assert number == 2
    assert "same page" in why


def test_a_page_may_be_read_once_more() -> None:
    guard = PagingGuard()
    for number, names in enumerate((["a"], ["b"], ["b"], ["c"])):
        check(guard, page(number, names))


def test_a_cursor_that_comes_back() -> None:
    number, why = until_refused(100, lambda number: page(number, [str(number)], cursor=str(number % 7)))
    assert number == 7
    assert "same place" in why


def test_more_than_the_portal_declares() -> None:
    number, why = until_refused(1000, lambda number: page(number, [f"{number}-{i}" for i in range(10)], total=1000))
    assert 110 <= number <= 115
    assert "declares 1,000" in why


def test_what_was_listed_before_an_interruption_counts() -> None:
    guard = PagingGuard(listed=990)
    number, _ = until_refused(1000, lambda n: page(n, [f"{n}-{i}" for i in range(10)], total=1000), guard=guard)
    assert number <= 15


def test_pages_without_new_records() -> None:
    number, why = until_refused(100, lambda number: page(number, [str(number), "x"]), new=0)
    assert number == 4
    assert "listed before" in why


def test_nothing_but_empty_pages() -> None:
    number, _ = until_refused(5000, lambda number: page(number, []))
    assert number < 2000


def test_a_resumed_listing_may_begin_anew() -> None:
    """What the cursor stood in is gone: everything that was listed before comes once more, then the rest."""
    guard = PagingGuard(listed=100)
    for number in range(10):
        check(guard, page(number, [f"{number}-{i}" for i in range(10)], total=120), new=0)
    for number in range(10, 12):
        check(guard, page(number, [f"{number}-{i}" for i in range(10)], total=120))


def test_a_resumed_listing_that_begins_anew_for_ever() -> None:
    guard = PagingGuard(listed=100)
    number, why = until_refused(100, lambda n: page(n, [f"{n}-{i}" for i in range(10)]), new=0, guard=guard)
    assert number == 14
    assert "listed before" in why


@given(st.lists(st.integers(0, 30), max_size=40))
def test_a_listing_that_ends_is_never_refused(sizes: list[int]) -> None:
    guard = PagingGuard()
    total = sum(sizes)
    for number, size in enumerate(sizes):
        last = number == len(sizes) - 1
        check(guard, page(number, [f"{number}-{i}" for i in range(size)], total=total, end=last))


def test_the_last_page_may_repeat_everything() -> None:
    guard = PagingGuard()
    for number in range(2):
        check(guard, page(number, ["a"]))
    check(guard, page(2, ["a"], end=True, cursor="0"))


def test_a_listing_that_begins_anew_while_it_is_read_may_bring_everything_again() -> None:
    guard = PagingGuard()
    names = [[f"{number}-{place}" for place in range(4)] for number in range(30)]
    for number in range(25):
        check(guard, page(number, names[number], total=120))
    for number in range(30):
        again = msgspec.structs.replace(
            page(number, names[number], total=120, cursor=f"anew {number}"), anew=not number
        )
        check(guard, again, 0 if number < 25 else 4)
    assert until_refused(10, lambda number: page(number, [f"x{number}"], cursor=f"more {number}"), 0, guard)[0] == 4
