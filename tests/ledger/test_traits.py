"""What records of a source have beside DCAT's properties gets a name when it is common; there is room for so many."""

from __future__ import annotations

from sqlalchemy import Connection, select

from harvester.catalog.coverage import found_at
from harvester.ledger import Ledger, schema, traits
from tests.ledger.scripts import PHONE, SOURCE, harvest, many


def key(tx: Connection) -> int:
    found: int = tx.execute(select(schema.source.c.key).where(schema.source.c.name == SOURCE)).scalar_one()
    return found


def watch(ledger: Ledger, *met: tuple[str, ...]) -> tuple[str, ...]:
    with ledger._store.writing() as tx:
        return traits.watched(tx, key(tx), traits.of_source(tx, key(tx)), met)


def test_what_many_records_have_is_named_the_most_common_first_and_for_good(ledger: Ledger) -> None:
    harvest(ledger, many(20), size=20)
    assert watch(ledger) == PHONE
    assert watch(ledger, *[("b", "a")] * 5, *[("a",)] * 5) == (*PHONE, "a", "b")
    assert watch(ledger, *[("0", "a", *PHONE)] * 5) == (*PHONE, "a", "b", "0")
    assert watch(ledger, *[("rare",)] * 6, *[("common",)] * 30) == (*PHONE, "a", "b", "0", "common")


def test_a_few_odd_records_name_only_what_the_member_file_looks_for(ledger: Ledger) -> None:
    harvest(ledger, many(20), size=20)
    place = found_at("additional.부서", ".team")
    assert watch(ledger, ("additional.부서", "odd", place)) == (*PHONE, "additional.부서", place)


def test_names_that_find_no_room_or_cannot_be_stored_are_not_watched(ledger: Ledger) -> None:
    harvest(ledger, many(20), size=20)
    assert watch(ledger, *[("nul\0", "half \ud800")] * 5) == PHONE
    many_names = tuple(f"{number:03}" for number in range(100))
    full = watch(ledger, *[many_names] * 5, *[("zz",)] * 5, *[("zz", *many_names)] * 5)
    assert (len(full), full[:2], full[-1]) == (traits.MOST, PHONE, "059")
    assert watch(ledger, *[("later",)] * 9) == full


def test_a_job_with_more_keys_than_there_is_room_for_is_harvested(ledger: Ledger) -> None:
    harvest(ledger, many(20), size=20)
    watch(ledger, *[tuple(f"{number:03}" for number in range(100))] * 5)
    assert harvest(ledger, many(20, phone=None), size=3).reason == "layout changed"
    assert harvest(ledger, many(20), size=3).verdict == "complete"
