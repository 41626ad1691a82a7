"""What the tests of the catalogue share: the real vocabulary tables, and a Korean and an English catalogue."""

from __future__ import annotations

import pytest

from harvester import config
from harvester.catalog.model import Catalog, Dataset
from harvester.catalog.normalise import Normaliser
from harvester.catalog.vocabularies import Vocabularies


@pytest.fixture(scope="session")
def vocabularies() -> Vocabularies:
    return config.vocabularies(config.default_config())


@pytest.fixture(scope="session")
def korean() -> Catalog:
    return Catalog(source="member.portal", url="https://portal.example", language="ko")


@pytest.fixture(scope="session")
def english() -> Catalog:
    return Catalog(source="member.portal", url="https://portal.example", language="en")


@pytest.fixture(scope="session")
def normaliser(vocabularies: Vocabularies, korean: Catalog) -> Normaliser:
    return Normaliser(vocabularies, korean)


@pytest.fixture(scope="session")
def bare() -> Dataset:
    """A dataset with nothing but its identity, to put single values into."""
    return Dataset(id="a" * 20, source="member.portal", identifier="1")
