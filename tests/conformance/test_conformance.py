"""Every configured source, unasked: served from its fixture, harvested in good health, then struck by every fault.

Against a portal that has not changed, no fault changes, adds or removes a dataset.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from harvester import config, fixtures
from harvester import settings as crawl_settings
from harvester.crawl.run import harvest_source
from harvester.ledger import JobReport, Ledger
from harvester.members import HarvestSource
from tests.conformance import shapes
from tests.conformance.listing import Listing
from tests.conformance.sources import SOURCES, folder
from tests.conformance.table import FAMILIES, SETTINGS, TABLE, Absent, Must

Data = set[tuple[str, bytes, int]]


@dataclass
class Healthy:
    """A source whose records are in a ledger already; `report` is that of a second harvest, which changed nothing."""

    source: HarvestSource
    listing: Listing
    portals: dict[str, fixtures.FixturePortal]
    settings: config.Settings
    report: JobReport
    data: Data

    def harvest(self) -> JobReport:
        return harvest_source(self.settings, self.source, full=True)

    def live(self) -> Data:
        with Ledger.open(self.settings.database_url) as ledger:
            return {(held.id, held.content_hash, held.seq) for held in ledger.live()}


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Sources here wait for nothing but what a row is about."""
    with _settings(SETTINGS):
        yield


class Serving:
    """The sources, one after the other; each is served and harvested in good health once, when it is first asked for."""

    def __init__(self, homes: pytest.TempPathFactory) -> None:
        self._homes = homes
        self._serving = ExitStack()
        self._now: Healthy | None = None

    def __call__(self, name: str) -> Healthy:
        if self._now is None or self._now.source.name != name:
            self.close()
            self._now = self._healthy(name)
        return self._now

    def close(self) -> None:
        self._serving.close()

    def _healthy(self, name: str) -> Healthy:
        fixture = fixtures.Fixture.load(folder(name))
        settings = config.settings(self._homes.mktemp("conformance"))
        portals = self._serving.enter_context(fixtures.serving(fixture))
        source = fixtures.moved(SOURCES[name], portals)
        listing = Listing(source, portals, fixture.exchanges, shapes.of(source.protocol).is_page)
        assert listing.pages, "no exchange of the fixture is a page of the listing"
        first = harvest_source(settings, source, full=True)
        again = harvest_source(settings, source, full=True)
        made = Healthy(source, listing, dict(portals), settings, again, set())
        made.data = made.live()
        assert (first.verdict, again.verdict) == ("complete", "complete")
        assert (first.created, again.unchanged, again.updated) == (len(made.data), len(made.data), 0)
        assert made.data
        return made


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    made = Serving(tmp_path_factory)
    yield made
    made.close()


ROWS = [
    pytest.param(source, name, id=f"{source}: {name}")
    for source in SOURCES
    for name, row in TABLE.items()
    if isinstance(row.of(shapes.of(SOURCES[source].protocol).FAMILY), Must)
]


@pytest.mark.parametrize(("source", "name"), ROWS)
def test_a_fault_has_its_verdict_and_changes_no_data(source: str, name: str, serving: Serving) -> None:
    healthy = serving(source)
    row = TABLE[name]
    must = _must(healthy, name)
    for _ in range(row.harvests):
        with ExitStack() as faults, _settings({**SETTINGS, **row.settings}):
            for portal in healthy.portals.values():
                faults.enter_context(portal.failing(row.strike(healthy.listing, portal)))
            report = healthy.harvest()
        assert (report.verdict, report.reason.partition(":")[0]) == (must.verdict, must.reason), report
        _check_counts(report, must, healthy.report)
        assert healthy.live() == healthy.data


def _must(healthy: Healthy, name: str) -> Must:
    row = TABLE[name]
    if row.accepting and accepts(healthy.source, 502):
        return row.accepting
    if row.single and len(healthy.listing.pages) == 1:
        return row.single
    must = row.of(shapes.of(healthy.source.protocol).FAMILY)
    assert isinstance(must, Must)
    return must


def accepts(source: HarvestSource, status: int) -> bool:
    """Whether a list among the source's options names this status as one that a good body may come with."""
    values = source.options.model_dump().values()
    return any(status in value for value in values if isinstance(value, (list, tuple)))


def _check_counts(report: JobReport, must: Must, well: JobReport) -> None:
    assert report.listed == report.seen + report.failed
    assert report.seen == (
        report.created + report.updated + report.unchanged + report.rejected + report.deleted + report.duplicate
    )
    assert (report.created, report.updated, report.removed) == (0, 0, 0)
    match must.unchanged:
        case "all":
            assert report.unchanged == well.unchanged
            assert report.seen - report.duplicate == well.seen - well.duplicate
            assert report.duplicate == well.duplicate + must.duplicate
            assert report.rejected == well.rejected
        case "some":
            assert 0 < report.unchanged <= well.unchanged
        case "none":
            assert report.seen == 0
    assert must.rejected or report.rejected <= well.rejected


@pytest.mark.parametrize("name", TABLE)
def test_a_row_says_of_every_family_what_holds_or_why_nothing_can(name: str) -> None:
    row = TABLE[name]
    assert set(row.families) <= set(FAMILIES)
    for family in FAMILIES:
        found = row.of(family)
        assert isinstance(found, Must) or len(found.why) > 20


@pytest.mark.parametrize("protocol", sorted({source.protocol for source in SOURCES.values()}))
def test_a_protocol_has_the_shape_that_its_family_needs(protocol: str) -> None:
    shape = shapes.of(protocol)
    assert shape.FAMILY in FAMILIES
    missing = {name for name in ("empty", "half", "twice", "error", "same_page", "growing") if not hasattr(shape, name)}
    absent = {name for name, row in TABLE.items() if isinstance(row.of(shape.FAMILY), Absent)}
    allowed = {"endless: the same page": "same_page", "endless: growing page numbers": "growing"}
    assert missing <= {allowed[name] for name in absent}


class _settings:
    """Settings on top of those that every source gets (`harvester.settings.of_source`)."""

    def __init__(self, more: dict[str, object]) -> None:
        self._more = more

    def __enter__(self) -> None:
        self._patch = pytest.MonkeyPatch()
        before = crawl_settings.of_source
        self._patch.setattr(crawl_settings, "of_source", lambda source: {**before(source), **self._more})

    def __exit__(self, *_: object) -> None:
        self._patch.undo()
