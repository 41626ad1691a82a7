"""Schedules for other schedulers: systemd units and crontab lines that call `datamoa harvest`. Pure."""

from __future__ import annotations

import re
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
_LINE_BREAKS = "\n\r"
_TIMER = """\
[Unit]
Description=DataMoa: {title} ({name})

[Timer]
{calendar}
Persistent=true

[Install]
WantedBy=timers.target
"""


def systemd(sources: Iterable[HarvestSource], command: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Give units by file name: one service for all sources, a timer for each; a missed moment is caught up once.

    Raises `UsageError` for what systemd cannot be told.
    """
    for value in (*command, *environment.values()):
        _check(value, "a unit")
    named = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in environment.items())
    units = {"datamoa@.service": _SERVICE.format(environment=named, command=_called(command))}
    for source in sources:
        calendar = "\n".join(f"OnCalendar={moment}" for moment in on_calendar(source))
        title = _in_one_line(source.title).replace("%", "%%")
        units[f"datamoa@{source.name}.timer"] = _TIMER.format(title=title, name=source.name, calendar=calendar)
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
    for name, value in environment.items():
        _check(value, "a crontab", _LINE_BREAKS)
        lines.append(f"{name}={_cron_value(value)}")
    for part in command:
        _check(part, "a crontab", _LINE_BREAKS + "\\")  # crons differ in what they make of \\ before %
    zone = None
    called = shlex.join(command).replace("%", r"\%")
    for source in sources:
        _plain(source, "cron")
        if source.timezone != zone:
            lines.append(f"CRON_TZ={source.timezone}")
            zone = source.timezone
        lines.append(f"{source.schedule} {called} harvest {source.name}")
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


def _in_one_line(text: str) -> str:
    """Text that ends no line: what follows a line break in a unit is a directive."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text).split())


def _called(command: Sequence[str]) -> str:
    """A command line of systemd, which takes no quotes, backslashes or line breaks in what is executed, and no $$."""
    executable = command[0]
    if re.search(r"""["'\\$\x00-\x1f\x7f]""", executable):
        command = ("/bin/sh", "-c", 'exec "$0" "$@"', *command)
    return " ".join(_quoted(part).replace("$", "$$") for part in command)  # in Environment= a $ stands for itself


def _quoted(value: str) -> str:
    if re.fullmatch(r"[\w@%+=:,./$-]+", value):
        return value.replace("%", "%%")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    escaped = re.sub(r"[\x00-\x1f\x7f]", lambda control: f"\\x{ord(control[0]):02x}", escaped)
    return f'"{escaped}"'


def _cron_value(value: str) -> str:
    """A value of a crontab's environment: cron knows quotes around it, and nothing that lets one stand between them."""
    if value == value.strip() and value[:1] not in {"'", '"'}:
        return value
    mark = next((mark for mark in ('"', "'") if mark not in value), None)
    if mark is None:
        raise UsageError(f"{value!r} cannot be written in a crontab: it has both quotes in it and blanks at an end")
    return f"{mark}{value}{mark}"


def _check(value: str, file: str, refused: str = "") -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{value!r} cannot be written in {file}: it is not UTF-8") from None
    if found := [mark for mark in refused if mark in value]:
        raise UsageError(f"{value!r} cannot be written in {file}: {found[0]!r} is in it; use `datamoa worker`")
