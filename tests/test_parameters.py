"""The parameters of a search: there and back, what is refused and how."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.errors import QueryError
from indexer.parameters import FILTERS, PARAMETERS, SORTS, SearchQuery
from indexer.syntax import clean
from indexer.values import half_width, spellings


def query(*parameters: tuple[str, str]) -> SearchQuery:
    return SearchQuery.from_parameters(parameters)


def typed(text: str) -> str:
    return half_width(clean(text)).strip()


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
        fold=st.booleans(),
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


def test_what_portals_wrote_is_looked_for_in_either_width() -> None:
    asked = query(("organization", "ＫＴ"), ("license", "?Ａ"))
    assert asked.filters == {"organization": ("ＫＴ",), "license": ("?Ａ",)}
    assert spellings(asked.filters["organization"]) == ("ＫＴ", "KT")
