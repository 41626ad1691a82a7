"""Formats that the endings of file names stand for, as far as everybody means the same by them."""

from __future__ import annotations

import re

FORMATS = {
    "arrow": "Arrow", "csv": "CSV", "doc": "DOC", "docx": "DOCX", "geojson": "GeoJSON", "gpkg": "GPKG", "hwp": "HWP",
    "hwpx": "HWPX", "json": "JSON", "jsonl": "JSONL", "kml": "KML", "kmz": "KMZ", "ods": "ODS", "parquet": "Parquet",
    "pdf": "PDF", "ppt": "PPT", "pptx": "PPTX", "rdf": "RDF", "shp": "SHP", "tsv": "TSV", "ttl": "Turtle",
    "txt": "TXT", "xls": "XLS", "xlsb": "XLSB", "xlsx": "XLSX", "xml": "XML", "zip": "ZIP",
}  # fmt: skip

_ENDING = re.compile(rf"(?:^|\.)({'|'.join(FORMATS)})(?:\.gz)?(?![\w./-])", re.ASCII | re.IGNORECASE)


def format_of(name: str) -> str | None:
    """Format of the file that a name, an address or a link's text (``현황.csv (12 KB)``) speaks of."""
    found = _ENDING.search(name)
    return FORMATS[found[1].lower()] if found else None
