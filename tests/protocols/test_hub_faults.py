"""Whole harvests of hubs and pages at fault: verdict and reason, and no fault changes the data.

The portals are the fixtures of configured sources, one for each protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from harvester import config, fixtures
from harvester.crawl.run import harvest_source
from harvester.ledger import JobReport, Ledger
from harvester.members import HarvestSource
from harvester.options import OPTIONS
from harvester.sample_portals.server import Answer, Asked, Fault, Portal
from tests.portals import faults
from tests.portals.linked import LinkedPortal

FIXTURES = Path(__file__).parents[1] / "fixtures"
SOURCES = {source.name: source for member in config.members(config.default_config()) for source in member.sources}
ONE_OF_EACH = ("skt.huggingface", "samsung-sds.github", "amc.datacite", "lg-cns.korquad")
SECOND_PAGE = {"skt.huggingface": "eyJwYWdlIjoi1In0=", "samsung-sds.github": "/organizations/", "amc.datacite": "MTU4"}


@dataclass
class Healthy:
    """A portal whose records are in a ledger already."""

    name: str
    portal: Portal
    source: HarvestSource
    settings: config.Settings
    before: tuple[int, dict[str, bytes]] = (0, {})

    def harvest(self) -> JobReport:
        return harvest_source(self.settings, self.source, full=True)

    def data(self) -> tuple[int, dict[str, bytes]]:
        with Ledger.open(self.settings.database_url) as ledger:
            return ledger.last_seq(), {held.id: held.content_hash for held in ledger.live()}


@pytest.fixture(scope="module", params=ONE_OF_EACH)
def healthy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Healthy]:
    name = request.param
    with fixtures.serving(fixtures.Fixture.load(FIXTURES / name)) as portals:
        (portal,) = portals.values()
        made = Healthy(
            name, portal, fixtures.moved(SOURCES[name], portals), config.settings(tmp_path_factory.mktemp("home"))
        )
        assert made.harvest().verdict == "complete"
        made.before = made.data()
        yield made


EVERYWHERE: dict[str, tuple[Fault, str]] = {
    "blocked": (faults.forbidden(), "blocked"),
    "rate limit": (faults.always(Answer(b"{}", 429, {"Retry-After": "0"})), "blocked"),
    "server error": (faults.server_error(), "server error"),
    "not found": (faults.always(Answer(b'{"message": "Not Found"}', 404)), "not found"),
    "login page": (faults.html(), "login page"),
    "maintenance": (faults.html(faults.MAINTENANCE_PAGE), "layout changed"),
    "error inside 200": (faults.error_inside_200(), "error inside 200"),
    "no body": (faults.body(b""), "empty"),
    "another layout": (faults.body(b'{"items": [{"id": 1}]}'), "layout changed"),
    "garbage": (faults.body(b"\x89PNG\r\n\x1a\n\x00\xff\xfe", "application/octet-stream"), "unreadable answer"),
    "cut off": (faults.truncated(b'{"data": [' + b" " * 5000), "lost requests"),
    "a bomb": (faults.gzip_bomb(128), "unreadable answer"),
}


@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_portal_at_fault_fails_the_job_and_changes_no_data(name: str, healthy: Healthy) -> None:
    fault, reason = EVERYWHERE[name]
    with healthy.portal.failing(fault):
        report = healthy.harvest()
    assert (report.verdict, report.reason.partition(":")[0]) == ("failed", reason), report
    assert healthy.data() == healthy.before


@pytest.mark.parametrize("healthy", ONE_OF_EACH[:3], indirect=True)
@pytest.mark.parametrize("name", ["server error", "login page", "error inside 200", "blocked", "cut off"])
def test_a_listing_that_breaks_in_the_middle_is_partial(name: str, healthy: Healthy) -> None:
    fault, reason = EVERYWHERE[name]
    second = faults.at(SECOND_PAGE[healthy.name])
    with healthy.portal.failing(lambda asked: fault(asked) if second(asked) else None):
        report = healthy.harvest()
    assert (report.verdict, report.reason.partition(":")[0]) == ("partial", reason), report
    assert report.unchanged > 0
    assert healthy.data() == healthy.before


@pytest.mark.parametrize("healthy", ONE_OF_EACH[:3], indirect=True)
def test_an_empty_list_is_held(healthy: Healthy) -> None:
    body = b'{"data": [], "meta": {"total": 0}, "links": {}}' if "datacite" in healthy.name else b"[]"
    for _ in range(2):
        with healthy.portal.failing(faults.body(body)):
            report = healthy.harvest()
        assert (report.verdict, report.reason.partition(":")[0]) == ("held", "empty"), report
    assert healthy.data() == healthy.before


def test_what_passes_leaves_a_complete_job(healthy: Healthy) -> None:
    with healthy.portal.failing(faults.times(2, faults.server_error())):
        report = healthy.harvest()
    assert (report.verdict, report.reason) == ("complete", "")
    assert healthy.data() == healthy.before


def _harvested(portal: Portal, tmp_path: Path) -> JobReport:
    source = HarvestSource(
        member="sample",
        key="github",
        title="sample",
        protocol="github_org",
        url=portal.url,
        options=OPTIONS["github_org"](organisation="kakao"),
        evidence="assumed",
        allow_private=True,
    )
    return harvest_source(config.settings(tmp_path), source)


def test_the_same_page_for_ever_is_stopped(tmp_path: Path) -> None:
    with LinkedPortal("/orgs/kakao/repos", []) as portal:

        def again(asked: Asked) -> Answer | None:
            if asked.path == "/robots.txt":
                return None
            page = int(asked.query.get("page", "1"))
            link = f'<{portal.url}/orgs/kakao/repos?per_page=100&page={page + 1}>; rel="next"'
            return Answer(msgspec.json.encode([{"id": 1, "name": "a"}]), headers={"Link": link})

        def itself(asked: Asked) -> Answer | None:
            answer = again(asked)
            link = f'<{portal.url}/orgs/kakao/repos?per_page=100&page=1>; rel="next"'
            return answer and Answer(answer.body, headers={"Link": link})

        for number, fault in enumerate((again, itself)):
            with portal.failing(fault):
                report = _harvested(portal, tmp_path / str(number))
            assert (report.verdict, report.reason.partition(":")[0]) == ("partial", "endless paging")
    assert portal.count() < 20


def test_identifiers_that_come_twice_are_counted(tmp_path: Path) -> None:
    rows = [{"id": number % 3, "name": f"a-{number}"} for number in range(5)]
    with LinkedPortal("/orgs/kakao/repos", rows) as portal:
        report = _harvested(portal, tmp_path)
    assert (report.verdict, report.listed, report.created, report.duplicate) == ("complete", 5, 3, 2)
