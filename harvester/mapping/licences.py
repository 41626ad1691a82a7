"""Licences as JSON states them, and the licence of a dataset whose distributions state it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harvester.catalog.model import Concept, Distribution
from harvester.mapping.json_values import concept


def license_of(value: Any) -> Concept | None:
    """Read a licence: text, an address, or an object with both."""
    found = concept(value)
    if found and found.uri is None and found.source.startswith(("http://", "https://")):
        return Concept(source=found.source, uri=found.source)
    return found


def shared_license(distributions: Sequence[Distribution]) -> Concept | None:
    """Give the one licence that all distributions name: DCAT-AP has it there, readers ask for the dataset's."""
    first = distributions[0].license if distributions else None
    return first if first and all(one.license == first for one in distributions) else None
