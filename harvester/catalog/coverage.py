"""Which properties a dataset has, as a number: one bit a property, so that a ledger keeps and counts millions of them.

The names are DCAT's in snake case, those of distributions with ``distribution.`` before them; a dataset has such a
property when one of its distributions has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import compress

import msgspec

from harvester.catalog.model import Dataset, Distribution

PROPERTIES = (
    "title", "description", "keyword", "theme", "type", "publisher", "creator", "contact_point", "landing_page", "page",
    "issued", "modified", "accrual_periodicity", "temporal", "spatial", "language", "license", "rights",
    "access_rights", "conforms_to", "version", "provenance", "legal_basis", "fee", "is_part_of", "other_identifier",
    "distribution", "additional", "distribution.identifier", "distribution.title", "distribution.description",
    "distribution.access_url", "distribution.download_url", "distribution.format", "distribution.media_type",
    "distribution.byte_size", "distribution.checksum", "distribution.issued", "distribution.modified",
    "distribution.license", "distribution.rights", "distribution.conforms_to", "distribution.access_service",
)  # fmt: skip
"""Bit n stands for the n-th name. Ledgers keep these numbers: new names go to the end, none is ever taken out."""

_BIT = {name: 1 << place for place, name in enumerate(PROPERTIES)}
_OF_DATASET = tuple(_BIT.get(field, 0) for field in Dataset.__struct_fields__)
_OF_DISTRIBUTION = tuple(_BIT.get(f"distribution.{field}", 0) for field in Distribution.__struct_fields__)

_LANE = 32
"""Bits that each property has to be counted in: more records than a page or a batch will ever hold."""
_LANE_MASK = (1 << _LANE) - 1


def covered(dataset: Dataset) -> int:
    """Give the number whose bits say which properties the dataset has."""
    bits = sum(compress(_OF_DATASET, msgspec.structs.astuple(dataset)))
    for distribution in dataset.distribution:
        bits |= sum(compress(_OF_DISTRIBUTION, msgspec.structs.astuple(distribution)))
    return bits


def names(bits: int) -> Iterator[str]:
    """Give the properties that a number stands for."""
    return (name for name, bit in _BIT.items() if bits & bit)


def bits_of(properties: Iterable[str]) -> int:
    """Give the number that stands for these properties."""
    return sum(_BIT[name] for name in set(properties))


def count(numbers: Iterable[int]) -> dict[str, int]:
    """Count, of many datasets' numbers, how many have each property; those that none has are left out."""
    # All properties are counted by one addition a dataset: each has a lane of its own in one large number.
    lanes = sum(map(_lanes, numbers))
    return {name: number for place, name in enumerate(PROPERTIES) if (number := lanes >> place * _LANE & _LANE_MASK)}


@lru_cache(maxsize=4096)
def _lanes(bits: int) -> int:
    return sum(1 << place * _LANE for place in range(len(PROPERTIES)) if bits >> place & 1)


_RULES = {
    "contact_name": "contact_point",
    "contact_email": "contact_point",
    "contact_telephone": "contact_point",
    "temporal_start": "temporal",
    "temporal_end": "temporal",
    "endpoint_url": "distribution.access_service",
    "distribution_title": "distribution.title",
}


def by_property(rules: Mapping[str, Mapping[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    """Give the expressions of a member file's rules (format → what is filled → expressions) by property."""
    found: dict[str, tuple[str, ...]] = {}
    for of_format in rules.values():
        for filled, expressions in of_format.items():
            name = _RULES.get(filled, filled.partition(".")[0])
            own = name if name in _BIT else f"distribution.{name}"
            if own in _BIT:
                found[own] = tuple(dict.fromkeys((*found.get(own, ()), *expressions)))
    return found
