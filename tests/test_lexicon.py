"""The words of an index, found by keys, initial consonants and with slips, whichever way they were read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from indexer.analysis import initials, jamo, strokes
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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        # One letter may be two keys: ㅟ for ㅓ, ㅞ for ㅖ.
        ("줭통시장", "정통시장"),
        ("도시궤획", "도시계획"),
        ("전통싱장", "전통시장"),
        # Two neighbouring letters that changed places are one slip.
        ("전통시자ㅇ", "전통시장"),
        ("전통ㅣㅅ장", "전통시장"),
    ],
)
def test_a_slip_is_one_letter_however_many_keys(typed: str, meant: str) -> None:
    words = Lexicon([(word_key(word), 1) for word in ("정통시장", "도시계획", "전통시장")])
    assert words.near(typed, 9)[0].word == meant


def test_the_nearest_word_comes_first_then_the_most_frequent() -> None:
    words = Lexicon([(word_key(word), count) for word, count in {"전통시장": 1, "전통시정": 9, "전통시점": 5}.items()])
    assert [known.word for known in words.near("전통시잔", 9)] == ["전통시장", "전통시정", "전통시점"]
    assert [known.word for known in words.near("전통시전", 9)] == ["전통시정", "전통시점", "전통시장"]
    assert len(words.near("전통시전", 2)) == 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("서울미세먼지", ["서울", "미세먼지"]),
        ("미세먼지농도교통사고", ["미세먼지농도", "교통사고"]),
        ("서울서울", ["서울", "서울"]),
        ("서울먼지", []),
        ("서울", []),
        ("", []),
        ("서울" * 21, []),
    ],
)
def test_it_cuts_a_text_into_words_of_titles(lexicon: Lexicon, text: str, parts: list[str]) -> None:
    assert lexicon.parts(text) == parts


def test_it_finds_words_half_typed_with_a_slip(lexicon: Lexicon) -> None:
    assert [known.word for known in lexicon.beginning_nearly(strokes("미새먼"), 9)] == ["미세먼지", "미세먼지농도"]
    assert lexicon.beginning_nearly("alt", 9) == []


def test_it_finds_agencies_by_any_of_their_words() -> None:
    words = Lexicon([], [("환경부 국립환경과학원", 9), ("국립공원공단", 7), ("Korea Water", 1)])
    for typed in ("환경", "국립환경"):
        assert words.agencies_beginning(strokes(typed), 9)[0].word == "환경부 국립환경과학원"
    assert [known.datasets for known in words.agencies_beginning(strokes("국립"), 9)] == [9, 7]
    assert [known.word for known in words.agencies_beginning("ㄱㄹㄱㅇ", 9)] == ["국립공원공단"]
    assert [known.word for known in words.agencies_beginning("water", 9)] == ["Korea Water"]
    assert words.agency("국립공원공단") == Known("국립공원공단", 7)
    assert words.agency("국립") is None


def test_an_empty_one_knows_nothing() -> None:
    none = Lexicon()
    assert (len(none), none.count("가"), none.parts("가나다라"), none.near("미세먼지", 5)) == (0, 0, [], [])
    assert none.beginning("", 5) == none.with_initials("ㄱ", 5) == none.agencies_beginning("a", 5) == []


WORDS = st.lists(st.text(st.sampled_from("가각나난미세먼지a12"), min_size=1, max_size=6), max_size=25, unique=True)


@given(WORDS, st.text(st.sampled_from("가각나난미세먼지a12"), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_it_finds_what_looking_at_every_word_finds(words: list[str], text: str) -> None:
    counts = {word: place + 1 for place, word in enumerate(words)}
    known = Lexicon([(word_key(word), count) for word, count in counts.items()])
    frequent = sorted(words, key=lambda word: -counts[word])

    def of(found: list[Known]) -> list[str]:
        assert all(each.datasets == counts[each.word] for each in found)
        return [each.word for each in found]

    keys = strokes(text)
    assert of(known.beginning(keys, 99)) == [word for word in frequent if strokes(word).startswith(keys)]
    short = initials(text)
    assert of(known.with_initials(short, 99)) == [word for word in frequent if initials(word) == short]
    assert of(known.with_initials(short, 99, whole=False)) == [
        word for word in frequent if initials(word).startswith(short)
    ]
    written = "".join(jamo(text))
    for near in of(known.near(text, 99)):
        assert OSA.distance(written, "".join(jamo(near))) <= 2
        assert [each for each in near if each.isdigit()] == [each for each in text if each.isdigit()]
    # One slip that leaves the first two and the last two keys as they are is always found.
    digits = [each for each in text if each.isdigit()]
    for word in words:
        other = strokes(word)
        if (
            len(keys) >= 4
            and word != text
            and [each for each in word if each.isdigit()] == digits
            and (other[:2] == keys[:2] or other[-2:] == keys[-2:])
            and OSA.distance(written, "".join(jamo(word))) == 1
        ):
            assert word in of(known.near(text, 99))
