from __future__ import annotations

import json
from datetime import timedelta

from harvester.ledger import Ledger, SetAside
from tests.ledger.conftest import Clock
from tests.ledger.scripts import SOURCE, Listed, followed, harvest, id_of, many, shown


def test_the_feed_has_one_row_per_dataset_with_its_latest_number(ledger: Ledger) -> None:
    harvest(ledger, many(4))
    harvest(ledger, [Listed("r0", "second"), *many(4)[1:]])
    harvest(ledger, [Listed("r0", "third"), Listed("r2", deleted=True), Listed("r1"), Listed("r3")])
    changes = ledger.changes(0, 99)
    assert [(change.seq, change.id) for change in changes] == [
        (2, id_of("r1")),
        (4, id_of("r3")),
        (6, id_of("r0")),
        (7, id_of("r2")),
    ]
    assert [change.content is None for change in changes] == [False, False, False, True]
    assert [change.content_hash is None for change in changes] == [False, False, False, True]
    assert {change.source for change in changes} == {SOURCE}
    assert json.loads(changes[2].content or b"")["title"] == "third"
    assert ledger.changes(4, 1) == [changes[2]]
    assert ledger.changes(7, 9) == []
    assert ledger.last_seq() == 7


def test_a_new_ledger_is_empty(ledger: Ledger) -> None:
    assert (ledger.last_seq(), ledger.changes(0, 9), list(ledger.live()), list(ledger.export())) == (0, [], [], [])
    assert ledger.datasets([]) == {}
    assert ledger.source_states() == {}
    assert ledger.known(SOURCE, []) == {}
    assert ledger.why("anything") == []
    assert ledger.records(SOURCE) == []


def test_what_is_live_comes_ordered_by_id(ledger: Ledger) -> None:
    harvest(ledger, many(7))
    harvest(ledger, [Listed("r0", deleted=True), Listed("r1", "new")], full=False)
    held = list(ledger.live())
    assert [one.id for one in held] == sorted(id_of(f"r{n}") for n in range(1, 7))
    by_id = {one.id: one for one in held}
    assert by_id[id_of("r1")].seq == 9
    assert by_id[id_of("r1")].content_hash == ledger.datasets([id_of("r1")])[id_of("r1")].content_hash
    assert {one.id for one in held} == followed(ledger).keys()


def test_datasets_are_read_by_id_with_their_times(ledger: Ledger, clock: Clock) -> None:
    begun = clock.time
    harvest(ledger, many(3))
    clock.forward(days=1)
    harvest(ledger, [Listed("r0", "new"), Listed("r1")])
    clock.forward(days=1)
    harvest(ledger, [Listed("r1", deleted=True)], full=False)
    found = ledger.datasets([id_of("r0"), id_of("r1"), "unknown"])
    assert set(found) == {id_of("r0"), id_of("r1")}
    changed, removed = found[id_of("r0")], found[id_of("r1")]
    assert (changed.source, changed.identifier, changed.removed) == (SOURCE, "r0", False)
    day = timedelta(days=1)
    assert (changed.first_seen, changed.changed, changed.last_seen) == (begun, begun + day, begun + day)
    assert removed.removed
    assert json.loads(removed.content)["title"] == "title", "the last content that it had"
    assert removed.changed == begun + 2 * day


def test_an_export_is_of_one_source_or_of_all(ledger: Ledger) -> None:
    harvest(ledger, many(5))
    harvest(ledger, many(3), source="other.portal")
    assert len(shown(ledger)) == 5
    assert [one.source for one in ledger.export()] == [SOURCE] * 5 + ["other.portal"] * 3
    assert list(ledger.export("unknown.portal")) == []


def test_an_export_reads_in_steps(ledger: Ledger) -> None:
    harvest(ledger, many(600), size=300)
    assert [one.identifier for one in ledger.export(SOURCE)] == [f"r{n}" for n in range(600)]


def test_changes_set_aside_are_kept_per_index(ledger: Ledger) -> None:
    ledger.set_aside("one", [])
    ledger.set_aside("one", [SetAside(seq=7, id="b", reason="too long"), SetAside(seq=3, id="a", reason="odd")])
    ledger.set_aside("two", [SetAside(seq=1, id="a", reason="other")])
    ledger.set_aside("one", [SetAside(seq=9, id="a", reason="still odd")])
    assert ledger.set_asides("one") == [
        SetAside(seq=7, id="b", reason="too long"),
        SetAside(seq=9, id="a", reason="still odd"),
    ]
    ledger.clear_set_aside("one", ["a", "unknown"])
    assert [one.id for one in ledger.set_asides("one")] == ["b"]
    ledger.clear_set_aside("one")
    assert ledger.set_asides("one") == []
    assert len(ledger.set_asides("two")) == 1
