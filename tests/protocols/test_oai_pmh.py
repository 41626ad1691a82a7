"""The OAI-PMH spider against a repository of our own: paging, changes, tokens that are lost or never end, faults."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harvester import config
from harvester.catalog.model import Catalog
from harvester.crawl.run import harvest_source
from harvester.errors import PortalError
from harvester.ledger import JobReport, Ledger
from harvester.mapping import MAPPINGS
from harvester.members import HarvestSource
from harvester.options import OPTIONS
from harvester.protocols.oai_pmh import OaiPmhSpider
from harvester.sample_portals.oai_pmh import OaiPmhPortal, Quirks, Record, envelope
from harvester.sample_portals.server import Answer, Asked, Fault
from tests.portals import faults
from tests.protocols.driver import Listing, run, spider

DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "{}</oai_dc:dc>"
)


def record(number: int, day: int = 1, **fields: Any) -> Record:
    title = fields.pop("title", f"자료 {number}")
    metadata = {} if fields.get("deleted") else {"oai_dc": DC.format(f"<dc:title>{title}</dc:title>")}
    return Record(**{
        "identifier": f"oai:x:{number:03d}",
        "datestamp": f"2026-01-{day:02d}T10:00:00Z",
        "metadata": metadata,
        **fields,
    })  # fmt: skip


def made(portal: OaiPmhPortal, **more: Any) -> OaiPmhSpider:
    return spider(OaiPmhSpider, "oai_pmh", f"{portal.url}/oai", **more)  # type: ignore[return-value]


def listed(records: Iterable[Record], tmp_path: Path, quirks: Quirks | None = None, **more: Any) -> Listing:
    with OaiPmhPortal(records, 5, quirks or Quirks()) as portal:
        found = run(made(portal, **more), tmp_path)
        found.asked = list(portal.asked)  # type: ignore[attr-defined]
        return found


def asked(found: Listing) -> list[dict[str, str]]:
    return found.asked  # type: ignore[attr-defined, no-any-return]


def harvested(portal: OaiPmhPortal, tmp_path: Path, *, full: bool | None = None, **options: Any) -> JobReport:
    source = HarvestSource(
        member="sample",
        key="oai",
        title="oai",
        protocol="oai_pmh",
        url=f"{portal.url}/oai",
        options=OPTIONS["oai_pmh"](**options),
        evidence="assumed",
        allow_private=True,
    )
    return harvest_source(config.settings(tmp_path), source, full=full)


def test_a_list_is_followed_to_the_empty_token(tmp_path: Path) -> None:
    found = listed(map(record, range(13)), tmp_path)
    assert found.identifiers == [f"oai:x:{number:03d}" for number in range(13)]
    assert [page.declared_total for page in found.pages] == [13, 13, 13]
    assert [page.end for page in found.pages] == [False, False, True]
    assert [query["verb"] for query in asked(found)] == ["Identify", "ListMetadataFormats", *["ListRecords"] * 3]
    assert asked(found)[2] == {"verb": "ListRecords", "metadataPrefix": "oai_dc"}
    assert asked(found)[3].keys() == {"verb", "resumptionToken"}, "a token is the only argument beside the verb"


def test_one_page_needs_no_token(tmp_path: Path) -> None:
    found = listed(map(record, range(3)), tmp_path)
    assert (len(found.records), found.ended, found.pages[0].declared_total) == (3, True, None)


def test_a_listing_goes_on_from_every_cursor(tmp_path: Path) -> None:
    with OaiPmhPortal(map(record, range(13))) as portal:
        whole = run(made(portal), tmp_path)
        for number, page in enumerate(whole.pages[:-1], 1):
            assert run(made(portal), tmp_path, page.cursor).pages == whole.pages[number:]


def test_the_payload_is_the_whole_record(tmp_path: Path) -> None:
    found = listed([record(1, sets=("a:b",))], tmp_path)
    payload = found.records[0].parts[0].payload.decode()
    assert payload.startswith('<record xmlns="http://www.openarchives.org/OAI/2.0/">')
    assert "<setSpec>a:b</setSpec>" in payload
    assert "<datestamp>2026-01-01T10:00:00Z</datestamp>" in payload
    assert "<dc:title>자료 1</dc:title>" in payload


def test_deleted_records_are_told(tmp_path: Path) -> None:
    found = listed([record(1), record(2, deleted=True)], tmp_path)
    assert [(each.identifier, each.deleted) for each in found.records] == [("oai:x:001", False), ("oai:x:002", True)]


@pytest.mark.parametrize(
    ("days", "overlap", "since"),
    [
        (False, 3600, "2026-01-10T11:30:00Z"),
        (False, 0, "2026-01-10T12:30:00Z"),
        (True, 0, "2026-01-10"),
        (True, 86_400, "2026-01-09"),
    ],
)
def test_changes_are_asked_for_in_the_granularity_of_the_repository(
    days: bool, overlap: int, since: str, tmp_path: Path
) -> None:
    records = [record(number, number) for number in range(1, 21)]
    before = datetime(2026, 1, 10, 12, 30, tzinfo=UTC)
    found = listed(records, tmp_path, Quirks(days=days), full=False, since=before, overlap_seconds=overlap)
    assert asked(found)[2]["from"] == since
    first = next(number for number in range(1, 21) if f"2026-01-{number:02d}T10:00:00Z"[: len(since)] >= since)
    assert found.identifiers == [f"oai:x:{number:03d}" for number in range(first, 21)]


def test_a_time_that_is_refused_is_asked_for_as_a_day(tmp_path: Path) -> None:
    before = datetime(2026, 1, 10, 12, 30, tzinfo=UTC)
    quirks = Quirks(refuses_time=True)
    found = listed(map(record, range(8), range(5, 13)), tmp_path, quirks, full=False, since=before, overlap_seconds=0)
    assert [query.get("from") for query in asked(found)[2:]] == ["2026-01-10T12:30:00Z", "2026-01-10"]
    assert len(found.records) == 3


def test_no_from_is_sent_that_lies_before_everything(tmp_path: Path) -> None:
    found = listed(map(record, range(3)), tmp_path, full=False, since=datetime(2025, 1, 1, tzinfo=UTC))
    assert "from" not in asked(found)[2]
    assert len(found.records) == 3


def test_nothing_changed_is_an_empty_list_that_ended(tmp_path: Path) -> None:
    found = listed(map(record, range(3)), tmp_path, full=False, since=datetime(2026, 5, 1, tzinfo=UTC))
    assert (found.records, found.ended, len(found.pages)) == ([], True, 1)


def test_sets_are_listed_one_after_the_other(tmp_path: Path) -> None:
    records = [record(number, sets=(("a", "b", "c")[number % 3],)) for number in range(18)]
    found = listed(records, tmp_path, sets=("a", "none", "c"))
    assert [query.get("set") for query in asked(found) if "set" in query] == ["a", "none", "c"]
    assert sorted(found.identifiers) == [one.identifier for one in records if one.sets != ("b",)]
    assert [page.end for page in found.pages] == [False] * 4 + [True]
    assert {page.declared_total for page in found.pages} == {None}
    with OaiPmhPortal(records) as portal:
        whole = run(made(portal, sets=("a", "none", "c")), tmp_path)
        for number, page in enumerate(whole.pages[:-1], 1):
            rest = run(made(portal, sets=("a", "none", "c")), tmp_path, page.cursor)
            assert rest.pages == whole.pages[number:]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (("oai_dc", "oai_datacite", "marc"), "oai_datacite"),
        (("oai_dc", "dcat", "oai_datacite"), "dcat"),
        (("oai_dc", "oai_ddi25"), "oai_ddi25"),
        (("mods", "oai_dc"), "oai_dc"),
    ],
)
def test_the_best_format_that_is_offered_is_asked_for(offered: tuple[str, ...], chosen: str, tmp_path: Path) -> None:
    metadata = dict.fromkeys(offered, DC.format("<dc:title>x</dc:title>"))
    assert asked(listed([record(1, metadata=metadata)], tmp_path))[2]["metadataPrefix"] == chosen


def test_a_format_may_be_given(tmp_path: Path) -> None:
    metadata = dict.fromkeys(("oai_dc", "oai_datacite"), DC.format("<dc:title>x</dc:title>"))
    found = listed([record(1, metadata=metadata)], tmp_path, metadata_prefix="oai_dc")
    assert [query["verb"] for query in asked(found)] == ["Identify", "ListRecords"]
    assert asked(found)[1]["metadataPrefix"] == "oai_dc"


def test_a_format_that_is_offered_but_not_given_is_left_for_the_next_best(tmp_path: Path) -> None:
    def strike(request: Asked) -> Answer | None:
        if request.query.get("metadataPrefix") == "oai_datacite":
            return Answer(envelope('<error code="cannotDisseminateFormat"/>'))
        return None

    metadata = dict.fromkeys(("oai_dc", "oai_datacite"), DC.format("<dc:title>x</dc:title>"))
    with OaiPmhPortal([record(1, metadata=metadata)]) as portal, portal.failing(strike):
        assert run(made(portal), tmp_path).identifiers == ["oai:x:001"]


def test_a_repository_whose_formats_nobody_reads_says_which_they_are(tmp_path: Path) -> None:
    with pytest.raises(PortalError, match="offers mods, marc21") as error:
        listed([record(1, metadata={"mods": "<mods/>", "marc21": "<m/>"})], tmp_path)
    assert error.value.reason == "layout changed"


DATACITE = (
    '<resource xmlns="http://datacite.org/schema/kernel-4"><identifier identifierType="DOI">10.1/a</identifier>'
    "<titles><title>가</title></titles></resource>"
)
DDI = (
    '<codeBook xmlns="ddi:codebook:2_5"><stdyDscr><citation><titlStmt><titl>가</titl></titlStmt></citation></stdyDscr>'
    "</codeBook>"
)
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#" '
    'xmlns:dct="http://purl.org/dc/terms/">{}</rdf:RDF>'
)
DATASET = '<dcat:Dataset rdf:about="https://x.example/{}"><dct:title>가</dct:title></dcat:Dataset>'


@pytest.mark.parametrize(
    ("prefix", "metadata", "metadata_format"),
    [
        ("oai_datacite", DATACITE, "oai_datacite"),
        ("datacite", f"<oai_datacite xmlns='http://schema.datacite.org/oai/oai-1.1/'><payload>{DATACITE}</payload>"
                     "</oai_datacite>", "oai_datacite"),
        ("oai_ddi25", DDI, "ddi"),
        ("dcat", RDF.format(DATASET.format(1)), "dcat_rdf"),
        ("oai_dc", DATACITE, "oai_datacite"),
    ],
)  # fmt: skip
def test_the_record_itself_says_which_format_it_has(
    prefix: str, metadata: str, metadata_format: str, tmp_path: Path
) -> None:
    found = listed([record(1, metadata={prefix: metadata})], tmp_path)
    part = found.records[0].parts[0]
    assert part.format == metadata_format
    catalog = Catalog(source="a.b", url="http://x.example", language="ko")
    mapped = MAPPINGS[part.format](part.payload, found.records[0].identifier, catalog)
    assert mapped.dataset.title == {"ko": "가"}
    assert b"<datestamp" in part.payload


def test_rdf_that_cannot_be_read_is_a_rejected_record_that_keeps_its_identifier(tmp_path: Path) -> None:
    described = (
        DATASET.format(1),
        DATASET.format(2).replace("rdf:about", "rdf:ID"),
        DATASET.format(3) + DATASET.format(4),
        "",
    )
    records = [record(number, metadata={"dcat": RDF.format(one)}) for number, one in enumerate(described)]
    with OaiPmhPortal(records) as portal:
        report = harvested(portal, tmp_path)
        with Ledger.open(config.settings(tmp_path).database_url) as ledger:
            issues = ledger.issue_counts(report.job)
            kept = ledger.stored_parts("sample.oai", ["oai:x:002"])["oai:x:002"][0].payload
    assert (report.listed, report.created, report.rejected) == (4, 1, 3)
    assert issues["error", "no-dataset"] == 3
    assert b"https://x.example/3" in kept
    assert b"https://x.example/4" in kept


def test_a_forgotten_token_begins_the_list_anew_once(tmp_path: Path) -> None:
    with OaiPmhPortal(map(record, range(60))) as portal:

        def strike(request: Asked) -> Answer | None:
            if request.query.get("resumptionToken", "").endswith("!50!0"):
                portal.forget()
            return None

        portal.faults.append(strike)
        report = harvested(portal, tmp_path)
    assert (report.verdict, report.reason) == ("complete", "")
    assert (report.created, report.duplicate, report.listed) == (60, 50, 110)


def test_a_token_that_is_forgotten_again_and_again_ends_the_job(tmp_path: Path) -> None:
    with OaiPmhPortal(map(record, range(30))) as portal:
        second = faults.after(2, faults.always(Answer(envelope('<error code="badResumptionToken"/>')), _with_token))
        with portal.failing(second):
            report = harvested(portal, tmp_path)
        assert (report.verdict, report.reason.partition(":")[0]) == ("partial", "error inside 200")
        assert (report.created, report.removed) == (15, 0)


def _with_token(request: Asked) -> bool:
    return "resumptionToken" in request.query


@pytest.mark.parametrize("stopped_after", range(1, 6))
@pytest.mark.parametrize("told", [True, False])
def test_a_resumed_list_whose_token_expired_begins_anew(stopped_after: int, told: bool, tmp_path: Path) -> None:
    quirks = Quirks(expires="2020-01-01T00:00:00Z" if told else None)
    with OaiPmhPortal(map(record, range(28)), 5, quirks) as portal:
        first = run(made(portal), tmp_path, most_pages=stopped_after)
        portal.forget()
        portal.asked.clear()
        rest = run(made(portal), tmp_path, first.pages[-1].cursor)
        assert len(portal.asked) == (6 if told else 7), "a token that the repository calls expired is not tried"
    assert rest.pages[0].anew
    assert rest.pages[0].after == first.pages[-1].cursor
    assert len(rest.records) == 28
    assert not {page.cursor for page in first.pages} & {page.cursor for page in rest.pages}


def test_the_same_token_again_is_told(tmp_path: Path) -> None:
    with pytest.raises(PortalError) as error:
        listed(map(record, range(20)), tmp_path, Quirks(same_token=True))
    assert error.value.reason == "endless paging"


@pytest.mark.parametrize("told_size", [True, False])
def test_tokens_that_never_end_are_stopped(told_size: bool, tmp_path: Path) -> None:
    with OaiPmhPortal(map(record, range(20)), 5, Quirks(never_ends=True, told_size=told_size)) as portal:
        report = harvested(portal, tmp_path)
        assert (report.verdict, report.reason.partition(":")[0]) == ("partial", "endless paging")
        assert report.created == 20
        assert len(portal.asked) < 20


def test_a_token_that_grows_with_every_page_is_stopped(tmp_path: Path) -> None:
    def strike(request: Asked) -> Answer | None:
        if request.query.get("verb") != "ListRecords":
            return None
        token = request.query.get("resumptionToken", "x") * 2
        number = len(token)
        header = f"<header><identifier>{number}</identifier><datestamp>2026-01-01</datestamp></header>"
        return Answer(envelope(f"<ListRecords><record>{header}<metadata><a/></metadata></record>"
                               f"<resumptionToken>{token}</resumptionToken></ListRecords>"))  # fmt: skip

    with OaiPmhPortal([record(1)]) as portal, portal.failing(strike), pytest.raises(PortalError) as error:
        run(made(portal), tmp_path)
    assert error.value.reason == "endless paging"


@pytest.mark.parametrize("status", [200, 400, 404])
def test_headers_and_single_records_take_the_place_of_a_list_that_is_refused(status: int, tmp_path: Path) -> None:
    records = [*map(record, range(12)), record(90, deleted=True)]
    found = listed(records, tmp_path, Quirks(lists_records=False, status=status))
    assert found.identifiers == [one.identifier for one in records]
    assert [each.deleted for each in found.records] == [False] * 12 + [True]
    assert [len(page.records) for page in found.pages] == [5, 5, 3]
    assert found.records[0].parts[0].payload.count(b"<record") == 1
    with OaiPmhPortal(records, 5, Quirks(lists_records=False)) as portal:
        whole = run(made(portal), tmp_path)
        assert run(made(portal), tmp_path, whole.pages[0].cursor).pages == whole.pages[1:]


def test_a_long_page_of_headers_becomes_several_pages_of_records(tmp_path: Path) -> None:
    records = list(map(record, range(180)))
    with OaiPmhPortal(records, 120, Quirks(lists_records=False)) as portal:
        whole = run(made(portal), tmp_path)
        assert [len(page.records) for page in whole.pages] == [50, 50, 20, 50, 10]
        assert whole.identifiers == [one.identifier for one in records]
        for number, page in enumerate(whole.pages[:-1], 1):
            assert run(made(portal), tmp_path, page.cursor).pages == whole.pages[number:]


def test_a_record_that_cannot_be_had_is_lost_and_its_page_is_not(tmp_path: Path) -> None:
    with OaiPmhPortal(map(record, range(8)), 5, Quirks(lists_records=False)) as portal:
        with portal.failing(faults.server_error(faults.at("oai:x:002")), faults.html(where=faults.at("oai:x:006"))):
            found = run(made(portal), tmp_path)
        assert [len(page.records) for page in found.pages] == [4, 2]
        assert [(each.identifier, each.issue.code) for each in found.lost] == [
            ("oai:x:002", "server-error"),
            ("oai:x:006", "login-page"),
        ]
        with portal.failing(faults.html(where=faults.at("oai:x:"))), pytest.raises(PortalError) as error:
            run(made(portal), tmp_path)
        assert error.value.reason == "login page"


def test_changes_and_deletions_reach_the_ledger(tmp_path: Path) -> None:
    records = [record(number, 1) for number in range(20)]
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with OaiPmhPortal(records) as portal:
        first = harvested(portal, tmp_path)
        changed = [
            record(3, datestamp=now, title="고친 제목"),
            record(4, datestamp=now, deleted=True),
            record(99, datestamp=now),
        ]
        portal.replace(records[:3] + records[5:] + changed)
        portal.asked.clear()
        second = harvested(portal, tmp_path)
        third = harvested(portal, tmp_path, full=True)
        assert "from" in portal.asked[2]
    assert (first.full, first.verdict, first.created) == (True, "complete", 20)
    assert (second.full, second.verdict, second.listed) == (False, "complete", 3)
    assert (second.updated, second.deleted, second.created) == (1, 1, 1)
    assert (third.full, third.verdict, third.unchanged, third.deleted, third.missing) == (True, "complete", 20, 1, 0)


def test_pages_of_deleted_records_alone_are_no_endless_paging(tmp_path: Path) -> None:
    with OaiPmhPortal(record(number, deleted=number < 30) for number in range(40)) as portal:
        report = harvested(portal, tmp_path)
    assert (report.verdict, report.deleted, report.created) == ("complete", 30, 10)


HEAD = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>'
GOOD = (
    "<record><header><identifier>{0}</identifier><datestamp>2026-01-01</datestamp></header><metadata>"
    + DC.format("<dc:title>{1}</dc:title>")
    + "</metadata></record>"
)


def answered(body: str | bytes, tmp_path: Path, content_type: str = "text/xml") -> Listing:
    content = body.encode() if isinstance(body, str) else body
    fault = faults.body(content, content_type, faults.at("ListRecords"))
    with OaiPmhPortal([record(1)]) as portal, portal.failing(fault):
        return run(made(portal), tmp_path)


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("R&D 예산", "R&D 예산"),
        ("caf&eacute; &amp; &nbsp;&notanentity; &", "café & \xa0&notanentity; &"),
        ("a\x0bb\x00c", "abc"),
    ],
)
def test_slips_of_a_repository_are_mended(title: str, read: str, tmp_path: Path) -> None:
    body = HEAD + GOOD.format(1, title) + GOOD.format(2, "둘") + "</ListRecords></OAI-PMH>"
    found = answered(body, tmp_path)
    assert found.identifiers == ["1", "2"]
    catalog = Catalog(source="a.b", url="http://x.example", language="ko")
    mapped = MAPPINGS["oai_dc"](found.records[0].parts[0].payload, "1", catalog)
    assert mapped.dataset.title["ko"].split() == read.split()


def test_a_record_that_is_broken_costs_itself(tmp_path: Path) -> None:
    unclosed = GOOD.format(2, "둘").replace("</dc:title>", "").replace("</metadata>", "")
    headless = "<record><header><identifier><datestamp>2026</header><metadata/></record>"
    records = GOOD.format(1, "하나") + unclosed + headless + GOOD.format(3, "셋")
    found = answered(
        HEAD + records + '<resumptionToken completeListSize="4"></resumptionToken></ListRecords></OAI-PMH>', tmp_path
    )
    assert found.identifiers[:2] == ["1", "2"]
    assert found.identifiers[-1] == "3"
    assert len(found.records) + len(found.rejected) == 4
    assert found.ended
    assert found.pages[0].declared_total == 4


@pytest.mark.parametrize("encoding", ["euc-kr", "utf-16", "utf-8"])
def test_other_encodings_are_read(encoding: str, tmp_path: Path) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?>{HEAD}{GOOD.format(1, "한글")}</ListRecords></OAI-PMH>'
    assert "한글".encode() in answered(body.encode(encoding), tmp_path).records[0].parts[0].payload


def test_a_wrong_declaration_of_utf8_and_a_charset_of_http_are_seen_through(tmp_path: Path) -> None:
    body = f"{HEAD}{GOOD.format(1, '한글')}</ListRecords></OAI-PMH>"
    wrong = b'<?xml version="1.0" encoding="UTF-8"?>' + body.encode("cp949")
    assert "한글".encode() in answered(wrong, tmp_path).records[0].parts[0].payload
    latin = body.replace("한글", "Données").encode("latin-1")
    found = answered(latin, tmp_path, "text/xml; charset=iso-8859-1")
    assert "Données".encode() in found.records[0].parts[0].payload


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>&b;</ListRecords></OAI-PMH>'
)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (faults.LOGIN_PAGE, "login page"),
        (faults.MAINTENANCE_PAGE, "layout changed"),
        ("", "empty"),
        ("broken xml", "unreadable answer"),
        ('{"success": false}', "layout changed"),
        ("<rss><channel/></rss>", "layout changed"),
        ('<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"/>', "layout changed"),
        (HEAD + GOOD.format(1, "하나"), "unreadable answer"),
        (HEAD + GOOD.format(1, "하나") + GOOD.format(2, "R&D")[:200], "unreadable answer"),
        (BOMB, "unreadable answer"),
        (HEAD + "<a>" * 100_000 + "</ListRecords></OAI-PMH>", "unreadable answer"),
        (HEAD + "<a/>" * 3_000_000 + "</ListRecords></OAI-PMH>", "unreadable answer"),
        (envelope('<error code="badArgument">no</error>').decode(), "error inside 200"),
        (HEAD + GOOD.format(1, "x") + '</ListRecords><error code="fatal">db</error></OAI-PMH>', "error inside 200"),
        (envelope('<error code="undefinedError"/>').decode(), "error inside 200"),
        (envelope('<error code="noSetHierarchy"/>').decode(), "error inside 200"),
        (envelope('<error code="badResumptionToken"/>').decode(), "error inside 200"),
    ],
)
def test_an_answer_that_is_none_has_its_reason(body: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(PortalError) as error:
        answered(body, tmp_path)
    assert error.value.reason == reason


def test_what_a_format_calls_a_record_is_none_of_the_list(tmp_path: Path) -> None:
    marc = '<marc:record xmlns:marc="http://www.loc.gov/MARC21/slim"><marc:header/></marc:record>'
    body = HEAD + GOOD.format(1, "하나").replace("</oai_dc:dc>", f"{marc}</oai_dc:dc>") + "</ListRecords></OAI-PMH>"
    found = answered(body, tmp_path)
    assert found.identifiers == ["1"]
    assert b"</marc:record>" in found.records[0].parts[0].payload


@pytest.mark.parametrize(
    ("fault", "verdict", "reason"),
    [
        (faults.server_error(_with_token), "partial", "server error"),
        (faults.html(where=_with_token), "partial", "login page"),
        (faults.body(b"<OAI-PMH><ListRecords>", "text/xml", _with_token), "partial", "unreadable answer"),
        (faults.too_many_requests("0", 2), "complete", ""),
        (faults.times(2, faults.always(Answer(b"busy", 503, {"Retry-After": "0"}))), "complete", ""),
    ],
)
def test_a_fault_on_one_page_leaves_what_came_and_removes_nothing(
    fault: Fault, verdict: str, reason: str, tmp_path: Path
) -> None:
    with OaiPmhPortal(map(record, range(20))) as portal:
        harvested(portal, tmp_path)
        with portal.failing(fault):
            report = harvested(portal, tmp_path, full=True)
    assert (report.verdict, report.reason.partition(":")[0]) == (verdict, reason)
    assert (report.created, report.updated, report.missing, report.removed) == (0, 0, 0, 0)


@pytest.mark.parametrize("status", [404, 410, 422])
def test_a_base_url_that_leads_nowhere_has_its_reason(status: int, tmp_path: Path) -> None:
    with OaiPmhPortal([record(1)]) as portal, portal.failing(faults.always(Answer(b"<html>", status))):
        report = harvested(portal, tmp_path)
    assert (report.verdict, report.reason) == ("failed", "unreadable answer" if status == 422 else "not found")


def test_an_empty_repository_is_held(tmp_path: Path) -> None:
    with OaiPmhPortal(map(record, range(5))) as portal:
        harvested(portal, tmp_path)
        with portal.failing(faults.body(envelope('<error code="noRecordsMatch"/>'), "text/xml", faults.at("ListRec"))):
            report = harvested(portal, tmp_path, full=True)
    assert (report.verdict, report.reason.partition(":")[0], report.removed) == ("held", "empty", 0)


@pytest.mark.parametrize(("told_size", "reason"), [(False, "error inside 200"), (True, "total not met")])
def test_nothing_to_a_token_is_no_end_of_the_list(told_size: bool, reason: str, tmp_path: Path) -> None:
    with OaiPmhPortal(map(record, range(20)), quirks=Quirks(told_size=told_size)) as portal:
        whole = harvested(portal, tmp_path)
        nothing = faults.body(envelope('<error code="noRecordsMatch"/>'), "text/xml", _with_token)
        with portal.failing(nothing):
            reports = [harvested(portal, tmp_path, full=True) for _ in range(2)]
    assert whole.verdict == "complete"
    for report in reports:
        assert (report.verdict, report.reason.partition(":")[0]) == ("partial", reason)
        assert (report.missing, report.removed) == (0, 0)


def test_nothing_to_a_token_is_no_end_of_one_of_several_sets(tmp_path: Path) -> None:
    with OaiPmhPortal(map(record, range(20)), quirks=Quirks(told_size=True)) as portal:
        nothing = faults.body(envelope('<error code="noRecordsMatch"/>'), "text/xml", _with_token)
        with portal.failing(nothing):
            report = harvested(portal, tmp_path, sets=("a", "b"))
    assert report.verdict in {"partial", "failed"}
    assert report.reason == "error inside 200"


def test_a_base_url_may_have_a_query_of_its_own(tmp_path: Path) -> None:
    with OaiPmhPortal([record(1)]) as portal:
        found = run(spider(OaiPmhSpider, "oai_pmh", f"{portal.url}/oai?context=open"), tmp_path)
        assert portal.asked[0] == {"context": "open", "verb": "Identify"}
    assert len(found.records) == 1
