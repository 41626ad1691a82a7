from __future__ import annotations

import contextlib
import time

import pytest

from harvester.catalog.model import Agent, Catalog, Concept, ContactPoint, Mapped
from harvester.errors import RecordError
from harvester.mapping import datagokr_rdf

CATALOG = Catalog(source="example.datagokr", url="https://www.data.go.kr", language="ko")
HEAD = (
    '<rdf:RDF xmlns:foaf="http://xmlns.com/foaf/0.1/" xmlns:dct="http://purl.org/dc/terms/" '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#" '
    'xmlns:vcard="http://www.w3.org/2006/vcard/ns#"><dcat:Catalog>'
)
TAIL = "</dcat:Catalog></rdf:RDF>"


def mapped(inner: str, encoding: str = "utf-8", head: str = HEAD) -> Mapped:
    return datagokr_rdf.to_dataset(f"{head}{inner}{TAIL}".encode(encoding), "99000002", CATALOG)


def dataset_of(inner: str) -> str:
    return f"<dcat:dataset><dcat:Dataset>{inner}</dcat:Dataset></dcat:dataset>"


def test_a_service_beside_an_empty_dataset() -> None:
    found = mapped(
        "<dcat:dataset/><dcat:service><dcat:DataService>"
        "<dcat:contactPoint><vcard:Organization><vcard:organization-unit>시험실</vcard:organization-unit>"
        '<vcard:hasTelephone rdf:resource="033-000-0000"/></vcard:Organization></dcat:contactPoint>'
        "<dct:title>시험기관_지어낸 서비스</dct:title>"
        '<dct:issued rdf:datatype="http://www.w3.org/2001/XMLSchema#date">2016-12-31</dct:issued>'
        "<dct:publisher><foaf:Organization><foaf:name>시험기관</foaf:name></foaf:Organization></dct:publisher>"
        "<dcat:format>JSON+XML</dcat:format><dcat:theme>보건 - 건강보험</dcat:theme>"
        "<dcat:keyword>가상,시험</dcat:keyword><dcat:keyword>Virtual,Test</dcat:keyword>"
        "<dct:rights>공공저작물_출처표시</dct:rights>"
        '<dcat:landingPage rdf:resource="https://www.data.go.kr/data/99000002/openapi.do"/>'
        "<dcat:endpointURL/><dcat:accessURL/><dct:spatial/><dct:temporal/>"
        "</dcat:DataService></dcat:service>"
    )
    dataset = found.dataset
    assert dataset.type == Concept(source="API")
    assert dataset.contact_point == (ContactPoint(name={"ko": "시험실"}, telephone="033-000-0000"),)
    assert dataset.publisher == Agent(name={"ko": "시험기관"})
    assert dataset.theme == (Concept(source="보건 - 건강보험", scheme="brm"),)
    assert dataset.keyword == {"ko": ("가상,시험", "Virtual,Test")}
    assert dataset.license == Concept(source="공공저작물_출처표시")
    assert [one.format for one in dataset.distribution] == [Concept(source="JSON"), Concept(source="XML")]
    assert all(one.access_service for one in dataset.distribution)
    assert dataset.spatial == ()
    assert found.unread == ()


def test_a_file_with_two_languages_and_a_distribution() -> None:
    dataset = mapped(
        dataset_of(
            '<dct:title xml:lang="kr">체력 자료</dct:title><dct:title xml:lang="en">Fitness data</dct:title>'
            '<vcard:hasTelephone rdf:resource="tel:02-000-0000"/><dct:accrualPeriodicity>수시</dct:accrualPeriodicity>'
            "<dcat:distribution><dcat:Distribution><dcat:format>json</dcat:format><dcat:title>자료</dcat:title>"
            "</dcat:Distribution></dcat:distribution>"
        )
    ).dataset
    assert dataset.title == {"ko": "체력 자료", "en": "Fitness data"}
    assert dataset.accrual_periodicity == Concept(source="수시")
    (distribution,) = dataset.distribution
    assert (distribution.title, distribution.format) == ({"ko": "자료"}, Concept(source="json"))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("가<br/>나", "가<br/>나"),
        ("가<br>나", "가<br>나"),
        ("R&D 현황", "R&D 현황"),
        ("A &amp; B", "A & B"),
        ("A &amp;#39; B", "A &#39; B"),
        ("A&nbsp;B", "A&nbsp;B"),
        ("<시험기관_2020~2024년 현황>", "<시험기관_2020~2024년 현황>"),
        ("a < b > c", "a < b > c"),
        ("<![CDATA[가 <b>나</b> & 다]]>", "가 <b>나</b> & 다"),
        ("&#44032;", "가"),
    ],
)
def test_free_text_that_is_not_well_formed(written: str, read: str) -> None:
    dataset = mapped(
        dataset_of(f"<dct:title>제목</dct:title><dct:description xml:lang='kr'>{written}</dct:description>")
    ).dataset
    assert dataset.description == {"ko": read}
    assert dataset.title == {"ko": "제목"}


def test_a_document_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    payload = f"{HEAD}<dcat:dataset><dcat:Dataset><dct:title>제목</dct:title><dct:descr".encode()
    assert datagokr_rdf.to_dataset(payload, "x", CATALOG).dataset.title == {"ko": "제목"}


@pytest.mark.parametrize(
    ("encoding", "declared"), [("cp949", "EUC-KR"), ("cp949", ""), ("utf-16", "UTF-16"), ("utf-8-sig", "")]
)
def test_encodings(encoding: str, declared: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>{HEAD}' if declared else HEAD
    assert mapped(dataset_of("<dct:title>뷁 제목</dct:title>"), encoding, head).dataset.title == {"ko": "뷁 제목"}


def test_undeclared_prefixes_are_read_all_the_same() -> None:
    payload = "<rdf:RDF><dcat:Dataset><dct:title>제목</dct:title></dcat:Dataset></rdf:RDF>".encode()
    assert datagokr_rdf.to_dataset(payload, "x", CATALOG).dataset.title == {"ko": "제목"}


def test_fields_that_nobody_reads_are_counted() -> None:
    found = mapped(dataset_of("<dct:title>제목</dct:title><dct:novelty>값</dct:novelty>"))
    assert found.unread == ("novelty",)
    assert found.dataset.additional == {"novelty": "값"}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "not-xml"),
        (b"{}", "not-xml"),
        (b"<!DOCTYPE html><html><body>login</body></html>", "not-xml"),
        (b"<html><body>login</body></html>", "no-dataset"),
        (b"<?xml version='1.0'?>\n<!-- x --><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "not-xml"),
        (f"{HEAD}<dcat:dataset><dcat:Dataset/></dcat:dataset>{TAIL}".encode(), "no-dataset"),
    ],
)
def test_what_is_no_record_is_refused(payload: bytes, code: str) -> None:
    with pytest.raises(RecordError) as caught:
        datagokr_rdf.to_dataset(payload, "x", CATALOG)
    assert caught.value.code == code


@pytest.mark.parametrize("piece", ["<dct:title>", "<dct:title", "&", "<", "</dct:title>", "<dcat:Dataset>"])
def test_hostile_repetition_takes_no_time(piece: str) -> None:
    payload = (HEAD + "<dcat:dataset><dcat:Dataset>" + piece * 100_000).encode()
    started = time.perf_counter()
    with contextlib.suppress(RecordError):
        datagokr_rdf.to_dataset(payload, "x", CATALOG)
    assert time.perf_counter() - started < 5
