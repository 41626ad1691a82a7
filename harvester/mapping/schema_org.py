"""A dataset that a web page describes in schema.org's terms (https://schema.org/Dataset), with Croissant's additions.

The payload is made by the protocol: ``{"page": address, "way": "json_ld" | "microdata", "mended": bool, "context": …,
"node": the dataset}``; every name of the node is as the page wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import Agent, Catalog, Concept, Dataset, Issue, LangText, Mapped
from harvester.errors import RecordError
from harvester.mapping.json_values import (
    address,
    addresses,
    count,
    lang_keywords,
    lang_text,
    load_object,
    text,
)
from harvester.mapping.licences import license_of, shared_license
from harvester.mapping.schema_org_terms import objects, plain, types_of
from harvester.mapping.schema_org_values import agents, contact_points, distributions, joined, listed, periods, places

VERSION = 1

_READ = frozenset(
    {
        "@context", "@id", "@type", "abstract", "accountablePerson", "alternateName", "author", "conditionsOfAccess",
        "conformsTo", "contactPoint", "copyrightNotice", "creator", "dateCreated", "dateModified", "datePublished",
        "description", "distribution", "headline", "identifier", "inLanguage", "includedInDataCatalog",
        "interactionStatistic", "isPartOf", "keywords", "license", "mainEntityOfPage",
        "maintainer", "name", "producer", "provider", "publisher", "sameAs", "sourceOrganization", "spatial",
        "spatialCoverage", "subjectOf", "temporal", "temporalCoverage", "url", "usageInfo", "version",
    }
)  # fmt: skip
_ADDITIONAL = frozenset(
    {
        "about", "additionalType", "citation", "citeAs", "contentSize", "contributor", "copyrightHolder",
        "copyrightYear", "editor", "encodingFormat", "funder", "funding", "genre", "hasPart", "isAccessibleForFree",
        "isBasedOn", "isLiveDataset", "issn", "measurementMethod", "measurementTechnique", "recordSet",
        "sdDatePublished", "sdLicense", "sdPublisher", "size", "sponsor", "thumbnailUrl", "variableMeasured",
        "variablesMeasured",
    }
)  # fmt: skip
"""What has no property here; names of what stands there travel in `Dataset.additional`."""
_PUBLISHERS = ("publisher", "provider", "sourceOrganization", "maintainer", "producer")
_OPEN = frozenset({"open", "open access", "public", "unrestricted"})
_COUNTERS = {"ViewAction": "views", "DownloadAction": "downloads", "LikeAction": "likes"}
_MENDED = Issue(
    severity="info", code="mended-json", message="the page's JSON-LD was no JSON and was read after mending it"
)


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one dataset; RecordError where the payload has no node that is one."""
    record = load_object(payload)
    node = plain(record.get("node"))
    if not isinstance(node, dict) or "Dataset" not in types_of(node):
        raise RecordError("not-a-dataset", "the node is no Dataset of schema.org", field="node")
    get = node.get
    language = _language(record.get("context")) or catalog.language
    page = text(record.get("page")) or catalog.url
    landing_page = joined(page, address(get("url"))) or joined(page, _web(get("mainEntityOfPage"))) or page
    files = tuple(distributions(node, page, language))
    creator = tuple(agents(get("creator") or get("author"), language))
    publisher = next((found for key in _PUBLISHERS for found in agents(get(key), language)), None)
    unread = node.keys() - _READ
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title=lang_text(get("name"), language) or lang_text(get("headline"), language),
        description=_description(node, language),
        keyword=_keywords(get("keywords"), language),
        publisher=publisher or (Agent(name=catalog.publisher) if catalog.publisher else None),
        creator=creator,
        contact_point=tuple(contact_points(node, language)),
        landing_page=landing_page,
        page=tuple(_pages(node, page, landing_page)),
        issued=text(get("datePublished")) or text(get("dateCreated")),
        modified=text(get("dateModified")),
        temporal=tuple(dict.fromkeys(periods(get("temporalCoverage") or get("temporal")))),
        spatial=tuple(places(get("spatialCoverage") or get("spatial"), language)),
        language=_languages(get("inLanguage")),
        license=license_of(get("license")) or shared_license(files),
        rights=_rights(node, language),
        access_rights=_access_rights(node),
        conforms_to=addresses(get("conformsTo")),
        version=text(get("version")),
        is_part_of=tuple(dict.fromkeys(_named(get("isPartOf")))),
        other_identifier=tuple(one for one in dict.fromkeys(_identifiers(node)) if one != identifier),
        distribution=files,
        additional=dict(_additional(node, unread)),
    )
    return Mapped(
        dataset=dataset,
        counters=dict(_counters(get("interactionStatistic"))),
        issues=(_MENDED,) if record.get("mended") is True else (),
        unread=tuple(sorted(unread - _ADDITIONAL)),
    )


def _language(context: Any) -> str | None:
    return next((found for one in objects(context) if (found := text(one.get("@language")))), None)


def _languages(value: Any) -> tuple[str, ...]:
    keys = ("alternateName", "identifier", "name")
    found = (
        next((said for key in keys if (said := text(one.get(key)))), None) if isinstance(one, dict) else text(one)
        for one in listed(value)
    )
    return tuple(dict.fromkeys(code for code in found if code))


def _web(value: Any) -> str | None:
    found = address(value)
    return found if found and found.startswith(("http://", "https://")) else None


def _description(node: Mapping[str, Any], language: str) -> LangText:
    return lang_text(node.get("description"), language) or lang_text(node.get("abstract"), language)


def _keywords(value: Any, language: str) -> Mapping[str, tuple[str, ...]]:
    """Read keywords: texts (normalising splits them), or terms with a name."""
    return lang_keywords([_term(one) for one in listed(value)], language)


def _term(value: Any) -> Any:
    return value.get("name") or value if isinstance(value, dict) else value


def _pages(node: Mapping[str, Any], page: str, landing_page: str) -> Iterator[str]:
    stated = [page, *addresses(node.get("sameAs")), *(text(one.get("url")) for one in objects(node.get("subjectOf")))]
    for link in dict.fromkeys(stated):
        if link and link != landing_page and link.startswith(("http://", "https://")):
            yield link


def _rights(node: Mapping[str, Any], language: str) -> LangText:
    for key in ("copyrightNotice", "usageInfo", "conditionsOfAccess"):
        if found := lang_text(node.get(key), language):
            return found
    return {}


def _access_rights(node: Mapping[str, Any]) -> Concept | None:
    stated = (text(node.get("conditionsOfAccess")) or "").lower()
    return Concept(source="public") if stated in _OPEN else None


def _identifiers(node: Mapping[str, Any]) -> Iterator[str]:
    for one in listed(node.get("identifier")):
        stated = [one.get("value"), one.get("url")] if isinstance(one, dict) else [one]
        yield from filter(None, map(text, stated))
    if (own := text(node.get("@id"))) and not own.startswith(("_:", "#")):
        yield own
    yield from filter(None, map(text, listed(node.get("alternateName"))))


def _named(value: Any) -> Iterator[str]:
    """Names of what a property holds, else their addresses."""
    for one in listed(value):
        if isinstance(one, dict):
            found = text(one.get("name")) or text(one.get("url")) or text(one.get("@id")) or text(one.get("value"))
        else:
            found = text(one)
        if found:
            yield found


def _counters(value: Any) -> Iterator[tuple[str, int]]:
    for one in objects(value):
        kind = one.get("interactionType")
        name = (address(kind) or "").rpartition("/")[2]
        if isinstance(kind, dict):
            name = next(iter(sorted(types_of(kind))), name)
        number = count(one.get("userInteractionCount"))
        if name in _COUNTERS and number is not None:
            yield _COUNTERS[name], number


def _additional(node: Mapping[str, Any], unread: Iterable[str]) -> Iterator[tuple[str, str]]:
    for key in ("includedInDataCatalog", *sorted(unread)):
        if said := ", ".join(dict.fromkeys(_named(node.get(key)))):
            yield key, said
