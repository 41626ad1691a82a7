"""The words of an index, found by keys, initial consonants and with slips, whichever way they were read."""

from __future__ import annotations

import pytest

from indexer.documents import word_key
from indexer.lexicon import Known, Lexicon

COUNTS = {
    "미세먼지": 19,
    "미세먼지농도": 3,
    "미세": 2,
    "교통사고": 30,
    "서울": 20,
    "2호선": 4,
    "3호선": 5,
    "전기자동차충전소": 7,
}


@pytest.fixture(params=[False, True], ids=["when needed", "gently"])
def lexicon(request: pytest.FixtureRequest) -> Lexicon:
    words = [(word_key(word), count) for word, count in COUNTS.items()]
    return Lexicon(words, [("서울특별시", 9)], gently=request.param)


def test_it_counts_words_and_nothing_that_only_begins_so(lexicon: Lexicon) -> None:
    assert [lexicon.count(word) for word in ("미세", "미세먼", "서울", "")] == [2, 0, 20, 0]
    assert len(lexicon) == len(COUNTS)
    assert lexicon.agencies == [Known("서울특별시", 9)]


def test_it_finds_words_by_their_first_keys_the_most_frequent_first(lexicon: Lexicon) -> None:
    assert [known.word for known in lexicon.beginning("a", 9)] == ["미세먼지", "미세먼지농도", "미세"]
    assert [known.word for known in lexicon.beginning("altpaj", 9)] == ["미세먼지", "미세먼지농도"]
    assert lexicon.beginning("", 1) == [Known("교통사고", 30)]
    assert lexicon.beginning("zz", 1) == []


def test_it_finds_words_by_initial_consonants(lexicon: Lexicon) -> None:
    assert [known.word for known in lexicon.with_initials("ㅁㅅㅁㅈ", 9)] == ["미세먼지"]
    assert [known.word for known in lexicon.with_initials("ㅁㅅㅁㅈ", 9, whole=False)] == ["미세먼지", "미세먼지농도"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("미새먼지", ["미세먼지"]),
        ("교통사곡", ["교통사고"]),
        ("셔을", []),  # two slips in a short word
        ("시울", ["서울"]),
        ("잔기자동차충전서", ["전기자동차충전소"]),  # at both ends
        ("4호선", []),  # another number is another word
        ("소", []),
    ],
)
def test_it_finds_words_in_spite_of_slips(lexicon: Lexicon, typed: str, meant: list[str]) -> None:
    assert [known.word for known in lexicon.near(typed, 9)] == meant
