"""Near-equal titles of many agencies are one line that opens: on the page by default, in the API with `fold=true`."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from harvester.catalog.model import Agent
from harvester.ledger import Ledger
from indexer.web import schemas
from indexer.web.app import create_app
from tests.web import catalogue
from tests.web.conftest import bring_up_to_date, served, settings_in
from tests.web.test_api import asked, conforms
from tests.web.test_pages import Page

CITIES = ("가나시", "다라시", "마바시", "사아시")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    here = settings_in(tmp_path_factory.mktemp("folding"))
    series = [
        catalogue.dataset(f"{name}-{city}", {"ko": f"{city}_{name} 현황"}, publisher=Agent(name={"ko": city}))
        for name in ("무료 와이파이", "공공 와이파이 민원")
        for city in CITIES
    ]
    alone = catalogue.dataset("alone", {"ko": "와이파이 설치 기준"})
    with Ledger.open(here.database_url) as ledger:
        catalogue.harvest(ledger, [*series, alone])
    bring_up_to_date(here)
    with served(create_app(here)) as found:
        yield found


def test_total_and_facets_count_datasets_and_lines_open(client: httpx.Client) -> None:
    answer = asked(client, "/api/search", q="와이파이", fold="true")
    conforms(answer, schemas.SearchAnswer)
    assert answer["total"] == answer["all_words"] == 9
    assert len(answer["hits"]) == 3
    assert sum(value["count"] for value in answer["facets"]["organization"]) == 8
    folded = [hit["folded"] for hit in answer["hits"] if "folded" in hit]
    assert [each["count"] for each in folded] == [4, 4]
    for each in folded:
        opened = client.get(f"/api/search?{each['query']}").json()
        assert opened["total"] == len(opened["hits"]) == 4
        assert {hit["publisher"] for hit in opened["hits"]} == set(CITIES)


def test_pages_and_cursors_count_lines(client: httpx.Client) -> None:
    whole = [hit["id"] for hit in asked(client, "/api/search", q="와이파이", fold="true")["hits"]]
    first = asked(client, "/api/search", q="와이파이", fold="true", size=2)
    rest = asked(client, "/api/search", q="와이파이", fold="true", size=2, cursor=first["cursor"])
    assert [hit["id"] for hit in first["hits"] + rest["hits"]] == whole
    assert rest["cursor"] is None
    second = asked(client, "/api/search", q="와이파이", fold="true", size=2, **{"from": 2})
    assert [hit["id"] for hit in second["hits"]] == whole[2:]


def test_a_line_with_all_words_is_not_taken_for_one_with_some(client: httpx.Client) -> None:
    answer = asked(client, "/api/search", q="무료 와이파이 현황", fold="true")
    assert answer["all_words"] == 4 < answer["total"]
    assert [hit["partial"] for hit in answer["hits"]] == [False] + [True] * (len(answer["hits"]) - 1)


def test_the_api_folds_only_when_asked(client: httpx.Client) -> None:
    answer = asked(client, "/api/search", q="와이파이")
    assert len(answer["hits"]) == 9
    assert not any("folded" in hit for hit in answer["hits"])


def test_the_page_folds_and_a_line_opens_without_a_script(client: httpx.Client) -> None:
    page = Page(client.get("/?q=와이파이").text)
    assert "검색 결과 9건" in page.text
    assert page.text.count("이와 같은 제목 3건 더 보기") == 2
    (opening, _) = [link["href"] for link in page.all("a") if "series=" in link["href"]]
    opened = Page(client.get(opening).text)
    assert "검색 결과 4건" in opened.text
    assert "더 보기" not in opened.text


def test_datasets_are_sorted_by_quality(client: httpx.Client) -> None:
    assert asked(client, "/api/search", q="와이파이", sort="quality")["total"] == 9
    assert "품질" in Page(client.get("/?q=와이파이").text).text
