"""All recorded answers of JSON lists, harvested over HTTP by the presets and the members' sources.

Every entry of every file ends as a dataset, or is counted among those that the selection leaves out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from harvester import config
from harvester.crawl.run import harvest_source
from harvester.ledger import JobReport, Ledger
from harvester.members import HarvestSource
from harvester.options.json_api import JsonApiOptions
from harvester.protocols.json_api import JsonApiSpider, Position
from harvester.sample_portals.server import Answer, Asked, Portal
from tests.protocols.driver import run, spider

FOLDER = config.default_config()


class RecordedAnswer(Portal):
    """Gives one recorded answer first, and then one whose list is empty (`list_at` says where it stands)."""

    def __init__(self, answer: Any, list_at: tuple[str, ...]) -> None:
        super().__init__()
        self.first = orjson.dumps(answer)
        holder = answer
        for key in list_at[:-1]:
            holder = holder[key]
        holder[list_at[-1]] = []
        self.later = orjson.dumps(answer)
        self.bodies: list[bytes] = []

    def answer(self, asked: Asked) -> Answer:
        self.bodies.append(asked.body)
        body = self.first if len(self.bodies) == 1 else self.later
        return Answer(
            body.replace(b"https://zenodo.org/", f"{self.url}/".encode()), headers={"Content-Type": "application/json"}
        )


def preset(name: str, **own: Any) -> JsonApiOptions:
    return JsonApiOptions.model_validate({**config.presets(FOLDER)[name], "preset": name, **own})


def harvest(options: JsonApiOptions, portal: Portal, home: Path, language: str = "en") -> tuple[JobReport, list[Any]]:
    source = HarvestSource(
        member="samples", key="list", title="list", protocol="json_api", url=portal.url, options=options,
        evidence="recorded", language=language, allow_private=True,
    )  # fmt: skip
    settings = config.settings(home)
    report = harvest_source(settings, source)
    with Ledger.open(settings.database_url) as ledger:
        datasets = [msgspec.json.decode(stored.content) for stored in ledger.export(source.name)]
    return report, datasets


def load(file: Path) -> Any:
    return json.loads(file.read_bytes())


CATEGORIES = {
    "path": "/category/getCategoryList",
    "method": "POST",
    "parameters": {"status": "active"},
    "success": "result.code == '200'",
    "records": "result.data",
    "identifier": "category_id",
    "fields": {"title": "category_name"},
}
SPECIFICATIONS = {
    **CATEGORIES,
    "path": "/product/getSpecsList",
    "total": "productVO.total_size",
    "identifier": "specs_id",
    "fields": {"title": "specs_nm", "publisher": "corp_nm", "theme": "category_name", "modified": "modified_date"},
}

FILES: dict[str, tuple[JsonApiOptions, tuple[str, ...], int, int, str]] = {
    # file: options, where its list stands, entries in it, datasets among them, reason
    "other-apis/dataverse_search_trees.json": (preset("dataverse"), ("data", "items"), 5, 1, ""),
    "other-apis/dataverse_search_finch_relevance_facets.json": (preset("dataverse"), ("data", "items"), 2, 1, ""),
    "other-apis/i14y_catalogs_list.json": (preset("i14y"), ("data",), 3, 3, ""),
    "other-apis/i14y_dataservices_list.json": (preset("i14y"), ("data",), 3, 3, ""),
    "other-apis/i14y_dataset_detail.json": (
        preset("i14y", records="data && [data] || data", paging={}), ("data",), 1, 1, "",
    ),
    "other-apis/i14y_datasets_list.json": (preset("i14y"), ("data",), 2, 2, ""),
    "other-apis/socrata_discovery_datasets.json": (
        preset("socrata_discovery"), ("results",), 7, 7, "total not met",
    ),  # 7 of 150,680 are recorded
    "other-apis/zenodo_records_search.json": (preset("zenodo"), ("hits", "hits"), 4, 4, "total not met"),  # 4 of 79
    "members/kdx/getCategoryList.json": (JsonApiOptions.model_validate(CATEGORIES), ("result", "data"), 15, 15, ""),
    "members/kdx/getSpecsList.json": (JsonApiOptions.model_validate(SPECIFICATIONS), ("result", "data"), 22, 22, ""),
}  # fmt: skip


def test_no_recorded_list_is_forgotten(samples: Path) -> None:
    found = {
        str(file.relative_to(samples)) for name in ("other-apis", "members/kdx") for file in (samples / name).iterdir()
    }
    assert found == {*FILES, "members/kdx/getProList.json"}


@pytest.mark.parametrize("name", FILES)
def test_every_entry_of_a_recorded_list_is_accounted_for(name: str, samples: Path, tmp_path: Path) -> None:
    options, list_at, entries, expected, reason = FILES[name]
    answer = load(samples / name)
    with RecordedAnswer(answer, list_at) as portal:
        report, datasets = harvest(options, portal, tmp_path)
    verdict = "partial" if reason else "complete"
    assert (report.verdict, report.reason.partition(":")[0]) == (verdict, reason), report
    assert (report.listed, report.created, report.rejected, report.failed) == (expected, expected, 0, 0)
    assert len(datasets) == expected
    assert all(dataset["title"] for dataset in datasets)
    if not options.where:
        assert entries == expected


def test_what_a_mixed_list_leaves_out_is_said(samples: Path, tmp_path: Path) -> None:
    answer = load(samples / "other-apis/dataverse_search_trees.json")
    kinds = [entry["type"] for entry in answer["data"]["items"]]
    assert (len(kinds), kinds.count("dataset")) == (5, 1)
    with RecordedAnswer(answer, ("data", "items")) as portal:
        made = spider(JsonApiSpider, "json_api", portal.url, **preset("dataverse").model_dump(exclude_unset=True))
        (page,) = run(made, tmp_path).pages
    place = msgspec.json.decode(page.cursor or "", type=Position)
    assert (len(page.records), place.left_out, place.read, page.declared_total) == (1, 4, 5, 1)


def test_a_dataset_of_an_arcgis_hub(samples: Path, tmp_path: Path) -> None:
    """The recorded object is a GeoJSON feature; the list has the same properties as attributes (JSON:API)."""
    properties = load(samples / "arcgis-hub/hub-dataset.json")["properties"]
    record = {"id": properties["id"], "type": "dataset", "attributes": properties}
    with RecordedAnswer({"data": [record], "meta": {"stats": {"totalCount": 1}}}, ("data",)) as portal:
        report, (dataset,) = harvest(preset("arcgis_hub"), portal, tmp_path)
        url = portal.url
    assert (report.verdict, report.created) == ("complete", 1)
    assert dataset["title"] == {"en": "Tahoe places of interest"}
    assert dataset["landing_page"] == f"{url}/datasets/f4bcc1035b7d46cba95e977f4affb6be_0"
    assert dataset["modified"].startswith("2021-07-27")
    assert dataset["keyword"] == {"en": ["Data collection", "just modified"]}


def test_a_list_of_an_opendatasoft_portal(tmp_path: Path) -> None:
    """Invented, in the shape of its documentation (Explore API v2.1): no answer is recorded."""
    metas = {
        "title": "Arbres",
        "description": "<p>Les arbres</p>",
        "keyword": ["arbre"],
        "license": "Licence Ouverte v2.0",
    }
    answer = {"total_count": 1, "results": [{"dataset_id": "arbres", "metas": {"default": metas}}]}
    with RecordedAnswer(answer, ("results",)) as portal:
        report, (dataset,) = harvest(preset("opendatasoft"), portal, tmp_path, "fr")
        url = portal.url
    assert (report.verdict, report.created) == ("complete", 1)
    assert (dataset["title"], dataset["description"]) == ({"fr": "Arbres"}, {"fr": "Les arbres"})
    assert dataset["landing_page"] == f"{url}/explore/dataset/arbres/"


def by_title(datasets: list[Any], language: str = "en") -> Mapping[str, Any]:
    return {dataset["title"][language]: dataset for dataset in datasets}


def test_the_values_of_recorded_records(samples: Path, tmp_path: Path) -> None:
    def datasets(name: str) -> Mapping[str, Any]:
        options, list_at, *_ = FILES[name]
        with RecordedAnswer(load(samples / name), list_at) as portal:
            return by_title(harvest(options, portal, tmp_path / name.replace("/", "-"))[1])

    permits = datasets("other-apis/socrata_discovery_datasets.json")["Approved Building Permits"]
    assert permits["landing_page"].startswith("https://data.cityofboston.gov/Permitting/")
    assert permits["keyword"] == {"en": ["permits", "construction", "building"]}
    assert permits["license"]["source"] == "Creative Commons Attribution 3.0 Unported"
    model = datasets("other-apis/zenodo_records_search.json")["Anaheim, CA Digital Elevation Models"]
    assert model["license"]["code"] == "CC-BY-4.0"
    assert [one["title"]["en"] for one in model["distribution"]] == ["1664237.DEM.SDTS.TAR.GZ", "1664237.DEM.SDTS.TXT"]
    assert model["spatial"][0]["label"] == {"en": "Anaheim, California"}
    trade = datasets("other-apis/i14y_dataset_detail.json")["Goods: Foreign trade by broad economic category / country"]
    assert trade["keyword"]["de"][0] == "Aussenhandel"
    assert trade["accrual_periodicity"]["code"] == "MONTHLY"
    assert trade["publisher"]["name"]["en"].startswith("Federal Office for Customs and Border Security")
    assert trade["distribution"][0]["format"]["code"] == "CSV"
    finches = datasets("other-apis/dataverse_search_trees.json")["Darwin's Finches"]
    assert finches["landing_page"] == "https://doi.org/10.70122/FK2/MB5VGR"
    assert finches["version"] == "3.0"
