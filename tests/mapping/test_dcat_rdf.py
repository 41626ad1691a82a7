from __future__ import annotations

import pytest

from harvester.catalog.model import Agent, Catalog, Concept, ContactPoint, DataService, Location, Mapped, PeriodOfTime
from harvester.errors import RecordError
from harvester.mapping import dcat_rdf
from harvester.mapping.rdf_closure import split_feed

CATALOG = Catalog(source="example.portal", url="https://portal.example", language="ko")
PREFIXES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . @prefix adms: <http://www.w3.org/ns/adms#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix vcard: <http://www.w3.org/2006/vcard/ns#> . @prefix schema: <http://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix spdx: <http://spdx.org/rdf/terms#> . @prefix locn: <http://www.w3.org/ns/locn#> . @prefix time: <http://www.w3.org/2006/time#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix dcatap: <http://data.europa.eu/r5r/> .
@prefix dcatkr: <http://vocab.datahub.kr/def/dcat-ap-kr/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @prefix x: <https://vocabulary.example/> .
"""  # noqa: E501
IRI = "https://portal.example/d/1"


def mapped(statements: str, kind: str = "dcat:Dataset") -> Mapped:
    (one,) = split_feed(f"{PREFIXES}<{IRI}> a {kind} ; {statements} .".encode(), "turtle", "https://portal.example/")
    return dcat_rdf.to_dataset(one.triples, one.identifier, CATALOG)


def test_the_dataset_itself() -> None:
    found = mapped(
        """dct:title "도로"@ko, "Roads"@en, "untagged" ; dct:description "<p>모든 도로</p>" ; dct:identifier "R-1" ;
        adms:identifier [ skos:notation "doi:1" ] ; dcat:keyword "road"@en, "도로", "지도" ;
        dcat:theme <http://publications.europa.eu/resource/authority/data-theme/TRAN>,
          [ skos:prefLabel "교통"@ko, "Traffic"@en ] ;
        dct:publisher [ a foaf:Organization ; foaf:name "기관" ;
          foaf:homepage <https://office.example> ; foaf:mbox <mailto:o@example.org> ] ;
        dct:creator [ foaf:name "만든 곳" ] ;
        dcat:contactPoint [ vcard:fn "부서" ;
          vcard:hasEmail [ vcard:hasValue <mailto:d@example.org> ] ; vcard:hasTelephone <tel:02-1> ] ;
        dct:issued "2020-01-01"^^xsd:date ; dct:modified "2021-01-01T00:00:00"^^xsd:dateTime ;
        dct:accrualPeriodicity <http://publications.europa.eu/resource/authority/frequency/ANNUAL> ;
        dct:language <http://publications.europa.eu/resource/authority/language/KOR>, "en" ;
        dct:license [ rdfs:label "공공누리 제1유형"@ko ] ; dct:rights [ rdfs:label "출처표시"@ko ] ;
        dct:accessRights <http://publications.europa.eu/resource/authority/access-right/PUBLIC> ;
        dct:conformsTo <https://standard.example>, [ dct:title "Standard" ] ; owl:versionInfo "1.2" ;
        dct:provenance [ rdfs:label "조사" ] ; dcat:landingPage <https://portal.example/roads> ;
        foaf:page <https://portal.example/doc> ; dct:references "도로법", <https://law.example> ;
        dcatap:applicableLegislation <https://law.example/1> ; dcatkr:fee "무료" ;
        dcat:inSeries <https://portal.example/series> ;
        dcatkr:numberOfView 12 ; dcatkr:numberOfDownload "3" ; x:novelty "새것" """
    )
    dataset = found.dataset
    assert dataset.title == {"ko": "도로", "en": "Roads"}, "a text that names its language goes first"
    assert dataset.description == {"ko": "<p>모든 도로</p>"}
    assert set(dataset.other_identifier) == {"R-1", "doi:1"}
    assert dataset.keyword == {"ko": ("도로", "지도"), "en": ("road",)}
    assert set(dataset.theme) == {
        Concept(
            source="http://publications.europa.eu/resource/authority/data-theme/TRAN",
            uri="http://publications.europa.eu/resource/authority/data-theme/TRAN",
        ),
        Concept(source="교통"),
    }
    assert dataset.type is None
    assert dataset.publisher == Agent(name={"ko": "기관"}, homepage="https://office.example", email="o@example.org")
    assert dataset.creator == (Agent(name={"ko": "만든 곳"}),)
    assert dataset.contact_point == (ContactPoint(name={"ko": "부서"}, email="d@example.org", telephone="02-1"),)
    assert (dataset.issued, dataset.modified) == ("2020-01-01", "2021-01-01T00:00:00")
    assert dataset.accrual_periodicity is not None
    assert dataset.accrual_periodicity.uri == "http://publications.europa.eu/resource/authority/frequency/ANNUAL"
    assert set(dataset.language) == {"en", "http://publications.europa.eu/resource/authority/language/KOR"}
    assert dataset.license == Concept(source="공공누리 제1유형")
    assert dataset.rights == {"ko": "출처표시"}
    assert set(dataset.conforms_to) == {"https://standard.example", "Standard"}
    assert dataset.version == "1.2"
    assert dataset.provenance == {"ko": "조사"}
    assert dataset.landing_page == "https://portal.example/roads"
    assert dataset.page == ("https://portal.example/doc", "https://law.example")
    assert dataset.legal_basis == "https://law.example/1"
    assert dataset.fee == "무료"
    assert dataset.is_part_of == ("https://portal.example/series",)
    assert found.counters == {"views": 12, "downloads": 3}
    assert found.unread == ("https://vocabulary.example/novelty",)
    assert dataset.additional == {"novelty": "새것", "references": "도로법"}


def test_a_distribution() -> None:
    dataset = mapped(
        """dcat:distribution [ dct:title "파일" ; dct:description "설명" ; dcat:accessURL <https://a.example> ;
        dcat:downloadURL "https://a.example/f.csv" ; dct:format [ rdf:value "text/csv" ; rdfs:label "CSV" ] ;
        dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv> ; dcat:byteSize "1024"^^xsd:decimal ;
        spdx:checksum [ spdx:algorithm spdx:checksumAlgorithm_sha256 ; spdx:checksumValue "ff" ] ;
        dct:issued "2020" ; dct:modified "2021" ; dct:license <https://licence.example> ; dct:rights "rights" ;
        dcat:accessService [ dct:title "API" ; dcat:endpointURL <https://api.example> ;
          dcat:endpointDescription <https://api.example/openapi.json> ; dct:conformsTo <https://wfs.example> ] ] """
    ).dataset
    (distribution,) = dataset.distribution
    assert distribution.title == {"ko": "파일"}
    assert (distribution.access_url, distribution.download_url) == ("https://a.example", "https://a.example/f.csv")
    assert distribution.format == Concept(source="CSV")
    assert distribution.media_type == "https://www.iana.org/assignments/media-types/text/csv"
    assert (distribution.byte_size, distribution.checksum) == (1024, "sha256:ff")
    assert (distribution.issued, distribution.modified) == ("2020", "2021")
    assert distribution.rights == {"ko": "rights"}
    assert distribution.access_service == DataService(
        title={"ko": "API"},
        endpoint_url="https://api.example",
        endpoint_description="https://api.example/openapi.json",
        conforms_to=("https://wfs.example",),
    )
    assert dataset.license == distribution.license, "a licence that all distributions share is the dataset's"


def test_licences_of_distributions_that_differ_are_nobody_else_s() -> None:
    dataset = mapped("dcat:distribution [ dct:license <https://a.example> ], [ dct:title 'x' ]").dataset
    assert dataset.license is None
    assert len(dataset.distribution) == 2


def test_a_distribution_of_which_only_the_address_is_told() -> None:
    (distribution,) = mapped("dcat:distribution <https://a.example/f>").dataset.distribution
    assert distribution.access_url == "https://a.example/f"


@pytest.mark.parametrize(
    ("statement", "period"),
    [
        ('dct:temporal [ schema:startDate "2020" ; schema:endDate "2021" ]', PeriodOfTime(start="2020", end="2021")),
        ('dct:temporal [ dcat:startDate "2020-01-01"^^xsd:date ]', PeriodOfTime(start="2020-01-01")),
        (
            'dct:temporal [ time:hasBeginning [ time:inXSDDate "2020" ] ; time:hasEnd [ time:inXSDDateTime "2021" ] ]',
            PeriodOfTime(start="2020", end="2021"),
        ),
        ('dct:temporal "2020/2021"', PeriodOfTime(label="2020/2021")),
        ('dct:temporal [ rdfs:label "2024년" ]', PeriodOfTime(label="2024년")),
        ('schema:temporalCoverage "2020/2021"', PeriodOfTime(label="2020/2021")),
    ],
)
def test_periods(statement: str, period: PeriodOfTime) -> None:
    assert mapped(statement).dataset.temporal == (period,)


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ('dct:spatial "서울"', Location(label={"ko": "서울"})),
        ("dct:spatial <https://sws.geonames.org/1/>", Location(uri="https://sws.geonames.org/1/")),
        (
            'dct:spatial [ skos:prefLabel "서울"@ko ; dcat:bbox "POLYGON((1 2, 3 4))" ]',
            Location(label={"ko": "서울"}, bbox=(1, 2, 3, 4), geometry="POLYGON((1 2, 3 4))"),
        ),
        ('dct:spatial [ locn:geometry "<gml:Envelope/>", "{\\"type\\":\\"Point\\",\\"coordinates\\":[1,2]}" ]',
         Location(bbox=(1, 2, 1, 2), geometry='{"type":"Point","coordinates":[1,2]}')),
        ('dct:spatial "1,2,3,4"', Location(bbox=(1, 2, 3, 4))),
    ],
)  # fmt: skip
def test_places(statement: str, place: Location) -> None:
    assert mapped(statement).dataset.spatial == (place,)


def test_a_service_gives_access_through_itself() -> None:
    dataset = mapped('dct:title "API" ; dcat:endpointURL <https://api.example>', "dcat:DataService").dataset
    assert dataset.type == Concept(source="DataService")
    assert dataset.distribution[0].access_service == DataService(
        title={"ko": "API"}, endpoint_url="https://api.example"
    )


def test_a_publisher_of_whom_only_the_address_is_told() -> None:
    dataset = mapped("dct:publisher <https://office.example/1>").dataset
    assert dataset.publisher == Agent(name={"und": "https://office.example/1"}, identifier="https://office.example/1")


def test_a_maintainer_is_asked_where_there_is_no_contact_point() -> None:
    dataset = mapped('dcatkr:maintainer [ foaf:name "담당" ; foaf:mbox "m@example.org" ]').dataset
    assert dataset.contact_point == (ContactPoint(name={"ko": "담당"}, email="m@example.org"),)


def test_an_email_that_was_resolved_as_an_address() -> None:
    dataset = mapped("dcat:contactPoint [ vcard:hasEmail <desk@example.org> ]").dataset
    assert dataset.contact_point == (ContactPoint(email="desk@example.org"),)


def test_schema_org_as_rdf() -> None:
    found = mapped(
        """schema:name "도로" ; schema:description "설명" ; schema:keywords "도로" ;
        schema:license <https://l.example> ;
        schema:datePublished "2020" ; schema:dateModified "2021" ; schema:creator [ schema:name "기관" ] ;
        schema:distribution [ schema:contentUrl <https://a.example/f> ; schema:encodingFormat "text/csv" ] ;
        schema:interactionStatistic [ schema:interactionType schema:DownloadAction ; schema:userInteractionCount 7 ]""",
        "schema:Dataset",
    )
    dataset = found.dataset
    assert dataset.title == {"ko": "도로"}
    assert (dataset.issued, dataset.modified) == ("2020", "2021")
    assert dataset.creator == (Agent(name={"ko": "기관"}),)
    assert dataset.distribution[0].download_url == "https://a.example/f"
    assert dataset.distribution[0].format == Concept(source="text/csv")
    assert found.counters == {"downloads": 7}


def test_escapes_in_literals() -> None:
    payload = rf'<{IRI}> <http://purl.org/dc/terms/title> "a \"b\" \\ \n \u00e4 \U0001F600 \uD800"@en .'.encode()
    dataset = dcat_rdf.to_dataset(payload, IRI, CATALOG).dataset
    assert dataset.title == {"en": 'a "b" \\ \n ä 😀 \ufffd'}


@pytest.mark.parametrize("payload", [b"", b"<html>", b"{}", b"\xff\xfe", b"<a> <b>"])
def test_what_is_no_closure_is_refused(payload: bytes) -> None:
    with pytest.raises(RecordError) as caught:
        dcat_rdf.to_dataset(payload, IRI, CATALOG)
    assert caught.value.code == "no-dataset"
