"""The list API of data.go.kr: pages, operations that are one record, deleted ones, a key that stays unseen."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harvester import config
from harvester.crawl.run import harvest_source
from harvester.errors import PortalError
from harvester.ledger import Ledger
from harvester.members import HarvestSource
from harvester.options import OPTIONS
from harvester.protocols.datagokr import DataGoKrSpider
from harvester.sample_portals.odcloud import OdcloudPortal
from tests.portals import faults
from tests.protocols.driver import Listing, run, spider

KEY = "s3cret+key/of=ours"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_GO_KR_KEY", KEY)


def operation(number: int, record: int, organisation: str = "가람전력공사", **keys: Any) -> dict[str, Any]:
    return {
        "list_id": 99100000 + record,
        "list_title": f"{organisation}_지어낸 서비스 {record}",
        "title": f"{organisation}_지어낸 서비스 {record}",
        "desc": "지어낸 설명",
        "keywords": "지어낸,말",
        "org_nm": organisation,
        "org_cd": "B000001",
        "dept_nm": "시험부",
        "new_category_nm": "산업고용 - 에너지및자원개발",
        "data_format": "JSON+XML",
        "api_type": "REST",
        "created_at": "2021-01-02",
        "updated_at": f"2025-01-{number % 28 + 1:02}",
        "is_charged": "무료",
        "is_deleted": "N",
        "is_list_deleted": "N",
        "share_scope_nm": "이용허락범위 제한 없음",
        "operation_nm": f"조회 {number}",
        "request_cnt": 7,
        "end_point_url": "https://apis.example/1",
        **keys,
    }


def file(number: int, organisation: str = "가람전력공사", **keys: Any) -> dict[str, Any]:
    return {
        "list_id": 99200000 + number,
        "list_title": f"{organisation}_지어낸 파일 {number}",
        "title": f"{organisation}_지어낸 파일 {number}_20250101",
        "org_nm": organisation,
        "ext": "CSV",
        "update_cycle": "연간",
        "updated_at": "2025-01-02",
        "is_deleted": "N",
        **keys,
    }


def portal(apis: list[dict[str, Any]] = [], files: list[dict[str, Any]] = [], **more: Any) -> OdcloudPortal:  # noqa: B006
    return OdcloudPortal({"open-data-list": apis, "file-data-list": files, "standard-data-list": []}, KEY, **more)


def listing(api: OdcloudPortal, tmp_path: Path, cursor: str | None = None, most: int = 10_000, **more: Any) -> Listing:
    options = {"listing": "odcloud", "odcloud_url": api.address, "api_key": "${DATA_GO_KR_KEY}", **more}
    return run(spider(DataGoKrSpider, "datagokr", "https://www.data.go.kr", **options), tmp_path, cursor, most)


def row_of(record: Any) -> dict[str, Any]:
    return msgspec.json.decode(record.parts[0].payload)  # type: ignore[no-any-return]


OPERATIONS = [operation(n, record) for n, record in enumerate([1, 1, 1, 2, 3, 3, 4, 5, 5, 5, 5, 6, 7, 7])]
FILES = [file(n) for n in range(5)]


def test_operations_of_one_entry_are_one_record_wherever_pages_end(tmp_path: Path) -> None:
    with portal(OPERATIONS, FILES) as api:
        whole = listing(api, tmp_path)
        parted = [listing(api, tmp_path, page_rows=rows) for rows in (4, 5, 7, 13)]
    assert whole.ended
    assert [one[-3:] for one in whole.identifiers] == [
        "001",
        "002",
        "003",
        "004",
        "005",
        "006",
        "007",
        "000",
        "001",
        "002",
        "003",
        "004",
    ]
    assert row_of(whole.records[0])["operation_nm"] == "조회 0; 조회 1; 조회 2"
    assert row_of(whole.records[0])["updated_at"] == "2025-01-03"
    assert row_of(whole.records[0])["page_url"] == "https://www.data.go.kr/data/99100001/openapi.do"
    assert row_of(whole.records[-1])["list_type"] == "FILE"
    for each in parted:
        assert each.records == whole.records
        assert each.ended
        assert max(len(page.records) for page in each.pages) < 8


def test_a_listing_goes_on_from_any_cursor(tmp_path: Path) -> None:
    with portal(OPERATIONS, FILES) as api:
        whole = listing(api, tmp_path, page_rows=4)
        for number in range(1, len(whole.pages)):
            rest = listing(api, tmp_path, whole.pages[number - 1].cursor, page_rows=4)
            assert rest.records == [record for page in whole.pages[number:] for record in page.records]
            assert rest.pages[-1].cursor == whole.pages[-1].cursor


def test_an_entry_of_more_operations_than_a_page_has_is_met_again(tmp_path: Path) -> None:
    with portal([operation(n, 1) for n in range(10)]) as api:
        found = listing(api, tmp_path, page_rows=3)
    assert found.ended
    assert set(found.identifiers) == {"99100001"}


def test_rows_a_page_are_as_many_as_the_portal_takes(tmp_path: Path) -> None:
    with portal(files=[file(n) for n in range(25)], most=20) as api:
        found = listing(api, tmp_path, page_rows=500)
    assert len(found.records) == 25
    asked = [url.partition("?")[2] for url in found.urls if "file-data-list" in url]
    assert asked == ["page=1&perPage=500", "page=2&perPage=10", "page=3&perPage=10"]


def test_only_entries_of_the_source_s_agencies_are_listed(tmp_path: Path) -> None:
    names = ["새벽도", "새벽도 별내시", "경찰청 새벽도경찰청", "가람전력공사"]
    rows = [file(n, names[n % 4]) for n in range(40)]
    with portal(files=rows) as api:
        exact = listing(api, tmp_path, organisations=("가람전력공사",), page_rows=4)
        prefix = listing(api, tmp_path, organisations=("새벽도*",), page_rows=4)
        both = listing(api, tmp_path, organisations=("가람전력공사", "새벽도"))
    assert len(exact.records) == 10
    assert exact.ended  # totalCount is 40 all the same
    assert {row_of(record)["org_nm"] for record in prefix.records} == {"새벽도", "새벽도 별내시"}
    assert len(both.records) == 20


def test_an_entry_that_the_portal_took_back_is_deleted(tmp_path: Path) -> None:
    rows = [
        operation(0, 1, is_list_deleted="Y"),
        operation(1, 2, is_deleted="Y"),
        operation(2, 3, is_deleted="Y"),
        operation(3, 3),
        operation(4, 4, is_deleted=None, is_list_deleted=None),
    ]
    with portal(rows) as api:
        found = listing(api, tmp_path)
    assert [record.deleted for record in found.records] == [True, True, False, False]
    assert row_of(found.records[2])["operation_nm"] == "조회 3"


def test_rows_without_a_list_key_are_rejected(tmp_path: Path) -> None:
    with portal(files=[file(1), file(2, list_id=None), file(3, list_id=" "), file(4)]) as api:
        api.lists["file-data-list"].append("no row")  # type: ignore[arg-type]
        found = listing(api, tmp_path)
    assert len(found.records) == 2
    assert [one.issue.code for one in found.rejected] == ["no-identifier"] * 3


def test_further_parts_are_wanted_as_of_the_catalogue(tmp_path: Path) -> None:
    with portal([operation(1, 1)], [file(1)]) as api:
        found = listing(api, tmp_path, details=("schema_org", "rdf", "page"))
    assert dict(found.records[0].wanted) == {
        "schema_org": "https://www.data.go.kr/catalog/99100001/openapi.json",
        "rdf": "https://www.data.go.kr/dcat/metadata/99100001",
        "page": "https://www.data.go.kr/data/99100001/openapi.do",
    }
    assert found.records[1].revision == "2025-01-02 · 가람전력공사_지어낸 파일 1 · 가람전력공사"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"code": -4, "msg": "no such key"}', "error inside 200"),
        (b'{"items": []}', "layout changed"),
        (b'{"data": {}}', "layout changed"),
        (b"[]", "layout changed"),
        (b'{"page": 9, "data": [], "totalCount": 0}', "endless paging"),
        (b'{"page": 1, "data": [], "matchCount": 5}', "total not met"),
        (b"", "empty"),
        (faults.LOGIN_PAGE.encode(), "login page"),
        (b'{"data": [', "unreadable answer"),
    ],
)
def test_an_answer_that_is_no_page_has_its_reason(body: bytes, reason: str, tmp_path: Path) -> None:
    with portal() as api, api.failing(faults.body(body)), pytest.raises(PortalError) as error:
        listing(api, tmp_path)
    assert error.value.reason == reason


def test_a_list_without_its_key_is_a_mistake_of_the_member_file() -> None:
    with pytest.raises(ValueError, match="api_key"):
        OPTIONS["datagokr"](listing="odcloud")


def source_at(api: OdcloudPortal, **options: Any) -> HarvestSource:
    return HarvestSource(
        member="sample",
        key="api",
        title="list API",
        protocol="datagokr",
        url="https://www.data.go.kr",
        options=OPTIONS["datagokr"](
            listing="odcloud", odcloud_url=api.address, api_key="${DATA_GO_KR_KEY}", page_rows=4, **options
        ),
        evidence="assumed",
        language="ko",
        allow_private=True,
    )


def test_a_harvest_gives_datasets_and_the_key_is_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = config.settings(tmp_path)
    with portal(OPERATIONS, FILES) as api, caplog.at_level(logging.DEBUG):
        source = source_at(api)
        report = harvest_source(settings, source)
        with api.failing(faults.forbidden()):
            refused = harvest_source(settings, source)
        api.key = "another"
        wrong = harvest_source(settings, source)
        assert set(api.keys) == {f"Infuser {KEY}"}
    assert (report.verdict, report.created, report.rejected) == ("complete", 12, 0)
    assert (refused.verdict, refused.reason) == ("failed", "blocked")
    assert (wrong.verdict, wrong.reason) == ("failed", "blocked")
    with Ledger.open(settings.database_url) as ledger:
        stored = {one.identifier: one for one in ledger.export(source.name)}
        texts = [repr(ledger.issues(job, 100)) for job in (report.job, refused.job, wrong.job)]
    content = msgspec.json.decode(stored["99100001"].content)
    assert content["title"] == {"ko": "가람전력공사_지어낸 서비스 1"}
    assert content["type"]["code"] == "API"
    assert content["landing_page"] == "https://www.data.go.kr/data/99100001/openapi.do"
    assert content["distribution"][0]["access_service"]["endpoint_url"] == "https://apis.example/1"
    assert content["license"]["code"] == "KOGL-0"
    assert msgspec.json.decode(stored["99200000"].content)["type"]["code"] == "FILE"
    for spelt in (KEY, "s3cret"):
        assert spelt not in caplog.text
        assert not any(spelt in text for text in texts)
        assert not any(spelt.encode() in one.content for one in stored.values())
        assert not any(spelt.encode() in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_a_missing_key_is_told_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATA_GO_KR_KEY")
    with portal() as api:
        report = harvest_source(config.settings(tmp_path), source_at(api))
        assert api.count() == 0
    assert report.verdict == "failed"
    assert "DATA_GO_KR_KEY" in report.reason
