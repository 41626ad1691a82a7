"""Terms and tokens: what they are, that they agree, and that nothing but the text decides."""

from __future__ import annotations

import subprocess
import sys
import time
import unicodedata
from importlib.metadata import version

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.analysis import ANALYSIS, Analyser, grams, normal

ANALYSER = Analyser()

LETTERS = st.sampled_from(
    "가각힣미세먼지정보의에서는을및ㄱㅏ漢データéÉßİaZ019.,_-'\"()· \t\n\u200b\u0301\u1100\u1161\u11a8ＡＢ１①ﬁ😀"
)
TEXTS = st.one_of(st.text(max_size=80), st.text(LETTERS, max_size=60))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("국민건강보험공단의", "국민 건강 보험 공단"),
        ("서울에서의 미세먼지 농도는", "서울 미세 먼지 농도"),
        ("미세 먼지", "미세 먼지"),
        ("부산항만공사", "부산 항만 공사"),
        ("경상남도 남해군_중질유사용현황", "경상 남 남해 군 중질 유 사용 현황"),
        ("데이터를 제공하였습니다", "데이터 제공"),
        ("PM2.5 pm10 CO2", "pm2.5 pm10 co2"),
        ("코로나19 AI허브", "코로나 19 ai 허브"),
        ("8,990원 1,234,567.8 12,34", "8990 원 1234567.8 12 34"),
        ("2024.03.05 2024-03-05 2024.3", "2024 03 05 2024 03 05 2024 3"),
        ("192.168.0.1 v1.2.3 vol.1", "192.168.0.1 v1.2.3 vol 1"),
        ("Running women's buses of the city", "run women bus citi"),
        ("CAFÉ Straße İstanbul ﬁle", "cafe strass istanbul file"),
        ("ＰＭ２．５ ① ｶﾞ", "pm2.5 1 ガ"),
        ("서울漢字", "서울 漢 字"),
        ("ㄱㅅ 가ㅏ", "ㄱㅅ 가 ㅏ"),
        ("미세\u200b먼지 soft\u00adware", "미세 먼지 softwar"),
        ("및 등 의 - ... ''", "등"),
        ("", ""),
    ],
)
def test_terms(text: str, terms: str) -> None:
    assert " ".join(ANALYSER.terms(text)) == terms


def test_tokens_point_into_the_text_as_it_was_written() -> None:
    text = "국민건강보험공단의 ＰＭ２．５, CAFÉ's (1,234)"
    assert [(token.term, text[token.start : token.end]) for token in ANALYSER.tokens(text)] == [
        ("국민", "국민"),
        ("건강", "건강"),
        ("보험", "보험"),
        ("공단", "공단"),
        ("pm2.5", "ＰＭ２．５"),
        ("cafe", "CAFÉ's"),
        ("1234", "1,234"),
    ]


def test_decomposed_text_is_the_same_text() -> None:
    text = "각종 미세먼지 농도 café"
    apart = unicodedata.normalize("NFD", text)
    assert ANALYSER.terms(apart) == ANALYSER.terms(text)
    assert all(0 <= token.start < token.end <= len(apart) for token in ANALYSER.tokens(apart))


@given(TEXTS)
@settings(max_examples=500, deadline=None)
def test_terms_and_tokens_agree_and_lie_inside_the_text(text: str) -> None:
    tokens = ANALYSER.tokens(text)
    assert [token.term for token in tokens] == ANALYSER.terms(text)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    assert all(not any(letter.isspace() for letter in token.term) and token.term for token in tokens)
    assert [token.start for token in tokens] == sorted(token.start for token in tokens)


@given(st.lists(TEXTS, max_size=8), st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_the_cache_changes_nothing(texts: list[str], remember: int) -> None:
    forgetful = Analyser(remember=remember)
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
        assert ran.stdout.split() == ANALYSER.terms(text)


def test_the_version_names_what_it_depends_on() -> None:
    # Another dictionary or stemmer gives other terms: then ANALYSIS must change, and this test with it.
    assert ANALYSIS == "1"
    assert version("python-mecab-ko-dic").startswith("2.1.1")
    assert version("snowballstemmer").startswith("3.")


@pytest.mark.parametrize(
    "text",
    [
        "가" * 50_000,
        "a" * 50_000 + "1",
        "가나다라마바사" * 8_000,
        "1,234" * 10_000,
        "1." * 25_000,
        "a'" * 25_000,
        "e\u0301" * 20_000,
        "\u1100" * 20_000 + "\u0301" * 20_000,
        "漢" * 20_000,
        "((((" * 10_000,
        "\ud800" * 100,
    ],
    ids=lambda text: text[:8].encode("unicode_escape").decode(),
)
def test_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    began = time.perf_counter()
    terms = Analyser().terms(text)
    assert time.perf_counter() - began < 5
    assert all(len(term) <= 80 for term in terms)


# --- what must be found by what


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("국민건강보험공단", "건강보험"),
        ("국민건강보험공단", "보험공단"),
        ("전기자동차충전소", "충전소"),
        ("전기자동차충전소", "전기 자동차"),
        ("초미세먼지 농도", "미세먼지"),
        ("미세먼지", "미세 먼지"),
        ("대기오염측정소", "대기 오염"),
        ("서울에서의 교통사고는", "서울 교통사고"),
        ("코로나19 확진자", "코로나"),
        ("AI허브", "허브"),
        ("공공와이파이 위치", "와이파이"),
        ("어린이보호구역 현황", "보호구역"),
        ("지하철역별 승하차인원", "승하차 인원"),
        ("bus routes of Seoul", "route"),
        ("국립공원의 탐방로", "국립공원 탐방로"),
    ],
)
def test_parts_of_compounds_find_them(title: str, asked: str) -> None:
    assert set(ANALYSER.terms(asked)) <= set(ANALYSER.terms(title))


@pytest.mark.parametrize(
    ("title", "asked"),
    [("전기자동차충전소", "기차"), ("공공와이파이", "공와"), ("서울대공원", "울대"), ("수도권", "도권"), ("bus", "us")],
)
def test_fragments_across_morphemes_do_not(title: str, asked: str) -> None:
    assert not set(ANALYSER.terms(asked)) <= set(ANALYSER.terms(title))


# --- highlighting and grams


def test_highlight() -> None:
    text = "서울 미세먼지 미세 먼지 농도"
    assert ANALYSER.highlight(text, ["미세", "먼지"]) == [(3, 7), (8, 10), (11, 13)]
    assert ANALYSER.highlight(text, []) == []
    assert ANALYSER.highlight("했다 하다", ["하"]) == [(0, 1), (3, 4)]


@given(TEXTS, TEXTS)
@settings(max_examples=200, deadline=None)
def test_highlights_are_in_order_and_apart(text: str, asked: str) -> None:
    terms = ANALYSER.terms(asked)
    spans = ANALYSER.highlight(text, terms)
    flat = [place for span in spans for place in span]
    assert flat == sorted(set(flat))
    covered = {place for start, end in spans for place in range(start, end)}
    wanted = {
        place for token in ANALYSER.tokens(text) if token.term in terms for place in range(token.start, token.end)
    }
    assert covered == wanted


def test_grams_know_nothing_of_spaces() -> None:
    assert grams(["미세 먼지"]) == grams(["미세먼지"]) == ["미세", "세먼", "먼지"]
    assert grams(["a", "B-c", "", "_"]) == ["a", "bc"]
    assert grams(["가나", "다라"]) == ["가나", "다라"]


@given(TEXTS)
def test_grams_are_pairs_without_spaces(text: str) -> None:
    assert all(1 <= len(gram) <= 2 and gram.isalnum() for gram in grams([text])) or not text.isascii()
    assert not any(letter.isspace() for gram in grams([text]) for letter in gram)
