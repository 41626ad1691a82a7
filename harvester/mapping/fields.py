"""Metadata format ``fields``: a JSON object of values by property name, as the spider of an odd portal writes it."""

from __future__ import annotations

from harvester.catalog.model import Catalog, Mapped
from harvester.mapping.declared import Found, is_property, to_mapped
from harvester.mapping.json_values import load_object

VERSION = 2


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map the values; names that are no property (`harvester.mapping.declared`) are told as unread.

    Raises `RecordError` where the payload is no JSON object.
    """
    values = load_object(payload)
    return to_mapped(Found(values), identifier, catalog, unread=[name for name in values if not is_property(name)])
