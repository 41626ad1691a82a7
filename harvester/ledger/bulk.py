"""Many rows in few statements, the same SQL for both databases.

Not with ``executemany``: the SQLite driver lets go of Python's lock for every row, and while another thread is busy, as
the crawl's is, each time may cost a switch interval to get it back (measured beside a spinning thread: 4,200 µs per
record, 230 so). A row is a named tuple whose fields are the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Table

_SIZES = (250, 25, 5, 1)
"""Rows that a statement may have: few sizes, so that drivers keep it prepared; 250 stay below every limit on values."""


def insert(tx: Connection, table: Table, rows: Sequence[Any]) -> None:
    """Insert rows."""
    for size, values in _chunks(rows):
        tx.exec_driver_sql(_insert(_placeholder(tx), table.name, rows[0]._fields, size), values)


def upsert(
    tx: Connection, table: Table, rows: Sequence[Any], updated: tuple[str, ...], added: tuple[str, ...] = ()
) -> None:
    """Insert rows; where the primary key exists, set the columns `updated` and increase those of `added`."""
    keys = tuple(column.name for column in table.primary_key.columns)
    changes = [f"{name} = excluded.{name}" for name in updated]
    changes += [f"{name} = {table.name}.{name} + excluded.{name}" for name in added]
    ending = f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {', '.join(changes)}"
    for size, values in _chunks(rows):
        tx.exec_driver_sql(_insert(_placeholder(tx), table.name, rows[0]._fields, size) + ending, values)


def update(tx: Connection, table: Table, rows: Sequence[Any]) -> None:
    """Set the other fields of the rows whose primary key is the first field."""
    if not rows:
        return
    key, *fields = rows[0]._fields
    casts = tuple(table.c[name].type.compile(dialect=tx.dialect) for name in fields)
    for size, values in _chunks(rows):
        tx.exec_driver_sql(_update(_placeholder(tx), table.name, key, tuple(fields), casts, size), values)


def _chunks(rows: Sequence[Any]) -> list[tuple[int, tuple[Any, ...]]]:
    chunks = []
    start = 0
    for size in _SIZES:
        while len(rows) - start >= size:
            chunks.append((size, tuple(chain.from_iterable(rows[start : start + size]))))
            start += size
    return chunks


def _placeholder(tx: Connection) -> str:
    return "?" if tx.dialect.paramstyle == "qmark" else "%s"


@lru_cache(maxsize=256)
def _values(placeholder: str, width: int, size: int) -> str:
    row = f"({', '.join([placeholder] * width)})"
    return ", ".join([row] * size)


@lru_cache(maxsize=256)
def _insert(placeholder: str, table: str, fields: tuple[str, ...], size: int) -> str:
    return f"INSERT INTO {table} ({', '.join(fields)}) VALUES {_values(placeholder, len(fields), size)}"


@lru_cache(maxsize=256)
def _update(placeholder: str, table: str, key: str, fields: tuple[str, ...], casts: tuple[str, ...], size: int) -> str:
    # PostgreSQL takes a column of nothing but NULL for text, hence the casts.
    changes = ", ".join(f"{name} = CAST(given.{name} AS {cast})" for name, cast in zip(fields, casts, strict=True))
    return (
        f"WITH given ({', '.join((key, *fields))}) AS (VALUES {_values(placeholder, len(fields) + 1, size)}) "
        f"UPDATE {table} SET {changes} FROM given WHERE {table}.{key} = given.{key}"
    )
