"""DataCite's metadata in XML, kernels 2 to 4: alone, or in the envelope ``oai_datacite`` of OAI-PMH.

Sources: https://datacite-metadata-schema.readthedocs.io/en/4.6/, https://schema.datacite.org/oai/oai-1.1/oai.xsd.
"""

from __future__ import annotations

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
    LangText,
    Location,
    Mapped,
    PeriodOfTime,
)
from harvester.errors import RecordError
from harvester.mapping.json_values import byte_size
from harvester.mapping.places import place_of_text
from harvester.mapping.xml_values import (
    attribute,
    children,
    lang_text,
    local,
    read_record,
    tag_of,
    text,
    texts,
    within,
)

VERSION = 1

_READ = frozenset(
    {
        "identifier", "creators", "titles", "publisher", "publicationYear", "subjects", "contributors", "dates",
        "language", "resourceType", "alternateIdentifiers", "relatedIdentifiers", "sizes", "formats", "version",
        "rightsList", "rights", "descriptions", "geoLocations", "fundingReferences",
    }
)  # fmt: skip
_CONTACTS = frozenset({"ContactPerson", "DataManager", "HostingInstitution"})
_STANDARDS = frozenset({"IsDescribedBy", "HasMetadata"})
_PARTS = frozenset({"IsPartOf", "IsPublishedIn", "IsCollectedBy"})
_EDGES = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude")


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one record; RecordError where it is not XML, has no metadata, or is none of DataCite."""
    record = read_record(payload)
    node = _resource(record.metadata)
    language = catalog.language
    doi = _doi(node)
    titles = [one for one in within(node, "titles", "title") if not attribute(one, "titleType")]
    other_titles = [one for one in within(node, "titles", "title") if attribute(one, "titleType")]
    dates = {
        attribute(one, "dateType") or "": said for one in reversed(within(node, "dates", "date")) if (said := text(one))
    }
    licence, rights, access = _rights(node, language)
    additional = {
        name: ", ".join(said)
        for name, said in {
            "alternative": texts(other_titles),
            "contributor": texts(within(node, "contributors", "contributor", "contributorName")),
            "funder": texts(within(node, "fundingReferences", "fundingReference", "funderName")),
            "extent": tuple(one for one in texts(within(node, "sizes", "size")) if byte_size(one) is None),
            "relation": tuple(_relations(node, links=False)),
            "setSpec": record.sets,
        }.items()
        if said
    }
    unread = sorted({local(one) for one in children(node)} - _READ)
    additional |= {name: said[:1000] for name in unread if (said := ", ".join(texts(children(node, name))))}
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title=lang_text(titles or other_titles, language),
        description=_descriptions(node, language),
        keyword=_keywords(node, language),
        theme=tuple(_themes(node)),
        type=_type(node),
        publisher=_publisher(node, catalog),
        creator=tuple(_creators(node, language)),
        contact_point=tuple(_contact_points(node, language)),
        landing_page=f"https://doi.org/{doi}" if doi else _link(node),
        page=tuple(dict.fromkeys(_relations(node, links=True))),
        issued=dates.get("Issued") or dates.get("Available") or _said(node, "publicationYear"),
        modified=dates.get("Updated"),
        temporal=tuple(_periods(node)),
        spatial=tuple(_places(node, language)),
        language=texts(children(node, "language")),
        license=licence,
        rights=rights,
        access_rights=access,
        version=_said(node, "version"),
        is_part_of=tuple(dict.fromkeys(_related(node, _PARTS))),
        conforms_to=tuple(dict.fromkeys(_related(node, _STANDARDS))),
        other_identifier=tuple(one for one in _identifiers(node, doi) if one != identifier),
        distribution=tuple(_distributions(node, f"https://doi.org/{doi}" if doi else _link(node), licence)),
        additional=additional,
    )
    return Mapped(dataset=dataset, unread=tuple(unread))


def _resource(metadata: etree._Element) -> etree._Element:
    for node in metadata.iter("*"):
        if local(node) == "resource" and children(node, "titles", "identifier", "creators"):
            return node
    raise RecordError("not-datacite", f"<{local(metadata)[:80]}> holds no resource of DataCite")


def _said(node: etree._Element, name: str) -> str | None:
    return next(iter(texts(children(node, name))), None)


def _doi(node: etree._Element) -> str | None:
    stated = next(iter(children(node, "identifier")), None)
    said = text(stated)
    if stated is None or not said or (attribute(stated, "identifierType") or "DOI").upper() != "DOI":
        return None
    for prefix in ("https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/", "doi:"):
        if said.lower().startswith(prefix):
            said = said[len(prefix) :]
    return said if said.startswith("10.") and not any(character.isspace() for character in said) else None


def _link(node: etree._Element) -> str | None:
    stated = (*texts(children(node, "identifier")), *texts(within(node, "alternateIdentifiers", "alternateIdentifier")))
    return next((one for one in stated if one.startswith(("http://", "https://"))), None)


def _identifiers(node: etree._Element, doi: str | None) -> tuple[str, ...]:
    stated = texts(within(node, "alternateIdentifiers", "alternateIdentifier"))
    return tuple(dict.fromkeys((*((doi,) if doi else texts(children(node, "identifier"))), *stated)))


def _descriptions(node: etree._Element, language: str) -> LangText:
    """The abstract first, then the methods and all others."""
    stated = within(node, "descriptions", "description")
    stated.sort(key=lambda one: (attribute(one, "descriptionType") or "") != "Abstract")
    return lang_text(stated, language, joined=True)


def _keywords(node: etree._Element, language: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for one in within(node, "subjects", "subject"):
        if said := text(one):
            found.setdefault(tag_of(one, language), {})[said] = None
    return {tag: tuple(words) for tag, words in found.items()}


def _themes(node: etree._Element) -> Iterator[Concept]:
    """Subjects that a classification has an address for."""
    for one in within(node, "subjects", "subject"):
        uri = attribute(one, "valueURI")
        if uri and (said := text(one)):
            yield Concept(source=said, uri=uri)


def _type(node: etree._Element) -> Concept | None:
    """What this is, where that is more than a dataset."""
    one = next(iter(children(node, "resourceType")), None)
    if one is None:
        return None
    said = attribute(one, "resourceTypeGeneral") or text(one)
    return Concept(source=said) if said and said.lower() != "dataset" else None


def _publisher(node: etree._Element, catalog: Catalog) -> Agent | None:
    one = next(iter(children(node, "publisher")), None)
    if one is not None and (name := lang_text([one], catalog.language)):
        return Agent(name=name, identifier=attribute(one, "publisherIdentifier"))
    return Agent(name=catalog.publisher) if catalog.publisher else None


def _creators(node: etree._Element, language: str) -> Iterator[Agent]:
    for one in within(node, "creators", "creator"):
        if name := lang_text(children(one, "creatorName"), language):
            yield Agent(name=name, identifier=next(iter(texts(children(one, "nameIdentifier"))), None))


def _contact_points(node: etree._Element, language: str) -> Iterator[ContactPoint]:
    for one in within(node, "contributors", "contributor"):
        name = lang_text(children(one, "contributorName"), language)
        if name and attribute(one, "contributorType") in _CONTACTS:
            yield ContactPoint(name=name)


def _relations(node: etree._Element, *, links: bool) -> Iterator[str]:
    """Related works as addresses, or (`links` False) those that have none."""
    for one in within(node, "relatedIdentifiers", "relatedIdentifier"):
        said = text(one)
        if not said or attribute(one, "relationType") in _PARTS | _STANDARDS:
            continue
        address = _address(one, said)
        if links and address:
            yield address
        elif not links and not address:
            yield f"{attribute(one, 'relationType') or 'relation'}: {said}"


def _related(node: etree._Element, relations: frozenset[str]) -> Iterator[str]:
    for one in within(node, "relatedIdentifiers", "relatedIdentifier"):
        if attribute(one, "relationType") in relations and (said := text(one)):
            yield _address(one, said) or said


def _address(element: etree._Element, said: str) -> str | None:
    if said.startswith(("http://", "https://")):
        return said
    doi = attribute(element, "relatedIdentifierType") == "DOI" and said.startswith("10.")
    return f"https://doi.org/{said}" if doi and not any(character.isspace() for character in said) else None


def _rights(node: etree._Element, language: str) -> tuple[Concept | None, LangText, Concept | None]:
    """Licence, what is said of rights, and who may have the data (COAR, OpenAIRE)."""
    stated = [*within(node, "rightsList", "rights"), *children(node, "rights")]
    licence = access = None
    for one in stated:
        uri, said = attribute(one, "rightsURI"), text(one)
        if any(mark in (uri or said or "") for mark in ("info:eu-repo/semantics/", "purl.org/coar/access_right/")):
            access = access or Concept(source=said or uri or "", uri=uri)
        elif uri or said:
            licence = licence or Concept(source=said or attribute(one, "rightsIdentifier") or uri or "", uri=uri)
    return licence, lang_text(stated, language, joined=True), access


def _periods(node: etree._Element) -> Iterator[PeriodOfTime]:
    """Times that the data speak of: ``Collected`` and ``Coverage``, as RKMS-ISO8601 writes periods (``start/end``)."""
    for one in within(node, "dates", "date"):
        said = text(one)
        if said and attribute(one, "dateType") in {"Collected", "Coverage", "Valid"}:
            start, slash, end = said.partition("/")
            yield PeriodOfTime(start=start or None, end=end or None) if slash else PeriodOfTime(label=said)


def _places(node: etree._Element, language: str) -> Iterator[Location]:
    for one in within(node, "geoLocations", "geoLocation"):
        label = lang_text(children(one, "geoLocationPlace"), language)
        box = next((found for shape in children(one, "geoLocationBox") if (found := _box(shape))), None)
        if box is None:
            box = next((found for shape in children(one, "geoLocationPoint") if (found := _point(shape))), None)
        if box is None:
            box = next((found for shape in children(one, "geoLocationPolygon") if (found := _outline(shape))), None)
        if label or box:
            yield Location(label=label, bbox=box)


def _box(shape: etree._Element) -> tuple[float, float, float, float] | None:
    """Kernel 4 names the edges; kernel 3 writes two points, each latitude first."""
    edges = [next(iter(texts(children(shape, name))), "") for name in _EDGES]
    if not any(edges):
        numbers = (text(shape) or "").split()
        edges = [numbers[1], numbers[0], numbers[3], numbers[2]] if len(numbers) == 4 else []
    return place_of_text(",".join(edges), "und").bbox if all(edges) else None


def _point(shape: etree._Element) -> tuple[float, float, float, float] | None:
    longitude, latitude = (next(iter(texts(children(shape, f"point{name}"))), "") for name in ("Longitude", "Latitude"))
    if not (longitude or latitude):
        latitude, _, longitude = (text(shape) or "").partition(" ")
    stated = f"{longitude.strip()},{latitude.strip()},{longitude.strip()},{latitude.strip()}"
    return place_of_text(stated, "und").bbox


def _outline(shape: etree._Element) -> tuple[float, float, float, float] | None:
    boxes = [found for one in children(shape, "polygonPoint") if (found := _point(one))]
    if not boxes:
        return None
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _distributions(node: etree._Element, address: str | None, licence: Concept | None) -> Iterator[Distribution]:
    """A distribution for each format; a size belongs to one only where there is one."""
    formats = texts(within(node, "formats", "format"))
    sizes = [size for one in texts(within(node, "sizes", "size")) if (size := byte_size(one))]
    for one in formats:
        size = sizes[0] if len(sizes) == len(formats) == 1 else None
        yield Distribution(access_url=address, format=Concept(source=one), byte_size=size, license=licence)
