"""A catalogue that is a file, CSV or XLSX: rows below a header, with the columns that the member file names."""

from __future__ import annotations

import csv
import io
from urllib.parse import urlsplit

from python_calamine import CalamineWorkbook

from harvester.members import HarvestSource
from harvester.sample_portals.server import Asked
from tests.conformance.listing import Listing
from tests.protocols.workbooks import xlsx

FAMILY = "one file"
Rows = list[list[str]]


def absent(source: HarvestSource) -> dict[str, str]:
    if source.options.model_dump()["path"].endswith(".xlsx"):
        return {"wrong charset": "a workbook is XML inside, which says its charset itself"}
    return {}


def is_page(asked: Asked, source: HarvestSource) -> bool:
    return asked.path == urlsplit(f"{source.url}/{source.options.model_dump()['path'].lstrip('/')}").path


def empty(listing: Listing) -> list[bytes]:
    header, _ = _table(listing)
    return [_written(listing, [header])]


def half(listing: Listing) -> list[bytes]:
    header, rows = _table(listing)
    return [_written(listing, [header, *rows[: len(rows) // 2]])]


def twice(listing: Listing) -> list[bytes]:
    header, rows = _table(listing)
    return [_written(listing, [header, *rows, rows[0]])]


def error(listing: Listing) -> bytes:
    return '{"code": "500", "msg": "파일을 만들 수 없습니다."}'.encode()


def _table(listing: Listing) -> tuple[list[str], Rows]:
    """Header and rows; what stands above the header is left out."""
    body, titles = listing.bodies[0], set(listing.source.options.model_dump()["identifier"])
    rows = _rows_of_workbook(body) if _is_workbook(body) else list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    header = next(place for place, row in enumerate(rows) if titles <= set(row))
    return rows[header], rows[header + 1 :]


def _rows_of_workbook(body: bytes) -> Rows:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(body))
    return [
        list(map(str, row)) for name in workbook.sheet_names for row in workbook.get_sheet_by_name(name).to_python()
    ]


def _written(listing: Listing, rows: Rows) -> bytes:
    if _is_workbook(listing.bodies[0]):
        return xlsx({"목록": rows})
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _is_workbook(body: bytes) -> bool:
    return body.startswith(b"PK")
