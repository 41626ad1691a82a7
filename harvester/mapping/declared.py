"""From values by property name to a dataset: what all declarative mappings share.

The member file says which expression finds which property (`Options.rules`); the mapping of the format evaluates them
(JMESPath, CSS, XPath, column names) and hands the values over as they are: texts, lists, language maps, objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin

from harvester.catalog.coverage import found_at
from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import (
    Agent,
    Catalog,
    ContactPoint,
    DataService,
    Dataset,
    Distribution,
    Issue,
    Mapped,
    PeriodOfTime,
)
from harvester.mapping.json_values import (
    address,
    addresses,
    agent,
    agents,
    byte_size,
    concept,
    concepts,
    contacts,
    count,
    inner_json,
    lang_keywords,
    lang_text,
    periods,
    text,
    texts,
)
from harvester.mapping.licences import license_of, shared_license
from harvester.mapping.places import locations

COUNTERS = ("views", "downloads")
"""Properties that are counters beside the dataset."""

DISTRIBUTION = (
    "access_url", "download_url", "format", "media_type", "byte_size", "distribution_title", "endpoint_url",
)  # fmt: skip
"""Properties of the one distribution of a record whose files are not listed one by one. Beside such a list, what has
no address of its own speaks of the listed files: `format` and `media_type` of all that state neither."""

_ADDRESSES = {"access_url", "download_url", "endpoint_url"}
_KINDS = {"format", "media_type"}

PROPERTIES = frozenset(
    {
        "title", "description", "keyword", "theme", "type", "publisher", "creator", "contact_point", "contact_name",
        "contact_email", "contact_telephone", "landing_page", "page", "issued", "modified", "accrual_periodicity",
        "temporal", "temporal_start", "temporal_end", "spatial", "language", "license", "rights", "access_rights",
        "conforms_to", "version", "provenance", "legal_basis", "fee", "is_part_of", "other_identifier", "distribution",
        *DISTRIBUTION, *COUNTERS,
    }
)  # fmt: skip
"""Every property that a rule may fill, DCAT's in snake case. `distribution` takes a list of objects whose keys are
``title``, ``description``, ``identifier``, ``license`` and those of `DISTRIBUTION`. Any other name must begin with
``additional.``: the value goes to `Dataset.additional` under the rest of the name."""


def is_property(name: str) -> bool:
    """Whether a rule may fill this name."""
    return name in PROPERTIES or (name.startswith("additional.") and len(name) > len("additional."))


def filling(rules: Mapping[str, Mapping[str, tuple[str, ...]]]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Give those of a source's rules that fill a property: a list's own ``identifier`` and ``where`` do not."""
    return {
        format: {name: expressions for name, expressions in one.items() if is_property(name)}
        for format, one in rules.items()
    }


class Found(NamedTuple):
    """Values (any that JSON has) by property, and by which expressions they were found (`Mapped.places`)."""

    values: dict[str, Any]
    places: tuple[str, ...] = ()


def first_found(rules: Mapping[str, tuple[str, ...]], find: Callable[[str, str], Any]) -> Found:
    """Ask each property's expressions in turn, of which the first that finds something counts.

    `find(property, expression)` gives what an expression finds, None for nothing. Names that are no property are passed
    over.
    """
    values: dict[str, Any] = {}
    places = []
    for name, expressions in rules.items():
        for expression in expressions if is_property(name) else ():
            value = find(name, expression)
            if value is not None:
                values[name] = value
                places.append(found_at(name, expression))
                break
    return Found(values, tuple(places))


def to_mapped(
    found: Found,
    identifier: str,
    catalog: Catalog,
    *,
    unread: Iterable[str] = (),
    issues: tuple[Issue, ...] = (),
) -> Mapped:
    """Make the dataset of what was found; names that are no property are passed over."""
    values = found.values
    get, language = values.get, catalog.language
    distribution = tuple(_distributions(values, catalog))
    landing_page = _link(get("landing_page"), catalog)
    start, end = text(get("temporal_start")), text(get("temporal_end"))
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title=lang_text(get("title"), language),
        description=lang_text(get("description"), language),
        keyword=lang_keywords(get("keyword"), language),
        theme=concepts(get("theme")),
        type=concept(get("type")),
        publisher=agent(get("publisher"), language) or _publisher(catalog),
        creator=tuple(agents(get("creator"), language)),
        contact_point=_contact_points(values, language),
        landing_page=landing_page,
        page=tuple(link for one in addresses(get("page")) if (link := _link(one, catalog)) and link != landing_page),
        issued=text(get("issued")),
        modified=text(get("modified")),
        accrual_periodicity=concept(get("accrual_periodicity")),
        temporal=((PeriodOfTime(start=start, end=end),) if start or end else ()) + periods(get("temporal")),
        spatial=locations(get("spatial"), language),
        language=texts(get("language")),
        license=license_of(get("license")) or shared_license(distribution),
        rights=lang_text(get("rights"), language),
        access_rights=concept(get("access_rights")),
        conforms_to=addresses(get("conforms_to")),
        version=text(get("version")),
        provenance=lang_text(get("provenance"), language),
        legal_basis=text(get("legal_basis")),
        fee=text(get("fee")),
        is_part_of=texts(get("is_part_of")),
        other_identifier=tuple(one for one in texts(get("other_identifier")) if one != identifier),
        distribution=distribution,
        additional={
            name.removeprefix("additional."): ", ".join(said)
            for name, value in values.items()
            if name.startswith("additional.") and (said := texts(value))
        },
    )
    counters = {name: number for name in COUNTERS if (number := count(get(name))) is not None}
    return Mapped(dataset=dataset, counters=counters, issues=issues, unread=tuple(sorted(unread)), places=found.places)


def _link(value: Any, catalog: Catalog) -> str | None:
    """Read an address; one without a host is the portal's own."""
    found = address(value)
    try:
        return urljoin(f"{catalog.url}/", found) if found else None
    except ValueError:  # brackets that are no IPv6 address: normalising tells
        return found


def _publisher(catalog: Catalog) -> Agent | None:
    return Agent(name=catalog.publisher) if catalog.publisher else None


def _contact_points(values: Mapping[str, Any], language: str) -> tuple[ContactPoint, ...]:
    found = tuple(contacts(values.get("contact_point"), language)) if values.get("contact_point") else ()
    name = lang_text(values.get("contact_name"), language)
    email, telephone = text(values.get("contact_email")), text(values.get("contact_telephone"))
    if name or email or telephone:
        found += (ContactPoint(name=name, email=email, telephone=telephone),)
    return found


def _distributions(values: Mapping[str, Any], catalog: Catalog) -> Iterable[Distribution]:
    stated = inner_json(values.get("distribution"))
    listed = stated if isinstance(stated, list) else [stated]
    files = [one for one in listed if isinstance(one, dict) and any(one.values())]
    own = {name: value for name in DISTRIBUTION if (value := values.get(name))}
    if files and not own.keys() & _ADDRESSES:
        kind = {name: own.pop(name) for name in own.keys() & _KINDS}
        files = [one if any(map(one.get, _KINDS)) else one | kind for one in files]
    for one in files:
        yield _distribution(one, one.get("title") or one.get("distribution_title"), catalog)
    if own:
        yield _distribution(own, own.get("distribution_title"), catalog)


def _distribution(values: Mapping[str, Any], title: Any, catalog: Catalog) -> Distribution:
    get = values.get
    download_url, access_url = _link(get("download_url"), catalog), _link(get("access_url"), catalog)
    endpoint_url = _link(get("endpoint_url"), catalog)
    return Distribution(
        identifier=text(get("identifier")),
        title=lang_text(title, catalog.language),
        description=lang_text(get("description"), catalog.language),
        access_url=access_url or endpoint_url or download_url,
        download_url=download_url,
        format=concept(get("format")),
        media_type=text(get("media_type")),
        byte_size=byte_size(get("byte_size")),
        license=license_of(get("license")),
        access_service=DataService(endpoint_url=endpoint_url) if endpoint_url else None,
    )
