"""When sources are due: cron lines with time zones, what was missed, and which of the waiting may start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from harvester.ledger.types import LatestJob, Verdict
from harvester.members import HarvestSource
from harvester.options.dcat import DcatOptions
from harvester.timetable import Due, Limits, after, before, choose, due, is_big

SEOUL = ZoneInfo("Asia/Seoul")
NOON = datetime(2026, 11, 25, 12, 0, tzinfo=SEOUL)


def source(key: str = "one", url: str = "https://one.example", **more: object) -> HarvestSource:
    known = {
        "member": "m", "key": key, "title": "t", "protocol": "dcat", "url": url, "options": DcatOptions(),
        "evidence": "assumed", "schedule": "20 3 * * *",
    }  # fmt: skip
    return HarvestSource.model_validate(known | more)


def job(
    started: datetime, finished: datetime | None, *, running: bool = False, verdict: Verdict | None = "complete"
) -> LatestJob:
    seconds = (finished - started).total_seconds() if finished else 0.0
    return LatestJob(
        source="m.one", job=7, started=started, finished=finished, running=running, verdict=verdict, reason="",
        seconds=seconds, last_verdict=verdict,
    )  # fmt: skip


def at(hour: int, minute: int = 0, day: int = 25) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("latest", "now", "moment", "why"),
    [
        (None, NOON, at(3, 20), "never harvested"),
        (job(at(3, 20), at(3, 25)), NOON, at(3, 20, day=26), "20 3 * * * Asia/Seoul"),
        (job(at(3, 20, day=24), at(3, 25, day=24)), at(3, 19), at(3, 20), "20 3 * * * Asia/Seoul"),
        (job(at(3, 20, day=24), at(3, 25, day=24)), at(3, 20), at(3, 20), "20 3 * * * Asia/Seoul"),
        (job(at(3, 20, day=24), at(3, 25, day=24)), NOON, at(3, 20), "20 3 * * * Asia/Seoul; missed, caught up once"),
        (job(at(3, 20, day=20), at(3, 25, day=20)), NOON, at(3, 20), "20 3 * * * Asia/Seoul; missed, caught up once"),
        # an operator's own job before the moment does not replace it, one that lasted over it does
        (job(at(2), at(3, 19)), at(3, 20), at(3, 20), "20 3 * * * Asia/Seoul"),
        (job(at(2), at(3, 21)), NOON, at(3, 20, day=26), "20 3 * * * Asia/Seoul"),
        (job(at(3, 20), None, running=True), at(3, 25), at(3, 20, day=26), "20 3 * * * Asia/Seoul; job 7 runs now"),
        (job(at(3, 20).astimezone(UTC), None, verdict=None), NOON, at(3, 20), "job 7 was interrupted and goes on"),
    ],
)
def test_when_a_source_is_due(latest: LatestJob | None, now: datetime, moment: datetime, why: str) -> None:
    found = due(source(), latest, now)
    assert (found.at, found.reason) == (moment, why)
    assert found.at.tzinfo == moment.tzinfo
    assert found.now(now) is (moment <= now)


def test_the_moments_are_those_of_the_source_wherever_the_worker_runs() -> None:
    found = due(source(), job(at(3, 20), at(3, 25)), NOON.astimezone(UTC))
    assert found.at == datetime(2026, 11, 25, 18, 20, tzinfo=UTC)
    paris = source(timezone="Europe/Paris", schedule="30 2 * * *")
    # 02:30 does not exist on the day the clocks go forward: the job runs when they have
    spring = datetime(2027, 3, 28, 0, 0, tzinfo=ZoneInfo("Europe/Paris"))
    found = due(paris, job(spring - timedelta(days=1), spring - timedelta(hours=20)), spring)
    assert found.at is not None
    assert found.at.astimezone(UTC) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("line", ["30 2 * * *", "*/15 * * * *", "0 * * * *", "15,45 1-3 * * *", "30 2 * * SUN"])
@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Paris", datetime(2026, 10, 25, tzinfo=UTC)),
        ("Europe/Paris", datetime(2027, 3, 28, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2027, 4, 3, tzinfo=UTC)),
    ],
)
def test_time_goes_on_when_clocks_are_changed(line: str, zone: str, day: datetime) -> None:
    one = source(schedule=line, timezone=zone)
    last, coming = before(one, day), after(one, day)
    for minute in range(10, 30 * 60, 10):
        now = day + timedelta(minutes=minute)
        if coming.astimezone(UTC) <= now:
            last, coming = coming, after(one, now)
        assert before(one, now).astimezone(UTC) == last.astimezone(UTC)
        assert after(one, now).astimezone(UTC) == coming.astimezone(UTC) > now
        assert not due(one, job(now, now), now).now(now)


def test_what_is_never_due() -> None:
    assert due(source(enabled=False), None, NOON)[1:] == (None, "switched off (enabled: false)")
    assert due(source(schedule=None), None, NOON)[1:] == (None, "no schedule")


@pytest.mark.parametrize("line", ["", "* * * *", "61 * * * *", "* * * * * *", "0 0 31 2 *", "daily"])
def test_what_is_no_cron_line_is_told(line: str) -> None:
    with pytest.raises(ValidationError, match="20 3"):
        source(schedule=line)


@pytest.mark.parametrize(("zone", "hint"), [("Asia/Soul", "Asia/Seoul"), ("", "for example"), ("../etc", "time zone")])
def test_what_is_no_time_zone_is_told(zone: str, hint: str) -> None:
    with pytest.raises(ValidationError, match=hint):
        source(timezone=zone)


def waiting(*sources: HarvestSource) -> list[Due]:
    return [Due(one, at(3, index), "") for index, one in enumerate(sources)]


def names(chosen: list[Due]) -> list[str]:
    return [one.source.key for one in chosen]


def test_the_longest_due_starts_first_and_no_more_than_there_are_places() -> None:
    sources = [source(key, f"https://{key}.example") for key in ("a", "b", "c", "d")]
    small = {one.name: False for one in sources}
    assert names(choose(waiting(*sources), [], small, Limits(jobs=2))) == ["a", "b"]
    assert names(choose(waiting(*sources[1:]), sources[:1], small, Limits(jobs=2))) == ["b"]
    assert names(choose(waiting(*sources[2:]), sources[:2], small, Limits(jobs=2))) == []


def test_a_host_is_asked_by_few_jobs_at_once() -> None:
    sources = [source(key, "https://www.data.go.kr") for key in ("a", "b", "c")]
    other = source("d", "https://other.example")
    small = {one.name: False for one in (*sources, other)}
    assert names(choose(waiting(*sources, other), [], small, Limits(jobs=9, per_host=1))) == ["a", "d"]
    assert names(choose(waiting(*sources, other), [], small, Limits(jobs=9, per_host=2))) == ["a", "b", "d"]
    assert names(choose(waiting(*sources[1:]), sources[:1], small, Limits(jobs=9, per_host=1))) == []


def test_big_ones_leave_a_place_to_small_ones() -> None:
    bigs = [source(f"big{n}", f"https://big{n}.example") for n in range(3)]
    small = source("small")
    big = {one.name: True for one in bigs} | {small.name: False}
    assert names(choose(waiting(*bigs), [], big, Limits(jobs=3))) == ["big0", "big1"]
    assert names(choose(waiting(*bigs, small), [], big, Limits(jobs=3))) == ["small", "big0", "big1"]
    assert names(choose(waiting(bigs[2], small), bigs[:2], big, Limits(jobs=3))) == ["small"]
    at_one_host = [source(f"big{n}", "https://one.example") for n in range(2)]
    big = {one.name: True for one in at_one_host} | {small.name: False}
    assert names(choose(waiting(*at_one_host, small), [], big, Limits(jobs=9))) == ["small", "big0"]
    assert names(choose(waiting(at_one_host[1], small), at_one_host[:1], big, Limits(jobs=9))) == ["small"]
    # where there is one place only, big ones get it too
    assert names(choose(waiting(*at_one_host), [], big, Limits(jobs=1, per_host=1))) == ["big0"]


def test_what_is_big() -> None:
    assert is_big(None)
    assert is_big(job(at(3), None))
    assert is_big(job(at(3), at(4)))
    assert not is_big(job(at(3), at(3, 5)))
