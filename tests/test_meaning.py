"""What a searcher means by a word: its forms, why, and what each is worth."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import ranking
from indexer.analysis import Analyser
from indexer.documents import word_key
from indexer.engines.base import All, Any, Boost, Filtered, Phrase, Term
from indexer.lexicon import Lexicon
from indexer.meaning import CORRECTIONS, Meaning, Word, adjacent
from tests.searched import TABLES

MEANING = Meaning(Analyser(names=TABLES.names), TABLES, {"csv": "CSV", "쉐이프": "SHP"})
WORDS = (
    *(
        "미세먼지",
        "초미세먼지",
        "도시계획",
        "전통시장",
        "전기자동차충전소",
        "지하철",
        "승하차",
        "인원",
        "건강검진",
        "pm25",
    ),
    *("계획", "bus", "wifi", "시설", "2호선"),
)
LEXICON = Lexicon([(word_key(word), 5) for word in WORDS], [("국민건강보험공단", 9), ("서울특별시", 8)])


def words(text: str) -> list[str]:
    """The words of a text as typed; in brackets those that say nothing."""
    return [f"({word.typed})" if word.silent else word.typed for word in MEANING.words(text)]


def others(text: str) -> dict[str, str]:
    """What else stands for a text that is one word, and why."""
    (word,) = MEANING.words(text)
    return {form.text: form.why for form in word.forms[1:]}


def corrected(text: str, *, known: bool = False, alone: bool = True) -> dict[str, str]:
    """What slips may have hidden, and why."""
    (word,) = MEANING.words(text)
    found = MEANING.corrected(word, LEXICON, known=known, alone=alone)
    return {} if found is None else {form.text: form.why for form in found.forms if form.why in CORRECTIONS}


# --- words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("서울 미세먼지", ["서울", "미세먼지"]),
        ("서울_미세먼지(농도)", ["서울", "미세먼지", "농도"]),
        ("미세먼지 데이터 알려줘", ["미세먼지", "(데이터)", "(알려줘)"]),
        ("우리 동네 미세먼지를 볼 수 있는 곳", ["(우리 동네)", "미세먼지를", "(볼 수 있는)", "(곳)"]),
        ("전기 자동차 충전소", ["전기 자동차 충전소"]),
        ("https://www.data.go.kr/data/1/a.do?x=1", ["https://www.data.go.kr/data/1/a.do?x=1"]),
        ("10.1234/ab-1", ["10.1234/ab-1"]),
        ("... ㆍ -", []),
        ("", []),
    ],
)
def test_a_text_is_cut_into_words_and_names(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_word_that_says_nothing_still_has_its_form() -> None:
    (word,) = MEANING.words("볼 수 있는")
    assert word.silent
    assert word.forms[0].text == "볼 수 있는"


def test_exactly_is_word_by_word_and_as_typed() -> None:
    found = MEANING.words("전기 자동차 데이터 wifi", exact=True)
    assert [(word.typed, len(word.forms), word.silent) for word in found] == [
        ("전기", 1, False),
        ("자동차", 1, False),
        ("데이터", 1, False),
        ("wifi", 1, False),
    ]


# --- forms that say the same


@pytest.mark.parametrize(
    ("text", "other", "why"),
    [
        ("전기차", "전기자동차", "synonym"),
        ("전기자동차를", "전기차", "synonym"),
        ("전기 자동차", "전기차", "synonym"),
        ("전기차충전소", "전기자동차충전소", "synonym"),
        ("지하철역별승하차인원", "도시철도역별승하차인원", "synonym"),
        ("Wi-Fi", "와이파이", "synonym"),
        ("WIFI", "와이파이", "synonym"),
        ("무선 인터넷", "wifi", "synonym"),
        ("목욕탕", "목욕장업", "synonym"),
        ("한전", "한국전력공사", "agency"),
        ("KEPCO의", "한국전력공사", "agency"),
        ("CCTV가", "씨씨티비", "synonym"),
        ("건보 공단", "국민건강보험공단", "agency"),
        ("CSV", "CSV", "format"),
        ("쉐이프", "SHP", "format"),
    ],
)
def test_other_texts_for_the_same(text: str, other: str, why: str) -> None:
    assert others(text).get(other) == why


def test_a_rule_goes_one_way() -> None:
    assert others("목욕장업") == {}


def test_no_form_comes_twice() -> None:
    (word,) = MEANING.words("지하철역별승하차인원")
    assert len({form.text for form in word.forms}) == len(word.forms)


def test_the_typed_form_is_worth_most() -> None:
    (word,) = MEANING.words("전기차충전소")
    assert word.forms[0].why == "typed"
    assert word.forms[0].weight == 1.0
    assert max(form.weight for form in word.forms[1:]) <= ranking.SYNONYM
    assert word.terms == ("전기차", "충전", "-소")


def test_a_format_is_looked_for_beside_the_word() -> None:
    (word,) = MEANING.words("csv")
    assert [(form.why, form.fields) for form in word.forms[1:]] == [("format", ("format",))]
    assert word.forms[1].node == Term("format", "CSV")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("15000001", "15000001"),
        ("https://www.data.go.kr/data/15000001/fileData.do", "data.go.kr/data/15000001/filedata.do"),
        ("www.data.go.kr/data/15000001/", "data.go.kr/data/15000001"),
        ("https://data.go.kr/data/15000001?a=b#tab", "data.go.kr/data/15000001"),
        ("https://data.go.kr/data/15000001?a=b#tab", "data.go.kr/data/15000001?a=b"),
        ("doi:10.1234/AB-1", "10.1234/ab-1"),
        ("https://doi.org/10.1234/AB-1", "10.1234/ab-1"),
        ("OA-15245", "oa-15245"),
    ],
)
def test_an_identifier_or_address_is_looked_for_as_a_whole(text: str, key: str) -> None:
    (word,) = MEANING.words(text)
    node = word.forms[0].node
    parts = node.parts if isinstance(node, Any) else (node,)
    assert Boost(Term("identifier", key), ranking.IDENTIFIER) in parts


def test_a_word_in_a_field_is_looked_for_there_only() -> None:
    word = MEANING.literal("먼지", "publisher")
    assert word is not None
    assert word.forms[0].fields == ("publisher",)
    assert MEANING.literal("...") is None


def test_a_phrase_has_its_terms_side_by_side() -> None:
    word = MEANING.phrase("버스 노선", "title")
    assert word is not None
    assert word.forms[0].sequences == (("버스", "노선"),)
    node = word.node
    assert isinstance(node, Filtered)
    assert node.filters == (Any((Phrase("title", ("버스", "노선")),)),)
    assert MEANING.phrase(" ·· ") is None


def test_terms_side_by_side_score_once_each() -> None:
    node = adjacent(("가", "나", "가"), ("title",))
    assert isinstance(node, Filtered)
    assert isinstance(node.part, All)
    assert len(node.part.parts) == 2


# --- slips


@pytest.mark.parametrize(
    ("typed", "meant", "why"),
    [
        ("altpajswl", "미세먼지", "keyboard"),
        ("ALTPAJSWL", "미세먼지", "keyboard"),
        # ㅖ is P, with the shift key.
        ("ehtlrPghlr", "도시계획", "keyboard"),
        ("rPghlr", "계획", "keyboard"),
        ("전통tlwkd", "전통시장", "keyboard"),
        ("ㅠㅕㄴ", "bus", "keyboard"),
        ("ㅔㅡ2.5", "pm2.5", "keyboard"),
        ("쟈랴", "wifi", "keyboard"),
        ("쟈랴", "와이파이", "synonym"),
        ("ㅁㅅㅁㅈ", "미세먼지", "initials"),
        ("ㅈㅌ", "전통시장", "initials"),
        ("ㄱㄱㅁ", "ㄱㄱㅁ", "initials"),
        ("전토", "전통시장", "completion"),
        ("지하ㅊ", "지하철", "completion"),
        ("미새먼지", "미세먼지", "spelling"),
        ("도시게획", "도시계획", "spelling"),
        ("도시궤획", "도시계획", "spelling"),
        ("전통사장", "전통시장", "spelling"),
        ("진기자동차충전서", "전기자동차충전소", "spelling"),
        ("지하철승하차인원", "지하철 승하차 인원", "spacing"),
    ],
)
def test_what_slips_of_the_fingers_hid(typed: str, meant: str, why: str) -> None:
    (word,) = MEANING.words(typed)
    found = MEANING.corrected(word, LEXICON, known=False, alone=True)
    assert found is not None
    assert (meant, why) in {(form.text, form.why) for form in found.forms}
    assert found.forms[: len(word.forms)] == word.forms
    assert found.correction is not None


def test_an_agency_has_the_letters_of_its_name() -> None:
    (word,) = MEANING.words("국건공")
    found = MEANING.corrected(word, LEXICON, known=False, alone=True)
    assert found is not None
    assert ("국민건강보험공단", "agency") in {(form.text, form.why) for form in found.forms}


@pytest.mark.parametrize("text", ["미세먼지", "bus", "3호선", "서울", "1호선", "계획"])
def test_what_documents_have_is_not_corrected(text: str) -> None:
    assert corrected(text, known=True) == {}


def test_another_number_is_no_slip() -> None:
    assert "2호선" not in corrected("3호선")


def test_letters_that_nobody_means_are_corrected_even_where_they_are_known() -> None:
    assert corrected("ㅁㅅㅁㅈ", known=True) == {"미세먼지": "initials", "ㅁㅅㅁㅈ": "initials"}
    assert corrected("ㅠㅕㄴ", known=True)["bus"] == "keyboard"
    assert corrected("altpajswl", known=True) == {}


def test_a_short_word_of_a_sentence_is_no_slip() -> None:
    assert corrected("시성") == {"시설": "spelling"}
    assert corrected("시성", alone=False) == {}
    assert corrected("미새먼지", alone=False) == {"미세먼지": "spelling"}


def test_a_last_syllable_that_says_little_may_be_one_too_many() -> None:
    (word,) = MEANING.words("승강장별")
    found = MEANING.corrected(word, LEXICON, known=False, alone=True)
    assert found is not None
    assert [(form.why, form.weight, form.terms) for form in found.forms[1:]] == [
        ("typed", ranking.WITHOUT_PARTICLE, ("승강", "-장"))
    ]
    assert found.correction is None


def test_words_typed_apart_are_put_together() -> None:
    typed = MEANING.words("건강 검진 결과")
    found = MEANING.rejoined(typed, LEXICON)
    assert [word.typed for word in found] == ["건강 검진", "결과"]
    assert [(form.text, form.why) for form in found[0].forms] == [("건강 검진", "typed"), ("건강검진", "spacing")]
    assert MEANING.rejoined(typed[::-1], LEXICON) == typed[::-1]
    assert MEANING.rejoined([], LEXICON) == []


@given(st.text(st.sampled_from("가각미세먼지ㄱㅏㅁㅅaltPWI2.5-·/: \t") | st.characters(), max_size=30))
@settings(max_examples=150, deadline=None)
def test_whatever_is_typed_can_be_understood(text: str) -> None:
    for word in MEANING.rejoined(MEANING.words(text), LEXICON):
        for known in (True, False):
            found = MEANING.corrected(word, LEXICON, known=known, alone=True) or word
            assert isinstance(found, Word)
            assert found.forms[0] == word.forms[0]
            assert all(0 < form.weight <= 1 for form in found.forms)


def test_a_number_is_not_cut_into_words_of_titles() -> None:
    lexicon = Lexicon([(word_key("1501"), 9), (word_key("3116"), 9)])
    (word,) = MEANING.words("15013116")
    assert MEANING.corrected(word, lexicon, known=True, alone=True) is None
