"""Addresses that a searcher may safely follow: http and https, nothing else."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

_LONGEST = 8000
_WEB = re.compile(
    r"https?://(?:[^\s/?#@<>\"\\]*@)?(?:[^\s/?#:@<>\"\\\[\]%]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:[/?#][^\s<>\"]*)?",
    re.IGNORECASE,
)
# Nearly all links, in one cheap step (this runs for every link of every record): no port, no user, nothing to escape.
_PLAIN = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9!#$%&()*+,\-./;=?^_`{|}~]*")
_NESTED_AMPERSAND = re.compile(r"&(?:amp;)+", re.IGNORECASE)
_IGNORED = re.compile("[\x00-\x1f\x7f\u200b\ufeff\ud800-\udfff]")


def is_web_address(text: str) -> bool:
    """Whether the text is a complete http or https address without blanks."""
    return len(text) <= _LONGEST and _WEB.fullmatch(text) is not None


def web_address(text: str) -> str | None:
    """Give the address in `text`, blanks escaped and ``www.`` completed; None for anything that is not http or https.

    ``javascript:``, ``data:``, ``file:``, ``ftp:`` and relative addresses are not links for a searcher.
    """
    if len(text) <= _LONGEST and _PLAIN.fullmatch(text) and not ("&" in text and "&amp;" in text.lower()):
        return text
    return _web_address(text)


@lru_cache(maxsize=4096)
def _web_address(text: str) -> str | None:
    text = _NESTED_AMPERSAND.sub("&", _IGNORED.sub("", text))
    text = re.sub(r"""^[\s<>"']+|[\s<>"']+$""", "", text)
    if text[:4].lower() == "www.":
        text = f"http://{text}"
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return None
    rest = re.sub(r"[\s<>\"]", lambda match: quote(match[0]), rest.replace("\\", "/"))
    text = f"{scheme.lower()}://{rest}"
    return text if is_web_address(text) else None
