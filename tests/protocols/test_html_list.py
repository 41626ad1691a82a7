"""Lists in HTML: every way of paging, resumed at every page, and what is told of lists that are not as expected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import HtmlResponse

from harvester.errors import PortalError
from harvester.protocols.base import ProtocolSpider
from harvester.protocols.html_list import HtmlListSpider
from harvester.sample_portals.server import Answer, Asked
from tests.portals import faults
from tests.portals.html import HtmlPortal, entries
from tests.protocols.driver import run, spider

OPTIONS: dict[str, Any] = {
    "path": "/list",
    "paging": {"page": "page"},
    "rows": "#list tbody tr",
    "identifier": "td.tit a@onclick argument 1",
    "fields": {"title": "td.tit a", "modified": "td:nth-child(2)"},
    "total": "p.total",
    "empty": "text:조회된 데이터가 없습니다",
}
WITHOUT = {"total": None, "empty": None}
WAYS: dict[str, dict[str, Any]] = {
    "page and total": {},
    "page and last page": {"total": None, "last_page": "a.last@onclick"},
    "page until empty": {"total": None},
    "page from zero": {"paging": {"page": "page", "first": 0}, "path": "/list?from=0"},
    "posted page": {"method": "POST", "parameters": {"org": "", "kind": 7}},
    "offset": {"paging": {"offset": "start", "first": 0, "size": 3}},
    "path": {"paging": {"path": "/list/page{page}"}},
    "next": {"paging": {"next": "a.next@href"}, "total": None},
}


class FromZero(HtmlPortal):
    def _begin(self, asked: Asked) -> int:
        if "from" in asked.query:
            return int(asked.query.get("page", "0")) * self.size
        return super()._begin(asked)


@pytest.fixture
def portal() -> Iterator[HtmlPortal]:
    with FromZero(entries(8)) as portal:
        yield portal


def listed(portal: HtmlPortal, **options: Any) -> ProtocolSpider:
    return spider(HtmlListSpider, "html_list", portal.url, language="ko", **{**OPTIONS, **options})


def told(portal: HtmlPortal, tmp_path: Path, **options: Any) -> PortalError:
    with pytest.raises(PortalError) as caught:
        run(listed(portal, **options), tmp_path)
    return caught.value


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_paging_lists_everything(way: str, portal: HtmlPortal, tmp_path: Path) -> None:
    found = run(listed(portal, **WAYS[way]), tmp_path)
    assert found.identifiers == [f"G{n:03d}" for n in range(1, 9)]
    assert found.ended
    declared = 8 if WAYS[way].get("total", True) else None
    assert found.pages[-1].declared_total == declared
    # Only where nothing says which page is the last one more is asked for.
    assert len(found.pages) == (4 if way == "page until empty" else 3)


@pytest.mark.parametrize("way", WAYS)
def test_a_listing_goes_on_at_every_page(way: str, portal: HtmlPortal, tmp_path: Path) -> None:
    whole = run(listed(portal, **WAYS[way]), tmp_path)
    for number, page in enumerate(whole.pages[:-1], 1):
        rest = run(listed(portal, **WAYS[way]), tmp_path, page.cursor)
        assert rest.pages == whole.pages[number:]


def test_a_list_of_one_page(portal: HtmlPortal, tmp_path: Path) -> None:
    found = run(listed(portal, paging=None), tmp_path)
    assert (len(found.records), found.ended) == (3, True)
    assert found.pages[0].declared_total == 8  # so that the verdict says that the total was not met


def test_what_is_posted_is_a_form(portal: HtmlPortal, tmp_path: Path) -> None:
    run(listed(portal, **WAYS["posted page"]), tmp_path)
    assert [dict(asked.form) for asked in portal.asked] == [
        {"org": "", "kind": "7", "page": str(number)} for number in (1, 2, 3)
    ]
    assert {asked.method for asked in portal.asked} == {"POST"}
    assert {asked.headers["content-type"] for asked in portal.asked} == {"application/x-www-form-urlencoded"}


def test_a_row_is_kept_with_absolute_links_and_without_its_place_in_the_list(
    portal: HtmlPortal, tmp_path: Path
) -> None:
    before = run(listed(portal), tmp_path).records[3]
    portal.records.insert(0, entries(99)[-1])
    after = next(record for record in run(listed(portal), tmp_path).records if record.identifier == "G004")
    assert before.parts == after.parts
    payload = before.parts[0].payload.decode()
    assert payload.startswith("<tr><td")
    assert f'href="{portal.url}/view?id=G004"' in payload
    assert 'href="#"' in payload


def test_a_record_s_page_by_address_or_by_link(portal: HtmlPortal, tmp_path: Path) -> None:
    fields = {"publisher": "th:제공기관"}
    by_address = run(listed(portal, detail="/view?id={identifier}", detail_fields=fields), tmp_path)
    by_link = run(listed(portal, detail="a.view@href", detail_fields=fields), tmp_path)
    for found in (by_address, by_link):
        assert found.records[0].wanted == {"detail": f"{portal.url}/view?id=G001"}
    # A row that shows a date of change says when its page is worth asking for again; else every job asks.
    assert by_address.records[0].revision != by_address.records[1].revision
    assert by_address.records[0].revision == by_link.records[0].revision
    undated = run(listed(portal, fields={"title": "a"}, detail="a.view@href", detail_fields=fields), tmp_path)
    assert {record.revision for record in undated.records} == {"job 1"}


CHARSETS = [
    # charset, Content-Type, what stands before the page
    ("utf-8", "text/html", b""),
    ("utf-8", "text/html; charset=euc-kr", b""),
    ("utf-8", "text/html; charset=iso-8859-1", b""),
    ("utf-8", "text/html", b"\xef\xbb\xbf"),
    ("cp949", "text/html; charset=euc-kr", b""),
    ("cp949", "text/html; charset=ks_c_5601-1987", b""),
    ("cp949", "text/html", b'<meta charset="EUC-KR">'),
    ("cp949", "text/html; charset=utf-8", b""),
    ("cp949", "text/html; charset=no-such", b""),
    ("cp949", "text/html; charset=undefined", b""),
    ("cp949", "text/html; charset=rot13", b""),
    ("utf-16", "text/html", b""),
]


@pytest.mark.parametrize("number", range(len(CHARSETS)))
def test_charsets(number: int, tmp_path: Path) -> None:
    charset, content_type, before = CHARSETS[number]
    records = [entry.__class__(entry.identifier, f"똠방각하 펲시콜라 {entry.identifier}") for entry in entries(2)]
    with HtmlPortal(records, charset=charset) as portal:
        page = before + portal.listing(0).encode(charset)
        with portal.failing(faults.body(page, content_type)):
            found = run(listed(portal), tmp_path)
    assert "똠방각하 펲시콜라 G002" in found.records[1].parts[0].payload.decode()


@pytest.mark.parametrize("charset", ["utf-8", "cp949"])
def test_a_broken_byte_costs_one_character(charset: str, portal: HtmlPortal, tmp_path: Path) -> None:
    page = portal.listing(0).encode(charset).replace(b"</title>", b"\xff</title>")
    with portal.failing(faults.body(page, f"text/html; charset={charset}")):
        found = run(listed(portal, paging=None), tmp_path)
    assert "데이터 1번 현황" in found.records[0].parts[0].payload.decode()


def test_an_empty_list_that_says_so(portal: HtmlPortal, tmp_path: Path) -> None:
    portal.records.clear()
    for empty in ("text:조회된 데이터가  없습니다", "td.nodata"):
        found = run(listed(portal, empty=empty), tmp_path)
        assert (found.records, found.ended, found.pages[0].declared_total) == ([], True, 0)


def test_an_empty_list_that_does_not_say_so_is_a_changed_layout(portal: HtmlPortal, tmp_path: Path) -> None:
    portal.records.clear()
    error = told(portal, tmp_path, empty=None)
    assert error.reason == "layout changed"
    assert "identifier: 0 of 1 rows at `td.tit a@onclick argument 1`" in str(error)
    assert "`td.nodata` (1 rows, '조회된 데이터가 없습니다.')" in str(error)
    error = told(portal, tmp_path, empty="text:없는 말", rows="ul.list li")
    assert "rows: none at `ul.list li`; candidates" in str(error)
    error = told(portal, tmp_path, empty=None, rows="ul.list li")
    assert "if the list is empty, `empty` must say how it says so" in str(error)


def test_the_words_for_an_empty_list_may_hide_on_healthy_pages(portal: HtmlPortal, tmp_path: Path) -> None:
    portal.total = lambda number: f"{number}<i hidden>조회된 데이터가 없습니다</i>"
    assert len(run(listed(portal), tmp_path).records) == 8


def test_what_lies_beyond_the_last_page_ends_a_list_that_says_nothing_of_its_end(
    portal: HtmlPortal, tmp_path: Path
) -> None:
    beyond = faults.html("<table id=list></table>", faults.at("4"))
    with portal.failing(beyond):
        found = run(listed(portal, total=None, empty=None), tmp_path)
    assert (len(found.records), found.ended) == (8, True)
    with portal.failing(beyond):
        assert told(portal, tmp_path, total=None).reason == "layout changed"  # here it should have said so


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": "#liste tbody tr"}, "rows: none at `#liste tbody tr`; candidates: `tbody > tr` (6)"),
        ({"identifier": "td.title a@onclick argument 1"}, "identifier: 0 of 3 rows at `td.title a@onclick argument 1`"),
        ({"fields": {"title": "h3"}}, "title: 0 of 3 rows at `h3`; candidates: `td.tit a` (3 rows, '데이터 1번 현황')"),
        ({"fields": {"title": ["h3", "h4"]}}, "title: 0 of 3 rows at `h3`, `h4`"),
        ({"detail": "a.open@href", "detail_fields": {"publisher": "th:x"}}, "detail: 0 of 3 rows at `a.open@href`"),
    ],
)
def test_a_changed_layout_is_told_with_rule_selector_and_candidates(
    options: dict[str, Any], message: str, portal: HtmlPortal, tmp_path: Path
) -> None:
    error = told(portal, tmp_path, **options)
    assert error.reason == "layout changed"
    assert message in str(error)


def test_one_row_without_identifier_is_rejected_with_what_it_says(portal: HtmlPortal, tmp_path: Path) -> None:
    portal.records[1] = entries(1)[0].__class__("", "이름뿐인 행")
    found = run(listed(portal), tmp_path)
    assert (len(found.records), len(found.rejected)) == (7, 1)
    assert found.rejected[0].issue.code == "no-identifier"
    assert found.rejected[0].issue.value == "이름뿐인 행 2024-01-02 보기"


def test_the_same_page_again_is_endless_paging(portal: HtmlPortal, tmp_path: Path) -> None:
    with portal.failing(faults.html(portal.listing(0))):
        error = told(portal, tmp_path)
    assert error.reason == "endless paging"
    assert "the same rows as on the page before" in str(error)


def test_a_list_that_grows_as_it_is_read_ends_at_a_number_of_pages(portal: HtmlPortal, tmp_path: Path) -> None:
    def growing(asked: Asked) -> Answer:
        page = int(asked.query.get("page", 1))
        portal.records[:] = entries(page * 3 + 5)
        return portal.page(portal.listing((page - 1) * 3))

    for options in ({}, {"total": None, "last_page": "a.last@onclick"}):
        with portal.failing(growing):
            error = told(portal, tmp_path, paging={"page": "page", "most_pages": 20}, **options)
        assert error.reason == "endless paging"
        assert "goes on after 20 pages" in str(error)


def test_a_total_that_falls_in_the_middle_does_not_end_the_list(portal: HtmlPortal, tmp_path: Path) -> None:
    portal.total = lambda number: "총 8건" if len(portal.asked) == 1 else "총 0건"
    found = run(listed(portal), tmp_path)
    assert len(found.records) == 8
    assert found.pages[-1].declared_total == 8


def test_a_link_to_the_next_page_that_is_a_script_is_told(portal: HtmlPortal, tmp_path: Path) -> None:
    error = told(portal, tmp_path, paging={"next": "a.last@onclick"}, total=None)
    assert (error.reason, "is no address of a page" in str(error)) == ("layout changed", True)


NO_LISTS = {
    "login form": (faults.html(), "login page"),
    "login title": (faults.html("<html><title>통합 로그인</title><body>회원만</body></html>"), "login page"),
    "login alert": (faults.html("<script>alert('로그인 후 이용하세요');location='/'</script>"), "login page"),
    "maintenance": (faults.html(faults.MAINTENANCE_PAGE), "layout changed"),
    "alert": (faults.html("<script>alert('잘못된 접근입니다');</script>"), "not found"),
    "nothing": (faults.body(b"", "text/html"), "empty"),
    "comment": (faults.html("<!-- x -->"), "unreadable answer"),
    "json": (faults.body(b'{"list": []}', "text/html"), "unreadable answer"),
    "text": (faults.body(b"hello", "text/plain"), "unreadable answer"),
    "image": (faults.body(b"\x89PNG\r\n\x1a\n\x00\xff", "image/png"), "unreadable answer"),
    "too deep": (faults.html("<div>" * 50_000), "unreadable answer"),
    "healthy frame": (faults.html("<html><a href=/login>로그인</a><p>안내</p></html>"), "layout changed"),
}


@pytest.mark.parametrize("name", NO_LISTS)
def test_what_comes_instead_of_a_list(name: str, portal: HtmlPortal, tmp_path: Path) -> None:
    fault, reason = NO_LISTS[name]
    with portal.failing(fault):
        error = told(portal, tmp_path)
    assert error.reason == reason
    assert portal.url in str(error)
    assert ("maintenance page" in str(error)) == (name == "maintenance")


def detail(body: str, **options: Any) -> bytes:
    made = spider(
        HtmlListSpider, "html_list", "http://p.example", **{**OPTIONS, "detail": "/view?id={identifier}", **options}
    )
    response = HtmlResponse("http://p.example/op/view?id=1", body=body.encode(), encoding="utf-8")
    part = made.detail_part("detail", response)
    assert (part.name, part.format) == ("detail", "html_detail")
    return part.payload


PAGE = (
    "<html><head><meta name=keywords content=가><style>p{}</style></head><body><i>접속자 {n}</i><div id=c>"
    "<h2>제목</h2><script>token='{n}'</script><!-- {n} --><a href=file.csv>x</a></div></body></html>"
)


def test_a_detail_is_kept_without_scripts_and_cut_to_its_content() -> None:
    fields = {"title": "h2"}
    whole = detail(PAGE, detail_fields=fields).decode()
    assert "token" not in whole
    assert "<!--" not in whole
    assert 'name="keywords"' in whole
    assert 'href="http://p.example/op/file.csv"' in whole
    one, other = (detail(PAGE.replace("{n}", n), detail_fields=fields, content="#c") for n in ("1", "2"))
    assert one == other  # what moves in the page's frame is no change of the record
    both = detail(PAGE, detail_fields=fields, content="meta, #c").decode()
    assert both.startswith("<meta")
    assert both.endswith("</div>")


@pytest.mark.parametrize(
    ("page", "options", "reason", "message"),
    [
        (PAGE, {"detail_fields": {"title": "h1"}}, "layout changed", "title: nothing at `h1`"),
        (PAGE, {"detail_fields": {"theme": ["th:가", "dt:가"]}}, "layout changed", "nothing at `th:가`, `dt:가`"),
        (PAGE, {"detail_fields": {"title": "h2"}, "content": "#d"}, "layout changed", "content: nothing at `#d`"),
        ("<html><h2> </h2><p>안내", {"detail_fields": {"title": "h2"}}, "layout changed", "title: nothing at `h2`"),
        ("<script>alert('삭제되었습니다')</script>", {"detail_fields": {"title": "h2"}}, "not found", "삭제되었습니다"),
        ("<title>로그인</title>", {"detail_fields": {"title": "h2"}}, "login page", "log in"),
        ("", {"detail_fields": {"title": "h2"}}, "empty", "no body"),
        ('{"a": 1}', {"detail_fields": {"title": "h2"}}, "unreadable answer", "a record's page was due"),
    ],
)  # fmt: skip
def test_what_comes_instead_of_a_detail(page: str, options: dict[str, Any], reason: str, message: str) -> None:
    with pytest.raises(PortalError) as caught:
        detail(page, **options)
    assert caught.value.reason == reason
    assert message in str(caught.value)


def test_a_total_that_is_none_is_told(portal: HtmlPortal, tmp_path: Path) -> None:
    error = told(portal, tmp_path, total="p.nothing", paging={"page": "page"})
    assert error.reason == "layout changed"
    assert "total: no number at `p.nothing`" in str(error)


def test_a_total_that_is_another_number_ends_no_list(portal: HtmlPortal, tmp_path: Path) -> None:
    portal.total = lambda number: "1"
    listing = run(listed(portal, total="p.total", paging={"page": "page"}), tmp_path)
    assert listing.ended
    assert len(listing.identifiers) == len(portal.records)
