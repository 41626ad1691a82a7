"""The data.go.kr spider against a small portal with rows of our own, in the recorded shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from harvester import config
from harvester.crawl.run import harvest_source
from harvester.errors import PortalError
from harvester.ledger import Ledger
from harvester.members import HarvestSource
from harvester.options.datagokr import DataGoKrOptions
from harvester.protocols.datagokr import DataGoKrSpider, selection
from harvester.sample_portals.datagokr import DataGoKrPortal, Row, write_table
from tests.portals import faults
from tests.protocols.driver import Listing, fetch, run, spider

HEADER_2022 = [
    "목록키", "목록유형", "목록명", "목록설명", "조회수", "분류체계", "기관코드", "기관명",
    "국가중점여부", "표준데이터여부", "목록.등록일", "목록.수정일", "목록.URL",
]  # fmt: skip


def row(number: int, organisation: str = "가람전력공사", **cells: str) -> Row:
    key = str(99000000 + number)
    return {
        "목록키": key,
        "목록유형": "FILE",
        "목록명": f"{organisation}_목록 {number}",
        "목록설명": "지어낸 설명",
        "조회수": str(number * 7),
        "분류체계": "공공행정",
        "기관코드": "B000001",
        "기관명": organisation,
        "국가중점여부": "N",
        "표준데이터여부": "N",
        "목록.등록일": "2021-01-02",
        "목록.수정일": "2022-03-04",
        "목록.URL": f"https://www.data.go.kr/data/{key}/fileData.do",
        **cells,
    }


def listing(
    portal: DataGoKrPortal, tmp_path: Path, cursor: str | None = None, most: int = 10_000, **more: Any
) -> Listing:
    return run(spider(DataGoKrSpider, "datagokr", portal.url, **more), tmp_path, cursor, most)


def of_lines(*lines: str, encoding: str = "utf-8") -> DataGoKrPortal:
    table = "\n".join([",".join(HEADER_2022), *lines, ""]).encode(encoding)
    return DataGoKrPortal(table, rows=())


def cells(record: Any) -> dict[str, str]:
    return msgspec.json.decode(record.parts[0].payload, type=dict[str, str])


GOOD = (
    "{key},FILE,제목 {key},설명,7,공공행정,B1,가람전력공사,N,N,2021-01-02,2022-03-04,https://www.data.go.kr/data/{key}"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_catalogue_is_read_in_any_of_its_encodings(encoding: str, newline: str, tmp_path: Path) -> None:
    rows = [row(number, 목록설명=f'쉼표, 와 "따옴표" 와{newline}줄바꿈 {number}') for number in range(30)]
    table = write_table(HEADER_2022, rows, encoding, newline)
    with DataGoKrPortal(table, rows=rows) as portal:
        found = listing(portal, tmp_path)
    assert [cells(record) for record in found.records] == rows
    assert found.rejected == []
    assert found.ended


def test_a_syllable_that_only_cp949_has_survives(tmp_path: Path) -> None:
    rows = [row(1, 목록명="똠방각하 펲시 현황")]
    with DataGoKrPortal(write_table(HEADER_2022, rows, "cp949"), rows=rows) as portal:
        found = listing(portal, tmp_path)
    assert cells(found.records[0])["목록명"] == "똠방각하 펲시 현황"


def test_agencies_are_chosen_by_exact_name_or_by_beginning() -> None:
    chosen = selection(["한국전력공사", "경상북도*"])
    names = ["한국전력공사", "한국전력공사 본사", "경상북도", "경상북도 포항시", "경찰청 경상북도경찰청", ""]
    assert [name for name in names if chosen(name)] == ["한국전력공사", "경상북도", "경상북도 포항시"]
    assert all(map(selection([]), names))


def test_only_rows_of_the_source_s_agencies_are_listed(tmp_path: Path) -> None:
    agencies = ["가람전력공사", "새벽도", "새벽도 별내시", "경찰청 새벽도경찰청", "가람전력공사 별관"]
    rows = [row(number, agencies[number % 5]) for number in range(50)]
    with DataGoKrPortal(write_table(HEADER_2022, rows), rows=rows) as portal:
        exact = listing(portal, tmp_path, organisations=("가람전력공사",))
        prefix = listing(portal, tmp_path, organisations=("새벽도*",))
        everything = listing(portal, tmp_path, page_rows=7)
    assert len(exact.records) == 10
    assert {cells(record)["기관명"] for record in prefix.records} == {"새벽도", "새벽도 별내시"}
    assert len(prefix.records) == 20
    assert [len(page.records) for page in everything.pages] == [7] * 7 + [1]


def test_both_spellings_of_the_header_are_known(tmp_path: Path) -> None:
    header = ["목록키", "목록유형", "목록명", "제공기관", "수정일", "목록 URL"]
    rows = [
        {
            **row(1),
            "제공기관": "가람전력공사",
            "수정일": "45000",
            "목록 URL": "https://www.data.go.kr/data/1/standard.do",
        }
    ]
    with DataGoKrPortal(write_table(header, rows), rows=rows) as portal:
        found = listing(portal, tmp_path, organisations=("가람전력공사",), details=("schema_org", "rdf"))
    assert found.records[0].revision == "45000 · 가람전력공사_목록 1 · 가람전력공사"


def test_a_title_above_the_header_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    table = "공공데이터포털 목록개방현황\n\n" + ",".join(HEADER_2022) + "\n\n" + GOOD.format(key=99000001) + "\n\n"
    with DataGoKrPortal(table.encode("cp949"), rows=()) as portal:
        found = listing(portal, tmp_path)
    assert found.identifiers == ["99000001"]
    assert found.rejected == []


def test_quotation_marks_that_nobody_doubled_are_text(tmp_path: Path) -> None:
    broken = '99000002,FILE,"가람 "전력" 현황",설명,7,공공행정,B1,가람전력공사,N,N,2021-01-02,2022-03-04,u'
    unclosed = '99000003,FILE,"닫지 않은 제목,설명,7,공공행정,B1,가람전력공사,N,N,2021-01-02,2022-03-04,u'
    inside = '99000004,FILE,가람 "전력" 현황,설명,7,공공행정,B1,가람전력공사,N,N,2021-01-02,2022-03-04,u'
    with of_lines(GOOD.format(key=99000001), broken, unclosed, inside, GOOD.format(key=99000005)) as portal:
        found = listing(portal, tmp_path)
    titles = {record.identifier: cells(record)["목록명"] for record in found.records}
    assert titles == {
        "99000001": "제목 99000001",
        "99000002": '가람 "전력" 현황',
        "99000003": "닫지 않은 제목",
        "99000004": '가람 "전력" 현황',
        "99000005": "제목 99000005",
    }
    assert found.rejected == []


def test_a_row_that_cannot_be_told_is_rejected_with_its_text_and_costs_no_other(tmp_path: Path) -> None:
    lines = [
        GOOD.format(key=99000001),
        '99000002,FILE,"제목, "둘", 셋",설명, 또 설명,7,공공행정,B1,가람전력공사,N,N,2021-01-02,2022-03-04,u',
        GOOD.format(key=99000003),
        '99000004,FILE,"닫지 않은, 제목,설명,7,공공행정,B1,가람전력공사,N,N,2021-01-02,2022-03-04,u',
        GOOD.format(key=99000005),
        "99000006,FILE,너무 짧은 행",
        GOOD.format(key=99000007),
        "합계 7건",
        GOOD.format(key=99000008),
        "99000009,FILE,줄이\n바뀐 제목,설명,7,공공행정,B1,가람전력공사,N,N,2021-01-02,2022-03-04,u",
        ",FILE,키가 없는 행,설명,7,공공행정,B1,가람전력공사,N,N,2021-01-02,2022-03-04,u",
        GOOD.format(key=99000010) + ",한 칸 더",
    ]
    with of_lines(*lines) as portal:
        found = listing(portal, tmp_path)
        chosen = listing(portal, tmp_path, organisations=("가람전력공사",))
        other = listing(portal, tmp_path, organisations=("다른공사",))
    assert found.identifiers == ["99000001", "99000003", "99000005", "99000007", "99000008"]
    assert [rejected.payload.decode() for rejected in found.rejected] == [
        lines[1], lines[3], lines[5], lines[7], lines[9], lines[10], lines[11],
    ]  # fmt: skip
    assert {rejected.issue.code for rejected in found.rejected} == {"broken-row", "no-identifier"}
    assert len(found.records) + len(found.rejected) == len(lines)
    # A row that nobody can read is told to the sources whose agency it names.
    assert chosen.identifiers == found.identifiers
    assert len(chosen.rejected) == 5
    assert (other.records, other.rejected) == ([], [])


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_file(tmp_path: Path) -> None:
    unclosed = '99000001,FILE,"제목, 하나,설명,7,공공행정,B1,가람전력공사,N,N,2021-01-02,2022-03-04,u'
    with of_lines(unclosed, *(GOOD.format(key=99000002 + number) for number in range(3000))) as portal:
        found = listing(portal, tmp_path)
    assert len(found.records) == 3000
    assert len(found.rejected) == 1


def test_a_stray_byte_costs_a_letter_and_not_the_catalogue(tmp_path: Path) -> None:
    lines = [GOOD.format(key=99000001 + number) for number in range(5000)]
    table = "\n".join([",".join(HEADER_2022), *lines, ""]).encode().replace("제목 99000003".encode(), b"\xff 99000003")
    with DataGoKrPortal(table, rows=()) as portal:
        found = listing(portal, tmp_path)
    assert len(found.records) == 5000
    assert cells(found.records[2])["목록명"] == "\ufffd 99000003"


def test_a_listing_goes_on_from_any_cursor(tmp_path: Path) -> None:
    rows = [row(number, "가람전력공사" if number % 3 else "다른공사") for number in range(100)]
    with DataGoKrPortal(write_table(HEADER_2022, rows), rows=rows) as portal:
        whole = listing(portal, tmp_path, page_rows=10, organisations=("가람전력공사",))
        for number in range(1, len(whole.pages)):
            cursor = whole.pages[number - 1].cursor
            rest = listing(portal, tmp_path, cursor, page_rows=10, organisations=("가람전력공사",))
            assert rest.pages == whole.pages[number:]


def test_another_content_is_read_from_its_beginning_after_the_same_cursor(tmp_path: Path) -> None:
    rows = [row(number) for number in range(50)]
    with DataGoKrPortal(write_table(HEADER_2022, rows), rows=rows) as portal:
        first = listing(portal, tmp_path, most=2, page_rows=10)
        portal.replace(write_table(HEADER_2022, rows[5:]), rows[5:])
        rest = listing(portal, tmp_path, first.pages[-1].cursor, page_rows=10)
    assert rest.pages[0].after == first.pages[-1].cursor
    assert [page.anew for page in (*first.pages, *rest.pages)] == [False, False, True, False, False, False, False]
    assert rest.identifiers == [row["목록키"] for row in rows[5:]]


def test_an_agency_without_rows_gives_an_empty_end(tmp_path: Path) -> None:
    with of_lines(GOOD.format(key=99000001)) as portal:
        found = listing(portal, tmp_path, organisations=("없는공사",))
    assert len(found.pages) == 1
    assert found.ended
    assert found.records == []


def test_further_parts_are_wanted_by_type_and_by_address(tmp_path: Path) -> None:
    rows = [
        row(1),
        row(2, 목록유형="API"),
        row(3, 목록유형="STD"),
        row(4, 목록유형="LINKED"),
        row(5, 목록유형="NEW", **{"목록.URL": "https://www.data.go.kr/data/99000005/openapi.do"}),
        row(6, 목록유형="NEW", **{"목록.URL": "-"}),
    ]
    with DataGoKrPortal(write_table(HEADER_2022, rows), rows=rows) as portal:
        found = listing(portal, tmp_path, details=("schema_org", "rdf"))
        plain = listing(portal, tmp_path)
    wanted = [record.wanted.get("schema_org", "").removeprefix(portal.url) for record in found.records]
    assert wanted == [
        "/catalog/99000001/fileData.json",
        "/catalog/99000002/openapi.json",
        "/catalog/99000003/standard.json",
        "/catalog/99000004/linkedData.json",
        "/catalog/99000005/openapi.json",
        "",
    ]
    assert found.records[5].wanted["rdf"] == f"{portal.url}/dcat/metadata/99000006"
    assert all(not record.wanted and record.revision is None for record in plain.records)


def test_a_revision_moves_with_what_matters_and_never_with_counters(tmp_path: Path) -> None:
    def revision(**changed: str) -> str | None:
        rows = [row(1, **changed)]
        with DataGoKrPortal(write_table(HEADER_2022, rows), rows=rows) as portal:
            return listing(portal, tmp_path, details=("rdf",)).records[0].revision

    assert revision(조회수="123456") == revision()
    assert revision(**{"목록.수정일": "2022-03-05"}) != revision()
    assert revision(목록명="새 제목") != revision()
    assert revision(기관명="새 기관") != revision()


@pytest.mark.parametrize("shape", ["v1", "v2"])
def test_further_parts_are_read_as_they_come(shape: Any, tmp_path: Path) -> None:
    rows = [row(1, 목록설명='첫 줄<br/>둘째 "줄" R&D'), row(2, 목록유형="API"), row(3, 목록유형="STD")]
    with DataGoKrPortal(write_table(HEADER_2022, rows), rows=rows, shape=shape, withdrawn=["99000002"]) as portal:
        made = spider(DataGoKrSpider, "datagokr", portal.url, details=("schema_org", "rdf", "page"))
        records = run(made, tmp_path).records
        parts = {}
        for record in records:
            for name, address in record.wanted.items():
                request = made.detail_request(record, name, address)
                try:
                    parts[record.identifier, name] = made.detail_part(name, fetch(request, tmp_path))
                except PortalError as error:
                    parts[record.identifier, name] = error.reason
    assert {parts["99000002", name] for name in ("rdf", "schema_org", "page")} == {"not found"}
    assert parts["99000001", "page"].format == "datagokr_html"
    assert "공공데이터활용지원센터".encode() in parts["99000001", "page"].payload
    schema_org = parts["99000001", "schema_org"]
    assert schema_org.format == "datagokr_json"
    keywords = msgspec.json.decode(schema_org.payload)["keywords"]
    assert isinstance(keywords, list if shape == "v1" else str)
    assert parts["99000001", "rdf"].format == "datagokr_rdf"
    assert b"<br/>" in parts["99000001", "rdf"].payload
    assert parts["99000003", "schema_org"].name == "schema_org"


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("rdf", faults.LOGIN_PAGE.encode(), "login page"),
        ("rdf", b'{"error": 1}', "unreadable answer"),
        ("rdf", b"", "empty"),
        ("schema_org", faults.MAINTENANCE_PAGE.encode(), "layout changed"),
        ("schema_org", b"[]", "layout changed"),
        ("schema_org", b"{}", "layout changed"),
        ("schema_org", b'{"name": "cut', "unreadable answer"),
        ("page", faults.LOGIN_PAGE.encode(), "login page"),
        ("page", faults.LOGIN_PAGE.encode() + b"<script>alert('x')</script>", "login page"),
        ("page", faults.MAINTENANCE_PAGE.encode(), "layout changed"),
        ("page", b"<div id=contents><table></table></div>", "layout changed"),
        ("page", b"<script>alert('gone')</script>", "not found"),
        ("page", b'{"error": 1}', "unreadable answer"),
        ("page", b"", "empty"),
    ],
)
def test_a_further_part_that_is_none_has_its_reason(name: str, body: bytes, reason: str, tmp_path: Path) -> None:
    with of_lines(GOOD.format(key=99000001)) as portal:
        made = spider(DataGoKrSpider, "datagokr", portal.url, details=("schema_org", "rdf", "page"))
        record = run(made, tmp_path).records[0]
        with portal.failing(faults.body(body, "text/plain")), pytest.raises(PortalError) as error:
            made.detail_part(name, fetch(made.detail_request(record, name, record.wanted[name]), tmp_path))
    assert error.value.reason == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (faults.LOGIN_PAGE.encode(), "login page"),
        (faults.MAINTENANCE_PAGE.encode("cp949"), "layout changed"),
        (b'{"code": -401, "msg": "no key"}', "error inside 200"),
        (b"", "empty"),
        ("번호,이름\n1,가\n".encode(), "layout changed"),
        ("목록키,목록유형,목록명\n99000001,FILE,가\n".encode(), "layout changed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xff\xff\xff", "layout changed"),
        (b"PK\x03\x04" + bytes(range(128, 256)) * 40, "unreadable answer"),
    ],
)
def test_a_download_that_is_no_catalogue_has_its_reason(body: bytes, reason: str, tmp_path: Path) -> None:
    with (
        of_lines() as portal,
        portal.failing(faults.body(body, "application/octet-stream", faults.at("fileDownload"))),
        pytest.raises(PortalError) as error,
    ):
        listing(portal, tmp_path)
    assert error.value.reason == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (faults.LOGIN_PAGE.encode(), "login page"),
        (b'{"name": "x"}', "layout changed"),
        (b'{"name": "x", "distribution": []}', "layout changed"),
        (b'{"name": "x", "distribution": [{"contentUrl": null}]}', "layout changed"),
        (b'{"name": "x", "distribution": 7}', "layout changed"),
        (b"not json", "unreadable answer"),
    ],
)
def test_a_catalogue_whose_file_cannot_be_found_has_its_reason(body: bytes, reason: str, tmp_path: Path) -> None:
    with (
        of_lines() as portal,
        portal.failing(faults.body(body, where=faults.at("/catalog/"))),
        pytest.raises(PortalError) as error,
    ):
        listing(portal, tmp_path)
    assert error.value.reason == reason


def test_one_file_that_is_no_list_is_enough(tmp_path: Path) -> None:
    with of_lines(GOOD.format(key=99000001)) as portal:
        described = b'{"name": "x", "distribution": {"contentUrl": "/cmm/cmm/fileDownload.do?x=1"}}'
        with portal.failing(faults.body(described, where=faults.at("/catalog/"))):
            found = listing(portal, tmp_path)
    assert found.identifiers == ["99000001"]


def test_a_page_completes_what_the_other_parts_leave_open(tmp_path: Path) -> None:
    rows = [
        row(1, 이용허락범위="공공저작물_출처표시", **{"관리부서 전화번호": "`0330000001", "확장자(데이터포맷)": "CSV"}),
        row(2, 목록유형="API", **{"확장자(데이터포맷)": "JSON+XML", "관리 부서명": "시험부"}),
    ]
    settings = config.settings(tmp_path)
    with DataGoKrPortal() as portal:
        rows = [{**one, "목록.URL": one["목록.URL"].replace("https://www.data.go.kr", portal.url)} for one in rows]
        rows[1]["목록.URL"] = rows[1]["목록.URL"].replace("fileData", "openapi")
        portal.replace(write_table(HEADER_2022, rows), rows)
        options = DataGoKrOptions(details=("page",))
        source = HarvestSource(
            member="test", key="page", title="page", protocol="datagokr", url=portal.url, options=options,
            evidence="assumed", language="ko", allow_private=True,
        )  # fmt: skip
        report = harvest_source(settings, source)
    assert (report.verdict, report.created) == ("complete", 2)
    with Ledger.open(settings.database_url) as ledger:
        found = {one.identifier: msgspec.json.decode(one.content) for one in ledger.export(source.name)}
        assert ledger.issue_counts(report.job) == {}
    file, api = found["99000001"], found["99000002"]
    assert file["publisher"]["name"] == {"ko": "가람전력공사"}
    assert file["license"]["code"] == "KOGL-1"  # a picture
    assert file["contact_point"][0]["telephone"] == "033-000-0001"  # written by a script
    assert [one["format"]["code"] for one in file["distribution"]] == ["CSV"]
    assert api["title"] == {"ko": "가람전력공사_목록 2"}
    assert [one["format"]["code"] for one in api["distribution"]] == ["JSON", "XML"]
    assert api["contact_point"][0]["name"] == {"ko": "시험부"}
