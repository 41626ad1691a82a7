"""Every recorded record becomes a dataset or a RecordError with its reason; none vanishes, nothing else is raised."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import orjson
import pytest

from harvester.catalog.model import Catalog, Mapped
from harvester.errors import RecordError
from harvester.mapping import MAPPINGS
from harvester.mapping.rdf_closure import split_feed


def _load(name: str) -> ModuleType:
    """Load a module beside this one: tests are no package (``--import-mode=importlib``)."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


sample_records = _load("sample_records")

DATASET = "dataset"
UNTITLED = "untitled"
"""Mapped, but without a title in any language: validation rejects it."""


def outcomes(records: Iterator[Any], catalog: Catalog) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        try:
            mapped = MAPPINGS[record.format](record.payload, record.identifier, catalog)
        except RecordError as error:
            found[record.file][error.code] += 1
            continue
        assert mapped.dataset.identifier == record.identifier
        assert mapped.dataset.source == catalog.source
        assert not set(mapped.counters) - {"views", "downloads"}
        found[record.file][DATASET if mapped.dataset.title else UNTITLED] += 1
    return dict(found)


def test_ckan(samples: Path, catalog: Catalog) -> None:
    assert outcomes(sample_records.ckan(samples), catalog) == {
        "ckan/dados_gov_br_group_404.json": {"not-a-package": 1},
        "ckan/dados_gov_br_group_package_show.json.gz": {DATASET: 9},
        "ckan/dados_gov_br_package_search.json.gz": {DATASET: 400},
        "ckan/dados_gov_br_package_search_name_bolsa.json.gz": {DATASET: 10},
        "ckan/dados_gov_br_package_search_or.json.gz": {DATASET: 10},
        "ckan/dados_gov_br_package_show_404.json": {"not-a-package": 1},
        "ckan/datagovuk_mock_package_search_page0.json": {DATASET: 2},
        "ckan/dkan_french_w_license.json": {DATASET: 1},
        "ckan/opendata_swiss_package_search.json": {DATASET: 2},
        "ckan/zurich_package_search.json": {DATASET: 3},
    }


def test_ckan_packages_keep_all_their_resources(samples: Path, catalog: Catalog) -> None:
    kept = 0
    for record in sample_records.ckan(samples):
        package = orjson.loads(record.payload)
        if "resources" in package:
            dataset = MAPPINGS["ckan"](record.payload, record.identifier, catalog).dataset
            assert len(dataset.distribution) == len(package["resources"])
            assert all(
                one.access_url or not each["url"]
                for one, each in zip(dataset.distribution, package["resources"], strict=True)
            )
            kept += len(dataset.distribution)
    assert kept > 4_322


def test_data_json(samples: Path, catalog: Catalog) -> None:
    found = outcomes(sample_records.data_json(samples, "data-json/**/*.json*"), catalog)
    assert sum(found.values(), Counter()) == {DATASET: 8169, UNTITLED: 1, "not-dcat-us": 1}
    assert {file: counts for file, counts in found.items() if counts.keys() != {DATASET}} == {
        "data-json/samples/missing-dataset-fields.data.json": {DATASET: 1, "not-dcat-us": 1},
        "data-json/samples/missing-identifier-title.data.json": {DATASET: 2, UNTITLED: 1},
    }


def test_data_json_of_arcgis_hub_has_a_box_for_every_layer(samples: Path, catalog: Catalog) -> None:
    records = list(sample_records.data_json(samples, "data-json/data-lakecountyil*.json.gz"))
    stated = [record for record in records if orjson.loads(record.payload).get("spatial")]
    mapped = [MAPPINGS["data_json"](record.payload, record.identifier, catalog) for record in stated]
    assert stated
    assert all(one.dataset.spatial[0].bbox for one in mapped)


def test_an_object_of_the_arcgis_hub_api_is_no_data_json(samples: Path, catalog: Catalog) -> None:
    found = outcomes(sample_records.data_json(samples, "arcgis-hub/*.json"), catalog)
    assert found == {"arcgis-hub/hub-dataset.json": {"not-dcat-us": 1}}


def test_hostile_data_json(samples: Path, catalog: Catalog) -> None:
    found = outcomes(sample_records.data_json(samples, "hostile/data-json/*.json"), catalog)
    assert sum(found.values(), Counter()) == {DATASET: 36, UNTITLED: 1, "not-dcat-us": 1}


def test_dcat(samples: Path, catalog: Catalog) -> None:
    found = outcomes(sample_records.dcat_rdf(samples), catalog)
    assert sum(found.values(), Counter()) == {DATASET: 721, UNTITLED: 1}
    assert found["dcat-rdf/ckanext-dcat/dataset.ttl"] == {DATASET: 1, UNTITLED: 1}, (
        "its series breaks off at bad syntax"
    )
    assert found["dcat-rdf/alicante_catalog.rdf.gz"] == {DATASET: 258}
    assert found["dcat-rdf/opendatasoft_public_catalog.ttl.gz"] == {DATASET: 186}
    assert found["dcat-rdf/udata/geonetwork-dcat-page-3.xml"] == {DATASET: 2}
    files = {name for name, _ in sample_records.files(samples, "dcat-rdf/**/*", "korea-data-go-kr/dcat-*")}
    assert set(found) == files, "every file holds at least one dataset"


def test_the_korean_dcat_catalogue_says_the_same_in_turtle_and_json_ld(samples: Path) -> None:
    turtle, json_ld = (
        [*split_feed((samples / f"korea-data-go-kr/dcat-sample_100.{end}").read_bytes(), syntax, "https://data.go.kr/")]
        for end, syntax in (("ttl", "turtle"), ("jsonld", "json_ld"))
    )
    assert turtle == json_ld


def test_catalogue_rows_of_data_go_kr(samples: Path, catalog: Catalog) -> None:
    assert outcomes(sample_records.datagokr_csv(samples), catalog) == {
        "korea-data-go-kr/catalogue-2022-07.csv.gz": {DATASET: 34_267},
        "korea-data-go-kr/catalogue-2025-11.csv.gz": {DATASET: 1_571},
        "lists/catalogue-2025-11-cp949.csv": {DATASET: 290},
    }


def test_no_column_of_data_go_kr_is_unknown(samples: Path, catalog: Catalog) -> None:
    unread: Counter[str] = Counter()
    for record in sample_records.datagokr_csv(samples):
        unread.update(MAPPINGS["datagokr_csv"](record.payload, record.identifier, catalog).unread)
    assert not unread


def test_details_of_data_go_kr(samples: Path, catalog: Catalog) -> None:
    found = outcomes(sample_records.datagokr_details(samples), catalog)
    assert sum(found.values(), Counter()) == {DATASET: 10}


def test_no_field_of_the_details_of_data_go_kr_is_unread(samples: Path, catalog: Catalog) -> None:
    for record in sample_records.datagokr_details(samples):
        assert MAPPINGS[record.format](record.payload, record.identifier, catalog).unread == ()


@pytest.mark.parametrize("family", ["ckan", "dcat_rdf", "datagokr_details"])
def test_what_was_mapped_has_the_types_of_the_model(family: str, samples: Path, catalog: Catalog) -> None:
    for record in getattr(sample_records, family)(samples):
        try:
            mapped = MAPPINGS[record.format](record.payload, record.identifier, catalog)
        except RecordError:
            continue
        assert msgspec.json.decode(msgspec.json.encode(mapped), type=Mapped) == mapped
