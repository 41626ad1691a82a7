"""A DOI as DataCite's REST API gives it (JSON:API; metadata schema 4, https://schema.datacite.org).

Recorded: a page of 2020, with affiliations as texts and the publisher as text. Since then affiliations may be objects
with a ROR id, and ``publisher=true`` gives the publisher as an object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

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
from harvester.mapping.geographic import box_of_edges, point
from harvester.mapping.json_values import address, byte_size, count, load_object, text, texts

VERSION = 1

_READ = frozenset(
    {
        "alternateIdentifiers", "container", "contentUrl", "contributors", "created", "creators", "dates",
        "descriptions", "doi", "formats", "fundingReferences", "geoLocations", "identifiers", "isActive", "language",
        "metadataVersion", "prefix", "publicationYear", "published", "publisher", "reason", "registered",
        "relatedIdentifiers", "relatedItems", "rightsList", "schemaVersion", "sizes", "source", "state", "subjects",
        "suffix", "titles", "types", "updated", "url", "version", "xml",
        # counters, and what is counted in them
        "citationCount", "citationsOverTime", "downloadCount", "downloadsOverTime", "partCount", "partOfCount",
        "referenceCount", "versionCount", "versionOfCount", "viewCount", "viewsOverTime",
    }
)  # fmt: skip
_COUNTERS = {"views": "viewCount", "downloads": "downloadCount", "citations": "citationCount"}
_PARTS = frozenset({"IsPartOf", "IsPublishedIn"})
_SAME = frozenset({"IsIdenticalTo"})
_ACCESS = {
    "openaccess": "public", "open access": "public", "restrictedaccess": "restricted", "embargoedaccess": "restricted",
    "restricted access": "restricted", "embargoed access": "restricted", "closedaccess": "non-public",
    "closed access": "non-public",
}  # fmt: skip
"""Words for access that stand among the rights (``info:eu-repo/semantics/openAccess``, recorded), and no licence."""


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one DOI; RecordError where the payload has no ``attributes``."""
    record = load_object(payload)
    attributes = record.get("attributes")
    if not isinstance(attributes, dict):
        raise RecordError("not-a-doi", "the object has no attributes of a DOI", field="attributes")
    get, language = attributes.get, catalog.language
    doi = (text(get("doi")) or text(record.get("id")) or identifier).lower()
    url = address(get("url"))
    dates = dict(_dates(get("dates")))
    rights = list(_objects(get("rightsList")))
    related = list(_objects(get("relatedIdentifiers")))
    unread = attributes.keys() - _READ
    subjects = list(_objects(get("subjects"), "subject"))
    keywords = tuple(dict.fromkeys(one for subject in subjects if (one := text(subject.get("subject")))))
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title=_texts(get("titles"), "title", "titleType", (None, ""), language),
        description=_texts(get("descriptions"), "description", "descriptionType", ("Abstract", None, ""), language),
        keyword={language: keywords} if keywords else {},
        publisher=_publisher(get("publisher"), language),
        creator=tuple(_people(get("creators"), language)),
        contact_point=tuple(_contacts(get("contributors"), language)),
        landing_page=url or f"https://doi.org/{doi}",
        page=tuple(dict.fromkeys(_pages(related))),
        issued=dates.get("Issued") or dates.get("Available") or text(get("publicationYear")),
        modified=dates.get("Updated") or text(get("updated")),
        temporal=(_period(dates["Collected"]),) if "Collected" in dates else (),
        spatial=tuple(_places(get("geoLocations"), language)),
        language=texts(get("language")),
        license=_license(rights),
        rights=_rights(rights, language),
        access_rights=next((Concept(source=found) for one in rights if (found := _access(one))), None),
        version=text(get("version")),
        is_part_of=tuple(dict.fromkeys(_relations(related, _PARTS))),
        other_identifier=tuple(dict.fromkeys(_other_identifiers(attributes, doi, related, url))),
        distribution=tuple(_distributions(attributes, url or f"https://doi.org/{doi}", language)),
        additional={key: said for key, said in _additional(attributes, dates, unread) if said},
    )
    counters = {name: number for name, key in _COUNTERS.items() if (number := count(get(key))) is not None}
    return Mapped(dataset=dataset, counters=counters, unread=tuple(sorted(unread)))


def _objects(value: Any, key: str = "") -> Iterator[Mapping[str, Any]]:
    """Objects of a list; a text in their place is read as the object's `key`."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield one
        elif key and isinstance(one, str):
            yield {key: one}


def _texts(value: Any, key: str, kind: str, best: tuple[str | None, ...], language: str) -> LangText:
    """Texts by language, those of the best kind first; several of one language and kind are paragraphs."""
    stated = list(_objects(value, key))
    found: dict[str, str] = {}
    for one in sorted(stated, key=lambda one: one.get(kind) not in best):
        if said := text(one.get(key)):
            found.setdefault(text(one.get("lang")) or text(one.get("xml:lang")) or language, said)
    return found


def _publisher(value: Any, language: str) -> Agent | None:
    """Give DataCite's own publisher, never the member: that one is an affiliation."""
    name = text(value.get("name")) if isinstance(value, dict) else text(value)
    identifier = text(value.get("publisherIdentifier")) if isinstance(value, dict) else None
    return Agent(name={language: name}, identifier=identifier) if name else None


def _people(value: Any, language: str) -> Iterator[Agent]:
    for person in _objects(value, "name"):
        identifiers = _objects(person.get("nameIdentifiers"), "nameIdentifier")
        identifier = next((found for one in identifiers if (found := text(one.get("nameIdentifier")))), None)
        if name := text(person.get("name")) or _whole_name(person):
            yield Agent(name={language: name}, identifier=identifier)


def _whole_name(person: Mapping[str, Any]) -> str | None:
    return ", ".join(filter(None, (text(person.get("familyName")), text(person.get("givenName"))))) or None


def _contacts(value: Any, language: str) -> Iterator[ContactPoint]:
    for person in _objects(value):
        if person.get("contributorType") == "ContactPerson" and (name := text(person.get("name"))):
            yield ContactPoint(name={language: name})


def _dates(value: Any) -> Iterator[tuple[str, str]]:
    for one in _objects(value):
        kind, date = text(one.get("dateType")), text(one.get("date"))
        if kind and date:
            yield kind, date


def _period(stated: str) -> PeriodOfTime:
    start, slash, end = stated.partition("/")
    return PeriodOfTime(start=start.strip() or None, end=(end.strip() or None) if slash else start, label=stated)


def _license(rights: Iterable[Mapping[str, Any]]) -> Concept | None:
    for one in rights:
        if _access(one):
            continue
        uri, name = address(one.get("rightsUri")), text(one.get("rightsIdentifier")) or text(one.get("rights"))
        uri = uri if uri and uri.startswith(("http://", "https://")) else None
        if name or uri:
            return Concept(source=name or uri or "", uri=uri)
    return None


def _access(one: Mapping[str, Any]) -> str | None:
    for value in (text(one.get("rightsUri")), text(one.get("rights"))):
        if value and (known := _ACCESS.get(value.rpartition("/")[2].lower())):
            return known
    return None


def _rights(rights: Iterable[Mapping[str, Any]], language: str) -> LangText:
    said = dict.fromkeys(found for one in rights if (found := text(one.get("rights"))))
    return {language: "\n".join(said)} if said else {}


def _relations(related: Iterable[Mapping[str, Any]], kinds: frozenset[str]) -> Iterator[str]:
    for one in related:
        if one.get("relationType") in kinds and (identifier := _identified(one)):
            yield identifier


def _identified(one: Mapping[str, Any]) -> str | None:
    identifier, kind = text(one.get("relatedIdentifier")), one.get("relatedIdentifierType")
    return f"https://doi.org/{identifier}" if identifier and kind == "DOI" and "://" not in identifier else identifier


def _pages(related: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for one in related:
        identifier = _identified(one)
        elsewhere = one.get("relationType") in _PARTS | _SAME
        if identifier and not elsewhere and identifier.startswith(("http://", "https://")):
            yield identifier


def _other_identifiers(
    attributes: Mapping[str, Any], doi: str, related: Iterable[Mapping[str, Any]], url: str | None
) -> Iterator[str]:
    yield f"https://doi.org/{doi}"
    for key, field in (("identifiers", "identifier"), ("alternateIdentifiers", "alternateIdentifier")):
        for one in _objects(attributes.get(key), field):
            if (said := text(one.get(field))) and said != url and not said.lower().endswith(f"doi.org/{doi}"):
                yield said
    yield from _relations(related, _SAME)


def _places(value: Any, language: str) -> Iterator[Location]:
    for one in _objects(value, "geoLocationPlace"):
        name = text(one.get("geoLocationPlace"))
        edges, position = _object(one.get("geoLocationBox")), _object(one.get("geoLocationPoint"))
        box = box_of_edges(*(edges.get(key) for key in _EDGES)) or point(
            position.get("pointLatitude"), position.get("pointLongitude")
        )
        if name or box:
            yield Location(label={language: name} if name else {}, bbox=box)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


_EDGES = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude")


def _distributions(attributes: Mapping[str, Any], page: str, language: str) -> Iterator[Distribution]:
    """One distribution per stated format; a content address or a size that nothing else tells has one of its own."""
    formats, sizes = texts(attributes.get("formats")), texts(attributes.get("sizes"))
    files = [one for one in texts(attributes.get("contentUrl")) if one.startswith(("http://", "https://"))]
    size = byte_size(sizes[0]) if len(sizes) == 1 else None
    told = {language: ", ".join(sizes)} if sizes and size is None else {}
    if len(files) > 1:
        for number, file in enumerate(files):
            format = Concept(source=formats[number]) if len(formats) == len(files) else None
            yield Distribution(access_url=page, download_url=file, format=format, description=told)
        return
    for format_name in formats or (None,):
        yield Distribution(
            access_url=page,
            download_url=files[0] if files else None,
            format=Concept(source=format_name) if format_name else None,
            byte_size=size if len(formats) <= 1 else None,
            description=told,
        )


def _additional(
    attributes: Mapping[str, Any], dates: Mapping[str, str], unread: Iterable[str]
) -> Iterator[tuple[str, str]]:
    yield "affiliations", "; ".join(dict.fromkeys(_affiliations(attributes)))
    yield "fundingReferences", "; ".join(dict.fromkeys(_funding(attributes.get("fundingReferences"))))
    types = attributes.get("types")
    if isinstance(types, dict):
        yield "resourceType", text(types.get("resourceType")) or ""
    container = attributes.get("container")
    if isinstance(container, dict):
        yield "container", text(container.get("title")) or ""
    for kind in ("Created", "Submitted", "Accepted", "Copyrighted", "Valid", "Withdrawn", "Other"):
        yield f"date{kind}", dates.get(kind, "")
    for key in unread:
        yield key, ", ".join(texts(attributes[key]))


def _affiliations(attributes: Mapping[str, Any]) -> Iterator[str]:
    for role in ("creators", "contributors"):
        for person in _objects(attributes.get(role)):
            for one in _objects(person.get("affiliation"), "name"):
                if name := text(one.get("name")):
                    yield name


def _funding(value: Any) -> Iterator[str]:
    for one in _objects(value, "funderName"):
        award = text(one.get("awardNumber")) or text(one.get("awardTitle"))
        if name := text(one.get("funderName")):
            yield f"{name} ({award})" if award else name
