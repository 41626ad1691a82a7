"""One row of the catalogue CSV of data.go.kr, or of its list API (odcloud), as a JSON object header → cell.

The catalogue is published as 15062804 (목록개방현황) and 15121937 (목록 메타정보). Rows of the list API are operations,
of which the spider makes one object a record.
"""

from __future__ import annotations

from harvester.catalog.model import Catalog, Mapped
from harvester.mapping.datagokr_row import mapped_row
from harvester.mapping.json_values import load_object

VERSION = 2


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one row; RecordError where the payload is not a JSON object with columns of the catalogue."""
    return mapped_row(load_object(payload), identifier, catalog)
