"""A dataset (or service) of a ``data.json``: DCAT-US 1.1 and 3.0, as ArcGIS Hub, Socrata and agencies serve it.

Sources: https://resources.data.gov/resources/dcat-us/ (1.1) and https://doi-do.github.io/dcat-us/ (3.0).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import Agent, Catalog, Concept, DataService, Dataset, Distribution, LangText, Mapped
from harvester.errors import RecordError
from harvester.mapping.json_values import (
    address,
    addresses,
    agent,
    agents,
    byte_size,
    concept,
    concepts,
    contacts,
    lang_keywords,
    lang_text,
    load_object,
    periods,
    text,
    texts,
)
from harvester.mapping.licences import license_of, shared_license
from harvester.mapping.places import locations

VERSION = 1

_READ = frozenset(
    {
        "@context", "@id", "@type", "accessLevel", "accessRights", "accrualPeriodicity", "conformsTo", "contactPoint",
        "creator", "describedBy", "describedByType", "description", "distribution", "endpointDescription",
        "endpointURL", "identifier", "inSeries", "isPartOf", "issued", "keyword", "landingPage", "language", "license",
        "modified", "otherIdentifier", "page", "provenance", "publisher", "references", "rights", "servesDataset",
        "spatial", "subject", "temporal", "theme", "title", "version",
    }
)  # fmt: skip
_ADDITIONAL = frozenset(
    {
        "bureauCode", "category", "dataQuality", "liabilityStatement", "primaryITInvestmentUII", "programCode",
        "purpose", "scopeNote", "spatialResolutionInMeters", "status", "systemOfRecords", "temporalResolution",
        "versionNotes",
    }
)  # fmt: skip
"""Fields of the standard that have no property here; they travel in `Dataset.additional`."""


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one record; RecordError where the payload is not a JSON object with fields of DCAT-US."""
    record = load_object(payload)
    if _READ.isdisjoint(record):
        raise RecordError("not-dcat-us", "the object has none of the fields of a DCAT-US dataset")
    get = record.get
    language = catalog.language
    unread = record.keys() - _READ
    kind = _kind(get("@type"))
    publisher = get("publisher")
    license = get("license")
    rights = get("rights")
    spatial = get("spatial")
    temporal = get("temporal")
    keyword = get("keyword")
    contact = get("contactPoint")
    service = _service(record, language) if "endpointURL" in record or "endpointDescription" in record else None
    distribution = _distributions(get("distribution"), language)
    if service:
        distribution += (Distribution(title=service.title, access_url=service.endpoint_url, access_service=service),)
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title=lang_text(get("title"), language),
        description=lang_text(get("description"), language),
        keyword=lang_keywords(keyword, language) if keyword else {},
        theme=concepts(get("theme")) + concepts(get("subject")),
        type=kind,
        publisher=_publisher(publisher, catalog) if publisher else _publisher(None, catalog),
        creator=tuple(agents(get("creator"), language)) if "creator" in record else (),
        contact_point=tuple(contacts(contact, language)) if contact else (),
        landing_page=address(get("landingPage")),
        page=_pages(record),
        issued=text(get("issued")),
        modified=text(get("modified")),
        accrual_periodicity=concept(get("accrualPeriodicity")),
        temporal=periods(temporal) if temporal else (),
        spatial=locations(spatial, language) if spatial else (),
        language=texts(get("language")),
        license=(license_of(license) if license else None) or shared_license(distribution),
        rights=lang_text(rights, language) if rights else {},
        access_rights=concept(get("accessRights") or get("accessLevel")),
        conforms_to=addresses(get("conformsTo")),
        version=text(get("version")),
        provenance=_statement(get("provenance"), language) if "provenance" in record else {},
        is_part_of=addresses(get("isPartOf")) + addresses(get("inSeries")),
        other_identifier=_other_identifiers(record, identifier),
        distribution=distribution,
        additional={key: said for key in unread if (said := ", ".join(texts(record[key])))} if unread else {},
    )
    return Mapped(dataset=dataset, unread=tuple(sorted(unread - _ADDITIONAL)) if unread else ())


def _kind(value: Any) -> Concept | None:
    """Give the type where it says more than that this is a dataset."""
    name = (text(value) or "").rpartition(":")[2].rpartition("#")[2]
    return Concept(source=name) if name and name != "Dataset" else None


def _publisher(value: Any, catalog: Catalog) -> Agent | None:
    if found := agent(value, catalog.language):
        return found
    return Agent(name=catalog.publisher) if catalog.publisher else None


def _statement(value: Any, language: str) -> LangText:
    stated = value if isinstance(value, list) else [value]
    return next((found for one in stated if (found := lang_text(one, language))), {})


def _pages(record: Mapping[str, Any]) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    for key in ("describedBy", "references", "page"):
        if value := record.get(key):
            found += addresses(value)
    return tuple(dict.fromkeys(found)) if found else ()


def _other_identifiers(record: Mapping[str, Any], identifier: str) -> tuple[str, ...]:
    found = texts(record.get("identifier"))
    if "otherIdentifier" in record or "@id" in record:
        found += texts(record.get("otherIdentifier")) + texts(record.get("@id"))
    return tuple(one for one in dict.fromkeys(found) if one != identifier)


def _distributions(value: Any, language: str) -> tuple[Distribution, ...]:
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        return ()
    return tuple([_distribution(one, language) for one in value if isinstance(one, dict)])


def _distribution(value: Mapping[str, Any], language: str) -> Distribution:
    get = value.get
    description = get("description")
    format = get("format")
    size = get("byteSize")
    license = get("license")
    rights = get("rights")
    conforms_to = get("conformsTo")
    service = get("accessService")
    if isinstance(service, list):
        service = service[0] if service else None
    return Distribution(
        identifier=text(get("identifier") or get("@id")),
        title=lang_text(get("title"), language),
        description=lang_text(description, language) if description else {},
        access_url=address(get("accessURL")),
        download_url=address(get("downloadURL")),
        format=concept(format) if format else None,
        media_type=text(get("mediaType")),
        byte_size=byte_size(size) if size else None,
        checksum=_checksum(get("checksum")) if "checksum" in value else None,
        issued=text(get("issued")),
        modified=text(get("modified")),
        license=license_of(license) if license else None,
        rights=lang_text(rights, language) if rights else {},
        conforms_to=addresses(conforms_to) if conforms_to else (),
        access_service=_service(service, language) if isinstance(service, dict) else None,
    )


def _service(value: Mapping[str, Any], language: str) -> DataService:
    return DataService(
        title=lang_text(value.get("title"), language),
        endpoint_url=address(value.get("endpointURL")),
        endpoint_description=address(value.get("endpointDescription")),
        conforms_to=addresses(value.get("conformsTo")),
    )


def _checksum(value: Any) -> str | None:
    if not isinstance(value, dict):
        return text(value)
    stated = text(value.get("checksumValue"))
    algorithm = re.split(r"[#/]|Algorithm_", address(value.get("algorithm")) or "")[-1]
    return f"{algorithm}:{stated}" if stated and algorithm else stated
