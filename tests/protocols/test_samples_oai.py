"""All recorded answers of OAI-PMH repositories, served again as the requests and answers that they are.

928 records in 35 files. Each ends as a dataset, deleted, or rejected with its issue; what was not recorded (identities,
and single records for headers) is made up here, and says so.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from harvester import config
from harvester.crawl.run import harvest_source
from harvester.errors import PortalError
from harvester.ledger import JobReport, Ledger
from harvester.members import HarvestSource
from harvester.options import OPTIONS
from harvester.protocols.oai_pmh import OaiPmhSpider
from harvester.sample_portals.oai_pmh import envelope
from harvester.sample_portals.server import Answer, Asked, Portal
from tests.protocols.driver import run, spider

IDENTIFY = envelope(
    "<Identify><earliestDatestamp>1900-01-01T00:00:00Z</earliestDatestamp><deletedRecord>no</deletedRecord>"
    "<granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify>"
)
NOTHING = envelope('<error code="noRecordsMatch"/>')
BAD_VERB = envelope('<error code="badVerb"/>')


def made_up(identifier: str) -> bytes:
    """A single record for a recorded header; its metadata is invented."""
    header = f"<header><identifier>{identifier}</identifier><datestamp>2012-07-28T00:00:00Z</datestamp></header>"
    dc = f'<dc xmlns="http://www.openarchives.org/OAI/2.0/oai_dc/"><title>Record {identifier}</title></dc>'
    return envelope(f"<GetRecord><record>{header}<metadata>{dc}</metadata></record></GetRecord>")


class Recorded(Portal):
    """Answers what `answers` has for a request: the first whose arguments are all in it."""

    def __init__(self, answers: list[tuple[Mapping[str, str], bytes | Callable[[str], bytes]]]) -> None:
        super().__init__()
        self.answers = answers
        self.asked: list[Mapping[str, str]] = []

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked.query)
        for wanted, body in self.answers:
            if wanted.items() <= asked.query.items():
                content = body if isinstance(body, bytes) else body(asked.query.get("identifier", ""))
                return Answer(content, headers={"Content-Type": "text/xml"})
        return Answer(BAD_VERB, headers={"Content-Type": "text/xml"})


@pytest.fixture
def folder(samples: Path) -> Path:
    return samples / "oai-pmh"


def harvested(portal: Portal, tmp_path: Path, **options: Any) -> tuple[JobReport, dict[tuple[str, str], int]]:
    settings = config.settings(tmp_path)
    source = HarvestSource(
        member="samples",
        key="oai",
        title="oai",
        protocol="oai_pmh",
        url=f"{portal.url}/oai",
        options=OPTIONS["oai_pmh"](**options),
        evidence="recorded",
        allow_private=True,
    )
    with portal:
        report = harvest_source(settings, source)
    with Ledger.open(settings.database_url) as ledger:
        return report, dict(ledger.issue_counts(report.job))


def test_733_headers_in_four_pages_and_their_records(folder: Path, tmp_path: Path) -> None:
    pages = [(folder / f"nsdl_GoodResponseFourPage_{number}.xml").read_bytes() for number in range(1, 5)]
    tokens = [token.decode() for page in pages for token in re.findall(rb"<resumptionToken [^>]*>([^<\s]+)<", page)]
    assert len(tokens) == 3
    single = (folder / "nsdl_GoodResponseSingleRecord.xml").read_bytes()
    portal = Recorded([
        ({"verb": "Identify"}, (folder / "nsdl_GoodResponseIdentify.xml").read_bytes()),
        *(({"resumptionToken": token}, page) for token, page in zip(tokens, pages[1:], strict=True)),
        ({"verb": "ListIdentifiers"}, pages[0]),
        ({"verb": "GetRecord", "identifier": "oai:nsdl.org:2200/20061003062336249T"}, single),
        ({"verb": "GetRecord"}, made_up),
    ])  # fmt: skip
    report, _ = harvested(portal, tmp_path, metadata_prefix="nsdl_dc")
    assert (report.verdict, report.listed, report.created, report.failed) == ("complete", 733, 733, 0)


def test_162_records_of_a_dialect_of_dublin_core(folder: Path, tmp_path: Path) -> None:
    body = gzip.decompress((folder / "nsdl_GoodResponseSinglePage.xml.gz").read_bytes())
    formats = "<metadataFormat><metadataPrefix>nsdl_dc</metadataPrefix></metadataFormat>"
    portal = Recorded([
        ({"verb": "Identify"}, (folder / "nsdl_GoodResponseIdentify.xml").read_bytes()),
        ({"verb": "ListMetadataFormats"}, envelope(f"<ListMetadataFormats>{formats}</ListMetadataFormats>")),
        ({"verb": "ListRecords", "metadataPrefix": "nsdl_dc"}, body),
    ])  # fmt: skip
    report, issues = harvested(portal, tmp_path)
    assert (report.verdict, report.listed, report.created) == ("complete", 162, 162)
    assert not any(severity == "error" for severity, _ in issues)


def test_the_single_record_of_nsdl_and_those_of_sickle(folder: Path, tmp_path: Path) -> None:
    """GetRecord answers; the two of sickle are two states of one identifier."""
    records = {
        "oai:nsdl.org:2200/20061003062336249T": folder / "nsdl_GoodResponseSingleRecord.xml",
        "oai:test.example.com:1996652": folder / "sickle" / "GetRecord.xml",
    }
    headers = "".join(
        f"<header><identifier>{one}</identifier><datestamp>2012-01-01</datestamp></header>" for one in records
    )
    portal = Recorded([
        ({"verb": "Identify"}, IDENTIFY),
        ({"verb": "ListIdentifiers"}, envelope(f"<ListIdentifiers>{headers}</ListIdentifiers>")),
        *(({"verb": "GetRecord", "identifier": one}, file.read_bytes()) for one, file in records.items()),
    ])  # fmt: skip
    report, _ = harvested(portal, tmp_path, metadata_prefix="oai_dc")
    assert (report.verdict, report.listed, report.created) == ("complete", 2, 2)
    again = Recorded(portal.answers)
    again.answers.insert(
        0, ({"identifier": "oai:test.example.com:1996652"}, (folder / "sickle" / "GetRecord_utf8test.xml").read_bytes())
    )
    (tmp_path / "again").mkdir()
    report, _ = harvested(again, tmp_path / "again", metadata_prefix="oai_dc")
    assert (report.verdict, report.created) == ("complete", 2)
    with Ledger.open(config.settings(tmp_path / "again").database_url) as ledger:
        assert any("某人" in held.content.decode() for held in ledger.export())


def test_a_page_with_its_namespaces_at_the_root(folder: Path, tmp_path: Path) -> None:
    """The rest of 2,402,263 records was not recorded: the job must say that it has not got them."""
    portal = Recorded([
        ({"verb": "Identify"}, IDENTIFY),
        ({"resumptionToken": "1!53691!20513471!2505879!100!2402263!oai_dc"}, NOTHING),
        ({"verb": "ListRecords"}, (folder / "nsdl_NamespacedSample.xml").read_bytes()),
    ])  # fmt: skip
    report, _ = harvested(portal, tmp_path, metadata_prefix="oai_dc")
    assert (report.verdict, report.reason, report.created) == ("partial", "total not met", 1)


def test_the_pages_of_sickle(folder: Path, tmp_path: Path) -> None:
    """Two and two: the first three are one and the same. The last has a deleted record without identifier."""
    pages = [(folder / "sickle" / f"ListRecords{number}.xml").read_bytes() for number in ("", 2, 3, 4)]
    found = []
    for first, second, token in ((pages[0], pages[1], "ListRecords2.xml"), (pages[2], pages[3], "ListRecords4.xml")):
        portal = Recorded([
            ({"verb": "Identify"}, (folder / "sickle" / "Identify.xml").read_bytes()),
            ({"verb": "ListMetadataFormats"}, (folder / "sickle" / "ListMetadataFormats.xml").read_bytes()),
            ({"resumptionToken": token}, second),
            ({"resumptionToken": "ListRecords3.xml"}, NOTHING),
            ({"verb": "ListRecords", "metadataPrefix": "oai_dc"}, first),
        ])  # fmt: skip
        home = tmp_path / token
        home.mkdir()
        report, issues = harvested(portal, home)
        assert (report.listed, report.seen, report.created) == (4, 4, 1)
        found.append((report.deleted, report.duplicate, report.rejected, issues.get(("error", "no-identifier"))))
    assert found == [(2, 1, 0, None), (1, 1, 1, 1)]


def test_one_page_under_three_tokens_is_endless_paging(folder: Path, tmp_path: Path) -> None:
    answers: list[tuple[Mapping[str, str], bytes | Callable[[str], bytes]]] = [({"verb": "Identify"}, IDENTIFY)]
    for number in (4, 3, 2):
        name = f"ListRecords{number}.xml"
        answers.append(({"resumptionToken": name}, (folder / "sickle" / name).read_bytes()))
    answers.append(({"verb": "ListRecords"}, (folder / "sickle" / "ListRecords.xml").read_bytes()))
    report, _ = harvested(Recorded(answers), tmp_path, metadata_prefix="oai_dc")
    assert (report.verdict, report.reason.partition(":")[0]) == ("partial", "endless paging")


def test_the_two_pages_of_headers_of_sickle(folder: Path, tmp_path: Path) -> None:
    portal = Recorded([
        ({"verb": "Identify"}, (folder / "sickle" / "Identify.xml").read_bytes()),
        ({"resumptionToken": "ListIdentifiers2.xml"}, (folder / "sickle" / "ListIdentifiers2.xml").read_bytes()),
        ({"verb": "ListIdentifiers"}, (folder / "sickle" / "ListIdentifiers.xml").read_bytes()),
        ({"verb": "GetRecord"}, made_up),
    ])  # fmt: skip
    report, _ = harvested(portal, tmp_path, metadata_prefix="oai_dc")
    assert (report.listed, report.created, report.deleted, report.duplicate) == (4, 1, 2, 1)


def test_the_requests_of_pyoai_and_their_answers(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "pyoai_fake1_mapping.txt").read_text(encoding="utf-8").split()
    pairs = [
        (dict(parse_qsl(request)), (folder / f"pyoai_fake1_{file}").read_bytes())
        for request, file in zip(lines[::2], lines[1::2], strict=True)
    ]
    assert len(pairs) == 7
    before = datetime(2003, 4, 10, tzinfo=UTC)
    with Recorded([*pairs]) as portal:
        made = spider(OaiPmhSpider, "oai_pmh", f"{portal.url}/oai", full=False, since=before, overlap_seconds=0)
        changed = run(made, tmp_path)
        assert [query for query in portal.asked] == [dict(parse_qsl(lines[number])) for number in (2, 4, 10)]
    assert (len(changed.records), changed.ended) == (16, True)
    whole = [({name: value for name, value in wanted.items() if name != "from"}, body) for wanted, body in pairs]
    report, _ = harvested(Recorded(list(whole)), tmp_path)
    assert (report.verdict, report.listed, report.created) == ("complete", 16, 16)
    single = [(wanted, body) for wanted, body in whole if wanted["verb"] not in ("ListRecords", "GetMetadata")]
    (tmp_path / "single").mkdir()
    headers = Recorded([*single, ({"verb": "GetRecord"}, made_up)])
    report, _ = harvested(headers, tmp_path / "single")
    assert (report.verdict, report.listed, report.created) == ("complete", 16, 16)
    with Ledger.open(config.settings(tmp_path / "single").database_url) as ledger:
        titles = [held.content.decode() for held in ledger.export()]
    assert sum("De vrouwenbeweging online" in title for title in titles) == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ListRecordsBroken", "unreadable answer"),
        ("ListSets", ""),
        ("badArgument", "error inside 200"),
        ("badResumptionToken", "error inside 200"),
        ("cannotDisseminateFormat", "error inside 200"),
        ("idDoesNotExist", "error inside 200"),
        ("noRecordsMatch", ""),
        ("noSetHierarchy", "error inside 200"),
        ("undefinedError", "error inside 200"),
    ],
)
def test_answers_without_records(name: str, reason: str, folder: Path, tmp_path: Path) -> None:
    body = (folder / "sickle" / f"{name}.xml").read_bytes()
    with Recorded([({"verb": "Identify"}, IDENTIFY), ({"verb": "ListRecords"}, body)]) as portal:
        made = spider(OaiPmhSpider, "oai_pmh", f"{portal.url}/oai", metadata_prefix="oai_dc")
        if reason:
            with pytest.raises(PortalError) as error:
                run(made, tmp_path)
            assert error.value.reason == reason
        else:
            found = run(made, tmp_path)
            assert (found.records, found.ended) == ([], True)


def test_metadata_without_an_envelope_is_no_answer(folder: Path, tmp_path: Path) -> None:
    body = (folder / "pyoai_fake1_00006.xml").read_bytes()
    portal = Recorded([({"verb": "Identify"}, IDENTIFY), ({"verb": "ListRecords"}, body)])
    with portal, pytest.raises(PortalError) as error:
        run(spider(OaiPmhSpider, "oai_pmh", f"{portal.url}/oai", metadata_prefix="oai_dc"), tmp_path)
    assert error.value.reason == "layout changed"


def test_every_recorded_file_is_in_one_of_these_tests(folder: Path) -> None:
    files = [file.name for file in folder.rglob("*.*")]
    here = Path(__file__).read_text(encoding="utf-8")
    patterns = ("nsdl_GoodResponseFourPage_", "pyoai_fake1_")
    assert len(files) == 35
    assert [name for name in files if name.partition(".")[0] not in here and not name.startswith(patterns)] == []
