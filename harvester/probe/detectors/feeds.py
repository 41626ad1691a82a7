"""Feeds: DCAT (data.json, JSON-LD, Turtle, RDF/XML), and news in RSS and Atom."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

from harvester.mapping.rdf_closure import Feed, split_feed
from harvester.mapping.rdf_documents import RdfSyntax
from harvester.probe.answers import Answer
from harvester.probe.findings import CERTAIN, LIKELY, POSSIBLE, Detector, Finding, Reading, Target

_DCAT = b"http://www.w3.org/ns/dcat#"
_DCAT_TYPES = ("application/rdf+xml", "text/turtle", "application/ld+json", "application/x-turtle")
_NEWS_TYPES = ("application/rss+xml", "application/atom+xml")
_PATHS = ("/data.json", "/catalog.jsonld", "/catalog.ttl", "/catalog.xml")
"""DCAT-US's place, and where CKAN's DCAT extension has the catalogue."""
_LINKS = re.compile(r"data\.json$|dcat-us/[\d.]+\.json$|/catalog\.(?:ttl|jsonld|rdf|xml)$", re.IGNORECASE)
_CUT_FEED = re.compile(rb'"dataset"\s*:\s*\[')
_POD_KEYS = frozenset({"title", "identifier", "accessLevel", "distribution", "landingPage", "keyword"})


def alternates(target: Target, types: tuple[str, ...]) -> list[str]:
    """Addresses that the page's head names as other forms of itself."""
    tree = target.landing.tree
    found = tree.iter("link") if tree is not None else ()
    return [
        _joined(target.url, link.get("href", ""))
        for link in found
        if "alternate" in (link.get("rel") or "").lower()
        and (link.get("type") or "").partition(";")[0].strip().lower() in types
        and link.get("href")
    ][:3]


def _dcat_addresses(target: Target) -> list[str]:
    tree = target.landing.tree
    anchors = (one.get("href") or "" for one in tree.iter("a")) if tree is not None else ()
    linked = [_joined(target.url, href) for href in anchors if _LINKS.search(href.partition("?")[0])]
    return [*alternates(target, _DCAT_TYPES), *list(dict.fromkeys(linked))[:2], *target.below(*_PATHS)]


def _joined(address: str, link: str) -> str:
    try:
        return urljoin(address, link.strip())
    except ValueError:
        return ""


def _dcat(answer: Answer, target: Target) -> Reading:
    yield from ()
    if answer.is_page or not answer.came:
        return None
    said = answer.json
    if isinstance(said, dict) and isinstance(said.get("dataset"), list):
        return _data_json(said, answer)
    if answer.cut and _CUT_FEED.search(answer.unpacked[:65536]) and b'"accessLevel"' in answer.unpacked:
        why = (f"{answer.url} begins as a data.json does; it is too large to count",)
        return Finding("dcat", "DCAT (data.json)", LIKELY, why, answer.url)
    if answer.cut and _DCAT in answer.unpacked[:65536]:
        why = (f"{answer.url} names DCAT; it is too large to count",)
        return Finding("dcat", "DCAT (RDF)", LIKELY, why, answer.url)
    syntax = _syntax(answer)
    if syntax is None or answer.cut:
        return None
    try:
        feed = split_feed(answer.unpacked, syntax, answer.url)
    except (ValueError, RecursionError):
        return None
    return _rdf(feed, syntax, answer)


def _syntax(answer: Answer) -> RdfSyntax | None:
    """Which RDF it is, where it is about DCAT; JSON-LD may name DCAT through a context alone."""
    body = answer.unpacked
    if answer.json is not None:
        return "json_ld" if b"dcat" in body and b'"@' in body else None
    if _DCAT not in body:
        return None
    if answer.xml is not None:
        return "rdf_xml"
    return None if body.lstrip()[:1] == b"<" and b"<?xml" in body[:200] else "turtle"


def _data_json(said: dict[str, Any], answer: Answer) -> Finding | None:
    datasets = said["dataset"]
    declared = "conformsTo" in said or "project-open-data" in str(said.get("@context", ""))
    titled = sum(isinstance(one, dict) and "title" in one and len(_POD_KEYS & one.keys()) > 1 for one in datasets)
    if not (declared or titled) or (datasets and not titled):
        return None
    why = (f"{answer.url} has a list `dataset` of {len(datasets):,}, {titled:,} of them with title and identifier",)
    return Finding("dcat", "DCAT (data.json)", CERTAIN if titled else LIKELY, why, answer.url, len(datasets))


def _rdf(feed: Feed, syntax: str, answer: Answer) -> Finding | None:
    seen = len(feed)
    if not seen:
        return None
    total = feed.declared_total if feed.declared_total is not None else (None if feed.next_page else seen)
    paged = ", and names the next page" if feed.next_page else ""
    why = (f"{answer.url} is {syntax} with {seen:,} DCAT datasets{paged}",)
    paging = feed.next_page is not None or feed.declared_total is not None
    address = re.sub(r"[?&]page=\d+$", "", answer.url) if paging else answer.url
    return Finding("dcat", f"DCAT ({syntax})", CERTAIN, why, address, total)


DCAT = Detector("DCAT feed", _dcat_addresses, _dcat, re.compile(r"data\.json|dcat", re.IGNORECASE))


def _news(answer: Answer, target: Target) -> Reading:
    yield from ()
    if answer.xml is None:
        return None
    root = str(answer.xml.tag)
    kind = {
        "rss": "RSS",
        "{http://www.w3.org/2005/Atom}feed": "Atom",
        "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF": "RSS 1.0",
    }.get(root)
    entries = answer.xml.findall(".//{*}entry" if kind == "Atom" else ".//{*}item")
    if kind is None or (kind == "RSS 1.0" and not entries):
        return None
    title = answer.xml.findtext(".//{*}title") or ""
    why = (f"{answer.url} is a feed in {kind}: the newest entries only, seldom a whole catalogue",)
    count = None if answer.cut else len(entries)
    return Finding("rss", kind, POSSIBLE, why, answer.url, count, title=title.strip()[:200])


NEWS = Detector("RSS or Atom", lambda target: alternates(target, _NEWS_TYPES)[:1], _news)
