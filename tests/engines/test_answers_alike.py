"""Suggestions, hints, all values of a facet and similar datasets are the same on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

import pytest

from harvester import config
from harvester.ledger import Ledger
from indexer import load
from indexer.answer import Searcher
from indexer.engines import open_index
from indexer.facets import FacetQuery
from indexer.parameters import SearchQuery
from tests.engines.test_elasticsearch import fresh
from tests.web import catalogue
from tests.web.conftest import settings_in

pytestmark = pytest.mark.elasticsearch


@pytest.fixture(scope="module")
def searchers(elasticsearch: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Searcher, Searcher]]:
    """The tests' catalogue in both engines: embedded first."""
    embedded = settings_in(tmp_path_factory.mktemp("alike"))
    with ExitStack() as stack:
        cluster = replace(embedded, index_url=stack.enter_context(fresh(elasticsearch)))
        ledger = stack.enter_context(Ledger.open(embedded.database_url))
        catalogue.harvest(ledger, catalogue.datasets())
        found = []
        for settings in (embedded, cluster):
            index = stack.enter_context(closing(open_index(settings)))
            load.bring_up_to_date(ledger, index)
            found.append(Searcher(ledger, index, config.vocabularies(settings.config), settings.config))
        yield found[0], found[1]


@pytest.mark.parametrize(
    ("q", "filters"),
    [
        ("ㅂ", {}),
        ("발ㅈ", {}),
        ("altpaj", {}),
        ("ㅁㅅㅁㅈ", {}),
        ("미새먼", {}),
        ("전력 ㅅ", {}),
        ("측정소 농", {}),
        ("가상시", {"format": ("JSON",)}),
        ("검침 가상", {"year": ("2011",)}),
        ("사용량검침", {}),
        ("없는말", {}),
    ],
)
def test_suggestions(searchers: tuple[Searcher, Searcher], q: str, filters: dict[str, Any]) -> None:
    one, other = (searcher.suggest(SearchQuery(q=q, filters=filters)) for searcher in searchers)
    assert _shown(one) == _shown(other)


def _shown(suggestions: list[Any]) -> set[tuple[str, str, int]]:
    # Titles that score alike may come in another order, and of titles that differ in a number one is shown.
    return {("" if each.kind == "title" else each.text, each.kind, each.count) for each in suggestions}


@pytest.mark.parametrize("q", ["미새먼지", "미세먼지 검침", "미세먼지 측정소", "측정소 데이터", "ㆍ"])
def test_hints_and_totals(searchers: tuple[Searcher, Searcher], q: str) -> None:
    # All hits: tombstones count in the statistics of one engine, so that scores of a small index differ a little.
    one, other = (searcher.answer(SearchQuery(q=q, size=100)) for searcher in searchers)
    assert one.hints == other.hints
    assert (one.total, one.all_words) == (other.total, other.all_words)
    assert {(hit.id, hit.missing) for hit in one.hits} == {(hit.id, hit.missing) for hit in other.hits}


@pytest.mark.parametrize("parameters", [[], [("q", "검침")], [("prefix", "가상"), ("size", "1")], [("format", "JSON")]])
def test_values_of_facets(searchers: tuple[Searcher, Searcher], parameters: list[tuple[str, str]]) -> None:
    for field in ("organization", "format", "year"):
        one, other = (searcher.facet(FacetQuery.from_parameters(field, parameters)) for searcher in searchers)
        assert one == other


def test_similar_datasets(searchers: tuple[Searcher, Searcher]) -> None:
    for dataset in catalogue.datasets()[:6]:
        one, other = (searcher.similar(dataset) for searcher in searchers)
        assert {hit.publisher for hit in one} == {hit.publisher for hit in other}
        assert len(one) == len(other)
