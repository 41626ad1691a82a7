"""The endpoint's contract, over a socket: every key, what is refused and how, states of health."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from harvester import config
from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import Dataset
from harvester.errors import IndexEngineError, LedgerError
from harvester.ledger import Ledger, SetAside
from indexer import load
from indexer.engines import open_index
from indexer.engines.embedded import EmbeddedIndex
from indexer.parameters import PARAMETERS, SORTS
from indexer.web import schemas
from indexer.web.app import create_app
from tests.web import catalogue
from tests.web.conftest import GONE, bring_up_to_date, served, settings_in

DUST = dataset_id(catalogue.SOURCE, "dust-1")


def asked(client: httpx.Client, address: str, **parameters: Any) -> Any:
    answer = client.get(address, params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def conforms(answer: Any, schema: type) -> None:
    """Whether an answer is what /openapi.json says it is, key by key."""
    msgspec.convert(answer, schema)


# --- search ---------------------------------------------------------------------------------------------------------


def test_a_search_has_the_keys_of_the_contract_in_their_order(client: httpx.Client) -> None:
    answer = asked(client, "/api/search", q="미세먼지 측정소")
    assert list(answer) == ["total", "took_ms", "hits", "facets", "cursor"]
    assert list(answer["hits"][0]) == [
        "id", "title", "description", "publisher", "source", "landing_page", "modified", "formats", "license", "score",
        "highlights",
    ]  # fmt: skip
    conforms(answer, schemas.SearchAnswer)


def test_a_hit_is_read_from_the_ledger_labelled_and_highlighted(client: httpx.Client) -> None:
    answer = asked(client, "/api/search", q="측정소 농도")
    assert answer["total"] == 1
    hit = answer["hits"][0]
    assert hit["score"] > 0
    assert hit | {"score": 0, "highlights": {}, "description": ""} == {
        "id": DUST,
        "title": "발전소 미세먼지 배출 측정소 시간별 농도",
        "description": "",
        "publisher": "가상전력연구소",
        "source": "kepri.portal",
        "landing_page": "https://portal.example.org/dataset/dust-1",
        "modified": "2024-02-29T08:00:00+09:00",
        "formats": ["CSV", "JSON"],
        "license": "공공누리 제1유형 (출처표시)",
        "score": 0,
        "highlights": {},
    }
    assert hit["highlights"]["title"] == ["발전소 미세먼지 배출 <mark>측정소</mark> 시간별 <mark>농도</mark>"]
    assert "<mark>농도</mark>" in hit["highlights"]["description"][0]


def test_facets_count_values_with_their_labels(client: httpx.Client) -> None:
    facets = asked(client, "/api/search")["facets"]
    assert {"value": "KOGL-1", "label": "공공누리 제1유형 (출처표시)", "count": 26} in facets["license"]
    assert facets["source"] == [{"value": "kepri.portal", "label": "가상전력 데이터포털", "count": 28}]
    assert facets["member"] == [{"value": "kepri", "label": "가상전력연구소", "count": 28}]
    assert {"value": "DAILY", "label": "일간", "count": 1} in facets["frequency"]
    # A value that no vocabulary knows reads as the portal wrote it.
    assert {"value": "?<svg onload=alert(3)>", "label": "<svg onload=alert(3)>", "count": 1} in facets["format"]


def test_values_of_one_facet_are_alternatives_and_its_own_counts_stay(client: httpx.Client) -> None:
    everything = asked(client, "/api/search")
    chosen = asked(client, "/api/search", format=["JSON", "CSV"], organization="가상시청")
    counts = {each["value"]: each["count"] for each in chosen["facets"]["organization"]}
    assert chosen["total"] == counts["가상시청"] == 13
    assert counts["가상전력연구소"] == 13
    assert sum(each["count"] for each in chosen["facets"]["format"]) == 13
    assert {each["value"] for each in everything["facets"]["format"]} >= {"CSV", "JSON"}


def test_paging_by_number_and_by_cursor_visits_everything_once(client: httpx.Client) -> None:
    by_number = [
        hit["id"]
        for start in range(0, 30, 7)
        for hit in asked(client, "/api/search", size=7, sort="title", **{"from": start})["hits"]
    ]
    by_cursor: list[str] = []
    more: dict[str, str] = {}
    while True:
        answer = asked(client, "/api/search", size=7, sort="title", **more)
        by_cursor += [hit["id"] for hit in answer["hits"]]
        if answer["cursor"] is None:
            break
        more = {"cursor": answer["cursor"]}
    assert by_number == by_cursor
    assert len(set(by_number)) == 28


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_is_answered(client: httpx.Client, sort: str) -> None:
    found = asked(client, "/api/search", q="검침", sort=sort)
    assert found["total"] == 25
    if sort == "-modified":
        days = [hit["modified"] for hit in found["hits"]]
        assert days == sorted(days, reverse=True)


def test_an_address_may_be_typed_as_it_reads(client: httpx.Client) -> None:
    import socket

    url = client.base_url
    with socket.create_connection((url.host, url.port)) as connection:
        connection.sendall("GET /api/search?q=미세먼지 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while received := connection.recv(65536):
            answer += received
    assert answer.startswith(b"HTTP/1.1 200")
    assert "<mark>미세먼지</mark>" in answer.decode()


@pytest.mark.parametrize(
    ("parameters", "parameter", "allowed"),
    [
        ({"colour": "red"}, "colour", list(PARAMETERS)),
        ({"sort": "best"}, "sort", list(SORTS)),
        ({"size": "0"}, "size", None),
        ({"size": "101"}, "size", None),
        ({"size": "ten"}, "size", None),
        ({"from": "-1"}, "from", None),
        ({"from": "9999999"}, "from", None),
        ({"from": "5", "cursor": "x"}, "from", None),
        ({"cursor": "no cursor"}, "cursor", None),
        ({"q": "가" * 501}, "q", None),
        ({"q": ["a", "b"]}, "q", None),
        ({"year": "20x4"}, "year", ["2024"]),
        ({"modified": "yesterday"}, "modified", ["2020..2023", "2020-01-15..", "..2023-06", "2024-03"]),
        ({"modified_from": "2024-02-31"}, "modified_from", ["2024", "2024-03", "2024-03-05"]),
        ({"format": "x" * 201}, "format", None),
    ],
)
def test_wrong_parameters_are_refused_with_what_is_allowed(
    client: httpx.Client, parameters: dict[str, Any], parameter: str | None, allowed: list[str] | None
) -> None:
    answer = client.get("/api/search", params=parameters)
    assert answer.status_code == 400
    conforms(answer.json(), schemas.Fault)
    error = answer.json()["error"]
    assert len(error["message"]) > 10
    assert error.get("parameter") == parameter
    assert error.get("allowed") == allowed
    assert answer.headers["cache-control"] == "no-store"


def test_bytes_that_are_no_utf_8_are_refused(client: httpx.Client) -> None:
    answer = client.get("/api/search?q=%B9%CC%BC%BC")  # 미세 in EUC-KR
    assert answer.status_code == 400
    assert "UTF-8" in answer.json()["error"]["message"]


def test_a_thousand_parameters_are_refused(client: httpx.Client) -> None:
    answer = client.get("/api/search?" + "&".join(["format=CSV"] * 1000))
    assert answer.status_code == 400


# --- datasets, members ------------------------------------------------------------------------------------------------


def test_a_dataset_is_whole_with_counters_times_and_quality(client: httpx.Client) -> None:
    answer = asked(client, f"/api/datasets/{DUST}")
    own = {"counters", "first_harvested", "last_harvested", "last_changed", "quality"}
    as_harvested = next(each for each in catalogue.datasets() if each.id == DUST)
    assert msgspec.convert({name: value for name, value in answer.items() if name not in own}, Dataset) == as_harvested
    assert answer["counters"] == {"views": 1234, "downloads": 56}
    assert answer["first_harvested"] <= answer["last_changed"] <= answer["last_harvested"]
    assert 0 < answer["quality"]["score"] <= 100
    assert answer["quality"]["reasons"]
    conforms(answer, schemas.DatasetAnswer)


def test_an_unknown_dataset_is_404_and_a_removed_one_410(client: httpx.Client) -> None:
    unknown = client.get("/api/datasets/nosuchid")
    gone = client.get(f"/api/datasets/{dataset_id(catalogue.SOURCE, GONE)}")
    assert (unknown.status_code, gone.status_code) == (404, 410)
    for answer in (unknown, gone):
        conforms(answer.json(), schemas.Fault)


def test_members_say_how_their_portals_are_known_and_how_the_last_harvest_went(client: httpx.Client) -> None:
    answer = asked(client, "/api/members")
    conforms(answer, schemas.MembersAnswer)
    (member,) = answer["members"]
    assert (member["member"], member["name"]["ko"], member["datasets"]) == ("kepri", "가상전력연구소", 28)
    (source,) = member["sources"]
    assert (source["source"], source["evidence"], source["last_verdict"]) == ("kepri.portal", "assumed", "complete")


@pytest.mark.parametrize("address", ["/api/members", f"/api/datasets/{DUST}", "/health"])
def test_where_there_are_no_parameters_any_is_refused(client: httpx.Client, address: str) -> None:
    answer = client.get(address, params={"verbose": "1"})
    assert answer.status_code == 400
    assert answer.json()["error"]["parameter"] == "verbose"


# --- health -----------------------------------------------------------------------------------------------------------


def test_a_service_that_is_up_to_date_is_ok(client: httpx.Client) -> None:
    answer = asked(client, "/health")
    conforms(answer, schemas.HealthAnswer)
    assert answer["status"] == "ok"
    assert (answer["engine"], answer["ledger"], answer["index_lag"]) == ("embedded", "reachable", 0)
    assert answer["documents"] == 28


def test_an_empty_installation_answers_and_one_whose_index_lags_is_degraded(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with served(create_app(settings)) as client:
        assert asked(client, "/health")["status"] == "ok"
        empty = asked(client, "/api/search", q="미세먼지")
        assert (empty["total"], empty["hits"], empty["cursor"]) == (0, [], None)
        assert "아직 모은 데이터셋이 없습니다" in client.get("/").text
        with Ledger.open(settings.database_url) as ledger:
            catalogue.harvest(ledger, catalogue.datasets())
        behind = asked(client, "/health")
        assert (behind["status"], behind["index_lag"]) == ("degraded", 28)
        assert behind["reasons"]
        bring_up_to_date(settings)
        # The server that runs already finds the index that did not exist when it started.
        assert asked(client, "/health")["status"] == "ok"
        assert asked(client, "/api/search", q="미세먼지")["total"] == 2


def test_an_index_of_another_ledger_is_told(tmp_path: Path, settings: config.Settings) -> None:
    other = settings_in(tmp_path)
    (tmp_path / "index").symlink_to(settings.home / "index")
    with served(create_app(other)) as client:
        ill = client.get("/health")
        answer = ill.json()
        assert (ill.status_code, answer["status"], answer["engine"]) == (503, "down", "embedded")
        assert "another ledger" in answer["reasons"][0]
        refused = client.get("/api/search", params={"q": "미세먼지"})
        assert refused.status_code == 503
        assert "has to be rebuilt" in refused.json()["error"]["message"]
        assert client.get("/", params={"q": "미세먼지"}).status_code == 503
        (tmp_path / "index").unlink()
        with Ledger.open(other.database_url) as ledger, closing(open_index(other)) as index:
            load.rebuild(ledger, index)
        assert asked(client, "/health")["status"] == "ok"
        assert asked(client, "/api/search", q="미세먼지")["total"] == 0


def test_an_index_that_needs_a_hand_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_in(tmp_path)
    with Ledger.open(settings.database_url) as ledger:
        catalogue.harvest(ledger, catalogue.datasets())
        bring_up_to_date(settings)
        ledger.set_aside("embedded", [SetAside(seq=1, id=DUST, reason="too big")])
    with served(create_app(settings)) as client:
        monkeypatch.setattr("indexer.web.api.ANALYSIS", "0.0")
        answer = asked(client, "/health")
        assert answer["status"] == "degraded"
        assert ["another analysis" in answer["reasons"][0], "1 changes" in answer["reasons"][1]] == [True, True]


SECRET = "at /var/lib/secret-path: password=hunter2"


@pytest.mark.parametrize(
    ("method", "fault", "told"),
    [
        ("search", IndexEngineError(SECRET), "the search engine cannot answer"),
        ("datasets", LedgerError(SECRET), "the ledger cannot be read"),
        ("search", RuntimeError(SECRET), "something went wrong"),
    ],
)
def test_a_backend_that_fails_is_told_in_plain_words_and_nothing_of_its_own(
    settings: config.Settings, monkeypatch: pytest.MonkeyPatch, method: str, fault: Exception, told: str
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(EmbeddedIndex if method == "search" else Ledger, method, fail)
    with served(create_app(settings)) as client:
        for address in ("/api/search?q=전력", "/?q=전력"):
            answer = client.get(address)
            assert answer.status_code == (500 if isinstance(fault, RuntimeError) else 503)
            assert "secret" not in answer.text
            assert "hunter2" not in answer.text
            assert "Traceback" not in answer.text
            assert answer.headers["content-security-policy"]
        assert told in client.get("/api/search?q=전력").json()["error"]["message"]
        assert "다시 찾아 주세요" in client.get("/?q=전력").text


def test_health_is_down_with_503_when_the_ledger_or_the_engine_is(
    settings: config.Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "ledger.sqlite"
    blocked.mkdir()
    nowhere = config.Settings(tmp_path, settings.config, f"sqlite:///{blocked}", "embedded")
    with served(create_app(nowhere)) as client:
        answer = client.get("/health")
        assert answer.status_code == 503
        conforms(answer.json(), schemas.HealthAnswer)
        assert (answer.json()["status"], answer.json()["ledger"]) == ("down", "unreachable")
        assert client.get("/api/search").status_code == 503

    def fail(*_: object) -> None:
        raise IndexEngineError(SECRET)

    monkeypatch.setattr(EmbeddedIndex, "checkpoint", fail)
    with served(create_app(settings)) as client:
        answer = client.get("/health")
        assert answer.status_code == 503
        assert (answer.json()["status"], answer.json()["ledger"]) == ("down", "reachable")
        assert "secret" not in answer.text


def test_a_cluster_that_does_not_answer_is_not_told_by_its_address(tmp_path: Path) -> None:
    there = replace(settings_in(tmp_path), index_url="http://127.0.0.1:9/datamoa-secret")
    with served(create_app(there)) as client:
        for address in ("/health", "/api/search?q=전력", "/?q=전력"):
            answer = client.get(address)
            assert answer.status_code == 503
            assert "secret" not in answer.text
            assert "127.0.0.1" not in answer.text
        assert client.get("/health").json()["engine"] == "elasticsearch"


# --- description ------------------------------------------------------------------------------------------------------


def test_the_description_names_every_parameter_and_every_answer(client: httpx.Client) -> None:
    document = asked(client, "/openapi.json")
    assert set(document["paths"]) == {"/api/search", "/api/datasets/{id}", "/api/members", "/health"}
    search = document["paths"]["/api/search"]["get"]
    assert [each["name"] for each in search["parameters"]] == list(PARAMETERS)
    assert all(each["description"] and each["schema"] for each in search["parameters"])
    by_name = {each["name"]: each["schema"] for each in search["parameters"]}
    assert by_name["sort"]["enum"] == list(SORTS)
    schemas_here = document["components"]["schemas"]
    references = {part.split('"')[0] for part in json.dumps(document).split('"#/components/schemas/')[1:]}
    assert references <= set(schemas_here)
    assert {"SearchAnswer", "DatasetAnswer", "MembersAnswer", "HealthAnswer", "Fault", "Dataset"} & references
    for operations in document["paths"].values():
        assert "422" not in operations["get"]["responses"]
        assert operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
