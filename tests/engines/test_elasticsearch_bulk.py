"""What becomes of changes that a cluster refuses: the policy, without a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from harvester.errors import IndexEngineError
from indexer.engines.base import Deletion, Failure, IndexChange
from indexer.engines.elasticsearch_bulk import DELAYS, Outcome, Post, Sent, send

OK = Outcome(201)
BUSY = Outcome(429, "es_rejected_execution_exception", "queue full")


def changes(count: int) -> list[IndexChange]:
    return [Deletion(f"d{n}", n, "a.b") for n in range(count)]


class Cluster:
    """Answers by a rule (document id, attempt) and remembers what it was sent."""

    def __init__(self, rule: Callable[[str, int, int], Outcome]) -> None:
        self.rule = rule
        self.attempts = 0
        self.sizes: list[tuple[int, int]] = []
        self.connections: list[int] = []
        self.slept: list[float] = []

    def post(self, sent: Sequence[IndexChange], chunk: int, connections: int) -> Iterator[Outcome]:
        self.attempts += 1
        self.sizes.append((len(sent), chunk))
        self.connections.append(connections)
        return iter([self.rule(change.id, self.attempts, chunk) for change in sent])

    def send(self, sent: Sequence[IndexChange]) -> Sent:
        post: Post = self.post
        return send(post, sent, 4, self.slept.append)


def test_all_is_well() -> None:
    cluster = Cluster(lambda id, attempt, chunk: OK)
    assert cluster.send(changes(3)) == Sent([], [])
    assert (cluster.attempts, cluster.slept) == (1, [])


def test_busy_for_some_is_tried_again_slower_and_slower() -> None:
    cluster = Cluster(lambda id, attempt, chunk: BUSY if id in {"d1", "d2"} and attempt < 4 else OK)
    assert cluster.send(changes(5)) == Sent([], [])
    assert [size for size, _ in cluster.sizes] == [5, 2, 2, 2]
    assert cluster.connections == [4, 1, 1, 1]
    assert len(cluster.slept) == 3
    assert all(delay / 2 <= slept <= delay * 1.5 for delay, slept in zip(DELAYS, cluster.slept, strict=False))


def test_busy_for_ever_for_one_document_is_its_failure() -> None:
    cluster = Cluster(lambda id, attempt, chunk: BUSY if id == "d1" else OK)
    assert cluster.send(changes(5)) == Sent([Failure("d1", 1, "queue full")], [])
    assert cluster.attempts == 1 + len(DELAYS)


def test_busy_for_ever_for_everything_stops_the_load() -> None:
    cluster = Cluster(lambda id, attempt, chunk: BUSY)
    with pytest.raises(IndexEngineError, match=r"refused every one of 5 changes .*queue full"):
        cluster.send(changes(5))


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_fault_of_the_server_is_tried_again(status: int) -> None:
    cluster = Cluster(lambda id, attempt, chunk: Outcome(status, "x", "y") if id == "d0" and attempt == 1 else OK)
    assert cluster.send(changes(2)) == Sent([], [])


def test_a_refused_document_is_a_failure_at_once_and_the_others_go_in() -> None:
    bad = Outcome(400, "document_parsing_exception", "immense term")
    cluster = Cluster(lambda id, attempt, chunk: bad if id == "d1" else OK)
    assert cluster.send(changes(3)) == Sent([Failure("d1", 1, "immense term")], [])
    assert cluster.attempts == 1


def test_too_large_a_request_is_split_until_the_document_stands_alone() -> None:
    large = Outcome(413, "", "HTTP 413 too large")
    cluster = Cluster(
        lambda id, attempt, chunk: OK if (chunk == 1 and id != "d3") or (chunk == 5 and id > "d5") else large
    )
    assert cluster.send(changes(9)) == Sent([Failure("d3", 3, "HTTP 413 too large")], [])
    assert cluster.sizes == [(9, 500), (9, 50), (9, 5), (6, 1)]
    assert cluster.slept == []


def test_a_newer_version_is_no_failure() -> None:
    newer = Outcome(409, "version_conflict_engine_exception", "…")
    cluster = Cluster(lambda id, attempt, chunk: newer if id == "d1" else OK)
    assert cluster.send(changes(3)) == Sent([], [Deletion("d1", 1, "a.b")])


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome(429, "cluster_block_exception", "blocked"), "read-only"),
        (Outcome(403, "cluster_block_exception", "blocked"), "read-only"),
        (Outcome(404, "index_not_found_exception", "no such index"), "run `datamoa index` again"),
        (Outcome(400, "index_closed_exception", "closed"), "open it again"),
        (Outcome(403, "security_exception", "no right"), "check the rights"),
        (Outcome(401, "", "HTTP 401"), "nothing was lost"),
    ],
)
def test_a_fault_of_the_whole_index_is_no_documents_fault(outcome: Outcome, said: str) -> None:
    cluster = Cluster(lambda id, attempt, chunk: outcome if id == "d2" else OK)
    with pytest.raises(IndexEngineError, match=said):
        cluster.send(changes(3))
    assert cluster.attempts == 1
