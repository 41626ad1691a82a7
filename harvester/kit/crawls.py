"""Crawls that an author looks at: real requests, a ledger that is thrown away, and what went wrong as lines of text."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from harvester.config import Settings
from harvester.crawl.redaction import RedactingFormatter
from harvester.home import is_writable


@contextmanager
def own_ledger(settings: Settings) -> Iterator[Settings]:
    """Give the same settings with a ledger that is gone afterwards; shared downloads stay where they are."""
    with tempfile.TemporaryDirectory(prefix="datamoa-kit-") as folder:
        home = settings.home if is_writable(settings.home) else Path(folder)
        yield replace(settings, home=home, database_url=f"sqlite:///{folder}/ledger.sqlite")


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(RedactingFormatter(logging.Formatter("%(message)s")))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        record.exc_info = record.exc_text = None  # the sentence says it; a traceback is for the log
        self.lines.append(self.format(record))


@contextmanager
def listening() -> Iterator[list[str]]:
    """Collect the warnings and errors of crawls of this process, without keys; they go nowhere else meanwhile."""
    ear, before = _Ear(), logging.root.handlers[:]
    logging.root.handlers[:] = [ear]
    try:
        yield ear.lines
    finally:
        logging.root.handlers[:] = before
