"""The catalogue of data.go.kr: one CSV; ``/catalog/{its list key}/fileData.json`` says where it is."""

from __future__ import annotations

import csv
import io

from harvester.members import HarvestSource
from harvester.sample_portals.server import Asked
from tests.conformance.listing import Listing

FAMILY = "one file"


def absent(source: HarvestSource) -> dict[str, str]:
    return {}


def is_page(asked: Asked, source: HarvestSource) -> bool:
    return asked.path == "/cmm/cmm/fileDownload.do"


def empty(listing: Listing) -> list[bytes]:
    return [_written(_rows(body)[:1]) for body in listing.bodies]


def half(listing: Listing) -> list[bytes]:
    return [_written(rows[: len(rows) // 2]) for rows in map(_rows, listing.bodies)]


def twice(listing: Listing) -> list[bytes]:
    rows = _rows(listing.bodies[0])
    wanted = next(row for row in rows[1:] if listing.source.options.organisations[0].rstrip("*") in row[6])  # type: ignore[attr-defined]
    return [_written([*rows, wanted])]


def error(listing: Listing) -> bytes:
    return '{"code": -401, "msg": "유효하지 않은 인증키 입니다."}'.encode()


def _rows(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def _written(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")
