"""Answers of data.go.kr's list API (``api.odcloud.kr/api/15077093/v1/…``): read, and its rows made into records. Pure.

A row is one operation of an API, or one file: rows of the same ``list_id`` are one record. In recorded answers
``totalCount`` is that of the whole list whatever the condition, ``matchCount`` that of the condition, and a ``perPage``
that is too large is not heeded: the answer says which it took.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import msgspec

from harvester.errors import PortalError
from harvester.protocols.answers import as_utf8, unreadable

KINDS = {
    "open-data-list": ("API", "openapi"),
    "file-data-list": ("FILE", "fileData"),
    "standard-data-list": ("STD", "standard"),
}
"""List of the API → type of its entries in the catalogue, and the name of their pages."""

_OF_AN_OPERATION = frozenset(
    (
        "operation_nm", "operation_seq", "operation_url", "request_param_nm", "request_param_nm_en",
        "response_param_nm", "response_param_nm_en",
    )
)  # fmt: skip
_YES = frozenset(("y", "yes", "true", "1"))


class Answer(msgspec.Struct):
    """One page of a list."""

    page: int | None = None
    perPage: int | None = None
    totalCount: int | None = None
    matchCount: int | None = None
    data: list[Any] | None = None
    code: int | str | None = None
    msg: str | None = None


def read(body: bytes, url: str) -> Answer:
    """Read an answer; raises `PortalError` for an error, another layout, or what is no JSON."""
    text = as_utf8(body, None)
    try:
        answer = msgspec.json.decode(text, type=Answer, strict=False)
    except msgspec.ValidationError as error:
        raise PortalError("layout changed", f"{url}: no page of the list: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(text[:4096], "a page of the list as JSON", url, error) from None
    if answer.data is not None:
        return answer
    if answer.code is not None or answer.msg is not None:
        raise PortalError("error inside 200", f"{url}: the list API says {answer.code}: {answer.msg}")
    raise PortalError("layout changed", f"{url}: no list `data` in the answer")


def key_of(row: Any) -> str:
    """List key of a row; empty where it has none."""
    key = row.get("list_id") if isinstance(row, dict) else None
    return str(key).strip() if isinstance(key, (str, int)) and not isinstance(key, bool) else ""


def groups(rows: Sequence[Any]) -> list[list[Any]]:
    """Rows that stand together and have the same list key; a row without one stands alone."""
    numbered = enumerate(rows)
    return [[row for _, row in group] for _, group in groupby(numbered, lambda one: key_of(one[1]) or one[0])]


def is_deleted(rows: Sequence[dict[str, Any]]) -> bool:
    """Whether the portal says that the record is gone: the list entry, or each of its operations."""
    return any(_yes(row.get("is_list_deleted")) for row in rows) or all(_yes(row.get("is_deleted")) for row in rows)


def merged(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One object of the rows of a record: the first one that is not deleted, with what every operation is called."""
    rows = [row for row in rows if not _yes(row.get("is_deleted"))] or rows
    whole = dict(rows[0])
    for name in _OF_AN_OPERATION & whole.keys():
        said = dict.fromkeys(str(row[name]) for row in rows if row.get(name))
        if len(said) > 1:
            whole[name] = "; ".join(said)
    changed = [row["updated_at"] for row in rows if isinstance(row.get("updated_at"), str)]
    return whole | ({"updated_at": max(changed)} if changed else {})


def _yes(value: Any) -> bool:
    return str(value).strip().lower() in _YES
