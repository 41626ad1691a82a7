"""Pages with schema.org metadata: which are asked for, and which datasets come of them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from harvester.errors import PortalError
from harvester.options import OPTIONS
from harvester.protocols.schema_org import SchemaOrgSpider
from harvester.sample_portals.server import Answer, Asked, Portal, not_found
from tests.portals import faults
from tests.protocols.driver import Listing, run, spider

HTML, XML = "text/html; charset=utf-8", "application/xml"


class Pages(Portal):
    """Serves bodies by path and query; ``{portal}`` becomes the portal's own address."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        super().__init__()
        self.files = dict(files)

    def answer(self, asked: Asked) -> Answer:
        body = self.files.get(asked.path)
        if body is None:
            return not_found()
        kind = XML if asked.path.endswith(".xml") else "application/octet-stream" if isinstance(body, bytes) else HTML
        content = body if isinstance(body, bytes) else body.replace("{portal}", self.url).encode()
        return Answer(content, headers={"Content-Type": kind})


def html(*scripts: Any, body: str = "") -> str:
    stated = (one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in scripts)
    found = "".join(f'<script type="application/ld+json">{one}</script>' for one in stated)
    return f"<!DOCTYPE html><html><head><title>한국</title>{found}</head><body>{body}</body></html>"


def dataset(name: str, **more: Any) -> dict[str, Any]:
    return {"@context": "https://schema.org/", "@type": "Dataset", "name": name, **more}


def sitemap(*paths: str, index: bool = False) -> str:
    outer, inner = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    rows = "".join(f"<{inner}><loc>{{portal}}{path}</loc></{inner}>" for path in paths)
    return f'<?xml version="1.0"?><{outer} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</{outer}>'


def listed(
    portal: Portal, tmp_path: Path, cursor: str | None = None, most: int = 10_000, path: str = "", **options: Any
) -> Listing:
    made = spider(SchemaOrgSpider, "schema_org", portal.url + path, **options)
    return run(made, tmp_path, cursor, most)


def names(found: Listing) -> list[str]:
    return [json.loads(record.parts[0].payload)["node"]["name"] for record in found.records]


def on_one_page(page: str, tmp_path: Path) -> Listing:
    with Pages({"/page": page}) as portal:
        return listed(portal, tmp_path, path="/page")


NESTED = {
    "an object": html(dataset("A")),
    "a list": html([dataset("A")]),
    "a graph": html({"@context": "https://schema.org", "@graph": [{"@type": "WebSite"}, dataset("A")]}),
    "a graph in a list": html([{"@graph": [dataset("A")]}]),
    "a catalogue": html(
        {"@type": "DataCatalog", "dataset": [dataset("A"), {"@type": "Dataset", "@id": "only-refers"}]}
    ),
    "main entity": html({"@type": "WebPage", "mainEntity": dataset("A")}),
    "list elements": html({"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": dataset("A")}]}),
    "several types": html({"@type": ["Thing", "schema:Dataset"], "name": "A"}),
    "whole names": html({"@type": "http://schema.org/Dataset", "name": "A"}),
    "Croissant": html({"@type": "sc:Dataset", "name": "A"}),
    "beside other scripts": html({"@type": "Organization"}, "{broken", dataset("A")),
    "in a comment": html(f"<!-- {json.dumps(dataset('A'))} -->"),
    "in CDATA": html(f"//<![CDATA[\n{json.dumps(dataset('A'))}\n//]]>"),
    "no page but JSON-LD": json.dumps(dataset("A")),
    "parts and sources are others": html(
        dataset("A", hasPart=[dataset("B")], isBasedOn=dataset("C"), citation=dataset("D"))
    ),
    "microdata": html(
        body='<div itemscope itemtype="https://schema.org/Dataset"><h1 itemprop="name">A</h1>'
        '<p itemprop="description">Some</p></div>'
    ),
    "microdata in a catalogue": html(
        body='<div itemscope itemtype="http://schema.org/DataCatalog"><div itemprop="dataset" itemscope '
        'itemtype="http://schema.org/Dataset"><b itemprop="name">A</b></div></div>'
    ),
}


@pytest.mark.parametrize("page", NESTED.values(), ids=NESTED)
def test_a_dataset_is_found_wherever_it_stands(page: str, tmp_path: Path) -> None:
    found = on_one_page(page, tmp_path)
    assert names(found) == ["A"]
    assert (found.ended, found.rejected, found.lost) == (True, [], [])


MENDED = {
    "trailing commas": '{"@type": "Dataset", "keywords": ["a", "b",], "name": "A", }',
    "unescaped quotation marks": '{"@type": "Dataset", "name": "A", "description": "the "best" data, "really""}',
    "line breaks in a text": '{"@type": "Dataset", "name": "A", "description": "one\ntwo\tthree"}',
    "comments": '{"@type": "Dataset", /* name */ "name": "A", // end\n"url": "https://a.example/x"}',
    "a wrong escape": '{"@type": "Dataset", "name": "A", "description": "C:\\data \\x"}',
    "a semicolon": '{"@type": "Dataset", "name": "A"};',
}


@pytest.mark.parametrize("script", MENDED.values(), ids=MENDED)
def test_wrong_json_is_read_where_it_is_clear_what_is_meant(script: str, tmp_path: Path) -> None:
    assert names(on_one_page(html(script), tmp_path)) == ["A"]


def test_mended_texts_say_what_they_said(tmp_path: Path) -> None:
    found = on_one_page(html(MENDED["unescaped quotation marks"]), tmp_path)
    payload = json.loads(found.records[0].parts[0].payload)
    assert payload["node"]["description"] == 'the "best" data, "really"'
    assert payload["mended"] is True


def test_what_cannot_be_mended_is_rejected(tmp_path: Path) -> None:
    found = on_one_page(html('{"@type": "Dataset", "name": "cut', dataset("B")), tmp_path)
    assert names(found) == ["B"]
    assert [one.issue.code for one in found.rejected] == ["not-json"]
    assert b"cut" in found.rejected[0].payload


def test_references_in_a_graph_are_followed(tmp_path: Path) -> None:
    graph = [
        dataset("A", publisher={"@id": "#org"}, isPartOf={"@id": "#b"}),
        {"@id": "#org", "@type": "Organization", "name": "기관", "parentOrganization": {"@id": "#org"}},
        {"@id": "#b", "@type": "Dataset", "name": "B"},
    ]
    found = on_one_page(html({"@context": "https://schema.org", "@graph": graph}), tmp_path)
    node = json.loads(found.records[0].parts[0].payload)["node"]
    assert node["publisher"]["name"] == "기관"
    assert node["publisher"]["parentOrganization"] == {"@id": "#org"}
    assert node["isPartOf"] == {"@id": "#b"}, "a dataset is a record of its own"
    assert names(found) == ["A", "B"]


def test_references_that_multiply_are_cut_short(tmp_path: Path) -> None:
    graph: list[Any] = [dataset("A", about={"@id": "n0"})]
    graph += [{"@id": f"n{n}", "about": [{"@id": f"n{n + 1}"}] * 10} for n in range(30)]
    found = on_one_page(html({"@graph": graph}), tmp_path)
    assert names(found) == ["A"]
    assert len(found.records[0].parts[0].payload) < 5_000_000


DOWNLOAD = {"@type": "DataDownload", "contentUrl": "/files/a.json"}
IDENTIFIERS: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "identifier": ([dataset("A", identifier="doi:10.1/1", url="/a")], ["doi:10.1/1"]),
    "identifier as an object": (
        [dataset("A", identifier=[{"value": "10.1/1", "url": "https://x.example"}])],
        ["10.1/1"],
    ),
    "@id": ([dataset("A", **{"@id": "#a"}, url="/a")], ["{portal}/page#a"]),
    "blank @id": ([dataset("A", **{"@id": "_:b0"}, url="/a")], ["{portal}/a"]),
    "the page": ([dataset("A")], ["{portal}/page"]),
    "files of datasets with one name": (
        [dataset("A", distribution=DOWNLOAD), dataset("A", distribution=[{"contentUrl": "https://x.example/b"}])],
        ["{portal}/files/a.json", "https://x.example/b"],
    ),
    "url that is the same for all": (
        [dataset("A", url="/p"), dataset("B", url="/p")],
        ["{portal}/page#A", "{portal}/page#B"],
    ),
    "only some have one": ([dataset("A", url="/a"), dataset("B")], ["{portal}/page#A", "{portal}/page#B"]),
    "nothing": ([dataset("A"), dataset("A", version="2")], ["{portal}/page#1", "{portal}/page#2"]),
    "one that stands there twice": (
        [dataset("A"), dataset("B"), dataset("A")],
        ["{portal}/page#A", "{portal}/page#B", "{portal}/page#A"],
    ),
}


@pytest.mark.parametrize("case", IDENTIFIERS.values(), ids=IDENTIFIERS)
def test_identifiers(case: tuple[list[dict[str, Any]], list[str]], tmp_path: Path) -> None:
    nodes, expected = case
    with Pages({"/page": html(nodes)}) as portal:
        found = listed(portal, tmp_path, path="/page")
    assert found.identifiers == [one.replace("{portal}", portal.url) for one in expected]


SITE = {f"/d/{number:02}": html(dataset(f"{number:02}")) for number in range(11)}


def test_pages_come_from_a_sitemap_and_its_index(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        **SITE,
        "/about": html(),
        "/index.xml": sitemap("/one.xml", "/two.xml", "/index.xml", index=True),
        "/one.xml": sitemap(*list(SITE)[:6], "/about", "/d/00#part"),
        "/two.xml": sitemap(*list(SITE)[5:]),
    }
    with Pages(files) as portal:
        files["/two.xml"] = gzip.compress(sitemap(*list(SITE)[5:]).replace("{portal}", portal.url).encode())
        portal.files["/two.xml"] = files["/two.xml"]
        found = listed(portal, tmp_path, sitemap=f"{portal.url}/index.xml", batch=4)
        some = listed(portal, tmp_path, sitemap=f"{portal.url}/index.xml", match=r"/d/0[3-5]$")
    assert names(found) == [f"{number:02}" for number in range(11)]
    assert (found.ended, found.lost, len(found.pages)) == (True, [], 3)
    assert names(some) == ["03", "04", "05"]


def test_a_sitemap_leads_to_no_strangers(tmp_path: Path) -> None:
    stranger = sitemap("/d/00").replace("</urlset>", "<url><loc>http://127.0.0.2:9/x</loc></url></urlset>")
    with Pages({**SITE, "/s.xml": stranger}) as portal:
        found = listed(portal, tmp_path, sitemap=f"{portal.url}/s.xml")
    assert names(found) == ["00"]


def test_a_sitemap_may_be_a_list_of_lines(tmp_path: Path) -> None:
    with Pages({**SITE, "/s.txt": "{portal}/d/01\n{portal}/d/02\n"}) as portal:
        assert names(listed(portal, tmp_path, sitemap=f"{portal.url}/s.txt")) == ["01", "02"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (faults.LOGIN_PAGE.encode(), "login page"),
        (faults.MAINTENANCE_PAGE.encode(), "layout changed"),
        (b"", "empty"),
        (b"\x1f\x8bgarbage", "unreadable answer"),
        (b"<rss/>", "unreadable answer"),
        (b"{}", "unreadable answer"),
        (b"<urlset></urlset>", "layout changed"),
        (b"<urlset><url><loc>http://a.example/1</loc></url><url><lo", "unreadable answer"),
        (
            b'<?xml version="1.0"?><!DOCTYPE u [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset>&a;</urlset>',
            "layout changed",
        ),
    ],
)
def test_what_is_no_sitemap_is_told_apart(body: bytes, reason: str, tmp_path: Path) -> None:
    with Pages({"/s.xml": body}) as portal, pytest.raises(PortalError) as caught:
        listed(portal, tmp_path, sitemap=f"{portal.url}/s.xml")
    assert caught.value.reason == reason


def test_pages_come_from_the_links_of_a_list(tmp_path: Path) -> None:
    links = "".join(f'<li class=row><a href="{path}">x</a></li>' for path in [*SITE, "/d/00#x", "mailto:a@b.example"])
    with Pages({**SITE, "/list": html(body=f"<a href=/about>about</a><ul>{links}</ul>")}) as portal:
        found = listed(portal, tmp_path, path="/list", links="li.row a", batch=5)
        with pytest.raises(PortalError) as caught:
            listed(portal, tmp_path, path="/list", links="div.renewed a")
    assert names(found) == [f"{number:02}" for number in range(11)]
    assert caught.value.reason == "layout changed"


def test_a_listing_goes_on_after_any_batch(tmp_path: Path) -> None:
    with Pages(SITE) as portal:
        options: dict[str, Any] = {"pages": [portal.url + path for path in SITE], "batch": 3}
        whole = listed(portal, tmp_path, **options)
        for number, page in enumerate(whole.pages[:-1], 1):
            rest = listed(portal, tmp_path, cursor=page.cursor, **options)
            assert rest.pages == whole.pages[number:]
        fewer: dict[str, Any] = {**options, "pages": options["pages"][:6]}
        gone = listed(portal, tmp_path, cursor=whole.pages[1].cursor, **fewer)
    assert len(whole.pages) == 4
    assert (gone.records, gone.ended) == ([], True)


def test_a_page_that_should_describe_a_dataset_and_does_not_is_lost(tmp_path: Path) -> None:
    files = {"/a": html(dataset("A")), "/b": html(), "/c": faults.LOGIN_PAGE, "/e": '{"error": "no"}'}
    with Pages(files) as portal:
        found = listed(portal, tmp_path, pages=[portal.url + path for path in ("/a", "/b", "/c", "/d", "/e")])
    assert names(found) == ["A"]
    assert [(one.identifier.removeprefix(portal.url), one.issue.code) for one in found.lost] == [
        ("/b", "layout-changed"),
        ("/c", "login-page"),
        ("/d", "not-found"),
        ("/e", "error-inside-200"),
    ]
    assert (found.ended, found.outcome.lost_requests) == (True, 0)


def test_a_server_error_on_one_page_is_a_lost_request(tmp_path: Path) -> None:
    with Pages(SITE) as portal, portal.failing(faults.server_error(faults.at("/d/04"))):
        found = listed(portal, tmp_path, pages=[portal.url + path for path in SITE])
    assert len(found.records) == 10
    assert [one.identifier for one in found.lost] == [f"{portal.url}/d/04"]
    assert (found.ended, found.outcome.lost_requests) == (True, 1)


def test_a_portal_that_is_gone_is_not_asked_for_every_page(tmp_path: Path) -> None:
    with Pages(SITE) as portal, portal.failing(faults.server_error()):
        found = listed(portal, tmp_path, pages=[portal.url + path for path in SITE], batch=3)
    assert (found.pages, found.outcome.lost_requests) == ([], 3)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (faults.LOGIN_PAGE, "login page"),
        (faults.MAINTENANCE_PAGE, "layout changed"),
        (html({"@type": "Organization", "name": "x"}), "layout changed"),
        ('{"error": "maintenance"}', "error inside 200"),
        ('{"items": []}', "layout changed"),
        ("", "empty"),
        ("\x00\x01", "unreadable answer"),
    ],
)
def test_a_listing_without_any_dataset_says_why(page: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(PortalError) as caught:
        on_one_page(page, tmp_path)
    assert caught.value.reason == reason


def test_the_order_of_keys_does_not_change_a_payload(tmp_path: Path) -> None:
    one = on_one_page(html('{"@type": "Dataset", "name": "A", "url": "https://a.example/"}'), tmp_path)
    other = on_one_page(html('{"url": "https://a.example/", "name": "A",\n "@type": "Dataset"}'), tmp_path)
    payloads = [json.loads(found.records[0].parts[0].payload)["node"] for found in (one, other)]
    assert json.dumps(payloads[0]) == json.dumps(payloads[1])


@pytest.mark.parametrize(
    "options",
    [
        {"pages": ["https://a.example/"], "links": "a"},
        {"match": "x"},
        {"links": "a["},
        {"sitemap": "https://a.example/s.xml", "match": "("},
        {"sitemap": "/s.xml"},
    ],
)
def test_options_that_contradict_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OPTIONS["schema_org"](**options)
