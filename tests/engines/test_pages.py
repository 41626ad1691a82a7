"""Cursors, sort numbers and pages: pure, against what sorting a list gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.errors import QueryError
from indexer.engines.base import Sort
from indexer.engines.cursor import Cursor, decode
from indexer.engines.order import TEXT_NUMBERS, day_bounds, day_key, id_key, line_key, quality_key, text_keys
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


# --- numbers of texts, qualities and series

texts = st.text("가나a \uffff\U0001f600\U0001f601", max_size=40) | st.text(max_size=30)


@given(texts, texts)
def test_numbers_of_texts_keep_their_order(one: str, other: str) -> None:
    keys = [text_keys(text) for text in (one, other)]
    assert one > other or keys[0] <= keys[1]
    assert all(0 <= number < 1 << 64 for key in keys for number in key)
    assert {len(key) for key in keys} == {TEXT_NUMBERS}


def test_numbers_tell_texts_apart_up_to_24_characters() -> None:
    assert text_keys("가" * 23 + "나") > text_keys("가" * 23 + "다" * 0)
    assert text_keys("가" * 24 + "나") == text_keys("가" * 24)


def test_the_best_quality_comes_first_and_none_last() -> None:
    keys = [quality_key(quality, id) for quality, id in [(100, "z"), (99, "a"), (99, "b"), (0, "a"), (None, "a")]]
    assert keys == sorted(set(keys))


@given(texts, texts)
def test_series_have_numbers_of_their_own(one: str, other: str) -> None:
    assert (line_key(one) == line_key(other)) == (one == other)


# --- pages

Number = int | None
Hits = list[tuple[str, str]]
Address = tuple[str, str]
"""The pages of these tests are of hits with a text as key, whose numbers are its letters."""
LEVELS = 3
keys = st.text("abc", min_size=1, max_size=5)
hits = st.lists(st.tuples(keys, st.text("abcde", min_size=1, max_size=3)), max_size=300, unique_by=lambda hit: hit[1])


def numbers(key: Any) -> tuple[int, ...]:
    return tuple(ord(letter) for letter in key[:LEVELS].ljust(LEVELS))


def line(id: str) -> int:
    return len(id) * 10 + ord(id[0])


def paging(
    found: Hits, levels: int = LEVELS, follows: bool = True, folds: bool = False, asked: list[int] | None = None
) -> Paging[Address]:
    def ranked(before: tuple[int, ...], least: Number, limit: int) -> Sequence[tuple[Any, Address]]:
        assert follows or least is None
        if asked is not None:
            asked.append(limit)
        place = len(before)
        # With one level the whole key is the number; ties come as they were written.
        number: Any = (lambda hit: numbers(hit[0])[place]) if levels > 1 else (lambda hit: hit[0])
        within = [hit for hit in found if levels == 1 or numbers(hit[0])[:place] == before]
        stored = sorted(((number(hit), hit) for hit in within), key=lambda pair: pair[0])
        return [pair for pair in stored if least is None or pair[0] >= least][:limit]

    return Paging(
        ranked,
        lambda pairs: [hit for _, hit in pairs],
        numbers=numbers if levels > 1 else lambda key: (key,),
        levels=levels,
        follows=follows,
        lines=(lambda addresses: [line(id) for _, id in addresses]) if folds else None,
    )


def folded(found: Hits) -> Hits:
    first: dict[int, tuple[str, str]] = {}
    for hit in sorted(found):
        first.setdefault(line(hit[1]), hit)
    return list(first.values())


KINDS = [(LEVELS, True), (1, True), (1, False)]


@pytest.mark.parametrize("folds", [False, True])
@pytest.mark.parametrize(("levels", "follows"), KINDS)
@given(found=hits, begin=st.integers(0, 320), size=st.integers(1, 40))
def test_a_page_by_position(levels: int, follows: bool, folds: bool, found: Hits, begin: int, size: int) -> None:
    page = paging(found, levels, follows, folds).page(begin, size)
    expected = folded(found) if folds else sorted(found)
    assert page.hits == page.addresses == expected[begin : begin + size]
    assert page.more == (begin + size < len(expected))
    assert page.position == begin + len(page.hits)


@pytest.mark.parametrize("folds", [False, True])
@pytest.mark.parametrize(("levels", "follows"), KINDS)
@given(
    found=hits,
    key=keys,
    id=st.text("abcde", max_size=3),
    guess=st.integers(0, 320),
    size=st.integers(1, 40),
)
def test_a_page_after_a_hit_that_need_not_be_there(
    levels: int, follows: bool, folds: bool, found: Hits, key: str, id: str, guess: int, size: int
) -> None:
    page = paging(found, levels, follows, folds).page(guess, size, after=(key, id))
    following = [hit for hit in (folded(found) if folds else sorted(found)) if hit > (key, id)]
    assert page.hits == following[:size]
    assert page.more == (len(following) > size)


@pytest.mark.parametrize("folds", [False, True])
def test_many_ties_are_told_apart_by_further_numbers(folds: bool) -> None:
    found = [("a" * (n % 7) + "bc"[n % 2] * (n % 3), f"{chr(97 + n % 90)}{n:05}") for n in range(3_000)]
    expected = folded(found) if folds else sorted(found)
    for begin in (0, 30, 500, 1_500, 2_990):
        page = paging(found, folds=folds).page(begin, 10)
        assert page.hits == expected[begin : begin + 10]
        if page.hits:
            for guess in (page.position, 0):
                following = paging(found, folds=folds).page(guess, 10, after=page.hits[-1])
                assert following.hits == expected[begin + 10 : begin + 20]


def test_no_more_is_collected_than_ties_ask_for() -> None:
    asked: list[int] = []
    found = [(f"{n // 3:05}", f"{n:05}") for n in range(10_000)]
    paging(found, 1, follows=False, asked=asked).page(100, 10)
    assert asked == [174]
    asked.clear()
    paging(found, 1, asked=asked).page(100, 10, after=("00033", "00100"))
    assert asked == [74]
    asked.clear()
    tied = [("0", f"{n:05}") for n in range(5_000)] + [("1", f"{n:05}") for n in range(5_000, 10_000)]
    assert paging(tied, 1, follows=False, asked=asked).page(0, 10).hits == sorted(tied)[:10]
    assert asked == [74, 592, 4736, 37888]
