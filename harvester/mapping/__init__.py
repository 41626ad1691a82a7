"""From a portal's payload to a dataset: pure, one module per metadata format, none knows another.

A mapping reads structure only: dates, licences, formats and HTML stay as the source wrote them, and
`harvester.catalog.normalise` gives them their meaning. It raises nothing but `harvester.errors.RecordError`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from harvester.catalog.model import Catalog, Mapped
from harvester.mapping import (
    ckan,
    data_json,
    datacite,
    datagokr_csv,
    datagokr_html,
    datagokr_json,
    datagokr_rdf,
    dcat_rdf,
    ddi,
    fields,
    github_repository,
    html_detail,
    html_row,
    huggingface,
    json_detail,
    json_fields,
    oai_datacite,
    oai_dc,
    schema_org,
    table_row,
)

MappingFunction: TypeAlias = Callable[[bytes, str, Catalog], Mapped]
"""``to_dataset(payload, identifier, catalog)``."""

_MODULES = {
    "ckan": ckan,
    "data_json": data_json,
    "datacite": datacite,
    "datagokr_csv": datagokr_csv,
    "datagokr_html": datagokr_html,
    "datagokr_json": datagokr_json,
    "datagokr_rdf": datagokr_rdf,
    "dcat_rdf": dcat_rdf,
    "ddi": ddi,
    "fields": fields,
    "github_repository": github_repository,
    "html_detail": html_detail,
    "html_row": html_row,
    "huggingface": huggingface,
    "json_detail": json_detail,
    "json_fields": json_fields,
    "oai_datacite": oai_datacite,
    "oai_dc": oai_dc,
    "schema_org": schema_org,
    "table_row": table_row,
}

MAPPINGS: dict[str, MappingFunction] = {name: module.to_dataset for name, module in _MODULES.items()}
"""Metadata format → the function that maps a payload of that format."""

TOGETHER: dict[str, tuple[str, ...]] = {
    "datagokr_csv": ("datagokr_json", "datagokr_rdf", "datagokr_html"),
    "html_row": ("html_detail",),
    "json_fields": ("json_detail",),
}
"""Metadata format of a listing → formats of the further parts that its records may come to have, the best first."""

VERSIONS: dict[str, int] = {name: module.VERSION for name, module in _MODULES.items()}
"""Metadata format → version of its mapping, raised whenever the same payload would be mapped to something else."""
