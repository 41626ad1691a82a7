"""Terms and tokens: what they are, that they agree, and that nothing but the text decides."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
import unicodedata
from importlib.metadata import version

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harvester import config
from indexer.analysis import ANALYSIS, INSIDE, Analyser, joined, normal
from indexer.tables import search_tables

TABLES = search_tables(config.search_words(config.default_config()))
ANALYSER = Analyser(names=TABLES.names)

LETTERS = st.sampled_from(
    "가각힣미세먼지정보의에서는을및비급여와이파이ㄱㅏ漢韓國データéÉßİaZ019"
    ".,_-'\"()·ㆍ \t\n\u200b\u0301\u1100\u1161\u11a8ＡＢ１①ﬁ😀"
)
TEXTS = st.one_of(st.text(max_size=80), st.text(LETTERS, max_size=60))


def terms(text: str) -> str:
    return " ".join(ANALYSER.terms(text))


# --- words of Korean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("안성시", "안성 -시"),
        ("중랑구", "중랑 -구"),
        ("사하구", "사하 -구"),
        ("다문화", "다문화"),
        ("행정안전부", "행정 안전부"),
        ("국립환경과학원", "국립 환경 과학 -원"),
        ("대부업", "대부업"),
        ("부산항만공사", "부산 항만 공사"),
        ("공영주차장", "공영 주차 -장"),
        ("도시공원이용현황", "도시 공원 이용 현황"),
        ("무료와이파이", "무료 와이파이"),
        ("공공와이파이", "공공 와이파이"),
        ("실거래가", "실거래 -가"),
        ("무인민원발급기", "무인 민원 발급 -기"),
        ("정보화마을", "정보 -화 마을"),
        ("용량주의", "용량 주의"),
        ("상황보고", "상황 보고"),
        ("체계도", "체계 -도"),
        ("등산로", "등산 -로"),
        ("신고서", "신고 -서"),
        ("수거함", "수거 -함"),
        ("간호학과", "간호 학과"),
        ("뷁뷁", "뷁 -뷁"),
    ],
)
def test_names_keep_every_syllable(text: str, expected: str) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("word", "opposite"),
    [
        ("비급여", "급여"),
        ("미등록", "등록"),
        ("미분양", "분양"),
        ("비정규직", "정규직"),
        ("비장애인", "장애인"),
        ("무연고", "연고"),
        ("비흡연", "흡연"),
        ("미취업", "취업"),
    ],
)
def test_a_word_and_its_negation_have_no_first_term_in_common(word: str, opposite: str) -> None:
    assert ANALYSER.terms(opposite)[0] not in ANALYSER.terms(word)
    assert ANALYSER.terms(word)[0] not in ANALYSER.terms(opposite)


@pytest.mark.parametrize("syllable", "새비불무세신죽못논물꿀의을는이가도및등한할수것")
def test_one_syllable_is_a_word_and_no_other_one(syllable: str) -> None:
    assert ANALYSER.terms(syllable) == [syllable]
    assert ANALYSER.sequences(syllable) == [(syllable,), (INSIDE + syllable,)]


def test_a_syllable_inside_a_word_is_another_term() -> None:
    assert terms("물관리 물 영상물 축산물") == "물 관리 물 영상 -물 축산 -물"
    assert ANALYSER.sequences("영상물") == [("영상", "-물")]
    # In a document, it may be the end of a longer word.
    assert ANALYSER.sequences("물관리") == [("물", "관리"), ("-물", "관리")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("국민건강보험공단의", "국민 건강 보험 공단"),
        ("서울에서의 미세먼지 농도는", "서울 미세 먼지 농도"),
        ("데이터를 제공하였습니다", "데이터 제공"),
        ("와이파이의 코레일에서", "와이파이 코레일"),
        ("CCTV를 PM2.5의 KTX에서 을 B·의", "cctv pm 2 5 ktx 을 b 의"),
        ("및 등 의 - ... ''", "및 등 의"),
        ("충전소의 참여자의 자영업자와 회원사를", "충전 -소 참여 -자 자영 -업 -자 회원 -사"),
    ],
)
def test_particles_and_endings_are_no_terms(text: str, expected: str) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("word", "full", "loose"),
    [
        ("시도별", ("시도", "-별"), ("시도",)),
        ("학생들", ("학생", "-들"), ("학생",)),
        # After Latin letters and digits, most particles are no terms; those that end names may be.
        ("CCTV가", ("cctv", "가"), ("cctv",)),
        ("종로3가", ("종로", "3", "가"), ("종로", "3")),
        ("지하철역별", ("지하", "-철", "-역", "-별"), ("지하", "-철", "-역")),
    ],
)
def test_a_last_syllable_that_says_little_may_be_missing(
    word: str, full: tuple[str, ...], loose: tuple[str, ...]
) -> None:
    assert ANALYSER.sequences(word) == [full]
    assert ANALYSER.sequences(word, loose=True) == [loose]


@pytest.mark.parametrize("word", ["특별", "차별", "정보", "미세먼지", "PM2.5", "별", "", "..."])
def test_a_last_syllable_that_says_something_may_not(word: str) -> None:
    assert ANALYSER.sequences(word, loose=True) == []


def test_a_word_without_letters_has_no_sequence() -> None:
    assert [ANALYSER.sequences(text) for text in ("", "ㆍ", "...", "😀")] == [[]] * 4


@pytest.mark.parametrize(("word", "verbal"), [("찾아주세요", True), ("있는", True), ("지하철", False), ("PM2", False)])
def test_verbs_are_told_from_nouns(word: str, verbal: bool) -> None:
    assert ANALYSER.verbal(word) is verbal


# --- one word, written in several ways


@pytest.mark.parametrize("dot", "·ㆍ・･‧∙•⋅")
def test_every_middle_dot_separates_and_is_no_term(dot: str) -> None:
    assert terms(dot) == ""
    assert terms(f"행정{dot}안전") == "행정 안전"
    assert terms(f"6{dot}25") == "6 25"
    assert ANALYSER.words(f"시{dot}군{dot}구 {dot}") == ["시·군·구"]


@pytest.mark.parametrize(
    ("spellings", "expected"),
    [
        (("PM2.5", "PM-2.5", "PM 2.5", "pm2.5", "ＰＭ２．５"), "pm 2 5"),
        (("COVID19", "COVID-19", "covid 19"), "covid 19"),
        (("Wi-Fi", "WIFI", "wifi", "ＷｉＦｉ"), "wifi"),
        (("6.25", "6·25", "6ㆍ25"), "6 25"),
        (("5G", "5 G", "5g", "５Ｇ"), "5 g"),
        (("8,990", "8990", "８,９９０"), "8990"),
        (("2024.03.05", "2024-03-05", "2024/03/05"), "2024 03 05"),
        (("코로나19", "코로나 19", "코로나-19"), "코로나 19"),
        (("AI허브", "ai 허브"), "ai 허브"),
        (("e나라도움", "E-나라도움"), "e 나라 도움"),
        (("K-pop", "kpop"), "kpop"),
        (("大韓民國", "대한민국"), "대한 민국"),
        (("韓國 地圖", "한국 지도"), "한국 지도"),
        (("ｶﾞｱ", "ガア"), "ガ ア"),
        (("CAFÉ", "café", "cafe"), "cafe"),
        (("Straße", "strasse"), "strass"),
        (("미세\u200b먼지", "미세\u00ad먼지", "미세먼지"), "미세 먼지"),
        (("buses", "bus"), "bus"),
    ],
)
def test_another_spelling_gives_the_same_terms(spellings: tuple[str, ...], expected: str) -> None:
    assert {terms(each) for each in spellings} == {expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234,567.8 12,34", "1234567 8 12 34"),
        ("192.168.0.1 v1.2.3", "192 168 0 1 v 1 2 3"),
        ("CO2 24시간", "co 2 24 시간"),
        ("IT aT of the K-water", "it at kwater"),
        ("Running women's buses", "run women bus"),
        ("囍 㐀 서울漢字", "囍 㐀 서울 한자"),
        # Characters without a known reading stay, the others are read.
        ("李舜臣", "李 순신"),
        ("ㄱㅅ 가ㅏ ㅠㅠ", "ㄱㅅ 가 ㅏ ㅠㅠ"),
        ("İstanbul ﬁle ①", "istanbul file 1"),
        ("", ""),
    ],
)
def test_letters_digits_and_other_scripts(text: str, expected: str) -> None:
    assert terms(text) == expected


def test_decomposed_text_is_the_same_text() -> None:
    text = "각종 미세먼지 농도 café"
    apart = unicodedata.normalize("NFD", text)
    assert ANALYSER.terms(apart) == ANALYSER.terms(text)
    assert [apart[token.start : token.end] for token in ANALYSER.tokens(apart)] == [
        unicodedata.normalize("NFD", text[token.start : token.end]) for token in ANALYSER.tokens(text)
    ]


def test_words_are_what_stands_between_spaces_and_punctuation() -> None:
    text = "서울_버스(PM-2.5), 1,234 women's AT&T/R&D 「시·도」 Wi-Fi\u200b."
    assert ANALYSER.words(text) == ["서울", "버스", "pm-2.5", "1,234", "women's", "at&t", "r&d", "시·도", "wi-fi"]
    # Capital letters are keys of their own on a Korean keyboard: RH is 꼬.
    assert ANALYSER.words("RHcl wltlr") == ["RHcl", "wltlr"]
    assert ANALYSER.words("서울\n버스\t노선") == ["서울", "버스", "노선"]


def test_tokens_point_into_the_text_as_it_was_written() -> None:
    text = "국민건강보험공단의 ＰＭ２．５, CAFÉ's (1,234) 大韓民國"
    assert [(token.term, text[token.start : token.end]) for token in ANALYSER.tokens(text)] == [
        ("국민", "국민"),
        ("건강", "건강"),
        ("보험", "보험"),
        ("공단", "공단"),
        ("pm", "ＰＭ"),
        ("2", "２"),
        ("5", "５"),
        ("cafe", "CAFÉ's"),
        ("1234", "1,234"),
        ("대한", "大韓"),
        ("민국", "民國"),
    ]


# --- what must be found by what


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("국민건강보험공단", "건강보험"),
        ("국민건강보험공단", "보험공단"),
        ("전기자동차충전소", "충전소"),
        ("초미세먼지 농도", "미세먼지"),
        ("대기오염측정소", "측정소"),
        ("행정안전부", "안전부"),
        ("코로나19 확진자", "코로나"),
        ("AI허브", "허브"),
        ("공공와이파이 위치", "와이파이"),
        ("어린이보호구역 현황", "보호구역"),
        ("bus routes of Seoul", "route"),
        ("국립공원의 탐방로", "국립공원"),
        ("수돗물관리", "물관리"),
    ],
)
def test_parts_of_compounds_find_them(title: str, asked: str) -> None:
    assert ANALYSER.spans(title, ANALYSER.sequences(asked))


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("전기자동차충전소", "기차"),
        ("공공와이파이", "공와"),
        ("서울대공원", "울대"),
        ("수도권", "도권"),
        ("bus", "us"),
        ("비급여", "급여"),
        ("다문화", "문화"),
        ("한부모", "부모"),
    ],
)
def test_fragments_across_morphemes_do_not(title: str, asked: str) -> None:
    assert not ANALYSER.spans(title, ANALYSER.sequences(asked))


# --- pairs


def test_pairs_know_nothing_of_spaces() -> None:
    assert ANALYSER.pairs("미세 먼지") == ANALYSER.pairs("미세먼지") == ["미세", "세먼", "먼지"]
    assert ANALYSER.pairs("B-c") == ["bc"]
    assert [ANALYSER.pairs(text) for text in ("가", "a", "", "_")] == [["가"], ["a"], [], []]


def test_a_pair_after_a_negating_prefix_is_another_one() -> None:
    assert ANALYSER.pairs("비급여") == ["비급", "!급여"]
    assert ANALYSER.pairs("병원 비급여 진료") == ["병원", "원비", "비급", "!급여", "여진", "진료"]
    assert ANALYSER.pairs("급여") == ["급여"]
    assert ANALYSER.pairs("무인도") == ["무인", "인도"]


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_pairs_are_pairs_of_letters_without_spaces(text: str) -> None:
    letters = [letter for letter in normal(text) if letter.isalnum()]
    found = ["".join(pair).removeprefix("!") for pair in ANALYSER.pairs(text)]
    assert found == (letters if len(letters) == 1 else ["".join(pair) for pair in itertools.pairwise(letters)])


# --- spans


def test_spans_are_where_the_terms_stand_side_by_side() -> None:
    text = "서울 미세먼지 미세 먼지 먼지 미세"
    assert ANALYSER.spans(text, [("미세", "먼지")]) == [(3, 7), (8, 10), (11, 13)]
    assert ANALYSER.spans(text, [("먼지",), ("서울",)]) == [(0, 2), (5, 7), (11, 13), (14, 16)]
    assert ANALYSER.spans(text, []) == ANALYSER.spans(text, [()]) == []


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        # The terms of a chunk without a wanted letter are not made; what stands around it is not side by side.
        ("미세 한강 먼지", []),
        ("미세_한강 먼지", []),
        ("한강 먼지 미세", []),
        ("미세 bus 먼지", []),
        # What has no terms separates nothing.
        ("미세 ··· 먼지", [(0, 2), (7, 9)]),
        ("미세 - of 먼지", [(0, 2), (8, 10)]),
        ("미세 먼지", [(0, 2), (3, 5)]),
        ("한강의 미세 먼지는", [(4, 6), (7, 9)]),
    ],
)
def test_words_of_a_sequence_may_have_spaces_and_signs_between_them(text: str, marked: list[tuple[int, int]]) -> None:
    assert Analyser().spans(text, [("미세", "먼지")]) == marked
    known = Analyser()
    known.terms(text)
    assert known.spans(text, [("미세", "먼지")]) == marked


def test_a_verb_whose_stem_begins_with_another_letter_is_left_out() -> None:
    known = Analyser()
    assert known.terms("했다 하는") == ["하", "하"]
    assert known.spans("했다 하는", [("하",)]) == Analyser().spans("했다 하는", [("하",)]) == [(3, 4)]


@given(TEXTS, TEXTS)
@settings(max_examples=300, deadline=None)
def test_spans_are_those_of_all_tokens(text: str, asked: str) -> None:
    words = [*ANALYSER.words(asked), *ANALYSER.words(text)[:3]]
    sequences = [way for word in words for way in ANALYSER.sequences(word)]
    tokens = ANALYSER.tokens(text)
    wanted = [
        (token.start, token.end)
        for sequence in sequences
        for at in range(len(tokens))
        if tuple(token.term for token in tokens[at : at + len(sequence)]) == sequence
        for token in tokens[at : at + len(sequence)]
    ]
    # A verb's stem may begin with another letter than its forms.
    assume(all(token.term.lstrip(INSIDE)[0] in normal(text[token.start : token.end]) for token in tokens))
    # One that remembers nothing skips chunks without a wanted letter, ANALYSER knows them already.
    assert Analyser(names=TABLES.names).spans(text, sequences) == ANALYSER.spans(text, sequences) == joined(wanted)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)).map(lambda span: (span[0], sum(span)))))
def test_joined_spans_are_in_order_and_apart(spans: list[tuple[int, int]]) -> None:
    found = joined(spans)
    flat = [place for span in found for place in span]
    assert flat == sorted(set(flat))
    assert {place for span in found for place in range(*span)} == {place for span in spans for place in range(*span)}


# --- what holds for every text


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_terms_and_tokens_agree_and_lie_inside_the_text(text: str) -> None:
    tokens = ANALYSER.tokens(text)
    assert [token.term for token in tokens] == ANALYSER.terms(text)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    assert all(not any(letter.isspace() for letter in token.term) and token.term for token in tokens)
    assert [token.start for token in tokens] == sorted(token.start for token in tokens)


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=12))
@settings(max_examples=300, deadline=None)
def test_no_word_of_hangul_is_without_terms(word: str) -> None:
    assert ANALYSER.terms(word)
    assert ANALYSER.sequences(word)


@given(st.lists(TEXTS, max_size=8), st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_the_cache_changes_nothing(texts: list[str], remember: int) -> None:
    forgetful = Analyser(remember=remember, names=TABLES.names)
    assert [forgetful.terms(text) for text in texts] == [ANALYSER.terms(text) for text in texts]
    assert [forgetful.tokens(text) for text in reversed(texts)] == [ANALYSER.tokens(text) for text in reversed(texts)]


@given(TEXTS, TEXTS)
@settings(max_examples=200, deadline=None)
def test_a_text_has_the_terms_of_its_parts(left: str, right: str) -> None:
    assert ANALYSER.terms(f"{left} {right}") == ANALYSER.terms(left) + ANALYSER.terms(right)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_the_normal_form_stays(text: str) -> None:
    assert normal(normal(text)) == normal(text)


def test_every_process_makes_the_same_terms() -> None:
    text = "국민건강보험공단의 미세먼지 농도, PM2.5 and running buses 제주특별자치도에서 뷁뷁 가나다라"
    code = f"from indexer.analysis import Analyser; print(' '.join(Analyser().terms({text!r})))"
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-X", "utf8", "-c", code],
            capture_output=True,
            text=True,
            check=True,
            encoding="utf-8",
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(path for path in sys.path if path) or "."},
        )
        assert ran.stdout.split() == Analyser().terms(text)


def test_the_version_names_what_it_depends_on() -> None:
    # Another dictionary, stemmer or list of names gives other terms: then ANALYSIS must change, and this test with it.
    assert (ANALYSIS, TABLES.digest) == ("2", "952a88bef520")
    assert version("python-mecab-ko-dic").startswith("2.1.1")
    assert version("snowballstemmer").startswith("3.")


@pytest.mark.parametrize(
    "text",
    [
        "가" * 6_000,
        "a" * 50_000 + "1",
        "가나다라마바사" * 1_000,
        "1,234" * 10_000,
        "1." * 25_000,
        "a'" * 25_000,
        "a-" * 25_000,
        "e\u0301" * 20_000,
        "\u1100" * 20_000 + "\u0301" * 20_000,
        "漢" * 20_000,
        "((((" * 10_000,
        "\ud800" * 100,
    ],
    ids=lambda text: text[:8].encode("unicode_escape").decode(),
)
def test_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    analyser = Analyser()
    began = time.process_time()
    found = analyser.terms(text)
    analyser.words(text)
    assert time.process_time() - began < 5
    assert all(len(term) <= 80 for term in found)
