"""Every fixture replays to what is expected of it; one test for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvester import config, fixtures

FOLDER = Path(__file__).parent / "fixtures"
SOURCES = {source.name: source for member in config.members(config.default_config()) for source in member.sources}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_the_fixture_of_a_source_replays_to_what_is_expected(name: str) -> None:
    fixture = fixtures.Fixture.load(FOLDER / name)
    report, found = fixtures.replay(fixture, SOURCES[name])
    assert (report.verdict, report.reason) == fixture.verdict
    assert found == list(fixture.expected)


def test_no_fixture_is_left_of_a_source_that_is_gone() -> None:
    assert {folder.name for folder in FOLDER.iterdir()} <= set(SOURCES)
