"""The contract on the embedded engine, and what only it must do."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.engines.base import SearchIndex
from indexer.engines.embedded import EmbeddedIndex
from tests.engines.contract import Connect, SearchIndexContract


class TestEmbeddedContract(SearchIndexContract):
    @pytest.fixture
    def connect(self, tmp_path: Path) -> Connect:
        def open_index() -> SearchIndex:
            return EmbeddedIndex(tmp_path / "index", wait=5)

        return open_index
