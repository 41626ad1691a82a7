"""Keys never reach a log, the ledger or a report: wherever one would be written, ``***`` stands instead."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Set
from urllib.parse import quote, quote_plus, unquote_plus

_ESCAPE = re.compile(r"%[0-9A-F]{2}")

_KEY_NAME = r"(?:[a-z_-]*api[_-]?key|service[_-]?key|auth[_-]?key|access[_-]?token|crtfc_key|password)"
_KEY_IN_QUERY = re.compile(rf"(?i)(?:^|[?&;]){_KEY_NAME}=([^&#;]{{8,}})")
_IS_KEY = re.compile(rf"(?i){_KEY_NAME}")

_hidden: set[str] = set()
_lock = threading.Lock()


HIDDEN = "***"
"""What stands in the place of a key."""


def hide(value: str) -> None:
    """Take `value`, as it is and as URLs and JSON spell it, out of all logs and of all that is redacted from now on."""
    with _lock:
        _hidden.update(spellings(value))
        for handler in logging.root.handlers:
            if not isinstance(handler.formatter, RedactingFormatter):
                handler.setFormatter(RedactingFormatter(handler.formatter))


def spellings(value: str) -> Set[str]:
    """A key as it is, and as URLs and JSON spell it."""
    spelt = {quote(value), quote(value, safe=""), quote_plus(value)}
    lower = {_ESCAPE.sub(lambda escape: escape[0].lower(), one) for one in spelt}
    return {value, value.replace("/", "\\/"), *spelt, *lower}


def is_key(name: str) -> bool:
    """Whether a parameter holds a key, by its name."""
    return _IS_KEY.fullmatch(name) is not None


def hide_keys_in(query: str) -> None:
    """Hide what stands in an address, a query or a form under a key's name, also where a portal put it into a link."""
    for value in _KEY_IN_QUERY.findall(query):
        hide(unquote_plus(value))


def without_keys(form: str) -> str:
    """A query or a form with ``***`` in the place of what stands under a key's name."""
    return _KEY_IN_QUERY.sub(lambda found: found[0].removesuffix(found[1]) + HIDDEN, form)


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
