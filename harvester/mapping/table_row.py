"""One row of a table, as a JSON object header → cell; the member file says which column is which property."""

from __future__ import annotations

from typing import Any

from harvester.catalog.model import Catalog, Mapped
from harvester.errors import RecordError
from harvester.mapping.declared import first_found, to_mapped
from harvester.mapping.json_values import load_object

VERSION = 2

_EMPTY = frozenset(("", "-"))
"""What tables write where there is nothing to say."""


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one row; RecordError where the payload is no JSON object or the source has no rules for tables."""
    row = load_object(payload)
    rules = catalog.rules.get("table_row")
    if not rules:
        raise RecordError("no-rules", "the member file says of no column which property it is")
    cells = {name: said for name, cell in row.items() if (said := _said(cell)) is not None}
    headers = {column: _plain(column) for columns in rules.values() for column in columns}
    found = first_found(rules, lambda name, column: cells.get(headers[column]))
    return to_mapped(found, identifier, catalog, unread=row.keys() - headers.values())


def _plain(column: str) -> str:
    return " ".join(column.split())


def _said(cell: Any) -> Any:
    if isinstance(cell, str):
        cell = cell.strip()
        return None if cell in _EMPTY else cell
    return cell
