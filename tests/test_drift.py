"""What two sides disagree on, whatever their order and size."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import drift
from indexer.drift import Difference, differences
from indexer.engines.base import Indexed

identities = st.dictionaries(st.text(max_size=3), st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), max_size=30)


@given(identities, identities, st.randoms())
def test_differences_are_those_of_a_plain_comparison(
    ledger: dict[str, tuple[str, str]], index: dict[str, tuple[str, str]], chance: random.Random
) -> None:
    def side(rows: dict[str, tuple[str, str]]) -> list[Indexed]:
        shuffled = [Indexed(id, *rest) for id, rest in rows.items()]
        chance.shuffle(shuffled)
        return shuffled

    counts, found = differences(lambda: side(ledger), lambda: side(index))
    expected = {Difference(id, row[0], "missing") for id, row in ledger.items() if id not in index}
    expected |= {Difference(id, row[0], "extra") for id, row in index.items() if id not in ledger}
    expected |= {Difference(id, row[0], "different") for id, row in ledger.items() if index.get(id, row) != row}
    listed = list(found)
    assert set(listed) == expected
    assert len(listed) == len(expected)
    assert counts == {
        source: (
            sum(row[0] == source for row in ledger.values()),
            sum(row[0] == source for row in index.values()),
        )
        for source in sorted({row[0] for row in (*ledger.values(), *index.values())})
    }


def test_only_what_differs_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "_HELD_AT_ONCE", 50)
    ledger = [Indexed(f"d{n}", "a", "x") for n in range(1_000)]
    readings = 0

    def index() -> list[Indexed]:
        nonlocal readings
        readings += 1
        return []

    _, found = differences(lambda: ledger, index)
    assert {each.id for each in found} == {each.id for each in ledger}
    assert readings > 20, "one reading for the sums, one for every fifty that differ"
    readings = 0
    _, found = differences(lambda: [], index)
    assert list(found) == []
    assert readings == 1
