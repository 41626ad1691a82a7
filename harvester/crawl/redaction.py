"""Keys never reach a log, the ledger or a report: wherever one would be written, ``***`` stands instead."""

from __future__ import annotations

import logging
import threading
from urllib.parse import quote, quote_plus

_hidden: set[str] = set()
_lock = threading.Lock()


def hide(value: str) -> None:
    """Take `value`, as it is and as URLs spell it, out of all logs and of everything that `redact` sees from now on."""
    with _lock:
        _hidden.update({value, quote(value), quote(value, safe=""), quote_plus(value)})
        for handler in logging.root.handlers:
            if not isinstance(handler.formatter, RedactingFormatter):
                handler.setFormatter(RedactingFormatter(handler.formatter))


def redact(text: str) -> str:
    """Give `text` with every hidden value replaced by ``***``."""
    for value in sorted(_hidden, key=len, reverse=True):
        text = text.replace(value, "***")
    return text


class RedactingFormatter(logging.Formatter):
    """Redacts what another formatter makes of a record, traceback included."""

    def __init__(self, formatter: logging.Formatter | None) -> None:
        super().__init__()
        self._formatter = formatter or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        """Format as the other one does, then redact."""
        return redact(self._formatter.format(record))
