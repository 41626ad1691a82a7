"""Every configured source, unasked: served from its fixture, harvested in good health, then struck by every fault.

Against a portal that has not changed, no fault changes, adds or removes a dataset.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from scrapy.http import Request, Response

from harvester import config, fixtures
from harvester import settings as crawl_settings
from harvester.crawl.details import Details
from harvester.crawl.run import harvest_source
from harvester.ledger import JobReport, Ledger
from harvester.members import Expectations, HarvestSource
from harvester.sample_portals.server import Answer, Fault
from tests.conformance import shapes
from tests.conformance.listing import Listing
from tests.conformance.sources import INCREMENTAL, SOURCES, WITH_DETAILS, folder, with_spider
from tests.conformance.strikes import another_layout
from tests.conformance.table import FAMILIES, SETTINGS, TABLE, Absent, Must, must
from tests.portals.faults import server_error

Data = set[tuple[str, bytes, int]]


@dataclass
class Healthy:
    """A source whose records are in a ledger already; `report` is that of a second harvest, which changed nothing.

    `details` are the paths of what was asked for beside the listing.
    """

    source: HarvestSource
    listing: Listing
    portals: dict[str, fixtures.FixturePortal]
    settings: config.Settings
    ledger: Ledger
    report: JobReport = field(init=False)
    data: Data = field(default_factory=set)
    details: set[str] = field(default_factory=set)

    def harvest(self, *, full: bool | None = None) -> JobReport:
        """Harvest all of the source, but of its details what a scheduled job would ask for; `full`: those, too."""
        return harvest_source(self.settings, self.source, full=full or self.source.options.incremental or None)

    def live(self) -> Data:
        return {(held.id, held.content_hash, held.seq) for held in self.ledger.live()}


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Sources here wait for nothing but what a row is about, and have keys where they need them."""
    with _settings(SETTINGS), pytest.MonkeyPatch.context() as environment:
        for source in SOURCES.values():
            for name in re.findall(r"\$\{(\w+)\}", source.options.model_dump_json()):
                environment.setenv(name, "a-key-of-these-tests")
        yield


class Serving:
    """The sources; each is served, and harvested in good health, when it is first asked for, until the end."""

    def __init__(self, homes: pytest.TempPathFactory) -> None:
        self._homes = homes
        self._serving = ExitStack()
        self._healthy_ones: dict[str, Healthy] = {}

    @contextmanager
    def struck(self, name: str) -> Iterator[Healthy]:
        """Have a healthy source; one that a failed test may have spoilt is made anew for the next."""
        healthy = self._healthy_ones.pop(name, None) or self._healthy(name)
        yield healthy
        self._healthy_ones[name] = healthy

    def close(self) -> None:
        self._serving.close()

    def _healthy(self, name: str) -> Healthy:
        home = self._homes.mktemp("conformance")
        configuration, kept = with_spider(home) if name == "other.spider" else (None, folder(name).parent)
        settings = config.settings(home, configuration)
        fixture = fixtures.Fixture.load(kept / name)
        portals = self._serving.enter_context(fixtures.serving(fixture))
        # A source that may lose more (`expect`) may lose half of its few records here.
        source = fixtures.moved(SOURCES[name], portals).model_copy(update={"expect": Expectations(max_drop=0.2)})
        listing = Listing(source, portals, fixture.exchanges, shapes.of(source).is_page)
        assert listing.pages, "no exchange of the fixture is a page of the listing"
        ledger = self._serving.enter_context(Ledger.open(settings.database_url))
        made = Healthy(source, listing, dict(portals), settings, ledger)
        with _noted() as made.details:
            first = made.harvest()
        again = made.report = made.harvest()
        made.data = made.live()
        assert (first.verdict, again.verdict) == ("complete", "complete")
        assert (first.created, again.unchanged, again.updated) == (len(made.data), len(made.data), 0)
        assert made.data
        return made


@contextmanager
def _noted() -> Iterator[set[str]]:
    """The paths of the details that are asked for meanwhile."""
    paths: set[str] = set()
    download = Details._download

    async def noting(self: Details, request: Request) -> Response:
        paths.add(unquote(urlsplit(request.url).path))
        return await download(self, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Details, "_download", noting)
        yield paths


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    made = Serving(tmp_path_factory)
    yield made
    made.close()


ROWS = [
    pytest.param(source, name, id=f"{source}: {name}")
    for source in SOURCES
    for name in TABLE
    if not isinstance(must(SOURCES[source], name), Absent)
]


@pytest.mark.parametrize(("source", "name"), ROWS)
def test_a_fault_has_its_verdict_and_changes_no_data(source: str, name: str, serving: Serving) -> None:
    row = TABLE[name]
    with serving.struck(source) as healthy:
        allowed = _allowed(healthy, name)
        for _ in range(row.harvests):
            with ExitStack() as faults, _settings({**SETTINGS, **row.settings}):
                for portal in healthy.portals.values():
                    faults.enter_context(portal.failing(row.strike(healthy.listing, portal)))
                report = healthy.harvest()
            said = (report.verdict, report.reason.partition(":")[0])
            assert said in {(one.verdict, one.reason) for one in allowed}, report
            (expected,) = (one for one in allowed if said == (one.verdict, one.reason))
            _check_counts(report, expected, healthy.report)
            assert healthy.live() == healthy.data


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("source", INCREMENTAL)
def test_no_fault_changes_the_data_of_an_incremental_harvest(source: str, name: str, serving: Serving) -> None:
    row = TABLE[name]
    with serving.struck(source) as healthy:
        with ExitStack() as faults, _settings({**SETTINGS, **row.settings}):
            for portal in healthy.portals.values():
                faults.enter_context(portal.failing(row.strike(healthy.listing, portal)))
            report = harvest_source(healthy.settings, healthy.source, full=False)
        assert not report.full
        assert (report.created, report.updated, report.removed, report.missing) == (0, 0, 0, 0)
        assert healthy.live() == healthy.data


@pytest.mark.parametrize("source", SOURCES)
def test_which_sources_have_further_parts(source: str, serving: Serving) -> None:
    with serving.struck(source) as healthy:
        assert bool(healthy.details) is (source in WITH_DETAILS)


@pytest.mark.parametrize("source", WITH_DETAILS)
def test_further_parts_in_another_layout_are_told_and_change_no_data(source: str, serving: Serving) -> None:
    with serving.struck(source) as healthy:
        with ExitStack() as faults:
            for portal in healthy.portals.values():
                faults.enter_context(portal.failing(_details(healthy, portal, another_layout)))
            report = healthy.harvest(full=True)
        assert (report.verdict, report.reason) in {
            ("partial", "layout changed"),
            ("partial", "unreadable answer"),
            ("partial", "error inside 200"),
        }
        assert "could not be used" in report.detail
        assert healthy.live() == healthy.data
        assert healthy.harvest(full=True).verdict == "complete"
        assert healthy.live() == healthy.data


def _details(healthy: Healthy, portal: fixtures.FixturePortal, change: Callable[[Answer], Answer]) -> Fault:
    return lambda asked: change(portal.answer(asked)) if asked.path in healthy.details else None


@pytest.mark.parametrize("source", WITH_DETAILS)
def test_further_parts_that_could_not_be_had_come_with_the_next_harvest(
    source: str, serving: Serving, tmp_path: Path
) -> None:
    """Of a portal that answers its listing and nothing else; all requests that the second harvest did not repeat."""
    with serving.struck(source) as healthy:
        begun = dataclasses.replace(healthy, settings=config.settings(tmp_path, healthy.settings.config))
        with ExitStack() as faults:
            for portal in healthy.portals.values():
                faults.enter_context(portal.failing(server_error(lambda asked: asked.path in healthy.details)))
            report = begun.harvest()
        assert (report.verdict, report.reason) == ("partial", "lost requests")
        assert report.listed == report.seen == healthy.report.seen
        again = begun.harvest()
        assert (again.verdict, again.removed) == ("complete", 0)
        with Ledger.open(begun.settings.database_url) as ledger:
            found = {(held.id, held.content_hash) for held in ledger.live()}
        assert found == {(id_, content_hash) for id_, content_hash, _ in healthy.data}


def _allowed(healthy: Healthy, name: str) -> tuple[Must, ...]:
    row = TABLE[name]
    if row.accepting and accepts(healthy.source, 502):
        return (row.accepting,)
    if row.single and len(healthy.listing.pages) == 1:
        return (row.single,)
    allowed = must(healthy.source, name)
    assert not isinstance(allowed, Absent)
    return allowed


def accepts(source: HarvestSource, status: int) -> bool:
    """Whether a list among the source's options names this status as one that a good body may come with."""
    values = source.options.model_dump().values()
    return any(status in value for value in values if isinstance(value, (list, tuple)))


def _check_counts(report: JobReport, expected: Must, well: JobReport) -> None:
    assert report.listed == report.seen + report.failed
    assert report.seen == (
        report.created + report.updated + report.unchanged + report.rejected + report.deleted + report.duplicate
    )
    assert (report.created, report.updated, report.removed) == (0, 0, 0)
    match expected.unchanged:
        case "all":
            assert report.unchanged == well.unchanged
            assert report.seen - report.duplicate == well.seen - well.duplicate
            assert report.duplicate == well.duplicate + expected.duplicate
            assert report.rejected == well.rejected
        case "some":
            assert 0 < report.unchanged <= well.unchanged
        case "few":
            assert report.unchanged <= well.unchanged
        case "none":
            assert (report.unchanged, report.seen) == (0, report.rejected)
    assert expected.rejected or report.rejected <= well.rejected


@pytest.mark.parametrize("name", SOURCES)
def test_what_a_source_cannot_have_is_absent_with_its_reason(name: str) -> None:
    source = SOURCES[name]
    shape = shapes.of(source)
    assert shape.FAMILY in FAMILIES
    assert shape.absent(source).keys() <= TABLE.keys()
    absent = {row: found.why for row in TABLE if isinstance(found := must(source, row), Absent)}
    assert all(len(why) > 20 for why in absent.values())
    assert {row for row in _NEEDS if not hasattr(shape, _NEEDS[row])} <= absent.keys()


def test_the_table_speaks_of_no_family_that_does_not_exist() -> None:
    protocols = {file.stem for file in Path(shapes.__file__).parent.glob("*.py")}
    assert {family for row in TABLE.values() for family in row.families} <= {*FAMILIES, *protocols}


_NEEDS = {
    "error inside 200": "error",
    "endless: the same page": "same_page",
    "endless: growing page numbers": "growing",
    "empty list": "empty",
    "identifiers twice": "twice",
    "half the records gone": "half",
}
"""Rows that a function of the protocol's shape makes."""


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
