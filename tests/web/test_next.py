"""What a search tells beside its hits, suggestions, all values of a facet, and similar datasets, over a socket."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from benchmarks.suggest import typed
from harvester.catalog.identifiers import dataset_id
from indexer.web import schemas
from tests.web import catalogue
from tests.web.test_api import asked, conforms

DUST = dataset_id(catalogue.SOURCE, "dust-1")
TITLE = "발전소 미세먼지 배출 측정소 시간별 농도"


def suggested(client: httpx.Client, q: str, **more: Any) -> list[dict[str, Any]]:
    answer = asked(client, "/api/suggest", q=q, **more)
    conforms(answer, schemas.SuggestAnswer)
    found: list[dict[str, Any]] = answer["suggestions"]
    return found


# --- what a search tells ----------------------------------------------------------------------------------------------


def test_hits_with_some_of_the_words_follow_those_with_all_and_say_what_they_lack(client: httpx.Client) -> None:
    answer = asked(client, "/api/search", q="미세먼지 측정소")
    assert answer["all_words"] == 1 < answer["total"]
    assert [hit["partial"] for hit in answer["hits"]] == [False] + [True] * (answer["total"] - 1)
    assert answer["hits"][0]["missing"] == []
    assert all("측정소" in hit["missing"] for hit in answer["hits"][1:])


def test_a_mended_slip_is_told_and_undone(client: httpx.Client) -> None:
    answer = asked(client, "/api/search", q="미새먼지")
    assert answer["corrected"] == [{"typed": "미새먼지", "texts": ["미세먼지"], "why": "spelling", "also": False}]
    assert answer["hits"][0]["highlights"]["title"] == [TITLE.replace("미세먼지", "<mark>미세먼지</mark>")]
    exact = asked(client, "/api/search", q="미새먼지", exact="true")
    assert (exact["total"], exact["corrected"]) == (0, [])


def test_where_nothing_has_all_words_the_answer_says_which_to_drop(client: httpx.Client) -> None:
    answer = asked(client, "/api/search", q="미세먼지 검침")
    assert answer["all_words"] == 0
    drop = {each["word"]: (each["text"], each["total"]) for each in answer["without"]}
    assert drop["미세먼지"] == ("검침", 25)


def test_words_that_say_little_are_told(client: httpx.Client) -> None:
    words = asked(client, "/api/search", q="측정소 데이터")["words"]
    assert [(word["typed"], word["required"]) for word in words] == [("측정소", True), ("데이터", False)]
    # Alone they are what is meant.
    assert asked(client, "/api/search", q="데이터")["words"][0]["required"]


def test_signs_alone_find_nothing(client: httpx.Client) -> None:
    answer = asked(client, "/api/search", q="ㆍ")
    assert (answer["total"], answer["words"]) == (0, [])


def test_a_hit_explains_itself(client: httpx.Client) -> None:
    answer = asked(client, "/api/search", q="미새먼지 측정소", explain="true")
    conforms(answer, schemas.SearchAnswer)
    told = {(match["field"], match["typed"]): match for match in answer["hits"][0]["matches"]}
    assert told["title", "미새먼지"]["matched"] == "미세먼지"
    assert told["title", "미새먼지"]["why"] == "spelling"
    assert told["title", "측정소"]["why"] == "typed"


# --- suggestions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", [TITLE, "전력 사용량 검침 03구역", "Transmission line outages"])
def test_there_is_a_suggestion_at_every_step_of_typing_a_title(client: httpx.Client, title: str) -> None:
    assert [text for text in typed(title) if not suggested(client, text)] == []


def test_the_steps_are_those_of_an_input_method() -> None:
    assert list(typed("장바 A")) == ["ㅈ", "자", "장", "장ㅂ", "장바", "장바 ", "장바 A"]
    assert "장박" in list(typed("장바구니"))


@pytest.mark.parametrize(
    ("q", "why"),
    [("미세먼", None), ("미셈", None), ("altpaj", "keyboard"), ("ㅁㅅㅁㅈ", "initials"), ("미새먼", "spelling")],
)
def test_a_word_is_suggested_in_whatever_way_it_is_typed(client: httpx.Client, q: str, why: str | None) -> None:
    first = suggested(client, q)[0]
    assert (first["text"], first["kind"], first["count"], first.get("why")) == ("미세먼지", "word", 1, why)


def test_what_stands_before_the_last_word_stays_and_narrows(client: httpx.Client) -> None:
    words = [each["text"] for each in suggested(client, "전력 ㅅ") if each["kind"] == "word"]
    assert words == ["전력 사용량"]
    titles = [each["text"] for each in suggested(client, "측정소 농") if each["kind"] == "title"]
    assert titles == [TITLE]


def test_counts_are_those_under_the_filters(client: httpx.Client) -> None:
    (word, *_) = suggested(client, "사용", organization="가상시청")
    assert (word["text"], word["count"]) == ("사용량", 13)
    assert suggested(client, "사용", format="HWP") == []
    assert {each["count"] for each in suggested(client, "가상", format="JSON")} == {5}


def test_an_agency_is_suggested_with_what_is_left_to_search_for(client: httpx.Client) -> None:
    (agency,) = [each for each in suggested(client, "검침 가상시") if each["kind"] == "agency"]
    assert agency == {"text": "가상시청", "kind": "agency", "count": 13, "rest": "검침"}


@pytest.mark.parametrize("q", ["", " ", "ㆍ", '"', "-", "제목:", "🙂", "a" * 3000, "\x00", "가" * 500])
def test_nothing_typed_is_an_error(client: httpx.Client, q: str) -> None:
    suggested(client, q)


@pytest.mark.parametrize("parameter", ["sort", "cursor", "colour"])
def test_suggestions_refuse_other_parameters(client: httpx.Client, parameter: str) -> None:
    answer = client.get("/api/suggest", params={"q": "가", parameter: "1"})
    assert answer.status_code == 400
    assert answer.json()["error"]["parameter"] == parameter


# --- facets and similar datasets --------------------------------------------------------------------------------------


def test_every_value_of_a_facet_is_reached_once(client: httpx.Client) -> None:
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        answer = asked(client, "/api/facets/organization", size=1, **more)
        conforms(answer, schemas.FacetAnswer)
        found += [value["value"] for value in answer["values"]]
        if answer["cursor"] is None:
            break
        more = {"cursor": answer["cursor"]}
    assert len(found) == len(set(found)) == answer["total"] == 4


def test_values_are_those_of_a_search_with_the_text_in_their_label(client: httpx.Client) -> None:
    values = asked(client, "/api/facets/organization", q="검침", prefix="시 청", format="JSON")["values"]
    assert values == [{"value": "가상시청", "label": "가상시청", "count": 5}]
    assert asked(client, "/api/facets/format", prefix="ｃｓｖ")["values"][0]["value"] == "CSV"
    assert asked(client, "/api/facets/license", prefix="제1유형")["values"][0]["value"] == "KOGL-1"


@pytest.mark.parametrize(
    ("field", "parameters", "parameter"),
    [("colour", {}, "field"), ("format", {"cursor": "no"}, "cursor"), ("format", {"size": "0"}, "size"),
     ("format", {"sort": "title"}, "sort"), ("format", {"prefix": "x" * 101}, "prefix")],
)  # fmt: skip
def test_wrong_parameters_of_a_facet_are_refused(
    client: httpx.Client, field: str, parameters: dict[str, str], parameter: str
) -> None:
    answer = client.get(f"/api/facets/{field}", params=parameters)
    assert answer.status_code == 400
    assert answer.json()["error"]["parameter"] == parameter


def test_similar_datasets_share_rare_words_and_are_no_copies(client: httpx.Client) -> None:
    meter = dataset_id(catalogue.SOURCE, "meter-01")
    answer = asked(client, f"/api/datasets/{meter}/similar")
    conforms(answer, schemas.SimilarAnswer)
    # Of 24 other meters one of each other agency is enough; its own agency's only differ in their number.
    assert [hit["publisher"] for hit in answer["similar"]] == ["가상시청"]
    assert client.get("/api/datasets/none/similar").status_code == 404
