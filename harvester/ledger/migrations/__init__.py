"""Numbered migrations: one SQL file each, applied once, in order, by whichever process opens the ledger first."""

from __future__ import annotations

import re
from importlib import resources

from sqlalchemy import Connection, text

from harvester.errors import LedgerError
from harvester.ledger.dialect import Dialect

_NAME = re.compile(r"(\d{4})_\w+\.sql")


def numbered() -> dict[int, str]:
    """Number → SQL with the placeholders of `Dialect.types`."""
    files = (file for file in resources.files(__package__).iterdir() if _NAME.fullmatch(file.name))
    return {int(file.name[:4]): file.read_text("utf-8") for file in sorted(files, key=lambda file: file.name)}


def migrate(connection: Connection, dialect: Dialect) -> bool:
    """Bring the schema up to date inside the caller's writing transaction; returns whether anything was done.

    Six processes that open a new ledger at once do it one after the other: the first creates, the others find it done.
    Raises `LedgerError` for a ledger of a newer program.
    """
    dialect.lock_for_migration(connection)
    connection.execute(text("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL PRIMARY KEY)"))
    have = connection.execute(text("SELECT max(version) FROM schema_version")).scalar() or 0
    migrations = numbered()
    newest = max(migrations)
    if have > newest:
        raise LedgerError(
            f"this ledger has schema {have}, this program knows {newest}: a newer DataMoa wrote it; use that one"
        )
    for number in range(have + 1, newest + 1):
        for statement in _statements(migrations[number], dialect):
            connection.exec_driver_sql(statement)
        connection.execute(text("INSERT INTO schema_version (version) VALUES (:number)"), {"number": number})
    return have < newest


def _statements(sql: str, dialect: Dialect) -> list[str]:
    """Statements of a migration; comments are whole lines, a statement ends with a semicolon at the end of a line."""
    lines = (line for line in sql.splitlines() if not line.lstrip().startswith("--"))
    parts = re.split(r";\s*(?:\n|$)", "\n".join(lines))
    return [part.strip().format_map(dialect.types) for part in parts if part.strip()]
