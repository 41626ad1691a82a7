"""Texts of an answer: cut, excerpted and marked without ever letting a portal's markup through."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from indexer.answer import cut, fragment, marked
from indexer.languages import in_reading_order, said

TEXTS = some.text(alphabet=some.sampled_from("가나다 abc<>&\"'\n"), max_size=900)


@some.composite
def marked_texts(draw: some.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    text = draw(TEXTS)
    edges = sorted(draw(some.sets(some.integers(0, len(text)), max_size=20)))
    return text, [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False)]


def plain(marked_html: str) -> str:
    return html.unescape(re.sub("</?mark>", "", marked_html))


def test_marks_stand_around_what_matched_and_all_else_is_escaped() -> None:
    assert marked("<b>먼지</b> & 소음", [(3, 5)]) == "&lt;b&gt;<mark>먼지</mark>&lt;/b&gt; &amp; 소음"


@given(marked_texts())
def test_marking_loses_no_character_and_lets_no_markup_through(given: tuple[str, list[tuple[int, int]]]) -> None:
    text, spans = given
    made = marked(text, spans)
    assert plain(made) == text
    assert not set(re.sub("</?mark>", "", made)) & set("<>\"'")
    assert [html.unescape(each) for each in re.findall("<mark>(.*?)</mark>", made, re.DOTALL)] == [
        text[start:end] for start, end in spans
    ]


@given(marked_texts())
def test_a_fragment_is_a_stretch_of_the_text_that_shows_a_match(given: tuple[str, list[tuple[int, int]]]) -> None:
    text, spans = given
    made = fragment(text, spans)
    shown = plain(made).removeprefix("…").removesuffix("…")
    assert shown in text
    assert len(shown) <= 240
    assert ("<mark>" in made) == bool(spans)


def test_a_fragment_of_a_long_text_is_where_most_matches_are() -> None:
    text = "먼지 " + "하늘 " * 200 + "먼지 먼지 먼지 " + "바다 " * 200
    spans = [(found.start(), found.end()) for found in re.finditer("먼지", text)]
    made = fragment(text, spans)
    assert made.count("<mark>먼지</mark>") == 3
    assert made.startswith("…")
    assert made.endswith("…")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("짧은 글", "짧은 글"), ("하나 둘 셋넷다섯", "하나 둘…"), ("띄어쓰지않은긴글", "띄어쓰지않은…")],
)
def test_a_long_text_is_cut_after_a_whole_word(text: str, expected: str) -> None:
    assert cut(text, 6) == expected


def test_korean_is_read_first_then_english_then_the_others() -> None:
    texts = {"und": "?", "fr": "air", "en": "air", "ko": "공기", "ja": ""}
    assert [each.language for each in in_reading_order(texts)] == ["ko", "en", "fr", "und"]
    assert said({}) is None
    assert said({"ko": "", "en": "air"}) == ("air", "en")
