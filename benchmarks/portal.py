"""A portal made of bytes that are ready before the first request: what a harvest costs then is the harvester's own.

Runs in a process of its own: python -m benchmarks.portal FAMILY RECORDS PORTFILE [--samples DIR]
Families: ckan (the 400 recorded packages with varied identifiers), ckan-small (packages of 1.6 kB written here),
data-json, csv (data.go.kr's catalogue), csv-details (the same with a detail answer for each record).
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import gzip
import hashlib
import io
import json
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, str, Sequence[bytes]]
SAMPLES = Path(__file__).parent.parent.parent / "shared" / "portal-samples"
EMPTY: dict[str, list[str]] = {}


def _uuid(number: int) -> bytes:
    return str(uuid.UUID(bytes=hashlib.blake2b(number.to_bytes(8, "big"), digest_size=16).digest())).encode()


def ckan_packages(records: int, samples: Path) -> list[bytes]:
    """The recorded packages again and again, each with an identifier and a name of its own."""
    recorded = json.loads(gzip.decompress((samples / "ckan/dados_gov_br_package_search.json.gz").read_bytes()))
    templates = []
    for package in recorded["result"]["results"]:
        name = package["name"]
        package["name"] = "@NAME@"
        text = json.dumps(package, ensure_ascii=False, separators=(",", ":")).replace(package["id"], "@ID@")
        templates.append((text.encode(), name.encode()))
    made = []
    for number in range(records):
        text, name = templates[number % len(templates)]
        made.append(text.replace(b"@ID@", _uuid(number)).replace(b"@NAME@", b"%s-%d" % (name, number), 1))
    return made


def small_packages(records: int, samples: Path) -> list[bytes]:
    """Generated packages of about 1.6 kB with two resources."""
    del samples
    made = []
    for number in range(records):
        key = _uuid(number).decode()
        package = {
            "id": key,
            "name": f"dataset-{number}",
            "title": f"지역별 대기오염 측정 현황 {number}",
            "notes": f"제{number}호 측정소의 시간대별 미세먼지(PM2.5), 오존, 이산화질소 농도를 집계한 자료입니다. " * 3,
            "license_id": "cc-by",
            "license_title": "Creative Commons Attribution",
            "metadata_created": "2021-03-04T05:06:07.890123",
            "metadata_modified": "2023-04-05T06:07:08.901234",
            "organization": {"id": "org-1", "name": "air", "title": "환경자료원"},
            "tags": [{"name": tag} for tag in ("대기", "미세먼지", f"측정소{number % 900}")],
            "extras": [{"key": "frequency", "value": "daily"}],
            "resources": [
                {
                    "id": f"{key[:-4]}{position:04d}",
                    "name": f"자료 {position}",
                    "format": format_name,
                    "url": f"https://portal.example/dataset/{key}/file-{position}.{format_name.lower()}",
                    "created": "2021-03-04T05:06:07",
                    "size": 12345 + number,
                }
                for position, format_name in enumerate(("CSV", "JSON"))
            ],
        }
        made.append(json.dumps(package, ensure_ascii=False, separators=(",", ":")).encode())
    return made


def ckan_portal(packages: list[bytes]) -> Callable[[str, dict[str, list[str]]], Answer]:
    """Action API: package_search in any paging."""

    def answer(path: str, query: dict[str, list[str]]) -> Answer:
        if not path.endswith("/package_search"):
            return 404, "application/json", [b'{"success": false, "error": {"__type": "Not Found Error"}}']
        start, rows = int(query.get("start", ["0"])[0]), int(query.get("rows", ["10"])[0])
        head = b'{"success":true,"result":{"count":%d,"results":[' % len(packages)
        return 200, "application/json; charset=utf-8", [head, b",".join(packages[start : start + rows]), b"]}}"]

    return answer


def data_json_portal(records: int, samples: Path) -> Callable[[str, dict[str, list[str]]], Answer]:
    """One data.json: the recorded feed of 1,595 datasets again and again."""
    feed = json.loads(
        gzip.decompress((samples / "data-json/data-lakecountyil-opendata-arcgis-com_20220417.json.gz").read_bytes())
    )
    entries = [json.dumps({**entry, "identifier": "@ID@"}, ensure_ascii=False).encode() for entry in feed["dataset"]]
    feed["dataset"] = []
    head = json.dumps(feed, ensure_ascii=False).encode().removesuffix(b"[]}")
    body = [head, b"["]
    for number in range(records):
        address = b"https://hub.example/datasets/%s_%d" % (_uuid(number), number)
        body.append((b"," if number else b"") + entries[number % len(entries)].replace(b"@ID@", address))
    body.append(b"]}")
    whole = b"".join(body)

    def answer(path: str, query: dict[str, list[str]]) -> Answer:
        del query
        return (200, "application/json", [whole]) if path.endswith("data.json") else (404, "text/plain", [b"no"])

    return answer


def csv_portal(records: int, samples: Path, *, details: bool) -> Callable[[str, dict[str, list[str]]], Answer]:
    """data.go.kr's catalogue of 2025-11 (36 columns) again and again, and, if wanted, a detail answer for each key."""
    with gzip.open(samples / "korea-data-go-kr/catalogue-2025-11.csv.gz", "rt", encoding="utf-8-sig") as stream:
        header, *rows = csv.reader(stream)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    for number in range(records):
        row = rows[number % len(rows)]
        key = str(20_000_000 + number)
        writer.writerow([key, *row[1:-3], row[-3].replace(row[0], key), *row[-2:]])
    body = text.getvalue().encode("utf-8-sig")
    listing = {
        "name": "공공데이터활용지원센터_공공데이터포털 목록개방현황",
        "url": "https://www.data.go.kr/data/15062804/fileData.do",
        "distribution": [{"encodingFormat": "CSV", "contentUrl": "/catalogue.csv", "@type": "DataDownload"}],
        "@context": "https://schema.org",
        "@type": "Dataset",
    }

    def answer(path: str, query: dict[str, list[str]]) -> Answer:
        del query
        if path == "/catalogue.csv":
            return 200, "text/csv", [body]
        if path == "/catalog/15062804/fileData.json":
            return 200, "application/json", [json.dumps(listing).encode()]
        if details and path.startswith("/catalog/"):
            key = path.split("/")[2]
            made = {
                "name": f"자료 {key}",
                "description": "설명",
                "url": f"https://www.data.go.kr/data/{key}/fileData.do",
                "keywords": "가,나,다",
                "license": "이용허락범위 제한 없음",
                "datasetTimeInterval": "연간",
                "@context": "https://schema.org",
                "@type": "Dataset",
            }
            return 200, "application/json", [json.dumps(made, ensure_ascii=False).encode()]
        return 404, "text/plain", [b"no"]

    return answer


async def _serve(answer: Callable[[str, dict[str, list[str]]], Answer], port_file: Path) -> None:
    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                target = urlsplit(head.split(b" ", 2)[1].decode())
                status, kind, chunks = answer(target.path, parse_qs(target.query) if target.query else EMPTY)
                size = sum(len(chunk) for chunk in chunks)
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n".encode())
                for chunk in chunks:
                    writer.write(chunk)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0, limit=1 << 20)
    port_file.write_text(str(server.sockets[0].getsockname()[1]))
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", choices=["ckan", "ckan-small", "data-json", "csv", "csv-details"])
    parser.add_argument("records", type=int)
    parser.add_argument("port_file", type=Path)
    parser.add_argument("--samples", type=Path, default=SAMPLES)
    options = parser.parse_args()
    if options.family == "data-json":
        answer = data_json_portal(options.records, options.samples)
    elif options.family.startswith("csv"):
        answer = csv_portal(options.records, options.samples, details=options.family == "csv-details")
    else:
        make = ckan_packages if options.family == "ckan" else small_packages
        answer = ckan_portal(make(options.records, options.samples))
    asyncio.run(_serve(answer, options.port_file))


if __name__ == "__main__":
    main()
