from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Boolean, Float, Integer, LargeBinary, Text, inspect, select, text
from sqlalchemy.types import TypeEngine

from harvester.errors import LedgerError
from harvester.ledger import Ledger, migrations, schema

KINDS: tuple[type[TypeEngine[object]], ...] = (Boolean, Integer, Float, Text, LargeBinary)  # type: ignore[type-abstract]


def kind(column_type: object) -> type:
    return next((one for one in KINDS if isinstance(column_type, one)), type(column_type))


def test_migrations_make_the_tables_that_the_code_uses(ledger: Ledger) -> None:
    found = inspect(ledger._store.engine)
    tables = {name for name in found.get_table_names() if not name.startswith("sqlite_")}
    assert tables == set(schema.metadata.tables) | {"schema_version"}
    for table in schema.metadata.tables.values():
        columns = {column["name"]: column for column in found.get_columns(table.name)}
        assert list(columns) == [column.name for column in table.columns]
        for column in table.columns:
            assert kind(columns[column.name]["type"]) is kind(column.type), column
            if not column.primary_key:
                assert columns[column.name]["nullable"] == column.nullable, column
        assert found.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]
        indexes = {
            index["name"]: index["column_names"] for index in found.get_indexes(table.name) if not index["unique"]
        }
        assert indexes == {index.name: [c.name for c in index.columns] for index in table.indexes}
        unique = {tuple(one["column_names"]) for one in found.get_unique_constraints(table.name)}
        declared = {
            tuple(c.name for c in one.columns) for one in table.constraints if type(one).__name__ == "UniqueConstraint"
        }
        assert unique == declared, table.name


def test_migrations_are_numbered_from_one_without_a_gap() -> None:
    assert list(migrations.numbered()) == list(range(1, len(migrations.numbered()) + 1))


def test_a_ledger_keeps_its_id(address: str) -> None:
    with Ledger.open(address) as first, Ledger.open(address) as second:
        assert first.id == second.id
        assert len(first.id) == 36


def test_a_ledger_of_a_newer_program_is_refused(address: str) -> None:
    with Ledger.open(address) as ledger, ledger._store.writing() as tx:
        tx.execute(text("INSERT INTO schema_version (version) VALUES (99)"))
    with pytest.raises(LedgerError, match="newer DataMoa"):
        Ledger.open(address)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("mysql://host/name", "mysql"),
        ("nonsense", "cannot be read"),
        ("sqlite://", "needs a file"),
        ("sqlite:////proc/no/such/ledger.db", "cannot be opened"),
        ("postgresql://nobody:geheim@127.0.0.1:1/none", "cannot do this now"),
    ],
)
def test_an_address_that_is_none_says_so_without_its_password(address: str, message: str) -> None:
    with pytest.raises(LedgerError, match=message) as raised:
        Ledger.open(address)
    assert "geheim" not in str(raised.value)


def test_a_file_that_is_no_ledger_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.write_bytes(b"something else altogether" * 100)
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger.open(f"sqlite:///{file}")
    assert file.read_bytes().startswith(b"something else")


def test_records_of_an_older_ledger_are_harvested_on(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before migration 5 nobody counted traits: what was stored without any has lost none."""
    newest = migrations.numbered()
    monkeypatch.setattr(migrations, "numbered", lambda: {number: sql for number, sql in newest.items() if number < 5})
    with Ledger.open(address) as ledger, ledger._store.writing() as tx:
        rows = [f"({number}, 1, 'r{number}', 'd{number}', '', '', 0, TRUE, 0, 1)" for number in range(20)]
        columns = (
            "key, source, identifier, dataset_id, payload_hash, mapping_version, parts, rejected, first_seen, first_job"
        )
        tx.execute(text(f"INSERT INTO record ({columns}) VALUES {', '.join(rows)}"))
    monkeypatch.undo()
    with Ledger.open(address) as ledger, ledger._store.reading() as tx:
        found = tx.execute(select(schema.record.c.traits, schema.record.c.traits_before))
        assert {tuple(row) for row in found} == {(0, 0)}
