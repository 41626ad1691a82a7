"""Searches: what they are compiled into, and what they find."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester import config
from indexer.analysis import Analyser, grams
from indexer.engines.base import Any, Checkpoint, Document, Everything, Filtered, OneOf, Range, Ranked, SearchIndex
from indexer.engines.embedded import EmbeddedIndex
from indexer.parameters import FILTERS, SearchQuery
from indexer.query import ask, compile
from indexer.values import values

ANALYSER = Analyser()
VALUES = values(config.vocabularies(config.default_config()), [])


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
