"""Recorded answers of hubs and of pages with schema.org metadata, harvested over HTTP and accounted for one by one."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harvester import config
from harvester.catalog import codec
from harvester.catalog.model import Catalog, Dataset
from harvester.crawl.run import harvest_source
from harvester.ledger import JobReport, Ledger
from harvester.mapping import datacite
from harvester.members import HarvestSource
from harvester.options import OPTIONS
from harvester.sample_portals.server import Answer, Asked, Portal, not_found

TYPES = {".html": "text/html; charset=utf-8", ".jsonld": "application/ld+json", ".xml": "application/xml"}


class Recorded(Portal):
    """Serves the bodies of recorded answers at their paths."""

    def __init__(self, bodies: dict[str, bytes]) -> None:
        super().__init__()
        self.bodies = bodies
        self.links: dict[str, str] = {}

    def answer(self, asked: Asked) -> Answer:
        key = f"{asked.path}?page={asked.query['page']}" if "page" in asked.query else asked.path
        body = self.bodies.get(key)
        if body is None:
            return not_found()
        kind = TYPES.get(Path(asked.path).suffix, "application/json")
        links = {"Link": self.links[key]} if key in self.links else {}
        return Answer(body, headers={"Content-Type": kind, **links})


def harvested(tmp_path: Path, protocol: str, url: str, **options: Any) -> tuple[JobReport, dict[str, Dataset]]:
    source = HarvestSource(
        member="samples",
        key="one",
        title="one",
        protocol=protocol,
        url=url,
        options=OPTIONS[protocol](**options),
        evidence="recorded",
        allow_private=True,
    )
    settings = config.settings(tmp_path)
    report = harvest_source(settings, source)
    with Ledger.open(settings.database_url) as ledger:
        return report, {stored.identifier: codec.decode(stored.content) for stored in ledger.export(source.name)}


@pytest.fixture(scope="module")
def pages(samples: Path) -> Iterator[Recorded]:
    files = sorted(file for file in (samples / "schema-org").rglob("*.*") if file.is_file())
    with Recorded({f"/{file.relative_to(samples)}": file.read_bytes() for file in files}) as portal:
        yield portal


NO_DATASETS = {
    # a repository, a registry, a series of datasets: schema.org, but no Dataset
    "CESSAVocabularyRegistry.json", "data-repository_R2R.json", "data-repository_full.jsonld",
    "data-repository_minimal.jsonld", "pangaea_902845.crosscite.jsonld",
    # other formats of a record, which belong to other protocols
    "pangaea_902845.datacite.json", "pangaea_902845.datacite4.xml", "pangaea_902845.dif.xml",
    "pangaea_902845.iso19139.xml", "pangaea_902845.panmd.xml",
}  # fmt: skip
REJECTED = {
    # datasets without any name
    "dataset_temporalCoverage.jsonld": 7,
    "dataset_variableMeasured_AstroMaterials_analysis.jsonld": 1,
    "dataset_variableMeasured_USGS-NWIS_surfaceWater.jsonld": 1,
}


def test_every_recorded_page_is_accounted_for(pages: Recorded, tmp_path: Path) -> None:
    assert len(pages.bodies) == 22
    for number, path in enumerate(pages.bodies):
        name = Path(path).name
        report, datasets = harvested(tmp_path / str(number), "schema_org", pages.url + path)
        if name in NO_DATASETS:
            assert (report.verdict, report.seen) == ("failed", 0), name
            assert report.reason.partition(":")[0] in {"layout changed", "unreadable answer"}, name
        elif name in REJECTED:
            assert (report.verdict, report.created, report.rejected) == ("partial", 0, REJECTED[name]), name
        else:
            assert (report.verdict, report.created, report.rejected, len(datasets)) == ("complete", 1, 0, 1), name


def test_all_recorded_pages_in_one_job(pages: Recorded, tmp_path: Path) -> None:
    report, datasets = harvested(tmp_path, "schema_org", pages.url, pages=[pages.url + path for path in pages.bodies])
    # 12 pages hold 18 datasets; three pairs of pages have one identifier each.
    assert (report.listed, report.failed, report.seen) == (28, 10, 18)
    assert (report.created, report.rejected, report.duplicate) == (6, 9, 3)
    assert (report.verdict, report.reason.partition(":")[0]) == ("partial", "lost requests")
    assert len(datasets) == 6


def test_a_record_is_the_same_in_html_and_json(pages: Recorded, tmp_path: Path) -> None:
    found = []
    for suffix in ("html", "jsonld"):
        address = f"{pages.url}/schema-org/pangaea_902845.{suffix}"
        _, datasets = harvested(tmp_path / suffix, "schema_org", address)
        found.append(datasets["https://doi.org/10.1594/PANGAEA.902845"])
    page, data = found
    assert page.title == data.title
    assert (page.creator, page.license, page.temporal) == (data.creator, data.license, data.temporal)
    assert page.landing_page == "https://doi.pangaea.de/10.1594/PANGAEA.902845"
    assert [one.bbox for one in page.spatial] == [(6.516988, 53.452294, 9.158623, 54.993339)], "latitude comes first"
    assert len(page.creator) == 9
    assert page.license is not None
    assert page.license.code == "CC-BY-4.0"


def test_croissant_is_read(pages: Recorded, tmp_path: Path) -> None:
    _, datasets = harvested(tmp_path, "schema_org", f"{pages.url}/schema-org/dataverse_cars_croissant.json")
    cars = datasets["https://doi.org/10.5072/FK2/CY7BWA"]
    assert cars.title == {"en": "Cars"}, "the context names the language"
    assert cars.conforms_to == ("http://mlcommons.org/croissant/1.1",)
    first = cars.distribution[0]
    assert (first.title, first.byte_size, first.checksum) == (
        {"en": "compute.py"}, 15, "md5:d84985e94dde671f318076bd7a137f15",
    )  # fmt: skip


def test_two_datasets_with_one_name_on_one_page(samples: Path, tmp_path: Path) -> None:
    body = (samples / "members" / "korquad" / "1.0_KOR.html").read_bytes()
    other = (samples / "members" / "korquad" / "1.0_ENG.html").read_bytes()
    with Recorded({"/kor.html": body, "/eng.html": other}) as portal:
        report, datasets = harvested(tmp_path / "kor", "schema_org", f"{portal.url}/kor.html")
        without, _ = harvested(tmp_path / "eng", "schema_org", f"{portal.url}/eng.html")
    assert (report.verdict, report.created) == ("complete", 2)
    assert sorted(datasets) == [
        "https://korquad.github.io/dataset/KorQuAD_v1.0_dev.json",
        "https://korquad.github.io/dataset/KorQuAD_v1.0_train.json",
    ]
    assert {one.publisher.name["und"] for one in datasets.values() if one.publisher} == {
        "LG CNS AI Big data Research Team"
    }
    assert without.verdict == "failed", "the English page describes none"


def test_the_recorded_page_of_dois(samples: Path, tmp_path: Path) -> None:
    body = json.loads((samples / "members" / "datacite" / "dois_page-size-5.json").read_bytes())
    del body["links"]["next"]
    body["meta"]["total"] = len(body["data"])
    named = {
        name
        for row in body["data"]
        for person in row["attributes"]["creators"]
        for name in person.get("affiliation", [])
        if row["attributes"]["types"].get("resourceTypeGeneral") == "Dataset"
    }
    with Recorded({"/dois": json.dumps(body).encode()}) as portal:
        report, datasets = harvested(tmp_path, "datacite", portal.url, affiliations=sorted(named) or ["nobody"])
    expected = 1 if named else 0
    assert (report.listed, report.created, report.rejected) == (expected, expected, 0)
    assert report.verdict == ("complete" if expected else "held")
    assert len(datasets) == expected


def test_every_recorded_doi_is_mapped(samples: Path) -> None:
    body = json.loads((samples / "members" / "datacite" / "dois_page-size-5.json").read_bytes())
    catalog = Catalog(source="a.b", url="https://api.datacite.org")
    mapped = [datacite.to_dataset(json.dumps(row).encode(), row["id"], catalog) for row in body["data"]]
    assert [one.unread for one in mapped] == [()] * 5
    first = mapped[0].dataset
    assert first.title == {"und": "ALSETLab/sysml.powersystems.framework: Release Linked to Zenodo"}
    assert first.publisher is not None
    assert first.publisher.name == {"und": "Zenodo"}
    assert first.creator[0].name == {"und": "Gómez, Francis"}
    assert first.access_rights is not None
    assert (first.access_rights.source, first.license) == ("public", None)
    assert first.additional["affiliations"] == "KTH Royal Institute of Technology"
    second = mapped[1].dataset
    assert second.description["und"].startswith("Studies on promotion of sport")
    assert second.license is not None
    assert second.license.uri == "http://creativecommons.org/licenses/by/4.0/legalcode"


def test_recorded_repositories(samples: Path, tmp_path: Path) -> None:
    folder = samples / "members" / "github"
    bodies = {
        "/orgs/jenkinsci/repos?page=1": gzip.decompress((folder / "orgs_jenkinsci_repos_page-1.json.gz").read_bytes()),
        "/organizations/107424/repos?page=2": (folder / "orgs_jenkinsci_repos_page-last.json").read_bytes(),
        "/orgs/beaversoftware/repos?page=1": (folder / "orgs_beaversoftware_repos_2012.json").read_bytes(),
    }
    with Recorded(bodies) as portal:
        recorded = "https://api.github.com/organizations/107424/repos?per_page=100"
        portal.links["/orgs/jenkinsci/repos?page=1"] = (
            f'<{recorded}&page=2>; rel="next", <{recorded}&page=2>; rel="last"'
        )
        portal.links["/organizations/107424/repos?page=2"] = f'<{recorded}&page=1>; rel="prev"'
        report, datasets = harvested(tmp_path / "j", "github_org", portal.url, organisation="jenkinsci")
        old, _ = harvested(tmp_path / "b", "github_org", portal.url, organisation="beaversoftware")
    assert (report.verdict, report.listed, report.created) == ("complete", 104, 104)
    gmaven = datasets["162020"]
    assert (gmaven.title, gmaven.issued) == ({"und": "gmaven"}, "2009-03-28T21:43:54Z")
    assert (gmaven.modified, gmaven.landing_page) == ("2017-12-04T00:52:45Z", "https://github.com/jenkinsci/gmaven")
    assert gmaven.license is not None
    assert gmaven.license.code == "Apache-2.0"
    assert gmaven.distribution[0].download_url == "https://api.github.com/repos/jenkinsci/gmaven/zipball/main"
    assert (old.verdict, old.created) == ("complete", 2)
