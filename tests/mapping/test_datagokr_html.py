from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.catalog.model import Agent, Catalog, Concept, ContactPoint, Mapped
from harvester.errors import RecordError
from harvester.mapping import datagokr_html

CATALOG = Catalog(source="example.datagokr", url="https://www.data.go.kr", language="ko")

FILE_TABLE = """
<tr><th>파일데이터명</th><td colspan="3">시험기관_지어낸 목록_20250115</td></tr>
<tr><th>분류체계</th><td>보건 - 건강보험</td><th>제공기관</th><td>시험기관</td></tr>
<tr><th>관리부서명</th><td>시험부</td><th>관리부서 전화번호</th>
  <td><script>var telNo = formatTel("033-000-0008"); document.write(telNo);</script></td></tr>
<tr><th>보유근거</th><td></td><th>수집방법</th><td>-</td></tr>
<tr><th>업데이트 주기</th><td>수시 (1회성 데이터)</td><th>차기 등록 예정일</th><td>2026-01-15</td></tr>
<tr><th>매체유형</th><td>텍스트</td><th>전체 행</th><td>1,204</td></tr>
<tr><th>확장자</th><td>CSV</td><th>키워드</th><td>가상,\n      시험</td></tr>
<tr><th>누적 다운로드</th><td>36,832</td><th>이용허락범위</th><td>{licence}</td></tr>
<tr><th>등록일</th><td>2021-01-15</td><th>수정일</th><td>2025-01-15</td></tr>
<tr><th>비용부과유무</th><td>무료</td><th>새로운 항목</th><td>모르는 값</td></tr>
"""
API_TABLE = """
<tr><th>제공기관</th><td>공공데이터활용지원센터</td><th>확장자</th><td>XML, JSON</td></tr>
<tr><th>수정일</th><td>2025-12-31</td><th>심의유형</th><td>자동승인</td></tr>
"""
PAGE = """<!DOCTYPE html><html lang="ko"><head><title>공공데이터포털</title>
<script>function out() {{ alert("로그인이 필요합니다"); }}</script></head>
<body><header><a href="/login">로그인</a></header><div id="contents"><div class="data-search-view">
<div class="data-set-title"><div class="tit-area">{title}</div></div>
<div class="cont">지어낸 설명<br>둘째 줄 &amp; 끝<script>var 설명 = 1;</script></div>
<div class="file-meta-table-pc"><table><caption>파일데이터 정보</caption>{first}</table></div>
<div class="file-meta-table-pc"><table><caption>오픈API 정보</caption>{second}</table></div>
<div class="file-meta-table-mobile"><table><tr><th>제공기관</th><td>휴대전화용</td></tr></table></div>
</div></div></body></html>"""


def page(
    *,
    title: str = "<p class='tit'>시험기관_지어낸 목록</p>",
    licence: str = "",
    first: str = FILE_TABLE,
    tbody: bool = False,
) -> bytes:
    table = first.format(licence=licence)
    table = f"<tbody>{table}</tbody>" if tbody else table
    return PAGE.format(title=title, first=table, second=API_TABLE).encode()


def mapped(payload: bytes) -> Mapped:
    return datagokr_html.to_dataset(payload, "99000002", CATALOG)


@pytest.mark.parametrize("tbody", [False, True])
def test_a_file_s_page_is_read_from_its_first_table_only(tbody: bool) -> None:
    found = mapped(page(tbody=tbody))
    dataset = found.dataset
    assert dataset.title == {"ko": "시험기관_지어낸 목록"}
    assert dataset.description == {"ko": "지어낸 설명\n둘째 줄 & 끝"}
    assert dataset.publisher == Agent(name={"ko": "시험기관"})
    assert dataset.contact_point == (ContactPoint(name={"ko": "시험부"}, telephone="033-000-0008"),)
    assert dataset.keyword == {"ko": ("가상, 시험",)}
    assert dataset.theme == (Concept(source="보건 - 건강보험", scheme="brm"),)
    assert dataset.accrual_periodicity == Concept(source="수시 (1회성 데이터)")
    assert (dataset.issued, dataset.modified, dataset.fee) == ("2021-01-15", "2025-01-15", "무료")
    assert dataset.license is None
    assert [one.format for one in dataset.distribution] == [Concept(source="CSV")]
    assert dataset.distribution[0].title == {"ko": "시험기관_지어낸 목록_20250115"}
    assert dataset.additional == {
        "차기 등록 예정일": "2026-01-15", "매체유형": "텍스트", "전체 행": "1,204", "새로운 항목": "모르는 값",
    }  # fmt: skip
    assert found.counters == {"downloads": 36832}
    assert found.unread == ("새로운 항목",)


@pytest.mark.parametrize(
    ("cell", "licence"),
    [
        ("이용허락범위 제한 없음", "이용허락범위 제한 없음"),
        ("<img src='/images/data-mark01-opencode1-m.png?v=1' alt=''>", "data-mark01-opencode1-m.png"),
        ("<a><img src='/images/x.png' alt='공공저작물_출처표시'></a>", "공공저작물_출처표시"),
        ("<img>", None),
        ("<span> </span>", None),
    ],
)
def test_a_licence_may_be_a_picture(cell: str, licence: str | None) -> None:
    found = mapped(page(licence=cell)).dataset.license
    assert found == (Concept(source=licence) if licence else None)


def test_an_api_s_title_stands_behind_its_formats() -> None:
    title = "<span class='tagset'>JSON</span>\n<span class='tagset'>XML</span> 시험기관_지어낸   서비스"
    table = "<tr><th>제공기관</th><td>시험기관</td><th>활용신청</th><td>12</td></tr>"
    found = mapped(page(title=title, first=table))
    assert found.dataset.title == {"ko": "시험기관_지어낸 서비스"}
    assert [one.format for one in found.dataset.distribution] == [Concept(source="JSON"), Concept(source="XML")]
    assert found.counters == {"downloads": 12}


def test_a_page_that_was_marked_as_browsers_mark_it_says_where_it_was() -> None:
    url = "https://www.data.go.kr/data/99000002/fileData.do"
    dataset = mapped(f"<!-- saved from url=({len(url):04}){url} -->\n".encode() + page()).dataset
    assert dataset.landing_page == dataset.distribution[0].access_url == url
    assert dataset.type == Concept(source="FILE")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "no-contents"),
        (b"\x00\xff", "no-contents"),
        (b'{"a": 1}', "no-contents"),
        ("<html><script>alert('삭제된 데이터 입니다.');</script></html>".encode(), "no-contents"),
        (b"<div id=contents><p>renewed</p></div>", "no-table"),
        (b"<div id=contents><div class=file-meta-table-pc></div></div>", "no-table"),
        (b"<div id=contents><div class=file-meta-table-pc><table><tr><td>a<td>b</table></div></div>", "no-table"),
        (b"<div id=contents><div class=file-meta-table-pc><table><tr><th>a<td>b</table></div></div>", "not-a-row"),
    ],
)
def test_a_page_of_no_record_is_refused(payload: bytes, code: str) -> None:
    with pytest.raises(RecordError) as error:
        mapped(payload)
    assert error.value.code == code


@given(st.binary(max_size=300), st.integers(0, 2000), st.integers(0, 2000))
def test_nothing_but_a_record_error_is_raised(junk: bytes, start: int, length: int) -> None:
    whole = page()
    with contextlib.suppress(RecordError):
        mapped(whole[:start] + junk + whole[start + length :])


@pytest.mark.parametrize(
    "inside",
    [
        "<div>" * 50_000,
        "<td>" * 50_000,
        "telNo" * 100_000,
        "<script>" + "telNo" * 100_000 + "</script>",
        "<br>" * 100_000,
    ],
)
def test_a_hostile_page_takes_no_time(inside: str) -> None:
    began = time.process_time()
    with contextlib.suppress(RecordError):
        mapped(page(first=f"<tr><th>제공기관</th><td>{inside}</td></tr>"))
    assert time.process_time() - began < 5
