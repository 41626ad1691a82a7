"""Letters of Hangul, keys of a keyboard and initial consonants."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.analysis.letters import compose, initial_grams, initials, jamo, letters, strokes, typed_in_hangul

SYLLABLES = st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)
KEYS = "abcdefghijklmnopqrstuvwxyzQWERTOP"
JAMO = "".join(chr(each) for each in range(0x3131, 0x3164))


@pytest.mark.parametrize(
    ("word", "keys"),
    [
        ("미세먼지", "altpajswl"),
        ("공공데이터", "rhdrhdepdlxj"),
        ("계획", "rPghlr"),
        ("빵", "Qkd"),
        ("값", "rkqt"),
        ("왜", "dho"),
        ("뷁", "qnpfr"),
        ("ㅁㅅㅁㅈ", "ataw"),
        ("ㅔㅡㅕㅗ", "pmuh"),
        ("ㅘ", "hk"),
        ("pm2.5 초", "pm2.5 ch"),
    ],
)
def test_keys_of_a_word(word: str, keys: str) -> None:
    assert strokes(word) == keys


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ("rhdrhdepdlxj", "공공데이터"),
        ("rPghlr", "계획"),
        # Shift is the same letter on keys that have no second one.
        ("RHdRHd", "꽁꽁"),
        ("AlTPajSWl", "미쎼먼찌"),
        ("QJTM", "뻐쓰"),
        ("rkqtdl", "값이"),
        ("rkqtl", "갑시"),
        ("dhodo", "왜애"),
        ("qjtm 700", "버스 700"),
        ("r", "ㄱ"),
        ("kk", "ㅏㅏ"),
        ("hl", "ㅚ"),
        ("rtk", "ㄱ사"),
        ("", ""),
    ],
)
def test_keys_make_a_word(keys: str, word: str) -> None:
    assert typed_in_hangul(keys) == word


@given(st.text(SYLLABLES, max_size=12))
@settings(max_examples=500)
def test_keys_of_syllables_make_the_same_syllables(word: str) -> None:
    assert typed_in_hangul(strokes(word)) == word


def test_keys_of_every_syllable_make_it() -> None:
    assert [each for each in map(chr, range(0xAC00, 0xD7A4)) if typed_in_hangul(strokes(each)) != each] == []


@given(st.text(st.sampled_from(KEYS), max_size=30))
def test_what_keys_make_is_typed_by_them(keys: str) -> None:
    assert strokes(typed_in_hangul(keys)) == keys


def test_letters_before_a_syllable_may_join_it_when_their_keys_are_pressed() -> None:
    # The one case in which keys do not tell what was written: a letter that stands alone.
    assert typed_in_hangul(strokes("가ㄱ")) == "각"
    assert typed_in_hangul(strokes("ㄱㅏ")) == "가"
    assert typed_in_hangul(strokes("ㄳㅏ")) == "ㄱ사"


@given(st.text(st.sampled_from(JAMO + "가a1 "), max_size=20))
@settings(max_examples=300)
def test_letters_in_any_order_are_composed_and_none_is_lost(text: str) -> None:
    found = compose(text)
    assert strokes(found) == strokes(text)
    assert len(found) <= len(text)


def test_letters_compose_as_an_input_method_does() -> None:
    assert compose("ㄱㅏㅂㅅㅣ") == "갑시"
    assert compose("ㄸㅏㄸㅏ") == "따따"
    assert compose("ㄱㅏㄳㅏ") == "가ㄳㅏ"
    assert compose("ㄱㅗㅏㅣ") == "과ㅣ"
    assert compose("ㅘㄱ") == "ㅘㄱ"


def test_jamo_are_the_letters_as_written() -> None:
    assert "".join(jamo("값이 ㅘ1")) == "ㄱㅏㅄㅇㅣ ㅘ1"


def test_initials() -> None:
    assert initials("미세먼지") == "ㅁㅅㅁㅈ"
    assert initials("서울_PM2.5 빵") == "ㅅㅇpm25ㅃ"
    assert initials("ㅁㅅ") == "ㅁㅅ"
    assert initials("") == ""
    assert initial_grams("미세 먼지") == ["ㅁㅅㅁ", "ㅅㅁㅈ"]
    assert initial_grams("서울") == []


@given(st.text(max_size=30))
def test_initials_have_one_letter_for_each(text: str) -> None:
    assert len(initials(text)) == len(letters(text))
    assert letters(letters(text)) == letters(text)


def test_letters_are_those_of_the_normal_form() -> None:
    assert letters("Wi-Fi · ＰＭ２．５_(大)") == "wifipm25大"
