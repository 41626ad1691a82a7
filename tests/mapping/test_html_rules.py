"""The notation of member files for HTML: what each form reads, and what is told of a wrong one."""

from __future__ import annotations

import pytest

from harvester.mapping.html_labels import Labels
from harvester.mapping.html_page import fragment, parse
from harvester.mapping.html_rules import compiled
from harvester.mapping.html_values import number


def labels(content: str, *, whole: bool = False) -> Labels:
    root = parse(content) if whole else fragment(content)
    assert root is not None
    return Labels(root)


ROW = """<li class=goods data-id=" 7 "><dl><dt><p><a href="/view.do?cmnx=44&amp;goods_id=a%20b#top"
 onclick="return fn('K\\'1', 12, &quot;두 번째&quot;)">상권 <em>유동</em>인구</a></p></dt><dd>설명<br>둘째 줄</dd></dl>
<span class=num>조회수</span> 36,832건 <strong>제공기관 :</strong><span>한빛</span>
<a class=file href="/2022/03/22/15099498/">파일</a></li>"""


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("dl dt a", ["상권 유동인구"]),
        ("dd", ["설명\n둘째 줄"]),
        ("a", ["상권 유동인구", "파일"]),
        ("li@data-id", ["7"]),
        ("li.goods", None),
        ("xpath:./dl/dt/p/a", ["상권 유동인구"]),
        ("xpath:.//a[@class='file']/@href", ["/2022/03/22/15099498/"]),
        ("xpath:./@data-id", ["7"]),
        ("xpath:@data-id", ["7"]),
        ("xpath:string(.//dt)", ["상권 유동인구"]),
        ("xpath:count(.//a)", ["2.0"]),
        ("xpath:boolean(.//a)", []),
        ("xpath:.//em/text()", ["유동"]),
        ("xpath://a/@onclick argument 1", ["K'1"]),
        ("dt a@onclick argument 1", ["K'1"]),
        ("dt a@onclick argument 2", ["12"]),
        ("dt a@onclick argument 3", ["두 번째"]),
        ("dt a@onclick argument 4", []),
        ("dt a@href parameter goods_id", ["a b"]),
        ("dt a@href parameter cmnx", ["44"]),
        ("dt a@href parameter none", []),
        ("a.file@href segment -1", ["15099498"]),
        ("a.file@href segment 1", ["2022"]),
        ("a.file@href segment 9", []),
        ("a@none", []),
        ("label:조회수", ["36,832건"]),
        ("label:제공기관", ["한빛"]),
        ("label:없음", []),
        ('a[href*="@"]', []),
        ('em:contains("유동")', ["유동"]),
    ],
)
def test_forms(expression: str, values: list[str] | None) -> None:
    found = compiled(expression).values(labels(ROW))
    assert found if values is None else found == values


def test_an_address_is_made_of_the_identifier() -> None:
    page = labels("<p>x</p>")
    assert compiled("address:/view?id={identifier}").values(page, "a/b 가") == ["/view?id=a%2Fb%20%EA%B0%80"]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("", "a selector is needed"),
        ("@href", "a selector is needed"),
        ("div[", "no CSS selector"),
        ("a::text", "no CSS selector"),
        ("xpath:.//a[", "no XPath"),
        ("xpath:nothing(.)", "no XPath"),
        ("xpath:$id", "no XPath"),
        ("xpath:", "no XPath"),
        ("a argument 1", "of which attribute"),
        ("a@onclick argument 0", "counted from 1"),
        ("a@onclick argument one", "counted from 1"),
        ("a@href segment 0", "counted from 1"),
        ("th:", "which label"),
        ("th: :*", "which label"),
        ("th:링크 > a[", "no CSS selector"),
        ("address:view.do", "begins with /"),
    ],
)
def test_what_is_wrong_is_told_with_the_expression(expression: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        compiled(expression)
    assert f"`{expression}`" in str(caught.value)


SEOUL = """<table border='1'><tbody><tr><th scope='row'>서비스 명</th><td colspan = '2''>대기 현황</td>
<th>제공기관</th><td>서울</td></tr></tbody><tr><th>담당자 :<td>홍<tr><th>수정일<td>2026.04.21</table>"""


@pytest.mark.parametrize(
    ("content", "wanted", "said"),
    [
        (SEOUL, "th:서비스명", "대기 현황"),
        (SEOUL, "th:제공 기관", "서울"),
        (SEOUL, "th:담당자", "홍"),
        (SEOUL, "th:수정일", "2026.04.21"),
        # several pairs in a row, and a header without a cell
        ("<table><tr><th>가</th><th>나</th><td>2</td></tr></table>", "th:가", None),
        ("<table><tr><th>가</th><th>나</th><td>2</td></tr></table>", "th:나", "2"),
        # of duplicated tables the first counts, although its cell is empty
        (
            "<table><tr><th>허락</th><td></td></tr></table><table><tr><th>허락</th><td>둘째</td></tr></table>",
            "th:허락",
            None,
        ),
        (
            "<table><tr><th>형식</th><td>CSV</td></tr></table><table><tr><th>형식</th><td>XML</td></tr></table>",
            "th:형식",
            "CSV",
        ),
        # headers over columns, wide ones too
        (
            "<table><thead><tr><th colspan=2>기관</th><th>날</th></tr></thead>"
            "<tbody><tr><td colspan=2>한빛</td><td>2024</td></tr></tbody></table>",
            "th:날",
            "2024",
        ),
        ("<table><tr><th>가</th><th>나</th></tr><tr><td>1</td><td>2</td></tr></table>", "th:나", "2"),
        ("<table><tr><th>가</th><th>나</th></tr><tr><td colspan=2>1</td></tr></table>", "th:나", None),
        ("<table><tr><th>가</th><th>나</th></tr></table>", "th:나", None),
        # a frame around another table is no label
        (
            "<table><tr><th><table><tr><th>가</th><td>1</td></tr></table></th><td>밖</td></tr></table>",
            "th:가",
            "1",
        ),
        # a table within the cell
        (
            "<table><tr><th>가</th><td><table><tr><th>나</th><td>2</td></tr></table></td></tr></table>",
            "th:나",
            "2",
        ),
        # cells in place of headers, two by two, and only where no header says so
        ("<table><tr><td>가</td><td>1</td><td>나</td><td>2</td></tr></table>", "th:나", "2"),
        ("<table><tr><td>가</td><td>1</td><td>나</td></tr></table>", "th:가", None),
        ("<dl><dt>가</dt><dd>1</dd><dd>둘째</dd><dt>나</dt><dt>다</dt><dd>3</dd></dl>", "dt:가", "1"),
        ("<dl><dt>가</dt><dd>1</dd><dt>나</dt><dt>다</dt><dd>3</dd></dl>", "dt:나", None),
        ("<dl><div><dt>가</dt><dd>1</dd></div></dl>", "dt:가", "1"),
        ("<h2>내용</h2>\n<blockquote>설명</blockquote>", "label:내용", "설명"),
        ("<table><tr><th>링크</th><td><a href='/x'>여기</a></td></tr></table>", "th:링크 > a@href", "/x"),
        ("<p><b>가</b>: 1</p>", "label:가 > a", None),
    ],
)
def test_what_stands_beside_a_label(content: str, wanted: str, said: str | None) -> None:
    assert compiled(wanted).first(labels(content, whole=True)) == said


@pytest.mark.parametrize(
    ("text", "count"),
    [("(3,229건)", 3229), ("총 12 건 (1/2쪽)", 12), ("fnPage(7); return false;", 7), ("없음", None), ("1,23", 1)],
)
def test_the_first_number_of_a_text(text: str, count: int | None) -> None:
    assert number(text) == count
