"""No bytes make the reading of an OAI-PMH answer raise anything but PortalError, and no record vanishes unseen."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scrapy.http import Response

from harvester.catalog.model import Catalog, HarvestRecord
from harvester.errors import PortalError, RecordError
from harvester.mapping import MAPPINGS
from harvester.protocols.oai_answers import read
from harvester.protocols.oai_records import outcome
from harvester.sample_portals import CORPUS

CATALOG = Catalog(source="example.portal", url="https://portal.example", language="ko")
FORMATS = ("ddi", "oai_datacite", "oai_dc")
relaxed = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def survives(body: bytes) -> int | None:
    """Records that an answer gives, each mapped or refused with a code; None where the answer is refused."""
    try:
        answer = read(Response("http://portal.example/oai", body=body))
    except PortalError:
        return None
    outcomes = [outcome(one) for one in (*answer.records, *answer.headers())]
    for one in outcomes:
        if isinstance(one, HarvestRecord):
            mapping_survives(one.parts[0].format, one.parts[0].payload)
    token = answer.token()
    assert token is None or token.total is None or token.total >= 0
    return len(answer.records)


def mapping_survives(metadata_format: str, payload: bytes) -> None:
    code = "mapped"
    try:
        MAPPINGS[metadata_format](payload, "id", CATALOG)
    except RecordError as error:
        code = error.code
    assert code


PIECES = [
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">', "</OAI-PMH>", "<ListRecords>", "</ListRecords>",
    "<record>",
    "</record>", "<header>", '<header status="deleted">', "</header>", "<identifier>a</identifier>", "<metadata>",
    "</metadata>", "<resumptionToken>", "</resumptionToken>", '<resumptionToken completeListSize="9"/>', 
    "<dc>", "</dc>",
    "<title>제목</title>", '<error code="x">', "</error>", "&amp;", "&", "&eacute;", "<", ">", "]]>", "<![CDATA[",
    "<!--",
    "-->", "<!DOCTYPE a>", "<?x?>", "\x00", "\ud7ff", '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    "</rdf:RDF>", "<resource>", "<codeBook>", "<stdyDscr/>", ' a="', "'",
]  # fmt: skip


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=40))
@relaxed
def test_pieces_of_answers(pieces: list[str]) -> None:
    survives("".join(pieces).encode())
    survives(f"{PIECES[0]}<ListRecords>{''.join(pieces)}</ListRecords></OAI-PMH>".encode())


@given(payload=st.binary(max_size=200))
@relaxed
def test_any_bytes(payload: bytes) -> None:
    survives(payload)


CORPUS_RECORDS = (CORPUS / "repository.xml").read_bytes()


@given(
    cuts=st.lists(
        st.tuples(st.integers(0, len(CORPUS_RECORDS)), st.integers(0, 60), st.sampled_from(["", *PIECES])), max_size=6
    )
)
@relaxed
def test_a_repository_that_was_tampered_with(cuts: list[tuple[int, int, str]]) -> None:
    body = CORPUS_RECORDS
    for start, length, piece in cuts:
        body = body[:start] + piece.encode("utf-8", "replace") + body[start + length :]
    survives(body)


@given(position=st.integers(0, len(CORPUS_RECORDS) - 1), length=st.integers(1, 4), byte=st.integers(0, 255))
@relaxed
def test_one_slip_costs_one_record_at_most(position: int, length: int, byte: int) -> None:
    """A few bytes inside a record's metadata: all other records are still there."""
    start = CORPUS_RECORDS.find(b"<dc:", position)
    if start < 0:
        return
    start = CORPUS_RECORDS.index(b">", start) + 1
    end = CORPUS_RECORDS.index(b"</dc:", start)
    body = (
        CORPUS_RECORDS[:start] + bytes([byte]) * min(length, end - start) + CORPUS_RECORDS[min(start + length, end) :]
    )
    found = survives(body)
    assert found in (12, 11), "only the record that was hit may be gone"


ELEMENTS = [
    "titles", "title", "creators", "creator", "creatorName", "identifier", "dates", "date", "geoLocations",
    "geoLocation",
    "geoLocationBox", "geoLocationPoint", "polygonPoint", "geoLocationPolygon", "rightsList", "rights", "relation",
    "relatedIdentifiers", "relatedIdentifier", "subjects", "subject", "coverage", "citation", "titlStmt", "titl",
    "stdyInfo", "sumDscr", "timePrd", "nation", "holdings", "useStmt", "conditions", "distStmt", "distrbtr", "contact",
    "verStmt", "version", "otherMat", "fileDscr", "labl", "format", "sizes", "size", "type", "publisher", "description",
]  # fmt: skip
ATTRIBUTES = ["", ' xml:lang="kr"', ' event="end"', ' date="x"', ' URI="http://[x"', ' rightsURI=" "',
              ' dateType="Collected"',
              ' relationType="IsPartOf"', ' email=""', ' identifierType="DOI"', ' valueURI="a"']  # fmt: skip
TEXTS = ["", "x", "10.1/a", "doi:10.1/", "2020/2021", "1 2 3 4", "start=;end=", "northlimit=9e9; name=", "http://[",
         "  ",
         "nan inf nan inf", "westlimit=1;" * 300, "-", "x" * 5_000]  # fmt: skip
leaves = st.tuples(st.sampled_from(ELEMENTS), st.sampled_from(ATTRIBUTES), st.sampled_from(TEXTS)).map(
    lambda each: f"<{each[0]}{each[1]}>{each[2]}</{each[0]}>"
)
trees = st.recursive(
    leaves,
    lambda inner: st.tuples(st.sampled_from(ELEMENTS), st.lists(inner, max_size=4)).map(
        lambda each: f"<{each[0]}>{''.join(each[1])}</{each[0]}>"
    ),
    max_leaves=15,
)


@given(content=st.lists(trees, max_size=5))
@relaxed
def test_elements_in_any_order(content: list[str]) -> None:
    inner = "".join(content)
    for metadata_format, root in (("oai_dc", "dc"), ("oai_datacite", "resource"), ("ddi", "stdyDscr")):
        mapping_survives(
            metadata_format, f"<record><header/><metadata><{root}>{inner}</{root}></metadata></record>".encode()
        )


@pytest.mark.parametrize("metadata_format", FORMATS)
def test_deep_and_wide_metadata(metadata_format: str) -> None:
    for content in ("<a>" * 100_000, "<title>" * 300 + "</title>" * 300, "<title>x</title>" * 50_000, "<a/>" * 200_000):
        mapping_survives(metadata_format, f"<record><header/><metadata><dc>{content}</dc></metadata></record>".encode())


def test_hostile_files_are_refused(samples: Path) -> None:
    for file in sorted((samples / "hostile" / "xml").iterdir()):
        assert survives(file.read_bytes()) is None
