"""Dublin Core as repositories write it."""

from __future__ import annotations

import pytest

from harvester.catalog.model import Agent, Catalog, Concept, Dataset, Distribution, Location, PeriodOfTime
from harvester.errors import RecordError
from harvester.mapping.oai_dc import to_dataset

NAMESPACES = (
    'xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:dct="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


def mapped(elements: str, catalog: Catalog, header: str = "<header/>") -> Dataset:
    record = f"<record>{header}<metadata><oai_dc:dc {NAMESPACES}>{elements}</oai_dc:dc></metadata></record>"
    return to_dataset(record.encode(), "oai:x:1", catalog).dataset


def test_a_record_of_a_university(catalog: Catalog) -> None:
    dataset = mapped(
        """
        <dc:title>연안 조사</dc:title><dc:title xml:lang="en">Coastal survey</dc:title>
        <dc:creator>김가온</dc:creator><dc:creator>이나래</dc:creator><dc:creator>김가온</dc:creator>
        <dc:subject>연안</dc:subject><dc:subject>해조류</dc:subject>
        <dc:description>첫 문단</dc:description><dc:description>둘째 문단</dc:description>
        <dc:publisher>해양과학과</dc:publisher><dc:contributor>최마루</dc:contributor>
        <dc:date>2025-11-20T01:00:00Z</dc:date><dc:date>2024-05</dc:date><dc:date>spring</dc:date>
        <dc:type>Text</dc:type><dc:type>info:eu-repo/semantics/dataset</dc:type>
        <dc:format>text/csv</dc:format><dc:format>12 p.</dc:format>
        <dc:identifier>http://repository.example/1</dc:identifier><dc:identifier>doi:10.99999/a.1</dc:identifier>
        <dc:identifier>ISBN 12</dc:identifier><dc:identifier>oai:x:1</dc:identifier>
        <dc:source>수기 장부</dc:source><dc:relation>http://other.example/2</dc:relation><dc:relation>제2집</dc:relation>
        <dc:coverage>동해</dc:coverage><dc:coverage>2024-2025</dc:coverage><dc:language>kor</dc:language>
        <dc:rights>info:eu-repo/semantics/openAccess</dc:rights>
        <dc:rights>https://creativecommons.org/licenses/by/4.0/</dc:rights>
        """,
        catalog,
        "<header><setSpec>dataset</setSpec><setSpec>a:b</setSpec></header>",
    )
    assert dataset.title == {"ko": "연안 조사", "en": "Coastal survey"}
    assert [agent.name for agent in dataset.creator] == [{"ko": "김가온"}, {"ko": "이나래"}]
    assert dataset.keyword == {"ko": ("연안", "해조류")}
    assert dataset.description == {"ko": "첫 문단\n\n둘째 문단"}
    assert dataset.publisher == Agent(name={"ko": "해양과학과"})
    assert dataset.issued == "2024-05", "the earliest date that is one"
    assert dataset.type is None, "a dataset, as everything here is"
    assert dataset.landing_page == "https://doi.org/10.99999/a.1"
    assert dataset.page == ("http://repository.example/1", "http://other.example/2")
    assert dataset.other_identifier == ("doi:10.99999/a.1", "ISBN 12")
    assert dataset.distribution == (
        Distribution(access_url="https://doi.org/10.99999/a.1", format=Concept(source="text/csv")),
    )
    assert dataset.spatial == (Location(label={"ko": "동해"}),)
    assert dataset.temporal == (PeriodOfTime(label="2024-2025"),)
    assert dataset.license == Concept(
        source="https://creativecommons.org/licenses/by/4.0/", uri="https://creativecommons.org/licenses/by/4.0/"
    )
    assert dataset.access_rights == Concept(source="info:eu-repo/semantics/openAccess")
    assert dataset.additional == {
        "contributor": "최마루",
        "source": "수기 장부",
        "relation": "제2집",
        "setSpec": "dataset, a:b",
    }


def test_qualified_dublin_core_says_what_it_means(catalog: Catalog) -> None:
    dataset = mapped(
        "<dct:title>x</dct:title><dct:type>Survey</dct:type><dct:abstract>요약</dct:abstract><dct:issued>2020</dct:issued>"
        "<dct:modified>2021-02-03</dct:modified><dct:license>CC BY 4.0</dct:license><dct:spatial>서울</dct:spatial>"
        "<dct:temporal>start=2019-01; end=2020-01;</dct:temporal><dct:accessRights>제한</dct:accessRights>"
        "<dct:isPartOf>총서</dct:isPartOf><dct:accrualPeriodicity>연간</dct:accrualPeriodicity>",
        catalog,
    )
    assert (dataset.issued, dataset.modified, dataset.description) == ("2020", "2021-02-03", {"ko": "요약"})
    assert dataset.license == Concept(source="CC BY 4.0")
    assert dataset.temporal == (PeriodOfTime(start="2019-01", end="2020-01"),)
    assert dataset.access_rights == Concept(source="제한")
    assert dataset.type == Concept(source="Survey")
    assert (dataset.is_part_of, dataset.accrual_periodicity) == (("총서",), Concept(source="연간"))


@pytest.mark.parametrize(
    ("rights", "licence"),
    [
        ("공공누리 제1유형: 출처표시", "공공누리 제1유형: 출처표시"),
        ("Creative Commons Attribution 4.0", "Creative Commons Attribution 4.0"),
        ("All rights reserved", None),
        ("open access", None),
    ],
)
def test_rights_are_a_licence_only_where_they_name_one(rights: str, licence: str | None, catalog: Catalog) -> None:
    dataset = mapped(f"<dc:title>x</dc:title><dc:rights>{rights}</dc:rights>", catalog)
    assert dataset.license == (Concept(source=licence) if licence else None)
    assert dataset.rights == {"ko": rights}


@pytest.mark.parametrize(
    ("coverage", "place"),
    [
        (
            "northlimit=38.5; southlimit=33; westlimit=124; eastlimit=132; name=한국",
            Location(label={"ko": "한국"}, bbox=(124.0, 33.0, 132.0, 38.5)),
        ),
        ("northlimit=x; southlimit=y", Location(label={"ko": "northlimit=x; southlimit=y"})),
        ("http://sws.geonames.org/1835841/", Location(uri="http://sws.geonames.org/1835841/")),
    ],
)
def test_places_of_coverage(coverage: str, place: Location, catalog: Catalog) -> None:
    assert mapped(f"<dc:title>x</dc:title><dc:coverage>{coverage}</dc:coverage>", catalog).spatial == (place,)


def test_handles_of_metadata_lead_nowhere(catalog: Catalog) -> None:
    dataset = mapped(
        '<dc:title>x</dc:title><dc:identifier xsi:type="nsdl_dc:MetadataHandle">hdl:2200/1</dc:identifier>'
        '<dc:identifier xsi:type="nsdl_dc:ResourceHandle">hdl:2200/2</dc:identifier>',
        catalog,
    )
    assert dataset.landing_page == "https://hdl.handle.net/2200/2"
    assert dataset.other_identifier == ("hdl:2200/1", "hdl:2200/2")


def test_elements_that_are_no_dublin_core_are_counted_and_travel_along(catalog: Catalog) -> None:
    record = (
        f"<x:nsdl_dc xmlns:x='urn:x' {NAMESPACES}><dc:title>가</dc:title><x:grade>초등</x:grade><x:empty/></x:nsdl_dc>"
    )
    found = to_dataset(record.encode(), "1", catalog)
    assert found.unread == ("empty", "grade")
    assert found.dataset.additional == {"grade": "초등"}


def test_elements_in_no_namespace_are_read(catalog: Catalog) -> None:
    assert to_dataset("<dc><title>가</title></dc>".encode(), "1", catalog).dataset.title == {"ko": "가"}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ("", "not-xml"),
        ("{}", "not-xml"),
        ("<!DOCTYPE a><a/>", "not-xml"),
        ("<record><header/></record>", "no-metadata"),
        ("<record><header/><metadata/></record>", "no-metadata"),
        ("<record><header/><metadata><mods><titleInfo/></mods></metadata></record>", "not-dublin-core"),
    ],
)
def test_what_is_no_record_is_told(payload: str, code: str, catalog: Catalog) -> None:
    with pytest.raises(RecordError) as error:
        to_dataset(payload.encode(), "1", catalog)
    assert error.value.code == code
