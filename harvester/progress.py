"""Live progress of jobs that run side by side: a line each on a terminal, plain lines now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.table import Table

from harvester.console import notes
from harvester.crawl.events import ProgressEvent

_PLAIN_EVERY_SECONDS = 10.0


class Progress:
    """Shows the newest event of every source with its rate; `quiet` shows nothing."""

    def __init__(self, sources: Sequence[str], *, quiet: bool = False) -> None:
        self._events: dict[str, ProgressEvent | None] = dict.fromkeys(sources)
        self._quiet = quiet
        self._live = (
            Live(console=notes, refresh_per_second=4, transient=True) if notes.is_terminal and not quiet else None
        )
        self._told = time.monotonic()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def update(self, event: ProgressEvent) -> None:
        """Take in one event of one source."""
        self._events[event.source] = event
        if self._live:
            self._live.update(self._table())
        elif not self._quiet and time.monotonic() - self._told >= _PLAIN_EVERY_SECONDS:
            self._told = time.monotonic()
            for name, newest in self._events.items():
                if newest and not newest.ended:
                    notes.print(
                        f"{name}: {newest.seen:,} records, {_rate(newest):,.0f}/s, {newest.requests:,} requests"
                    )

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("source", "phase", "records", "of", "records/s", "requests", "MB"):
            table.add_column(name, justify="left" if name in {"source", "phase"} else "right", no_wrap=True)
        for name, event in self._events.items():
            if event is None:
                table.add_row(name, "waiting")
                continue
            total = f"{event.declared_total:,}" if event.declared_total else ""
            table.add_row(
                name,
                event.phase,
                f"{event.seen:,}",
                total,
                f"{_rate(event):,.0f}",
                f"{event.requests:,}",
                f"{event.bytes / 1e6:,.1f}",
            )
        return table


def _rate(event: ProgressEvent) -> float:
    return event.seen / event.seconds if event.seconds > 0 else 0.0
