"""A record of a JSON list, by the JMESPath expressions that the member file gives (`Catalog.rules`)."""

from __future__ import annotations

from harvester.catalog.model import Catalog, Mapped
from harvester.mapping.json_evaluated import evaluated

VERSION = 2


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one record; RecordError where it is no JSON object."""
    return evaluated(payload, identifier, catalog, "json_fields")
