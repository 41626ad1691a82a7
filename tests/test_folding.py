"""Folding by series from the ledger to the answer: lines, what they count, and what opens them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harvester import config
from harvester.catalog.model import Agent, Dataset
from harvester.errors import QueryError
from harvester.ledger import Ledger
from indexer.answer import Searcher
from indexer.engines import open_index
from tests.web import catalogue
from tests.web.conftest import bring_up_to_date, settings_in

CITIES = tuple(f"{name}시" for name in ("가온", "나루", "다솜", "라온", "마루", "바름"))


def _dataset(number: int, title: str, agency: str, **more: Any) -> Dataset:
    return catalogue.dataset(f"n-{number}", {"ko": title}, publisher=Agent(name={"ko": agency}), **more)


def _datasets() -> list[Dataset]:
    made = [(f"경기도 {city}_공영주차장 현황", f"경기도 {city}") for city in CITIES]
    made += [(f"경기도 {CITIES[0]}_공영주차장 현황_{year}1231", f"경기도 {CITIES[0]}") for year in (2019, 2020)]
    made += [(f"경기도 {city}_공영주차장 요금 정보", f"경기도 {city}") for city in CITIES[:2]]
    made += [(f"경기도 {city}_도서관 목록", f"경기도 {city}") for city in CITIES[:3]]
    made += [("경기도_현황", "경기도"), ("경기도_정보", "경기도")]
    return [_dataset(n, title, agency, issued=f"2020-01-{1 + n:02}") for n, (title, agency) in enumerate(made)]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    home: Path = tmp_path_factory.mktemp("folding")
    settings = settings_in(home)
    with Ledger.open(settings.database_url) as ledger:
        catalogue.harvest(ledger, _datasets())
        bring_up_to_date(settings)
        index = open_index(settings)
        yield Searcher(ledger, index, config.vocabularies(settings.config), settings.config)
        index.close()


def find(searcher: Searcher, **parameters: object) -> dict[str, Any]:
    return searcher.search([(name, str(value)) for name, value in parameters.items()])


def lines(searcher: Searcher, **parameters: object) -> dict[str, int]:
    """All pages of a folded search: series, and how many datasets of it."""
    found: dict[str, int] = {}
    cursor: str | None = None
    while True:
        answer = find(searcher, fold="true", size=2, **parameters, **({"cursor": cursor} if cursor else {}))
        for hit in answer["hits"]:
            line = hit.get("folded", {"series": hit["id"], "count": 1, "query": ""})
            assert line["series"] not in found
            found[line["series"]] = line["count"]
        cursor = answer["cursor"]
        if cursor is None:
            assert sum(found.values()) == answer["total"]
            return found


def test_near_equal_titles_are_one_line_and_all_datasets_are_counted(searcher: Searcher) -> None:
    found = lines(searcher)
    assert {key: count for key, count in found.items() if count > 1} == {
        "공영주차장": 8,
        "공영주차장요금": 2,
        "도서관": 3,
    }
    assert sum(found.values()) == find(searcher)["total"] == 15


@pytest.mark.parametrize("q", ["", "공영주차장", "공영주차장 요금", "공영주차장 요금 도서관", "경기도 도서관 2020"])
def test_a_series_opens_to_as_many_datasets_as_its_line_says(searcher: Searcher, q: str) -> None:
    found = lines(searcher, q=q)
    assert found
    for series, count in found.items():
        if count == 1:
            continue
        opened = find(searcher, q=q, series=series, fold="true", size=50)
        assert opened["total"] == len(opened["hits"]) == count
        assert not any("folded" in hit for hit in opened["hits"])


def test_lines_with_all_words_come_before_those_with_some(searcher: Searcher) -> None:
    answer = find(searcher, q="공영주차장 요금", fold="true")
    assert answer["all_words"] == 2 < answer["total"]
    assert [(hit["folded"]["series"], hit["partial"]) for hit in answer["hits"]] == [
        ("공영주차장요금", False),
        ("공영주차장", True),
    ]
    unfolded = find(searcher, q="공영주차장 요금", size=50)
    assert [hit["partial"] for hit in unfolded["hits"]] == [False] * 2 + [True] * (answer["total"] - 2)
    opened = find(searcher, q="공영주차장 요금", series="공영주차장요금")
    assert (opened["all_words"], opened["total"]) == (2, 2)
    assert not any(hit["partial"] for hit in opened["hits"])
    opened = find(searcher, q="공영주차장 요금", series="공영주차장")
    assert opened["all_words"] == 0 < opened["total"]
    assert all(hit["partial"] for hit in opened["hits"])


def test_pages_of_an_opened_series(searcher: Searcher) -> None:
    first = find(searcher, q="공영주차장", series="공영주차장", sort="-issued", size=5)
    second = find(searcher, q="공영주차장", series="공영주차장", sort="-issued", size=5, cursor=first["cursor"])
    ids = [hit["id"] for answer in (first, second) for hit in answer["hits"]]
    assert (first["total"], len(ids), len(set(ids)), second["cursor"]) == (8, 8, 8, None)
    assert first["facets"] == second["facets"]
    assert first["facets"]["member"][0]["count"] == 8


def test_a_title_that_says_too_little_stays_alone(searcher: Searcher) -> None:
    alone = [key for key, count in lines(searcher, q="경기도").items() if count == 1]
    assert len(alone) == 2


def test_a_series_that_is_none_finds_nothing(searcher: Searcher) -> None:
    for series in ("없는 묶음", "\ud800", '"', "%"):
        assert find(searcher, series=series)["total"] == 0
    with pytest.raises(QueryError, match="at most 200"):
        find(searcher, series="x" * 201)
    with pytest.raises(QueryError, match="true or false"):
        find(searcher, fold="yes")


def test_the_best_metadata_comes_first(searcher: Searcher) -> None:
    assert find(searcher, sort="quality")["total"] == 15
