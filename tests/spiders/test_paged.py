"""Spiders of odd portals: paging, resuming, and what is told when a page is not what it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response, TextResponse

from harvester.catalog.model import Catalog
from harvester.errors import PortalError, RecordError
from harvester.mapping.fields import to_dataset
from harvester.protocols.base import ProtocolSpider
from harvester.sample_portals.dcat import DcatPortal
from harvester.spiders import Fields, PagedSpider
from tests.portals import faults
from tests.portals.board import Board
from tests.protocols.driver import Listing, run, spider

HTML = "text/html; charset=utf-8"


class Rows(PagedSpider):
    """``<li id=…>`` with a link to the next page."""

    def rows(self, response: TextResponse) -> Any:
        return response.css("li")

    def next_page(self, response: TextResponse) -> str | None:
        return response.css("a.next::attr(href)").get()

    def record(self, row: Any) -> Fields:
        return {"identifier": row.attrib.get("id"), "title": row.css("::text").get(), "landing_page": "view?x=1"}


class Detailed(Rows):
    def details(self, response: TextResponse) -> Fields:
        return {"description": response.css("p::text").get(), "license": response.css("b::text").get()}


def _page(*rows: str, following: str = "", more: str = "") -> bytes:
    listed = "".join(f"<li id={row}>제목 {row}</li>" for row in rows)
    link = f'<a class=next href="{following}">다음</a>' if following else ""
    return f"<!DOCTYPE html><html><body><ul>{listed}</ul>{link}{more}</body></html>".encode()


def _made(url: str, kind: type[PagedSpider] = Rows) -> ProtocolSpider:
    return spider(kind, "spider", url, spider="rows")


def _read(pages: Mapping[str, bytes], tmp_path: Path, kind: type[PagedSpider] = Rows, **how: Any) -> Listing:
    with DcatPortal({path: (HTML, body) for path, body in pages.items()}) as portal:
        if how.get("cursor"):
            how["cursor"] = how["cursor"].replace("{portal}", portal.url)
        found = run(_made(f"{portal.url}/a/list", kind), tmp_path, **how)
        found.portal = portal.url  # type: ignore[attr-defined]
        return found


PAGES = {
    "/a/list": _page("1", "2", following="?page=2"),
    "/a/list?page=2": _page("3", "4", following="list?page=3"),
    "/a/list?page=3": _page("5", following="list?page=3"),
}


def test_pages_are_followed_until_one_leads_nowhere_else(tmp_path: Path) -> None:
    found = _read(PAGES, tmp_path)
    assert found.identifiers == ["1", "2", "3", "4", "5"]
    assert [page.end for page in found.pages] == [False, False, True]
    payload = json.loads(found.records[0].parts[0].payload)
    assert payload == {"title": "제목 1", "landing_page": f"{found.portal}/a/view?x=1"}  # type: ignore[attr-defined]
    assert found.records[0].wanted == {}


@pytest.mark.parametrize("read", [1, 2])
def test_a_resumed_listing_goes_on_from_its_cursor(tmp_path: Path, read: int) -> None:
    first = _read(PAGES, tmp_path, most_pages=read)
    cursor = first.pages[-1].cursor
    assert cursor is not None
    cursor = cursor.replace(first.portal, "{portal}")  # type: ignore[attr-defined]
    assert first.identifiers + _read(PAGES, tmp_path, cursor=cursor).identifiers == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("pages", "reason", "words"),
    [
        ({"/a/list": _page()}, "layout changed", "rows() finds nothing"),
        ({"/a/list": faults.LOGIN_PAGE.encode()}, "login page", "rows() finds nothing"),
        ({"/a/list": b" "}, "empty", "no body"),
        ({"/a/list": b"<li>a</li><li>b</li>"}, "layout changed", "none of 2 rows can be read"),
        ({"/a/list": _page("1", following="/b"), "/b": _page()}, "layout changed", "/b: rows()"),
        ({"/a/list": _page("1", following="/b"), "/b": faults.LOGIN_PAGE.encode()}, "login page", "/b: rows()"),
        ({"/a/list": _page("1", following="javascript:go(2)")}, "layout changed", "no web address"),
        ({"/a/list": _page("1", following="/b"), "/b": _page("2", following="/a/list")}, "endless paging", "/a/list"),
    ],
)
def test_what_is_no_page_of_the_list_ends_it_with_a_reason(
    tmp_path: Path, pages: dict[str, bytes], reason: str, words: str
) -> None:
    with pytest.raises(PortalError) as caught:
        _read(pages, tmp_path)
    assert caught.value.reason == reason
    assert words in str(caught.value)


def test_an_answer_that_is_no_text_is_told(tmp_path: Path) -> None:
    with DcatPortal({"/a/list": ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(100))}) as portal:
        with pytest.raises(PortalError) as caught:
            run(_made(f"{portal.url}/a/list"), tmp_path)
        assert caught.value.reason == "unreadable answer"


def test_a_list_that_says_that_it_is_empty_is_no_changed_layout(tmp_path: Path) -> None:
    class Counted(Rows):
        def total(self, response: TextResponse) -> int | None:
            return int(response.css("em::text").get(""))

    found = _read({"/a/list": _page(more="<em>0</em>")}, tmp_path, Counted)
    assert (found.ended, found.pages[0].declared_total, found.records) == (True, 0, [])
    with pytest.raises(PortalError, match=r"total\(\): ValueError"):
        _read({"/a/list": _page("1")}, tmp_path, Counted)


def test_a_row_that_cannot_be_read_is_rejected_and_the_others_go_on(tmp_path: Path) -> None:
    class Brittle(Rows):
        def record(self, row: Any) -> Fields:
            fields = super().record(row)
            return {**fields, "modified": {"3": object(), "2": 1}.get(row.attrib["id"], "2026").upper()}  # type: ignore[attr-defined]

    found = _read({"/a/list": _page("1", "2", "3")}, tmp_path, Brittle)
    assert found.identifiers == ["1"]
    assert [(one.issue.code, b"<li" in one.payload) for one in found.rejected] == [("unreadable-row", True)] * 2
    assert "AttributeError" in found.rejected[0].issue.message


def test_details_are_wanted_where_the_spider_reads_them_and_again_when_the_row_changed(tmp_path: Path) -> None:
    class Viewed(Detailed):
        views = 1
        modified = "2026.03.02"

        def record(self, row: Any) -> Fields:
            return {**super().record(row), "views": self.views, "modified": self.modified}

    with DcatPortal({"/list": (HTML, _page("1"))}) as portal:
        (first,) = run(_made(f"{portal.url}/list", Viewed), tmp_path).records
        Viewed.views = 2
        (seen,) = run(_made(f"{portal.url}/list", Viewed), tmp_path).records
        portal.files["/list"] = (HTML, _page("1").replace("제목".encode(), "이름".encode()))
        (renamed,) = run(_made(f"{portal.url}/list", Viewed), tmp_path).records
        Viewed.modified = "-"
        (undated,) = run(_made(f"{portal.url}/list", Viewed), tmp_path).records
        assert first.wanted == {"details": f"{portal.url}/view?x=1"}
    assert first.parts != seen.parts
    assert first.revision == seen.revision != renamed.revision
    assert undated.revision == "job 1", "nothing but the page itself tells whether it has changed"


def test_a_details_page_gives_a_part_or_says_why_not() -> None:
    made = _made("https://portal.example", Detailed)

    def part(body: str, kind: type[Response] = HtmlResponse, **how: Any) -> Any:
        headers = {"Content-Type": HTML}
        return made.detail_part("details", kind("https://portal.example/1", body=body.encode(), headers=headers, **how))

    found = part("<p>설명</p><b> </b>", encoding="utf-8")
    assert (found.name, found.format) == ("details", "fields")
    assert json.loads(found.payload) == {"description": "설명", "license": " "}
    for body, reason in (("<i>x</i>", "layout changed"), (faults.LOGIN_PAGE, "login page"), ("", "empty")):
        with pytest.raises(PortalError) as caught:
            part(body, encoding="utf-8")
        assert caught.value.reason == reason
    with pytest.raises(PortalError) as caught:
        part("\x00\x01", Response)
    assert caught.value.reason == "unreadable answer"


def test_a_list_may_be_asked_for_with_a_form(tmp_path: Path) -> None:
    class Posted(Rows):
        def page_request(self, address: str, **how: Any) -> Request:
            return self.request(address, self._read, method="POST", body="pageIndex=1", **how)

    asked = []

    def noting(request: Any) -> None:
        asked.append((request.method, request.form))

    with DcatPortal({"/list": (HTML, _page("1"))}) as portal, portal.failing(noting):
        assert run(_made(f"{portal.url}/list", Posted), tmp_path).identifiers == ["1"]
    assert asked == [("POST", {"pageIndex": "1"})]


def test_relative_addresses_are_those_of_the_page_and_files_too(tmp_path: Path) -> None:
    class Files(Rows):
        def record(self, row: Any) -> Fields:
            return {
                "identifier": 7,
                "title": "가",
                "download_url": "../f.csv",
                "distribution": [{"download_url": "g.csv", "title": "나"}, "h"],
                "keyword": [],
            }

    found = _read({"/a/list": _page("1")}, tmp_path, Files)
    payload = json.loads(found.records[0].parts[0].payload)
    assert found.identifiers == ["7"]
    assert payload["download_url"].endswith("/f.csv")
    assert payload["distribution"][0]["download_url"].endswith("/a/g.csv")
    assert "keyword" not in payload


def test_the_pages_of_the_sample_board_are_in_korean(tmp_path: Path) -> None:
    class OfBoard(Rows):
        def rows(self, response: TextResponse) -> Any:
            return response.css("ul.board li")

        def record(self, row: Any) -> Fields:
            return {"identifier": row.css("a::attr(onclick)").re_first(r"\d+"), "title": row.css("a::text").get()}

    with Board() as board:
        found = run(_made(f"{board.url}/data/list.do", OfBoard), tmp_path)
    assert "공영주차장 현황" in found.records[0].parts[0].payload.decode()


def test_fields_become_a_dataset_and_names_that_are_no_property_are_told() -> None:
    catalog = Catalog(source="a.b", url="https://portal.example", language="ko")
    payload = json.dumps({"title": "제목", "colour": "blue", "additional.room": "7", "views": "1,200"}).encode()
    mapped = to_dataset(payload, "1", catalog)
    assert mapped.dataset.title == {"ko": "제목"}
    assert mapped.dataset.additional == {"room": "7"}
    assert mapped.counters == {"views": 1200}
    assert mapped.unread == ("colour",)
    for junk in (b"", b"[]", b"{", b'"x"'):
        with pytest.raises(RecordError):
            to_dataset(junk, "1", catalog)
