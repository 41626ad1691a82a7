"""JSON-LD contexts that are known here, so that none is ever fetched.

Each is written by us from the vocabulary it stands for, as far as dataset metadata uses it:
DCAT-US / Project Open Data (https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld), schema.org, Hydra, DCAT.
"""

from __future__ import annotations

from typing import Any

MAX_DEPTH = 100
"""The RDF parser recurses into JSON-LD and dies with the whole process at a few thousand levels (tried: pyoxigraph
0.5.13 at 5,000); no metadata nests a tenth of this."""

MAX_CONTEXTS = 20_000
"""Addresses of contexts that are replaced in one document: each weighs some kilobytes then."""

PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "locn": "http://www.w3.org/ns/locn#",
    "odrs": "http://schema.theodi.org/odrs#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

_DCAT_TERMS: dict[str, Any] = {
    **PREFIXES,
    "Catalog": "dcat:Catalog",
    "Dataset": "dcat:Dataset",
    "DatasetSeries": "dcat:DatasetSeries",
    "DataService": "dcat:DataService",
    "Distribution": "dcat:Distribution",
    "accessLevel": "dct:accessRights",
    "accessRights": "dct:accessRights",
    "accessService": "dcat:accessService",
    "accessURL": {"@id": "dcat:accessURL", "@type": "@id"},
    "accrualPeriodicity": "dct:accrualPeriodicity",
    "byteSize": "dcat:byteSize",
    "checksum": "spdx:checksum",
    "conformsTo": {"@id": "dct:conformsTo", "@type": "@id"},
    "contactPoint": "dcat:contactPoint",
    "creator": "dct:creator",
    "dataset": "dcat:dataset",
    "describedBy": {"@id": "foaf:page", "@type": "@id"},
    "description": "dct:description",
    "distribution": "dcat:distribution",
    "downloadURL": {"@id": "dcat:downloadURL", "@type": "@id"},
    "endpointDescription": {"@id": "dcat:endpointDescription", "@type": "@id"},
    "endpointURL": {"@id": "dcat:endpointURL", "@type": "@id"},
    "fn": "vcard:fn",
    "format": "dct:format",
    "hasEmail": "vcard:hasEmail",
    "hasTelephone": "vcard:hasTelephone",
    "identifier": "dct:identifier",
    "inSeries": {"@id": "dcat:inSeries", "@type": "@id"},
    "isPartOf": "dct:isPartOf",
    "issued": "dct:issued",
    "keyword": "dcat:keyword",
    "landingPage": {"@id": "dcat:landingPage", "@type": "@id"},
    "language": "dct:language",
    "license": "dct:license",
    "mediaType": "dcat:mediaType",
    "modified": "dct:modified",
    "name": "foaf:name",
    "page": {"@id": "foaf:page", "@type": "@id"},
    "provenance": "dct:provenance",
    "publisher": "dct:publisher",
    "references": {"@id": "dct:references", "@type": "@id"},
    "rights": "dct:rights",
    "service": "dcat:service",
    "spatial": "dct:spatial",
    "subOrganizationOf": "org:subOrganizationOf",
    "temporal": "dct:temporal",
    "theme": "dcat:theme",
    "title": "dct:title",
    "version": "dcat:version",
}

_SCHEMA_ORG: dict[str, Any] = {
    "@vocab": "http://schema.org/",
    **PREFIXES,
    **{
        name: {"@id": f"schema:{name}", "@type": "@id"}
        for name in ("contentUrl", "embedUrl", "includedInDataCatalog", "isPartOf", "sameAs", "url")
    },
}

_HYDRA: dict[str, Any] = {
    "@vocab": "http://www.w3.org/ns/hydra/core#",
    **PREFIXES,
    **{
        name: {"@id": f"hydra:{name}", "@type": "@id"}
        for name in ("first", "firstPage", "last", "lastPage", "member", "next", "nextPage", "previous", "view")
    },
}

_KNOWN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("project-open-data.cio.gov/v1.1/schema", _DCAT_TERMS),
    ("resources.data.gov/schema", _DCAT_TERMS),
    ("resource.data.gov/schema", _DCAT_TERMS),
    ("raw.githubusercontent.com/doi-do/dcat-us", _DCAT_TERMS),
    ("www.w3.org/ns/dcat", _DCAT_TERMS),
    ("schema.org", _SCHEMA_ORG),
    ("www.schema.org", _SCHEMA_ORG),
    ("www.w3.org/ns/hydra", _HYDRA),
)


def known_context(address: str) -> dict[str, Any]:
    """Give the context of that address; ValueError where it is not known here."""
    place = address.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/")
    for prefix, context in _KNOWN:
        if place == prefix or place.startswith(f"{prefix}/"):
            return context
    raise ValueError(f"the JSON-LD context {address[:200]!r} is not known here, and contexts are never fetched")


def inline_contexts(document: Any) -> Any:
    """Put known contexts in place of their addresses, everywhere in a parsed JSON-LD document (changed in place).

    Raises ValueError for an unknown context, an ``@import``, nesting deeper than `MAX_DEPTH`, or too many contexts.
    """
    stack = [(document, 1)]
    contexts = 0
    while stack:
        value, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise ValueError(f"the JSON-LD is nested deeper than {MAX_DEPTH} levels")
        if isinstance(value, list):
            stack += [(one, depth + 1) for one in value if isinstance(one, (dict, list))]
        elif isinstance(value, dict):
            if "@import" in value:
                raise ValueError("the JSON-LD context imports another one, and contexts are never fetched")
            if "@context" in value:
                contexts += len(value["@context"]) if isinstance(value["@context"], list) else 1
                if contexts > MAX_CONTEXTS:
                    raise ValueError(f"the JSON-LD names more than {MAX_CONTEXTS} contexts")
                value["@context"] = _resolved(value["@context"])
            stack += [(one, depth + 1) for one in value.values() if isinstance(one, (dict, list))]
    return document


def _resolved(context: Any) -> Any:
    if isinstance(context, str):
        return known_context(context)
    if isinstance(context, list):
        return [known_context(one) if isinstance(one, str) else one for one in context]
    return context
