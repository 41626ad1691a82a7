"""Row of a list in HTML: the outer HTML of one record's element, read by the rules ``html_row`` of the member file."""

from __future__ import annotations

from harvester.catalog.model import Catalog, Mapped
from harvester.mapping import html_values

VERSION = 2


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one row (UTF-8, links absolute). Raises `RecordError` for a payload without an element."""
    return html_values.to_dataset(html_values.row(payload), identifier, catalog, catalog.rules.get("html_row", {}))
