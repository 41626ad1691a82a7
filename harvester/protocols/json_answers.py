"""JSON answers: their value, their rows as the bytes that were sent, the next page that their headers name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import msgspec
import orjson
from scrapy.http import Response

from harvester.catalog.model import Issue, Rejected
from harvester.errors import PortalError
from harvester.protocols.answers import as_utf8, declared_charset, unreadable

T = TypeVar("T")

_LONG_NUMBER = re.compile(rb"[:\[,\s]-?\d{20}")
_SURELY_64_BITS = 20
"""Characters of an integer; with fewer it is less than 2^64."""

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:\"[^\"]*\"|[^\s\",;]*))*)")
_NEXT = re.compile(r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\"|next\b)", re.IGNORECASE)

_FAULTS = ("error", "errors", "message", "success")
"""Keys under which APIs tell that they failed, seen at CKAN, DataCite, GitHub and Hugging Face."""


def json_of(response: Response) -> Any:
    """The JSON value of an answer, in whatever charset it came; raises `PortalError` where there is none.

    Integers of more than 64 bits are given as texts. What only strict readers refuse is read: line breaks and tabs in
    texts, NaN, halves of surrogate pairs; and CP949 whatever charset is declared.
    """
    declared = declared_charset((response.headers.get("Content-Type") or b"").decode("latin-1"))
    body = as_utf8(response.body, declared)
    try:
        value = orjson.loads(body)
    except ValueError as error:
        try:
            return _read_leniently(body)
        except (ValueError, RecursionError):
            raise unreadable(body[:4096], "JSON", response.url, error) from None
    if _LONG_NUMBER.search(body):  # which orjson rounds
        with suppress(ValueError, RecursionError):
            return _read_leniently(body)
    return value


def _read_leniently(body: bytes) -> Any:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("cp949")
    value = json.loads(text, strict=False, parse_int=_exact, parse_constant=lambda _: None)
    return orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _exact(digits: str) -> int | str:
    return int(digits) if len(digits) < _SURELY_64_BITS else digits


def next_link(response: Response) -> str | None:
    """Address that the Link header calls ``next`` (RFC 8288), None where there is none."""
    header = ", ".join(value.decode("latin-1") for value in response.headers.getlist("Link"))
    return next((address for address, said in _LINK.findall(header) if _NEXT.search(said)), None)


def decoded(response: Response, kind: type[T], expected: str) -> T:
    """Read an answer as `kind` (a msgspec type; `msgspec.Raw` keeps bytes).

    Raises `PortalError`: ``error inside 200`` (an object that tells a fault), ``layout changed`` (other JSON), and
    the reasons of `unreadable`.
    """
    charset = declared_charset((response.headers.get("Content-Type") or b"").decode("latin-1"))
    body = as_utf8(response.body, charset).strip()
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        if said := told_fault(body):
            raise PortalError("error inside 200", f"{response.url}: the portal says that it failed: {said}") from None
        raise PortalError("layout changed", f"{response.url}: {expected} was due: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(body[:4096], expected, response.url, error) from None


def told_fault(body: bytes) -> str | None:
    """What an answer says about its own failure, None where it is no object that says such a thing."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    return next((str(answer[key])[:200] for key in _FAULTS if key in answer), None)


def row(raw: msgspec.Raw, kind: type[T], identify: Callable[[T], str | None], metadata_format: str) -> T | Rejected:
    """Read the head of one row, or say why it has no identifier (`identify` gives None)."""
    payload = bytes(raw)
    try:
        head = msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        return _rejected(payload, metadata_format, "not-a-record", f"this row of the list is no record: {error}")
    if not identify(head):
        return _rejected(payload, metadata_format, "no-identifier", "this row of the list has no identifier")
    return head


def _rejected(payload: bytes, metadata_format: str, code: str, message: str) -> Rejected:
    value = payload[:200].decode("utf-8", "replace")
    issue = Issue(severity="error", code=code, message=message, field="id", value=value)
    return Rejected(payload=payload, format=metadata_format, issue=issue)


def words(value: Any) -> str | None:
    """Text without blanks around it, or a number as text; None for everything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return re.sub(r"\s+", " ", value).strip() or None if isinstance(value, str) else None
