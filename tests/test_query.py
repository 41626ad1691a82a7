"""Searches on a real index: what they are compiled into, what they find, in which order, and what follows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.catalog.model import Dataset
from indexer import ranking
from indexer.engines.base import Any, Everything, OneOf, Range, Term
from indexer.parameters import FILTERS, SearchQuery
from indexer.query import MOST_WORDS, Plan, compile
from tests.searched import ROWS, VALUES, Searched, searched


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Searched:
    return searched(tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def plan(catalogue: Searched) -> Callable[..., Plan]:
    def compiled(text: str = "", **more: object) -> Plan:
        return compile(SearchQuery(q=text, **more), catalogue.meaning, values=VALUES)  # type: ignore[arg-type]

    return compiled


# --- compiling


def test_no_words_is_everything_newest_first(plan: Callable[..., Plan]) -> None:
    request = plan().request()
    assert request.query == Everything()
    assert request.sort == "-modified"
    assert set(request.facets) == set(FILTERS)


@pytest.mark.parametrize("text", ["!!!", "ㆍ", "· - /", "...", '"ㆍ"', "😀"])
def test_separators_only_have_no_words_and_find_nothing(catalogue: Searched, text: str) -> None:
    asked = catalogue.ask(text)
    assert asked.words == ()
    assert asked.result.total == 0
    assert compile(SearchQuery(q=text), catalogue.meaning).request().query == Any(())


def test_filters_stay_apart_so_that_facets_can_leave_them_out(catalogue: Searched) -> None:
    query = SearchQuery(
        q="버스",
        filters={"format": ("CSV",), "organization": ("ＮＩＡ",)},
        dates={"modified": ("2020-01-01", None)},
        size=7,
        offset=3,
    )
    request = compile(query, catalogue.meaning, facets={"format": 5}).request()
    assert request.filters == {
        "format": OneOf("format", ("CSV",)),
        "organization": OneOf("organization", ("ＮＩＡ", "NIA")),
        "modified": Range("modified", "2020-01-01", None),
    }
    assert request.facets == {"format": 5}
    assert (request.size, request.offset, request.sort) == (7, 3, "relevance")


def test_words_are_plain_or_fixed(plan: Callable[..., Plan]) -> None:
    made = plan('미세먼지 데이터 -부산 format:csv "서울 버스" 배 OR 비 title:노선')
    assert [word.typed for word in made.plain] == ["미세먼지", "데이터"]
    assert [word.typed for word in made.other] == ["서울 버스", "배", "비", "노선"]
    assert [word.typed for word in made.loose] == ["미세먼지"]
    assert [word.typed for word in made.silent] == ["데이터"]
    assert (len(made.fixed), len(made.without)) == (4, 1)


def test_words_that_say_nothing_are_required_where_nothing_else_was_typed(plan: Callable[..., Plan]) -> None:
    assert [word.typed for word in plan("데이터 현황").loose] == ["데이터", "현황"]
    assert plan("데이터 format:csv").loose == ()


def test_a_word_that_was_typed_twice_is_one(plan: Callable[..., Plan]) -> None:
    assert [word.typed for word in plan("서울 버스 서울").plain] == ["서울", "버스"]


def test_a_long_text_is_cut(plan: Callable[..., Plan]) -> None:
    assert not plan("미세먼지 농도").cut
    made = plan(" ".join(f"낱말{number}" for number in range(200)))
    assert made.cut
    assert len(made.plain) <= 80


# --- finding


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("노선 -부산", "sub"),
        ("-노선 year:2021..2022", "air pm"),
        ('"버스 노선"', "bus"),
        ('"노선 버스"', ""),
        ("미세먼지", "air pm"),
        ("미세 먼지", "air pm"),
        ("title:먼지", "air pm"),
        ("설명:먼지", "sub"),
        ("버스 OR 지하철", "bus sub"),
        ("노선 format:csv", "sub"),
        ("format:csv -먼지 year:2021..2023", ""),
        ("year:2021..2022", "air bus pm"),
        ("형식: csv OR 형식: json 노선", "bus sub"),
        ("buses", "eng"),
        ("15000002", "bus"),
        ("https://www.data.go.kr/data/15000002/fileData.do#tab", "bus"),
        ("전기차", "car electric"),
        ("전기 자동차", "car electric"),
        ("전기자동차충전소", "car electric"),
        ("전기차 충전소를", "car electric"),
        ("Wi-Fi", "wifi"),
        ("무선인터넷", "wifi"),
        ("목욕탕", "bath"),
        ("한전", "car"),
        ("국건공", "health"),
        ("PM2.5", "pm"),
        ("pm-2.5", "pm"),
        ("급여", "with"),
        ("비급여", "without"),
        ("altpajswl", "air pm"),
        ("ALTPAJSWL", "air pm"),
        ("ehtlrPghlr", "plan"),
        ("ㅠㅕㄴ", "bus eng"),
        ("쟈랴", "wifi"),
        ("ㅁㅅㅁㅈ", "air pm"),
        ("ㅈㅌ", "market"),
        ("지하ㅊ", "sub"),
        ("전통시자", "market"),
        ("미새먼지", "air pm"),
        ("도시궤획", "plan"),
        ("진기자동차충전서", "electric"),
        ("서울미세먼지농도", "air"),
        ("지하철역별승하차인원", "sub"),
        ("도 시 계 획", "plan"),
        ("서 울 관 광 지", "seoul"),
        ("시장에서", "market"),
        ("승하차 인원 데이터 알려줘", "sub"),
        ("우리 동네 전통시장을 볼 수 있는 곳", "market"),
        ("있는", ""),
    ],
)
def test_what_is_found(catalogue: Searched, text: str, found: str) -> None:
    asked = catalogue.ask(text)
    assert sorted(hit.id for hit in asked.result.hits) == found.split()
    assert asked.strict == asked.result.total


@pytest.mark.parametrize(
    "text", ["미새먼지", "altpajswl", "wifi", "ㅁㅅㅁㅈ", "시장에", "전기차 위치", "한전", "데이터 버스"]
)
def test_exactly_is_as_typed(catalogue: Searched, text: str) -> None:
    asked = catalogue.ask(text, exact=True)
    assert all(len(word.forms) == 1 and not word.silent for word in asked.words)
    assert all(hit.id in ("market",) for hit in asked.result.hits)
    assert asked.strict == asked.result.total


# --- order


@pytest.mark.parametrize(
    ("text", "first"),
    [
        # The typed text before its synonym.
        ("전기차 충전소", "car"),
        ("전기자동차충전소", "electric"),
        # A word of its own before a syllable inside another word.
        ("물", "water"),
        # A title as it is, however it is spaced.
        ("초 미세먼지 PM2.5 예보", "pm"),
        ("서울 관광지", "seoul"),
        # A format is preferred, not required.
        ("노선 csv", "sub"),
        ("예보 현황", "pm"),
    ],
)
def test_what_comes_first(catalogue: Searched, text: str, first: str) -> None:
    assert catalogue.found(text)[0] == first


def test_what_has_all_words_comes_first_and_is_counted(catalogue: Searched) -> None:
    asked = catalogue.ask("서울 노선")
    assert asked.strict == 1
    assert asked.result.hits[0].id == "sub"
    assert asked.result.total > 1
    assert {hit.id for hit in asked.result.hits[1:]} <= {"air", "bus", "eng", "seoul"}


def test_where_nothing_has_all_words_those_that_have_some_follow(catalogue: Searched) -> None:
    asked = catalogue.ask("서울 미세먼지 버스")
    assert asked.strict == 0
    assert asked.result.hits[0].id == "air"
    assert {"air", "pm", "bus"} <= {hit.id for hit in asked.result.hits}


def test_what_has_all_words_in_another_reading_is_among_what_has_some(catalogue: Searched) -> None:
    # 영상물 has 물 inside a word, which is another term.
    asked = catalogue.ask("물 csv")
    assert asked.strict == 2
    assert sorted(hit.id for hit in asked.result.hits) == ["film", "water"]


def test_a_format_is_preferred_and_not_required(catalogue: Searched) -> None:
    assert set(catalogue.found("버스노선 csv")) == set(catalogue.found("버스노선 CSV파일로")) == {"bus"}


def test_noise_never_turns_hits_into_fewer(catalogue: Searched) -> None:
    for text in ("승하차 인원", "미세먼지", "전통시장"):
        hits = set(catalogue.found(text))
        for noise in ("데이터", "현황", "목록", "알려줘", "우리 동네", "어디"):
            assert hits <= set(catalogue.found(f"{text} {noise}"))
            assert hits <= set(catalogue.found(f"{noise} {text}"))


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("서울 미세먼지 format:xlsx", {"eng"}),
        ('"버스 농도" 서울', set()),
        ("서울 미세먼지 year:1999", set()),
        ("서울 하늘 -서울", set()),
        ("서울 노선 -부산", {"air", "sub", "seoul", "eng"}),
        ("미세먼지 하늘 땅 title:초미세먼지", {"pm"}),
        ("노선 하늘 -버스", {"sub"}),
    ],
)
def test_what_was_meant_exactly_holds_when_words_are_missing(catalogue: Searched, text: str, allowed: set[str]) -> None:
    assert set(catalogue.found(text)) <= allowed


def test_filters_hold_when_words_are_missing_and_corrected(catalogue: Searched) -> None:
    for text in ("서울 노선 버스", "미새먼지", "ㅁㅅㅁㅈ"):
        for hit in catalogue.found(text, filters={"format": ("CSV",)}):
            assert ROWS[hit][3] == "CSV"


@pytest.mark.parametrize("text", ["서울", "노선", "물", "급여", "bus", "충전소", "서울 노선", "미세먼지 농도", "시설"])
def test_a_correction_never_hides_what_has_the_words_as_typed(catalogue: Searched, text: str) -> None:
    literal = catalogue.found(text, exact=True)
    assert literal
    assert set(literal) <= set(catalogue.found(text))
    assert catalogue.found(text)[0] in literal


def test_counts_and_facets_are_those_of_the_hits(catalogue: Searched) -> None:
    for text in ("서울", "서울 노선", "서울 미세먼지 버스", "서울 미세먼지 버스 노선", "미새먼지", "서울미세먼지농도"):
        result = catalogue.ask(text, size=100).result
        assert result.total == len(result.hits)
        # Every dataset here has one format.
        assert sum(count for _, count in result.facets["format"]) == result.total


@pytest.mark.parametrize(
    "text", ["서울 미세먼지 버스", "서울 노선", "서울 미세먼지 버스 노선 농도", "ㅂㅅ", "현황 데이터"]
)
@pytest.mark.parametrize("size", [1, 2])
def test_pages_by_cursor_repeat_and_lose_no_hit(catalogue: Searched, text: str, size: int) -> None:
    whole = catalogue.ask(text, size=100)
    seen: list[str] = []
    cursor = None
    while True:
        asked = catalogue.ask(text, size=size, cursor=cursor)
        assert asked.position == len(seen)
        assert (asked.result.total, asked.strict) == (whole.result.total, whole.strict)
        seen += [hit.id for hit in asked.result.hits]
        cursor = asked.result.cursor
        if cursor is None:
            break
    assert seen == [hit.id for hit in whole.result.hits]


# --- long texts


def test_of_a_pasted_text_the_weightiest_words_are_looked_for(catalogue: Searched) -> None:
    text = " ".join(
        [*(f"낱말{number}" for number in range(30)), "비급여", "진료비용", *(title for title, *_ in ROWS.values())]
    )
    asked = catalogue.ask(text)
    assert asked.cut
    typed = {word.typed for word in asked.words}
    assert len(typed) <= MOST_WORDS
    # Rare words of documents are kept, those that no document has are not.
    assert not any(word.startswith("낱말") for word in typed)
    assert asked.result.total


def test_a_pasted_description_finds_its_dataset(catalogue: Searched) -> None:
    text = "이 데이터는 서울특별시에서 제공하는 미세먼지 농도 자료로서 대기오염측정소의 시간별 값을 " * 9
    assert len(text) > 400
    assert catalogue.found(text)[0] == "air"


@given(
    st.text(st.sampled_from('가 나미세먼지ㄱㅁab-:"|OR·ㆍ().,/ format2024.\t\n「」'), max_size=40)
    | st.text(max_size=40)
    | st.lists(
        st.sampled_from(
            ["서울", "노선", "데이터", "-서울", '"버스', "OR", "형식:", "title:", "csv", "ㅁㅅ", "dkd", "물"]
        ),
        max_size=25,
    ).map(" ".join)
)
@settings(max_examples=120, deadline=None)
def test_whatever_is_typed_can_be_searched_for(catalogue: Searched, text: str) -> None:
    asked = catalogue.ask(text, size=3)
    assert asked.strict <= asked.result.total
    assert len(asked.result.hits) == min(3, asked.result.total)
    catalogue.ask(text, size=3, exact=True)


def test_an_index_without_documents_can_be_asked(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = searched(tmp_path_factory.mktemp("empty"), [])
    assert [empty.found(text) for text in ("", "서울 노선", "ㅁㅅㅁㅈ", "dkssud")] == [[]] * 4


def test_words_that_very_many_documents_have_find_nothing_alone(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "SELDOM", 50)
    rows = [
        Dataset(
            id=f"{n}", source="a.b", identifier=f"{n}", title={"ko": f"지원 사업 {'청년' if n < 3 else '농가'} {n}"}
        )
        for n in range(100)
    ]
    catalogue = searched(tmp_path_factory.mktemp("many"), rows)
    asked = catalogue.ask("지원 사업 청년 하늘", size=100)
    assert asked.strict == 0
    assert {hit.id for hit in asked.result.hits} == {"0", "1", "2"}
    # Where there is nothing else, they do.
    assert catalogue.ask("지원 하늘").result.total == 100


def test_one_syllable_finds_nothing_alone_where_words_are_missing(catalogue: Searched) -> None:
    assert set(catalogue.found("비급여 물 하늘")) == {"without"}


def test_a_word_in_a_field_is_compiled_for_that_field(plan: Callable[..., Plan]) -> None:
    (node,) = plan("제목:버스").fixed
    assert "title" in repr(node)
    assert "description" not in repr(node)
    (without,) = plan("-버스").without
    assert Term("title", "버스") != without
