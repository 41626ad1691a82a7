from __future__ import annotations

from typing import Any

import orjson
import pytest

from harvester.catalog.model import Agent, Catalog, Concept, ContactPoint, Location, Mapped, PeriodOfTime
from harvester.errors import RecordError
from harvester.mapping import datagokr_json

CATALOG = Catalog(source="example.datagokr", url="https://www.data.go.kr", language="ko")
COMMON: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "Dataset",
    "name": "시험기관_지어낸 목록",
    "description": "지어낸 <b>설명</b>",
    "url": "https://www.data.go.kr/data/99000002/fileData.do",
    "dateCreated": "2022-03-04",
    "dateModified": "2023-05-06",
    "creator": {
        "@type": "Organization",
        "name": "시험기관",
        "contactPoint": {"@type": "ContactPoint", "contactType": "시험부", "telephone": "+82-0330000000"},
    },
}


def mapped(**record: Any) -> Mapped:
    return datagokr_json.to_dataset(orjson.dumps({**COMMON, **record}), "99000002", CATALOG)


def test_shape_v1() -> None:
    found = mapped(
        keywords=["가상,시험,목록"],
        license="https://data.go.kr/ugs/selectPortalPolicyView.do",
        datePublished="2022-03-05",
        distribution=[{"encodingFormat": "CSV", "contentUrl": "https://www.data.go.kr/download?1"}],
    )
    dataset = found.dataset
    assert dataset.title == {"ko": "시험기관_지어낸 목록"}
    assert dataset.keyword == {"ko": ("가상,시험,목록",)}
    assert dataset.type == Concept(source="FILE")
    assert dataset.publisher == Agent(name={"ko": "시험기관"})
    assert dataset.contact_point == (ContactPoint(name={"ko": "시험부"}, telephone="+82-0330000000"),)
    assert (dataset.issued, dataset.modified) == ("2022-03-05", "2023-05-06")
    (distribution,) = dataset.distribution
    assert distribution.download_url == "https://www.data.go.kr/download?1"
    assert distribution.format == Concept(source="CSV")
    assert found.unread == ()


def test_shape_v2() -> None:
    found = mapped(
        alternateName="시험기관_지어낸 목록_20241231",
        keywords="가상,시험",
        license="이용허락범위 제한 없음",
        spatialCoverage="전국",
        temporalCoverage="2014년 1월 - 2022년 12월",
        additionalType="보건 - 건강보험",
        datasetTimeInterval="수시 (1회성 데이터)",
        encodingFormat="XLSX",
        legislation="",
    )
    dataset = found.dataset
    assert dataset.keyword == {"ko": ("가상,시험",)}
    assert dataset.license == Concept(source="이용허락범위 제한 없음")
    assert dataset.spatial == (Location(label={"ko": "전국"}),)
    assert dataset.temporal == (PeriodOfTime(label="2014년 1월 - 2022년 12월"),)
    assert dataset.theme == (Concept(source="보건 - 건강보험", scheme="brm"),)
    assert dataset.accrual_periodicity == Concept(source="수시 (1회성 데이터)")
    assert dataset.legal_basis is None
    (distribution,) = dataset.distribution
    assert distribution.title == {"ko": "시험기관_지어낸 목록_20241231"}
    assert distribution.access_url == dataset.landing_page
    assert found.unread == ()


def test_linked_data_names_neither_department_nor_telephone() -> None:
    dataset = mapped(
        url="https://www.data.go.kr/data/99000002/linked.do",
        creator={"name": "시험공사", "contactPoint": {"contactType": None, "telephone": None}},
    ).dataset
    assert dataset.type == Concept(source="LINKED")
    assert dataset.contact_point == ()
    assert dataset.publisher == Agent(name={"ko": "시험공사"})


def test_a_standard_data_set_may_name_no_creator() -> None:
    dataset = mapped(url="https://www.data.go.kr/data/99000002/standard.do", creator=None).dataset
    assert dataset.type == Concept(source="STD")
    assert dataset.publisher is None


def test_an_api_in_two_formats_has_two_distributions_with_a_service() -> None:
    dataset = mapped(url="https://www.data.go.kr/data/99000002/openapi.do", encodingFormat="JSON+XML").dataset
    assert [one.format for one in dataset.distribution] == [Concept(source="JSON"), Concept(source="XML")]
    assert all(one.access_service for one in dataset.distribution)


def test_the_service_address_is_not_made_up() -> None:
    dataset = mapped(url="https://www.data.go.kr/data/99000002/openapi.do").dataset
    assert dataset.distribution[0].access_service is not None
    assert dataset.distribution[0].access_service.endpoint_url is None


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ("<html>점검중입니다</html>".encode(), "not-json"),
        (b"[]", "not-an-object"),
        (b'{"error": "login"}', "not-a-dataset"),
    ],
)
def test_login_and_maintenance_pages_are_refused(payload: bytes, code: str) -> None:
    with pytest.raises(RecordError) as caught:
        datagokr_json.to_dataset(payload, "x", CATALOG)
    assert caught.value.code == code
