"""The normaliser over the values that portals really wrote; what it does not know is counted here, to the last one."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harvester.catalog import codec
from harvester.catalog.dates import parse_date, parse_interval, parse_period
from harvester.catalog.model import Catalog, HarvestRecord, Part
from harvester.catalog.people import korean_phone
from harvester.catalog.text import to_block, to_line
from harvester.catalog.vocabularies import Vocabularies
from harvester.catalog.words import split_keywords
from harvester.processing import Processor

KNOWN_TAG = re.compile(r"</?(?:br|p|div|span|b|font|a|li|ul|table|tr|td)\b", re.IGNORECASE)


def rows(samples: Path, name: str) -> list[dict[str, str]]:
    with gzip.open(samples / "korea-data-go-kr" / name, "rb") as file:
        return list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8-sig", newline="")))


@pytest.fixture(scope="module")
def catalogue_2025(samples: Path) -> list[dict[str, str]]:
    return rows(samples, "catalogue-2025-11.csv.gz")


@pytest.fixture(scope="module")
def catalogue_2022(samples: Path) -> list[dict[str, str]]:
    return rows(samples, "catalogue-2022-07.csv.gz")


def test_every_date_of_the_catalogues_is_read(
    catalogue_2022: list[dict[str, str]], catalogue_2025: list[dict[str, str]]
) -> None:
    unknown = Counter(
        (column, row[column])
        for table, columns in (
            (catalogue_2022, ("목록.등록일", "목록.수정일")),
            (catalogue_2025, ("등록일", "수정일", "차기 등록 예정일")),
        )
        for row in table
        for column in columns
        if parse_date(row[column]) is None
    )
    assert unknown == {("차기 등록 예정일", "-"): 342}


def test_periods_of_the_catalogue(catalogue_2025: list[dict[str, str]]) -> None:
    texts = Counter(row["시간범위"] for row in catalogue_2025)
    assert {text for text in texts if parse_period(text) is None} == {"-", "수시", "내용없음"}
    assert sum(1 for text in texts if parse_period(text)) == 57


def test_every_value_of_the_catalogue_is_known_but_one_format(
    catalogue_2025: list[dict[str, str]], catalogue_2022: list[dict[str, str]], vocabularies: Vocabularies
) -> None:
    def unknown(column: str, look_up: Any) -> dict[str, int]:
        return Counter(row[column] for row in catalogue_2025 if look_up(row[column]).code is None)

    assert unknown("이용허락범위", vocabularies.license) == {}
    assert unknown("업데이트 주기", vocabularies.accrual_periodicity) == {}
    assert unknown("목록유형", vocabularies.type) == {}
    assert unknown("분류체계", lambda text: vocabularies.theme(text)[0]) == {}
    assert {vocabularies.theme(row["분류체계"])[0].scheme for row in catalogue_2022} == {"datagokr"}
    assert Counter(
        row["확장자(데이터포맷)"] for row in catalogue_2025 if vocabularies.format(row["확장자(데이터포맷)"]).unknown
    ) == {"ERR": 1}


def test_every_telephone_number_loses_its_backtick(catalogue_2025: list[dict[str, str]]) -> None:
    phones = [korean_phone(row["관리부서 전화번호"], at_home=True) for row in catalogue_2025]
    written = re.compile(r"0\d{1,2}-\d{3,4}-\d{4}|1[5-9]\d\d-\d{4}|")
    odd = [phone for phone in phones if not written.fullmatch(phone)]
    assert sum(1 for row in catalogue_2025 if row["관리부서 전화번호"].startswith("`")) > 1500
    assert not any("`" in phone for phone in phones)
    assert len(odd) <= 12  # nine digits that are no number of the plan stay as they are


def test_keywords_of_the_catalogue_are_split(catalogue_2025: list[dict[str, str]]) -> None:
    words = [split_keywords(row["키워드"], "ko")[0] for row in catalogue_2025]
    assert sum(map(len, words)) > 8000
    assert not any("," in word for one in words for word in one)


def test_descriptions_are_free_of_markup_and_keep_their_words(catalogue_2022: list[dict[str, str]]) -> None:
    marked = [text for row in catalogue_2022 if KNOWN_TAG.search(text := row["목록설명"])]
    assert len(marked) > 7000
    for text in marked[::20]:
        block = to_block(text)
        assert not KNOWN_TAG.search(block)
        assert to_block(block) == block
        assert len(block) > len(text) / 4


def test_titles_stay_what_they_are(catalogue_2022: list[dict[str, str]]) -> None:
    changed = [(row["목록명"], line) for row in catalogue_2022 if (line := to_line(row["목록명"])) != row["목록명"]]
    assert all(line.split() == row.replace("&amp;", "&").split() or len(line) >= len(row) - 6 for row, line in changed)
    assert len(changed) < 1000


def test_agencies_that_were_renamed_between_the_catalogues(
    catalogue_2022: list[dict[str, str]], catalogue_2025: list[dict[str, str]], vocabularies: Vocabularies
) -> None:
    old = {row["목록키"]: row["기관명"] for row in catalogue_2022}
    renamed = [
        (before, row["제공기관"])
        for row in catalogue_2025
        if (before := old.get(row["목록키"])) and before != row["제공기관"]
    ]
    assert len(renamed) == 124
    assert [pair for pair in renamed if vocabularies.agency(pair[0]) != pair[1]] == []


def test_every_row_of_the_newer_catalogue_becomes_a_dataset(
    catalogue_2025: list[dict[str, str]], vocabularies: Vocabularies
) -> None:
    processor = Processor(Catalog(source="member.datagokr", url="https://www.data.go.kr", language="ko"), vocabularies)
    issues: Counter[tuple[str, str | None]] = Counter()
    for row in catalogue_2025:
        part = Part(name="listing", format="datagokr_csv", payload=json.dumps(row, ensure_ascii=False).encode())
        done = processor.process(HarvestRecord(identifier=row["목록키"], parts=(part,)))
        assert done.content is not None, done.issues
        issues.update((issue.code, issue.value) for issue in done.issues)
        dataset = codec.decode(done.content)
        assert dataset.title["ko"] == " ".join(row["목록명"].split())
        assert dataset.license is not None
        assert dataset.license.code is not None
        assert {"datagokr", "eu"} <= {theme.scheme for theme in dataset.theme}
        assert row["분류체계"] in {theme.source for theme in dataset.theme}
    unknown = {key: count for key, count in issues.items() if key[0].startswith("unknown")}
    assert unknown == {("unknown-format", "ERR"): 1, ("unknown-period", "수시"): 1}


# --- portals of other countries -------------------------------------------------------------------------------------


def found_in_json(samples: Path) -> Iterator[tuple[str, Any]]:
    """Every key and value of every JSON sample of CKAN portals and data.json catalogues."""
    for folder in ("ckan", "data-json"):
        for file in sorted((samples / folder).rglob("*.json*")):
            payload = file.read_bytes()
            stack: list[Any] = [json.loads(gzip.decompress(payload) if file.suffix == ".gz" else payload)]
            while stack:
                value = stack.pop()
                if isinstance(value, dict):
                    yield from value.items()
                    if "key" in value:  # an extra of CKAN
                        yield f"extra:{value['key']}", value.get("value")
                    stack.extend(value.values())
                elif isinstance(value, list):
                    stack.extend(value)


@pytest.fixture(scope="module")
def foreign(samples: Path) -> dict[str, Counter[str]]:
    values: dict[str, Counter[str]] = {}
    for key, value in found_in_json(samples):
        if isinstance(value, str):
            values.setdefault(key, Counter())[value] += 1
    return values


def test_every_date_of_foreign_portals_is_a_date_or_a_repetition(foreign: dict[str, Counter[str]]) -> None:
    keys = ("issued", "modified", "created", "last_modified", "metadata_created", "metadata_modified")
    texts = {text for key in keys for text in foreign[key] if text and text != "None"}
    assert len(texts) > 10_000
    assert {text for text in texts if not parse_date(text) and not parse_interval(text)} <= {"unknown"}


def test_licences_of_foreign_portals(foreign: dict[str, Counter[str]], vocabularies: Vocabularies) -> None:
    texts = foreign["license"] + foreign["license_id"] + foreign["license_url"] + foreign["license_title"]
    known = Counter({text: count for text, count in texts.items() if vocabularies.license(text).code})
    codes = Counter(vocabularies.license(text).code for text in known)
    assert {"CC-BY", "ODbL-1.0", "CC0-1.0", "CC-BY-NC-SA-4.0", "CC-BY-4.0", "OTHER-OPEN", "etalab-1.0"} <= codes.keys()
    addresses = [text for text in texts if "creativecommons.org/licenses" in text or "opendefinition.org" in text]
    assert addresses
    assert [text for text in addresses if text not in known] == []
    # Disclaimers of counties and addresses of their own terms are no licences.
    assert not vocabularies.license(
        "https://www.arcgis.com/sharing/rest/content/items/89679671cfa64832ac2399a0ef52e414/data"
    ).code
    for text in texts:
        first = vocabularies.license(text)
        assert vocabularies.license(first.source, first.uri, first.code) == first


def test_formats_of_foreign_portals(foreign: dict[str, Counter[str]], vocabularies: Vocabularies) -> None:
    texts = Counter({text: count for text, count in foreign["format"].items() if text and text != "None"})
    unknown = Counter({text: count for text, count in texts.items() if vocabularies.format(text).unknown})
    assert texts.total() > 20_000
    assert unknown.total() < texts.total() / 1000, unknown


def test_frequencies_of_foreign_portals(foreign: dict[str, Counter[str]], vocabularies: Vocabularies) -> None:
    texts = sum((values for key, values in foreign.items() if "freq" in key.lower() or "riodici" in key), Counter())
    assert {text for text in texts if text and vocabularies.accrual_periodicity(text).code is None} <= {"Eleição"}
