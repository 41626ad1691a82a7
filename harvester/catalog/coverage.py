"""Which properties a dataset has, as a number: one bit a property, so that a ledger keeps and counts millions of them.

The names are DCAT's in snake case, those of distributions, contacts … with ``distribution.`` before them; a dataset has
such a property when one of its distributions has it. Above them stand the *traits* of one source, whose names only its
records tell: keys of `Dataset.additional`, and by which expression of the member file a property was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, compress

import msgspec

from harvester.catalog.model import Agent, ContactPoint, Dataset, Distribution, Location, PeriodOfTime

VERSION = 1
"""Raised whenever the same dataset would get another number: what is stored is made anew then."""

PROPERTIES = (
    "title", "description", "keyword", "theme", "type", "publisher", "creator", "contact_point", "landing_page", "page",
    "issued", "modified", "accrual_periodicity", "temporal", "spatial", "language", "license", "rights",
    "access_rights", "conforms_to", "version", "provenance", "legal_basis", "fee", "is_part_of", "other_identifier",
    "distribution", "additional", "distribution.identifier", "distribution.title", "distribution.description",
    "distribution.access_url", "distribution.download_url", "distribution.format", "distribution.media_type",
    "distribution.byte_size", "distribution.checksum", "distribution.issued", "distribution.modified",
    "distribution.license", "distribution.rights", "distribution.conforms_to", "distribution.access_service",
    "publisher.identifier", "publisher.homepage", "publisher.email", "contact_point.name", "contact_point.email",
    "contact_point.telephone", "contact_point.url", "temporal.start", "temporal.end", "spatial.label", "spatial.uri",
    "spatial.bbox", "spatial.geometry",
)  # fmt: skip
"""Bit n stands for the n-th name. Ledgers keep these numbers: new names go to the end, none is ever taken out."""

FIRST_TRAIT = 64
"""The bit of a source's first trait; its others follow."""

_BIT = {name: 1 << place for place, name in enumerate(PROPERTIES)}


def _bits(kind: type[msgspec.Struct], within: str = "") -> tuple[int, ...]:
    return tuple(_BIT.get(within + field, 0) for field in kind.__struct_fields__)


_OF_DATASET = _bits(Dataset)
_OF_DISTRIBUTION = _bits(Distribution, "distribution.")
_OF_PUBLISHER = _bits(Agent, "publisher.")
_OF_CONTACT_POINT = _bits(ContactPoint, "contact_point.")
_OF_PERIOD = _bits(PeriodOfTime, "temporal.")
_OF_LOCATION = _bits(Location, "spatial.")

_LANE = 32
"""Bits that each property has to be counted in: more records than a page or a batch will ever hold."""
_LANE_MASK = (1 << _LANE) - 1


def covered(dataset: Dataset) -> int:
    """Give the number whose bits say which properties the dataset has."""
    bits = sum(compress(_OF_DATASET, msgspec.structs.astuple(dataset)))
    for distribution in dataset.distribution:
        bits |= _has(_OF_DISTRIBUTION, distribution)
    if dataset.publisher:
        bits |= _has(_OF_PUBLISHER, dataset.publisher)
    for contact in dataset.contact_point:
        bits |= _has(_OF_CONTACT_POINT, contact)
    for period in dataset.temporal:
        bits |= _has(_OF_PERIOD, period)
    for location in dataset.spatial:
        bits |= _has(_OF_LOCATION, location)
    return bits


def _has(bits: tuple[int, ...], value: msgspec.Struct) -> int:
    return sum(compress(bits, msgspec.structs.astuple(value)))


def names(bits: int, traits: Sequence[str] = ()) -> Iterator[str]:
    """Give the properties and traits that a number stands for; `traits` are those of the source, by their bit."""
    return (name for place, name in _places(traits) if bits >> place & 1)


def bits_of(names: Iterable[str], traits: Sequence[str] = ()) -> int:
    """Give the number that stands for these properties and traits."""
    place_of = {name: place for place, name in _places(traits)}
    return sum(1 << place_of[name] for name in set(names))


def count(numbers: Iterable[int], traits: Sequence[str] = ()) -> dict[str, int]:
    """Count, of many datasets' numbers, how many have each property and trait; those that none has are left out."""
    # All are counted by one addition a dataset: each has a lane of its own in one large number.
    lanes = sum(map(_lanes, numbers))
    return {name: number for place, name in _places(traits) if (number := lanes >> place * _LANE & _LANE_MASK)}


def _places(traits: Sequence[str]) -> Iterator[tuple[int, str]]:
    return chain(enumerate(PROPERTIES), enumerate(traits, FIRST_TRAIT))


@lru_cache(maxsize=4096)
def _lanes(bits: int) -> int:
    return sum(1 << place * _LANE for place in range(bits.bit_length()) if bits >> place & 1)


def with_traits(bits: int, traits: int) -> int:
    """Join the number of a dataset's properties and that of its traits."""
    return bits | traits << FIRST_TRAIT


def traits_in(bits: int) -> int:
    """Give the number of the traits alone."""
    return bits >> FIRST_TRAIT


def properties_in(bits: int) -> int:
    """Give the number of the properties alone."""
    return bits & (1 << FIRST_TRAIT) - 1


def found_at(filled: str, expression: str) -> str:
    """Name the trait that this expression of the member file found what it fills."""
    return f"{next(iter(_properties(filled)), filled)} at `{expression}`"


def is_place(name: str) -> bool:
    """Whether a name says where a property was found, and not that it was."""
    return " at `" in name


def whole_of(name: str) -> str:
    """Give the property that a name speaks of a part or a place of (``contact_point`` of ``contact_point.email``)."""
    property, place, _ = name.partition(" at `")
    whole, _, part = property.partition(".")
    return property if place else whole if part else ""


_RULES = {
    "contact_name": "contact_point.name",
    "contact_email": "contact_point.email",
    "contact_telephone": "contact_point.telephone",
    "temporal_start": "temporal.start",
    "temporal_end": "temporal.end",
    "endpoint_url": "distribution.access_service",
    "distribution_title": "distribution.title",
}


def by_property(rules: Mapping[str, Mapping[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    """Give the expressions of a member file's rules (format → what is filled → expressions) by property; what finds a
    part of a property (``contact_point.email``, ``additional.tel``) finds the whole of it too.
    """
    found: dict[str, tuple[str, ...]] = {}
    for of_format in rules.values():
        for filled, expressions in of_format.items():
            for name in _properties(filled):
                found[name] = tuple(dict.fromkeys((*found.get(name, ()), *expressions)))
    return found


@lru_cache(maxsize=1024)
def _properties(filled: str) -> tuple[str, ...]:
    name = _RULES.get(filled, filled)
    whole = whole_of(name)
    if whole == "distribution":
        return (name,)
    if whole in _BIT:
        return (name, whole)
    own = name if name in _BIT else f"distribution.{name}"
    return (own,) if own in _BIT else ()
