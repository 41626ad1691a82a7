"""Datasets that a page describes in schema.org's terms, and what identifies them. Pure; used by a protocol.

JSON-LD is read as JSON, not as RDF: pages write it by hand, with wrong contexts and wrong JSON. References inside one
document (``{"@id": …}``) are replaced by what they refer to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urljoin

import lxml.etree

from harvester.mapping.json_values import text
from harvester.mapping.mended_json import mended
from harvester.mapping.schema_org_terms import MAX_DEPTH, is_dataset, local, objects, plain

_MICRODATA = re.compile(r"itemtype\s*=\s*[\"']?\s*https?://(?:www\.)?schema\.org/Dataset\b", re.IGNORECASE)
_ABOUT_DATASETS = re.compile(r"\bDataset\b")
_LEADS_TO_DATASETS = ("@graph", "dataset", "mainEntity", "itemListElement", "item")
_ONLY_REFERS = frozenset({"@id", "@type", "@context", "identifier", "sameAs", "url"})
_WRAPPING = re.compile(r"^\s*(?://\s*)?(?:<!--|<!\[CDATA\[)|(?://\s*)?(?:-->|\]\]>)\s*$")


class Found(NamedTuple):
    """One dataset: its node as it stands on the page, the context of the document, and how it was read."""

    node: dict[str, Any]
    context: Any
    way: str
    mended: bool = False


class Broken(NamedTuple):
    """Metadata of a page that cannot be read."""

    text: str
    fault: str


def datasets_of(page: str, address: str) -> Iterator[Found | Broken]:
    """Find all datasets of the answer of an address, which is a page in HTML or a JSON-LD document."""
    if page.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        yield from _of_json(page.lstrip("\ufeff"))
        return
    tree = _tree(page)
    if tree is None:
        return
    for script in tree.iter("script"):
        if (script.get("type") or "").partition(";")[0].strip().lower() == "application/ld+json":
            yield from _of_json("".join(script.itertext()))
    if _MICRODATA.search(page):
        yield from _of_microdata(tree, address)


def _tree(page: str) -> Any:
    content = page.replace("\x00", "").encode("utf-8", "replace")
    if not content.strip():
        return None
    try:
        return lxml.etree.fromstring(content, lxml.etree.HTMLParser(encoding="utf-8", no_network=True))
    except (lxml.etree.XMLSyntaxError, ValueError):
        return None


def _of_json(stated: str) -> Iterator[Found | Broken]:
    stated = _WRAPPING.sub("", stated)
    repaired = False
    try:
        document = _loaded(stated)
    except (ValueError, RecursionError) as first:
        try:
            document, repaired = _loaded(mended(stated)), True
        except (ValueError, RecursionError):
            if _ABOUT_DATASETS.search(stated):
                yield Broken(stated, str(first) or type(first).__name__)
            return
    references = _References(document)
    for root in document if isinstance(document, list) else [document]:
        context = root.get("@context") if isinstance(root, dict) else None
        for node in _datasets(root):
            yield Found(references.whole(node), node.get("@context", context), "json_ld", repaired)


def _loaded(stated: str) -> Any:
    return json.loads(stated, strict=False, parse_constant=lambda _: None)


def _datasets(root: Any) -> Iterator[dict[str, Any]]:
    """Datasets in document order; what a dataset itself names (parts, sources, citations) are none of the page's."""
    stack = [(root, 0)]
    while stack:
        value, depth = stack.pop()
        if depth > MAX_DEPTH:
            continue
        if isinstance(value, list):
            stack += [(one, depth + 1) for one in reversed(value)]
        elif is_dataset(value):
            if not _ONLY_REFERS.issuperset(map(local, value)):
                yield value
        elif isinstance(value, dict):
            inner = [one for key, one in value.items() if local(key) in _LEADS_TO_DATASETS]
            stack += [(one, depth + 1) for one in reversed(inner)]


def _nodes_by_id(document: Any) -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = {}
    stack = [(document, 0)]
    while stack:
        value, depth = stack.pop()
        if depth > MAX_DEPTH:
            continue
        if isinstance(value, dict):
            identifier = value.get("@id")
            if isinstance(identifier, str) and len(value) > 1:
                known.setdefault(identifier, value)
            value = list(value.values())
        if isinstance(value, list):
            stack += [(one, depth + 1) for one in value]
    return known


class _References:
    """What a document's references refer to. `left` bounds how many objects are copied, however they are nested."""

    def __init__(self, document: Any) -> None:
        self.known = _nodes_by_id(document)
        self.left = 10_000 + 4 * len(self.known)

    def whole(self, value: Any, inside: frozenset[str] = frozenset(), depth: int = 0) -> Any:
        """Copy a value with references replaced; other datasets, and what it is `inside` of, stay references."""
        if depth > MAX_DEPTH:
            return None
        if isinstance(value, list):
            return [self.whole(one, inside, depth + 1) for one in value]
        if not isinstance(value, dict):
            return value
        identifier = value.get("@id")
        if len(value) == 1 and isinstance(identifier, str) and identifier not in inside:
            meant = self.known.get(identifier)
            if meant and self.left > 0 and not is_dataset(meant):
                value, inside = meant, inside | {identifier}
        self.left -= 1
        return {key: self.whole(one, inside, depth + 1) for key, one in value.items()}


def _of_microdata(tree: Any, address: str) -> Iterator[Found]:
    from extruct.w3cmicrodata import MicrodataExtractor  # it loads an RDF library: only for pages that have some

    try:
        items = MicrodataExtractor().extract_items(tree, base_url=address)
    except (ValueError, RecursionError):
        return
    for item in items:
        for node in _datasets(_as_node(item)):
            yield Found(node, None, "microdata")


def _as_node(item: Any, depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        return None
    if isinstance(item, list):
        return [_as_node(one, depth + 1) for one in item]
    if not isinstance(item, dict):
        return item
    properties = item.get("properties")
    node = {key: _as_node(one, depth + 1) for key, one in properties.items()} if isinstance(properties, dict) else {}
    return {"@type": item.get("type"), **({"@id": item["id"]} if item.get("id") else {}), **node}


def identify(found: Sequence[Found], address: str) -> list[str]:
    """Give each dataset of a page its identifier, which stays the same as long as the page says the same of it.

    The first that all datasets of the page have, each another one: ``identifier``, ``@id``, ``url``, address of the
    first file, name; else the place on the page. A page with one dataset takes its own address before the name. A
    dataset that stands there twice has one identifier.
    """
    nodes = [plain(one.node) for one in found]
    said = [json.dumps(node, sort_keys=True, default=str) for node in nodes]
    distinct = dict(zip(said, nodes, strict=True))
    identifiers = dict(zip(distinct, _identified(list(distinct.values()), address), strict=True))
    return [identifiers[one] for one in said]


def _identified(nodes: Sequence[Mapping[str, Any]], address: str) -> list[str]:
    for candidate in (_stated_identifier, _id, _url, _file):
        values = [candidate(node, address) for node in nodes]
        if all(values) and len(set(values)) == len(values):
            return [value for value in values if value]
    if len(nodes) == 1:
        return [address]
    names = [text(node.get("name")) for node in nodes]
    if all(names) and len(set(names)) == len(names):
        return [f"{address}#{name}" for name in names]
    return [f"{address}#{number}" for number in range(1, len(nodes) + 1)]


def _stated_identifier(node: Mapping[str, Any], address: str) -> str | None:
    stated = node.get("identifier")
    for one in objects(stated):
        if said := text(one.get("value")) or text(one.get("url")) or text(one.get("@id")):
            return said
    return None if isinstance(stated, dict) else text(stated)


def _id(node: Mapping[str, Any], address: str) -> str | None:
    identifier = text(node.get("@id"))
    return _joined(address, identifier) if identifier and not identifier.startswith("_:") else None


def _url(node: Mapping[str, Any], address: str) -> str | None:
    url = text(node.get("url"))
    return _joined(address, url) if url else None


def _file(node: Mapping[str, Any], address: str) -> str | None:
    urls = (text(one.get("contentUrl")) for one in objects(node.get("distribution")))
    return next((_joined(address, url) for url in urls if url), None)


def _joined(address: str, link: str) -> str:
    try:
        return urljoin(address, link)
    except ValueError:
        return link
