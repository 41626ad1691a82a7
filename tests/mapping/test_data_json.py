from __future__ import annotations

from typing import Any

import orjson
import pytest

from harvester.catalog.model import Agent, Catalog, Concept, ContactPoint, DataService, Location, Mapped, PeriodOfTime
from harvester.errors import RecordError
from harvester.mapping import data_json

CATALOG = Catalog(source="example.portal", url="https://portal.example", language="en")


def mapped(**record: Any) -> Mapped:
    return data_json.to_dataset(orjson.dumps(record), "https://a.example/1", CATALOG)


def test_a_record_of_dcat_us_1_1() -> None:
    found = mapped(
        **{
            "@type": "dcat:Dataset",
            "identifier": "https://a.example/1",
            "title": "Roads",
            "description": None,
            "keyword": ["road", "map"],
            "theme": ["Traffic"],
            "issued": "2018-01-01",
            "modified": "R/P1D",
            "accrualPeriodicity": "R/P1M",
            "temporal": "2010-01-01/2012-12-31",
            "spatial": "-81.9,41.2,-81.3,41.6",
            "publisher": {"@type": "org:Organization", "name": "City", "subOrganizationOf": {"name": "State"}},
            "contactPoint": {"@type": "vcard:Contact", "fn": "Desk", "hasEmail": "mailto:desk@example.org"},
            "accessLevel": "public",
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "rights": "free",
            "landingPage": "https://a.example/roads",
            "language": ["en-US"],
            "describedBy": "https://a.example/dictionary",
            "references": ["https://a.example/paper"],
            "isPartOf": "collection-1",
            "bureauCode": ["015:11"],
            "distribution": [
                {
                    "@type": "dcat:Distribution",
                    "title": "CSV",
                    "description": None,
                    "format": "CSV",
                    "mediaType": "text/csv",
                    "downloadURL": "https://a.example/roads.csv",
                    "conformsTo": "https://standard.example",
                },
                {"accessURL": "https://a.example/api", "format": None},
            ],
        }
    )
    dataset = found.dataset
    assert dataset.title == {"en": "Roads"}
    assert dataset.description == {}
    assert dataset.keyword == {"en": ("road", "map")}
    assert dataset.theme == (Concept(source="Traffic"),)
    assert dataset.type is None
    assert (dataset.issued, dataset.modified) == ("2018-01-01", "R/P1D"), "dates stay as the source wrote them"
    assert dataset.accrual_periodicity == Concept(source="R/P1M")
    assert dataset.temporal == (PeriodOfTime(label="2010-01-01/2012-12-31"),)
    assert dataset.spatial == (Location(bbox=(-81.9, 41.2, -81.3, 41.6)),)
    assert dataset.publisher == Agent(name={"en": "City"})
    assert dataset.contact_point == (ContactPoint(name={"en": "Desk"}, email="desk@example.org"),)
    assert dataset.access_rights == Concept(source="public")
    assert dataset.license is not None
    assert dataset.license.uri == "https://creativecommons.org/licenses/by/4.0/"
    assert dataset.page == ("https://a.example/dictionary", "https://a.example/paper")
    assert dataset.is_part_of == ("collection-1",)
    assert dataset.other_identifier == ()
    assert dataset.additional == {"bureauCode": "015:11"}
    assert found.unread == ()
    first, second = dataset.distribution
    assert first.download_url == "https://a.example/roads.csv"
    assert first.conforms_to == ("https://standard.example",)
    assert (second.access_url, second.format) == ("https://a.example/api", None)


def test_a_record_of_dcat_us_3_0() -> None:
    dataset = mapped(
        **{
            "@type": "Dataset",
            "title": "Climate",
            "identifier": {"@type": "Identifier", "notation": "C-1"},
            "otherIdentifier": [{"notation": "doi:1"}],
            "contactPoint": [{"@type": "Kind", "fn": "One", "hasTelephone": "tel:+1-2"}, {"fn": "Two"}],
            "creator": [{"name": "A"}, {"name": "B"}],
            "temporal": [{"@type": "PeriodOfTime", "startDate": "2000", "endDate": "2001"}],
            "spatial": [
                {"prefLabel": "Here", "bbox": "POLYGON((1 2, 3 2, 3 4, 1 4, 1 2))"},
                {"@id": "https://sws.geonames.org/1/"},
            ],
            "license": {"@id": "https://licence.example/1", "title": "Free"},
            "provenance": [{"label": "measured"}],
            "inSeries": [{"@id": "https://a.example/series"}],
            "landingPage": {"@id": "https://a.example/climate", "@type": "Document"},
            "distribution": {
                "byteSize": "1024",
                "checksum": {"algorithm": "http://spdx.org/rdf/terms#checksumAlgorithm_sha256", "checksumValue": "ff"},
                "accessService": {"title": "API", "endpointURL": ["https://api.example"]},
            },
        }
    ).dataset
    assert dataset.other_identifier == ("C-1", "doi:1")
    assert [contact.telephone for contact in dataset.contact_point] == ["+1-2", None]
    assert [agent.name for agent in dataset.creator] == [{"en": "A"}, {"en": "B"}]
    assert dataset.temporal == (PeriodOfTime(start="2000", end="2001"),)
    assert dataset.spatial[0].label == {"en": "Here"}
    assert dataset.spatial[0].bbox == (1, 2, 3, 4)
    assert dataset.spatial[1].uri == "https://sws.geonames.org/1/"
    assert dataset.license == Concept(source="Free", uri="https://licence.example/1")
    assert dataset.provenance == {"en": "measured"}
    assert dataset.is_part_of == ("https://a.example/series",)
    assert dataset.landing_page == "https://a.example/climate"
    (distribution,) = dataset.distribution
    assert (distribution.byte_size, distribution.checksum) == (1024, "sha256:ff")
    assert distribution.access_service == DataService(title={"en": "API"}, endpoint_url="https://api.example")


def test_a_service_is_a_dataset_that_gives_access_through_itself() -> None:
    dataset = mapped(**{"@type": "DataService", "title": "Weather", "endpointURL": ["https://api.example"]}).dataset
    assert dataset.type == Concept(source="DataService")
    assert dataset.distribution[0].access_service == DataService(
        title={"en": "Weather"}, endpoint_url="https://api.example"
    )


def test_a_publisher_without_name_is_known_by_its_source() -> None:
    assert mapped(title="x", publisher={"source": "County"}).dataset.publisher == Agent(name={"en": "County"})


def test_titles_that_are_numbers_and_fields_nobody_knows() -> None:
    found = mapped(title=2018, additionalField="some", additionalFieldList=[1, {"title": "two"}])
    assert found.dataset.title == {"en": "2018"}
    assert found.unread == ("additionalField", "additionalFieldList")
    assert found.dataset.additional == {"additionalField": "some", "additionalFieldList": "1, two"}


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"\xff", "not-json"), (b"[{}]", "not-an-object"), (b'{"type": "Feature", "properties": {}}', "not-dcat-us")],
)
def test_what_is_no_record_is_refused_with_a_reason(payload: bytes, code: str) -> None:
    with pytest.raises(RecordError) as caught:
        data_json.to_dataset(payload, "x", CATALOG)
    assert caught.value.code == code
