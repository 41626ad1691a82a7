"""By what two entries are recognised as the same dataset."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.catalog.joins import Decision, Decisions, address, join_keys
from harvester.catalog.model import Agent, Dataset, Distribution


def keys(**more: object) -> set[tuple[str, str]]:
    values = {"id": "i", "source": "a.b", "identifier": "1"} | more
    return {tuple(key) for key in join_keys(Dataset(**values))}  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    "spellings",
    [
        [
            "https://www.data.go.kr/data/15000249/fileData.do",
            "http://data.go.kr//data/15000249/fileData.do?recommendDataYn=Y",
            "https://www.data.go.kr/en/data/15000249/fileData.do",
            "https://www.data.go.kr/data/15000249/openapi.do#layer-api-guide",
        ],
        [
            "https://data.example.org/dataset/air?b=2&a=1",
            "http://www.data.example.org/dataset/air/?a=1&b=2&utm_source=feed",
            "https://data.example.org:443//dataset/air;jsessionid=F00?a=1&b=2&fbclid=x#files",
            "https://DATA.example.org/dataset/%61ir?a=1&b=2",
            "https://data.example.org/dataset/air?a=1&b=2#/overview",
        ],
    ],
)
def test_addresses_that_are_one(spellings: list[str]) -> None:
    assert len({address(one) for one in spellings}) == 1
    assert None not in {address(one) for one in spellings}


@pytest.mark.parametrize(
    "pair",
    [
        ("https://a.example.org/view?id=1", "https://a.example.org/view?id=2"),
        ("https://a.example.org/x", "https://b.example.org/x"),
        ("https://a.example.org/X", "https://a.example.org/x"),
        ("https://www.data.go.kr/data/1/fileData.do", "https://www.data.go.kr/data/2/fileData.do"),
        ("https://a.example.org:8080/x", "https://a.example.org/y"),
        ("https://a.example.org/#/dataset?id=1", "https://a.example.org/#/dataset?id=2"),
        ("https://a.example.org/#/dataset?id=1", "https://a.example.org/#/dataset"),
        ("https://a.example.org/portal#/dataset/1", "https://a.example.org/portal#/dataset/2"),
        ("https://a.example.org/#!/dataset/1?v=2", "https://a.example.org/#!/dataset/2"),
    ],
)
def test_addresses_that_are_two(pair: tuple[str, str]) -> None:
    assert address(pair[0]) != address(pair[1])


@pytest.mark.parametrize(
    "url",
    [
        "https://www.data.go.kr", "https://www.data.go.kr/", "http://a.example.org/index.do", "https://a.example.org/ko/",
        "https://a.example.org/main.do?utm_source=x", "no address", "ftp://a.example.org/x",
    ],
)  # fmt: skip
def test_a_front_page_is_nobodys_own(url: str) -> None:
    assert address(url) is None


@given(st.text())
def test_no_address_breaks_it(text: str) -> None:
    address(text)
    address(f"https://{text}")


@pytest.mark.parametrize(
    ("said", "publisher"),
    [
        ("한국전력공사_전기요금 현황_20240131", Agent(name={"ko": "한국전력공사"})),
        ("한국전력공사 전기요금현황", Agent(name={"ko": "한국전력공사"})),
        ("전기요금｜현황", Agent(name={"ko": "한국전력공사"}, identifier="B55")),
        ("옛전력_전기요금 현황", Agent(name={"ko": "한국전력공사"}, source_name="옛전력")),
    ],
)
def test_publisher_and_title(said: str, publisher: Agent) -> None:
    assert keys(title={"ko": said}, publisher=publisher) == {("publisher_and_title", "한국전력공사/전기요금현황")}


def test_titles_need_a_publisher_and_years_mean_something() -> None:
    assert keys(title={"ko": "전기요금 현황"}) == set()
    assert keys(title={"ko": "한국전력공사"}, publisher=Agent(name={"ko": "한국전력공사"})) == {
        ("publisher_and_title", "한국전력공사/한국전력공사")
    }
    year = [keys(title={"ko": f"요금_{year}"}, publisher=Agent(name={"ko": "공사"})) for year in (2023, 2024)]
    assert year[0] != year[1]


@pytest.mark.parametrize(
    "more",
    [
        {"identifier": "10.5072/ABC.1"},
        {"identifier": "https://doi.org/10.5072/abc.1"},
        {"other_identifier": ("doi:10.5072/Abc.1",)},
        {"landing_page": "https://doi.org/10.5072/abc.1"},
        {"landing_page": "http://dx.doi.org/10.5072/ABC.1"},
    ],
)
def test_a_doi_in_any_spelling(more: dict[str, object]) -> None:
    assert ("doi", "10.5072/abc.1") in keys(**more)


def test_of_many_files_both_entries_choose_the_same() -> None:
    files = [Distribution(download_url=f"https://f.example.org/{number}.csv") for number in range(30)]
    mixed = keys(distribution=tuple(reversed(files)))
    assert mixed == keys(distribution=tuple(files))
    assert 0 < len(mixed) < 10


def test_decisions() -> None:
    decided = Decisions(
        same=(Decision(datasets=frozenset("ab"), reason="one survey"),),
        different=(Decision(datasets=frozenset("acd"), reason="two years"),),
    )
    assert decided.forced("a") == {"b": "one survey"}
    assert decided.forbidden("a") == {"c", "d"}
    assert (decided.forced("x"), decided.forbidden("x")) == ({}, frozenset())
