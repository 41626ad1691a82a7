from __future__ import annotations

import orjson
import pytest

from harvester.catalog.model import Agent, Catalog, Concept, ContactPoint, Location, Mapped, PeriodOfTime
from harvester.errors import RecordError
from harvester.mapping import datagokr_csv

CATALOG = Catalog(source="example.datagokr", url="https://www.data.go.kr", language="ko")


def mapped(row: dict[str, object]) -> Mapped:
    return datagokr_csv.to_dataset(orjson.dumps(row), "99000002", CATALOG)


ROW_2022 = {
    "목록키": "99000002",
    "목록유형": "API",
    "목록명": "시험기관_지어낸 서비스",
    "목록설명": "지어낸 설명<br/>둘째 줄",
    "조회수": "2,352",
    "분류체계": "문화관광",
    "기관코드": "B000001",
    "기관명": "시험기관",
    "국가중점여부": "N",
    "표준데이터여부": "N",
    "목록.등록일": "2012-12-06",
    "목록.수정일": "2016-11-29",
    "목록.URL": "https://www.data.go.kr/data/99000002/openapi.do",
}

ROW_2025 = {
    "\ufeff목록키": "99000002",
    "목록유형": "FILE",
    "목록명": "시험기관_지어낸 목록",
    "파일데이터명": "시험기관_지어낸 목록_20250115",
    "분류체계": "공공행정 - 법제",
    "제공기관코드": "B000001",
    "제공기관": "시험기관",
    "관리 부서명": "시험부",
    "관리부서 전화번호": "`0330000000",
    "보유근거": "시험법",
    "수집방법": "지어냄",
    "업데이트 주기": "연간",
    "차기 등록 예정일": "2026-09-22",
    "매체유형": "텍스트",
    "전체행": "12",
    "확장자(데이터포맷)": "XLS, HWP",
    "키워드": "가상,시험",
    "다운로드_활용신청건수": "1345",
    "등록일": "43330",
    "수정일": "2025-11-07",
    "데이터 한계": "-",
    "제공형태": "공공데이터포털에서 다운로드(원문파일등록)",
    "설명": "지어낸 설명",
    "기타 유의사항": "없음",
    "공간범위": "대한민국",
    "시간범위": "2024년",
    "비용부과유무": "무료",
    "비용부과기준 및 단위": "건 ",
    "이용허락범위": "공공저작물_출처표시 + 변경금지",
    "API 유형": "-",
    "신청가능 트래픽": "",
    "심의 유형": None,
    "조회수": "11587",
    "목록 URL": "https://www.data.go.kr/data/99000002/fileData.do",
    "국가중점여부": "N",
    "표준데이터여부": "N",
}


def test_the_thirteen_columns_of_2022() -> None:
    found = mapped(ROW_2022)
    dataset = found.dataset
    assert dataset.title == {"ko": "시험기관_지어낸 서비스"}
    assert dataset.description == {"ko": "지어낸 설명<br/>둘째 줄"}
    assert dataset.type == Concept(source="API")
    assert dataset.theme == (Concept(source="문화관광", scheme="datagokr"),)
    assert dataset.publisher == Agent(name={"ko": "시험기관"}, identifier="B000001")
    assert (dataset.issued, dataset.modified) == ("2012-12-06", "2016-11-29")
    assert dataset.landing_page == "https://www.data.go.kr/data/99000002/openapi.do"
    (distribution,) = dataset.distribution
    assert distribution.access_service is not None, "an API gives access through a service"
    assert distribution.access_url == dataset.landing_page
    assert found.counters == {"views": 2352}
    assert found.unread == ()


def test_the_thirty_six_columns_of_2025() -> None:
    found = mapped(dict(ROW_2025))
    dataset = found.dataset
    assert dataset.title == {"ko": "시험기관_지어낸 목록"}
    assert dataset.theme == (
        Concept(source="공공행정", scheme="datagokr"),
        Concept(source="공공행정 - 법제", scheme="brm"),
    )
    assert dataset.contact_point == (ContactPoint(name={"ko": "시험부"}, telephone="`0330000000"),)
    assert dataset.legal_basis == "시험법"
    assert dataset.accrual_periodicity == Concept(source="연간")
    assert dataset.keyword == {"ko": ("가상,시험",)}, "keywords are split by normalising"
    assert dataset.issued == "43330", "an Excel serial number stays as it is"
    assert dataset.spatial == (Location(label={"ko": "대한민국"}),)
    assert dataset.temporal == (PeriodOfTime(label="2024년"),)
    assert dataset.fee == "무료"
    assert dataset.license == Concept(source="공공저작물_출처표시 + 변경금지")
    assert [one.format for one in dataset.distribution] == [Concept(source="XLS"), Concept(source="HWP")]
    assert dataset.distribution[0].title == {"ko": "시험기관_지어낸 목록_20250115"}
    assert dataset.distribution[0].access_service is None
    assert dataset.additional == {
        "수집방법": "지어냄",
        "차기 등록 예정일": "2026-09-22",
        "매체유형": "텍스트",
        "전체행": "12",
        "제공형태": "공공데이터포털에서 다운로드(원문파일등록)",
        "비용부과기준 및 단위": "건",
        "국가중점여부": "N",
        "표준데이터여부": "N",
    }
    assert found.counters == {"views": 11587, "downloads": 1345}
    assert found.unread == ()


@pytest.mark.parametrize(
    ("header", "spelt"),
    [
        ("관리 부서명", "관리부서명"),
        ("업데이트 주기", "갱신주기"),
        ("업데이트 주기", "수정주기"),
        ("확장자(데이터포맷)", "확장자"),
        ("확장자(데이터포맷)", "데이터포맷"),
        ("전체행", "전체 행"),
        ("심의 유형", "심의유형"),
        ("목록 URL", "목록URL"),
    ],
)
def test_columns_are_known_in_every_spelling(header: str, spelt: str) -> None:
    row = {spelt if name == header else name: cell for name, cell in ROW_2025.items()}
    found = mapped(row)
    expected = mapped(dict(ROW_2025)).dataset
    assert found.unread == ()
    assert (found.dataset.contact_point, found.dataset.accrual_periodicity) == (
        expected.contact_point,
        expected.accrual_periodicity,
    )
    assert found.dataset.distribution == expected.distribution


def test_the_english_keys_of_odcloud() -> None:
    found = mapped(
        {
            "list_id": 99000002,
            "list_title": "시험기관_지어낸 서비스",
            "org_nm": "시험기관",
            "dept_nm": "시험부",
            "new_category_nm": "환경 - 대기",
            "data_format": "JSON+XML",
            "end_point_url": "https://apis.example/x",
            "request_cnt": 5,
        }
    )
    assert found.dataset.publisher == Agent(name={"ko": "시험기관"})
    assert found.dataset.theme == (Concept(source="환경 - 대기", scheme="brm"),)
    first, second = found.dataset.distribution
    assert (first.format, second.format) == (Concept(source="JSON"), Concept(source="XML"))
    assert first.access_service is not None
    assert first.access_service.endpoint_url == "https://apis.example/x"
    assert found.counters == {"downloads": 5}


@pytest.mark.parametrize("mark", ["", "-", "null", "없음", None, " - "])
def test_empty_marks_say_nothing(mark: str | None) -> None:
    dataset = mapped({**ROW_2025, "이용허락범위": mark, "업데이트 주기": mark, "수집방법": mark}).dataset
    assert dataset.license is None
    assert dataset.accrual_periodicity is None
    assert "수집방법" not in dataset.additional


def test_a_new_column_is_counted_and_carried_along() -> None:
    found = mapped({**ROW_2022, "새 열": "값"})
    assert found.unread == ("새 열",)
    assert found.dataset.additional["새 열"] == "값"


@pytest.mark.parametrize("kind", ["FILE", "API", "STD", "LINKED"])
def test_types(kind: str) -> None:
    assert mapped({**ROW_2022, "목록유형": kind}).dataset.type == Concept(source=kind)


def test_a_row_without_known_columns_is_refused() -> None:
    with pytest.raises(RecordError) as caught:
        mapped({"<html>": "점검중"})
    assert caught.value.code == "not-a-row"
