"""The table spider against files of our own: encodings, delimiters, broken quoting, workbooks, resuming, faults."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harvester import config
from harvester.crawl.run import harvest_source
from harvester.errors import PortalError
from harvester.ledger import JobReport, Ledger
from harvester.members import HarvestSource
from harvester.options import OPTIONS
from harvester.protocols import spreadsheet
from harvester.protocols.table import TableSpider
from harvester.protocols.tables import TableFile
from harvester.sample_portals.dcat import DcatPortal
from tests.portals import faults
from tests.protocols.driver import Listing, run, spider
from tests.protocols.workbooks import ods, xlsx, xlsx_of

COLUMNS = {"title": "제목", "description": ("설명", "비고")}
CSV = "text/csv"


def read(body: bytes | str, tmp_path: Path, content_type: str = CSV, **options: Any) -> Listing:
    content = body.encode() if isinstance(body, str) else body
    asked = {"identifier": "번호", "columns": COLUMNS, **options}
    with DcatPortal({"/list": (content_type, content)}) as portal:
        return run(spider(TableSpider, "table", portal.url, path="/list", **asked), tmp_path)


def rows(found: Listing) -> list[dict[str, str]]:
    return [json.loads(record.parts[0].payload) for record in found.records]


TABLE = "번호,제목,설명\n1,하나,첫째\n2,둘,둘째\n"


def test_a_workbook_is_read_without_the_modules_of_the_folder_that_a_harvest_is_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zipfile.py").write_text("raise RuntimeError('not the one of Python')")
    monkeypatch.chdir(tmp_path)
    book = tmp_path / "book.xlsx"
    book.write_bytes(xlsx({"목록": [["번호", "제목"], ["1", "하나"]]}))
    (sheet,) = spreadsheet.sheets_of_workbook(book, "http://portal.example/")
    assert list(spreadsheet.rows_of_workbook(book, sheet, "http://portal.example/"))[-1] == ["1", "하나"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_encodings_and_delimiters_are_told_from_the_file(
    encoding: str, delimiter: str, ending: str, tmp_path: Path
) -> None:
    body = TABLE.replace(",", delimiter).replace("\n", ending).encode(encoding)
    found = read(body, tmp_path)
    assert rows(found) == [
        {"번호": "1", "제목": "하나", "설명": "첫째"},
        {"번호": "2", "제목": "둘", "설명": "둘째"},
    ]
    assert (found.identifiers, found.ended) == (["1", "2"], True)


def test_other_encodings_are_taken_from_the_answer_or_the_member_file(tmp_path: Path) -> None:
    names = {"identifier": "id", "columns": {"title": "naïve"}}
    body = "id,naïve\n1,éé\xff\n".encode("latin-1")
    assert rows(read(body, tmp_path, "text/csv; charset=iso-8859-1", **names)) == [{"id": "1", "naïve": "éé\xff"}]
    assert rows(read(body, tmp_path, encoding="latin-1", **names)) == [{"id": "1", "naïve": "éé\xff"}]
    with pytest.raises(PortalError, match="neither UTF-8 nor CP949"):
        read(body, tmp_path, **names)


def test_the_header_is_found_below_a_title(tmp_path: Path) -> None:
    body = '데이터 목록 (2026-03 기준),,\n,,\n번호, 제목 ,"설명\n(요약)"\n1,하나,첫째\n'
    columns = {"title": "제목", "description": "설명 (요약)"}
    assert rows(read(body, tmp_path, columns=columns)) == [{"번호": "1", "제목": "하나", "설명 (요약)": "첫째"}]


def test_columns_without_a_name_or_with_the_same_are_kept_apart(tmp_path: Path) -> None:
    body = "번호,제목,비고,비고,,\n1,하나,a,b,c,\n2,둘,d,e\n"
    assert rows(read(body, tmp_path)) == [
        {"번호": "1", "제목": "하나", "비고": "a", "비고 (2)": "b", "column 5": "c"},
        {"번호": "2", "제목": "둘", "비고": "d", "비고 (2)": "e"},
    ]


def test_cells_may_hold_lines_and_delimiters(tmp_path: Path) -> None:
    body = '번호,제목,설명\n1,"하나, 그리고","첫째 줄\n둘째 ""줄""\n\n"\n2,둘,\n'
    assert [row["설명"] for row in rows(read(body, tmp_path))] == ['첫째 줄\n둘째 "줄"\n\n', ""]


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ('2,"둘 "인용" 둘",x', '둘 "인용" 둘'),
        ('2,5" 디스크,x', '5" 디스크'),
        ("2,둘,x,,,", "둘"),
        ("2,둘,x,넘침", None),
        ("2,둘", None),
        ('2,"둘,x', "둘"),
        ('2,"둘,"x', "둘"),
        ('2,"둘,x,y,z', None),
    ],
)
def test_broken_rows_are_mended_or_rejected_and_the_others_stay(line: str, title: str | None, tmp_path: Path) -> None:
    found = read(f"{TABLE}{line}\n3,셋,셋째\n".replace("2,둘,둘째\n", ""), tmp_path)
    read_rows = {row["번호"]: row["제목"] for row in rows(found)}
    assert (read_rows.pop("1"), read_rows.pop("3")) == ("하나", "셋")
    if title is None:
        assert not read_rows
        assert [one.issue.code for one in found.rejected] == ["broken-row"]
        assert found.rejected[0].payload.decode() == line
    else:
        assert read_rows == {"2": title}


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_file(tmp_path: Path) -> None:
    body = TABLE + '3,"셋,셋째\n4,"넷,a,b,c\n' + "".join(f"{number},x,y\n" for number in range(5, 200))
    found = read(body, tmp_path)
    assert found.identifiers == ["1", "2", "3", *map(str, range(5, 200))]
    assert rows(found)[2] == {"번호": "3", "제목": "셋", "설명": "셋째"}
    assert [one.payload.decode() for one in found.rejected] == ['4,"넷,a,b,c']


def test_rows_without_identifier_are_rejected_with_their_text(tmp_path: Path) -> None:
    found = read("번호,제목,설명\n,하나,첫째\n  ,둘,\n3,셋,\n\n,,\n", tmp_path)
    assert found.identifiers == ["3"]
    assert [(one.issue.code, one.payload.decode()) for one in found.rejected] == [
        ("no-identifier", ",하나,첫째"),
        ("no-identifier", "  ,둘,"),
    ]


def test_several_columns_may_name_a_record(tmp_path: Path) -> None:
    found = read("기관,번호,제목,설명\n가,1,하나,\n나,1,둘,\n,2,셋,\n", tmp_path, identifier=["기관", "번호"])
    assert found.identifiers == ["가/1", "나/1", "/2"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (faults.LOGIN_PAGE, "login page"),
        (faults.MAINTENANCE_PAGE, "layout changed"),
        ("", "empty"),
        ('{"error": "down"}', "error inside 200"),
        ("이름,설명\n1,2\n", "layout changed"),
        ("번호,제모,설명\n1,2,3\n", "layout changed"),
        ("번호,설명\n1,2\n", "layout changed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "unreadable answer"),
        (b"PK\x03\x04 but no archive", "unreadable answer"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 but no workbook", "unreadable answer"),
        (xlsx({"s": [["번호", "제목", "설명"], [1, 2, 3]]})[:-200], "unreadable answer"),
    ],
)
def test_an_answer_that_is_no_such_table_has_its_reason(body: bytes | str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(PortalError) as error:
        read(body, tmp_path)
    assert error.value.reason == reason


def test_a_column_that_is_missing_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(PortalError, match=r"no header with 제목 .*did you mean '제목명'"):
        read("번호,제목명,설명\n1,2,3\n", tmp_path)


def test_a_table_without_rows_is_an_empty_list(tmp_path: Path) -> None:
    for body in ("번호,제목,설명\n", xlsx({"s": [["번호", "제목", "설명"]]})):
        found = read(body, tmp_path)
        assert (found.records, found.rejected, found.ended) == ([], [], True)


SHEET = [["목록"], [None, None], ["번호", "제목", "설명"], [1, "하나", "첫째"], [2.0, "둘", 2.5], [None, "셋", None]]


@pytest.mark.parametrize(
    "body", [xlsx({"s": SHEET}), ods([["목록", "", ""], *(map(lambda x: x or "", r) for r in SHEET[2:])])]
)
def test_workbooks_are_read_like_other_tables(body: bytes, tmp_path: Path) -> None:
    found = read(body, tmp_path, "application/octet-stream")
    assert found.identifiers[0] == "1"
    assert rows(found)[0] == {"번호": "1", "제목": "하나", "설명": "첫째"}
    assert rows(found)[1]["설명"] == "2.5"
    assert [one.payload.decode() for one in found.rejected] == ["\t셋\t"]


def test_a_sheet_may_be_named(tmp_path: Path) -> None:
    body = xlsx({"빈 것": [], "안내": [["읽어 주세요"]], "목록": SHEET})
    assert read(body, tmp_path, sheet="목록").identifiers == ["1", "2"]
    assert read(body, tmp_path).identifiers == ["1", "2"], "the first sheet that has the columns"
    with pytest.raises(PortalError, match="no header"):
        read(body, tmp_path, sheet="안내")
    with pytest.raises(PortalError, match="no sheet '없음'; there are 빈 것, 안내, 목록"):
        read(body, tmp_path, sheet="없음")


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = xlsx_of({"s": " " * (1 << 28)})
    assert len(bomb) < 1 << 20
    with pytest.raises(PortalError, match="268,435,456 bytes") as error:
        read(bomb, tmp_path)
    assert error.value.reason == "limit"


def test_a_workbook_with_cells_at_opposite_corners_costs_a_process_and_not_the_crawl(tmp_path: Path) -> None:
    cell = '<c r="{0}{1}" t="inlineStr"><is><t>x</t></is></c>'
    corners = f'<row r="1">{cell.format("A", 1)}</row><row r="1048576">{cell.format("XFD", 1048576)}</row>'
    with pytest.raises(PortalError) as error:
        read(xlsx_of({"s": corners}), tmp_path)
    assert error.value.reason == "limit"


def test_a_process_that_is_left_in_the_middle_ends(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    file.write_bytes(xlsx({"s": [["번호", "제목"], *([number, "x"] for number in range(20_000))]}))
    rows = spreadsheet.rows_of_workbook(file, "s", "http://x.example")
    assert next(rows) == ["번호", "제목"]
    rows.close()  # waits for the process


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_listing_goes_on_from_every_cursor(kind: str, tmp_path: Path) -> None:
    table = [["번호", "제목", "설명"], *([str(number), "x", ""] for number in range(1, 38))]
    table.insert(17, ["", "ohne", ""])
    body = xlsx({"s": table}) if kind == "xlsx" else "\n".join(map(",".join, table)).encode()
    options: dict[str, Any] = {"identifier": "번호", "columns": COLUMNS, "page_rows": 10}
    with DcatPortal({"/list": (CSV, body)}) as portal:
        whole = run(spider(TableSpider, "table", f"{portal.url}/list", **options), tmp_path)
        assert [len(page.records) + len(page.rejected) for page in whole.pages] == [10, 10, 10, 8]
        for number, page in enumerate(whole.pages[:-1], 1):
            rest = run(spider(TableSpider, "table", f"{portal.url}/list", **options), tmp_path, page.cursor)
            assert rest.pages == whole.pages[number:]
        portal.files["/list"] = (CSV, (body if kind == "csv" else b"") + "번호,제목,설명\n900,x,\n".encode())
        rest = run(spider(TableSpider, "table", f"{portal.url}/list", **options), tmp_path, whole.pages[1].cursor)
        assert rest.pages[0].after == whole.pages[1].cursor
        assert rest.identifiers[-1] == "900"


def test_memory_does_not_depend_on_the_length_of_a_csv(tmp_path: Path) -> None:
    peaks = {}
    for number in (2_000, 40_000):
        file = tmp_path / f"{number}.csv"
        file.write_text(
            "번호,제목,설명\n" + "".join(f'{n},제목,"{"x" * 200}"\n' for n in range(number)), encoding="utf-8"
        )
        tracemalloc.start()
        assert sum(1 for _ in TableFile(file, [["번호"], ["제목"]], "http://x.example")) == number
        peaks[number] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks[40_000] < 1.5 * peaks[2_000]


@given(
    lines=st.lists(
        st.lists(
            st.sampled_from(["1", ",", '"', '""', "가", " ", "\t", ";", "\r", "\n", "\x00", "번호,제목"]), max_size=12
        ),
        max_size=8,
    )
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_below_a_header_breaks_the_reading_or_loses_a_character(lines: list[list[str]], tmp_path: Path) -> None:
    text = "".join("".join(line) + "\n" for line in lines)
    file = tmp_path / "list.csv"
    file.write_bytes(("번호,제목\n" + text).encode())
    try:
        found = list(TableFile(file, [["번호"], ["제목"]], "http://x.example"))
    except PortalError as error:
        assert error.reason == "unreadable answer"  # noqa: PT017 - NUL is the one thing that is refused
        assert "\x00" in text
        return
    kept = "".join(row.raw for row in found)
    for character in "1가":
        assert kept.count(character) == text.count(character)


def harvested(url: str, tmp_path: Path, **options: Any) -> tuple[JobReport, Ledger]:
    home = config.settings(tmp_path)
    source = HarvestSource(
        member="sample",
        key="table",
        title="table",
        protocol="table",
        url=url,
        language="ko",
        options=OPTIONS["table"](**options),
        evidence="recorded",
        allow_private=True,
    )
    return harvest_source(home, source), Ledger.open(home.database_url)


def test_identifiers_of_several_columns_are_told_apart_whatever_is_in_them(tmp_path: Path) -> None:
    body = "기관,목록,제목\nA,B/C,하나\nA/B,C,둘\nA%2FB,C,셋\nA,,넷\nA,B,다섯\n"
    with DcatPortal({"/list": (CSV, body.encode())}) as portal:
        report, ledger = harvested(
            f"{portal.url}/list", tmp_path, identifier=("기관", "목록"), columns={"title": "제목"}
        )
    with ledger:
        found = [held.identifier for held in ledger.export()]
    assert (report.verdict, report.created) == ("complete", 5)
    assert found == ["A/B%2FC", "A%2FB/C", "A%252FB/C", "A/", "A/B"]


def test_identifiers_that_come_twice_are_counted_by_the_ledger(tmp_path: Path) -> None:
    body = TABLE + "2,둘 다시,\n,없음,\n"
    with DcatPortal({"/list": (CSV, body.encode())}) as portal:
        report, ledger = harvested(f"{portal.url}/list", tmp_path, identifier="번호", columns=COLUMNS)
    ledger.close()
    assert (report.verdict, report.listed, report.created) == ("complete", 4, 2)
    assert (report.duplicate, report.rejected) == (1, 1)


CATALOGUE = {
    "title": "목록명",
    "description": "설명",
    "keyword": "키워드",
    "publisher": "제공기관",
    "contact_name": "관리 부서명",
    "contact_telephone": "관리부서 전화번호",
    "issued": "등록일",
    "modified": "수정일",
    "license": "이용허락범위",
    "accrual_periodicity": "업데이트 주기",
    "format": "확장자(데이터포맷)",
    "landing_page": "목록 URL",
    "access_url": "목록 URL",
    "views": "조회수",
    "downloads": "다운로드_활용신청건수",
    "additional.보유근거": "보유근거",
}
PUBLIC = {
    "title": ["title"],
    "description": "description",
    "keyword": "keyword",
    "theme": "theme",
    "license": "license",
    "publisher": "publisher",
    "modified": ["modified", "data_processed"],
    "issued": "dcat.issued",
    "page": "references",
    "language": "language",
    "temporal": "dcat.temporal",
    "spatial": "dcat.spatial",
    "downloads": "explore.download_count",
}


@pytest.mark.parametrize(
    ("name", "identifier", "columns", "records"),
    [
        ("catalogue-2025-11-cp949.csv", "목록키", CATALOGUE, 290),
        ("catalogue-2025-11.xlsx", "목록키", CATALOGUE, 300),
        ("opendatasoft_public_catalog.csv", "datasetid", PUBLIC, 186),
    ],
)
def test_every_recorded_list_adds_up(
    name: str, identifier: str, columns: dict[str, Any], records: int, samples: Path, tmp_path: Path
) -> None:
    with DcatPortal({f"/{name}": ("application/octet-stream", (samples / "lists" / name).read_bytes())}) as portal:
        report, ledger = harvested(portal.url, tmp_path, path=name, identifier=identifier, columns=columns)
    with ledger:
        issues = ledger.issue_counts(report.job)
        datasets = [held.content for held in ledger.export()]
    assert (report.verdict, report.listed, report.created) == ("complete", records, records)
    assert not any(severity == "error" for severity, _ in issues)
    assert len(datasets) == records
