"""Searches: parameters there and back, what is refused and how, what typed text means, what it is compiled into."""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester import config
from harvester.errors import QueryError
from indexer.analysis import Analyser, grams
from indexer.engines.base import Any, Checkpoint, Document, Everything, Filtered, OneOf, Range, Ranked, SearchIndex
from indexer.engines.embedded import EmbeddedIndex
from indexer.parameters import FILTERS, PARAMETERS, SORTS, SearchQuery
from indexer.query import ask, compile
from indexer.syntax import clean
from indexer.values import half_width, values

ANALYSER = Analyser()
VALUES = values(config.vocabularies(config.default_config()), [])


def query(*parameters: tuple[str, str]) -> SearchQuery:
    return SearchQuery.from_parameters(parameters)


def typed(text: str) -> str:
    return half_width(clean(text)).strip()


# --- parameters


def test_nothing_given() -> None:
    assert query() == SearchQuery() == query(("q", ""), ("format", " "), ("modified_from", ""), ("from", ""))
    assert SearchQuery().to_parameters() == []


def test_everything_given() -> None:
    asked = query(
        ("format", "CSV"),
        ("q", " 미세 먼지 "),
        ("format", "JSON"),
        ("format", "CSV"),
        ("year", "2021"),
        ("modified", "2020..2023-02"),
        ("issued_from", "2019-05-05"),
        ("sort", "-modified"),
        ("size", "20"),
        ("from", "40"),
    )
    assert asked == SearchQuery(
        q="미세 먼지",
        filters={"format": ("CSV", "JSON"), "year": ("2021",)},
        dates={"modified": ("2020-01-01", "2023-02-28"), "issued": ("2019-05-05", None)},
        sort="-modified",
        size=20,
        offset=40,
    )
    assert query(*asked.to_parameters()) == asked


def test_the_width_and_composition_of_values_do_not_matter() -> None:
    asked = query(("format", "ＣＳＶ"), ("year", "２０２４"), ("organization", normalize("NFD", "한국남동발전㈜")))
    assert asked.filters == {"format": ("CSV",), "year": ("2024",), "organization": ("한국남동발전㈜",)}
    stored = query(("organization", "ＫＴ"), ("license", "?Ａ"))
    compiled = compile(stored, ANALYSER).request.filters
    assert compiled == {
        "organization": OneOf("organization", ("ＫＴ", "KT")),
        "license": OneOf("license", ("?Ａ", "?A")),
    }


def test_what_cannot_be_seen_is_left_out_of_the_text() -> None:
    assert query(("q", "\x00가\u202e\ud800나\x7f")).q == "가 나"


@pytest.mark.parametrize(
    ("given", "days"),
    [
        ("2024", ("2024-01-01", "2024-12-31")),
        ("2024-02", ("2024-02-01", "2024-02-29")),
        ("2024-02-03", ("2024-02-03", "2024-02-03")),
        ("2020..2023", ("2020-01-01", "2023-12-31")),
        ("..2023-06", (None, "2023-06-30")),
        ("2020-01-15..", ("2020-01-15", None)),
    ],
)
def test_days(given: str, days: tuple[str | None, str | None]) -> None:
    assert query(("modified", given)).dates == {"modified": days}


@given(
    st.builds(
        SearchQuery,
        q=st.text(max_size=50).map(typed),
        filters=st.dictionaries(
            st.sampled_from([name for name in FILTERS if name != "year"]),
            st.lists(st.text(min_size=1, max_size=20).map(typed).filter(bool), min_size=1, unique=True).map(tuple),
        ),
        dates=st.dictionaries(
            st.sampled_from(["issued", "modified"]),
            st.tuples(st.none() | st.dates().map(str), st.none() | st.dates().map(str))
            .filter(any)
            .filter(lambda days: None in days or days[0] <= days[1]),
        ),
        sort=st.none() | st.sampled_from(SORTS),
        size=st.integers(1, 100),
        offset=st.integers(0, 9900),
    )
)
@settings(max_examples=200)
def test_parameters_there_and_back(asked: SearchQuery) -> None:
    assert query(*asked.to_parameters()) == asked


@pytest.mark.parametrize(
    ("parameters", "parameter", "says"),
    [
        ([("colour", "red")], "colour", "no such parameter"),
        ([("q", "a"), ("q", "b")], "q", "2 times"),
        ([("size", "0")], "size", "from 1 to 100"),
        ([("size", "101")], "size", "from 1 to 100"),
        ([("size", "ten")], "size", "from 1 to 100"),
        ([("size", "１０")], "size", "from 1 to 100"),
        ([("size", "-1")], "size", "from 1 to 100"),
        ([("size", "9" * 5000)], "size", "from 1 to 100"),
        ([("from", "-1")], "from", "from 0 to 9990"),
        ([("from", "9991")], "from", "cursor"),
        ([("from", "10"), ("cursor", "x")], "from", "not together"),
        ([("sort", "price")], "sort", "no order"),
        ([("year", "24")], "year", "not a year"),
        ([("modified", "yesterday")], "modified", "not a year, month or day"),
        ([("modified", "2024-02-30")], "modified", "not a year, month or day"),
        ([("modified", "0000")], "modified", "not a year, month or day"),
        ([("modified", "2024-00")], "modified", "not a year, month or day"),
        ([("modified", "2024-13..")], "modified", "not a year, month or day"),
        ([("modified", "..")], "modified", "neither beginning nor end"),
        ([("issued", "2024..2020")], "issued", "2024-01-01 is after 2020-12-31"),
        ([("issued_from", "2024"), ("issued_to", "2023-12")], "issued", "2024-01-01 is after 2023-12-31"),
        ([("modified_to", "2024-1")], "modified_to", "not a year, month or day"),
        ([("modified", "2024"), ("modified_to", "2025")], "modified", "not together"),
        ([("format", "x" * 201)], "format", "201 characters"),
        ([("format", str(n)) for n in range(101)], "format", "101 values"),
    ],
)
def test_refusals_name_the_parameter_and_what_is_allowed(
    parameters: list[tuple[str, str]], parameter: str, says: str
) -> None:
    with pytest.raises(QueryError) as refused:
        query(*parameters)
    assert refused.value.parameter == parameter
    assert str(refused.value).startswith(f"{parameter}: ")
    assert says in str(refused.value)
    assert len(str(refused.value)) < 300


def test_refusals_list_what_is_allowed() -> None:
    for parameters, allowed in (([("x", "")], PARAMETERS), ([("sort", "x")], SORTS)):
        with pytest.raises(QueryError) as refused:
            query(*parameters)
        assert refused.value.allowed == tuple(allowed)


# --- compiling


def test_no_words_is_everything_newest_first() -> None:
    compiled = compile(SearchQuery(), ANALYSER)
    assert compiled.request.query == Everything()
    assert compiled.request.sort == "-modified"
    assert compiled.relaxed is None
    assert set(compiled.request.facets) == set(FILTERS)


def test_words_that_say_nothing_find_nothing() -> None:
    compiled = compile(SearchQuery(q="및 !!!"), ANALYSER)
    assert compiled.request.query == Any(())
    assert compiled.terms == frozenset()


def test_filters_stay_apart_so_that_facets_can_leave_them_out() -> None:
    compiled = compile(
        SearchQuery(q="버스", filters={"format": ("CSV",)}, dates={"modified": ("2020-01-01", None)}, size=7, offset=3),
        ANALYSER,
        facets={"format": 5},
    )
    assert compiled.request.filters == {
        "format": OneOf("format", ("CSV",)),
        "modified": Range("modified", "2020-01-01", None),
    }
    assert compiled.request.facets == {"format": 5}
    assert (compiled.request.size, compiled.request.offset, compiled.request.sort) == (7, 3, "relevance")


def test_terms_for_highlighting_are_those_that_were_asked_for() -> None:
    compiled = compile(SearchQuery(q='미세먼지 -부산 format:csv "서울 버스" OR 배 title:노선'), ANALYSER, values=VALUES)
    assert compiled.terms == {"미세", "먼지", "서울", "버스", "배", "노선"}


@given(st.text(st.sampled_from('가 나ab-:"|OR format2024.\t'), max_size=60) | st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_can_be_searched_for(text: str) -> None:
    compile(SearchQuery(q=text), ANALYSER, values=VALUES)


def test_of_too_many_terms_the_first_are_searched_for() -> None:
    compiled = compile(SearchQuery(q=" ".join(map(str, range(400)))), ANALYSER)
    assert "0" in compiled.terms
    assert len(compiled.terms) <= 60


def test_pairs_of_letters_only_rank() -> None:
    compiled = compile(SearchQuery(q="버스 노선"), ANALYSER)
    assert isinstance(compiled.request.query, Ranked)
    assert compiled.relaxed is not None
    assert isinstance(compiled.relaxed.query, Ranked)
    assert not isinstance(compiled.request.query.part, Filtered | Ranked)


# --- searching


@pytest.fixture
def index(tmp_path: Path) -> SearchIndex:
    index = EmbeddedIndex(tmp_path)
    rows = {
        "air": ("서울 미세먼지 농도", "대기오염 측정소의 시간별 값", "CSV", "2021-05-05"),
        "bus": ("부산 버스 노선", "정류소와 노선", "JSON", "2022-05-05"),
        "sub": ("서울 지하철 노선", "역과 노선. 먼지 없음", "CSV", "2023-05-05"),
        "eng": ("Bus routes", "Stops of every bus in Seoul", "XLSX", "2020-01-01"),
    }
    documents = [
        Document(
            id=id,
            seq=seq,
            source="a.b",
            content_hash="",
            content=b"",
            terms={
                "title": " ".join(ANALYSER.terms(title)),
                "description": " ".join(ANALYSER.terms(description)),
                "grams": " ".join(grams([title])),
            },
            values={"format": (format,), "modified": (day,), "year": (day[:4],), "organization": ("서울시",)},
            sort_title=title,
        )
        for seq, (id, (title, description, format, day)) in enumerate(rows.items(), 1)
    ]
    index.apply(documents, Checkpoint("l", 4, "1"))
    index.refresh()
    return index


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("서울", "air sub"),
        ("서울 노선", "sub"),
        ("노선 -부산", "sub"),
        ("-노선", "air eng"),
        ("-노선 -농도", "eng"),
        ('"버스 노선"', "bus"),
        ('"노선 버스"', ""),
        ("미세먼지", "air"),
        ("미세 먼지", "air"),
        ("버스 OR 지하철", "bus sub"),
        ("노선 format:csv", "sub"),
        ("format:CSV", "air sub"),
        ("format:csv -먼지", ""),
        ("title:먼지", "air"),
        ("year:2021..2022", "air bus"),
        ("modified:2022-05..", "bus sub"),
        ("year:2021-2022 -버스", "air"),
        ("형식: csv OR 형식: json 노선", "bus sub"),
        ("buses", "eng"),
        ("route -서울", "eng"),
        ("", "air bus eng sub"),
        ("- -", ""),
    ],
)
def test_what_is_found(index: SearchIndex, text: str, found: str) -> None:
    asked = ask(index, SearchQuery(q=text), ANALYSER, values=VALUES)
    assert sorted(hit.id for hit in asked.result.hits) == found.split()
    assert not asked.relaxed


def test_where_nothing_has_all_words_the_nearest_are_found_and_flagged(index: SearchIndex) -> None:
    asked = ask(index, SearchQuery(q="서울 미세먼지 버스"), ANALYSER)
    assert asked.relaxed
    assert asked.result.hits[0].id == "air"
    assert {hit.id for hit in asked.result.hits} == {"air", "sub", "bus"}
    assert asked.terms == {"서울", "미세", "먼지", "버스"}


def test_what_was_meant_exactly_is_not_relaxed(index: SearchIndex) -> None:
    for text in ("서울 미세먼지 format:xlsx", '"버스 농도" 서울', "서울 미세먼지 year:1999", "서울 하늘 -서울"):
        asked = ask(index, SearchQuery(q=text), ANALYSER, values=VALUES)
        assert asked.result.total == 0, text


def test_pages_of_a_relaxed_search_go_on_by_cursor(index: SearchIndex) -> None:
    seen = []
    cursor = None
    for _ in range(4):
        asked = ask(index, SearchQuery(q="서울 미세먼지 버스", size=1, cursor=cursor), ANALYSER)
        assert asked.relaxed
        assert asked.result.total == 3
        seen += [hit.id for hit in asked.result.hits]
        cursor = asked.result.cursor
        if cursor is None:
            break
    assert sorted(seen) == ["air", "bus", "sub"]
