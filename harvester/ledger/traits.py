"""Names of what the records of one source have beside DCAT's properties, and the bits that stand for them.

What the member file looks for is named when it is first found, anything else when a fair part of the records has it:
what few have comes and goes, and says nothing about a portal's layout. A name is given once and for all: the bits of
stored records would mean something else under another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from harvester.catalog.coverage import is_place, whole_of
from harvester.ledger import schema
from harvester.ledger.encoding import storable

MOST = 62
"""Traits that a source can have: as many as a column of bits has room for in every database."""
_COMMON = 0.2
"""Share of a transaction's records that must have a trait."""
_FEWEST = 5
"""Records of a transaction that must have what no member file looks for: a page may hold one odd record alone."""


def of_source(tx: Connection, source: int) -> tuple[str, ...]:
    """The source's traits, each at the place of its bit."""
    trait = schema.trait.c
    return tuple(tx.execute(select(trait.name).where(trait.source == source).order_by(trait.place)).scalars())


def watched(tx: Connection, source: int, known: Sequence[str], met: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The source's traits (`known`) with those that are new and common in the records `met`, the most common first.

    A name that finds no room any more is not watched.
    """
    numbers = Counter(name for traits in met for name in set(traits))
    looked_for = {name for place in numbers if is_place(place) for name in (place, whole_of(place))}
    new = [
        name
        for name, number in sorted(numbers.items(), key=lambda one: (-one[1], one[0]))
        if number >= _COMMON * len(met) and (number >= _FEWEST or name in looked_for)
        if name not in known and storable(name)
    ]
    given = list(enumerate(new[: MOST - len(known)], len(known)))
    if given:
        tx.execute(insert(schema.trait), [{"source": source, "place": place, "name": name} for place, name in given])
    return (*known, *(name for _, name in given))
