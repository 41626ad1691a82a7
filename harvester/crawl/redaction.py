"""Keys never reach a log, the ledger or a report: wherever one would be written, ``***`` stands instead."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable
from urllib.parse import unquote, unquote_plus

_KEY_NAME = r"(?:[a-z_-]*api[_-]?key|service[_-]?key|auth[_-]?key|access[_-]?token|crtfc_key|password)"
_KEY_IN_QUERY = re.compile(rf"(?i)(?:^|[?&;]){_KEY_NAME}=([^&#;]{{8,}})")
_IS_KEY = re.compile(rf"(?i){_KEY_NAME}")

_NAMED_IN_HTML = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}

_NOTHING = "(?!)"
_hidden: set[str] = set()
_in_text, _in_bytes = re.compile(_NOTHING), re.compile(_NOTHING.encode())
_in_data: re.Pattern[bytes] | None = None
_lock = threading.Lock()


SHORTEST = 8
"""Characters of a key that is looked for in data: shorter ones are words, which data hold as well."""

HIDDEN = "***"
"""What stands in the place of a key."""


def hide(value: str) -> None:
    """Take `value`, as it is and as URLs and JSON spell it, out of all logs and of all that is redacted from now on."""
    global _in_text, _in_bytes, _in_data
    with _lock:
        if value not in _hidden:
            _hidden.add(value)
            pattern = _any_of(_hidden)
            _in_bytes = re.compile(pattern.encode())
            _in_text = re.compile("|".join([pattern, *map(_beginning, _hidden)]))
            long = [one for one in _hidden if len(one) >= SHORTEST]
            _in_data = re.compile(_any_of(long).encode()) if long else None
        for handler in logging.root.handlers:
            if not isinstance(handler.formatter, RedactingFormatter):
                handler.setFormatter(RedactingFormatter(handler.formatter))


def _any_of(values: Iterable[str]) -> str:
    return "|".join(spelling(one) for one in sorted(values, key=len, reverse=True))


def _beginning(value: str) -> str:
    """What is left of a key where a text was cut in it."""
    return f"(?:{spelling(value[:SHORTEST])})(?:[^\\s\"'<>&;,]*)" if len(value) > SHORTEST else _NOTHING


def spelling(value: str) -> str:
    """Regular expression of a key as it is, and as URLs, JSON and HTML spell it, each character in any way."""
    return "|".join("".join(map(_spelt, one)) for one in _forms(value))


def _forms(value: str) -> Iterable[str]:
    decoded = unquote(value)  # data.go.kr shows its keys quoted, too
    return (value, decoded) if decoded != value and len(decoded) >= SHORTEST else (value,)


def _spelt(char: str) -> str:
    if char.isascii() and (char.isalnum() or char in "-._~"):
        return re.escape(char)
    ways = [re.escape(char), "".join(f"%(?:25)*(?i:{byte:02x})" for byte in char.encode("utf-8", "replace"))]
    units = char.encode("utf-16-be", "replace").hex()
    ways.append("".join(rf"\\{{1,8}}u(?i:{units[at : at + 4]})" for at in range(0, len(units), 4)))
    ways.append(f"&#(?:0*{ord(char)}|(?i:x0*{ord(char):x}));")
    if char in _NAMED_IN_HTML:
        ways.append(f"&{_NAMED_IN_HTML[char]};")
    if char in '/"\\':
        ways.append(rf"\\{{1,8}}{re.escape(char)}")
    if char == " ":
        ways.append(r"\+")
    return f"(?:{'|'.join(ways)})"


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
    return _in_text.sub(HIDDEN, text)


def redact_bytes(content: bytes) -> bytes:
    """Give `content`, which need not be text, with every hidden value replaced."""
    return _in_bytes.sub(HIDDEN.encode(), content)


def redact_data(content: bytes) -> bytes:
    """Give what a portal sent with every key replaced that it repeats."""
    return content if _in_data is None else _in_data.sub(HIDDEN.encode(), content)


class RedactingFormatter(logging.Formatter):
    """Redacts what another formatter makes of a record, traceback included."""

    def __init__(self, formatter: logging.Formatter | None) -> None:
        super().__init__()
        self._formatter = formatter or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        """Format as the other one does, then redact."""
        return redact(self._formatter.format(record))
