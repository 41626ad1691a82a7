"""A CKAN package, as ``package_search`` or ``package_show`` give it.

Also from DKAN, and with the fields of ckanext-dcat, ckanext-scheming and ckanext-fluent, top-level or in ``extras``.
Sources: https://docs.ckan.org/en/latest/api/ and the field table of ckanext-dcat
(https://github.com/ckan/ckanext-dcat/blob/master/docs/mapping.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import (
    Catalog,
    Concept,
    Counters,
    Dataset,
    Distribution,
    LangKeywords,
    LangText,
    Location,
    Mapped,
    PeriodOfTime,
)
from harvester.errors import RecordError
from harvester.mapping.ckan_agents import AGENT_KEYS, contact_points, creators, first, group_name, lang_first, publisher
from harvester.mapping.ckan_resource import to_distribution
from harvester.mapping.json_values import (
    address,
    addresses,
    concept,
    concepts,
    count,
    inner_json,
    lang_keywords,
    lang_text,
    load_value,
    periods,
    text,
    texts,
)
from harvester.mapping.licences import license_of, shared_license
from harvester.mapping.places import locations

VERSION = 1

_ISSUED = ("issued", "date_released", "release_date", "dateFirstPublished")
_MODIFIED = ("modified", "date_updated", "dateLastUpdated")
_FREQUENCY = ("accrual_periodicity", "frequency", "update_frequency", "updateInterval", "frequency-of-update")
_START = ("temporal_start", "temporal_coverage-from", "temporal-extent-begin", "temporal_coverage_from")
_END = ("temporal_end", "temporal_coverage-to", "temporal-extent-end", "temporal_coverage_to")
_PERIOD = ("temporals", "temporal_coverage", "temporal", "timeRange")
_PLACE = ("spatial_coverage", "spatial", "spatial_geom", "spatial_bbox")
_PLACE_NAME = ("spatial_text", "geographic_coverage", "spatialRelationship", "spatial-text")
_EDGES = ("bbox-west-long", "bbox-south-lat", "bbox-east-long", "bbox-north-lat")
_THEME = ("theme", "themes", "theme-primary", "theme_primary", "hvd_category", "category")
_PAGES = ("documentation", "documentation_url")
_PARTS_OF = ("in_series", "is_part_of", "collection")
_OTHER_IDENTIFIERS = ("identifier", "guid", "alternate_identifier", "uri", "doi")
_LEGAL = ("applicable_legislation", "legal_basis")

_DCAT = frozenset(
    {
        *_ISSUED, *_MODIFIED, *_FREQUENCY, *_START, *_END, *_PERIOD, *_PLACE, *_PLACE_NAME, *_EDGES,
        *AGENT_KEYS, *_THEME, *_PAGES, *_PARTS_OF, *_OTHER_IDENTIFIERS, *_LEGAL,
        "access_rights", "conforms_to", "dcat_type", "dcat_version", "description", "keyword", "keywords",
        "landing_page", "language", "licence", "license", "metadata-language", "notes_translated", "provenance",
        "rights", "spatial_uri", "tags_translated", "title_translated",
    }
)  # fmt: skip
"""Keys of extensions, which stand at the top level or in ``extras``."""

_CORE = frozenset(
    {
        "author", "author_email", "display_name", "extras", "groups", "license_id", "license_title", "license_url",
        "maintainer", "maintainer_email", "metadata_created", "metadata_modified", "name", "notes", "organization",
        "resources", "tags", "title", "tracking_summary", "url", "version",
    }
)  # fmt: skip

_WITHOUT_MEANING = frozenset(
    {
        "creator_user_id", "id", "isopen", "num_resources", "num_tags", "owner_org", "package_id", "private",
        "relationships_as_object", "relationships_as_subject", "revision_id", "revision_timestamp", "state",
        "title_for_slug", "type", "validated_data_dict", "data_dict", "index_id", "score", "site_id",
        "harvest_object_id", "harvest_source_id",
    }
)  # fmt: skip
"""Bookkeeping of the portal, ignored on purpose: ``harvest_object_id`` changes at every harvest of theirs."""

_READ = _DCAT | _CORE | _WITHOUT_MEANING


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one package; RecordError where the payload is not a JSON object (or DKAN's list of one)."""
    package = _package(payload)
    language = catalog.language
    extras = _extras(package.get("extras"))
    fields = {key: extras[key] for key in _DCAT.intersection(extras)} if extras else {}
    fields |= {key: value for key in _DCAT.intersection(package) if (value := package[key])}
    unread = package.keys() - _READ
    page = address(fields.get("landing_page")) or _page(package, catalog)
    distribution = _distributions(package.get("resources"), language)
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title=lang_first(
            fields.get("title_translated"),
            package.get("title"),
            package.get("display_name"),
            package.get("name"),
            language=language,
        ),
        description=lang_first(
            fields.get("notes_translated"), package.get("notes"), fields.get("description"), language=language
        ),
        keyword=_keywords(package, fields, language),
        theme=_themes(package, fields, catalog),
        type=concept(fields.get("dcat_type")),
        publisher=publisher(package, fields, catalog),
        creator=creators(package, fields, language),
        contact_point=contact_points(package, fields, language),
        landing_page=page,
        page=_pages(package, fields, page),
        issued=text(first(fields, *_ISSUED) or package.get("metadata_created")),
        modified=text(first(fields, *_MODIFIED) or package.get("metadata_modified")),
        accrual_periodicity=concept(first(fields, *_FREQUENCY)),
        temporal=_temporal(fields) if fields else (),
        spatial=_spatial(fields, language) if fields else (),
        language=texts(fields.get("language") or fields.get("metadata-language")),
        license=_license(package, fields) or shared_license(distribution),
        rights=lang_text(fields.get("rights"), language),
        access_rights=concept(fields.get("access_rights")),
        conforms_to=addresses(fields.get("conforms_to")),
        version=text(fields.get("dcat_version") or package.get("version")),
        provenance=lang_text(fields.get("provenance"), language),
        legal_basis=", ".join(texts(first(fields, *_LEGAL))) or None,
        is_part_of=tuple(one for key in _PARTS_OF for one in texts(fields.get(key))) if fields else (),
        other_identifier=_other_identifiers(fields, identifier) if fields else (),
        distribution=distribution,
        additional=_additional(package, extras, unread),
    )
    return Mapped(dataset=dataset, counters=_counters(package), unread=tuple(sorted(unread)))


def _package(payload: bytes) -> dict[str, Any]:
    value = load_value(payload)
    if isinstance(value, dict) and "success" in value and "result" in value:
        value = value["result"]
    if isinstance(value, list) and len(value) == 1:  # DKAN answers package_show with a list
        value = value[0]
    if not isinstance(value, dict):
        raise RecordError("not-an-object", f"the package is a JSON {type(value).__name__}, an object was expected")
    if _READ.isdisjoint(value):
        raise RecordError("not-a-package", "the object has none of the fields of a CKAN package")
    return value


def _extras(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {key: content for key, content in value.items() if content}
    found: dict[str, Any] = {}
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict) and isinstance(key := one.get("key"), str) and (content := one.get("value")):
            found.setdefault(key, content)
    return found


def _page(package: Mapping[str, Any], catalog: Catalog) -> str | None:
    name = text(package.get("name")) or text(package.get("id"))
    return f"{catalog.url}/dataset/{name}" if name else None


def _pages(package: Mapping[str, Any], fields: Mapping[str, Any], landing_page: str | None) -> tuple[str, ...]:
    """Give the package's ``url`` (its source, which many portals fill with plain words) and its documentation."""
    url = text(package.get("url"))
    found: tuple[str, ...] = (url,) if url and url.startswith(("http://", "https://")) else ()
    for key in _PAGES if fields else ():
        found += addresses(fields.get(key))
    return tuple(one for one in dict.fromkeys(found) if one != landing_page)


def _keywords(package: Mapping[str, Any], fields: Mapping[str, Any], language: str) -> LangKeywords:
    words = first(fields, "keywords", "tags_translated", "keyword")
    if words and (found := lang_keywords(words, language)):
        return found
    tags = package.get("tags")
    if not isinstance(tags, list):
        return lang_keywords(tags, language)
    names = (tag.get("display_name") or tag.get("name") if isinstance(tag, dict) else tag for tag in tags)
    plain = tuple(dict.fromkeys(name for tag in names if (name := text(tag))))
    return {language: plain} if plain else {}


def _themes(package: Mapping[str, Any], fields: Mapping[str, Any], catalog: Catalog) -> tuple[Concept, ...]:
    found = tuple(one for key in _THEME for one in concepts(fields.get(key))) if fields else ()
    if "organization" in package:
        groups = package.get("groups")
        for group in groups if isinstance(groups, list) else ():
            if isinstance(group, dict) and (name := _in_language(group_name(group, catalog.language), catalog)):
                found += (Concept(source=name),)
    return tuple(dict.fromkeys(found))


def _in_language(label: LangText, catalog: Catalog) -> str | None:
    return label.get(catalog.language) or label.get("en") or next(iter(label.values()), None)


def _temporal(fields: Mapping[str, Any]) -> tuple[PeriodOfTime, ...]:
    start, end = text(first(fields, *_START)), text(first(fields, *_END))
    stated = (PeriodOfTime(start=start, end=end),) if start or end else ()
    return stated + periods(first(fields, *_PERIOD))


def _spatial(fields: Mapping[str, Any], language: str) -> tuple[Location, ...]:
    found = locations(inner_json(first(fields, "spatial_coverage")), language)
    found += tuple(one for key in _PLACE[1:] for one in locations(fields.get(key), language))
    edges = [text(fields.get(key)) for key in _EDGES]
    if all(edges):
        found += locations(",".join(edge for edge in edges if edge), language)
    name, uri = lang_text(first(fields, *_PLACE_NAME), language), text(fields.get("spatial_uri"))
    if name or uri:
        found += (Location(label=name, uri=uri),)
    return tuple(one for index, one in enumerate(found) if one not in found[:index])


def _license(package: Mapping[str, Any], fields: Mapping[str, Any]) -> Concept | None:
    url = text(package.get("license_url"))
    source = text(package.get("license_title")) or text(package.get("license_id")) or url
    if source:
        return Concept(source=source, uri=url if url and "://" in url else None)
    return license_of(inner_json(first(fields, "license", "licence")))


def _other_identifiers(fields: Mapping[str, Any], identifier: str) -> tuple[str, ...]:
    found = dict.fromkeys(one for key in _OTHER_IDENTIFIERS for one in texts(fields.get(key)))
    return tuple(one for one in found if one != identifier)


def _distributions(value: Any, language: str) -> tuple[Distribution, ...]:
    if not isinstance(value, list):
        return ()
    return tuple([to_distribution(resource, language) for resource in value if isinstance(resource, dict)])


def _additional(package: Mapping[str, Any], extras: Mapping[str, Any], unread: set[str]) -> dict[str, str]:
    found = {key: said for key in extras if key not in _READ and (said := text(extras[key]))}
    for key in unread:
        if isinstance(value := package[key], str) and (said := value.strip()):
            found[key] = said
    return found


def _counters(package: Mapping[str, Any]) -> Counters:
    counters: dict[str, int] = {}
    if (views := _tracked(package)) is not None:
        counters["views"] = views
    resources = package.get("resources")
    if (
        isinstance(resources, list)
        and resources
        and isinstance(resources[0], dict)
        and "tracking_summary" in resources[0]
    ):
        downloads = [_tracked(resource) for resource in resources if isinstance(resource, dict)]
        counters["downloads"] = sum(one for one in downloads if one)
    return counters


def _tracked(value: Mapping[str, Any]) -> int | None:
    summary = value.get("tracking_summary")
    return count(summary.get("total")) if isinstance(summary, dict) else None
