"""Page of one record in HTML, cut to its content, read by the rules ``html_detail`` of the member file."""

from __future__ import annotations

from harvester.catalog.model import Catalog, Mapped
from harvester.mapping import html_values

VERSION = 2


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one page (UTF-8, links absolute). Raises `RecordError` for a payload without an element."""
    return html_values.to_dataset(
        html_values.detail(payload), identifier, catalog, catalog.rules.get("html_detail", {})
    )
