"""When sources are due, told from their cron lines and from what the ledger knows of their jobs. Pure.

Nothing is remembered but the jobs themselves, so a worker that was off, killed or moved to another machine knows what
was missed: every moment of the cron line that no job covers. However many those are, they are caught up once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cronsim import CronSim

from harvester.ledger.types import LatestJob
from harvester.members import HarvestSource

_LATE = timedelta(minutes=10)
_BIG_SECONDS = 15 * 60


class Due(NamedTuple):
    """When a source is due next and why; `at` (in its time zone) is not after now if it is due now, None if never."""

    source: HarvestSource
    at: datetime | None
    reason: str

    def now(self, now: datetime) -> bool:
        """Whether it is due."""
        return self.at is not None and self.at <= now


class Limits(NamedTuple):
    """How many jobs may run at once: in all, and at one host."""

    jobs: int = 3
    per_host: int = 2


def due(source: HarvestSource, latest: LatestJob | None, now: datetime) -> Due:
    """Tell when `source` is due. A job covers every moment until its end: what fell into it is not made up for."""
    if not source.enabled:
        return Due(source, None, "switched off (enabled: false)")
    if source.schedule is None:
        return Due(source, None, "no schedule")
    line = f"{source.schedule} {source.timezone}"
    if latest is None:
        return Due(source, before(source, now), "never harvested")
    if latest.running:
        return Due(source, after(source, now), f"{line}; job {latest.job} runs now")
    if latest.finished is None:
        started = latest.started.astimezone(ZoneInfo(source.timezone))
        return Due(source, started, f"job {latest.job} was interrupted and goes on")
    missed = before(source, now)
    if missed <= latest.finished:
        return Due(source, after(source, now), line)
    late = now - missed
    return Due(source, missed, f"{line}; missed, caught up once" if late > _LATE else line)


def before(source: HarvestSource, now: datetime) -> datetime:
    """The last moment of the source's cron line that is not after `now`."""
    return _around(source, now)[0]


def after(source: HarvestSource, now: datetime) -> datetime:
    """The first moment of the source's cron line that is after `now`."""
    return _around(source, now)[1]


def _around(source: HarvestSource, now: datetime) -> tuple[datetime, datetime]:
    line, local = source.schedule or "", now.astimezone(ZoneInfo(source.timezone)).replace(microsecond=0)
    moment = next(CronSim(line, local + timedelta(seconds=1), reverse=True))
    # When clocks go back an hour comes twice, and CronSim takes the second for the first: it may have gone back too
    # far, and what comes next may be past. Only in UTC are moments of one zone compared truly.
    for later in CronSim(line, moment):
        if later.astimezone(UTC) > now.astimezone(UTC):
            return moment, later
        moment = later
    raise AssertionError("cron lines have no end")


def choose(
    waiting: Iterable[Due], running: Iterable[HarvestSource], big: Mapping[str, bool], limits: Limits
) -> list[Due]:
    """Give those of the due sources that may start now, the longest due first, a small one before a big one.

    A big source never takes the last place, neither of all nor of its host, so that small ones are not kept waiting for
    hours. Where there is one place only, it takes it.
    """
    places, hosts, bigs = limits.jobs, dict[str, int](), dict[str, int]()
    big_places = max(1, limits.jobs - 1)
    for source in running:
        places -= 1
        big_places -= big[source.name]
        hosts[host(source)] = hosts.get(host(source), 0) + 1
        bigs[host(source)] = bigs.get(host(source), 0) + big[source.name]
    chosen: list[Due] = []
    for one in sorted(waiting, key=lambda due: (big[due.source.name], due.at, due.source.name)):
        at, is_big = host(one.source), big[one.source.name]
        if places < 1 or hosts.get(at, 0) >= limits.per_host:
            continue
        if is_big and (big_places < 1 or bigs.get(at, 0) >= max(1, limits.per_host - 1)):
            continue
        chosen.append(one)
        places -= 1
        big_places -= is_big
        hosts[at] = hosts.get(at, 0) + 1
        bigs[at] = bigs.get(at, 0) + is_big
    return chosen


def is_big(latest: LatestJob | None) -> bool:
    """Whether a job of the source takes long, as the last one did; one that never ended might."""
    return latest is None or latest.finished is None or latest.seconds > _BIG_SECONDS


def host(source: HarvestSource) -> str:
    """Whose server a job of the source asks."""
    return urlsplit(source.url).hostname or ""
