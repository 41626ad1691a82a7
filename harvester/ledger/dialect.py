"""Everything in which SQLite and PostgreSQL differ: connecting, beginning, upserting, lists of values, time, backup."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar, Protocol

import orjson
from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    Select,
    Table,
    any_,
    cast,
    create_engine,
    event,
    func,
    literal,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, registry, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.util import LRUCache

from harvester.errors import LedgerError

WRITES = "ledger_writes"
"""Execution option of connections whose transactions write."""

_BUSY_SECONDS = 60.0
"""How long a writer waits for another: a page holds the lock for some 50 ms, a removal of 200,000 datasets for
seconds."""


class Dialect(Protocol):
    """What the rest of the ledger asks of a database."""

    types: ClassVar[Mapping[str, str]]

    def engine(self) -> Engine:
        """Connect; writing transactions (execution option `WRITES`) take the write lock when they begin."""

    def lock_for_migration(self, connection: Connection) -> None:
        """Let one process at a time migrate; held until the transaction ends."""

    def among(self, column: Column[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """`column` is one of `values` (int or str): one bound value, so any number of them and one cached statement."""

    def fetch(self, tx: Connection, statement: Select[Any]) -> list[tuple[Any, ...]]:
        """Run a query that gives rows for many keys; integers, text, booleans (as 0 and 1), short bytes and NULL."""

    def insert_if_new(self, table: Table, unique: Column[Any]) -> Any:
        """Insert a row unless another has the same value in `unique`."""

    def now(self) -> ColumnElement[int]:
        """Milliseconds since 1970 by the clock that all processes of this ledger share."""

    def backup(self, file: Path) -> None:
        """Copy the ledger to `file` while others write; raises `LedgerError` where the database has its own tool."""


class InterchangeableSqlite(SQLiteDialect_pysqlite):
    """SQLAlchemy's dialect, equal to any other of its kind: what was compiled for one ledger is used for the next.

    SQLAlchemy keeps compiled statements by engine and dialect. A process that opens one ledger after the other compiled
    them all anew each time, which took half of a small harvest. All are made in one way, by `SqliteDialect.engine`.
    """

    supports_statement_cache = True  # not inherited: SQLAlchemy wants each class to say so

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


registry.register("sqlite.ledger", __name__, InterchangeableSqlite.__name__)

_COMPILED: LRUCache[Any, Any] = LRUCache(500)
"""Compiled statements of all SQLite ledgers of this process; so many an engine keeps by default."""


class SqliteDialect:
    """A file. All processes are on one machine, so the machine's clock is the shared one."""

    types: ClassVar[Mapping[str, str]] = {
        "key": "INTEGER PRIMARY KEY AUTOINCREMENT",
        "long": "INTEGER",
        "bytes": "BLOB",
        "clustered": "WITHOUT ROWID",
    }

    def __init__(self, url: URL) -> None:
        if not url.database or url.database == ":memory:":
            raise LedgerError(f"{url}: the ledger needs a file, for example sqlite:///var/ledger.db")
        self._url = url.set(drivername="sqlite+ledger")
        self._file = Path(url.database)

    def engine(self) -> Engine:
        """Connect."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._choose_format()
        except (OSError, sqlite3.Error) as error:
            folder = self._file.parent
            if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
                raise LedgerError(
                    f"{folder}: this folder cannot be written, without which a ledger in it cannot be read either: let "
                    "this user write it, or name another one with --home, DATAMOA_HOME or DATAMOA_DATABASE_URL"
                ) from error
            raise LedgerError(f"{self._file}: cannot be opened as a ledger ({error})") from error
        # Readers of the endpoint come from many threads: never make one wait for a connection of the pool.
        engine = create_engine(
            self._url,
            hide_parameters=True,
            connect_args={"timeout": _BUSY_SECONDS},
            max_overflow=-1,
            execution_options={"compiled_cache": _COMPILED},
        )
        event.listen(engine, "connect", self._configure)
        event.listen(engine, "begin", self._begin)
        return engine

    def _choose_format(self) -> None:
        """Set what is stored in the file itself. Of several processes that do so at once, all but one get "locked"
        at once, without the busy timeout (switching to WAL does not call the busy handler), so they try again.
        """
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                with closing(sqlite3.connect(self._file, timeout=_BUSY_SECONDS)) as connection:
                    connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    @staticmethod
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # `_begin` says BEGIN; the driver's own is deferred and lost updates
        # FULL, not NORMAL: in WAL mode NORMAL keeps the file sound after a power loss but may forget the last commits.
        # An index that had applied them would then be ahead of a ledger that gives the same `seq` to other changes.
        # One sync a page of records costs nothing that could be measured (both 34 µs per record).
        connection.execute("PRAGMA synchronous = FULL")
        # 32 MiB of log before it is copied into the file (default: 4): pages of indexes that many commits touch are
        # then copied once. Pages stay at 4 KiB: 16 saved 7 µs per record in a small ledger, but dataset ids are random,
        # so that from 500,000 records on nearly every new one touches a page of its own (44 kB written for each record
        # instead of 18). 8 MiB of cache keeps a process's memory nearly the same at any size of the ledger; 16 took
        # 33 MB more of a large one, and were no quicker.
        connection.execute("PRAGMA wal_autocheckpoint = 8000")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA cache_size = -8192")

    @staticmethod
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    def lock_for_migration(self, connection: Connection) -> None:
        """BEGIN IMMEDIATE has the lock already."""

    def among(self, column: Column[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """Choose rows by a column."""
        # A JSON array, because SQLite takes 32,766 bound values at most.
        listed = func.json_each(_json_array(values)).table_valued("value")
        return column.in_(select(listed.c.value))

    def fetch(self, tx: Connection, statement: Select[Any]) -> list[tuple[Any, ...]]:
        """Read rows for many keys."""
        # As one JSON value: stepping through rows lets go of Python's lock for each of them (see `bulk`).
        columns = list(statement.selected_columns)
        binary = [place for place, column in enumerate(columns) if isinstance(column.type, LargeBinary)]
        values = [func.hex(column) if isinstance(column.type, LargeBinary) else column for column in columns]
        as_json = statement.with_only_columns(func.json_group_array(func.json_array(*values)))
        rows: list[Any] = orjson.loads(tx.execute(as_json).scalar_one())
        for row in rows:
            for place in binary:
                row[place] = bytes.fromhex(row[place]) or None  # hex(NULL) is the empty text; no hash is empty
        return rows

    def insert_if_new(self, table: Table, unique: Column[Any]) -> Any:
        """Insert a row unless it is there."""
        return sqlite.insert(table).on_conflict_do_nothing([unique])

    def now(self) -> ColumnElement[int]:
        """Give the time."""
        return literal(time.time_ns() // 1_000_000, BigInteger)

    def backup(self, file: Path) -> None:
        """Copy the ledger."""
        unfinished = file.with_name(f"{file.name}.unfinished")
        try:
            unfinished.unlink(missing_ok=True)
            with (
                closing(sqlite3.connect(f"file:{self._file.absolute()}?mode=ro", uri=True)) as held,
                closing(sqlite3.connect(unfinished)) as copy,
            ):
                held.backup(copy)  # in one step: a reader of WAL holds no writer up, and no writer makes it start again
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            with unfinished.open("rb+") as written:
                os.fsync(written.fileno())
            unfinished.replace(file)
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(f"{file}: the backup could not be written ({error})") from error


class PostgresqlDialect:
    """A server that several machines share: its clock counts, not theirs."""

    types: ClassVar[Mapping[str, str]] = {
        "key": "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        "long": "BIGINT",
        "bytes": "BYTEA",
        "clustered": "",
    }

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")

    def engine(self) -> Engine:
        """Connect."""
        return create_engine(
            self._url, hide_parameters=True, pool_pre_ping=True, max_overflow=20, connect_args={"connect_timeout": 10}
        )

    def lock_for_migration(self, connection: Connection) -> None:
        """Take an advisory lock."""
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('datamoa ledger'))"))

    def among(self, column: Column[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """Choose rows by a column."""
        return column == any_(literal(list(values), ARRAY(column.type)))

    def fetch(self, tx: Connection, statement: Select[Any]) -> list[tuple[Any, ...]]:
        """Read rows for many keys."""
        return [tuple(row) for row in tx.execute(statement)]

    def insert_if_new(self, table: Table, unique: Column[Any]) -> Any:
        """Insert a row unless it is there."""
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=[unique])

    def now(self) -> ColumnElement[int]:
        """Give the time."""
        return cast(func.extract("epoch", func.clock_timestamp()) * 1000, BigInteger)

    def backup(self, file: Path) -> None:
        """Copy the ledger."""
        raise LedgerError(
            f"{file}: a ledger in PostgreSQL is backed up with the server's own tool, while it runs: "
            f"pg_dump --format=custom --file={file} {self._url.database}"
        )


def _json_array(values: Sequence[Any]) -> str:
    return orjson.dumps(list(values)).decode()


def of(address: str) -> Dialect:
    """The dialect of a database address; raises `LedgerError` for addresses that are neither."""
    try:
        url = make_url(address)
        if url.get_backend_name() == "sqlite":
            return SqliteDialect(url)
        if url.get_backend_name() == "postgresql":
            return PostgresqlDialect(url)
    except (ArgumentError, NoSuchModuleError) as error:
        raise LedgerError("the ledger's address cannot be read as a database URL") from error
    raise LedgerError(
        f"{url.get_backend_name()}: a ledger lives in sqlite:///path/to/file or postgresql+psycopg://user@host/name"
    )
