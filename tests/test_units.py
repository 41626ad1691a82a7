"""Schedules for other schedulers say what the cron line says, in their own words."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from harvester import units
from harvester.errors import UsageError
from harvester.members import HarvestSource
from tests.test_timetable import source

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=ZoneInfo("Asia/Seoul"))


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ("20 3 * * *", ["*-*-* 03:20:00"]),
        ("*/20 * * * *", ["*-*-* *:00,20,40:00"]),
        ("0 4 * JAN-MAR MON-FRI", ["Mon,Tue,Wed,Thu,Fri *-01,02,03-* 04:00:00"]),
        ("0 4 * * 7", ["Sun *-*-* 04:00:00"]),
        # both days named: one or the other; one of them begins with a star: both, as Debian's cron does it
        ("0 4 1,15 * MON", ["*-*-01,15 04:00:00", "Mon *-*-* 04:00:00"]),
        ("0 0 1-31 * 1", ["*-*-* 00:00:00", "Mon *-*-* 00:00:00"]),
        ("0 0 1 * 1-7", ["*-*-01 00:00:00", "*-*-* 00:00:00"]),
        ("0 4 */10 * MON", ["Mon *-*-01,11,21,31 04:00:00"]),
    ],
)
def test_calendar_events(line: str, events: list[str]) -> None:
    one = source(schedule=line)
    assert units.on_calendar(one) == [f"{event} Asia/Seoul" for event in events]
    if shutil.which("systemd-analyze"):
        moments = CronSim(line, NOON)
        assert moments_of(units.on_calendar(one)) == [next(moments).replace(tzinfo=None) for _ in range(8)]


def moments_of(events: list[str]) -> list[datetime]:
    """The next eight moments of calendar events after `NOON`, as systemd itself tells them."""
    found = set()
    command = ["systemd-analyze", "calendar", "--iterations=8", f"--base-time={NOON:%Y-%m-%d %H:%M:%S}", *events]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env={"TZ": "Asia/Seoul", "LANG": "C"})
    for line in told.stdout.splitlines():
        words = line.split()
        if words[-1:] == ["KST"]:
            found.add(datetime.fromisoformat(" ".join(words[-3:-1])))
    return sorted(found)[:8]


@pytest.mark.parametrize("line", ["0 0 L * *", "0 0 * * 5L", "0 0 * * MON#2"])
def test_what_others_cannot_say_is_told(line: str) -> None:
    with pytest.raises(UsageError, match="use `datamoa worker`"):
        units.on_calendar(source(schedule=line))
    with pytest.raises(UsageError, match="use `datamoa worker`"):
        units.crontab([source(schedule=line)], ["datamoa"], {})


def exported(one: HarvestSource, home: str) -> tuple[str, str]:
    files = units.systemd([one], ["/opt/data moa/$x/datamoa"], {"DATAMOA_HOME": home})
    return files["datamoa@.service"], units.crontab([one], ["/opt/data moa/datamoa"], {"DATAMOA_HOME": home})


def test_odd_folders() -> None:
    service, crontab = exported(source(), '/srv/o "$x" 100%')
    assert 'Environment="DATAMOA_HOME=/srv/o \\"$x\\" 100%%"' in service
    assert 'ExecStart="/opt/data moa/$$x/datamoa" harvest %i' in service
    assert "20 3 * * * '/opt/data moa/datamoa' harvest m.one" in crontab
