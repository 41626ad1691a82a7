"""DataCite's XML in its kernels and in the envelope of OAI-PMH."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvester.catalog.model import Agent, Catalog, Concept, ContactPoint, Dataset, Distribution, Location, PeriodOfTime
from harvester.errors import RecordError
from harvester.mapping.oai_datacite import to_dataset

LICENCE = Concept(source="Creative Commons Attribution 4.0", uri="https://creativecommons.org/licenses/by/4.0/")
RESOURCE = """
<resource xmlns="http://datacite.org/schema/kernel-{kernel}">
  <identifier identifierType="DOI">10.99999/haesol.7</identifier>
  <creators>
    <creator><creatorName nameType="Personal">이나래</creatorName>
      <nameIdentifier nameIdentifierScheme="ORCID">0000-0000-0000-0001</nameIdentifier></creator>
    <creator><creatorName>Haesol Survey Group</creatorName></creator>
  </creators>
  <titles><title>보행 데이터</title><title xml:lang="en">Gait data</title>
    <title titleType="Subtitle">1차</title></titles>
  <publisher>해솔대학교</publisher><publicationYear>2026</publicationYear>
  <subjects><subject>보행</subject><subject xml:lang="en" valueURI="https://vocabulary.example/gait">gait</subject></subjects>
  <contributors>
    <contributor contributorType="ContactPerson"><contributorName>최마루</contributorName></contributor>
    <contributor contributorType="Editor"><contributorName>박다온</contributorName></contributor>
  </contributors>
  <dates><date dateType="Issued">2026-01-15</date><date dateType="Updated">2026-02-01</date>
    <date dateType="Collected">2024-03-01/2025-06-30</date></dates>
  <language>ko</language><resourceType resourceTypeGeneral="Dataset">시계열</resourceType>
  <alternateIdentifiers>
    <alternateIdentifier alternateIdentifierType="local">HS-7</alternateIdentifier>
  </alternateIdentifiers>
  <relatedIdentifiers>
    <relatedIdentifier relatedIdentifierType="DOI" relationType="IsSupplementTo">10.99999/paper</relatedIdentifier>
    <relatedIdentifier relatedIdentifierType="ISSN" relationType="Cites">1234-5678</relatedIdentifier>
    <relatedIdentifier relatedIdentifierType="URL" relationType="IsPartOf">https://data.example/series</relatedIdentifier>
  </relatedIdentifiers>
  <sizes><size>3 MB</size></sizes><formats><format>text/csv</format></formats><version>1.1</version>
  <rightsList>
    <rights rightsURI="info:eu-repo/semantics/openAccess">Open Access</rights>
    <rights rightsURI="https://creativecommons.org/licenses/by/4.0/">Creative Commons Attribution 4.0</rights>
  </rightsList>
  <descriptions><description descriptionType="Methods">방법</description>
    <description descriptionType="Abstract">요약</description></descriptions>
  <geoLocations>{place}</geoLocations>
  <fundingReferences><fundingReference><funderName>연구재단</funderName></fundingReference></fundingReferences>
  <somethingNew>새것</somethingNew>
</resource>"""
KERNEL_4_BOX = (
    "<geoLocation><geoLocationPlace>해솔시</geoLocationPlace><geoLocationBox><westBoundLongitude>126</westBoundLongitude>"
    "<eastBoundLongitude>127.5</eastBoundLongitude><southBoundLatitude>37</southBoundLatitude>"
    "<northBoundLatitude>38</northBoundLatitude></geoLocationBox></geoLocation>"
)


def dataset(catalog: Catalog, kernel: str = "4", place: str = KERNEL_4_BOX) -> Dataset:
    return to_dataset(RESOURCE.format(kernel=kernel, place=place).encode(), "oai:x:7", catalog).dataset


def test_a_record_of_kernel_4(catalog: Catalog) -> None:
    found = dataset(catalog)
    assert found.title == {"ko": "보행 데이터", "en": "Gait data"}
    assert found.description == {"ko": "요약\n\n방법"}
    assert found.keyword == {"ko": ("보행",), "en": ("gait",)}
    assert found.theme == (Concept(source="gait", uri="https://vocabulary.example/gait"),)
    assert found.type is None, "a dataset, as everything here is"
    assert found.creator == (
        Agent(name={"ko": "이나래"}, identifier="0000-0000-0000-0001"),
        Agent(name={"ko": "Haesol Survey Group"}),
    )
    assert found.publisher == Agent(name={"ko": "해솔대학교"})
    assert found.contact_point == (ContactPoint(name={"ko": "최마루"}),)
    assert (found.issued, found.modified, found.version) == ("2026-01-15", "2026-02-01", "1.1")
    assert found.temporal == (PeriodOfTime(start="2024-03-01", end="2025-06-30"),)
    assert found.spatial == (Location(label={"ko": "해솔시"}, bbox=(126.0, 37.0, 127.5, 38.0)),)
    assert found.landing_page == "https://doi.org/10.99999/haesol.7"
    assert found.page == ("https://doi.org/10.99999/paper",)
    assert found.is_part_of == ("https://data.example/series",)
    assert found.license == LICENCE
    assert found.access_rights == Concept(source="Open Access", uri="info:eu-repo/semantics/openAccess")
    assert found.other_identifier == ("10.99999/haesol.7", "HS-7")
    assert found.distribution == (
        Distribution(
            access_url="https://doi.org/10.99999/haesol.7",
            format=Concept(source="text/csv"),
            byte_size=3_000_000,
            license=LICENCE,
        ),
    )
    assert found.additional == {
        "alternative": "1차",
        "contributor": "최마루, 박다온",
        "funder": "연구재단",
        "relation": "Cites: 1234-5678",
        "somethingNew": "새것",
    }


@pytest.mark.parametrize(
    ("kernel", "place", "box"),
    [
        (
            "3",
            "<geoLocation><geoLocationBox>37 126 38 127.5</geoLocationBox></geoLocation>",
            (126.0, 37.0, 127.5, 38.0),
        ),
        ("3", "<geoLocation><geoLocationPoint>37.5 127</geoLocationPoint></geoLocation>", (127.0, 37.5, 127.0, 37.5)),
        (
            "4",
            "<geoLocation><geoLocationPoint><pointLongitude>127</pointLongitude><pointLatitude>37.5</pointLatitude>"
            "</geoLocationPoint></geoLocation>",
            (127.0, 37.5, 127.0, 37.5),
        ),
        (
            "4",
            "<geoLocation><geoLocationPolygon><polygonPoint><pointLongitude>1</pointLongitude><pointLatitude>2"
            "</pointLatitude></polygonPoint><polygonPoint><pointLongitude>3</pointLongitude><pointLatitude>-4"
            "</pointLatitude></polygonPoint></geoLocationPolygon></geoLocation>",
            (1.0, -4.0, 3.0, 2.0),
        ),
    ],
)
def test_shapes_of_both_kernels(
    kernel: str, place: str, box: tuple[float, float, float, float], catalog: Catalog
) -> None:
    assert [one.bbox for one in dataset(catalog, kernel, place).spatial] == [box]


@pytest.mark.parametrize(
    "place", ["<geoLocation><geoLocationBox>1 2 3</geoLocationBox></geoLocation>", "<geoLocation/>"]
)
def test_a_shape_that_is_none_is_no_place(place: str, catalog: Catalog) -> None:
    assert dataset(catalog, "3", place).spatial == ()


def test_the_envelope_is_opened_and_what_is_new_is_counted(catalog: Catalog) -> None:
    resource = RESOURCE.format(kernel="3", place="")
    wrapped = (
        "<record><header><setSpec>s</setSpec></header><metadata><oai_datacite xmlns='http://schema.datacite.org/oai/oai-1.0/'>"
        f"<schemaVersion>3.0</schemaVersion><payload>{resource}</payload></oai_datacite></metadata></record>"
    )
    found = to_dataset(wrapped.encode(), "oai:x:7", catalog)
    assert found.unread == ("somethingNew",)
    assert found.dataset.title["ko"] == "보행 데이터"
    assert found.dataset.additional["setSpec"] == "s"


def test_a_recorded_record_of_kernel_4(samples: Path, catalog: Catalog) -> None:
    payload = (samples / "schema-org" / "pangaea_902845.datacite4.xml").read_bytes()
    found = to_dataset(payload, "x", catalog)
    assert found.unread == ()
    assert found.dataset.landing_page == "https://doi.org/10.1594/PANGAEA.902845"
    assert len(found.dataset.creator) == 9
    assert found.dataset.spatial[0].bbox == (6.516988, 53.452294, 9.158623, 54.993339)
    assert found.dataset.temporal == (PeriodOfTime(start="2016-09-06T12:13:11", end="2017-10-15T15:51:13"),)


def test_what_is_none_of_datacite_is_told(catalog: Catalog) -> None:
    with pytest.raises(RecordError) as error:
        to_dataset(b"<record><header/><metadata><dc/></metadata></record>", "1", catalog)
    assert error.value.code == "not-datacite"
