"""What holds for every configured source, whatever its portal answers."""

from __future__ import annotations

import pytest

from harvester import settings
from harvester.members import HarvestSource
from harvester.options import OPTIONS
from tests.conformance import shapes
from tests.conformance.sources import CONFIGURED, SOURCES, folder


@pytest.mark.parametrize("name", CONFIGURED)
def test_a_source_has_a_fixture(name: str) -> None:
    assert (folder(name) / "index.json").is_file(), f"no fixture of {name}: make one with `datamoa record {name}`"


@pytest.mark.parametrize("name", CONFIGURED)
def test_a_source_crawls_no_faster_than_the_default_without_a_written_reason(name: str) -> None:
    source = CONFIGURED[name]
    assert not is_faster(source) or source.faster_because, f"{name}: say why in `faster_because`, or let it take time"


def test_what_is_faster_than_the_default_is_noticed() -> None:
    source = next(iter(CONFIGURED.values()))
    assert not is_faster(source)
    slower = {"download_delay": settings.DOWNLOAD_DELAY * 4, "concurrent_requests": 1}
    assert not is_faster(source.model_copy(update=slower))
    for faster in (
        {"download_delay": settings.DOWNLOAD_DELAY / 2},
        {"concurrent_requests": settings.CONCURRENT_REQUESTS_PER_DOMAIN + 1},
        {"allow_private": True},
    ):
        assert is_faster(source.model_copy(update=faster)), faster


def is_faster(source: HarvestSource) -> bool:
    """Whether a source asks its portal more often, or more at once, than `harvester.settings` does by default."""
    own = settings.of_source(source)
    return bool(
        own.get("DOWNLOAD_DELAY", settings.DOWNLOAD_DELAY) < settings.DOWNLOAD_DELAY
        or own.get("CONCURRENT_REQUESTS", 0) > settings.CONCURRENT_REQUESTS
        or own.get("CONCURRENT_REQUESTS_PER_DOMAIN", 0) > settings.CONCURRENT_REQUESTS_PER_DOMAIN
        or not own.get("AUTOTHROTTLE_ENABLED", settings.AUTOTHROTTLE_ENABLED)
    )


@pytest.mark.parametrize("protocol", OPTIONS)
def test_a_protocol_stands_in_the_table_of_faults(protocol: str) -> None:
    struck = [source for source in SOURCES.values() if source.protocol == protocol]
    assert struck, f"no source of {protocol} is struck: give it one in tests/conformance/sources.py, and a fixture"
    for source in struck:
        shapes.of(source)
