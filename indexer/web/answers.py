"""How answers are made: JSON and pages with an entity tag, so that a client that has the same answer gets 304."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import Response

from indexer.web.display import TEMPLATES

REVALIDATE = "no-cache"
"""A client may keep every answer but asks each time whether it is still true: harvests change it any minute."""


def json_answer(
    request: Request,
    data: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    volatile: tuple[str, ...] = (),
) -> Response:
    """Answer with JSON; top-level keys in `volatile` are not part of the entity tag."""
    body = orjson.dumps(data)
    told = orjson.dumps({key: value for key, value in data.items() if key not in volatile}) if volatile else body
    return _answer(request, body, told, "application/json", status, headers)


def page_answer(
    request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
) -> Response:
    """Answer with a page, rendered from a template."""
    body = TEMPLATES.get_template(template).render(status=status, **context).encode()
    return _answer(request, body, body, "text/html; charset=utf-8", status, headers)


def _answer(
    request: Request, body: bytes, told: bytes, media_type: str, status: int, headers: Mapping[str, str] | None
) -> Response:
    sent = {"Cache-Control": REVALIDATE} | dict(headers or {})
    if status == 200:
        # Weak: the same answer may travel compressed or not.
        sent["ETag"] = tag = f'W/"{hashlib.blake2b(told, digest_size=12).hexdigest()}"'
        asked = request.headers.get("if-none-match", "")
        if asked == "*" or tag in (each.strip() for each in asked.split(",")):
            return Response(status_code=304, headers=sent)
    return Response(body, status, sent, media_type)
