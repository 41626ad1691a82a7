"""Rows and details in HTML become datasets by the rules of a member file, and junk raises nothing but RecordError."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.catalog.model import Catalog, Mapped
from harvester.errors import RecordError
from harvester.mapping import html_detail, html_row

RULES = {
    "html_row": {
        "title": ("h3.none", "h3"),
        "keyword": ("span.tag",),
        "views": ("label:조회수",),
        "landing_page": ("address:/view?id={identifier}",),
        "additional.부서": ("dt:부서",),
        "distribution": ("ul.files",),
    },
    "html_detail": {
        "title": ("h1",),
        "keyword": ("meta[name=keywords]@content",),
        "publisher": ("th:제공기관",),
        "modified": ("table tr:nth-child(2) td",),
        "download_url": ("th:파일 > a@href",),
    },
}
CATALOG = Catalog(source="test.source", url="https://portal.example/base", language="ko", rules=RULES)

ROW = """<li><h3>제목</h3><span class=tag>가</span><span class=tag>나</span><em>조회수</em> 36,832건
<dl><dt>부서</dt><dd>과</dd><dt>담당</dt><dd>홍</dd></dl>
<ul class=files><li><a href="https://portal.example/1.csv">하나
 .csv</a></li><li><a href="https://portal.example/2.xlsx">둘.xlsx</a></li><li><a>없음</a></li>
<li><a href="https://portal.example/down?no=3">셋.hwp (12 KB)</a></li><li><a href="https://portal.example/f.zip/4">넷</a></li>
</ul></li>"""


def test_a_row() -> None:
    mapped = html_row.to_dataset(ROW.encode(), "7 a", CATALOG)
    dataset = mapped.dataset
    assert dataset.title == {"ko": "제목"}
    assert dataset.keyword == {"ko": ("가", "나")}
    assert dataset.landing_page == "https://portal.example/base/view?id=7%20a"
    assert dataset.additional == {"부서": "과"}
    files = [(one.title["ko"], one.download_url, one.format and one.format.source) for one in dataset.distribution]
    assert files == [
        ("하나 .csv", "https://portal.example/1.csv", "CSV"),
        ("둘.xlsx", "https://portal.example/2.xlsx", "XLSX"),
        ("셋.hwp (12 KB)", "https://portal.example/down?no=3", "HWP"),
        ("넷", "https://portal.example/f.zip/4", None),
    ]
    assert mapped.counters == {"views": 36832}
    assert mapped.unread == ("담당",)


def test_a_detail_page_with_its_head() -> None:
    page = """<html><head><meta name=keywords content="가, 나"></head><body><h1>제목</h1><table>
<tr><th>제공기관</th><td>한빛</td></tr><tr><th>수정일</th><td>2024-01-02</td></tr>
<tr><th>파일</th><td><a href="https://portal.example/1.csv">받기</a></td></tr><tr><th>비고</th><td>-</td></tr>
</table></body></html>"""
    mapped = html_detail.to_dataset(page.encode(), "1", CATALOG)
    dataset = mapped.dataset
    assert dataset.title == {"ko": "제목"}
    assert dataset.keyword == {"ko": ("가, 나",)}
    assert dataset.publisher is not None
    assert dataset.publisher.name == {"ko": "한빛"}
    assert dataset.modified == "2024-01-02"
    assert dataset.distribution[0].download_url == "https://portal.example/1.csv"
    # A label is read too where a selector, or a rule inside of its cell, reads what stands beside it.
    assert mapped.unread == ("비고",)


JUNK = [
    b"",
    b"   ",
    b"<!-- -->",
    b"{}",
    b"\x00\xff\xfe",
    b"<",
    b"<tr",
    b"<li>" * 50_000,
    b"<table>" * 3_000 + b"<th>x<td>y",
    b"<th>" * 20_000,
    b"<li><a href='http://[::1'>x</a>",
    b"<h3>&#xD800;&#0;&#x1F600;</h3>",
    b"<h3>" + b"a" * 1_000_000 + b"</h3>",
    "<h3>한글".encode("cp949"),
    b"<svg><title>x</title></svg><math>",
    b"<em>" * 1_500 + "조회수</em> 1".encode(),
    b"<h3><div>" * 900 + b"a" * 2_000_000,
    b"<dt><div>" * 900 + b" a" * 1_000_000,
    b"<table><tr>" + b"<th>x" * 100_000,
    b"<table><tr>" + b"<td>x" * 100_000,
    b"<li onclick=\"" + b"'" * 100_000 + b"\">",
    b"<table><tr>" + b"<th colspan=99999999999>x</th>" * 500 + b"</tr><tr><td>1</td></tr></table>",
]  # fmt: skip


@pytest.mark.parametrize("mapping", [html_row, html_detail])
@pytest.mark.parametrize("number", range(len(JUNK)))
def test_junk_raises_nothing_but_record_errors(mapping: object, number: int) -> None:
    try:
        mapped = mapping.to_dataset(JUNK[number], "1", CATALOG)  # type: ignore[attr-defined]
    except RecordError as error:
        assert error.code in {"not-html", "too-deep"}  # noqa: PT017 - both ends are right
    else:
        assert isinstance(mapped, Mapped)


_TAGS = ("li", "table", "tr", "th", "td", "dl", "dt", "dd", "h3", "a", "em", "ul", "script", "/td", "/")
_TEXTS = ("조회수", "제공기관", "부서", "1", "<a href=", "'", '"', "&#")
_pieces = st.one_of(st.sampled_from(_TAGS).map("<{}>".format), st.sampled_from(_TEXTS), st.text(max_size=5))
_pages = st.lists(_pieces, max_size=40).map(lambda pieces: "".join(pieces).encode("utf-8", "replace"))


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), _pages))
def test_any_bytes_raise_nothing_but_record_errors(payload: bytes) -> None:
    for mapping in (html_row, html_detail):
        try:
            assert isinstance(mapping.to_dataset(payload, "1", CATALOG), Mapped)
        except RecordError as error:
            assert error.code in {"not-html", "too-deep"}  # noqa: PT017 - both ends are right
