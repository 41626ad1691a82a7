"""What holds for every answer: reading only, headers, entity tags, nothing of the inside outside."""

from __future__ import annotations

import httpx
import pytest

from harvester.catalog.identifiers import dataset_id
from tests.web import catalogue

DUST = dataset_id(catalogue.SOURCE, "dust-1")
PAGES = ["/", "/?q=%EC%A0%84%EB%A0%A5", f"/datasets/{DUST}"]
PROGRAMS = ["/api/search", f"/api/datasets/{DUST}", "/api/members", "/health", "/openapi.json"]
FAULTS = [
    "/nothing",
    "/?sort=best",
    "/datasets/none",
    "/api/none",
    "/api/search?x=1",
    "/docs",
    "/redoc",
    "/static/none.css",
]


@pytest.mark.parametrize("address", [*PAGES, *PROGRAMS, *FAULTS, "/static/style.css"])
def test_every_answer_carries_the_headers_that_protect_a_reader(client: httpx.Client, address: str) -> None:
    headers = client.get(address).headers
    policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert "'unsafe-inline'" not in headers["content-security-policy"]
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


@pytest.mark.parametrize("address", [*PAGES, *PROGRAMS, "/nothing"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_nothing_but_reading_is_answered(client: httpx.Client, address: str, method: str) -> None:
    answer = client.request(method, address)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert answer.json()["error"]["allowed"] == ["GET", "HEAD"]


@pytest.mark.parametrize("address", [*PAGES, *PROGRAMS, "/nothing", "/static/style.css"])
def test_head_says_what_get_would(client: httpx.Client, address: str) -> None:
    got, told = client.get(address), client.head(address)
    assert told.status_code == got.status_code
    assert told.content == b""
    assert told.headers["content-type"] == got.headers["content-type"]
    if address not in ("/api/search", "/health"):
        assert told.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize("address", [*PAGES, *PROGRAMS[:3], "/openapi.json", "/static/style.css"])
def test_an_answer_that_did_not_change_is_not_sent_again(client: httpx.Client, address: str) -> None:
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_page_is_asked_for_again_each_time_and_its_style_is_kept(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["cache-control"] == "no-cache"
    style = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert style.startswith("/static/style.css?v=")
    assert client.get(style).headers["cache-control"] == "public, max-age=604800"
    assert client.get("/health").headers["cache-control"] == "no-store"


def test_long_answers_travel_compressed_where_the_client_takes_them_so(client: httpx.Client) -> None:
    plain = client.get("/", headers={"Accept-Encoding": "identity"})
    packed = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) < len(plain.content) / 2


@pytest.mark.parametrize("address", PROGRAMS)
def test_open_data_may_be_read_by_any_site(client: httpx.Client, address: str) -> None:
    answer = client.get(address, headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


def test_pages_may_not(client: httpx.Client) -> None:
    assert "access-control-allow-origin" not in client.get("/").headers


@pytest.mark.parametrize("address", ["/nothing", "/datasets/", "/datasets/a/b", "/docs", "/redoc", "/static/../app.py"])
def test_a_person_gets_a_page_about_an_address_that_is_none(client: httpx.Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<h1>" in answer.text


@pytest.mark.parametrize("address", ["/api", "/api/", "/api/none", "/api/datasets/", "/api/datasets/a/b"])
def test_a_program_gets_json_about_it(client: httpx.Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"]


def test_static_files_do_not_lead_out_of_their_folder(client: httpx.Client) -> None:
    for path in ("/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/..%5capp.py"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "import" not in answer.text
