"""How commands speak: tables for people on stdout, one JSON object a line for programs, all else on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from harvester.errors import UsageError
from harvester.ledger.types import JobReport

_PIPED_WIDTH = 200
"""What is piped has no width of its own, and rich's 80 columns would fold names and numbers."""

_CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}


class _PlainConsole(Console):
    """Shows what a terminal would obey (colours, titles, cursor) instead of sending it: portals write that too."""

    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(text.translate(_CONTROLS), **how)


# Most of what is printed was written by portals, where brackets are brackets: no text is ever read as rich's markup.
out = _PlainConsole(
    highlight=False, markup=False, emoji=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPED_WIDTH
)
notes = _PlainConsole(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)

REPORT_KEYS = (
    "source", "job", "verdict", "reason", "listed", "seen", "created", "updated", "unchanged", "rejected", "deleted",
    "duplicate", "failed", "missing", "removed", "requests", "bytes", "seconds",
)  # fmt: skip
"""Keys of a job in ``--json``: the contract of the command line, in this order."""

_LAST_JOB = (1 << 63) - 1
"""Databases know no larger number."""

_COLOURS = {"complete": "green", "partial": "yellow", "held": "magenta", "failed": "red"}


def print_json(row: Mapping[str, object]) -> None:
    """Write one object as one line on stdout, at once."""
    sys.stdout.buffer.write(orjson.dumps(row, default=str) + b"\n")
    sys.stdout.buffer.flush()


def report_row(report: JobReport) -> dict[str, object]:
    """A job as the ``--json`` contract has it."""
    row: dict[str, object] = {key: getattr(report, key) for key in REPORT_KEYS}
    row["seconds"] = round(report.seconds, 2)
    return row


def verdict_text(report: JobReport | None) -> Text:
    """The verdict in its colour; a job that was interrupted or still runs has none."""
    if report is None:
        return Text("never run", style="dim")
    if report.undone:
        return Text(f"{report.verdict}, undone", style="dim")
    if report.verdict is None:
        return Text("unfinished", style="yellow")
    return Text("held, accepted" if report.accepted else report.verdict, style=_COLOURS[report.verdict])


def print_reports(reports: Sequence[JobReport], *, title: str = "") -> None:
    """The closing table of jobs: verdict, reason and every count."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for name in ("source", "job", "verdict"):
        table.add_column(name, no_wrap=True)
    for name in REPORT_KEYS[4:15]:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    table.add_column("reason", overflow="fold")
    for report in reports:
        counts = [_count(getattr(report, name)) for name in REPORT_KEYS[4:15]]
        table.add_row(
            report.source, str(report.job or "–"), verdict_text(report), *counts, f"{report.seconds:.1f}", report.reason
        )
    out.print(table)
    if requests := sum(report.saved_requests for report in reports):
        size = decimal(sum(report.saved_bytes for report in reports))
        out.print(f"saved {requests:,} requests, {size} (unchanged, or fetched once for several sources)")


def _count(number: int) -> str:
    return f"{number:,}" if number else "·"


def print_table(columns: Iterable[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """A plain table for people."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else _cell(cell) for cell in row))
    out.print(table)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def exit_code(reports: Sequence[JobReport]) -> int:
    """0 all complete, 1 one failed (or none ran), 2 one partial, held or interrupted."""
    if any(report.verdict == "failed" for report in reports) or not reports:
        return 1
    return 0 if all(report.verdict == "complete" for report in reports) else 2


def job_number(text: str) -> int:
    """A job's number from the command line; `UsageError` where it is none."""
    if not text.isdecimal() or int(text[:20]) > _LAST_JOB:
        raise UsageError(f"{text!r} is no job number; `datamoa jobs` lists them")
    return int(text)
