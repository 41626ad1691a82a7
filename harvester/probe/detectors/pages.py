"""Web pages that describe datasets in schema.org's terms, and sitemaps that lead to such pages."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from harvester.mapping.embedded_metadata import Found, datasets_of
from harvester.mapping.json_values import text
from harvester.probe.answers import Answer
from harvester.probe.findings import HINT, LIKELY, Detector, Finding, Reading, Target

_ABOUT_DATA = re.compile(r"dataset|/data/|/record|doi|detail|view", re.IGNORECASE)
_SAMPLES = 2
_PLAIN = re.compile(rb"\s*https?://")


def _described(answer: Answer) -> list[Found]:
    if not answer.came or not (answer.is_page or answer.json is not None):
        return []
    return [one for one in datasets_of(answer.text, answer.url) if isinstance(one, Found)]


def _schema_org(answer: Answer, target: Target) -> Reading:
    yield from ()
    found = _described(answer)
    if not found:
        return None
    name = text(found[0].node.get("name")) or ""
    why = (f"{answer.url} describes {len(found)} schema.org Dataset as {found[0].way}, the first: {name[:60]!r}",)
    advice = ("sitemap: https://…/sitemap.xml   # or links: a CSS selector; without them this page is the only one",)
    return Finding("schema_org", "schema.org in the page", LIKELY, why, answer.url, len(found), advice=advice)


SCHEMA_ORG = Detector("schema.org", lambda target: (), _schema_org)


def _sitemap_addresses(target: Target) -> list[str]:
    return [*target.sitemaps[:2], *(target.below("/sitemap.xml") if not target.sitemaps else ())]


def _links(answer: Answer) -> tuple[str, list[str]] | None:
    """Which kind of sitemap an answer is, and the addresses in it; None for what is none."""
    if answer.came and _PLAIN.match(answer.unpacked) and answer.address.endswith((".txt", ".xml", ".gz")):
        return "urlset", [one for one in answer.text.split() if one.startswith("http")]
    if answer.xml is None:
        return None
    kind = str(answer.xml.tag).rpartition("}")[2]
    if kind not in {"urlset", "sitemapindex"}:
        return None
    found = (str(one.text or "").strip() for one in answer.xml.iter("{*}loc"))
    return kind, [one for one in found if one.startswith(("http://", "https://"))]


def _sitemap(answer: Answer, target: Target) -> Reading:
    read = _links(answer)
    if read is None:
        return None
    kind, links = read
    whole = not answer.cut
    if kind == "sitemapindex":
        chosen = sorted(links, key=lambda one: not _ABOUT_DATA.search(one))[:1]
        inner = _links((yield chosen[0])) if chosen else None
        whole = whole and len(links) == 1
        links = inner[1] if inner and inner[0] == "urlset" else []
    host = urlsplit(answer.url).netloc
    own = [one for one in links if urlsplit(one).netloc == host]
    likely = [one for one in own if _ABOUT_DATA.search(urlsplit(one).path)] or own
    for page in dict.fromkeys(likely[:: max(1, len(likely) // _SAMPLES)][:_SAMPLES]):
        if _described((yield page)):
            return _with_datasets(answer, page, own, whole)
    why = f"{answer.url} is a sitemap with {len(links):,} addresses"
    asked = "; no schema.org Dataset on those that were asked for" if own else ""
    return Finding("sitemap", "sitemap", HINT, (why + asked,), answer.url, len(own) if whole else None)


def _with_datasets(answer: Answer, page: str, own: list[str], whole: bool) -> Finding:
    beginning = re.match(r"https?://[^/]+/(?:[^/?#]+/)?", page)
    prefix = beginning[0] if beginning else page
    alike = [one for one in own if one.startswith(prefix)]
    options = {"sitemap": answer.url}
    if len(alike) < len(own):
        options["match"] = f"^{re.escape(prefix)}"
    parts = urlsplit(answer.url)
    why = (
        f"{answer.url} is a sitemap with {len(alike):,} pages below {prefix}",
        f"{page} describes a schema.org Dataset",
    )
    base = f"{parts.scheme}://{parts.netloc}"
    count = len(alike) if whole else None
    return Finding("schema_org", "schema.org by sitemap", LIKELY + 0.05, why, base, count, options)


SITEMAP = Detector("sitemap", _sitemap_addresses, _sitemap)
