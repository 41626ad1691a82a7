"""The DCAT spider against feeds of our own in every form, whole, paged and broken."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harvester.errors import PortalError
from harvester.protocols.dcat import DcatSpider
from harvester.sample_portals.dcat import JSON, JSON_LD, RDF_XML, TURTLE, DcatPortal, hydra_pages
from tests.portals import faults
from tests.protocols.driver import Listing, run, spider


def dataset(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "@type": "dcat:Dataset",
        "identifier": f"https://data.example/{number}",
        "title": f"Dataset {number}",
        **fields,
    }


def data_json(*datasets: Any) -> bytes:
    context = "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld"
    return json.dumps(
        {"@context": context, "conformsTo": {"a": ["b"]}, "dataset": datasets}, ensure_ascii=False
    ).encode()


def turtle(number: int) -> str:
    return (
        f"<https://data.example/{number}> a <http://www.w3.org/ns/dcat#Dataset> ;"
        f' <http://purl.org/dc/terms/title> "데이터 {number}"@ko .'
    )


def feed(
    body: bytes, tmp_path: Path, content_type: str = JSON, cursor: str | None = None, most: int = 10_000, **more: Any
) -> Listing:
    with DcatPortal({"/feed": (content_type, body)}) as portal:
        # The same port matters to cursors only, which name the address: they are made to fit.
        cursor = cursor and cursor.replace("{portal}", portal.url)
        found = run(spider(DcatSpider, "dcat", f"{portal.url}/feed", **more), tmp_path, cursor, most)
        found.portal = portal.url  # type: ignore[attr-defined]
        return found


RDF_XML_FEED = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#" '
    'xmlns:dct="http://purl.org/dc/terms/"><dcat:Dataset rdf:about="https://data.example/1">'
    '<dct:title xml:lang="ko">데이터</dct:title></dcat:Dataset></rdf:RDF>'
)
JSON_LD_FEED = (
    '[{"@id": "https://data.example/1", "@type": ["http://www.w3.org/ns/dcat#Dataset"], '
    '"http://purl.org/dc/terms/title": [{"@value": "데이터", "@language": "ko"}]}]'
)
JSON_LD_GRAPH = (
    '{"@context": {"dcat": "http://www.w3.org/ns/dcat#"}, "@graph": '
    '[{"@id": "https://data.example/1", "@type": "dcat:Dataset"}]}'
)


@pytest.mark.parametrize(
    ("body", "content_type", "form"),
    [
        (data_json(dataset(1)), JSON, "data_json"),
        (data_json(dataset(1)), JSON_LD, "data_json"),
        (data_json(dataset(1)), "text/plain", "data_json"),
        (json.dumps([dataset(1)]).encode(), JSON, "data_json"),
        (b"\xef\xbb\xbf  " + data_json(dataset(1)), JSON, "data_json"),
        (JSON_LD_FEED.encode(), JSON_LD, "dcat_rdf"),
        (JSON_LD_FEED.encode(), "application/octet-stream", "dcat_rdf"),
        (JSON_LD_GRAPH.encode(), JSON, "dcat_rdf"),
        (RDF_XML_FEED.encode(), RDF_XML, "dcat_rdf"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n' + RDF_XML_FEED.encode(), "text/plain", "dcat_rdf"),
        (RDF_XML_FEED.encode(), "application/octet-stream", "dcat_rdf"),
        (turtle(1).encode(), TURTLE, "dcat_rdf"),
        (turtle(1).encode(), "text/plain", "dcat_rdf"),
        (b"@prefix a: <b:> .\n" + turtle(1).encode(), "application/octet-stream", "dcat_rdf"),
        (data_json(dataset(1)), RDF_XML, "data_json"),
    ],
)
def test_the_form_is_told_by_content_type_and_first_bytes(
    body: bytes, content_type: str, form: str, tmp_path: Path
) -> None:
    found = feed(body, tmp_path, content_type)
    assert found.identifiers == ["https://data.example/1"]
    assert found.records[0].parts[0].format == form
    assert found.ended


def test_a_form_may_be_given(tmp_path: Path) -> None:
    assert feed(turtle(1).encode(), tmp_path, RDF_XML, format="turtle").identifiers == ["https://data.example/1"]
    with pytest.raises(PortalError, match="dataset"):
        feed(b'{"@graph": []}', tmp_path, format="data_json")


def test_payloads_say_what_the_feed_said(tmp_path: Path) -> None:
    odd = dataset(1, spatial=[1.5, -2, 10**30, None, True], description="줄\n\u2028", nested={"b": 1, "a": [{}]})
    found = feed(data_json(odd), tmp_path)
    assert json.loads(found.records[0].parts[0].payload) == odd


def test_what_has_no_identifier_is_rejected_and_nothing_vanishes(tmp_path: Path) -> None:
    body = data_json(
        dataset(1),
        {"title": "no"},
        dataset(2, identifier=None),
        dataset(3, identifier="  "),
        "text",
        None,
        7,
        [],
        dataset(4),
    )
    found = feed(body, tmp_path)
    assert found.identifiers == ["https://data.example/1", "https://data.example/4"]
    assert [rejected.issue.code for rejected in found.rejected] == ["no-identifier"] * 3 + ["not-a-dataset"] * 4
    assert json.loads(found.rejected[0].payload) == {"title": "no"}


def test_a_record_nested_thousands_deep_or_with_an_endless_number_costs_no_other(tmp_path: Path) -> None:
    deep = b'{"identifier": "deep", "title": "]}\\"", "x": ' + b'[{"a":' * 60_000 + b'"]"' + b"}]" * 60_000 + b"}"
    long = b'{"identifier": "long", "size": ' + b"9" * 5_000 + b"}"
    first, last = (json.dumps(dataset(number)).encode() for number in (1, 2))
    for body in (
        b'{"dataset": [%s]}' % b", ".join([first, deep, long, last]),
        b'{"odd": %s, "dataset": [%s]}' % (deep, b", ".join([first, deep, long, last])),
    ):
        found = feed(body, tmp_path)
        assert found.identifiers == ["https://data.example/1", "long", "https://data.example/2"]
        assert [(rejected.issue.code, rejected.payload) for rejected in found.rejected] == [("nested-too-deeply", deep)]
        assert found.ended


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (17, "17"),
        (" a ", "a"),
        ({"@type": "Identifier", "@id": "https://x/1"}, "https://x/1"),
        ({"@type": "Identifier", "notation": "N-1"}, "N-1"),
        (["first", "second"], "first"),
    ],
)
def test_identifiers_come_in_many_forms(given: Any, read: str, tmp_path: Path) -> None:
    assert feed(data_json(dataset(1, identifier=given)), tmp_path).identifiers == [read]


def test_repeated_identifiers_are_all_passed_on(tmp_path: Path) -> None:
    assert feed(data_json(dataset(1), dataset(1), dataset(2)), tmp_path).identifiers == [
        "https://data.example/1",
        "https://data.example/1",
        "https://data.example/2",
    ]


def test_a_healthy_feed_may_be_empty(tmp_path: Path) -> None:
    for body in (data_json(), b"[]"):
        found = feed(body, tmp_path)
        assert (found.records, found.ended) == ([], True)


@pytest.mark.parametrize("content_type", [JSON, TURTLE])
def test_a_listing_goes_on_from_any_cursor(content_type: str, tmp_path: Path) -> None:
    body = data_json(*map(dataset, range(1700)))
    if content_type == TURTLE:
        body = "\n".join(map(turtle, range(1700))).encode()
    with DcatPortal({"/feed": (content_type, body)}) as portal:
        made = spider(DcatSpider, "dcat", f"{portal.url}/feed")
        whole = run(made, tmp_path)
        assert [len(page.records) for page in whole.pages] == [500, 500, 500, 200]
        for number in range(1, 4):
            rest = run(spider(DcatSpider, "dcat", f"{portal.url}/feed"), tmp_path, whole.pages[number - 1].cursor)
            assert rest.pages == whole.pages[number:]


def test_another_content_is_read_from_its_beginning_after_the_same_cursor(tmp_path: Path) -> None:
    with DcatPortal({"/feed": (JSON, data_json(*map(dataset, range(1200))))}) as portal:
        first = run(spider(DcatSpider, "dcat", f"{portal.url}/feed"), tmp_path, most_pages=1)
        portal.files["/feed"] = (JSON, data_json(*map(dataset, range(600, 1200))))
        rest = run(spider(DcatSpider, "dcat", f"{portal.url}/feed"), tmp_path, first.pages[0].cursor)
    assert rest.pages[0].after == first.pages[0].cursor
    assert [page.anew for page in (*first.pages, *rest.pages)] == [False, True, False]
    assert len(rest.records) == 600


def test_hydra_pages_are_followed_to_the_end(tmp_path: Path) -> None:
    with DcatPortal(hydra_pages(list(map(turtle, range(25))), 10)) as portal:
        url = f"{portal.url}/catalog.ttl"
        whole = run(spider(DcatSpider, "dcat", url), tmp_path)
        rest = run(spider(DcatSpider, "dcat", url), tmp_path, whole.pages[0].cursor)
    assert len(set(whole.identifiers)) == len(whole.identifiers) == 25
    assert [page.declared_total for page in whole.pages] == [25, 25, 25]
    assert [page.end for page in whole.pages] == [False, False, True]
    assert whole.urls == [url, f"{url}?page=2", f"{url}?page=3"]
    assert rest.pages == whole.pages[1:]


@pytest.mark.parametrize("back_to", [1, 2])
def test_hydra_pages_that_lead_back_are_told(back_to: int, tmp_path: Path) -> None:
    pages = hydra_pages(list(map(turtle, range(20))), 10)
    content_type, body = pages["/catalog.ttl?page=2"]
    address = "{portal}/catalog.ttl"
    link = f"<{address}> <http://www.w3.org/ns/hydra/core#next> <{address}?page={back_to}> .".encode()
    pages["/catalog.ttl?page=2"] = (content_type, body + b"\n" + link)
    with DcatPortal(pages) as portal, pytest.raises(PortalError) as error:
        run(spider(DcatSpider, "dcat", f"{portal.url}/catalog.ttl?page=1"), tmp_path)
    assert error.value.reason == "endless paging"


def test_a_next_page_that_is_no_web_address_is_told(tmp_path: Path) -> None:
    link = "<https://data.example/> <http://www.w3.org/ns/hydra/core#next> <file:///etc/passwd> ."
    with pytest.raises(PortalError, match="no web address"):
        feed(f"{turtle(1)}\n{link}".encode(), tmp_path, TURTLE)


def test_a_statement_that_cannot_be_read_is_seen(tmp_path: Path) -> None:
    broken = '<https://data.example/9> <http://p> "x" "y" .'
    body = f"{turtle(1)}\n{broken}\n{turtle(2)}".encode()
    found = feed(body, tmp_path, TURTLE)
    assert found.identifiers == ["https://data.example/1", "https://data.example/2"]
    assert [rejected.issue.code for rejected in found.rejected] == ["unreadable-statements"]


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (faults.LOGIN_PAGE.encode(), JSON, "login page"),
        (faults.MAINTENANCE_PAGE.encode(), TURTLE, "layout changed"),
        (b"", JSON, "empty"),
        (b'{"success": false, "error": "down"}', JSON, "error inside 200"),
        (b'{"features": []}', JSON, "layout changed"),
        (b'{"dataset": null}', JSON, "layout changed"),
        (data_json(*map(dataset, range(3)))[:-40], JSON, "unreadable answer"),
        (b'{"a": 1', JSON, "unreadable answer"),
        (b"[" * 100_000, JSON, "unreadable answer"),
        (b'{"dataset": [' + b'{"a":' * 100_000, JSON, "unreadable answer"),
        (b'{"dataset": [{"identifier": 1},,]}', JSON, "unreadable answer"),
        (b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><cut", RDF_XML, "unreadable answer"),
        (b"just some words", "text/plain", "unreadable answer"),
        (b"\x1f\x8b\x08\x00\x00", "application/octet-stream", "unreadable answer"),
    ],
)
def test_an_answer_that_is_no_feed_has_its_reason(body: bytes, content_type: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(PortalError) as error:
        feed(body, tmp_path, content_type)
    assert error.value.reason == reason


@pytest.mark.parametrize("where", ["in a dataset", "before the datasets"])
def test_a_value_of_megabytes_ends_the_feed_before_it_is_held(where: str, tmp_path: Path) -> None:
    large = b'"x": [' + b"[]," * 2_000_000 + b"1]"
    body = b'{"dataset": [{' + large + b"}]}" if where == "in a dataset" else b"{" + large + b', "dataset": []}'
    with pytest.raises(PortalError, match="more than 4,194,304 characters") as error:
        feed(body, tmp_path, JSON)
    assert error.value.reason == "unreadable answer"


def test_a_page_of_rdf_that_is_too_large_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvester.protocols.dcat._LARGEST_RDF", 1000)
    with pytest.raises(PortalError, match="1,000") as error:
        feed("\n".join(map(turtle, range(50))).encode(), tmp_path, TURTLE)
    assert error.value.reason == "limit"


def test_a_json_ld_catalogue_may_name_its_datasets_by_their_property(tmp_path: Path) -> None:
    catalogue = {
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"},
        "dcat:dataset": [
            {"@id": f"https://data.example/{n}", "@type": "dcat:Dataset", "dct:title": "x" * 1_000_000}
            for n in range(5)
        ],
    }
    found = feed(msgspec.json.encode(catalogue), tmp_path, JSON)
    assert found.identifiers == [f"https://data.example/{n}" for n in range(5)]


def test_what_came_before_a_break_is_kept(tmp_path: Path) -> None:
    body = data_json(*map(dataset, range(1000)))[:-30]
    with DcatPortal({"/feed": (JSON, body)}) as portal:
        found = run(spider(DcatSpider, "dcat", f"{portal.url}/feed"), tmp_path, most_pages=1)
        assert len(found.records) == 500
        with pytest.raises(PortalError):
            run(spider(DcatSpider, "dcat", f"{portal.url}/feed"), tmp_path)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_other_encodings_are_read(encoding: str, tmp_path: Path) -> None:
    body = data_json(dataset(1, title="Données")).decode().encode(encoding)
    found = feed(body, tmp_path, f"application/json; charset={encoding}")
    assert msgspec.json.decode(found.records[0].parts[0].payload)["title"] == "Données"


def test_turtle_that_is_not_the_text_it_says_is_not_read_as_other_letters(tmp_path: Path) -> None:
    body = turtle(1).encode("cp949")
    with pytest.raises(PortalError) as error:
        feed(body, tmp_path, TURTLE)
    assert error.value.reason == "unreadable answer"
    assert feed(body, tmp_path, "text/turtle; charset=euc-kr").records == feed(turtle(1).encode(), tmp_path).records


@pytest.mark.parametrize("ending", ["", "\n# the end", "\nPREFIX a: <https://a.example/#>\n", "\n\n"])
def test_turtle_that_breaks_off_is_not_read_in_part(ending: str, tmp_path: Path) -> None:
    whole = turtle(1) + ending
    assert len(feed(whole.encode(), tmp_path, TURTLE).identifiers) == 1
    cut = whole[: whole.rindex(";") + 1] + ending.replace("PREFIX", "#")
    with pytest.raises(PortalError, match="breaks off") as error:
        feed(cut.encode(), tmp_path, TURTLE)
    assert error.value.reason == "unreadable answer"


def test_a_dataset_whose_bytes_are_no_text_keeps_them(tmp_path: Path) -> None:
    body = data_json(dataset(1), dataset(2, title="Données"), dataset(3)).decode().encode("latin-1")
    found = feed(body, tmp_path, JSON)
    assert len(found.records) == 3
    assert b"Donn\xe9es" in found.records[1].parts[0].payload


def test_memory_does_not_depend_on_the_feed(tmp_path: Path) -> None:
    bodies = {n: data_json(*(dataset(k, description="x" * 1000) for k in range(n))) for n in (1000, 20_000)}
    peaks = {}
    for number, body in bodies.items():
        with DcatPortal({"/feed": (JSON, body)}) as portal:
            made = spider(DcatSpider, "dcat", f"{portal.url}/feed")
            (tmp_path / "feed.json").write_bytes(body)
            request = next(iter(made.listing(None)))
            from harvester.crawl.downloads import SpooledResponse

            response = SpooledResponse(request.url, path=tmp_path / "feed.json", content_hash="a", encoding=None)
            tracemalloc.start()
            pages = sum(1 for _ in request.callback(response, **request.cb_kwargs))
            peaks[number] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert pages == number // 500 + 1
    assert peaks[20_000] < 1.5 * peaks[1000]


@pytest.mark.parametrize("name", ["xmlbomb", "quadratic", "dtd", "external", "external_file", "cyclic"])
def test_hostile_xml_is_refused(name: str, samples: Path, tmp_path: Path) -> None:
    with pytest.raises(PortalError) as error:
        feed((samples / "hostile" / "xml" / f"{name}.xml").read_bytes(), tmp_path, RDF_XML)
    assert error.value.reason == "unreadable answer"


def test_no_json_of_the_parsers_test_suite_breaks_the_spider(samples: Path, tmp_path: Path) -> None:
    files = sorted((samples / "hostile" / "json").glob("*.json*"))
    assert len(files) > 100
    refused = 0
    with DcatPortal() as portal:
        for file in files:
            body = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            for wrapped in (body, b'{"dataset": [' + body + b"]}"):
                portal.files["/feed"] = (JSON, wrapped)
                try:
                    run(spider(DcatSpider, "dcat", f"{portal.url}/feed"), tmp_path)
                except PortalError:
                    refused += 1
    assert refused > len(files)
