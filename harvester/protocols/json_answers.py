"""An HTTP answer that should be JSON: its value, or why it is none, and the next page that its headers name."""

from __future__ import annotations

import re
from typing import Any

import orjson
from scrapy.http import Response

from harvester.protocols.answers import as_utf8, declared_charset, unreadable

_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[^;,\"]+(?:\"[^\"]*\")?)*)")
_REL_NEXT = re.compile(r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\"|next\b)", re.I)


def json_of(response: Response) -> Any:
    """The JSON value of an answer, in whatever charset it came; raises `PortalError` where there is none."""
    declared = declared_charset((response.headers.get("Content-Type") or b"").decode("latin-1"))
    body = as_utf8(response.body, declared)
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise unreadable(body[:4096], "JSON", response.url, error) from None


def linked_next(response: Response) -> str | None:
    """The address that the Link header gives for the next page (RFC 8288), None where it gives none."""
    for header in response.headers.getlist("Link"):
        for address, parameters in _LINK.findall(header.decode("latin-1")):
            if _REL_NEXT.search(parameters):
                return str(address)
    return None
