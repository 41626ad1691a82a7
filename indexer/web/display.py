"""How values read on a page: templates and their filters. Everything is escaped unless a filter here made it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from indexer.syntax import LONGEST_READ

HERE = Path(__file__).parent
STATIC = HERE / "static"
SEOUL = timezone(timedelta(hours=9), "KST")
"""Korea has no daylight saving time, so no time zone database is needed for what a page shows."""


def size(count: int | None) -> str | None:
    """Write a number of bytes for reading: ``1.5 MB``."""
    if count is None or count < 0:
        return None
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} TB"


def _language(tag: str) -> Markup:
    """Write the ``lang`` attribute: none for Korean (the page's own), empty for an unknown language (HTML: lang="")."""
    if tag == "ko":
        return Markup("")
    return Markup(' lang="{}"').format("" if tag == "und" else tag)


def _number(count: int) -> str:
    return f"{count:,}"


def _moment(moment: datetime) -> Markup:
    local = moment.astimezone(SEOUL)
    return Markup('<time datetime="{}">{}</time>').format(
        local.isoformat(timespec="seconds"), f"{local:%Y-%m-%d %H:%M}"
    )


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


@lru_cache(maxsize=32)
def static(name: str) -> str:
    """Give the address of a static file that changes when the file does, so that a browser may keep it for long."""
    return f"/static/{name}?v={hashlib.blake2b((STATIC / name).read_bytes(), digest_size=6).hexdigest()}"


def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Mapping[str, object] = {"lang": _language, "number": _number, "moment": _moment, "host": _host}
    found.filters.update(filters)
    found.globals.update(static=static, longest_query=LONGEST_READ)
    return found


TEMPLATES = _environment()
