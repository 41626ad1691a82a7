"""Names of what the records of one source have beside DCAT's properties, and the bits that stand for them.

A name is watched from the first transaction on in which a fair part of the records has it: what few have comes and
goes, and says nothing about a portal's layout.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, insert, select, update

from harvester.ledger import records, schema
from harvester.ledger.profile import profile_of

MOST = 62
"""Traits that a source can have: as many as a column of bits has room for in every database."""
_COMMON = 0.2
"""Share of a transaction's records that must have a trait."""
_JOBS = 5
"""Newest jobs of which none must have counted a trait that gives way to another."""


def of_source(tx: Connection, source: int) -> tuple[str, ...]:
    """The source's traits, each at the place of its bit."""
    trait = schema.trait.c
    return tuple(tx.execute(select(trait.name).where(trait.source == source).order_by(trait.place)).scalars())


def watched(tx: Connection, source: int, known: Sequence[str], met: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The source's traits (`known`) with those that are new and common in the records `met`.

    Where there is no room left, those give way that the newest jobs did not count: expressions that the member file has
    no more, keys that the portal has no more. A name that finds no room is not watched.
    """
    numbers = Counter(name for traits in met for name in set(traits))
    new = sorted(name for name, number in numbers.items() if number >= _COMMON * len(met) and name not in known)
    if not new:
        return tuple(known)
    places = [*range(len(known), MOST)]
    if len(places) < len(new):
        unused = _unused(tx, source, known)[: len(new) - len(places)]
        _clear(tx, source, unused)
        places += unused
    given = dict(zip(places, new, strict=False))
    if given:
        rows = [{"source": source, "place": place, "name": name} for place, name in given.items()]
        tx.execute(insert(schema.trait), rows)
    return of_source(tx, source)


def _unused(tx: Connection, source: int, known: Sequence[str]) -> list[int]:
    job = schema.job.c
    newest = select(job.profile).where(job.source == source).order_by(job.id.desc()).limit(_JOBS)
    counted = {name for stored in tx.execute(newest).scalars() for name in profile_of(stored).covered}
    return [place for place, name in enumerate(known) if name not in counted]


def _clear(tx: Connection, source: int, places: Iterable[int]) -> None:
    record, table = schema.record, schema.trait
    kept = ~sum(1 << place for place in places)
    low, high = records.span(source)
    tx.execute(delete(table).where(table.c.source == source, table.c.place.in_(places)))
    tx.execute(
        update(record)
        .where(record.c.key.between(low, high))
        .values(traits=record.c.traits.bitwise_and(kept), traits_before=record.c.traits_before.bitwise_and(kept))
    )
