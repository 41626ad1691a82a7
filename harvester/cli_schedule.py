"""Commands that keep the schedules: `schedule` shows what is due, `worker` does it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from harvester import config, console, notices, timetable, units
from harvester.cli import Context, Json, Names, app
from harvester.crawl import holder
from harvester.errors import UsageError
from harvester.members import HarvestSource
from harvester.timetable import Due, Limits


class Scheduler(StrEnum):
    """Whose files `schedule --export` writes."""

    systemd = "systemd"
    cron = "cron"


@app.command()
def schedule(
    context: typer.Context,
    names: Names = None,
    export: Annotated[
        Scheduler | None, typer.Option(help="write units for another scheduler instead: systemd, cron")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="folder for the exported files; without it they are printed")
    ] = None,
    json: Json = False,
) -> None:
    """What is due, when and why."""
    here: Context = context.obj
    if into and export is None:
        raise UsageError("--into says where --export writes; name the scheduler")
    sources = (
        config.select(here.settings.config, tuple(names))
        if names
        else tuple(source for member in config.members(here.settings.config) for source in member.sources)
    )
    if export:
        _export(here.settings, export, into, [one for one in sources if one.enabled and one.schedule])
        return
    with here.ledger() as ledger:
        latest = ledger.latest_jobs(holder.is_dead)
    now = datetime.now(UTC)
    rows = [timetable.due(source, latest.get(source.name), now) for source in sources]
    rows.sort(key=lambda due: (due.at is None, due.at or now, due.source.name))
    if json:
        for row in rows:
            console.print_json({"source": row.source.name, "due": row.at, "reason": row.reason})
        return
    console.print_table(
        ("source", "due", "in", "reason", "last verdict"),
        [
            (
                row.source.name,
                row.at and f"{row.at:%Y-%m-%d %H:%M %Z}",
                _until(row, now),
                row.reason,
                latest[row.source.name].verdict if row.source.name in latest else "never run",
            )
            for row in rows
        ],
    )


def _until(due: Due, now: datetime) -> str:
    if due.at is None:
        return "never"
    if due.now(now):
        return "now"
    minutes = int((due.at - now).total_seconds()) // 60
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _export(settings: config.Settings, scheduler: Scheduler, into: Path | None, sources: list[HarvestSource]) -> None:
    command = _this_command()
    # Not the addresses of ledger and index: they may hold passwords, and units are read by everybody.
    environment = {"DATAMOA_HOME": str(settings.home), "DATAMOA_CONFIG": str(settings.config)}
    if scheduler is Scheduler.systemd:
        files = units.systemd(sources, command, environment)
    else:
        files = {"datamoa.crontab": units.crontab(sources, command, environment)}
    if into is None:
        for name, text in files.items():
            console.out.print(f"# {name}\n{text}")
        return
    into.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (into / name).write_text(text, encoding="utf-8")
    console.notes.print(f"{len(files)} files in {into}")


def _this_command() -> tuple[str, ...]:
    """How this command was called, for callers that stand in another folder."""
    called = Path(sys.argv[0]).absolute()
    return (sys.executable, "-m", called.parent.name) if called.name == "__main__.py" else (str(called),)


@app.command()
def worker(
    context: typer.Context,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="how many jobs run at once")] = 3,
    per_host: Annotated[int, typer.Option(min=1, max=16, help="how many jobs ask one host at once")] = 2,
    memory: Annotated[int, typer.Option(min=0, help="MB that a job's process may take; 0: any")] = 1024,
    notify: Annotated[
        list[str] | None, typer.Option(help="command that gets a JSON line on stdin when a verdict changes")
    ] = None,
    webhook: Annotated[list[str] | None, typer.Option(help="address that gets the same by POST")] = None,
) -> None:
    """Keep the schedules: run what is due, each job in a process of its own, until stopped."""
    from harvester.schedule import work

    here: Context = context.obj
    notifiers = notices.checked(tuple(notify or ()), tuple(webhook or ()))
    work(
        here.settings,
        limits=Limits(jobs=jobs, per_host=per_host),
        memory=memory or None,
        after_job=here.after_harvest,
        notifiers=notifiers,
    )
