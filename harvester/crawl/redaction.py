"""Keys never reach a log, the ledger or a report: wherever one would be written, ``***`` stands instead."""

from __future__ import annotations

import logging
import threading
from urllib.parse import quote, quote_plus

_hidden: set[str] = set()
_lock = threading.Lock()


def hide(value: str) -> None:
    """Take `value`, as it is and as URLs spell it, out of everything that `redact` sees from now on."""
    with _lock:
        _hidden.update({value, quote(value), quote(value, safe=""), quote_plus(value)})


def redact(text: str) -> str:
    """Give `text` with every hidden value replaced by ``***``."""
    for value in sorted(_hidden, key=len, reverse=True):
        text = text.replace(value, "***")
    return text


class RedactingFormatter(logging.Formatter):
    """A log formatter that redacts the finished line, traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """Format as usual, then redact."""
        return redact(super().format(record))
