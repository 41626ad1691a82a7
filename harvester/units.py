"""Schedules for other schedulers: systemd units and crontab lines that call `datamoa harvest`. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from cronsim import CronSim

from harvester.errors import UsageError
from harvester.members import HarvestSource

_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_SERVICE = """\
[Unit]
Description=DataMoa harvests %i
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
{environment}# DATAMOA_DATABASE_URL, DATAMOA_INDEX_URL and the keys of portals, where there are any
EnvironmentFile=-/etc/default/datamoa
ExecStart={command} harvest %i
# partial and held are verdicts, not faults of the unit
SuccessExitStatus=2
"""
_TIMER = """\
[Unit]
Description=DataMoa: {title}

[Timer]
{calendar}
Persistent=true

[Install]
WantedBy=timers.target
"""


def systemd(sources: Iterable[HarvestSource], command: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Give units by file name: one service for all sources, a timer for each; a missed moment is caught up once."""
    named = "".join(f'Environment="{name}={_in_quotes(value)}"\n' for name, value in environment.items())
    units = {"datamoa@.service": _SERVICE.format(environment=named, command=" ".join(map(_quoted, command)))}
    for source in sources:
        calendar = "\n".join(f"OnCalendar={moment}" for moment in on_calendar(source))
        units[f"datamoa@{source.name}.timer"] = _TIMER.format(title=source.title, calendar=calendar)
    return units


def crontab(sources: Iterable[HarvestSource], command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Give a crontab. CRON_TZ is cronie's; other crons read the lines in the machine's own time zone.

    Raises `UsageError` for what cron cannot say.
    """
    lines = [
        "# CRON_TZ is understood by cronie; elsewhere set the machine's time zone to it.",
        "# Set DATAMOA_DATABASE_URL, DATAMOA_INDEX_URL and the keys of portals here, where there are any.",
        "SHELL=/bin/sh",
    ]
    lines += [f"{name}={value}" for name, value in environment.items()]
    zone = None
    called = " ".join(shlex.quote(part) for part in command)
    for source in sources:
        _plain(source, "cron")
        if source.timezone != zone:
            lines.append(f"CRON_TZ={source.timezone}")
            zone = source.timezone
        lines.append(f"{source.schedule} {called} harvest {source.name}".replace("%", r"\%"))
    return "\n".join(lines) + "\n"


def on_calendar(source: HarvestSource) -> list[str]:
    """Write a cron line as systemd calendar events: two where cron means "this day of the month or that weekday".

    Raises `UsageError` for what systemd cannot say (the n-th or last weekday).
    """
    parsed = _plain(source, "systemd")
    clock = f"{_set(parsed.hours, range(24))}:{_set(parsed.minutes, range(60))}:00 {source.timezone}"
    months, days = _set(parsed.months, range(1, 13)), _set(parsed.days, range(1, 32))
    weekdays = {int(day) % 7 for day in parsed.weekdays}  # type: ignore[arg-type]  # the others were told above
    names = "" if len(weekdays) == 7 else ",".join(_DAYS[day] for day in sorted(weekdays)) + " "
    if not parsed.day_and:
        return [f"*-{months}-{days} {clock}", f"{names}*-{months}-* {clock}"]
    return [f"{names}*-{months}-{days} {clock}"]


def _plain(source: HarvestSource, scheduler: str) -> CronSim:
    """Read the cron line; raises `UsageError` for what other schedulers cannot say (the n-th or last weekday)."""
    parsed = CronSim(source.schedule or "", datetime(2026, 1, 1))
    if min(parsed.days) < 1 or not all(isinstance(day, int) for day in parsed.weekdays):
        raise UsageError(f"{source.name}: {source.schedule!r} cannot be written for {scheduler}; use `datamoa worker`")
    return parsed


def _set(values: set[int], every: range) -> str:
    return "*" if values == set(every) else ",".join(f"{value:02}" for value in sorted(values))


def _quoted(part: str) -> str:
    escaped = _in_quotes(part).replace("$", "$$")  # in a command, but not in Environment=, $ begins a variable
    return f'"{escaped}"' if any(mark in part for mark in " \t\"'\\$%;") else part


def _in_quotes(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
