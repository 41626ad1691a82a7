"""What records of a source have beside DCAT's properties gets a name when it is common; there is room for so many."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from harvester.ledger import Ledger, schema, traits
from tests.ledger.scripts import PHONE, SOURCE, harvest, many


def key(tx: Connection) -> int:
    found: int = tx.execute(select(schema.source.c.key).where(schema.source.c.name == SOURCE)).scalar_one()
    return found


def watch(ledger: Ledger, *met: tuple[str, ...]) -> tuple[str, ...]:
    with ledger._store.writing() as tx:
        return traits.watched(tx, key(tx), traits.of_source(tx, key(tx)), met)


def bits(ledger: Ledger) -> set[tuple[int, int]]:
    with ledger._store.reading() as tx:
        return {tuple(row) for row in tx.execute(select(schema.record.c.traits, schema.record.c.traits_before))}


def test_what_many_records_have_is_named_in_its_order_and_for_good(ledger: Ledger) -> None:
    harvest(ledger, many(3))
    assert watch(ledger) == (PHONE,)
    assert watch(ledger, ("b", "a"), ("a",), ("b",)) == (PHONE, "a", "b")
    assert watch(ledger, ("0", "a", PHONE)) == (PHONE, "a", "b", "0")
    assert watch(ledger, *[("rare",), *[("common",)] * 9]) == (PHONE, "a", "b", "0", "common")


def test_where_there_is_no_room_what_the_newest_jobs_did_not_count_gives_way(ledger: Ledger) -> None:
    harvest(ledger, many(3))
    harvest(ledger, many(3, title="new"))
    full = watch(ledger, tuple(f"{number:02}" for number in range(traits.MOST - 1)))
    assert (len(full), full[0], full[2]) == (traits.MOST, PHONE, "01")
    with ledger._store.writing() as tx:  # as after a member file that looked elsewhere
        tx.execute(update(schema.record).values(traits=0b111, traits_before=0b101))
    now = watch(ledger, ("new", "newer"))
    assert now == (PHONE, "new", "newer", *full[3:]), "what the last jobs counted stays"
    assert bits(ledger) == {(0b001, 0b001)}, "a place that another name gets means nothing any more"
    assert watch(ledger, tuple(f"x{number:02}" for number in range(100)))[0] == PHONE
    assert len(watch(ledger)) == traits.MOST
