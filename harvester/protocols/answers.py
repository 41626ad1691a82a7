"""What a portal's answer is when it is not what its protocol says: the reason, told from the body itself."""

from __future__ import annotations

import codecs
import re

from harvester.errors import PortalError

_LOGIN = re.compile(rb"type\s*=\s*[\"']?password|/login|log-?in\b|sign in|\xeb\xa1\x9c\xea\xb7\xb8\xec\x9d\xb8", re.I)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def unreadable(beginning: bytes, expected: str, url: str, fault: object = "") -> PortalError:
    """`PortalError` for an answer that cannot be read as `expected`, told from the beginning of its body.

    Reasons: ``login page`` (HTML with a login form or a word for it), ``layout changed`` (other HTML, such as a
    maintenance page), ``empty`` (no body), ``unreadable answer`` (anything else).
    """
    text = beginning.lstrip(codecs.BOM_UTF8).lstrip()
    shown = text[:80].decode("utf-8", "replace").replace("\n", " ")
    if not text:
        return PortalError("empty", f"{url}: {expected} was due, the answer has no body")
    if text.startswith(b"<") and re.match(rb"<(!doctype\s+html|html|head|body|script)\b", text, re.I):
        reason = "login page" if _LOGIN.search(text) else "layout changed"
        return PortalError(reason, f"{url}: {expected} was due, a web page came: {shown!r}; open it in a browser")
    hint = f" ({fault})" if fault else ""
    return PortalError("unreadable answer", f"{url}: {expected} was due{hint}; the answer begins {shown!r}")


def as_utf8(body: bytes, declared: str | None) -> bytes:
    """Body in UTF-8 without a byte order mark.

    A byte order mark decides, then valid UTF-8, then the charset that Content-Type declares. A body that fits none of
    them comes back unchanged: whoever parses it raises.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _recoded(body[len(mark) :], encoding)
    if body.isascii() or declared in (None, "utf-8"):
        return body  # whether it is UTF-8 shows when it is parsed: looking twice costs a large page dearly
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return _recoded(body, declared)
    return body


def _recoded(body: bytes, encoding: str) -> bytes:
    try:
        return body if encoding == "utf-8" else body.decode(encoding).encode("utf-8")
    except (UnicodeDecodeError, LookupError):
        return body


def declared_charset(content_type: str) -> str | None:
    """Charset of a Content-Type header, None where it names none or a name that Python does not know."""
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type, re.I)
    try:
        return codecs.lookup(found[1]).name if found else None
    except LookupError:
        return None
