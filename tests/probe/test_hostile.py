"""What portals do to those who look at them, and what the probe makes of it."""

from __future__ import annotations

import gzip
import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester import config
from harvester.crawl.addresses import refusal
from harvester.errors import PortalError, UsageError
from harvester.probe import Look, checked
from harvester.probe.answers import Answer as Seen
from harvester.probe.detectors import detectors
from harvester.probe.detectors.json_shape import shape_of
from harvester.probe.detectors.scripts import calls_of
from harvester.probe.findings import Target
from harvester.probe.hints import hints
from harvester.probe.http import MOST_REQUESTS, Visitor
from harvester.sample_portals import sample_ckan
from harvester.sample_portals.server import Answer
from tests.crawl import servers
from tests.crawl.certificates import self_signed_context
from tests.portals import faults
from tests.probe import lookalikes
from tests.probe.lookalikes import WORDS, Routes, as_json, as_page

Probed = Callable[..., Look]


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says what it wants to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stopped = threading.Event()

        def serve() -> None:
            while not stopped.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection:
                try:
                    connection.recv(65536)
                    talk(connection)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        stopped.set()
        listening.shutdown(socket.SHUT_RDWR)


def asked(url: str, **limits: Any) -> Seen:
    limits.setdefault("allow_private", True)
    with closing(Visitor(**limits)) as visitor:
        return visitor.ask(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_inner_addresses_are_not_connected_to(host: str, probed: Probed) -> None:
    with sample_ckan() as portal, pytest.raises(PortalError, match="--allow-private") as fault:
        probed(portal.url.replace("127.0.0.1", host), allow_private=False)
    assert fault.value.reason == "forbidden address"
    assert portal.requests.total() == 0


def test_metadata_addresses_never_are(probed: Probed) -> None:
    leading = Routes({"/": Answer(status=302, headers={"Location": "http://169.254.169.254/latest/"})})
    with leading as portal, pytest.raises(PortalError, match="a cloud metadata address"):
        probed(portal.url)


def _public_is_here(address: str) -> str | None:
    """127.0.0.1 plays a public host; the rest of loopback stays what it is."""
    return None if address == "127.0.0.1" else refusal(address, allow_private=False)


@pytest.mark.parametrize("path", ["/", "/robots.txt", "/data.json"])
def test_a_redirect_to_an_inner_address_is_not_followed(path: str) -> None:
    inner: list[str] = []
    with socket.create_server(("127.0.0.2", 0)) as secret:
        secret.settimeout(0.2)
        place = f"http://127.0.0.2:{secret.getsockname()[1]}/secret"
        fault = faults.always(Answer(status=301, headers={"Location": place}), lambda one: one.path == path)
        with Routes({"/": as_page("x")}) as portal, portal.failing(fault):
            answer = asked(portal.url + path.replace("/robots.txt", "/"), refused=_public_is_here)
        with suppress(TimeoutError):
            inner.append(str(secret.accept()))
    assert inner == []
    if path == "/robots.txt":
        assert answer.came, "a robots.txt that cannot be had forbids nothing"
    else:
        assert answer.reason == "forbidden address"


def test_a_name_cannot_mean_another_address_between_check_and_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    real, answers = socket.getaddrinfo, ["127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.2"]
    looked_up: list[str] = []

    def rebinding(host: str, *arguments: Any, **more: Any) -> Any:
        if host == "rebinding.example":
            looked_up.append(host)
            host = answers[min(len(looked_up) - 1, 3)]
        return real(host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with Routes({"/": as_page("x")}) as portal:
        url = portal.url.replace("127.0.0.1", "rebinding.example")
        answer = asked(url, refused=_public_is_here)
    assert answer.came
    assert len(looked_up) == 1, "the page came over the connection that was checked, or one to the same address"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("{portal}/", "redirected more than 5 times"),
        ("file:///etc/passwd", "no web address"),
        ("javascript:alert(1)", "no web address"),
        ("http://user:secret@127.0.0.1/", "a user in it"),
        ("http://[", "no web address"),
        ("http://127.0.0.1:99999/", "no web address"),
    ],
)
def test_redirects_that_lead_nowhere(location: str, words: str) -> None:
    with Routes({"/": Answer(status=302, headers={"Location": location})}) as portal:
        answer = asked(portal.url + "/")
    assert words in answer.fault
    assert not answer.came


def test_a_body_that_never_ends() -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{")
        while True:
            connection.sendall(b" " * 65536)

    with raw_server(talk) as url:
        answer = asked(url)
    assert answer.cut
    assert len(answer.body) == 8 * 1024 * 1024
    assert answer.json is None


def test_a_redirect_whose_body_never_ends() -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")
        while True:
            connection.sendall(b" " * 65536)

    with raw_server(talk) as url:
        answer = asked(url, most_requests=4)
    assert "not asked: 4 requests" in answer.fault


@pytest.mark.parametrize(
    "beginning", [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: ", b""]
)
def test_an_answer_that_trickles(beginning: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(beginning)
        while True:
            time.sleep(0.05)
            connection.sendall(b"x")

    started = time.monotonic()
    with raw_server(talk) as url:
        answer = asked(url, seconds=0.5)
    assert time.monotonic() - started < 10
    assert answer.cut or answer.reason == "timeout"


def test_a_portal_that_says_nothing(probed: Probed) -> None:
    with (
        raw_server(lambda connection: time.sleep(30)) as url,
        pytest.raises(PortalError, match="no answer within") as at,
    ):
        probed(url, seconds=0.5)
    assert at.value.reason == "timeout"


def test_a_bomb() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Routes({"/": as_page("x")}) as portal, portal.failing(faults.gzip_bomb(512)):
        answer = asked(portal.url + "/")
    assert answer.cut
    assert len(answer.body) <= 8 * 1024 * 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_a_bomb_that_is_a_file() -> None:
    bomb = gzip.compress(gzip.compress(b"<urlset>" + b" " * (64 << 20), 9), 9)
    seen = Seen("x", "x", 200, {}, bomb)
    assert len(seen.unpacked) < 1 << 20
    assert len(Seen("x", "x", 200, {}, seen.unpacked).unpacked) <= 32 << 20


def test_a_body_that_breaks_off() -> None:
    whole = b'{"dataset": [{"title": "x"}]}' * 100
    with Routes({"/": Answer(whole, 200, {"Content-Type": "application/json"}, cut=50)}) as portal:
        answer = asked(portal.url + "/")
    assert answer.json is None


@pytest.mark.parametrize("page", [as_page(WORDS), as_page("<div id=app></div><script>run()</script>"), as_json({})])
def test_a_portal_that_answers_200_to_everything(page: Answer, probed: Probed) -> None:
    with Routes(otherwise=page) as portal:
        seen = probed(portal.url)
        assert seen.requests == portal.requests.total() <= MOST_REQUESTS
    assert not seen.recognised
    if b"html" in page.body:
        assert any("which proves nothing" in hint for hint in seen.hints)


def test_a_page_that_only_javascript_fills(probed: Probed) -> None:
    with Routes({"/": as_page("<div id=app></div><script src=/app.js></script>")}) as portal:
        assert any("JavaScript" in hint for hint in probed(portal.url).hints)


def test_a_login_page(probed: Probed) -> None:
    with Routes({"/": as_page("x")}) as portal, portal.failing(faults.html()):
        assert any("log in" in hint for hint in probed(portal.url).hints)


def test_a_portal_with_pages_only(probed: Probed) -> None:
    with Routes({"/": as_page(WORDS)}) as portal:
        assert any("html_list" in hint for hint in probed(portal.url).hints)


def test_robots_txt_is_kept_to_and_told(probed: Probed) -> None:
    with sample_ckan() as portal:
        portal.robots = "User-agent: *\nDisallow: /api/\n"
        seen = probed(portal.url)
        assert not seen.recognised
        assert portal.count("/api/") == 0
    assert any("robots.txt forbids" in hint and "/api/3/action" in hint for hint in seen.hints)


def test_robots_txt_that_forbids_everything(probed: Probed) -> None:
    with sample_ckan() as portal:
        portal.robots = "User-agent: DataMoa\nDisallow: /\n"
        seen = probed(portal.url)
        assert set(portal.requests) == {"/robots.txt"}
    assert "robots.txt forbids" in seen.hints[0]


def test_a_portal_that_asks_to_slow_down_is_left_alone(probed: Probed) -> None:
    with Routes({"/": as_page("x")}) as portal, portal.failing(faults.too_many_requests(number=1000)):
        seen = probed(portal.url)
        assert portal.requests.total() == 2  # robots.txt and the page
    assert not seen.recognised


def test_one_path_that_hangs_does_not_hide_the_others(probed: Probed) -> None:
    with sample_ckan() as portal, portal.failing(faults.slow(2, lambda one: one.path == "/")):
        visited = asked(portal.url, seconds=0.5)
        assert visited.reason == "timeout"
    with lookalikes.dataverse() as portal, portal.failing(faults.slow(2, faults.at("data.json"))):
        assert probed(portal.url, seconds=0.5).findings[0].name == "dataverse"
        assert portal.requests["/data.json"] == 1


def test_a_pause_that_robots_txt_asks_for_is_made() -> None:
    with Routes(otherwise=as_page("x")) as portal:
        portal.robots = "User-agent: *\nCrawl-delay: 1\n"
        with closing(Visitor(refused=_public_is_here)) as visitor:
            visitor.ask(f"{portal.url}/a")
            started = time.monotonic()
            visitor.ask(f"{portal.url}/b")
    assert time.monotonic() - started >= 0.9


def test_requests_are_few_and_say_who_asks(probed: Probed) -> None:
    with Routes(otherwise=as_page(WORDS)) as portal:
        probed(f"{portal.url}/a/b/c?d=e")
        assert portal.requests.total() <= MOST_REQUESTS
        assert all(one.headers["user-agent"].startswith("DataMoa/") for one in portal.asked)
        assert not any({"cookie", "authorization"} & one.headers.keys() for one in portal.asked)
        assert max(portal.requests.values()) <= 3


def test_no_cookie_proxy_or_password_of_the_environment_is_sent(
    probed: Probed, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / ".netrc").write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with Routes(otherwise=Answer(b"<html>x", headers={"Set-Cookie": "a=b", "Content-Type": "text/html"})) as portal:
        probed(portal.url)
        assert len(portal.asked) > 5
        assert not any({"cookie", "authorization"} & one.headers.keys() for one in portal.asked)


def test_nobody_is_there(probed: Probed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", "http://no-such-host.invalid"):
        with pytest.raises(PortalError) as fault:
            probed(url)
        assert fault.value.reason == "unreachable"
        assert "\n" not in str(fault.value)


def test_certificates_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "server.pem"
    context = self_signed_context(file)
    with servers.Portal({"/": servers.Answer("data")}, context) as portal:
        url = f"https://localhost:{portal.port}/"
        distrusted = asked(url)
        assert distrusted.reason == "unreachable"
        assert "certificate" in distrusted.fault
        assert portal.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert asked(url).body == b"data"
        assert asked(url.replace("localhost", "127.0.0.1")).reason == "unreachable", "a certificate of another name"


def test_a_server_that_speaks_no_http(probed: Probed) -> None:
    with raw_server(lambda connection: connection.sendall(b"220 ftp ready\r\n")) as url:
        seen = probed(url)
    assert not seen.recognised


@pytest.mark.parametrize(
    "url",
    ["", "x", "ftp://data.example/", "file:///etc/passwd", "data.go.kr", "http://", "http://:80", "http://[::1",
     "//x/y",
     "http://a:99999/", "http://me:secret@data.example/", "javascript:alert(1)", "http://" + "a" * 70 + ".kr",
     "http://a b/"],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageError) as fault:
        checked(url)
    assert "\n" not in str(fault.value)
    assert "secret" not in str(fault.value)


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("https://데이터.한국", "https://xn--2n1bp39av7g.xn--3e0b707e/"),
        (" https://Data.Example:8080/a?b=c#d ", "https://data.example:8080/a?b=c"),
        ("http://[::1]:80/", "http://[::1]:80/"),
    ],
)
def test_what_is_one(url: str, whole: str) -> None:
    assert checked(url) == whole


JUNK = [
    b"", b"{", b"[]", b"[[]]", b"[1, null]", b"{}", b"null", b"{\"result\": 1}", b"<", b"<a>", b"<rss/>", b"<rdf:RDF/>",
    b'{"success": true, "result": {"count": "x", "results": [1]}}', b'{"conformsTo": [1], "links": 3}',
    b'{"dataset": [1, null, {"title": 1}]}', b'{"dataset": []}', b'{"@graph": [{"@type": "dcat:Dataset"}]}',
    b'{"data": {"items": [null]}, "status": "OK"}', b'[{"id": null, "full_name": 1}]', b"[" * 5000 + b"]" * 5000,
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><rss>&b;</rss>', b"\xff\xfe\x00\x00", b"\x1f\x8b\x08junk",
    b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"/>', b"@prefix dcat: <http://www.w3.org/ns/dcat#> . <",
    b'<Capabilities xmlns="http://www.opengis.net/cat/csw/2.0.2"/>', b"<urlset><url><loc/></url></urlset>",
    b"<sitemapindex><sitemap><loc>http://[</loc></sitemap></sitemapindex>", b'{"name": 1, "distribution": [null]}',
    b"<html><script>fetch('http://[')</script><a href='http://[data.json'>", b"\x00" * 100,
]  # fmt: skip
ADDRESSES = [
    "http://p/", "http://p/api/3/action/package_search?rows=1", "http://p/data.json", "http://p/oai?verb=Identify",
    "http://p/catalog/15062804/fileData.json", "http://p/orgs/a/repos", "http://p/api/datasets?author=a",
    "http://p/sitemap.xml", "http://p/api/search", "http://p/api/v3/datasets", "http://p/conformance?f=json",
]  # fmt: skip
PRESETS = config.presets(config.default_config())


def _read_all(answer: Seen, then: Seen) -> None:
    """Have every detector read an answer, and get another one for whatever it asks besides."""
    target = Target(answer, PRESETS)
    hints(target, (answer,))
    for detector in detectors(PRESETS):
        assert all(isinstance(address, str) for address in detector.addresses(target))
        reading: Generator[str, Seen, Any] = detector.read(answer, target)
        try:
            next(reading)
            for _ in range(30):
                reading.send(then)
        except StopIteration as end:
            finding = end.value
        else:
            pytest.fail(f"{detector.name} never comes to an end")
        assert finding is None or 0 < finding.confidence < 1


@pytest.mark.parametrize("body", JUNK)
def test_detectors_raise_nothing_on_junk(body: bytes) -> None:
    for address in ADDRESSES:
        for kind in ("application/json", "text/html", "application/xml; charset=nonsense"):
            seen = Seen(address, address, 200, {"content-type": kind}, body)
            for other in (Seen(address, address, fault="gone"), seen):
                _read_all(seen, other)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["result", "results", "count", "data", "id", "title", "dataset", "items", "total", "meta", "a.b"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(_json, st.sampled_from(ADDRESSES))
def test_detectors_raise_nothing_on_any_json(value: Any, address: str) -> None:
    seen = Seen(address, address, 200, {"content-type": "application/json"}, json.dumps(value).encode())
    _read_all(seen, seen)


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_script_can_be_searched_for_calls(script: str) -> None:
    calls_of(f"fetch('{script}'); $.ajax({{url: '{script}'", "http://p/")


def test_json_that_nobody_can_guess_is_told_to_be_json(probed: Probed) -> None:
    with Routes({"/": as_json([{"code": 1, "what": "교량"}])}) as portal:
        seen = probed(portal.url)
    assert not seen.findings
    assert any("json_api" in hint for hint in seen.hints)


def test_a_script_of_nothing_but_beginnings_takes_no_time() -> None:
    started = time.monotonic()
    calls_of("fetch('/a" * 100_000 + "$.ajax(" * 50_000, "http://p/")
    assert time.monotonic() - started < 5


def test_a_shape_that_is_guessed_is_one_that_json_api_takes() -> None:
    from harvester.options import OPTIONS

    rows = [{"data-id": f"{n}", "데이터명": "x", 'odd"key\\': 1, "desc.": "y"} for n in range(2)]
    shape = shape_of({"body": {"the list": rows, "totalCnt": "1,000"}}, "http://p/a/list?pageNo=0&rows=99999&x=")
    assert shape
    OPTIONS["json_api"].model_validate(shape.options)
    assert shape.options["records"] == 'body."the list"'
    assert shape.options["identifier"] == '"data-id"'
    assert shape.options["paging"] == {
        "page": "pageNo", "first": 0, "size": 10_000, "size_parameter": "rows",
    }  # fmt: skip
    assert shape.options["parameters"] == {"x": ""}
    assert shape.total == 1000


def test_a_title_in_several_languages_is_found_in_the_language_that_all_records_have() -> None:
    rows = [{"key": 1, "names": {"en": "Bridges", "ko": "교량"}}, {"key": 2, "names": {"ko": "도로"}}]
    shape = shape_of({"list": rows}, "http://p/list")
    assert shape
    assert shape.options["fields"] == {"title": "names.ko"}


@pytest.mark.parametrize(
    ("around", "total"),
    [
        ({"count": 1, "totalCount": 47}, "totalCount"),
        ({"size": 10, "count": 47}, "count"),
        ({"meta": {"page_size": 1, "total": 47}}, "meta.total"),
    ],
)
def test_the_count_of_a_page_is_not_taken_for_the_total(around: dict[str, Any], total: str) -> None:
    shape = shape_of({"list": [{"id": 1, "title": "교량"}], **around}, "http://p/list")
    assert shape
    assert (shape.options["total"], shape.total) == (total, 47)
