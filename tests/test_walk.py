"""The main job on real input: members harvested from data.go.kr's own catalogue, over four of its states.

A loopback server hands out the recorded catalogue of July 2022 and the fragment of November 2025; answers by list key
are made by it from catalogue rows (`harvester.sample_portals.datagokr` says how). Sources, spiders, ledger and member
files are those that harvest the live portal.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.catalogue_states import EVERYONE, MEMBERS, NextState, State, configuration
from harvester import config
from harvester.catalog.identifiers import dataset_id
from harvester.crawl.run import harvest, harvest_source
from harvester.ledger import JobReport, Ledger
from harvester.processing import Processor
from harvester.sample_portals.datagokr import DataGoKrPortal

pytestmark = [pytest.mark.timeout(600)]

PARTS = frozenset({"listing", "schema_org", "rdf"})
DOWNLOAD = "/cmm/cmm/fileDownload.do"


@dataclass
class Step:
    """What one harvest of all members did: reports by member, and what it asked the portal for."""

    reports: Mapping[str, JobReport]
    downloads: int
    metadata: int
    seq: int = 0
    live: dict[str, bytes] = field(default_factory=dict)


class Walk:
    """A home, a configuration that points at the portal, and the portal."""

    def __init__(self, home: Path, portal: DataGoKrPortal) -> None:
        self.home = home
        self.portal = portal
        self.settings = config.settings(home, configuration(home / "config", portal.url))
        names = tuple(f"{member}.datagokr" for member in (*MEMBERS, EVERYONE))
        chosen = config.select(self.settings.config, names)
        self.sources = {source.member: source for source in chosen}

    def harvest(self) -> Step:
        """Harvest all members side by side, a process each, as `datamoa harvest` does."""
        before = self._asked()
        reports = harvest(self.settings, list(self.sources.values()), at_once=2)
        return self._step(before, dict(zip(self.sources, reports, strict=True)))

    def harvest_here(self, *members: str) -> Step:
        """Harvest these members (all) one after the other in this process, which saves the start of seven others."""
        before, now = self._asked(), datetime.now(UTC)
        reports = {
            member: harvest_source(self.settings, self.sources[member], run_started=now)
            for member in members or self.sources
        }
        return self._step(before, reports)

    def ledger(self) -> Ledger:
        return Ledger.open(self.settings.database_url)

    def copy(self, home: Path) -> Walk:
        """The same ledger in another home, so that a step can be tried without the others noticing."""
        shutil.copytree(self.home, home, dirs_exist_ok=True)
        return Walk(home, self.portal)

    def _asked(self) -> tuple[int, int]:
        return self.portal.requests[DOWNLOAD], self.portal.count("/dcat/metadata/")

    def _step(self, before: tuple[int, int], reports: Mapping[str, JobReport]) -> Step:
        downloads, metadata = self._asked()
        with self.ledger() as ledger:
            live = {held.id: held.content_hash for held in ledger.live()}
            return Step(reports, downloads - before[0], metadata - before[1], seq=ledger.last_seq(), live=live)


@pytest.fixture(scope="module")
def of_2022(samples: Path) -> State:
    return State.recorded(samples / "korea-data-go-kr" / "catalogue-2022-07.csv.gz")


@pytest.fixture(scope="module")
def of_2025(samples: Path) -> State:
    return State.recorded(samples / "korea-data-go-kr" / "catalogue-2025-11.csv.gz")


@pytest.fixture(scope="module")
def walk(of_2022: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with DataGoKrPortal(of_2022.table, of_2022.rows) as portal:
        yield Walk(tmp_path_factory.mktemp("walk"), portal)


@pytest.fixture(scope="module")
def first_step(walk: Walk) -> Step:
    return walk.harvest()


@pytest.fixture(scope="module")
def as_in_2022(walk: Walk, first_step: Step, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """The ledger as it was after the state of 2022, in a home of its own."""
    return walk.copy(tmp_path_factory.mktemp("as-in-2022"))


def test_the_state_of_2022_gives_every_member_its_records(walk: Walk, first_step: Step) -> None:
    expected = {**MEMBERS, EVERYONE: 34_267}
    for member, report in first_step.reports.items():
        assert (report.verdict, report.reason) == ("complete", ""), report
        assert report.listed == report.seen == report.created == expected[member]
        assert (report.rejected, report.failed, report.duplicate, report.missing, report.removed) == (0, 0, 0, 0, 0)
    assert len(first_step.live) == sum(expected.values())


def test_no_police_agency_is_taken_for_the_province(walk: Walk, first_step: Step, of_2022: State) -> None:
    prefixed = of_2022.of(walk.sources["yeungnam-gyeongbuk"].options.organisations)  # type: ignore[attr-defined]
    assert len(prefixed) == MEMBERS["yeungnam-gyeongbuk"]
    police = {row["목록키"] for row in of_2022.rows if row["기관명"] == "경찰청 경상북도경찰청"}
    assert police
    assert not {dataset_id("yeungnam-gyeongbuk.datagokr", key) for key in police} & set(first_step.live)


def test_one_download_serves_all_members(walk: Walk, first_step: Step) -> None:
    assert first_step.downloads == 1
    assert walk.portal.answered[200] > sum(MEMBERS.values()) * 2


def test_further_parts_are_kept_with_the_row(walk: Walk, first_step: Step, of_2022: State) -> None:
    assert first_step.metadata == sum(MEMBERS.values())
    keys = list(of_2022.of(("한국전력공사",)))
    with walk.ledger() as ledger:
        stored = ledger.stored_parts("kepco.datagokr", keys)
        assert {frozenset(part.name for part in parts) for parts in stored.values()} == {PARTS}
        assert len(stored) == len(keys)


def test_the_same_state_again_changes_nothing_and_maps_nothing(
    as_in_2022: Walk, first_step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = as_in_2022.portal.answered[304]
    mapped: list[str] = []
    process = Processor.process
    monkeypatch.setattr(Processor, "process", lambda self, record: mapped.append("") or process(self, record))
    again = as_in_2022.harvest_here()
    for report in again.reports.values():
        assert report.verdict == "complete", report
        assert report.unchanged == report.seen == report.listed
    assert (again.seq, again.live) == (first_step.seq, first_step.live)
    assert mapped == []
    assert again.metadata == 0
    assert again.downloads == 1
    assert as_in_2022.portal.answered[304] == answered + 1


@pytest.fixture(scope="module")
def held(as_in_2022: Walk, of_2025: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Walk, Step]]:
    """The fragment of 2025, harvested over the state of 2022."""
    walk = as_in_2022.copy(tmp_path_factory.mktemp("fragment"))
    before = walk.portal.table
    walk.portal.replace(of_2025.table, of_2025.rows)
    yield walk, walk.harvest_here()
    walk.portal.replace(before)


def _gone(walk: Walk, member: str, before: State, after: State) -> tuple[set[str], set[str]]:
    """List keys of a member that only the state before has, and those that both have or only the state after."""
    organisations = walk.sources[member].options.organisations  # type: ignore[attr-defined]
    now = set(after.of(organisations))
    return set(before.of(organisations)) - now, now


def test_a_fragment_is_held(held: tuple[Walk, Step], first_step: Step, of_2022: State, of_2025: State) -> None:
    walk, step = held
    rows = {"kepco": 4, "ts": 7, "nia": 0, "yeungnam-gyeongbuk": 87, "nhis": 0, "hira": 0, EVERYONE: 1_571}
    for member, report in step.reports.items():
        gone, now = _gone(walk, member, of_2022, of_2025)
        assert report.verdict == "held", report
        assert report.reason.startswith("suspicious drop" if now else "empty"), report
        assert report.listed == report.seen == len(now) == rows[member]
        assert report.created + report.updated == rows[member]
        assert report.removed == 0
        with walk.ledger() as ledger:
            would_go = {stored.identifier for stored in ledger.would_remove(report.job, 100_000)}
        assert would_go == gone
    assert set(first_step.live) <= set(step.live)


def test_a_held_job_is_accepted_and_taken_back(
    held: tuple[Walk, Step], first_step: Step, of_2022: State, of_2025: State, tmp_path: Path
) -> None:
    walk = held[0].copy(tmp_path)
    with walk.ledger() as ledger:
        for member, report in held[1].reports.items():
            gone, now = _gone(walk, member, of_2022, of_2025)
            accepted = ledger.accept(report.job)
            assert accepted.removed == len(gone)
            source = report.source
            assert {stored.identifier for stored in ledger.export(source) if not stored.removed} == now
            ledger.undo(report.job)
        assert {live.id: live.content_hash for live in ledger.live()} == first_step.live
        assert ledger.last_seq() > held[1].seq


@pytest.fixture(scope="module")
def next_state(walk: Walk, of_2022: State) -> NextState:
    chosen = [walk.sources[member].options.organisations for member in MEMBERS]  # type: ignore[attr-defined]
    return NextState.after(of_2022, of_2022.groups(chosen))


@pytest.fixture(scope="module")
def moved(
    as_in_2022: Walk, next_state: NextState, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Walk, Step, Step]]:
    """The next state, harvested twice over the state of 2022, by the members alone."""
    walk = as_in_2022.copy(tmp_path_factory.mktemp("next"))
    before = walk.portal.table
    walk.portal.replace(next_state.table, next_state.rows)
    yield walk, walk.harvest_here(*MEMBERS), walk.harvest_here(*MEMBERS)
    walk.portal.replace(before)


def test_a_near_complete_state_reports_exactly_what_moved(
    moved: tuple[Walk, Step, Step], first_step: Step, next_state: NextState, of_2022: State
) -> None:
    walk, step, _ = moved
    assert (len(next_state.new), len(next_state.changed), len(next_state.gone)) == pytest.approx(
        (343, 1028, 685), abs=4
    )
    expected = set()
    for member, report in step.reports.items():
        organisations = walk.sources[member].options.organisations  # type: ignore[attr-defined]
        now, before = set(next_state.of(organisations)), set(of_2022.of(organisations))
        assert (report.verdict, report.reason) == ("complete", ""), report
        assert report.listed == report.seen == len(now)
        assert report.created == len(now & next_state.new)
        assert report.updated == len(now & next_state.changed)
        assert report.unchanged == report.seen - report.created - report.updated
        assert report.missing == len(before & next_state.gone)
        assert report.removed == 0
        expected |= {dataset_id(report.source, key) for key in now & (next_state.new | next_state.changed)}
    with walk.ledger() as ledger:
        changes = ledger.changes(first_step.seq, 100_000)
    assert {change.id for change in changes if change.seq <= step.seq} == expected
    members = {key for member in MEMBERS for key in next_state.of(walk.sources[member].options.organisations)}  # type: ignore[attr-defined]
    assert step.metadata == len(members & (next_state.new | next_state.changed))


def test_what_is_gone_twice_is_removed(moved: tuple[Walk, Step, Step], next_state: NextState, of_2022: State) -> None:
    walk, _, step = moved
    for member, report in step.reports.items():
        organisations = walk.sources[member].options.organisations  # type: ignore[attr-defined]
        assert (report.verdict, report.reason) == ("complete", ""), report
        assert (report.created, report.updated) == (0, 0)
        assert report.removed == len(set(of_2022.of(organisations)) & next_state.gone)
        with walk.ledger() as ledger:
            live = {stored.identifier for stored in ledger.export(report.source) if not stored.removed}
        assert live == set(next_state.of(organisations))
    assert step.metadata == 0


def test_counters_moved_without_a_change(moved: tuple[Walk, Step, Step], next_state: NextState) -> None:
    walk = moved[0]
    views = {key: int(row["조회수"]) for key, row in next_state.of(("한국교통안전공단",)).items()}
    with walk.ledger() as ledger:
        stored = {row.identifier: row.counters.get("views") for row in ledger.export("ts.datagokr") if not row.removed}
    assert stored == views
