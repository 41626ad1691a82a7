"""What a process that opens many ledgers has to do once."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine.interfaces import CacheStats

from harvester.ledger import Ledger
from tests.harvested import dataset, put


def test_statements_are_compiled_once_for_all_ledgers_of_a_process(tmp_path: Path) -> None:
    how: list[CacheStats] = []
    for name in ("first", "second"):
        how.clear()
        with Ledger.open(f"sqlite:///{tmp_path / name}.db") as ledger:
            event.listen(
                ledger._store.engine,
                "before_cursor_execute",
                lambda *given: how.append(given[4].cache_hit) if given[4] is not None else None,
            )
            put(ledger, dataset("gov.hub", "1", "교통량"))
            assert [found.identifier for found in ledger.export()] == ["1"]
    assert CacheStats.CACHE_HIT in how
    assert CacheStats.CACHE_MISS not in how
