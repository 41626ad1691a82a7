"""A dataset's closure in N-Triples, as `harvester.mapping.rdf_closure` makes it.

Reads DCAT 1 to 3, DCAT-AP and its national profiles, and schema.org used as RDF.
Sources: https://www.w3.org/TR/vocab-dcat-3/, https://semiceu.github.io/DCAT-AP/releases/3.0.0/, DCAT-AP-KR for legal
basis, fee and counters.
"""

from __future__ import annotations

from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import (
    Agent,
    Catalog,
    Concept,
    ContactPoint,
    DataService,
    Dataset,
    Distribution,
    LangKeywords,
    Location,
    Mapped,
    PeriodOfTime,
)
from harvester.errors import RecordError
from harvester.mapping.json_values import byte_size, count, without_scheme
from harvester.mapping.licences import shared_license
from harvester.mapping.places import place_of_text, shape_of_text
from harvester.mapping.rdf_graph import Graph, Node, local_name

VERSION = 1

_TITLE = ("dct:title", "schema:name", "rdfs:label", "skos:prefLabel", "dc:title", "dcat:title")
_DESCRIPTION = ("dct:description", "dct:abstract", "schema:description", "dc:description")
_LABEL = ("skos:prefLabel", "rdfs:label", "dct:title", "foaf:name", "schema:name", "vcard:fn", "rdf:value",
          "dct:description", "skos:notation")  # fmt: skip
_AGENT_NAME = ("foaf:name", "schema:name", "vcard:fn", "vcard:organization-name", "skos:prefLabel", "rdfs:label",
               "dct:title")  # fmt: skip
_CONTACT_NAME = ("vcard:fn", "vcard:organization-name", "vcard:organization-unit", "foaf:name", "schema:name",
                 "rdfs:label", "dct:title")  # fmt: skip
_PLACE_NAME = (
    "skos:prefLabel",
    "rdfs:label",
    "locn:geographicName",
    "schema:name",
    "dct:title",
    "vcard:hasCountryName",
)
_SHAPES = ("dcat:bbox", "locn:geometry", "geo:asWKT", "dcat:centroid", "schema:box", "schema:geo")
_START = ("dcat:startDate", "schema:startDate", "time:hasBeginning", "dcatap:startDate")
_END = ("dcat:endDate", "schema:endDate", "time:hasEnd", "dcatap:endDate")
_INSTANT = ("time:inXSDDate", "time:inXSDDateTimeStamp", "time:inXSDDateTime", "time:inXSDgYear", "rdfs:label")
_LICENSE = ("dct:license", "schema:license", "cc:license", "dc:license")
_PAGES = ("foaf:page", "dcat:landingPage", "foaf:homepage", "schema:url", "wdrs:describedby", "dct:references")
_OTHER_IDENTIFIER = ("dct:identifier", "adms:identifier", "dcat:identifier", "schema:identifier", "dc:identifier")
_LEGAL = ("dcatap:applicableLegislation", "dcatkr:legalBasis", "dcatde:legalBasis")
_IGNORED = ("rdf:type", "foaf:primaryTopic", "foaf:isPrimaryTopicOf", "foaf:primaryTopicOf")
_VIEWS = ("dcatkr:numberOfView", "dcatkr:numberOfViews")
_DOWNLOADS = ("dcatkr:numberOfDownload", "dcatkr:numberOfDownloads")
_PLAIN_TYPES = frozenset(("dcat:Dataset", "schema:Dataset", "void:Dataset", "dcatapit:Dataset"))


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one closure; RecordError where it is not N-Triples or describes no dataset."""
    graph = Graph(payload.decode("utf-8", "replace"), catalog.language)
    node = graph.root(identifier)
    if node is None:
        message = "no dataset in N-Triples: what was sent cannot be read as RDF, or describes none or several"
        raise RecordError("no-dataset", message)
    landing_page = node.address("dcat:landingPage") or node.address("foaf:homepage", "schema:url")
    kind = _kind(node)
    distribution = tuple(_distribution(one) for one in node.nodes("dcat:distribution", "schema:distribution"))
    if node.has("dcat:endpointURL", "dcat:endpointDescription"):
        service = _service(node)
        distribution += (Distribution(title=service.title, access_url=service.endpoint_url, access_service=service),)
    license = _concept(node, *_LICENSE) or shared_license(distribution)
    counters = _counters(node)
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title=node.lang_text(*_TITLE),
        description=node.lang_text(*_DESCRIPTION),
        keyword=_keywords(node),
        theme=_concepts(node, "dcat:theme", "dct:subject", "dcatap:hvdCategory", "dcatapit:subTheme", "schema:about"),
        type=kind,
        publisher=next((_agent(one, catalog) for one in node.nodes("dct:publisher", "schema:publisher")), None)
        or (Agent(name=catalog.publisher) if catalog.publisher else None),
        creator=tuple(_agent(one, catalog) for one in node.nodes("dct:creator", "schema:creator", "schema:author")),
        contact_point=_contacts(node),
        landing_page=landing_page,
        page=tuple(one for one in node.addresses(*_PAGES) if one != landing_page and "://" in one),
        issued=node.text("dct:issued", "schema:datePublished", "dct:created", "schema:dateCreated", "dc:date"),
        modified=node.text("dct:modified", "schema:dateModified", "dct:updated"),
        accrual_periodicity=_concept(node, "dct:accrualPeriodicity", "dct:accrualPeriodicty", "schema:repeatFrequency"),
        temporal=tuple(
            period for one in node.nodes("dct:temporal", "schema:temporalCoverage") if (period := _period(one))
        ),
        spatial=tuple(place for one in node.nodes("dct:spatial", "schema:spatialCoverage") if (place := _place(one))),
        language=tuple(one.label(*_LABEL) for one in node.nodes("dct:language", "dc:language", "schema:inLanguage")),
        license=license,
        rights=_statement(node, "dct:rights", "dc:rights"),
        access_rights=_concept(node, "dct:accessRights", "dcat:accessRights"),
        conforms_to=_standards(node),
        version=node.text("dcat:version", "owl:versionInfo", "schema:version", "adms:version", "pav:version"),
        provenance=_statement(node, "dct:provenance"),
        legal_basis=", ".join(one.label(*_LABEL) for one in node.nodes(*_LEGAL)) or None,
        fee=node.text("dcatkr:fee"),
        is_part_of=node.addresses("dct:isPartOf", "dcat:inSeries", "schema:isPartOf", "schema:includedInDataCatalog"),
        other_identifier=_other_identifiers(node, identifier),
        distribution=distribution,
        additional=_additional(node),
    )
    return Mapped(dataset=dataset, counters=counters, unread=tuple(sorted(node.unread(*_IGNORED))))


def _additional(node: Node) -> dict[str, str]:
    """Carry along what has no property, and references that are no addresses (names of laws and papers)."""
    found = {local_name(name): said for name in sorted(node.unread(*_IGNORED)) if (said := node.said(name))}
    works = [said for one in node.nodes("dct:references") if (said := one.plain()) and "://" not in said]
    return {**found, "references": ", ".join(works)} if works else found


def _kind(node: Node) -> Concept | None:
    """Give ``dct:type``, or the class where it says more than that this is a dataset."""
    stated = _concept(node, "dct:type", "schema:additionalType")
    classes = [name for name in node.classes() if name not in _PLAIN_TYPES and name.startswith("dcat:")]
    return stated or (Concept(source=local_name(classes[0])) if classes else None)


def _concept(node: Node, *names: str) -> Concept | None:
    return next(iter(_concepts(node, *names)), None)


def _concepts(node: Node, *names: str) -> tuple[Concept, ...]:
    found = ((one.label(*_LABEL), one.iri) for one in node.nodes(*names))
    return tuple(dict.fromkeys(Concept(source=label, uri=iri) for label, iri in found if label))


def _agent(node: Node, catalog: Catalog) -> Agent:
    name = node.lang_text(*_AGENT_NAME) or node.own_text()
    if not name and node.iri:
        name = dict(catalog.publisher) or {"und": node.iri}
    return Agent(
        name=name,
        identifier=node.text("dct:identifier") or node.iri,
        homepage=node.address("foaf:homepage", "schema:url", "vcard:hasURL"),
        email=_email(node, "foaf:mbox", "schema:email", "vcard:hasEmail"),
    )


def _contacts(node: Node) -> tuple[ContactPoint, ...]:
    found = []
    stated = node.nodes("dcat:contactPoint", "adms:contactPoint", "schema:contactPoint")
    for one in stated or node.nodes("dcatkr:maintainer", "dcatde:maintainer"):
        contact = ContactPoint(
            name=one.lang_text(*_CONTACT_NAME) or one.own_text(),
            email=_email(one, "vcard:hasEmail", "vcard:email", "schema:email", "foaf:mbox"),
            telephone=without_scheme(_value(one, "vcard:hasTelephone", "vcard:tel", "schema:telephone", "foaf:phone")),
            url=_value(one, "vcard:hasURL", "vcard:hasUrl", "vcard:url", "schema:url", "foaf:page") or one.iri,
        )
        if contact != ContactPoint():
            found.append(contact)
    return tuple(found)


def _email(node: Node, *names: str) -> str | None:
    """Read an e-mail address; written as an IRI without ``mailto:`` it was resolved against the address of the feed."""
    stated = without_scheme(_value(node, *names))
    return stated.rpartition("/")[2] if stated and "://" in stated and "@" in stated else stated


def _value(node: Node, *names: str) -> str | None:
    """Give an address or text that vCard may wrap in a node with ``vcard:hasValue``."""
    for one in node.nodes(*names):
        if found := one.text("vcard:hasValue", "vcard:value", "rdf:value") or one.iri or one.plain():
            return found
    return None


def _keywords(node: Node) -> LangKeywords:
    found: dict[str, dict[str, None]] = {}
    for one in node.nodes("dcat:keyword", "schema:keywords", "dc:subject"):
        for tag, word in (one.lang_text(*_LABEL) or one.own_text()).items():
            found.setdefault(tag, {})[word] = None
    return {tag: tuple(words) for tag, words in found.items()}


def _period(node: Node) -> PeriodOfTime | None:
    start, end = _instant(node, *_START), _instant(node, *_END)
    label = None if start or end else node.plain() or node.text(*_LABEL) or node.iri
    return PeriodOfTime(start=start, end=end, label=label) if start or end or label else None


def _instant(node: Node, *names: str) -> str | None:
    return next((found for one in node.nodes(*names) if (found := one.plain() or one.text(*_INSTANT))), None)


def _place(node: Node) -> Location | None:
    if stated := node.plain():
        return place_of_text(stated, next(iter(node.own_text())))
    shapes = [shape for name in _SHAPES for one in node.nodes(name) if (shape := one.plain() or one.text("geo:asWKT"))]
    located = [place for shape in shapes if (place := shape_of_text(shape))]
    # GeoDCAT-AP writes one shape in up to four notations; well-known text and GeoJSON have their axes in known order.
    place = next((one for one in located if one.bbox), located[0] if located else Location())
    label = node.lang_text(*_PLACE_NAME)
    if label or node.iri or place != Location():
        return Location(label=label, uri=node.iri, bbox=place.bbox, geometry=place.geometry)
    return None


def _statement(node: Node, *names: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in node.nodes(*names):
        for tag, said in (one.own_text() or one.lang_text(*_LABEL) or ({"und": one.iri} if one.iri else {})).items():
            found.setdefault(tag, said)
    return found


def _standards(node: Node) -> tuple[str, ...]:
    found = (one.iri or one.plain() or one.label(*_LABEL) for one in node.nodes("dct:conformsTo"))
    return tuple(dict.fromkeys(one for one in found if one))


def _other_identifiers(node: Node, identifier: str) -> tuple[str, ...]:
    found = (one.text("skos:notation", *_LABEL) or one.plain() or one.iri for one in node.nodes(*_OTHER_IDENTIFIER))
    own = (node.iri,) if node.iri else ()
    return tuple(one for one in dict.fromkeys((*found, *own)) if one and one != identifier)


def _distribution(node: Node) -> Distribution:
    services = [_service(one) for one in node.nodes("dcat:accessService")]
    return Distribution(
        identifier=node.text("dct:identifier") or node.iri,
        title=node.lang_text(*_TITLE),
        description=node.lang_text(*_DESCRIPTION),
        access_url=node.address("dcat:accessURL") or (node.iri if node.is_bare() else None),
        download_url=node.address("dcat:downloadURL", "schema:contentUrl"),
        format=_concept(node, "dct:format", "schema:encodingFormat", "dcat:format", "dc:format"),
        media_type=next(iter(node.addresses("dcat:mediaType", "dct:mediaType")), None),
        byte_size=byte_size(node.text("dcat:byteSize", "schema:contentSize")),
        checksum=_checksum(node),
        issued=node.text("dct:issued", "schema:datePublished"),
        modified=node.text("dct:modified", "schema:dateModified"),
        license=_concept(node, *_LICENSE),
        rights=_statement(node, "dct:rights"),
        conforms_to=_standards(node),
        access_service=services[0] if services else None,
    )


def _service(node: Node) -> DataService:
    return DataService(
        title=node.lang_text(*_TITLE),
        endpoint_url=node.address("dcat:endpointURL") or node.iri,
        endpoint_description=node.address("dcat:endpointDescription"),
        conforms_to=_standards(node),
    )


def _checksum(node: Node) -> str | None:
    for one in node.nodes("spdx:checksum"):
        value = one.text("spdx:checksumValue") or one.plain()
        algorithm = local_name(one.address("spdx:algorithm") or "").removeprefix("checksumAlgorithm_")
        if value:
            return f"{algorithm}:{value}" if algorithm else value
    return None


def _counters(node: Node) -> dict[str, int]:
    counters = {"views": count(node.text(*_VIEWS)), "downloads": count(node.text(*_DOWNLOADS))}
    for one in node.nodes("schema:interactionStatistic"):
        kind = (one.address("schema:interactionType") or "").rpartition("/")[2]
        name = {"DownloadAction": "downloads", "ViewAction": "views", "ReadAction": "views"}.get(kind)
        if name and counters[name] is None:
            counters[name] = count(one.text("schema:userInteractionCount"))
    return {name: number for name, number in counters.items() if number is not None}
