"""What somebody types: words, operators, fields and their values, days; nothing of it is an error."""

from __future__ import annotations

import time
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester import config
from harvester.members import Member, Names
from indexer.days import typed_days
from indexer.fields import BY_NAME
from indexer.syntax import LONGEST_READ, MOST_MEANT, Clause, ValueClause, clean, read, words
from indexer.values import Values, values

_SEEN = {"license": ["?서울시 자체 이용조건", "CC-BY-SA-4.0"], "format": ["?모름"]}
VALUES = values(
    config.vocabularies(config.default_config()),
    [Member(id="kepco", name=Names(ko="한국전력공사", en="KEPCO"), aliases=("한전",), sector="energy", sources=())],
    lambda field: _SEEN.get(field, ()),
)


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("미세 먼지", [[Clause("미세")], [Clause("먼지")]]),
        ('"미세 먼지" 농도', [[Clause("미세 먼지", phrase=True)], [Clause("농도")]]),
        ("“미세 먼지”", [[Clause("미세 먼지", phrase=True)]]),
        ("「미세 먼지」『농도』", [[Clause("미세 먼지", phrase=True)], [Clause("농도", phrase=True)]]),
        ("«미세 먼지» ＂농도＂", [[Clause("미세 먼지", phrase=True)], [Clause("농도", phrase=True)]]),
        ("「미세 “먼지”", [[Clause("미세")], [Clause("먼지", phrase=True)]]),
        ("버스 -부산", [[Clause("버스")], [Clause("부산", excluded=True)]]),
        ("버스 NOT 부산", [[Clause("버스")], [Clause("부산", excluded=True)]]),
        ("버스 AND 부산", [[Clause("버스")], [Clause("부산")]]),
        ("+버스 C++ +82", [[Clause("버스", required=True)], [Clause("C++")], [Clause("+82")]]),
        ('-"부산 버스"', [[Clause("부산 버스", phrase=True, excluded=True)]]),
        ("2020-2023 pm2.5-10", [[Clause("2020-2023")], [Clause("pm2.5-10")]]),
        ("버스 OR 지하철 노선", [[Clause("버스"), Clause("지하철")], [Clause("노선")]]),
        ("버스|지하철 | 배", [[Clause("버스"), Clause("지하철"), Clause("배")]]),
        ("버스 || 지하철", [[Clause("버스"), Clause("지하철")]]),
        ("OR 버스 OR", [[Clause("버스")]]),
        ("버스 OR -배", [[Clause("버스")], [Clause("배", excluded=True)]]),
        ("or ORACLE 또는 R&D", [[Clause("or")], [Clause("ORACLE")], [Clause("또는")], [Clause("R&D")]]),
        ("OR", [[Clause("OR")]]),
        ("AND NOT", [[Clause("AND")], [Clause("NOT")]]),
        ("(버스 노선)", [[Clause("(버스")], [Clause("노선)")]]),
        ("제목:버스 title: bus", [[Clause("버스", field="title")], [Clause("bus", field="title")]]),
        ('제목:"버스 노선"', [[Clause("버스 노선", phrase=True, field="title")]]),
        ("-제목:버스", [[Clause("버스", field="title", excluded=True)]]),
        ("제공기관:한국전력공사", [[Clause("한국전력공사", field="publisher")]]),
        ('제공 기관 : "한국 전력"', [[Clause("한국 전력", phrase=True, field="publisher")]]),
        ("제목:", [[Clause("제목:")]]),
        ("http://a.kr/?a=b|c 12:30 그림:꽃", [[Clause("http://a.kr/?a=b|c")], [Clause("12:30")], [Clause("그림:꽃")]]),
        ("source://x -https://a.kr", [[Clause("source://x")], [Clause("https://a.kr", excluded=True)]]),
        ("a@b.kr 10.1/a.b 표_1.csv ㅁㅅ", [[Clause(each)] for each in ["a@b.kr", "10.1/a.b", "표_1.csv", "ㅁㅅ"]]),
        ("🚌👨\u200d👩", [[Clause("🚌👨\u200d👩")]]),
        ("grams:버스", [[Clause("grams:버스")]]),
        ('"미세 먼지', [[Clause("미세")], [Clause("먼지")]]),
        ('"" - -- : |', [[Clause("-")], [Clause("--")], [Clause(":")]]),
        ("modified:yesterday year:ab", [[Clause("modified:yesterday")], [Clause("year:ab")]]),
        ("형식:없음이 언어:없는말", [[Clause("형식:없음이")], [Clause("언어:없는말")]]),
        ("수정일:2020년대 수정일:2024-02-31", [[Clause("수정일:2020년대")], [Clause("수정일:2024-02-31")]]),
        ("가\x00나\u202e다\ud800라", [[Clause("가")], [Clause("나다")], [Clause("라")]]),
        (normalize("NFD", "버스"), [[Clause("버스")]]),
        ("", []),
        (" \t\n", []),
    ],
)  # fmt: skip
def test_words(text: str, clauses: list[list[Clause]]) -> None:
    assert read(text, VALUES).groups == clauses


@pytest.mark.parametrize(
    ("text", "field", "found"),
    [
        ("언어:한국어", "language", "ko"),
        ("language:Korean", "language", "ko"),
        ("언어:국문", "language", "ko"),
        ("유형:파일데이터", "type", "FILE"),
        ("유형: 파일 데이터", "type", "FILE"),
        ("유형:오픈 API", "type", "API"),
        ("TYPE:open api", "type", "API"),
        ("형식:csv", "format", "CSV"),
        ("형식：ＣＳＶ", "format", "CSV"),
        (normalize("NFD", "형식:엑셀"), "format", "XLSX XLS"),
        ("포맷:csv,json", "format", "CSV JSON"),
        ("형식: csv, json", "format", "CSV JSON"),
        ("형식:csv|json", "format", "CSV JSON"),
        ('형식:"geo json"', "format", "GEOJSON"),
        ("형식:모름", "format", "?모름"),
        ("분류:교통", "theme", "TRAN 교통물류 교통및물류"),
        ("분류:교육", "theme", "교육 EDUC"),
        ("theme:tran", "theme", "TRAN"),
        ("갱신 주기:연간", "frequency", "ANNUAL"),
        ("갱신주기: 매년", "frequency", "ANNUAL"),
        ("update frequency:monthly", "frequency", "MONTHLY"),
        ("이용허락범위:이용허락범위 제한 없음", "license", "KOGL-0"),
        ("이용허락범위:공공누리 제1유형", "license", "KOGL-1"),
        ("라이선스:공공누리", "license", "KOGL-1 KOGL-2 KOGL-3 KOGL-4 KOGL-AI"),
        ("license:cc by 4.0", "license", "CC-BY-4.0"),
        ("license:cc-by-sa", "license", "CC-BY-SA CC-BY-SA-4.0"),
        ("license:서울시", "license", "?서울시 자체 이용조건"),
        ("회원기관:한전", "member", "kepco"),
        ("member:kepco", "member", "kepco"),
    ],
)
def test_values(text: str, field: str, found: str) -> None:
    ((clause,),) = read(text, VALUES).groups
    assert isinstance(clause, ValueClause)
    assert (clause.field, " ".join(sorted(clause.values))) == (field, " ".join(sorted(_split(found))))


def _split(found: str) -> list[str]:
    return [found] if found.startswith("?") else found.split()


@pytest.mark.parametrize(
    ("text", "field", "low", "high"),
    [
        ("수정일:2020년", "modified", "2020-01-01", "2020-12-31"),
        ("등록일:2021.03.05", "issued", "2021-03-05", "2021-03-05"),
        ("등록일: 2021. 3. 5.", "issued", "2021-03-05", "2021-03-05"),
        ("등록일 : 2021년 3월", "issued", "2021-03-01", "2021-03-31"),
        ("등록일:20210305", "issued", "2021-03-05", "2021-03-05"),
        ('등록일:"2021년 3월 5일"', "issued", "2021-03-05", "2021-03-05"),
        ("수정일:2020-2021", "modified", "2020-01-01", "2021-12-31"),
        ("수정일:2021~2020", "modified", "2020-01-01", "2021-12-31"),
        ("수정일:2020년부터 2021년 6월까지", "modified", "2020-01-01", "2021-06-30"),
        ("수정일:2020년 이후", "modified", "2020-01-01", None),
        ("수정일:2020년부터", "modified", "2020-01-01", None),
        ("수정일:2020-05..", "modified", "2020-05-01", None),
        ("수정일:2020년 이전", "modified", None, "2020-12-31"),
        ("수정일:~2020", "modified", None, "2020-12-31"),
        ("year:2020-2021", "year", "2020", "2021"),
        ("year:2020..2021", "year", "2020", "2021"),
        ("수정 연도：２０２０", "year", "2020", "2020"),
        ("연도:2020년 이후", "year", "2020", None),
    ],
)
def test_days(text: str, field: str, low: str | None, high: str | None) -> None:
    ((clause,),) = read(text, VALUES).groups
    assert isinstance(clause, ValueClause)
    assert (clause.field, clause.between) == (field, (low, high))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("유형:오픈 API 버스", [["type"], [None]]),
        ("분류:문화 관광 축제", [["theme"], [None]]),
        ("형식:csv 버스", [["format"], [None]]),
        ("형식:csv, 버스", [["format"], [None]]),
        ("형식:csv|버스", [["format", None]]),
        ("갱신주기:연간, 버스", [["frequency"], [None]]),
        ("형식:csv 유형:API", [["format"], ["type"]]),
        # a dataset has several formats, but one type
        ("형식:csv 형식:json", [["format"], ["format"]]),
        ("유형:파일데이터 유형:API", [["type", "type"]]),
        ("연도:2020, 2022 버스", [["year", "year"], [None]]),
        ("수정일:2020년 이후 수정일:2022년 이전", [["modified"], ["modified"]]),
        ("수정일:2020년 전기차", [["modified"], [None]]),
        ("형식:csv OR 버스", [["format", None]]),
        ("-유형:API -유형:FILE", [["type"], ["type"]]),
        ("유형:API -유형:FILE", [["type"], ["type"]]),
    ],
)
def test_values_among_words(text: str, fields: list[list[str | None]]) -> None:
    assert [[clause.field for clause in group] for group in read(text, VALUES).groups] == fields


def test_every_label_of_every_value_is_understood() -> None:
    tables = config.vocabularies(config.default_config())
    for field in ("theme", "format", "license", "type", "frequency", "language"):
        for code in tables.codes(field):
            for text in (code, tables.label(code, field, "ko"), tables.label(code, field, "en")):
                for name in (field, BY_NAME[field].label, BY_NAME[field].label_en):
                    ((clause,),) = read(f'{name}:"{text}"', VALUES).groups
                    assert isinstance(clause, ValueClause), (name, text)
                    assert code in clause.values


@given(
    st.text(st.sampled_from('가 나ab-+:：,"「」|OR NOT format형식수정일csv2024년.~\t\u202e\ud800'), max_size=80)
    | st.lists(
        st.sampled_from(
            ["형식:", "csv", "수정일:", "2020년", "이후", "OR", "-", '"', "|", " ", ",", "..", "유형 :", "x"]
        )
    ).map("".join)
    | st.text(st.characters(), max_size=60)
)
@settings(max_examples=600, deadline=None)
def test_whatever_is_typed_is_read(text: str) -> None:
    found = read(text, VALUES)
    assert not found.cut
    for group in found.groups:
        assert group
        assert len(group) == 1 or not any(clause.excluded for clause in group)
        for clause in group:
            assert clause.text.strip()
            clause.text.encode()
            if isinstance(clause, ValueClause):
                assert clause.values or any(clause.between or ())
    assert clean(clean(text)) == clean(text)
    assert read(clean(text), VALUES) == found
    words(found.groups)


@given(st.text(max_size=30))
def test_days_are_days_or_none(text: str) -> None:
    if found := typed_days(text):
        assert 0 < found.end <= len(text)
        assert any(found.days)


def test_a_long_text_is_cut() -> None:
    found = read("낱말 " * LONGEST_READ, VALUES)
    assert found.cut
    assert len(found.groups) == LONGEST_READ // 3 + (LONGEST_READ % 3 > 0)
    assert not read("가" * LONGEST_READ, VALUES).cut


def test_of_what_is_meant_only_so_much_is_taken() -> None:
    for text in (
        '"가 나" ' * 999,
        "가|" * 3000,
        "-가나 " * 2000,
        "+가나 " * 2000,
        f'"{"가" * 5000}"',
        "year:2020 " * 500,
    ):
        found = read(text, VALUES)
        assert found.cut
        assert found.groups
        assert sum(map(len, found.groups)) <= 101
        assert sum(len(clause.text) for group in found.groups for clause in group) <= MOST_MEANT + 10


def test_a_long_run_is_several_words() -> None:
    assert read("가" * 120, VALUES).groups == [[Clause("가" * 50)], [Clause("가" * 50)], [Clause("가" * 20)]]


@pytest.mark.parametrize(
    "piece", ['"', "형식:", "수정일:2020..", "형식 :", "-", "가", " ", "「", "2020년 ", "http://", "형식:csv,"]
)
def test_reading_takes_no_longer_than_its_length(piece: str) -> None:
    began = time.process_time()
    read(piece * LONGEST_READ, VALUES)
    assert time.process_time() - began < 2.0


def test_without_tables_words_and_days_are_read() -> None:
    nothing = Values({})
    assert read("형식:csv", nothing).groups == [[Clause("형식:csv")]]
    assert isinstance(read("수정일:2020", nothing).groups[0][0], ValueClause)
