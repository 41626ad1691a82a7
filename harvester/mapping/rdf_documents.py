"""What is done to RDF from strangers before the RDF parser sees it: dangers refused, envelopes opened, slips mended."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import orjson
from lxml import etree

from harvester.mapping import safe_xml
from harvester.mapping.json_ld_contexts import inline_contexts

RdfSyntax: TypeAlias = Literal["turtle", "rdf_xml", "json_ld"]

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LABEL = "{http://www.w3.org/2000/01/rdf-schema#}label"
_WHOLE = re.compile(rb"\.\s*(?:#.*)?$|^(?:prefix|base)\s[^<]*<[^>]*>\s*(?:#.*)?$", re.IGNORECASE)
"""End of a line that ends a statement; directives in SPARQL's way have no full stop."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def rdf_documents(payload: bytes, syntax: RdfSyntax) -> list[bytes]:
    """Prepare the RDF documents of one answer: CSW and OAI-PMH wrap one per record in an envelope of their own.

    Raises ValueError for a DTD, for what is not well-formed, for too deep nesting, for unknown JSON-LD contexts, and
    for Turtle that is not UTF-8 (its parser would take other letters for these) or stops within a statement.
    """
    if syntax == "rdf_xml":
        return _rdf_xml(safe_xml.parse(safe_xml.decode(payload)))
    payload = payload.removeprefix(_BYTE_ORDER_MARK)
    return [_turtle(payload)] if syntax == "turtle" else [_json_ld(payload)]


def _turtle(payload: bytes) -> bytes:
    payload.decode("utf-8")
    lines = payload.rstrip().splitlines()
    while lines and lines[-1].lstrip()[:1] in (b"", b"#"):
        lines.pop()
    last = lines[-1].lstrip() if lines else b""
    if last and not _WHOLE.search(last):
        raise ValueError(f"the Turtle breaks off within a statement: …{last[-60:].decode('utf-8', 'replace')}")
    return payload


def _json_ld(payload: bytes) -> bytes:
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"the answer is not JSON: {error}") from error
    return orjson.dumps(inline_contexts(document))


def _rdf_xml(root: etree._Element | None) -> list[bytes]:
    if root is None:
        raise ValueError("the XML is empty")
    found = list(root.iter(f"{_RDF}RDF"))
    for document in found:
        _label_stray_text(document)
    return [etree.tostring(document, encoding="utf-8", with_tail=False) for document in found or [root]]


def _label_stray_text(document: etree._Element) -> None:
    """Turn text that stands where RDF/XML allows none into the label of what it stands beside.

    GeoNetwork writes ``<dcat:theme rdf:resource="…/theme/ef">Environmental monitoring facilities</dcat:theme>``; one
    such theme would cost the whole feed.
    """
    nodes = list(document)
    while nodes:
        node = nodes.pop()
        stray = _taken_text(node)
        for one in list(node):
            one.tail = None
            kind = one.get(f"{_RDF}parseType")
            if kind is None and not len(one) and (resource := one.get(f"{_RDF}resource")) is not None:
                if label := _taken_text(one):
                    del one.attrib[f"{_RDF}resource"]
                    described = etree.SubElement(one, f"{_RDF}Description", {f"{_RDF}about": resource})
                    etree.SubElement(described, _LABEL).text = label
            elif kind == "Resource":
                nodes.append(one)
            elif kind in (None, "Collection") and len(one):
                one.text = None
                for inner in one:
                    inner.tail = None
                nodes += list(one)
        if stray:
            etree.SubElement(node, _LABEL).text = stray


def _taken_text(element: etree._Element) -> str:
    found, element.text = (element.text or "").strip(), None
    return found
