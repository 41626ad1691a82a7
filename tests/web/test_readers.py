"""Searching while others write, while the machine is busy, and with anything that a request may hold."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from harvester import config
from harvester.errors import ConfigurationError
from harvester.ledger import Ledger
from indexer import load
from indexer.engines import open_index
from indexer.engines.base import Request, Result
from indexer.engines.embedded import EmbeddedIndex
from indexer.parameters import PARAMETERS, SORTS
from indexer.web.app import create_app
from indexer.web.server import PortTakenError, address, listen, serve
from tests.web import catalogue
from tests.web.conftest import served, settings_in


def test_it_serves_while_a_harvest_writes_and_an_index_is_built_anew(tmp_path: Path) -> None:
    here = settings_in(tmp_path)
    done = threading.Event()
    faults: list[str] = []

    def read(client: httpx.Client) -> list[int]:
        totals: list[int] = []
        while not done.is_set():
            answer = client.get("/api/search", params={"q": "구역"})
            if answer.status_code != 200:
                faults.append(answer.text)
                break
            found = answer.json()
            totals.append(found["total"])
            for hit in found["hits"]:
                one = client.get(f"/api/datasets/{hit['id']}")
                if one.status_code != 200:
                    faults.append(one.text)
        return totals

    with served(create_app(here)) as client, ThreadPoolExecutor(3) as readers:
        reading = [readers.submit(read, client) for _ in range(3)]
        try:
            with Ledger.open(here.database_url) as ledger, closing(open_index(here)) as index:
                for number in range(1, 9):
                    known = [
                        catalogue.dataset(f"plot-{each}", {"ko": f"제{each}구역 토지 {number}판"})
                        for each in range(10 * number)
                    ]
                    catalogue.harvest(ledger, known)
                    load.bring_up_to_date(ledger, index)
                    if number == 4:
                        load.rebuild(ledger, index)
        finally:
            done.set()
        seen = [each.result() for each in reading]
        assert client.get("/health").json()["status"] == "ok"
        assert client.get("/api/search", params={"q": "구역"}).json()["total"] == 80
    assert faults == []
    for totals in seen:
        # What is committed is seen by the next search, and nothing that was seen is lost again.
        assert totals == sorted(totals)
        assert len(set(totals)) > 2


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Searches that wait until they are let go."""
    go = threading.Event()
    search = EmbeddedIndex.search

    def wait(self: EmbeddedIndex, request: Request) -> Result:
        go.wait(20)
        return search(self, request)

    monkeypatch.setattr(EmbeddedIndex, "search", wait)
    yield go
    go.set()


def test_a_search_that_takes_too_long_is_given_up_and_health_still_answers(
    slow: threading.Event, settings: config.Settings
) -> None:
    with served(create_app(settings, threads=1, seconds=0.3)) as client:
        began = time.monotonic()
        late = client.get("/api/search?q=전력")
        assert late.status_code == 503
        assert late.headers["retry-after"] == "5"
        assert "took too long" in late.json()["error"]["message"]
        assert "오래 걸립니다" in client.get("/?q=전력").text
        assert client.get("/health").json()["status"] == "ok"
        assert time.monotonic() - began < 10
        slow.set()
        until = time.monotonic() + 10
        while client.get("/api/search?q=전력").status_code != 200:
            assert time.monotonic() < until


def test_more_searches_than_can_wait_are_sent_away_at_once(slow: threading.Event, settings: config.Settings) -> None:
    with served(create_app(settings, threads=1, seconds=10)) as client, ThreadPoolExecutor(90) as crowd:

        def ask(_: int) -> int:
            with httpx.Client(base_url=client.base_url, trust_env=False, timeout=30) as own:
                answer = own.get("/api/search?q=전력")
                if answer.status_code == 503:
                    assert answer.headers["retry-after"] == "1"
                return answer.status_code

        asked = [crowd.submit(ask, number) for number in range(80)]
        until = time.monotonic() + 20
        while sum(each.done() for each in asked) < 15:
            assert time.monotonic() < until
            time.sleep(0.02)
        slow.set()
        codes = [each.result() for each in asked]
    assert codes.count(503) == 80 - 65
    assert codes.count(200) == 65


# --- anything ---------------------------------------------------------------------------------------------------------

_VALUES = some.one_of(
    some.text(max_size=30),
    some.sampled_from(["", "0", "-1", "1e9", "..", "2024..", "[]", '"', "a:b", "형식:CSV", "OR", "-", "\x00", *SORTS]),
)


@given(some.lists(some.tuples(some.one_of(some.sampled_from(PARAMETERS), some.text(max_size=8)), _VALUES), max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_is_answered_or_refused(client: httpx.Client, parameters: list[tuple[str, str]]) -> None:
    parameters = [(name.replace("\ud800", ""), value) for name, value in parameters]
    answer = client.get("/api/search", params=parameters)
    assert answer.status_code in (200, 400), answer.text
    assert ("hits" if answer.status_code == 200 else "error") in answer.json()
    page = client.get("/", params=parameters)
    assert page.status_code == answer.status_code
    assert page.headers["content-type"].startswith("text/html")


@given(some.binary(max_size=40))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_come_the_server_goes_on(client: httpx.Client, noise: bytes) -> None:
    line = noise.replace(b"\r", b"").replace(b"\n", b"").replace(b" ", b"")
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=10) as connection:
        connection.sendall(b"GET /api/search?q=" + line + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while received := connection.recv(65536):
            answer += received
    assert answer[:12] in (b"HTTP/1.1 200", b"HTTP/1.1 400")


# --- the socket -------------------------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"127\.0\.0\.1:{port}.*--port"):
            listen("127.0.0.1", port)
        assert address(taken) == f"http://127.0.0.1:{port}/"


def test_a_wrong_configuration_stops_the_server_before_it_serves(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="DATAMOA_INDEX_URL"):
        serve(replace(settings_in(tmp_path), index_url="ftp://somewhere"))


def test_answers_do_not_wait_for_acknowledgements() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_host_that_is_none_is_told() -> None:
    with pytest.raises(PortTakenError, match=r"no\.such\.host\.invalid"):
        listen("no.such.host.invalid", 0)


def test_the_address_of_every_interface_is_one_that_can_be_typed() -> None:
    with listen("0.0.0.0", 0) as listening:
        assert address(listening).startswith("http://127.0.0.1:")
