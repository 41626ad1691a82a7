"""Faults of a cluster, provoked for real: an overloaded node, a killed one, and servers that are something else."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from harvester.errors import IndexEngineError
from harvester.ledger import Ledger
from indexer import load, making
from indexer.engines import elasticsearch_bulk
from indexer.engines.base import Checkpoint, Everything, Failure, IndexChange, Request
from indexer.engines.elasticsearch import ElasticsearchIndex
from indexer.engines.elasticsearch_bulk import Post, Sent, send
from indexer.load import IndexReport
from tests.elasticsearch_node.node import Node, missing
from tests.engines.contract import at, document, matching
from tests.harvested import dataset, put
from tests.test_load import KEPCO, Hooked


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """One node of these tests' own, which takes one bulk request at a time and has room for another, and is killed."""
    if lacking := missing():
        pytest.skip(f"no Elasticsearch node: {lacking}")
    settings = ["thread_pool.write.size=1", "thread_pool.write.queue_size=1", "http.max_content_length=1mb"]
    with Node(tmp_path_factory.mktemp("fragile"), settings=settings).running() as node:
        yield node


@pytest.mark.elasticsearch
def test_changes_that_a_busy_node_rejects_go_in_later(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    # Small requests over many connections: with room for two at the node, most are rejected.
    monkeypatch.setattr(elasticsearch_bulk, "CHUNK", 20)
    waits: list[float] = []

    def patient(post: Post, changes: Sequence[IndexChange], connections: int) -> Sent:
        return send(post, changes, connections, lambda seconds: (waits.append(seconds), time.sleep(seconds))[0])

    monkeypatch.setattr("indexer.engines.elasticsearch.send", patient)
    with contextlib.closing(ElasticsearchIndex(f"{node.url}/busy?connections=16")) as index:
        index.apply([document("first", 1, title="물")], at(1))
        many = [document(f"d{n}", n, title="물 " * 50) for n in range(2, 1_502)]
        assert index.apply(many, at(1_501)) == []
        index.refresh()
        assert index.document_count() == 1_501
        assert index.checkpoint() == at(1_501)
    assert waits, "nothing was rejected: the test shows nothing"


@pytest.mark.elasticsearch
def test_requests_that_are_too_large_are_split(node: Node) -> None:
    content = b'{"description":"' + b"x" * 40_000 + b'"}'
    many = [replace(document(f"d{n}", n, title="물"), content=content) for n in range(1, 301)]
    immense = replace(document("immense", 301, title="물"), content=b'"' + b"x" * 3_000_000 + b'"')
    with contextlib.closing(ElasticsearchIndex(f"{node.url}/large?connections=1")) as index:
        (failure,) = index.apply([*many[:150], immense, *many[150:]], at(301))
        assert (failure.id, failure.seq) == ("immense", 301)
        assert "413" in failure.reason
        index.refresh()
        assert index.document_count() == 300
        assert index.checkpoint() == at(301)


@pytest.mark.elasticsearch
def test_a_node_that_is_killed_in_the_middle_of_a_load(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_BATCH", 100)
    monkeypatch.setattr(load, "_APPLIED_AT_ONCE", 100)
    with (
        Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as ledger,
        contextlib.closing(ElasticsearchIndex(f"{node.url}/killed?timeout=60")) as index,
    ):
        put(ledger, *(dataset(KEPCO, str(n), f"전력 {n}") for n in range(1_000)))

        def apply(changes: Sequence[IndexChange], checkpoint: Checkpoint) -> list[Failure]:
            if checkpoint.seq == 400:
                node.kill()
            return index.apply(changes, checkpoint)

        with pytest.raises(IndexEngineError, match=r"cannot be reached .* is Elasticsearch running there\?"):
            load.bring_up_to_date(ledger, Hooked(index, apply=apply))  # type: ignore[arg-type]
        for attempt in (index.checkpoint, index.document_count, lambda: index.search(Request(query=Everything()))):
            with pytest.raises(IndexEngineError, match="cannot be reached"):
                attempt()
        node.start()
        _wait_for(node, "killed")
        assert index.checkpoint().seq == 300
        assert load.bring_up_to_date(ledger, index) == IndexReport(1_000, 700, 0)
        assert index.document_count() == 1_000
        assert [(r.missing, r.extra, r.different) for r in load.verify(ledger, index)] == [(0, 0, 0)]


@pytest.mark.elasticsearch
def test_a_node_that_is_killed_in_the_middle_of_a_rebuild(node: Node) -> None:
    with contextlib.closing(ElasticsearchIndex(f"{node.url}/rebuilt?timeout=60")) as index:
        index.apply([document(f"d{n}", n, title="물") for n in range(1, 101)], at(100))
        index.refresh()

        def rebuild() -> None:
            with index.rebuild("test-2") as fresh:
                fresh.apply([document("new", 1, title="물")], at(1))
                node.kill()
                fresh.apply([document("newer", 2, title="물")], at(2))

        with pytest.raises(IndexEngineError, match="cannot be reached"):
            rebuild()
        node.start()
        _wait_for(node, "rebuilt")
        assert index.document_count() == 100
        assert index.checkpoint() == at(100)
        with index.rebuild("test-1") as fresh:
            fresh.apply([document("new", 1, title="물")], at(1))
        assert matching(index, Everything()) == {"new"}


def _wait_for(node: Node, index: str) -> None:
    """A node that answers may still be reading its shards."""
    with contextlib.closing(Elasticsearch(node.url)) as client:
        client.cluster.health(index=index, wait_for_status="yellow", timeout="30s")


# --- servers that are something else


@pytest.fixture
def server() -> Iterator[Callable[..., str]]:
    """Starts servers that answer everything alike: status, headers, body."""
    running: list[ThreadingHTTPServer] = []

    def start(status: int, body: object, **headers: str) -> str:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                for name, value in {"content-type": "application/json", **headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, format: str, *args: object) -> None:
                pass

        running.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=running[-1].serve_forever, daemon=True).start()
        return f"http://user:hunter2@127.0.0.1:{running[-1].server_port}/datamoa"

    yield start
    for each in running:
        each.shutdown()
        each.server_close()


PRODUCT = {"x_elastic_product": "Elasticsearch"}


def test_servers_that_are_not_elasticsearch_8_or_9_are_told_apart(server: Callable[..., str]) -> None:
    cases = [
        (server(200, {"version": {"number": "2.11.0", "distribution": "opensearch"}}), "is not Elasticsearch"),
        (
            server(200, {"version": {"number": "7.17.9"}}, **PRODUCT),
            "Elasticsearch 7.17.9 is not supported; 8.x and 9.x",
        ),
        (server(406, {"error": "Content-Type"}, **PRODUCT), "Elasticsearch 7 or older is not supported"),
        (server(200, {"version": {"number": "10.0.0"}}, **PRODUCT), "Elasticsearch 10.0.0 is not supported"),
        (server(200, {}, **PRODUCT), "does not say that it is Elasticsearch"),
        (server(200, b"<html>login</html>", content_type="text/html"), "is not Elasticsearch"),
        (server(200, b"{not json", **PRODUCT), "not Elasticsearch's JSON"),
        (
            server(401, {"error": {"type": "security_exception", "reason": "no"}}, **PRODUCT),
            "check user, password or api_key",
        ),
        (
            server(403, {"error": {"type": "security_exception", "reason": "no"}}, **PRODUCT),
            "check user, password or api_key",
        ),
        (server(503, {"error": {"type": "x", "reason": "starting"}}, **PRODUCT), "503 x: starting"),
        ("http://user:hunter2@127.0.0.1:1/datamoa", "cannot be reached"),
    ]
    for url, said in cases:
        with contextlib.closing(ElasticsearchIndex(url)) as index, pytest.raises(IndexEngineError) as caught:
            index.checkpoint()
        assert said in str(caught.value), url
        assert str(caught.value).startswith("http://127.0.0.1:"), "the message names the address"
        assert "hunter2" not in str(caught.value), "and not the password"
