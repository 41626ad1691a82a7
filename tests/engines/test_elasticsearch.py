"""The contract on real Elasticsearch nodes, and what only this engine must do."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

from indexer.engines.base import SearchIndex
from indexer.engines.elasticsearch import ElasticsearchIndex
from tests.engines.contract import Connect, SearchIndexContract

pytestmark = pytest.mark.elasticsearch

_names = itertools.count()


@contextlib.contextmanager
def fresh(node: str) -> Iterator[Connect]:
    """A function that opens one index, which does not exist yet and is removed in the end."""
    name = f"test-{os.getpid()}-{next(_names)}"

    def connect() -> SearchIndex:
        return ElasticsearchIndex(f"{node}/{name}")

    yield connect
    with contextlib.closing(Elasticsearch(node)) as client:
        generations = list(client.indices.get(index=f"{name}-*", features="settings").body)
        if generations:
            client.indices.delete(index=generations)


class TestElasticsearch8Contract(SearchIndexContract):
    @pytest.fixture
    def connect(self, elasticsearch: str) -> Iterator[Connect]:
        with fresh(elasticsearch) as connect:
            yield connect


class TestElasticsearch9Contract(SearchIndexContract):
    @pytest.fixture
    def connect(self, elasticsearch_9: str) -> Iterator[Connect]:
        with fresh(elasticsearch_9) as connect:
            yield connect
