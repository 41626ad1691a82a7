"""Whole jobs in this process: from a portal on loopback to the ledger and its verdict."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harvester import config
from harvester.crawl import details, loader, pipeline, recorder
from harvester.crawl.events import ProgressEvent
from harvester.crawl.run import harvest_source
from harvester.errors import LeaseHeldError, LedgerError
from harvester.ledger import Ledger
from harvester.ledger.types import JobReport
from harvester.members import HarvestSource
from harvester.options.ckan import CkanOptions
from tests.crawl.paged import PagedPortal, package
from tests.crawl.servers import Answer, Asked


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    return config.Settings(tmp_path, config.default_config(), f"sqlite:///{tmp_path}/ledger.sqlite", "embedded")


@pytest.fixture
def ledger(settings: config.Settings) -> Iterator[Ledger]:
    with Ledger.open(settings.database_url) as opened:
        yield opened


Harvest = Callable[..., JobReport]


@pytest.fixture
def harvest(settings: config.Settings, monkeypatch: pytest.MonkeyPatch) -> Harvest:
    monkeypatch.setitem(loader.PROTOCOLS, "ckan", "tests.crawl.paged.PagedSpider")

    def run(portal: PagedPortal, *, source: dict[str, Any] | None = None, **options: Any) -> JobReport:
        made = HarvestSource.model_validate(
            {
                "member": "m",
                "key": "paged",
                "title": "t",
                "protocol": "ckan",
                "url": portal.url,
                "options": CkanOptions(),
                "evidence": "assumed",
                "allow_private": True,
                **(source or {}),
            }
        )
        return harvest_source(settings, made, **options)

    return run


def state(ledger: Ledger) -> list[tuple[str, bytes, int]]:
    """What must not depend on interruptions: datasets, their contents and their `seq`."""
    return [(held.id, held.content_hash, held.seq) for held in ledger.live()]


def test_a_listing_becomes_datasets(harvest: Harvest, ledger: Ledger) -> None:
    with PagedPortal(95) as portal:
        report = harvest(portal)
        assert (report.verdict, report.reason) == ("complete", "")
        assert (report.listed, report.seen, report.created) == (95, 95, 95)
        assert report.full
        assert report.requests == 11  # ten pages, robots.txt
        assert report.bytes > 95 * 200
        assert ledger.source_states()["m.paged"].datasets == 95


def test_a_portal_that_compares_dates_cannot_keep_a_job_at_its_page_of_maintenance(
    harvest: Harvest, ledger: Ledger
) -> None:
    """The page is younger than the list: whoever shows its date is told that nothing is newer."""

    class Dated(PagedPortal):
        maintenance = True

        def _page(self, asked: Asked) -> Answer:
            if "If-Modified-Since" in asked.headers:
                return Answer("", 304)
            answer = super()._page(asked)
            body = "<html>maintenance</html>" if self.maintenance else answer.body
            return Answer(body, headers={**answer.headers, "Last-Modified": "Wed, 25 Nov 2026 00:00:00 GMT"})

    with Dated(30) as portal:
        assert harvest(portal).verdict == "failed"
        portal.maintenance = False
        first, second = harvest(portal), harvest(portal)
    assert (first.verdict, first.created, first.saved_requests) == ("complete", 30, 0)
    assert (second.verdict, second.unchanged, second.saved_requests) == ("complete", 30, 3)


def test_the_same_again_maps_nothing(harvest: Harvest, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    with PagedPortal(30) as portal:
        harvest(portal)
        before = ledger.last_seq()

        def must_not(*_: object) -> None:
            raise AssertionError("mapped an unchanged payload")

        monkeypatch.setattr(recorder.Processor, "process", must_not)
        report = harvest(portal, full=True)
        assert (report.verdict, report.unchanged) == ("complete", 30)
        assert ledger.last_seq() == before


def test_a_change_and_a_portal_that_says_deleted(harvest: Harvest, ledger: Ledger) -> None:
    with PagedPortal(30) as portal:
        harvest(portal)
        portal.records[3]["title"] = "다른 제목"
        portal.records[5]["deleted"] = True
        report = harvest(portal, full=True)
        assert (report.verdict, report.updated, report.deleted, report.unchanged) == ("complete", 1, 1, 28)


def test_details_come_after_the_listing(harvest: Harvest, ledger: Ledger) -> None:
    with PagedPortal(25, details=True) as portal:
        report = harvest(portal)
        assert (report.verdict, report.created) == ("complete", 25)
        paths = [path.partition("?")[0] for path in portal.paths()]
        assert paths == ["/robots.txt"] + ["/page"] * 3 + ["/detail"] * 25
        stored = ledger.stored_parts("m.paged", ["p-000007"])["p-000007"]
        assert [part.name for part in stored] == ["listing", "detail"]
        seqs = {held.id: held.seq for held in ledger.live()}
        # What the portal does not tell has changed is asked for again only where the operator wants all anew.
        for full, details in ((None, 0), (True, 25), (None, 0)):
            portal.asked.clear()
            assert harvest(portal, full=full).unchanged == 25
            assert sum(path.startswith("/detail") for path in portal.paths()) == details
        assert {held.id: held.seq for held in ledger.live()} == seqs


def test_a_changed_listing_is_mapped_with_its_stored_detail(harvest: Harvest, ledger: Ledger) -> None:
    with PagedPortal(5, details=True) as portal:
        harvest(portal)
        portal.records[2]["title"] = "다른 제목"  # and no other revision: its detail is not fetched again
        portal.asked.clear()
        assert harvest(portal).updated == 1
        assert not [path for path in portal.paths() if path.startswith("/detail")]
        content = [data.content for data in ledger.export() if b"p-000002" in data.content]
        assert "다른 제목".encode() in content[0]
        assert "설명 p-000002".encode() in content[0], "what only the detail says must stay"


def test_a_detail_that_is_absent_fails_nothing(harvest: Harvest, ledger: Ledger) -> None:
    with PagedPortal(12, details=True) as portal:
        whole = portal.routes["/detail"]
        assert callable(whole)

        def some(asked: Asked) -> Answer:
            return Answer(status=404) if asked.path.endswith("3") else whole(asked)

        portal.routes["/detail"] = some
        report = harvest(portal)
        assert (report.verdict, report.created, report.failed) == ("complete", 12, 0)
        assert ledger.issue_counts(report.job) == {("warning", "not found"): 1}


def test_a_portal_that_stops_answering_details_is_given_up(harvest: Harvest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(details, "_GIVE_UP_AFTER", 5)
    with PagedPortal(60, details=True) as portal:
        portal.routes["/detail"] = Answer(status=403)
        report = harvest(portal)
        assert (report.verdict, report.reason, report.seen) == ("partial", "blocked", 60)
        assert portal.paths().count("/robots.txt") == 1


def test_a_detail_that_was_given_up_is_told_with_its_address(harvest: Harvest) -> None:
    with PagedPortal(12, details=True) as portal:
        whole = portal.routes["/detail"]
        assert callable(whole)
        portal.routes["/detail"] = lambda asked: Answer(status=500) if asked.path.endswith("7") else whole(asked)
        report = harvest(portal)
    assert (report.verdict, report.reason) == ("partial", "lost requests")
    assert report.detail.endswith("/detail?id=p-000007: answered 500")


@pytest.mark.parametrize("size", [1, 3, 7, 200])
def test_commits_do_not_depend_on_which_detail_came_first(
    harvest: Harvest, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(details, "BATCH", size)
    with PagedPortal(20, details=True) as portal:
        whole = portal.routes["/detail"]
        assert callable(whole)

        def uneven(asked: Asked) -> Answer:
            time.sleep(0.02 if asked.path.endswith(("1", "4", "7")) else 0)
            return whole(asked)

        portal.routes["/detail"] = uneven
        assert harvest(portal).verdict == "complete"
        order = [data.identifier for data in sorted(ledger.export(), key=lambda data: data.seq)]
        assert order == sorted(order)


def test_a_limit_is_kept_to_and_is_never_complete(harvest: Harvest, ledger: Ledger) -> None:
    with PagedPortal(95) as portal:
        report = harvest(portal, limit=23)
        assert (report.verdict, report.reason, report.listed) == ("partial", "limit", 23)
        assert [path for path in portal.paths() if "at=" in path] == ["/page?at=0", "/page?at=10", "/page?at=20"]
        assert harvest(portal, limit=1000).reason == "limit"
        assert harvest(portal).verdict == "complete"


def test_rejected_entries_count_towards_a_limit(harvest: Harvest) -> None:
    with PagedPortal(0) as portal:
        portal.records = [{"nameless": number} for number in range(95)]
        portal.records[5] = package(5)
        report = harvest(portal, limit=23)
        assert (report.reason, report.listed, report.rejected, report.created) == ("limit", 23, 22, 1)
        assert [path for path in portal.paths() if "at=" in path] == ["/page?at=0", "/page?at=10", "/page?at=20"]


def test_a_limit_fetches_the_details_of_its_records(harvest: Harvest) -> None:
    with PagedPortal(95, details=True) as portal:
        report = harvest(portal, limit=4)
        assert (report.reason, report.listed) == ("limit", 4)
        assert sum(path.startswith("/detail") for path in portal.paths()) == 4


def test_a_dry_run_keeps_nothing(harvest: Harvest, settings: config.Settings) -> None:
    with PagedPortal(30, details=True) as portal:
        report = harvest(portal, dry_run=True)
        assert (report.verdict, report.created) == ("complete", 30)
        assert not (settings.home / "ledger.sqlite").exists()


def test_progress_is_told(harvest: Harvest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_TICK_SECONDS", 0.01)
    events: list[ProgressEvent] = []
    with PagedPortal(95, details=True) as portal:
        report = harvest(portal, on_progress=events.append)
    assert report.verdict == "complete", report
    assert [event.ended for event in events].count(True) == 1
    assert events[-1].ended
    assert events[-1].seen == 95
    assert events[-1].declared_total == 95
    assert [event.seen for event in events] == sorted(event.seen for event in events)
    assert {"listing", "details", "ended"} <= {event.phase for event in events}


FAULTS: dict[str, tuple[Answer, str]] = {
    "401": (Answer(status=401), "blocked"),
    "403": (Answer(status=403), "blocked"),
    "404": (Answer(status=404), "not found"),
    "410": (Answer(status=410), "not found"),
    "429": (Answer(status=429), "blocked"),
    "500": (Answer(status=500), "server error"),
    "503": (Answer(status=503), "server error"),
    "418": (Answer(status=418), "unreadable answer"),
    "304": (Answer(status=304), "unreadable answer"),
    "error inside": (Answer('{"error": "sorry"}'), "error inside 200"),
    "not json": (Answer("<html>"), "unreadable answer"),
    "cut": (Answer("{", headers={"Content-Length": "100", "Connection": "close"}), "lost requests"),
    "a bug of the protocol's": (Answer('{"records": 1, "next": null}'), "unreadable answer"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("at", [0, 20])
def test_a_fault_gives_its_reason_and_changes_nothing_else(
    harvest: Harvest, ledger: Ledger, fault: str, at: int
) -> None:
    answer, reason = FAULTS[fault]
    with PagedPortal(50) as portal:
        harvest(portal)
        before = state(ledger)
        whole = portal.routes["/page"]
        assert callable(whole)
        portal.routes["/page"] = lambda asked: answer if asked.path.endswith(f"at={at}") else whole(asked)
        report = harvest(portal, full=True)
        assert (report.verdict, report.reason) == ("partial" if at else "failed", reason)
        assert report.unchanged == report.listed == at
        assert report.missing == report.removed == 0
        assert state(ledger) == before


def test_robots_txt_that_forbids_the_listing(harvest: Harvest) -> None:
    with PagedPortal(5) as portal:
        portal.routes["/robots.txt"] = Answer("User-agent: *\nDisallow: /page")
        assert harvest(portal).reason == "robots"


def test_a_portal_that_is_not_there(harvest: Harvest) -> None:
    with PagedPortal(5) as portal:
        pass
    report = harvest(portal)
    assert (report.verdict, report.reason) == ("failed", "unreachable")


def test_a_private_portal_of_somebody_elses(harvest: Harvest) -> None:
    with PagedPortal(5) as portal:
        report = harvest(portal, source={"allow_private": False, "download_delay": 0})
        assert report.reason == "forbidden address"
        assert portal.asked == []


def test_a_total_that_is_not_met(harvest: Harvest) -> None:
    with PagedPortal(50) as portal:
        whole = portal.routes["/page"]
        assert callable(whole)

        def boasting(asked: Asked) -> Answer:
            body = json.loads(whole(asked).body)
            return Answer(json.dumps({**body, "total": 80}))

        portal.routes["/page"] = boasting
        assert harvest(portal).reason == "total not met"


def test_paging_without_end(harvest: Harvest) -> None:
    with PagedPortal(0, declares=False) as portal:

        def first_for_ever(asked: Asked) -> Answer:
            at = int(asked.path.partition("at=")[2])
            return Answer(json.dumps({"records": [package(number) for number in range(10)], "next": str(at + 10)}))

        portal.routes["/page"] = first_for_ever
        report = harvest(portal)
        assert (report.verdict, report.reason) == ("partial", "endless paging")
        assert report.created == 10
        assert len(portal.asked) < 10


def test_the_time_limit(harvest: Harvest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_TICK_SECONDS", 0.05)
    with PagedPortal(5000) as portal:
        whole = portal.routes["/page"]
        assert callable(whole)

        def slow(asked: Asked) -> Answer:
            time.sleep(0.05)
            return whole(asked)

        portal.routes["/page"] = slow
        report = harvest(portal, source={"time_limit": "1s"})
        assert (report.verdict, report.reason) == ("partial", "timeout")
        assert 0 < report.seen < 1000


class Broken(Exception):
    pass


def test_a_commit_that_fails_stops_the_job_at_once_and_it_is_resumed(
    harvest: Harvest, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PagedPortal(200, details=True) as portal:
        real = Ledger.commit_page
        commits = 0

        def failing(self: Ledger, *arguments: Any) -> Any:
            nonlocal commits
            commits += 1
            if commits >= 5:
                raise LedgerError("disk full")
            return real(self, *arguments)

        monkeypatch.setattr(Ledger, "commit_page", failing)
        report = harvest(portal)
        assert report.verdict == "failed"
        assert report.reason == "interrupted: disk full"
        assert report.listed == 40
        assert commits == 5
        assert ledger.report(report.job).verdict is None
        assert not [path for path in portal.paths() if path.startswith("/detail")]
        monkeypatch.setattr(Ledger, "commit_page", real)
        portal.asked.clear()
        resumed = harvest(portal)
        assert resumed.job == report.job
        assert (resumed.verdict, resumed.created) == ("complete", 200)
        assert portal.paths()[1] == "/page?at=40"


def test_details_are_resumed_too(harvest: Harvest, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(details, "BATCH", 10)
    with PagedPortal(60, details=True) as portal:
        real = Ledger.commit_details
        commits = 0

        def failing(self: Ledger, *arguments: Any) -> Any:
            nonlocal commits
            commits += 1
            if commits == 3:
                raise Broken("no more")
            return real(self, *arguments)

        monkeypatch.setattr(Ledger, "commit_details", failing)
        first = harvest(portal)
        assert first.reason == "interrupted: no more"
        portal.asked.clear()
        report = harvest(portal)
        assert (report.job, report.verdict, report.created) == (first.job, "complete", 60)
        assert not [path for path in portal.paths() if path.startswith("/page")]
        assert sum(path.startswith("/detail") for path in portal.paths()) == 40
        interrupted = state(ledger)
    assert len(interrupted) == 60


def test_a_source_that_is_being_harvested_is_left_alone(
    harvest: Harvest, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.start_job("m.paged", full=None, holder="elsewhere.example:1:1", fingerprint="x")
    with PagedPortal(5) as portal:
        with pytest.raises(LeaseHeldError, match="elsewhere"):
            harvest(portal)
        assert portal.asked == []


def test_a_lease_that_is_lost_stops_the_job(
    harvest: Harvest, settings: config.Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PagedPortal(100) as portal:
        whole = portal.routes["/page"]
        assert callable(whole)

        def taken_over(asked: Asked) -> Answer:
            if asked.path.endswith("at=30"):
                ledger.start_job(
                    "m.paged",
                    full=None,
                    holder="elsewhere.example:1:1",
                    fingerprint="another",
                    holder_is_dead=lambda _: True,
                )
            return whole(asked)

        portal.routes["/page"] = taken_over
        report = harvest(portal)
        assert (report.verdict, report.reason) == ("failed", "superseded")
        assert 0 < report.listed <= 30
        assert len(portal.asked) < 8


def test_the_lease_is_kept_while_a_portal_is_slow(
    harvest: Harvest, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_TICK_SECONDS", 0.05)
    monkeypatch.setattr(pipeline, "_HEARTBEAT_SECONDS", 0.1)
    beats: list[float] = []
    real = Ledger.heartbeat

    def beat(self: Ledger, *arguments: Any) -> None:
        beats.append(time.monotonic())
        real(self, *arguments)

    monkeypatch.setattr(Ledger, "heartbeat", beat)
    with PagedPortal(1) as portal:
        portal.routes["/page"] = Answer(json.dumps({"records": [package(1)], "next": None}), delay=1)
        assert harvest(portal).verdict == "complete"
    assert len(beats) >= 3


def test_a_key_is_sent_and_never_written(
    harvest: Harvest, ledger: Ledger, settings: config.Settings, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    key = "k3y-that-must-not-be-seen"
    monkeypatch.setenv("PAGED_KEY", key)
    monkeypatch.setitem(loader.PROTOCOLS, "ckan", "tests.crawl.paged.KeyedSpider")
    with PagedPortal(25, details=True) as portal:
        portal.routes["/detail"] = Answer(status=500)
        whole = portal.routes["/page"]
        assert callable(whole)
        portal.routes["/page"] = lambda asked: Answer(status=500) if "at=20" in asked.path else whole(asked)
        report = harvest(portal)
        assert report.reason == "server error"
        assert any(key in asked.path and asked.headers.get("X-Api-Key") == key for asked in portal.asked)
        assert any(asked.path.startswith("/detail") and key in asked.path for asked in portal.asked)
    assert ledger.issue_counts(report.job)["warning", "server error"] > 0
    ledger.backup(settings.home / "copy.sqlite")
    for file in settings.home.rglob("*"):
        if file.is_file():
            assert key.encode() not in file.read_bytes(), file


def test_a_key_that_is_not_set_is_told(harvest: Harvest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAGED_KEY", raising=False)
    monkeypatch.setitem(loader.PROTOCOLS, "ckan", "tests.crawl.paged.KeyedSpider")
    with PagedPortal(5) as portal:
        report = harvest(portal)
        assert report.verdict == "failed"
        assert "PAGED_KEY" in report.reason
        assert portal.asked == []


def test_a_slow_portal_has_small_batches(harvest: Harvest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(details, "_FIRST_BATCH", 8)
    monkeypatch.setattr(details, "_BATCH_SECONDS", 0.1)
    sizes: list[int] = []
    real = Ledger.commit_details

    def commit(self: Ledger, job: Any, entries: Any) -> Any:
        sizes.append(len(entries))
        return real(self, job, entries)

    monkeypatch.setattr(Ledger, "commit_details", commit)
    with PagedPortal(30, details=True) as portal:
        whole = portal.routes["/detail"]
        assert callable(whole)

        def slow(asked: Asked) -> Answer:
            time.sleep(0.1)
            return whole(asked)

        portal.routes["/detail"] = slow
        assert harvest(portal, source={"concurrent_requests": 2}).verdict == "complete"
    assert sum(sizes) == 30
    assert sizes[0] == 8
    assert max(sizes[1:]) < 8


def test_a_stop_does_not_wait_for_a_whole_batch(harvest: Harvest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_TICK_SECONDS", 0.05)
    monkeypatch.setattr(details, "_FIRST_BATCH", 200)
    with PagedPortal(200, 200, details=True) as portal:
        whole = portal.routes["/detail"]
        assert callable(whole)

        def slow(asked: Asked) -> Answer:
            time.sleep(0.2)
            return whole(asked)

        portal.routes["/detail"] = slow
        began = time.monotonic()
        report = harvest(portal, source={"time_limit": "1s", "concurrent_requests": 2})
        assert report.reason == "timeout"
        assert time.monotonic() - began < 6
