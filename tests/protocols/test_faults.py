"""Faults that are no portal's answer: slowness, robots.txt, withdrawn records, and our own full disk.

What portals answer in the place of what was due stands in `tests.conformance.table`, for every source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from harvester import config, sample_portals
from harvester.crawl.downloads import Downloads
from harvester.crawl.run import harvest_source
from harvester.ledger import JobReport, Ledger
from harvester.members import HarvestSource
from harvester.options import OPTIONS
from harvester.sample_portals.server import Answer, Fault, Portal
from tests.portals import faults

pytestmark = [pytest.mark.timeout(300)]

OWN_OPTIONS: dict[str, dict[str, object]] = {"ckan": {"rows": 10}, "datagokr": {"page_rows": 20}}
RECORDS = {"ckan": 40, "datagokr": 82}


@dataclass
class Healthy:
    """A portal whose records are in a ledger already."""

    portal: Portal
    source: HarvestSource
    settings: config.Settings
    before: tuple[int, dict[str, bytes]]

    def harvest(self) -> JobReport:
        return harvest_source(self.settings, self.source, full=True)

    def data(self) -> tuple[int, dict[str, bytes]]:
        """Last seq and content hashes: what no fault may change."""
        with Ledger.open(self.settings.database_url) as ledger:
            return ledger.last_seq(), {held.id: held.content_hash for held in ledger.live()}


@pytest.fixture(scope="module", params=["ckan", "datagokr"])
def healthy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Healthy]:
    protocol = request.param
    portal: Portal = {
        "ckan": sample_portals.sample_ckan,
        "datagokr": sample_portals.sample_datagokr,
    }[protocol]()
    with portal:
        source = HarvestSource(
            member="sample",
            key=protocol,
            title=protocol,
            protocol=protocol,
            url=portal.url,
            options=OPTIONS[protocol](**OWN_OPTIONS[protocol]),
            evidence="assumed",
            allow_private=True,
        )
        made = Healthy(portal, source, config.settings(tmp_path_factory.mktemp(protocol)), (0, {}))
        report = made.harvest()
        assert (report.verdict, report.created) == ("complete", RECORDS[protocol])
        made.before = made.data()
        yield made


def test_a_slow_portal_meets_the_time_limit(healthy: Healthy) -> None:
    hasty = healthy.source.model_copy(update={"time_limit": timedelta(seconds=1)})
    with healthy.portal.failing(faults.slow(3.0)):
        report = harvest_source(healthy.settings, hasty, full=True)
    assert (report.verdict, report.reason.partition(":")[0]) == ("failed", "timeout")
    assert healthy.data() == healthy.before


def test_a_portal_that_asks_robots_to_stay_away_is_left_alone(healthy: Healthy) -> None:
    asked = healthy.portal.count()
    with healthy.portal.failing(_robots("User-agent: *\nDisallow: /\n")):
        report = healthy.harvest()
    assert (report.verdict, report.reason.partition(":")[0]) == ("failed", "robots")
    assert healthy.portal.count() == asked
    assert healthy.data() == healthy.before


def _robots(text: str) -> Fault:
    return lambda asked: Answer(text.encode()) if asked.path == "/robots.txt" else None


def test_withdrawn_records_keep_their_row(tmp_path: Path) -> None:
    """A further part that cannot be had leaves an issue and the record."""
    with sample_portals.sample_datagokr() as portal:
        portal.withdrawn.update({"99000001", "99000002"})
        source = HarvestSource(
            member="sample",
            key="withdrawn",
            title="withdrawn",
            protocol="datagokr",
            url=portal.url,
            options=OPTIONS["datagokr"](organisations=("한빛전력공사",), details=("schema_org", "rdf")),
            evidence="assumed",
            allow_private=True,
        )
        settings = config.settings(tmp_path)
        report = harvest_source(settings, source)
        with Ledger.open(settings.database_url) as ledger:
            issues = ledger.issue_counts(report.job)
            stored = ledger.stored_parts(source.name, ["99000001", "99000003"])
    assert (report.listed, report.created, report.rejected) == (13, 13, 0)
    assert sum(number for (severity, _), number in issues.items() if severity == "warning") == 4
    assert {part.name for part in stored["99000001"]} == {"listing"}
    assert {part.name for part in stored["99000003"]} == {"listing", "schema_org", "rdf"}


@pytest.mark.parametrize("healthy", ["datagokr"], indirect=True)
def test_a_full_disk_of_ours_is_no_fault_of_the_portal(
    healthy: Healthy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_a_full_disk(downloads: Downloads, url: str) -> Path:
        file = tmp_path / "part"
        file.unlink(missing_ok=True)
        file.symlink_to("/dev/full")
        return file

    with monkeypatch.context() as here:
        here.setattr(Downloads, "temporary", on_a_full_disk)
        here.setattr(Downloads, "fetched", lambda *_: None)
        report = healthy.harvest()
    assert report.verdict == "failed"
    assert report.reason.startswith("interrupted: a download cannot be written")
    assert healthy.data() == healthy.before
    again = healthy.harvest()
    assert (again.job, again.verdict) == (report.job, "complete"), "the job was left to be taken up again"
