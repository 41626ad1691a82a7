"""A record of data.go.kr as DCAT in RDF/XML: ``/dcat/metadata/{id}``, ``/biz/dcat/metadata/{id}.do``.

A ``dcat:Catalog`` holds one ``dcat:Dataset`` or ``dcat:DataService`` (the other may stand empty beside it). It is read
as XML and not as RDF: descriptions carry unescaped ``<br/>``, ``&`` and titles in angle brackets, Korean is tagged
``kr``, a telephone number stands as ``rdf:resource``, and properties are in the wrong namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import (
    Agent,
    Catalog,
    Concept,
    ContactPoint,
    Dataset,
    Distribution,
    LangKeywords,
    LangText,
    Location,
    Mapped,
    PeriodOfTime,
)
from harvester.errors import RecordError
from harvester.mapping import safe_xml
from harvester.mapping.datagokr_values import EMPTY, distributions, themes, type_of
from harvester.mapping.json_values import without_scheme

VERSION = 1

_RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_FREE_TEXT = re.compile(
    r"<((?:dct|dcat):(?:description|title|keyword|theme|format)|foaf:name|"
    r"vcard:(?:fn|organization-unit|organization-name))(?:\s[^<>]*)?(?<!/)>"
)
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")
_LANGUAGES = {"kr": "ko", "kor": "ko", "eng": "en"}
_READ = frozenset(
    {
        "accessURL", "accrualPeriodicity", "contactPoint", "creator", "description", "distribution", "downloadURL",
        "endpointURL", "format", "identifier", "issued", "keyword", "landingPage", "language", "license", "mediaType",
        "modified", "publisher", "rights", "spatial", "temporal", "theme", "title", "type",
    }
)  # fmt: skip


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one answer; RecordError where it is not XML, carries a DTD, or holds no dataset and no service."""
    node = _node(payload)
    service = _local(node) == "DataService"
    language = catalog.language
    page = _said(node, "landingPage")
    kind = "API" if service else type_of(page)
    titles = _texts(node, "title", language)
    contact = _contact(node, language)
    temporal, spatial = _said(node, "temporal"), _said(node, "spatial")
    cycle, license = _said(node, "accrualPeriodicity"), _said(node, "license") or _said(node, "rights")
    publisher = next((_name(one, language) for one in _children(node, "publisher", "creator")), None)
    if not publisher and catalog.publisher:
        publisher = catalog.publisher
    unread = {name for one in node.iterchildren("*") if (name := _local(one)) not in _READ}
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title=titles,
        description=_texts(node, "description", language),
        keyword=_keywords(node, language),
        theme=tuple(concept for one in _children(node, "theme") if (said := _text(one)) for concept in themes(said)),
        type=Concept(source=kind) if kind else None,
        publisher=Agent(name=publisher) if publisher else None,
        contact_point=(contact,) if contact else (),
        landing_page=page,
        issued=_said(node, "issued"),
        modified=_said(node, "modified"),
        accrual_periodicity=Concept(source=cycle) if cycle else None,
        temporal=(PeriodOfTime(label=temporal),) if temporal else (),
        spatial=(Location(label={language: spatial}),) if spatial else (),
        license=Concept(source=license) if license else None,
        other_identifier=tuple(one for one in (_said(node, "identifier"),) if one and one != identifier),
        distribution=_distributions(node, kind, page, titles, language),
        additional={name: said for name in unread if (said := _said(node, name))},
    )
    return Mapped(dataset=dataset, unread=tuple(sorted(unread)))


def _node(payload: bytes) -> etree._Element:
    content = safe_xml.decode(payload).strip()
    if safe_xml.has_dtd(content) or not content.startswith("<"):
        raise RecordError("not-xml", "the answer is not RDF/XML (an HTML page, or XML with a document type)")
    try:
        root = safe_xml.parse(_with_escaped_text(content), recover=True)
    except ValueError as error:
        raise RecordError("not-xml", str(error)) from error
    for node in root.iter("*") if root is not None else ():
        if _local(node) in ("Dataset", "DataService") and len(node):
            return node
    raise RecordError("no-dataset", "the RDF/XML holds neither a dataset nor a service")


def _with_escaped_text(content: str) -> str:
    """Escape free text that the portal did not: mark-up in it is text, and is cleaned with all other HTML later."""
    parts: list[str] = []
    position = 0
    never_closed: set[str] = set()
    for opening in _FREE_TEXT.finditer(content):
        name = opening[1]
        if opening.start() < position or name in never_closed:
            continue
        end = content.find(f"</{name}", opening.end())
        if end < 0:
            never_closed.add(name)
            continue
        parts += content[position : opening.end()], _escaped(content[opening.end() : end])
        position = end
    return "".join((*parts, content[position:]))


def _escaped(text: str) -> str:
    if text.lstrip().startswith("<![CDATA["):
        return text
    return _BARE_AMPERSAND.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2].rpartition(":")[2]


def _children(node: etree._Element, *names: str) -> Iterator[etree._Element]:
    return (one for one in node.iterchildren("*") if _local(one) in names)


def _text(element: etree._Element) -> str | None:
    """Give the address or the text of an element; a double escape (``&amp;amp;``) stays for the cleaning of text."""
    found = (element.get(_RESOURCE) or element.get("rdf:resource") or "".join(map(str, element.itertext()))).strip()
    return None if found in EMPTY else found


def _said(node: etree._Element, name: str) -> str | None:
    return next((found for one in _children(node, name) if (found := _text(one))), None)


def _language(element: etree._Element, fallback: str) -> str:
    stated = (element.get(_LANGUAGE) or "").strip()
    return _LANGUAGES.get(stated, stated) or fallback


def _texts(node: etree._Element, name: str, language: str) -> LangText:
    found: dict[str, str] = {}
    for one in _children(node, name):
        if said := _text(one):
            found.setdefault(_language(one, language), said)
    return found


def _keywords(node: etree._Element, language: str) -> LangKeywords:
    found: dict[str, dict[str, None]] = {}
    for one in _children(node, "keyword"):
        if said := _text(one):
            found.setdefault(_language(one, language), {})[said] = None
    return {tag: tuple(words) for tag, words in found.items()}


def _name(element: etree._Element, language: str) -> LangText:
    for one in element.iter("{*}name", "{*}fn", "{*}organization-name"):
        if said := _text(one):
            return {_language(one, language): said}
    said = _text(element)
    return {language: said} if said else {}


def _contact(node: etree._Element, language: str) -> ContactPoint | None:
    for point in _children(node, "contactPoint"):
        stated: dict[str, str] = {}
        for one in point.iter("*"):
            if not len(one) and (said := _text(one)):
                stated.setdefault(_local(one), said)
        name = stated.get("organization-unit") or stated.get("fn") or stated.get("organization-name")
        telephone, email = without_scheme(stated.get("hasTelephone")), without_scheme(stated.get("hasEmail"))
        if name or telephone or email:
            return ContactPoint(name={language: name} if name else {}, telephone=telephone, email=email)
    return None


def _distributions(
    node: etree._Element, kind: str | None, page: str | None, titles: LangText, language: str
) -> tuple[Distribution, ...]:
    found: tuple[Distribution, ...] = ()
    for one in _children(node, "distribution"):
        for part in one.iterchildren("*"):
            found += distributions(
                kind,
                _said(part, "format") or _said(part, "mediaType"),
                page=_said(part, "accessURL") or page,
                title=dict(_texts(part, "title", language)),
                download_url=_said(part, "downloadURL"),
            )
    if found:
        return found
    return distributions(
        kind,
        _said(node, "format") or _said(node, "mediaType"),
        page=_said(node, "accessURL") or page,
        title=dict(titles),
        endpoint_url=_said(node, "endpointURL"),
    )
