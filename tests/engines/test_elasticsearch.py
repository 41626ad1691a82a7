"""The contract on real Elasticsearch nodes, and what only this engine must do."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from harvester.errors import IndexEngineError
from indexer.engines import elasticsearch as elasticsearch_index
from indexer.engines import elasticsearch_mapping
from indexer.engines.base import (
    Checkpoint,
    Deletion,
    Everything,
    Indexed,
    Phrase,
    Prefix,
    Range,
    Ranked,
    Request,
    SearchIndex,
    Term,
)
from indexer.engines.elasticsearch import ElasticsearchIndex
from indexer.parameters import DEEPEST
from tests.engines.contract import AIR, FACETED, Connect, SearchIndexContract, at, document, fill, find, matching
from tests.engines.contract_lines import LinesContract

pytestmark = pytest.mark.elasticsearch

_names = itertools.count()


@contextlib.contextmanager
def fresh(node: str) -> Iterator[str]:
    """Address of an index that does not exist yet and is removed in the end."""
    name = f"test-{os.getpid()}-{next(_names)}"
    yield f"{node}/{name}"
    with contextlib.closing(Elasticsearch(node)) as client:
        generations = list(client.indices.get(index=f"{name}-*", features="settings").body)
        if generations:
            client.indices.delete(index=generations)


class TestElasticsearch8Contract(SearchIndexContract, LinesContract):
    @pytest.fixture
    def connect(self, elasticsearch: str) -> Iterator[Connect]:
        with fresh(elasticsearch) as url:
            yield lambda: ElasticsearchIndex(url)


class TestElasticsearch9Contract(SearchIndexContract, LinesContract):
    @pytest.fixture
    def connect(self, elasticsearch_9: str) -> Iterator[Connect]:
        with fresh(elasticsearch_9) as url:
            yield lambda: ElasticsearchIndex(url)


@pytest.fixture
def url(elasticsearch: str) -> Iterator[str]:
    with fresh(elasticsearch) as url:
        yield url


@pytest.fixture
def name(url: str) -> str:
    return url.rpartition("/")[2]


@pytest.fixture
def client(elasticsearch: str) -> Iterator[Elasticsearch]:
    with contextlib.closing(Elasticsearch(elasticsearch)) as client:
        yield client


@pytest.fixture
def index(url: str) -> Iterator[SearchIndex]:
    with contextlib.closing(ElasticsearchIndex(url)) as index:
        yield index


def generations(client: Elasticsearch, name: str) -> list[str]:
    return sorted(client.indices.get(index=f"{name}-*").body)


# --- what lies in the cluster


def test_the_source_holds_the_dataset_and_not_our_terms(index: SearchIndex, client: Elasticsearch, name: str) -> None:
    content = '{"id":"a","title":{"ko":"대기 오염"},\n"distribution":[{"format":{"source":"CSV"}}]}'.encode()
    fill(
        index,
        replace(
            document("a", 7, title="대기 오염", quality=60, format=("CSV",), modified="2024-02-29"), content=content
        ),
    )
    source = client.get(index=name, id="a")["_source"]
    assert source == {
        "id": "a",
        "seq": 7,
        "source": "kepco.datagokr",
        "content_hash": "hash-of-a-7",
        "sort_title": "대기 오염",
        "quality": 60,
        "series": "a",
        "format": ["CSV"],
        "modified": ["2024-02-29"],
        "dataset": {"id": "a", "title": {"ko": "대기 오염"}, "distribution": [{"format": {"source": "CSV"}}]},
    }
    assert matching(index, Term("title", "오염")) == {"a"}


def test_an_index_takes_no_field_that_it_does_not_know(index: SearchIndex, client: Elasticsearch, name: str) -> None:
    fill(index, *AIR)
    (generation,) = generations(client, name)
    assert client.indices.get_mapping(index=generation)[generation]["mappings"]["dynamic"] == "strict"
    odd = replace(document("b", 9), values={"source": ("a.b",), "colour": ("red",)})
    (failure,) = index.apply([odd, document("c", 10)], at(10))
    assert (failure.id, failure.seq) == ("b", 9)
    assert "strict_dynamic_mapping_exception" in failure.reason
    assert "colour" in failure.reason
    index.refresh()
    assert index.document_count() == 6


def test_settings_come_from_the_address(url: str, client: Elasticsearch, name: str) -> None:
    with contextlib.closing(ElasticsearchIndex(f"{url}?shards=3&replicas=0&refresh=7s")) as index:
        fill(index, *(document(f"d{n}", n + 1, title="물", organization=f"기관{n % 40:02}") for n in range(400)))
        for _ in range(2):
            (settings,) = (
                each["settings"] for each in client.indices.get(index=name, flat_settings=True).body.values()
            )
            assert settings["index.number_of_shards"] == "3"
            assert settings["index.number_of_replicas"] == "0"
            assert settings["index.refresh_interval"] == "7s"
            # Several shards count as exactly as one.
            facets = index.search(Request(query=Term("title", "물"), facets={"organization": 3})).facets
            assert facets["organization"] == (("기관00", 10), ("기관01", 10), ("기관02", 10))
            with index.rebuild("test-1") as fresh:
                fresh.apply(
                    [document(f"d{n}", n + 1, title="물", organization=f"기관{n % 40:02}") for n in range(400)], at(400)
                )


def test_replicas_follow_the_size_of_the_cluster(index: SearchIndex, client: Elasticsearch, name: str) -> None:
    with index.rebuild("test-1") as fresh:
        fresh.apply(AIR, at(5))
        (filling,) = (
            each["settings"] for each in client.indices.get(index=f"{name}-*", flat_settings=True).body.values()
        )
        assert filling["index.refresh_interval"] == "-1"
        assert filling["index.number_of_replicas"] == "0"
    (settings,) = (each["settings"] for each in client.indices.get(index=name, flat_settings=True).body.values())
    assert settings["index.auto_expand_replicas"] == "0-1"
    assert "index.refresh_interval" not in settings
    assert client.cluster.health(index=name)["status"] == "green"


def test_the_deepest_page_that_may_be_asked_for(index: SearchIndex) -> None:
    fill(index, *AIR)
    assert index.search(Request(query=Everything(), offset=DEEPEST - 1, size=1)).total == 5


# --- tombstones and versions


def test_tombstones_outlive_the_servers_own_memory_of_deletions(
    index: SearchIndex, client: Elasticsearch, name: str
) -> None:
    fill(index, document("a", 1, title="물"), document("b", 2, title="물"), Deletion("a", 4, "kepco.datagokr"))
    # The server forgets deletions after `gc_deletes` (0 s here), with the next refresh, flush or restart.
    client.indices.flush(index=name, force=True)
    client.indices.forcemerge(index=name, max_num_segments=1)
    client.indices.close(index=name)
    client.indices.open(index=name, wait_for_active_shards=1)
    assert index.apply([document("a", 3, title="물")], at(4)) == []
    index.refresh()
    assert matching(index, Everything()) == {"b"}
    assert [each.id for each in index.documents()] == ["b"]
    assert index.document_count() == 1


def test_what_somebody_else_did_to_documents_can_be_undone(
    index: SearchIndex, client: Elasticsearch, name: str
) -> None:
    fill(index, *FACETED)
    client.delete(index=name, id="a")
    client.index(index=name, id="b", document={"id": "b", "sort_title": "다른 것"})
    client.update(index=name, id="c", doc={"content_hash": "changed"})
    client.index(index=name, id="stray", document={"sort_title": "모르는 것"}, refresh=True)
    found = {each.id: each for each in index.documents()}
    assert set(found) == {"b", "c", "d", "e", "stray"}
    assert found["b"] == Indexed("b", "", "")
    assert found["c"].content_hash == "changed"
    fill(index, *FACETED, Deletion("stray", 5, ""))
    assert {(each.id, each.content_hash) for each in index.documents()} == {
        (each.id, each.content_hash) for each in FACETED
    }


def test_a_newer_version_of_another_loader_is_left_alone(index: SearchIndex, url: str) -> None:
    with contextlib.closing(ElasticsearchIndex(url)) as other:
        fill(other, *(document(f"d{n}", 100 + n, title="새것") for n in range(50)))
    fill(index, *(document(f"d{n}", n + 1, title="옛것") for n in range(50)))
    assert len(find(index, Term("title", "새것"))) == 50
    assert find(index, Term("title", "옛것")) == []
    assert index.checkpoint() == at(149), "an older checkpoint does not replace a newer one"


# --- generations


def test_of_two_loaders_that_begin_at_once_one_makes_the_index(url: str, client: Elasticsearch, name: str) -> None:
    with contextlib.closing(ElasticsearchIndex(url)) as one, contextlib.closing(ElasticsearchIndex(url)) as two:
        assert one.checkpoint() == two.checkpoint() == Checkpoint()
        fill(one, AIR[0])
        fill(two, AIR[1])
        assert matching(one, Everything()) == {"air1", "air2"}
    assert generations(client, name) == [f"{name}-000001"]


def test_only_one_generation_stays(index: SearchIndex, client: Elasticsearch, name: str) -> None:
    fill(index, *AIR)
    for _ in range(2):
        with index.rebuild("test-1") as fresh:
            fresh.apply(AIR, at(5))
        (generation,) = generations(client, name)
        assert list(client.indices.get_alias(name=name).body) == [generation]


def test_an_aborted_rebuild_removes_its_index(index: SearchIndex, client: Elasticsearch, name: str) -> None:
    fill(index, *AIR)

    def stop() -> None:
        with index.rebuild("test-2"):
            assert len(generations(client, name)) == 2
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert generations(client, name) == [f"{name}-000001"]


def test_a_loader_that_outlives_a_rebuild_is_refused(
    index: SearchIndex, url: str, client: Elasticsearch, name: str
) -> None:
    fill(index, *AIR)
    with contextlib.closing(ElasticsearchIndex(url)) as late:
        assert late.checkpoint() == at(5)
        with index.rebuild("test-1") as fresh:
            fresh.apply(AIR[:2], at(2))
        with pytest.raises(IndexEngineError, match="run `datamoa index` again"):
            late.apply([document("x", 6)], at(6))
        assert len(generations(client, name)) == 1, "the old generation must not come back by being written to"
        assert late.checkpoint() == at(2)
        fill(late, document("x", 6))
    assert index.document_count() == 3


def test_what_a_killed_rebuild_left_is_removed_when_it_is_old(
    index: SearchIndex, client: Elasticsearch, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(index, *AIR)
    killed = index.rebuild("test-2")
    killed.__enter__()
    not_ours = f"{name}-2-000001"
    client.indices.create(index=not_ours)
    with index.rebuild("test-1") as fresh:
        fresh.apply(AIR, at(5))
    assert len(generations(client, name)) == 3, "it may still be filled by somebody"
    monkeypatch.setattr("indexer.engines.elasticsearch._ORPHAN_AGE", 0.0)
    with index.rebuild("test-1") as fresh:
        fresh.apply(AIR, at(5))
    assert len(generations(client, name)) == 2
    assert not_ours in generations(client, name)


def test_an_index_of_that_name_is_not_taken_over(url: str, client: Elasticsearch, name: str) -> None:
    client.indices.create(index=name)
    try:
        with (
            contextlib.closing(ElasticsearchIndex(url)) as index,
            pytest.raises(IndexEngineError, match="take another name in DATAMOA_INDEX_URL"),
        ):
            index.apply(AIR, at(5))
    finally:
        client.indices.delete(index=name)


def test_an_alias_of_several_indices_is_refused(index: SearchIndex, client: Elasticsearch, name: str) -> None:
    fill(index, *AIR)
    client.indices.create(index=f"{name}-x", aliases={name: {}})
    with pytest.raises(IndexEngineError, match="stands for several indices"):
        index.checkpoint()
    with index.rebuild("test-1") as fresh:
        fresh.apply(AIR[:2], at(2))
        assert fresh.checkpoint() == at(2), "what is being filled is asked, not what the alias stands for"
        fresh.apply(AIR[2:3], at(3))
    assert index.checkpoint() == at(3)
    assert index.document_count() == 3
    assert client.indices.exists(index=f"{name}-x"), "an index that is not ours is left alone"


# --- documents and indices that refuse


def test_a_poisoned_document_is_returned_and_the_others_go_in(index: SearchIndex) -> None:
    poisoned: dict[str, Any] = {
        "immense": document("immense", 2, title="물", organization="가" * 20_000),
        "not-a-day": document("not-a-day", 3, title="물", modified="어제"),
        "not-a-year": document("not-a-year", 4, title="물", year="올해"),
    }
    good = [document(f"d{n}", 10 + n, title="물") for n in range(1200)]
    failures = index.apply([*good[:600], *poisoned.values(), *good[600:]], at(1300))
    index.refresh()
    assert {failure.id: failure.seq for failure in failures} == {"immense": 2, "not-a-day": 3, "not-a-year": 4}
    reasons = {failure.id: failure.reason for failure in failures}
    assert "immense" in reasons["immense"]
    assert "어제" in reasons["not-a-day"]
    assert index.document_count() == 1200
    assert index.checkpoint() == at(1300)


@pytest.mark.parametrize("block", ["read_only_allow_delete", "read_only", "write"])
def test_a_read_only_index_stops_the_load_and_keeps_the_checkpoint(
    index: SearchIndex, client: Elasticsearch, name: str, block: str
) -> None:
    fill(index, *AIR)
    client.indices.put_settings(index=name, settings={f"index.blocks.{block}": True})
    try:
        with pytest.raises(IndexEngineError, match=r"read-only.*free some space"):
            index.apply([document("x", 6)], at(6))
        assert index.checkpoint() == at(5)
        assert matching(index, Term("title", "버스")) == {"bus1"}, "searching goes on"
    finally:
        client.indices.put_settings(index=name, settings={f"index.blocks.{block}": None})
    fill(index, document("x", 6))
    assert index.checkpoint() == at(6)


def test_a_closed_index_stops_the_load(index: SearchIndex, client: Elasticsearch, name: str) -> None:
    fill(index, *AIR)
    client.indices.close(index=name)
    for attempt in (lambda: index.apply([document("x", 6)], at(6)), lambda: index.search(Request(query=Everything()))):
        with pytest.raises(IndexEngineError, match="open it again"):
            attempt()


def test_an_index_of_other_fields_is_searched_as_it_is_until_a_rebuild(
    index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def older(meta: dict[str, Any]) -> dict[str, Any]:
        made = elasticsearch_mapping.mappings(meta)
        made["dynamic"] = False
        for name in ("theme", "modified", "series", "quality"):
            del made["properties"][name]
        for name in ("grams", "word"):
            del made["properties"]["terms"]["properties"][name]
        return made

    with monkeypatch.context() as release:
        release.setattr(elasticsearch_index, "mappings", older)
        fill(
            index,
            document("a", 1, title="물 불", organization="갑", issued="2020-01-01"),
            document("b", 2, title="물", organization="을", issued="2021-01-01"),
        )
    assert matching(index, Phrase("title", ("물", "불"))) == {"a"}
    assert matching(index, Ranked(Term("title", "물"), Term("grams", "물"))) == {"a", "b"}
    for node in (Term("grams", "물"), Prefix("word", "a"), Term("theme", "HEAL"), Range("modified")):
        assert matching(index, node) == set()
    found = index.search(Request(Everything(), facets={"theme": 5, "organization": 5}, sort="-issued"))
    assert [hit.id for hit in found.hits] == ["b", "a"]
    assert found.facets == {"theme": (), "organization": (("갑", 1), ("을", 1))}
    # An order that it lacks: the pages still have every document once.
    first = index.search(Request(Everything(), sort="-modified", size=1))
    second = index.search(Request(Everything(), sort="-modified", size=1, after=first.cursor))
    assert [hit.id for hit in (*first.hits, *second.hits)] == ["a", "b"]
    # It knows no series either: nothing is folded.
    folded = index.search(Request(Everything(), fold=True, size=1))
    unfolded = index.search(Request(Everything(), fold=True, size=1, after=folded.cursor))
    assert [(hit.id, hit.series, hit.folded) for hit in (*folded.hits, *unfolded.hits)] == [
        ("a", None, 1),
        ("b", None, 1),
    ]
    assert index.facet_values("theme", Everything(), {}) == []
    assert index.facet_values("organization", Everything(), {}) == [("갑", 1), ("을", 1)]
    assert [hit.id for hit in index.search(Request(Everything(), sort="quality")).hits] == ["a", "b"]
    assert (index.words("word"), index.words("word", limit=5)) == ([], [])
    assert index.frequencies([("word", "a|a"), ("title", "물")]) == [0, 2]
