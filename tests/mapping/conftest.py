from __future__ import annotations

import pytest

from harvester.catalog.model import Catalog


@pytest.fixture
def catalog() -> Catalog:
    return Catalog(source="example.portal", url="https://portal.example", language="ko")
