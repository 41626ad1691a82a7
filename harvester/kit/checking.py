"""Whether a source still does with its fixture what it is expected to, and what a faulty portal would do to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from harvester import config
from harvester.fixtures import (
    Fixture,
    FixturePortal,
    as_recorded,
    harvest_fixture,
    outcomes,
    sentences,
    serving,
    throw_away,
)
from harvester.kit.crawls import listening
from harvester.kit.differences import Difference, NewIssue, differences, new_issues
from harvester.ledger import Ledger
from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked, Fault

_HTML = {"Content-Type": "text/html; charset=utf-8"}
_LOGIN = (
    "<!DOCTYPE html><html><head><title>로그인</title></head><body><form action=/login method=post>"
    "<input name=userId><input type=password name=userPw></form></body></html>"
)
_ANSWERS: Mapping[str, Answer] = {
    "login page": Answer(_LOGIN.encode(), 200, _HTML),
    "error 500": Answer(b"<h1>Internal Server Error</h1>", 500, _HTML),
    "empty body": Answer(b"", 200, _HTML),
    "another page": Answer("<!DOCTYPE html><html><body><h1>서비스 점검중</h1></body></html>".encode(), 200, _HTML),
}


class Faulty(msgspec.Struct, frozen=True, kw_only=True):
    """What a job made of a portal that answers everything with one fault; `changed` datasets must be none."""

    fault: str
    verdict: str | None
    reason: str
    changed: int

    @property
    def is_harmless(self) -> bool:
        """Whether the fault was noticed and changed nothing."""
        return self.verdict != "complete" and not self.changed


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay gave: the verdict it has and the one it must have, differences from what is expected, faults."""

    source: str
    verdict: tuple[str | None, str]
    expected_verdict: tuple[str, str]
    records: int
    differences: Sequence[Difference]
    issues: Sequence[NewIssue]
    faults: Sequence[Faulty]
    said: Sequence[str]

    @property
    def is_right(self) -> bool:
        """Whether nothing differs and no fault does harm."""
        same = self.verdict == self.expected_verdict and not self.differences
        return same and all(faulty.is_harmless for faulty in self.faults)


def check(settings: config.Settings, source: HarvestSource, folder: Path) -> Checked:
    """Replay the fixture ``folder/<source>``, then harvest it again behind each fault.

    Raises `ConfigurationError` where there is no whole fixture.
    """
    fixture = Fixture.load(folder / source.name)
    expected = fixture.expected
    with serving(fixture) as portals, throw_away(settings.config) as here, listening() as said:
        report = harvest_fixture(fixture, source, here, portals)
        with Ledger.open(here.database_url) as ledger:
            found = outcomes(ledger, source, report, portals)
            words = sentences(ledger, report, portals)
        first = [as_recorded(line, portals) for line in said]
        faults = [
            _behind(name, answer, fixture, source, here, portals) for name, answer in _ANSWERS.items() if report.seen
        ]
    return Checked(
        source=source.name,
        verdict=(report.verdict, report.reason),
        expected_verdict=fixture.verdict,
        records=len(found),
        differences=differences(expected, found),
        issues=new_issues(expected, found, words),
        faults=faults,
        said=first,
    )


def _behind(
    name: str,
    answer: Answer,
    fixture: Fixture,
    source: HarvestSource,
    settings: config.Settings,
    portals: Mapping[str, FixturePortal],
) -> Faulty:
    before = _state(settings, source)
    with ExitStack() as failing:
        for portal in portals.values():
            failing.enter_context(portal.failing(_always(answer)))
        report = harvest_fixture(fixture, source, settings, portals)
    after = _state(settings, source)
    changed = sum(before.get(id_) != after.get(id_) for id_ in before.keys() | after.keys())
    return Faulty(fault=name, verdict=report.verdict, reason=report.reason, changed=changed)


def _always(answer: Answer) -> Fault:
    def strike(asked: Asked) -> Answer | None:
        return None if asked.path == "/robots.txt" else answer

    return strike


def _state(settings: config.Settings, source: HarvestSource) -> dict[str, bytes]:
    with Ledger.open(settings.database_url) as ledger:
        return {one.id: one.content_hash for one in ledger.export(source.name)}
