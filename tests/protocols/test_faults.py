"""The same table of faults for every protocol: fault → verdict and reason, and no fault changes the data.

Each protocol's sample portal is harvested once in good health; then every fault strikes the same, unchanged portal.
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
from harvester.sample_portals.oai_pmh import envelope
from harvester.sample_portals.server import Answer, Asked, Fault, Portal
from tests.portals import faults, json_lists

pytestmark = [pytest.mark.timeout(300)]

PATHS = {"ckan": "", "dcat": "/catalog.ttl", "datagokr": "", "json_api": "", "oai_pmh": "/oai"}
OWN_OPTIONS: dict[str, dict[str, object]] = {
    "ckan": {"rows": 10},
    "dcat": {},
    "datagokr": {"page_rows": 20},
    "json_api": json_lists.OPTIONS,
    "oai_pmh": {},
}
RECORDS = {"ckan": 40, "dcat": 12, "datagokr": 82, "json_api": 34, "oai_pmh": 10}


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


@pytest.fixture(scope="module", params=["ckan", "dcat", "datagokr", "json_api", "oai_pmh"])
def healthy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Healthy]:
    protocol = request.param
    portal: Portal = {
        "ckan": sample_portals.sample_ckan,
        "dcat": sample_portals.sample_dcat,
        "datagokr": sample_portals.sample_datagokr,
        "json_api": json_lists.sample,
        "oai_pmh": sample_portals.sample_oai_pmh,
    }[protocol]()
    with portal:
        source = HarvestSource(
            member="sample",
            key=protocol,
            title=protocol,
            protocol=protocol,
            url=portal.url + PATHS[protocol],
            options=OPTIONS[protocol](**OWN_OPTIONS[protocol]),
            evidence="assumed",
            allow_private=True,
        )
        made = Healthy(portal, source, config.settings(tmp_path_factory.mktemp(protocol)), (0, {}))
        report = made.harvest()
        assert (report.verdict, report.created) == ("complete", RECORDS[protocol])
        made.before = made.data()
        yield made


EVERYWHERE: dict[str, tuple[Fault, dict[str, str]]] = {
    # name: fault, reason by protocol ("" for all that are not named)
    "blocked": (faults.forbidden(), {"": "blocked"}),
    "server error": (faults.server_error(), {"": "server error"}),
    "bad gateway": (faults.server_error(status=502), {"": "server error"}),
    "not found": (faults.always(Answer(b"not here", 404)), {"": "not found"}),
    "login page": (faults.html(), {"": "login page"}),
    "maintenance": (faults.html(faults.MAINTENANCE_PAGE), {"": "layout changed"}),
    "error inside 200": (
        faults.error_inside_200(),
        {"": "error inside 200", "datagokr": "layout changed", "oai_pmh": "layout changed"},
    ),
    "no body": (faults.body(b""), {"": "empty"}),
    "another layout": (faults.body(b'{"items": [{"id": 1}]}'), {"": "layout changed", "json_api": "error inside 200"}),
    "garbage": (faults.body(b"\x89PNG\r\n\x1a\n\x00\xff\xfe", "application/octet-stream"), {"": "unreadable answer"}),
    "wrong charset": (faults.body("<<한글>>".encode("cp949"), "application/json"), {"": "unreadable answer"}),
    "cut off": (faults.truncated(b'{"success": true, "result": {' + b" " * 5000), {"": "lost requests"}),
    "says to come back later": (faults.too_many_requests("0", 100), {"": "blocked"}),
}


@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_portal_at_fault_fails_the_job_and_changes_no_data(name: str, healthy: Healthy) -> None:
    fault, reasons = EVERYWHERE[name]
    with healthy.portal.failing(fault):
        report = healthy.harvest()
    reason = reasons.get(healthy.source.protocol, reasons[""])
    assert (report.verdict, report.reason.partition(":")[0]) == ("failed", reason), report
    assert (report.created, report.updated, report.missing, report.removed) == (0, 0, 0, 0)
    assert healthy.data() == healthy.before


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


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda: faults.too_many_requests("1", 2), id="429 twice"),
        pytest.param(lambda: faults.times(2, faults.server_error()), id="500 twice"),
        pytest.param(lambda: faults.times(1, faults.truncated(b"{" * 1000)), id="cut off once"),
    ],
)
def test_a_fault_that_passes_leaves_a_complete_job(fault: object, healthy: Healthy) -> None:
    with healthy.portal.failing(fault()):  # type: ignore[operator]
        report = healthy.harvest()
    assert (report.verdict, report.reason) == ("complete", "")
    assert report.unchanged == RECORDS[healthy.source.protocol]
    assert healthy.data() == healthy.before


@pytest.mark.parametrize("healthy", ["ckan", "dcat", "json_api", "oai_pmh"], indirect=True)
@pytest.mark.parametrize("name", ["server error", "login page"])
def test_a_listing_that_breaks_in_the_middle_is_partial(name: str, healthy: Healthy) -> None:
    def strike(asked: Asked) -> Answer | None:
        # CKAN's third page begins at the last package of the second.
        numbers = {asked.query.get(name) for name in ("start", "page", "at")}
        middle = bool(numbers & {"18", "2"}) or "resumptionToken" in asked.query
        return EVERYWHERE[name][0](asked) if middle else None

    with healthy.portal.failing(strike):
        report = healthy.harvest()
    assert (report.verdict, report.reason.partition(":")[0]) == ("partial", name)
    assert 0 < report.unchanged < RECORDS[healthy.source.protocol]
    assert (report.missing, report.removed) == (0, 0)
    assert healthy.data() == healthy.before


EMPTY = {
    "ckan": (b'{"success": true, "result": {"count": 0, "results": []}}', "application/json"),
    "dcat": (b"@prefix dcat: <http://www.w3.org/ns/dcat#> .\n<https://x.example/> a dcat:Catalog .", "text/turtle"),
    "datagokr": ("목록키,목록유형,목록명,제공기관,수정일\n".encode(), "text/csv"),
    "json_api": (b'{"status": "OK", "total": 0, "rows": null}', "application/json"),
    "oai_pmh": (envelope('<error code="noRecordsMatch"/>'), "text/xml"),
}


def test_an_empty_list_is_held_and_removes_nothing(healthy: Healthy) -> None:
    body, content_type = EMPTY[healthy.source.protocol]
    places = {
        "ckan": "package_search",
        "dcat": "/catalog.ttl",
        "datagokr": "fileDownload",
        "json_api": "/list",
        "oai_pmh": "ListRecords",
    }
    where = places[healthy.source.protocol]
    for _ in range(2):
        with healthy.portal.failing(faults.body(body, content_type, faults.at(where))):
            report = healthy.harvest()
        assert (report.verdict, report.reason.partition(":")[0]) == ("held", "empty"), report
        assert report.removed == 0
    assert healthy.data() == healthy.before


@pytest.mark.parametrize("healthy", ["ckan"], indirect=True)
def test_endless_paging_is_stopped(healthy: Healthy) -> None:
    packages: list[dict[str, object]] = [{"id": f"{number:04d}", "title": "again"} for number in range(10)]
    with healthy.portal.failing(faults.ckan_same_page_for_ever(packages)):
        report = healthy.harvest()
    assert (report.verdict, report.reason.partition(":")[0]) == ("partial", "endless paging")
    assert set(healthy.before[1]) <= set(healthy.data()[1])


@pytest.mark.parametrize("healthy", ["ckan", "json_api", "oai_pmh"], indirect=True)
def test_a_bomb_is_not_unpacked(healthy: Healthy) -> None:
    before = healthy.data()
    with healthy.portal.failing(faults.gzip_bomb(256)):
        report = healthy.harvest()
    assert (report.verdict, report.reason.partition(":")[0]) == ("failed", "unreadable answer")
    assert healthy.data() == before


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


def test_a_full_disk_of_ours_is_no_fault_of_the_portal(
    healthy: Healthy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if healthy.source.protocol in {"ckan", "json_api", "oai_pmh"}:
        pytest.skip("nothing of this protocol is written to disk before the ledger")

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
