"""Keys never reach a log, the ledger or a report: wherever one would be written, ``***`` stands instead."""

from __future__ import annotations

import logging
import re
import threading
from urllib.parse import quote, quote_plus

_ESCAPE = re.compile(r"%[0-9A-F]{2}")

_hidden: set[str] = set()
_lock = threading.Lock()


HIDDEN = "***"
"""What stands in the place of a key."""


def hide(value: str) -> None:
    """Take `value`, as it is and as URLs and JSON spell it, out of all logs and of all that is redacted from now on."""
    with _lock:
        spelt = {quote(value), quote(value, safe=""), quote_plus(value)}
        lower = {_ESCAPE.sub(lambda escape: escape[0].lower(), one) for one in spelt}
        _hidden.update({value, value.replace("/", "\\/"), *spelt, *lower})
        for handler in logging.root.handlers:
            if not isinstance(handler.formatter, RedactingFormatter):
                handler.setFormatter(RedactingFormatter(handler.formatter))


def redact(text: str) -> str:
    """Give `text` with every hidden value replaced by ``***``."""
    for value in sorted(_hidden, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return text


def redact_bytes(content: bytes) -> bytes:
    """Give `content`, which need not be text, with every hidden value replaced."""
    for value in sorted(_hidden, key=len, reverse=True):
        content = content.replace(value.encode(), HIDDEN.encode())
    return content


class RedactingFormatter(logging.Formatter):
    """Redacts what another formatter makes of a record, traceback included."""

    def __init__(self, formatter: logging.Formatter | None) -> None:
        super().__init__()
        self._formatter = formatter or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        """Format as the other one does, then redact."""
        return redact(self._formatter.format(record))
