"""What the rules of a member file find in a piece of HTML, by property: for rows and for details alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lxml import etree

from harvester.catalog.model import Catalog, Mapped
from harvester.errors import RecordError
from harvester.mapping.declared import COUNTERS, first_found, to_mapped
from harvester.mapping.file_endings import format_of
from harvester.mapping.html_labels import Labels
from harvester.mapping.html_page import Element, TooDeepError, fragment, parse, text_of
from harvester.mapping.html_rules import Found, compiled

Rules = Mapping[str, tuple[str, ...]]

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,18}")


def row(payload: bytes) -> Labels:
    """Parse one row; paths begin at its element. `RecordError` ``not-html`` or ``too-deep`` where it is none."""
    return _read(payload, fragment)


def detail(payload: bytes) -> Labels:
    """Parse what is kept of a page, its head included; `RecordError` as for rows."""
    return _read(payload, parse)


def _read(payload: bytes, parsed: Callable[[str], Element | None]) -> Labels:
    try:
        root = parsed(payload.decode("utf-8", "replace"))
    except TooDeepError as error:
        raise RecordError("too-deep", f"the HTML of this record cannot be read: {error}") from error
    if root is None:
        raise RecordError("not-html", "the record is an empty piece of HTML")
    return Labels(root)


def to_dataset(page: Labels, identifier: str, catalog: Catalog, rules: Rules) -> Mapped:
    """Map one piece of HTML by `rules`: property → expressions, of which the first that finds something counts."""
    touched: set[Element] = set()

    def asked(name: str, expression: str) -> Any:
        rule = compiled(expression)
        elements = rule.found(page)
        said = _files(elements) if name == "distribution" else rule.values(page, identifier)
        if not said:
            return None
        touched.update(one for one in elements if not isinstance(one, str))
        return _value(name, said, catalog)

    found = first_found(rules, asked)
    return to_mapped(found, identifier, catalog, unread=_unread(page, touched))


def number(text: str) -> int | None:
    """First number in a text: 3229 of ``(3,229건)``."""
    found = _NUMBER.search(text)
    return int(found[0].replace(",", "")) if found else None


def _value(name: str, said: list[Any], catalog: Catalog) -> Any:
    if name in COUNTERS:
        return number(said[0])
    if name == "landing_page":
        # Of the portal's address only the beginning counts for a path, as where the listing is asked.
        return f"{catalog.url}{said[0]}" if said[0].startswith("/") else said[0]
    return said[0] if len(said) == 1 else said


def _files(found: Iterable[Found]) -> list[dict[str, str]]:
    """Files behind links: the address, the link's text as its title, the format that either of them ends with."""
    files = []
    for one in found:
        if isinstance(one, etree._Element):
            for link in one.iter("a"):
                if href := (link.get("href") or "").strip():
                    title = " ".join(text_of(link).split())
                    format_ = format_of(title) or format_of(href)
                    files.append({"download_url": href, "title": title} | ({"format": format_} if format_ else {}))
    return files


def _unread(page: Labels, touched: set[Element]) -> list[str]:
    """Labels of headers and terms of which no rule reads what stands beside them."""
    read = {ancestor for one in touched for ancestor in (one, *one.iterancestors("td", "dd"))}
    return [
        label
        for label, cell in page.said.items()
        if cell not in read and not any(inner in read for inner in cell.iterdescendants(etree.Element))
    ]
