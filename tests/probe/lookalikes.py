"""Portals that answer in the shapes of known software, with invented content."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from harvester.sample_portals import sample_ckan, sample_datagokr, sample_dcat, sample_oai_pmh
from harvester.sample_portals.dcat import hydra_pages
from harvester.sample_portals.server import Answer, Asked, Portal, not_found

Route = Answer | Callable[[Asked], Answer]


class Routes(Portal):
    """Answers these paths; ``{portal}`` in a body stands for the portal's address. Everything else is `otherwise`."""

    def __init__(self, routes: Mapping[str, Route] | None = None, otherwise: Answer | None = None) -> None:
        super().__init__()
        self.routes = dict(routes or {})
        self.otherwise = otherwise or not_found()
        self.asked: list[Asked] = []

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        route = self.routes.get(asked.path, self.otherwise)
        answer = route if isinstance(route, Answer) else route(asked)
        body = answer.body.replace(b"{portal}", self.url.encode())
        headers = {name: said.replace("{portal}", self.url) for name, said in answer.headers.items()}
        return Answer(body, answer.status, headers, answer.seconds, answer.cut)


def as_json(value: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(json.dumps(value).encode(), status, {"Content-Type": "application/json", **headers})


def as_xml(text: str) -> Answer:
    return Answer(text.encode(), headers={"Content-Type": "application/xml; charset=utf-8"})


def as_page(body: str, head: str = "") -> Answer:
    page = f"<!DOCTYPE html><html lang=ko><head><title>시험 포털</title>{head}</head><body>{body}</body></html>"
    return Answer(page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


DATASET = (
    '<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Dataset", "name": "하천 수위", '
    '"identifier": "%s", "description": "관측소별 수위", "license": "https://creativecommons.org/licenses/by/4.0/"}</script>'
)
WORDS = "<p>" + "이 포털은 자료를 설명하는 글을 싣습니다. " * 20 + "</p>"


def schema_org() -> Portal:
    return Routes({"/": as_page(WORDS, DATASET % "river-1")})


def schema_org_by_sitemap() -> Portal:
    pages = {f"/dataset/{number}": as_page(WORDS, DATASET % f"river-{number}") for number in range(1, 5)}
    addresses = [*pages, "/about", "/news/1"]
    locations = "".join(f"<url><loc>{{portal}}{address}</loc></url>" for address in addresses)
    sitemap = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{locations}</urlset>'
    other = {address: as_page(WORDS) for address in ("/", "/about", "/news/1")}
    return Routes({**pages, **other, "/sitemap.xml": as_xml(sitemap)})


def dataverse() -> Portal:
    entries = [
        {
            "name": f"설문 {number}",
            "type": "dataset",
            "url": f"https://doi.org/10.5072/{number}",
            "global_id": f"doi:10.5072/{number}",
            "description": "가상의 설문",
            "published_at": "2025-03-01T00:00:00Z",
            "name_of_dataverse": "시험 연구소",
        }
        for number in range(1, 4)
    ]
    return Routes({"/api/search": as_json({"status": "OK", "data": {"q": "*", "total_count": 3, "items": entries}})})


def opendatasoft() -> Portal:
    entries = [
        {"dataset_id": f"arbres-{number}", "metas": {"default": {"title": f"Arbres {number}", "publisher": "Ville"}}}
        for number in range(1, 4)
    ]
    return Routes({"/api/explore/v2.1/catalog/datasets": as_json({"total_count": 3, "results": entries})})


def arcgis_hub() -> Portal:
    entries = [
        {"id": f"abc{number}_0", "type": "dataset", "attributes": {"name": f"Trees {number}", "orgName": "City"}}
        for number in range(1, 4)
    ]
    return Routes({"/api/v3/datasets": as_json({"data": entries, "meta": {"stats": {"totalCount": 3}}})})


def socrata() -> Portal:
    entries = [
        {
            "resource": {
                "id": f"abcd-000{number}",
                "name": f"Permits {number}",
                "createdAt": "2024-01-01T00:00:00.000Z",
            },
            "classification": {"domain_tags": ["permits"]},
            "metadata": {"domain": "127.0.0.1"},
            "link": f"https://data.example/d/{number}",
        }
        for number in range(1, 4)
    ]
    return Routes({"/api/catalog/v1": as_json({"results": entries, "resultSetSize": 3})})


def github() -> Portal:
    rows = [
        {
            "id": number,
            "name": f"dataset-{number}",
            "full_name": f"sample/dataset-{number}",
            "html_url": f"https://github.com/sample/dataset-{number}",
            "description": "말뭉치",
            "owner": {"login": "sample"},
            "created_at": "2024-01-01T00:00:00Z",
            "pushed_at": "2024-02-01T00:00:00Z",
        }
        for number in range(1, 4)
    ]
    return Routes({"/orgs/sample/repos": as_json(rows)})


def hugging_face() -> Portal:
    rows = [
        {"id": f"sample/corpus-{number}", "lastModified": "2024-05-01T00:00:00.000Z", "tags": ["language:ko"]}
        for number in range(1, 4)
    ]
    return Routes({"/api/datasets": as_json(rows)})


def json_behind_a_page(script: str = "fetch('/api/board/list.json?page=1&rows=2')", **routes: Route) -> Portal:
    entries = [{"boardId": 100 + number, "title": f"교통량 {number}", "regDt": "2025-01-02"} for number in range(5)]

    def listed(asked: Asked) -> Answer:
        page, rows = int(asked.query.get("page", 1)), int(asked.query.get("rows", 2))
        return as_json({"result": {"list": entries[(page - 1) * rows : page * rows], "totalCount": len(entries)}})

    page = as_page(f"<div id=app></div><script>{script}</script>")
    return Routes({"/": page, "/api/board/list.json": listed, **routes})


def hydra() -> Portal:
    prefixes = "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n"
    datasets = [
        f'<https://data.example/{number}> a dcat:Dataset ; dct:title "자료 {number}"@ko ; dct:identifier "{number}" .'
        for number in range(1, 6)
    ]
    pages = hydra_pages(datasets, 2, prefixes=prefixes)

    def answered(path: str) -> Callable[[Asked], Answer]:
        def answer(asked: Asked) -> Answer:
            kind, body = pages.get(f"{path}?page={asked.query.get('page', '1')}", pages[path])
            return Answer(body, headers={"Content-Type": kind})

        return answer

    return Routes({"/catalog.ttl": answered("/catalog.ttl")})


HARVESTED: dict[str, tuple[Callable[[], Portal], str, str, int | None, int]] = {
    # name: portal, path that is probed, protocol, records that the probe counts, records of a harvest
    "ckan": (sample_ckan, "", "ckan", 40, 40),
    "data-json": (sample_dcat, "", "dcat", 16, 16),
    "hydra": (hydra, "", "dcat", 5, 5),
    "json-ld": (sample_dcat, "/archive.jsonld", "dcat", None, -1),
    "oai-pmh": (sample_oai_pmh, "/oai", "oai_pmh", None, -1),
    "datagokr": (sample_datagokr, "", "datagokr", None, -1),
    "schema-org": (schema_org, "", "schema_org", 1, 1),
    "schema-org-by-sitemap": (schema_org_by_sitemap, "", "schema_org", 4, 4),
    "dataverse": (dataverse, "", "json_api", 3, 3),
    "opendatasoft": (opendatasoft, "/explore/?sort=modified", "json_api", 3, 3),
    "arcgis-hub": (arcgis_hub, "", "json_api", 3, 3),
    "socrata": (socrata, "", "json_api", 3, 3),
    "github": (github, "/orgs/sample/repos", "github_org", 3, 3),
    "hugging-face": (hugging_face, "/api/datasets?author=sample", "huggingface", 3, 3),
    "json-behind-a-page": (json_behind_a_page, "", "json_api", 5, 5),
}
"""A count of None: the probe tells none, or the corpus's own number is right (-1: any)."""
