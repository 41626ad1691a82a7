"""One row of a table, as a JSON object header → cell; the member file says which column is which property."""

from __future__ import annotations

from typing import Any

from harvester.catalog.model import Catalog, Mapped
from harvester.errors import RecordError
from harvester.mapping.declared import to_mapped
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
    values: dict[str, Any] = {}
    read: set[str] = set()
    for name, columns in rules.items():
        plain = [" ".join(column.split()) for column in columns]
        read.update(plain)
        found = next((cells[column] for column in plain if column in cells), None)
        if found is not None:
            values[name] = found
    return to_mapped(values, identifier, catalog, unread=row.keys() - read)


def _said(cell: Any) -> Any:
    if isinstance(cell, str):
        cell = cell.strip()
        return None if cell in _EMPTY else cell
    return cell
