"""Loading, on a real Elasticsearch node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from indexer.engines.elasticsearch import ElasticsearchIndex
from tests.engines.contract import Connect
from tests.engines.test_elasticsearch import fresh
from tests.test_load import LoadContract

pytestmark = pytest.mark.elasticsearch


class TestElasticsearchLoad(LoadContract):
    @pytest.fixture
    def connect(self, elasticsearch: str) -> Iterator[Connect]:
        with fresh(elasticsearch) as url:
            yield lambda: ElasticsearchIndex(url)
