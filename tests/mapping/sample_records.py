"""Every record of the recorded portal samples, one by one, as the protocols hand them to the mappings."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from harvester.mapping.rdf_closure import split_feed
from harvester.mapping.rdf_documents import RdfSyntax

SYNTAXES: dict[str, RdfSyntax] = {
    ".rdf": "rdf_xml",
    ".xml": "rdf_xml",
    ".ttl": "turtle",
    ".jsonld": "json_ld",
    ".json": "json_ld",
}


class SampleRecord(NamedTuple):
    """One record: the file it stands in, its metadata format, its identifier and payload."""

    file: str
    format: str
    identifier: str
    payload: bytes


def content(file: Path) -> bytes:
    data = file.read_bytes()
    return gzip.decompress(data) if file.suffix == ".gz" else data


def files(samples: Path, *patterns: str) -> Iterator[tuple[str, Path]]:
    for pattern in patterns:
        for file in sorted(samples.glob(pattern)):
            if file.is_file():
                yield file.relative_to(samples).as_posix(), file


def ckan(samples: Path) -> Iterator[SampleRecord]:
    for name, file in files(samples, "ckan/*"):
        answer = orjson.loads(content(file))
        result = answer.get("result", answer)
        if isinstance(result, dict):
            result = result.get("results", [result])
        for number, package in enumerate(result):
            if not isinstance(package, str):  # package_list names packages without saying anything about them
                yield SampleRecord(name, "ckan", f"{name}#{number}", orjson.dumps(package))


def data_json(samples: Path, *patterns: str) -> Iterator[SampleRecord]:
    for name, file in files(samples, *patterns):
        answer = orjson.loads(content(file))
        records: list[Any] = (
            [*answer.get("dataset", ()), *answer.get("service", ())] if "type" not in answer else [answer]
        )
        for number, record in enumerate(records):
            yield SampleRecord(name, "data_json", f"{name}#{number}", orjson.dumps(record))


def dcat_rdf(samples: Path) -> Iterator[SampleRecord]:
    for name, file in files(samples, "dcat-rdf/**/*", "korea-data-go-kr/dcat-*"):
        syntax = SYNTAXES[Path(name.removesuffix(".gz")).suffix]
        for one in split_feed(content(file), syntax, "https://portal.example/catalog"):
            yield SampleRecord(name, "dcat_rdf", one.identifier, one.triples)


def datagokr_csv(samples: Path) -> Iterator[SampleRecord]:
    for name, encoding in (
        ("korea-data-go-kr/catalogue-2022-07.csv.gz", "utf-8-sig"),
        ("korea-data-go-kr/catalogue-2025-11.csv.gz", "utf-8-sig"),
        ("lists/catalogue-2025-11-cp949.csv", "cp949"),
    ):
        for row in csv.DictReader(io.StringIO(content(samples / name).decode(encoding))):
            yield SampleRecord(name, "datagokr_csv", row["목록키"], orjson.dumps(row))


def datagokr_details(samples: Path) -> Iterator[SampleRecord]:
    for name, file in files(samples, "members/data-go-kr/made-up/*.json"):
        yield SampleRecord(name, "datagokr_json", name, content(file))
    for name, file in files(samples, "members/**/*.rdf"):
        yield SampleRecord(name, "datagokr_rdf", name, content(file))
