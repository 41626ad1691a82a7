"""What a portal's answer is when it is not what its protocol says: the reason, told from the body itself."""

from __future__ import annotations

import codecs
import re

from harvester.errors import PortalError

_LOGIN = re.compile(rb"type\s*=\s*[\"']?password|/login|log-?in\b|sign in|\xeb\xa1\x9c\xea\xb7\xb8\xec\x9d\xb8", re.I)
_LOGIN_FORM = re.compile(r"<input[^<>]{0,400}type\s*=\s*[\"']?password", re.I)
_TITLE = re.compile(r"<title[^<>]*>([^<]{0,400})", re.I)
_LOGIN_WORDS = re.compile(r"로그인|log-?\s?in\b|sign in", re.I)
_ALERT = re.compile(r"\balert\s*\(\s*[\"']([^\"']{0,400})")
_MAINTENANCE = re.compile(r"점검\s*중|(?:시스템|서비스|서버)\s*점검|서비스[^<>]{0,20}중단|under maintenance", re.I)
_META_CHARSET = re.compile(rb"<meta[^<>]{0,400}?charset\s*=\s*[\"']?([\w.:-]+)", re.I)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_KOREAN = {"euc_kr": "cp949"}
"""Charsets that Korean pages declare → those that they are written in: EUC-KR lacks 8,822 syllables, CP949 none."""


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


def instead_of_page(content: str, visible: str, expected: str, url: str) -> PortalError | None:
    """`PortalError` for a web page that came in place of the one that was due; None for one that looks like any other.

    `content` is the page's source, `visible` the text that a reader sees. Reasons: ``login page`` (a form with a
    password, or a title or an alert that asks to log in), ``not found`` (nothing but an alert: so Korean portals say
    that an entry is withdrawn), ``layout changed`` (a maintenance page). Ask only where what was due is missing:
    healthy pages hold forms to log in, too.
    """
    title, alert = _TITLE.search(content), _ALERT.search(content)
    said = alert[1] if alert and not visible else ""
    if _LOGIN_FORM.search(content) or _LOGIN_WORDS.search(title[1] if title else "") or _LOGIN_WORDS.search(said):
        return PortalError("login page", f"{url}: {expected} was due, a page to log in came; open it in a browser")
    if said:
        return PortalError("not found", f"{url}: {expected} was due, nothing but an alert came: {said[:100]!r}")
    if _MAINTENANCE.search(visible[:3000]) or _MAINTENANCE.search(title[1] if title else ""):
        return PortalError("layout changed", f"{url}: {expected} was due, a maintenance page came: {visible[:80]!r}")
    return None


def as_page(body: bytes, content_type: str) -> str:
    """Text of a web page in whatever charset it is.

    A byte order mark decides, then whether it is valid UTF-8 (other Korean text never is by chance), then the charset
    that the header declares, then that of the page's ``<meta>``, then CP949. What fits none is read as UTF-8 or
    CP949, whichever leaves fewer broken places, with marks there.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    meta = _META_CHARSET.search(body[:4096])
    named = (declared_charset(content_type), declared_charset(f"charset={meta[1].decode('ascii')}") if meta else None)
    for encoding in ("utf-8", *(_KOREAN.get(one, one) for one in named if one), "cp949"):
        try:
            return body.decode(encoding)
        except (UnicodeError, LookupError):  # some codecs of Python are no charsets, and say so in their own ways
            continue
    texts = (body.decode(encoding, "replace") for encoding in ("utf-8", "cp949"))
    return min(texts, key=lambda text: text.count("\ufffd"))


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


MOST_RECORDS = 100_000
"""Of one answer. It is mapped and committed as a whole, and millions of entries of a few bytes, which the limit of
bodies lets through, would take gigabytes. Protocols of large files cut them into pages themselves."""


def not_too_many(number: int, url: str) -> None:
    """Raise `PortalError` ("limit") for an answer of more entries than a machine should hold at once."""
    if number > MOST_RECORDS:
        told = f"{number:,} entries in one answer, more than {MOST_RECORDS:,}"
        raise PortalError("limit", f"{url}: {told}: have the member file ask for smaller pages")
