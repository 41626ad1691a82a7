"""Portals are recognised by what they answer, and the member file that is written harvests them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harvester import config
from harvester.probe import Look, look, member_file
from harvester.probe.findings import CERTAIN, LIKELY, POSSIBLE, Finding
from harvester.probe.http import Visitor
from harvester.sample_portals import write_config
from harvester.sample_portals.server import Answer
from tests.portals import faults
from tests.probe import lookalikes
from tests.probe.lookalikes import HARVESTED, Routes, as_json, as_page, as_xml

Probed = Callable[..., Look]


@pytest.fixture(scope="module")
def harvested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Finding, dict[str, Any]]]]:
    """By name: what is best known about a portal, and the report of a harvest by the file that was written of it."""
    folder = write_config(tmp_path_factory.mktemp("probe") / "config", {})
    for file in (folder / "members").iterdir():
        file.unlink()
    seen, reports = {}, {}
    with ExitStack() as running:
        for name, (make, path, *_) in HARVESTED.items():
            portal = running.enter_context(make())
            with closing(Visitor(allow_private=True)) as visitor:
                found = look(portal.url + path, visitor, config.presets(folder))
            seen[name] = best = found.findings[0]
            text = member_file.written(best, found.findings[1:], found.target, date(2026, 11, 25), allow_private=True)
            (folder / "members" / f"{name}.yml").write_text(text, encoding="utf-8")
        where = ["--config", str(folder), "--home", str(folder.parent / "home")]
        called = [sys.executable, "-m", "indexer", *where, "harvest", "--all", "--json"]
        done = subprocess.run(called, capture_output=True, text=True, check=False)
        for line in done.stdout.splitlines():
            report = json.loads(line)
            reports[report["source"].partition(".")[0]] = report
        yield {name: (seen[name], reports.get(name, {"nothing": done.stderr})) for name in HARVESTED}


@pytest.mark.parametrize("name", HARVESTED)
def test_a_portal_is_recognised_and_harvested_by_the_file_that_was_written(
    name: str, harvested: dict[str, tuple[Finding, dict[str, Any]]]
) -> None:
    finding, report = harvested[name]
    _, _, protocol, count, records = HARVESTED[name]
    assert finding.protocol == protocol
    assert finding.harvested
    assert finding.confidence >= POSSIBLE
    assert finding.why
    if count is not None:
        assert finding.count == count
    assert report["verdict"] == "complete", report
    assert report["created"] > 0
    assert report["rejected"] == 0
    if records >= 0:
        assert report["listed"] == records


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ckan", "/api/3/action/package_search"),
        ("ckan", "/api/3/action/package_list"),
        ("ckan", "/api/3/action/package_search?q=none&rows=0"),
        ("data-json", "/data.json"),
        ("hydra", "/catalog.ttl?page=2"),
        ("dataverse", "/api/search?q=water"),
        ("datagokr", "/catalog/15062804/fileData.json"),
    ],
)
def test_the_address_of_the_api_itself_does_too(name: str, path: str, probed: Probed) -> None:
    make, _, protocol, count, _ = HARVESTED[name]
    with make() as portal:
        seen = probed(portal.url + path)
        best = seen.findings[0]
        assert (best.protocol, best.count) == (protocol, count)
        assert best.address.startswith(portal.url)
        assert seen.requests <= 3


def test_the_file_says_how_it_is_known(probed: Probed) -> None:
    with lookalikes.dataverse() as portal:
        seen = probed(portal.url)
        text = member_file.written(seen.findings[0], (), seen.target, date(2026, 11, 25), allow_private=True)
    assert "evidence: assumed" in text
    assert "probed on 2026-11-25: " in text
    assert "preset: dataverse" in text
    assert "95% sure, 3 records" in text


def test_what_a_portal_writes_cannot_break_the_file(probed: Probed, tmp_path: Path) -> None:
    title = "a: b\u2028# c\n  - !!python/object:os.system {x} \x07\ud7ff &anchor *alias '\"" + "가" * 1000
    routes = {
        "/": as_page("x", f"<title>{title}</title>"),
        "/api/3/action/package_search": as_json({"success": True, "result": {"count": 1, "results": [{"name": "a"}]}}),
    }
    with Routes(routes) as portal:
        seen = probed(portal.url)
    text = member_file.written(seen.findings[0], seen.findings, seen.target, date(2026, 1, 1), allow_private=True)
    folder = write_config(tmp_path / "config", {})
    for file in (folder / "members").iterdir():
        file.unlink()
    (folder / "members" / "odd.yml").write_text(text, encoding="utf-8")
    (member,) = config.members(folder)
    assert member.name.ko.startswith("시험 포털") or "a: b" in member.name.ko
    assert [source.protocol for source in member.sources] == ["ckan"]


def test_nothing_more_is_asked_once_it_is_certain(probed: Probed) -> None:
    with HARVESTED["ckan"][0]() as portal:
        seen = probed(portal.url)
        assert seen.requests == portal.requests.total() == 3  # robots.txt, the page, package_search


def test_what_the_page_bears_is_asked_first(probed: Probed) -> None:
    with lookalikes.dataverse() as portal:
        portal.routes["/"] = as_page("<footer>Powered by Dataverse</footer>")
        assert probed(portal.url).requests == 3


def test_a_portal_below_a_path(probed: Probed) -> None:
    answer = as_json({"success": True, "result": {"count": 7, "results": [{"id": "a", "name": "a"}]}})
    with Routes({"/open/ckan/api/3/action/package_search": answer}) as portal:
        for path in ("/open/ckan", "/open/ckan/", "/open/ckan/dataset/rivers?q=1#top"):
            best = probed(portal.url + path).findings[0]
            assert (best.protocol, best.address, best.count) == ("ckan", f"{portal.url}/open/ckan", 7)


def test_a_feed_that_the_page_names(probed: Probed) -> None:
    feed = HARVESTED["hydra"][0]()
    with feed as portal:
        portal.routes["/x/feed"] = portal.routes["/catalog.ttl"]
        portal.routes["/"] = as_page("x", '<link rel=alternate type="text/turtle" href="/x/feed?lang=ko">')
        best = probed(portal.url).findings[0]
    assert (best.protocol, best.address, best.count) == ("dcat", f"{portal.url}/x/feed?lang=ko", 5)


def test_a_feed_that_is_too_large_to_be_read_whole(probed: Probed) -> None:
    entry = b'{"title": "x", "identifier": "1", "accessLevel": "public", "description": "%s"},' % (b"y" * 10_000)
    feed = Answer(b'{"dataset": [' + entry * 1000, headers={"Content-Type": "application/json"})
    with Routes({"/data.json": feed}) as portal:
        best = probed(portal.url).findings[0]
    assert (best.protocol, best.confidence, best.count) == ("dcat", LIKELY, None)


def test_scripts_of_the_portal_itself_are_read(probed: Probed) -> None:
    script = Answer(
        b"const load = () => axios.get('/api/board/list.json', {params: {}}); fetch('https://cdn.example/list')",
        headers={"Content-Type": "text/javascript"},
    )
    with lookalikes.json_behind_a_page("x = 1", **{"/js/main.js": script}) as portal:
        portal.routes["/"] = as_page('<script src="/js/jquery.js"></script><script src="/js/main.js"></script>')
        best = probed(portal.url).findings[0]
        assert portal.requests["/js/jquery.js"] == 0
    assert best.protocol == "json_api"
    assert best.options["records"] == "result.list"
    assert best.options["total"] == "result.totalCount"
    assert best.options["identifier"] == "boardId"
    assert best.options["fields"] == {"title": "title", "issued": "regDt"}
    assert "paging" in " ".join(best.advice)


def test_what_a_script_posts_is_told_and_not_sent(probed: Probed) -> None:
    script = "$.ajax({url: '/data/list.do', type: 'POST', data: {}})"
    with Routes({"/": as_page(f"<script>{script}</script>")}) as portal:
        seen = probed(portal.url)
        assert portal.requests["/data/list.do"] == 0
    assert not seen.recognised
    assert any("/data/list.do" in hint and "POST" in hint for hint in seen.hints)


def test_news_are_recognised_and_not_harvested(probed: Probed) -> None:
    rss = as_xml("<rss version='2.0'><channel><title>소식</title><item/><item/></channel></rss>")
    with Routes({"/": as_page("x", '<link rel="alternate" type="application/rss+xml" href="rss">'), "/rss": rss}) as it:
        (best,) = probed(it.url).recognised
        (given,) = probed(f"{it.url}/rss").recognised
    assert (best.protocol, best.count, best.harvested) == ("rss", 2, False)
    assert (given.protocol, given.address) == ("rss", f"{it.url}/rss")


def test_a_sitemap_alone_is_no_catalogue(probed: Probed) -> None:
    with lookalikes.schema_org_by_sitemap() as portal:
        for path in portal.routes:
            if path.startswith("/dataset/"):
                portal.routes[path] = as_page("x")
        seen = probed(portal.url)
    assert [finding.protocol for finding in seen.findings] == ["sitemap"]
    assert not seen.recognised


def test_a_sitemap_that_robots_txt_names(probed: Probed) -> None:
    with lookalikes.schema_org_by_sitemap() as portal:
        portal.routes["/maps/all.xml"] = portal.routes.pop("/sitemap.xml")
        portal.robots = f"User-agent: *\nDisallow: /admin\nSitemap: {portal.url}/maps/all.xml\n"
        best = probed(portal.url).findings[0]
    assert best.options == {
        "sitemap": f"{portal.url}/maps/all.xml",
        "match": "^" + best.options["match"][1:],
    }
    assert best.count == 4


OAI = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><request>x</request>{}</OAI-PMH>'


def test_oai_pmh_by_any_of_its_addresses(probed: Probed) -> None:
    def repository(asked: Any) -> Answer:
        token = '<resumptionToken completeListSize="1,234">t</resumptionToken>'
        return as_xml(
            OAI.format(
                {
                    "Identify": "<Identify><repositoryName>시험 저장소</repositoryName></Identify>",
                    "ListIdentifiers": f"<ListIdentifiers><header/>{token}</ListIdentifiers>",
                }.get(asked.query.get("verb", ""), '<error code="badVerb">no</error>')
            )
        )

    with Routes({"/oai/request": repository}) as portal:
        for path in ("", "/oai/request", "/oai/request?verb=Identify", "/oai/request?verb=ListSets"):
            best = probed(portal.url + path).findings[0]
            assert (best.protocol, best.address) == ("oai_pmh", f"{portal.url}/oai/request"), path
            assert (best.confidence, best.count, best.title) == (CERTAIN, 1234, "시험 저장소")


def test_an_error_inside_200_is_no_catalogue(probed: Probed) -> None:
    with Routes(otherwise=as_json({"success": False, "message": "인증키가 없습니다"})) as portal:
        assert not probed(portal.url).recognised


def test_a_ckan_that_fails_is_recognised_with_less_certainty(probed: Probed) -> None:
    with HARVESTED["ckan"][0]() as portal, portal.failing(faults.error_inside_200()):
        best = probed(portal.url).findings[0]
    assert (best.protocol, best.confidence, best.count) == ("ckan", POSSIBLE, None)


def test_a_host_of_institutions_is_asked_through_its_api() -> None:
    from harvester.probe.answers import Answer as Seen
    from harvester.probe.detectors import hosts
    from harvester.probe.findings import Target

    asked = {
        url: list(detector.addresses(Target(Seen(url, url), {})))
        for detector, url in (
            (hosts.GITHUB, "https://github.com/sample"),
            (hosts.GITHUB, "https://github.com/orgs/sample/repositories"),
            (hosts.GITHUB, "https://github.com/features"),
            (hosts.GITHUB, "https://github.com.example/sample"),
            (hosts.HUGGING_FACE, "https://huggingface.co/datasets/sample/corpus"),
            (hosts.HUGGING_FACE, "https://huggingface.co/datasets"),
        )
    }
    assert list(asked.values()) == [
        ["https://api.github.com/orgs/sample/repos?per_page=100"],
        ["https://api.github.com/orgs/sample/repos?per_page=100"],
        [],
        [],
        ["https://huggingface.co/api/datasets?author=sample&limit=1000"],
        [],
    ]
