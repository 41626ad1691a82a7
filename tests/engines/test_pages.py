"""Cursors, sort numbers and pages: pure, against what sorting a list gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.errors import QueryError
from indexer.engines.base import Sort
from indexer.engines.cursor import Cursor, decode
from indexer.engines.order import day_bounds, day_key, id_key
from indexer.engines.paging import Paging

days = st.none() | st.dates().map(str)
ids = st.text("abc-0129가", min_size=1, max_size=7)


# --- cursors


@given(
    st.builds(
        Cursor,
        sort=st.sampled_from(get_args(Sort)),
        key=st.text() | st.integers(0, 2**62) | st.floats(allow_nan=False, allow_infinity=False, width=32),
        id=st.text(),
        position=st.integers(0, 10**9),
    )
)
def test_cursors_there_and_back(cursor: Cursor) -> None:
    word = cursor.encode()
    assert decode(word, cursor.sort) == cursor
    assert all(letter.isalnum() or letter in "-_" for letter in word)


@given(st.text() | st.binary().map(bytes.hex))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match=r"^cursor: "):
        decode(text, "relevance")


@pytest.mark.parametrize("position", [-1, 1 << 40, 1 << 70])
def test_a_cursor_from_nowhere_is_refused(position: int) -> None:
    with pytest.raises(QueryError, match=r"^cursor: "):
        decode(Cursor("title", "a", "b", position).encode(), "title")


# --- sort numbers


@given(ids, ids)
def test_numbers_of_ids_keep_their_order(one: str, other: str) -> None:
    assert one.encode() > other.encode() or id_key(one) <= id_key(other)
    assert 0 <= id_key(one) < 1 << 40


@given(st.tuples(days, ids), st.tuples(days, ids), st.booleans())
def test_numbers_of_days_sort_by_day_then_id_and_no_day_comes_last(
    one: tuple[str | None, str], other: tuple[str | None, str], newest_first: bool
) -> None:
    keys = [day_key(day, id, newest_first=newest_first) for day, id in (one, other)]
    assert all(0 <= key < 1 << 63 for key in keys)
    if one[0] == other[0]:
        assert (keys[0] <= keys[1]) or one[1].encode() > other[1].encode()
    elif one[0] is None or other[0] is None:
        assert (keys[0] > keys[1]) == (one[0] is None)
    else:
        assert (keys[0] < keys[1]) == ((one[0] > other[0]) if newest_first else (one[0] < other[0]))


@given(days, days, days, ids)
def test_bounds_hold_exactly_the_days_between(low: str | None, high: str | None, day: str | None, id: str) -> None:
    first, last = day_bounds(low, high)
    between = day is not None and (low is None or low <= day) and (high is None or day <= high)
    assert (first <= day_key(day, id) <= last) == between


@pytest.mark.parametrize("day", ["", "2024", "2024-02-30", "soon"])
def test_what_is_no_day_raises(day: str) -> None:
    with pytest.raises(ValueError, match=r"[Ii]nvalid|day"):
        day_key(day, "a")


# --- pages

Hits = list[tuple[int, str]]
hits = st.lists(
    st.tuples(st.integers(0, 4), st.text("abcde", min_size=1, max_size=3)), max_size=300, unique_by=lambda hit: hit[1]
)


def paging(found: Hits, asked: list[int] | None = None) -> Paging[str]:
    # The engine knows the order of keys only: ties come as they were written.
    stored = sorted(found, key=lambda hit: hit[0])

    def ranked(limit: int) -> Sequence[tuple[int, str]]:
        if asked is not None:
            asked.append(limit)
        return stored[:limit]

    return Paging(ranked, list)


@given(hits, st.integers(0, 320), st.integers(1, 40))
def test_a_page_by_position(found: Hits, begin: int, size: int) -> None:
    page = paging(found).page(begin, size)
    assert page.hits == sorted(found)[begin : begin + size]
    assert page.more == (begin + size < len(found))


@given(hits, st.integers(0, 4), st.text("abcde", max_size=3), st.integers(0, 320), st.integers(1, 40))
def test_a_page_after_a_hit_that_need_not_be_there(found: Hits, key: int, id: str, guess: int, size: int) -> None:
    page = paging(found).page(guess, size, after=(key, id))
    following = [hit for hit in sorted(found) if hit > (key, id)]
    assert page.hits == following[:size]
    assert page.more == (len(following) > size)


def test_no_more_is_collected_than_ties_ask_for() -> None:
    asked: list[int] = []
    found = [(n // 3, f"{n:05}") for n in range(10_000)]
    paging(found, asked).page(100, 10)
    assert asked == [174]
    asked.clear()
    tied = [(0, f"{n:05}") for n in range(5_000)] + [(1, f"{n:05}") for n in range(5_000, 10_000)]
    assert paging(tied, asked).page(0, 10).hits == sorted(tied)[:10]
    assert asked == [74, 592, 4736, 37888]
