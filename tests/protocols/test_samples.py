"""All recorded CKAN, data.json and DCAT answers, harvested over HTTP by the real spiders into a real ledger.

Every record ends as a dataset or as a rejected one with its issues: the numbers of each file must add up to what is in
it, counted independently (data.json: the length of its list; RDF: as the samples' README counts).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harvester import config
from harvester.crawl.run import harvest_source
from harvester.ledger import JobReport, Ledger
from harvester.members import HarvestSource
from harvester.options import OPTIONS
from harvester.sample_portals.ckan import CkanPortal, Quirks
from harvester.sample_portals.dcat import JSON, JSON_LD, RDF_XML, TURTLE, DcatPortal
from harvester.sample_portals.server import Answer, Asked, Fault

pytestmark = [pytest.mark.timeout(300)]

TYPES = {".json": JSON, ".jsonld": JSON_LD, ".rdf": RDF_XML, ".xml": RDF_XML, ".ttl": TURTLE}


@dataclass
class House:
    """A ledger in a folder of its own, and the reports of what was harvested into it, by source."""

    settings: config.Settings
    reports: dict[str, JobReport] = field(default_factory=dict)

    def harvest(self, key: str, protocol: str, url: str, **options: Any) -> JobReport:
        source = HarvestSource(
            member="samples",
            key=key,
            title=key,
            protocol=protocol,
            url=url,
            options=OPTIONS[protocol](**options),
            evidence="recorded",
            allow_private=True,
        )
        report = harvest_source(self.settings, source)
        self.reports[key] = report
        return report

    def ledger(self) -> Ledger:
        return Ledger.open(self.settings.database_url)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(config.settings(tmp_path_factory.mktemp("house")))


def read(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


def content_type(file: Path) -> str:
    return TYPES[Path(file.name.removesuffix(".gz")).suffix]


@pytest.fixture(scope="module")
def feeds(samples: Path) -> Iterator[DcatPortal]:
    """A portal with every recorded feed at the path that the sample has."""
    portal = DcatPortal()
    for folder in ("data-json", "hostile/data-json", "dcat-rdf", "hostile/dcat", "members/culture-dcat"):
        for file in sorted((samples / folder).rglob("*.*")):
            portal.files[f"/{file.relative_to(samples)}"] = (content_type(file), read(file))
    for name in ("dcat-sample_100.ttl", "dcat-sample_100.jsonld"):
        file = samples / "korea-data-go-kr" / name
        portal.files[f"/korea-data-go-kr/{name}"] = (content_type(file), read(file))
    for name in ("paged", "partial"):  # the second page at the address that the first one names
        body = portal.files[f"/dcat-rdf/udata/{name}-collection-1.jsonld"][1]
        address = b"http://data.test.org/catalog.jsonld"
        assert address in body
        here = f"{{portal}}/dcat-rdf/udata/{name}.jsonld".encode()
        second = portal.files[f"/dcat-rdf/udata/{name}-collection-2.jsonld"][1]
        portal.files[f"/dcat-rdf/udata/{name}-collection-1.jsonld"] = (JSON_LD, body.replace(address, here))
        portal.files[f"/dcat-rdf/udata/{name}.jsonld"] = (JSON_LD, second.replace(address, here))
    with portal:
        yield portal


DATA_JSON = {
    # file: (rejected, duplicate); every other file has neither
    "data-json/data-detroitmi-gov_20220417.json.gz": (0, 1),
    "data-json/data-indy-gov_20220417.json.gz": (0, 152),
    "data-json/more/data-racinecounty.opendata.arcgis.com_20220417.json.gz": (0, 3),
    "data-json/samples/missing-dataset-fields.data.json": (1, 0),
    "data-json/samples/missing-identifier-title.data.json": (2, 0),
    "hostile/data-json/dcatus3_0_no_identifier.json": (1, 0),
    "hostile/data-json/dcatus_no_identifier.json": (1, 0),
    "hostile/data-json/missing-catalog.data.json": (1, 0),
    "hostile/data-json/missing_title.json": (1, 0),
}


def test_every_data_json_adds_up(samples: Path, feeds: DcatPortal, house: House) -> None:
    files = sorted([*(samples / "data-json").rglob("*.*"), *(samples / "hostile/data-json").glob("*.json")])
    assert len(files) == 70
    listed = 0
    for number, file in enumerate(files):
        name = str(file.relative_to(samples))
        document = json.loads(read(file))
        datasets = document if isinstance(document, list) else document.get("dataset", [])
        report = house.harvest(f"data-json-{number}", "dcat", f"{feeds.url}/{name}")
        rejected, duplicate = DATA_JSON.get(name, (0, 0))
        usable = len(datasets) > rejected
        verdict = ("complete", "") if usable else ("partial", "layout changed") if datasets else ("held", "empty")
        assert (report.verdict, report.reason.partition(":")[0]) == verdict, name
        assert (report.listed, report.rejected, report.duplicate) == (len(datasets), rejected, duplicate), name
        assert report.created == report.listed - rejected - duplicate, name
        listed += report.listed
    assert listed == 8_171 + 34


DCAT = {
    # file: datasets in it, as the samples' README counts; where it counts otherwise the difference is explained
    "alicante_catalog.rdf.gz": 258,
    "ckanext-dcat/catalog.rdf": 2,
    "ckanext-dcat/catalog_datasets_list.rdf": 2,
    "ckanext-dcat/catalog_pod.jsonld": 1,
    "ckanext-dcat/catalog_with_at_graph.jsonld": 1,
    "ckanext-dcat/dataset.rdf": 1,
    "ckanext-dcat/dataset_afs.ttl": 1,
    "ckanext-dcat/dataset_deri.ttl": 1,
    "ckanext-dcat/dataset_gob_es.ttl": 1,
    "ckanext-dcat/dataset_gov_de.rdf": 1,
    "ckanext-dcat/dataset_multilingual.ttl": 1,
    "ckanext-dcat/dataset_sweden.rdf": 1,
    "govdata_de_catalog_endpoint.rdf": 6,
    "it_mobilità_catalog.rdf": 3,
    "it_molinella_catalog.rdf": 3,
    "opendatasoft_public_catalog.ttl.gz": 186,
    "udata/bnodes.jsonld": 3,
    "udata/bnodes.xml": 3 + 1,  # a dcat:DataService that the catalogue lists
    "udata/catalog.xml": 4,
    "udata/datara--5a26b0f6-0ccf-46ad-ac58-734054b91977.rdf.xml": 1,
    "udata/datara--f40c3860-7236-4b30-a141-23b8ae33f7b2.rdf.xml": 1,
    "udata/evian.json": 8,  # a data.json, which no RDF parser reads
    "udata/flat.jsonld": 3,
    "udata/geonetwork-dcat-page-1.xml": 2,  # RDF in a CSW envelope
    "udata/geonetwork-dcat-page-3.xml": 2,
    "udata/geonetwork-dcat-page-5.xml": 2,
    "udata/geonetwork-geodcatap-page-1.xml": 2,
    "udata/geonetwork-geodcatap-page-3.xml": 2,
    "udata/geonetwork-geodcatap-page-5.xml": 2,
    "udata/geonetwork.xml": 1,
    "udata/nested.jsonld": 1,
    "udata/paged-collection-1.jsonld": 4,  # with its second page
    "udata/partial-collection-1.jsonld": 4,
    "udata/series.xml": 1,
    "udata/sig.oreme.rdf": 1,
    "udata/udata.xml": 2 + 1,  # a dcat:DataService that the catalogue lists
}


def test_every_dcat_feed_adds_up(samples: Path, feeds: DcatPortal, house: House) -> None:
    apart = {"ckanext-dcat/dataset.ttl", "udata/paged-collection-2.jsonld", "udata/partial-collection-2.jsonld"}
    assert {str(file.relative_to(samples / "dcat-rdf")) for file in (samples / "dcat-rdf").rglob("*.*")} == {
        *DCAT,
        *apart,
    }
    for number, (name, datasets) in enumerate(DCAT.items()):
        report = house.harvest(f"dcat-{number}", "dcat", f"{feeds.url}/dcat-rdf/{name}")
        assert (report.verdict, report.reason) == ("complete", ""), name
        assert (report.listed, report.created, report.rejected) == (datasets, datasets, 0), name


def test_a_page_alone_does_not_meet_its_total(feeds: DcatPortal, house: House) -> None:
    for name in ("paged", "partial"):
        report = house.harvest(f"second-{name}", "dcat", f"{feeds.url}/dcat-rdf/udata/{name}-collection-2.jsonld")
        assert (report.verdict, report.created) == ("partial", 1)
        assert report.reason.startswith("total not met")


def test_turtle_with_an_undeclared_prefix_gives_what_can_be_read(feeds: DcatPortal, house: House) -> None:
    report = house.harvest("undeclared", "dcat", f"{feeds.url}/dcat-rdf/ckanext-dcat/dataset.ttl")
    assert report.verdict == "complete"
    assert report.created == 1
    with house.ledger() as ledger:
        assert ("error", "unreadable-statements") in ledger.issue_counts(report.job)


def test_a_member_s_and_korean_feeds_add_up(feeds: DcatPortal, house: House) -> None:
    fitness = house.harvest("fitness", "dcat", f"{feeds.url}/members/culture-dcat/kspo-fitness.rdf")
    assert (fitness.verdict, fitness.created) == ("complete", 1)
    for kind in ("ttl", "jsonld"):
        report = house.harvest(f"korean-{kind}", "dcat", f"{feeds.url}/korea-data-go-kr/dcat-sample_100.{kind}")
        assert (report.verdict, report.created, report.rejected) == ("complete", 100, 0)


def test_iso_where_dcat_was_due_is_told(feeds: DcatPortal, house: House) -> None:
    report = house.harvest("iso", "dcat", f"{feeds.url}/hostile/dcat/publication_date_before_1900.xml")
    assert (report.verdict, report.listed) == ("failed", 0)
    assert report.reason.startswith("unreadable answer")


def test_another_serialisation_of_the_same_feed_changes_nothing(feeds: DcatPortal, house: House) -> None:
    """The Korean sample as Turtle and as JSON-LD, from one address one after the other."""
    feeds.files["/same"] = feeds.files["/korea-data-go-kr/dcat-sample_100.ttl"]
    assert house.harvest("same", "dcat", f"{feeds.url}/same").created == 100
    feeds.files["/same"] = feeds.files["/korea-data-go-kr/dcat-sample_100.jsonld"]
    again = house.harvest("same", "dcat", f"{feeds.url}/same")
    assert (again.unchanged, again.updated) == (100, 0)


def test_a_healthy_portal_that_serves_an_empty_feed_once_loses_nothing(feeds: DcatPortal, house: House) -> None:
    states = ["20220130.json.gz", "20220227.json", "20220327.json.gz"]
    reports = []
    for state in states:
        feeds.files["/cuyahoga"] = feeds.files[f"/data-json/data-cuyahoga-opendata-arcgis-com_{state}"]
        reports.append(house.harvest("cuyahoga", "dcat", f"{feeds.url}/cuyahoga"))
    assert [report.verdict for report in reports] == ["complete", "held", "complete"]
    assert [report.removed for report in reports] == [0, 0, 0]
    assert reports[2].seen == 32


def recorded(search: bytes) -> Fault:
    """The recorded answer of ``package_search`` as it is, then empty pages, as a portal whose count is too large."""
    empty = b'{"success": true, "result": {"count": 0, "results": []}}'

    def answer(asked: Asked) -> Answer | None:
        if not asked.path.endswith("package_search"):
            return None
        body = search if int(asked.query["start"]) == 0 else empty
        return Answer(body, headers={"Content-Type": "application/json;charset=utf-8"})

    return answer


@pytest.mark.parametrize(
    ("name", "packages", "verdict"),
    [
        ("dados_gov_br_package_search.json.gz", 400, "partial"),
        ("dados_gov_br_package_search_name_bolsa.json.gz", 10, "partial"),
        ("dados_gov_br_package_search_or.json.gz", 10, "partial"),
        ("zurich_package_search.json", 3, "partial"),
        ("opendata_swiss_package_search.json", 2, "partial"),
        ("datagovuk_mock_package_search_page0.json", 2, "complete"),
    ],
)
def test_a_recorded_search_adds_up_even_where_its_count_does_not(
    name: str, packages: int, verdict: str, samples: Path, house: House
) -> None:
    with CkanPortal() as portal, portal.failing(recorded(read(samples / "ckan" / name))):
        report = house.harvest(f"search-{name.split('.')[0]}", "ckan", portal.url)
    assert report.verdict == verdict
    assert report.reason.startswith("total not met" if verdict == "partial" else "")
    assert (report.listed, report.created, report.rejected) == (packages, packages, 0)


def test_the_recorded_packages_in_pages(samples: Path, house: House) -> None:
    packages = json.loads(read(samples / "ckan" / "dados_gov_br_package_search.json.gz"))["result"]["results"]
    with CkanPortal(packages, Quirks(max_rows=90)) as portal:
        report = house.harvest("pages", "ckan", portal.url)
        assert portal.count("/api/3/action/package_search") == 5
    assert (report.verdict, report.reason, report.created, report.rejected) == ("complete", "", 400, 0)


def test_an_empty_last_page_ends_the_listing(samples: Path, house: House) -> None:
    body = read(samples / "ckan" / "datagovuk_mock_package_search_page1_empty.json")
    with CkanPortal() as portal, portal.failing(recorded(body)):
        report = house.harvest("empty-page", "ckan", portal.url)
    assert (report.verdict, report.listed) != ("complete", 1)
    assert report.created == 0


def test_a_result_that_is_a_list_adds_up(samples: Path, house: House) -> None:
    """DKAN's list of one, and a group's packages, where a portal has no ``package_search``."""
    for name, packages in (("dados_gov_br_group_package_show.json.gz", 9), ("dkan_french_w_license.json", 1)):
        body = read(samples / "ckan" / name)
        with CkanPortal(quirks=Quirks(searches=False)) as portal, portal.failing(_list_of(body)):
            report = house.harvest(f"list-{packages}", "ckan", portal.url)
        assert (report.verdict, report.created, report.rejected) == ("complete", packages, 0)


def _list_of(body: bytes) -> Fault:
    def answer(asked: Asked) -> Answer | None:
        listing = asked.path.endswith("current_package_list_with_resources")
        return Answer(body, headers={"Content-Type": "application/json"}) if listing else None

    return answer


def test_an_error_body_is_no_portal(samples: Path, house: House) -> None:
    for name in ("dados_gov_br_group_404.json", "dados_gov_br_package_show_404.json"):
        body = read(samples / "ckan" / name)
        statuses: dict[int, str] = {404: "not found", 200: "error inside 200"}
        for status, reason in statuses.items():
            with CkanPortal() as portal, portal.failing(_always(body, status)):
                report = house.harvest(f"error-{status}", "ckan", portal.url)
            assert (report.verdict, report.listed) == ("failed", 0)
            assert report.reason.startswith(reason)


def _always(body: bytes, status: int) -> Callable[[Asked], Answer | None]:
    answer = Answer(body, status, {"Content-Type": "application/json"})
    return lambda asked: None if asked.path == "/robots.txt" else answer


def test_two_states_of_a_list_of_names(samples: Path, house: House) -> None:
    """Names as recorded; what ``package_show`` answers about them is made up here."""
    states = [
        json.loads(read(samples / "ckan" / name))["result"][:400]
        for name in ("alberta_package_list.json.gz", "alberta_package_list_2025-03-25T04-44-04-082Z.json.gz")
    ]
    before, after = (set(state) for state in states)
    quirks = Quirks(searches=False, lists_with_resources=False)
    with CkanPortal(({"name": name, "title": name} for name in states[0]), quirks) as portal:
        first = house.harvest("names", "ckan", portal.url)
        portal.replace({"name": name, "title": name} for name in states[1])
        second = house.harvest("names", "ckan", portal.url)
    assert (first.verdict, first.created) == ("complete", 400)
    assert (second.verdict, second.created) == ("complete", len(after - before))
    assert second.unchanged == len(after & before)
