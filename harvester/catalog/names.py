"""How names and addresses are compared: what portals vary without meaning anything by it does not count."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from harvester.catalog.text import to_line

_NOT_WORD = re.compile(r"[\W_]+")
_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?([^\s]+)", re.IGNORECASE)
_DOCUMENT = re.compile(r"/(?:legalcode|deed)(?:[.-][a-z-]+)?(?:\.[a-z]+)?$")
_LAST_STEP = re.compile(r"[#/:]([^#/:?]+)/?$")


def name_key(text: str) -> str:
    """Give what names are compared by: letters and digits only, case folded."""
    return _NOT_WORD.sub("", text.casefold())


def address_key(url: str) -> str:
    """Give what addresses are compared by: no scheme, ``www.``, final slash, name of a document, or capital letter."""
    match = _ADDRESS.fullmatch(html.unescape(url.strip()))
    return _DOCUMENT.sub("", match[1].lower().rstrip("/")).rstrip("/") if match else ""


def last_step(text: str) -> str:
    """Give the last step of an address (``…/frequency/ANNUAL`` → ``ANNUAL``); other text as it is."""
    if "//" not in text:
        return text
    step = _LAST_STEP.search(text)
    return step[1] if step else ""


def clean_address(uri: str | None) -> str | None:
    """Give an address of a vocabulary's value on one line, or None where there is none."""
    return (to_line(uri) or None) if uri else None


def codes_by_name(rows: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, str]:
    """Give every code and name of a table its code; raise ValueError when two codes claim one name."""
    found: dict[str, str] = {}
    for code, names in rows:
        for name in (code, *names):
            owner = found.setdefault(name_key(name), code)
            if owner != code:
                raise ValueError(f"{name!r} stands under {owner} and under {code}")
    return found
