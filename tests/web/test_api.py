"""The endpoint's contract, over a socket: every key, what is refused and how, states of health."""

from __future__ import annotations

import json
import socket
import unicodedata
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

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
from indexer.web.server import LONGEST_REQUEST
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
    assert list(answer) == [
        "total", "took_ms", "hits", "facets", "cursor", "all_words", "cut", "words", "corrected", "did_you_mean",
        "without",
    ]  # fmt: skip
    assert list(answer["hits"][0]) == [
        "id", "title", "description", "publisher", "source", "landing_page", "modified", "formats", "license", "score",
        "highlights", "partial", "missing",
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
        "partial": False,
        "missing": [],
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


def test_words_in_the_encoding_of_older_sites_are_read(client: httpx.Client) -> None:
    answer = client.get("/api/search?q=%B9%CC%BC%BC%B8%D5%C1%F6").json()  # 미세먼지 in EUC-KR
    assert answer == client.get("/api/search", params={"q": "미세먼지"}).json() | {"took_ms": answer["took_ms"]}


def test_other_values_that_are_no_utf_8_are_refused(client: httpx.Client) -> None:
    for parameters in ("organization=%B9%CC%BC%BC", "%B9%CC=1"):
        answer = client.get(f"/api/search?{parameters}")
        assert answer.status_code == 400
        assert "UTF-8" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "typed",
    [
        "modified:yesterday", "year:ab", "없는필드:값", "12:30", "http://a.kr/?a=b|c", '"미세', "OR", "|", "-",
        "\x00\x1f", "\u202e미세", "😀", "ㆍ", "형식:", "수정일:2024-02-31", "( [ { * ? ~ ^ \\ /", "' OR 1=1 --",
        " ".join(map(str, range(300))), "가" * 6000, "- " * 3000, '"' * 999, "형식:csv " * 200,
        '"가 나" ' * 999, "가|" * 3000, "-가나 " * 2000, "+가나 " * 2000, f'"{"가" * 5000}"',
    ],
)  # fmt: skip
@pytest.mark.parametrize("address", ["/api/search", "/"])
def test_nothing_typed_is_an_error(client: httpx.Client, typed: str, address: str) -> None:
    assert client.get(address, params={"q": typed}).status_code == 200


@pytest.mark.parametrize("bytes_", ["%FF%FE", "%ED%A0%80", "%", "%zz", "%00", "%B9"])
def test_no_bytes_typed_are_an_error(client: httpx.Client, bytes_: str) -> None:
    for address in ("/api/search", "/"):
        assert client.get(f"{address}?q={bytes_}").status_code == 200


@pytest.mark.parametrize(
    ("typed", "total"),
    [
        ("수정일:2024년", 1),
        ("등록일:2021.03.05", 1),
        ("등록일 : 2021년 3월", 1),
        ("year:2019-2024", 4),
        ("언어:한국어", 1),
        ("language:english", 1),
        ("형식：ＣＳＶ 미세먼지", 1),
        ("-형식:csv -형식:json", 1),
        ("이용허락범위:cc by", 1),
        ("분류:환경", 1),
        ("갱신 주기:매일", 1),
        ("제공기관:가상시청", 13),
        ("회원기관:가상전력연구소", 28),
        ("출처: 가상전력 데이터포털", 28),
    ],
)
def test_filters_can_be_typed(client: httpx.Client, typed: str, total: int) -> None:
    assert client.get("/api/search", params={"q": typed}).json()["total"] == total


def test_values_are_found_in_any_width_and_composition(client: httpx.Client) -> None:
    for name, value in (("format", "ＣＳＶ"), ("organization", unicodedata.normalize("NFD", "가상시청"))):
        assert client.get("/api/search", params={name: value}).json()["total"] > 0


def _sent(client: httpx.Client, line: bytes, headers: bytes = b"") -> bytes:
    """Send a request that no client library would, and give the whole answer."""
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=20) as connection:
        connection.sendall(b"GET " + line + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + b"\r\n")
        answer = b""
        while received := connection.recv(65536):
            answer += received
    return answer


def test_a_pasted_text_of_any_length_is_taken(client: httpx.Client) -> None:
    text = "발전소 미세먼지 배출 농도 " * 3500
    for target in (b"/?q=", b"/api/search?q="):
        assert _sent(client, target + quote(text).encode()).startswith(b"HTTP/1.1 200")
    assert _sent(client, f"/api/search?q={text.replace(' ', '+')}".encode()).startswith(b"HTTP/1.1 200")


def test_links_of_a_page_do_not_repeat_a_pasted_text(client: httpx.Client) -> None:
    page = client.get("/", params={"q": "미세먼지 농도 " * 900})
    assert len(page.content) < 2_000_000


def test_that_a_pasted_text_was_cut_is_said(client: httpx.Client) -> None:
    text = " ".join(f"미세먼지 농도{number}" for number in range(300))
    assert "낱말만 골라" in client.get("/", params={"q": text}).text
    assert client.get("/api/search", params={"q": text}).json()["cut"] is True
    assert "낱말만 골라" not in client.get("/?q=미세먼지").text


def test_a_request_that_is_too_long_is_told_so(client: httpx.Client) -> None:
    answer = _sent(client, b"/api/search?q=" + b"a" * (3 * LONGEST_REQUEST))
    assert answer.startswith(b"HTTP/1.1 414")
    assert b'{"error":{"message":"the address may have at most' in answer
    assert _sent(client, b"/", b"X: " + b"a" * (2 * LONGEST_REQUEST) + b"\r\n").startswith(b"HTTP/1.1 431")


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
        monkeypatch.setattr("indexer.documents.ANALYSIS", "0.0")
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
    assert set(document["paths"]) == {
        "/api/search",
        "/api/suggest",
        "/api/facets/{field}",
        "/api/datasets/{id}",
        "/api/datasets/{id}/similar",
        "/api/members",
        "/health",
    }
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
