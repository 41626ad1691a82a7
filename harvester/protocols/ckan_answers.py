"""What CKAN's actions answer, and what portals that imitate CKAN answer instead; packages stay the bytes sent."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec
from scrapy.http import Response

from harvester.errors import PortalError
from harvester.protocols.answers import as_utf8, declared_charset, unreadable
from harvester.protocols.json_stream import JsonStream


class _Answer(msgspec.Struct):
    success: bool | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    results: msgspec.Raw = msgspec.Raw()


_Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
"""What no list can hold is no count, and no database could keep it."""


class _Found(msgspec.Struct):
    results: list[msgspec.Raw]
    count: _Count | None = None


class _Search(msgspec.Struct):
    success: bool
    result: _Found


_answer = msgspec.json.Decoder(_Answer, strict=False)
_found = msgspec.json.Decoder(_Found, strict=False)
_search = msgspec.json.Decoder(_Search)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_counted = msgspec.json.Decoder(_Count)
_names = msgspec.json.Decoder(list[str])


def packages_of(response: Response, *, shown: bool = False) -> tuple[list[bytes], int | None]:
    """Give the packages (as the bytes sent) of any answer that holds some, and the count that it declares.

    Reads ``package_search``, ``current_package_list_with_resources`` and, if `shown`, ``package_show``, with and
    without the envelope, also where DKAN puts a list into a list. Raises `PortalError`.
    """
    if _charset(response) in (None, "utf-8") and (found := _plain_search(response.body)):
        return [bytes(raw) for raw in found.results], found.count
    try:
        result = result_of(response)
        if result.startswith(b"["):
            return list(_flat(_list.decode(result))), None
        if shown and result.startswith(b"{"):
            return [result], None
        found = _found.decode(result)
        return [bytes(raw) for raw in found.results], found.count
    except RecursionError:
        return _piece_by_piece(response, shown)
    except msgspec.DecodeError as error:
        message = f"{response.url}: no list of packages in the answer ({error}): {result[:80]!r}"
        raise PortalError("layout changed", message) from None


def _piece_by_piece(response: Response, shown: bool) -> tuple[list[bytes], int | None]:
    """Read an answer in which something is nested too deeply: if that is a package, it costs no other one."""
    text = as_utf8(response.body, _charset(response)).decode("utf-8", "replace")
    try:
        packages, count = _pieces(JsonStream(io.StringIO(text)), shown)
    except ValueError as error:
        raise unreadable(text[:4096].encode(), "JSON", response.url, error) from None
    if packages is None:
        message = f"{response.url}: no list of packages in the answer (nested too deeply): {text[:80]!r}"
        raise PortalError("layout changed", message)
    return packages, count


def _pieces(stream: JsonStream, shown: bool) -> tuple[list[bytes] | None, int | None]:
    if stream.next_mark() == "[":
        return [piece for element in stream.elements() for piece in _inner(element.text)], None
    packages, count = None, None
    for key in stream.entries():
        if key == "result" and shown and stream.next_mark() == "{":
            packages = [stream.value().text.encode()]
        elif key == "result" and stream.next_mark() in {"{", "["}:
            packages, count = _pieces(stream, shown)
        elif key == "results" and stream.next_mark() == "[":
            packages, _ = _pieces(stream, shown)
        elif key == "count":
            count = _count(stream.value().text)
        else:
            stream.value()
    return packages, count


def _inner(text: str) -> list[bytes]:
    """Give what a list in a list holds, as DKAN has it, or this value itself."""
    elements = JsonStream(io.StringIO(text)).elements() if text.startswith("[") else None
    return [element.text.encode() for element in elements] if elements else [text.encode()]


def _count(text: str) -> int | None:
    try:
        return _counted.decode(text)
    except msgspec.DecodeError:
        return None


def _plain_search(body: bytes) -> _Found | None:
    """Read what nearly all portals send, in one pass over a page of megabytes; None for everything else."""
    try:
        answer = _search.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return answer.result if answer.success else None


def names_of(response: Response) -> list[str]:
    """Names in an answer of ``package_list``. Raises `PortalError`."""
    try:
        return _names.decode(result_of(response))
    except (msgspec.DecodeError, RecursionError) as error:
        raise PortalError("layout changed", f"{response.url}: no list of names in the answer: {error}") from None


def result_of(response: Response) -> bytes:
    """Give the ``result`` inside an answer's envelope, or the whole body where a portal leaves the envelope out.

    Raises `PortalError`: ``error inside 200``, ``login page``, ``layout changed``, ``unreadable answer``; and
    RecursionError where something is nested a thousand deep.
    """
    body = as_utf8(response.body, _charset(response)).strip()
    if body.startswith(b"["):
        return body
    try:
        answer = _answer.decode(body)
    except msgspec.ValidationError as error:
        raise PortalError("layout changed", f"{response.url}: no answer of an action: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise unreadable(body[:4096], "JSON", response.url, error) from None
    result, fault = bytes(answer.result), bytes(answer.error)
    if answer.success is False or (fault and not result):
        said = fault[:200].decode("utf-8", "replace") or "no reason given"
        raise PortalError("error inside 200", f"{response.url}: the portal says that it failed: {said}")
    return result or body


def _charset(response: Response) -> str | None:
    return declared_charset((response.headers.get("Content-Type") or b"").decode("latin-1"))


def _flat(raws: Iterable[msgspec.Raw]) -> Iterator[bytes]:
    for raw in raws:
        payload = bytes(raw)
        if payload.startswith(b"["):
            yield from (bytes(inner) for inner in _list.decode(payload))
        else:
            yield payload
