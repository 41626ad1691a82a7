"""Values of schema.org's own kinds: places with latitude first, periods, agents, files. All take plain nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from harvester.catalog.model import Agent, Concept, ContactPoint, Distribution, Location, PeriodOfTime
from harvester.mapping.geographic import box_of_positions, point
from harvester.mapping.json_values import address, byte_size, contacts, lang_text, text
from harvester.mapping.licences import license_of
from harvester.mapping.places import BoundingBox, place_of_text
from harvester.mapping.schema_org_terms import objects

_ROLES = ("creator", "author", "contributor")
_CHECKSUMS = ("sha256", "md5")


def listed(value: Any) -> list[Any]:
    """Values of a list, or the one; none where there is nothing."""
    return value if isinstance(value, list) else [] if value is None else [value]


def joined(page: str, link: str | None) -> str | None:
    """Make a link of a page whole."""
    try:
        return urljoin(page, link) if link else None
    except ValueError:  # brackets that are no IPv6 address: normalising tells
        return link


def places(value: Any, language: str) -> Iterator[Location]:
    """Read places: names, ``Place`` with GeoShape or GeoCoordinates (latitude first), or those themselves."""
    for one in listed(value):
        if isinstance(one, str) and one.strip():
            yield place_of_text(one, language)
        elif isinstance(one, dict):
            label = lang_text(one.get("name"), language) or lang_text(one.get("address"), language)
            box = next((found for geo in (*objects(one.get("geo")), one) if (found := _box(geo))), None)
            uri = address(one.get("@id"))
            uri = uri if uri and uri.startswith(("http://", "https://")) else None
            if label or box or uri:
                yield Location(label=label, bbox=box, uri=uri)


def _box(geo: Mapping[str, Any]) -> BoundingBox | None:
    shape = next((found for key in ("box", "polygon", "line") if (found := box_of_positions(text(geo.get(key))))), None)
    return shape or point(geo.get("latitude"), geo.get("longitude"))


def periods(value: Any) -> Iterator[PeriodOfTime]:
    """Read periods: ``start/end`` (``..`` for an open end), a date, OWL-Time intervals, or words."""
    for one in listed(value):
        if isinstance(one, dict):
            start, end = _instant(_any(one, "hasBeginning", "startDate")), _instant(_any(one, "hasEnd", "endDate"))
            label = text(one.get("name")) or text(one.get("description")) or text(one.get("@value"))
            if start or end or label:
                yield PeriodOfTime(start=start, end=end, label=label)
        elif stated := text(one):
            start_text, slash, end_text = (part.strip() for part in stated.partition("/"))
            if slash and "/" not in end_text and not end_text.startswith("P"):
                open_ended = {"", ".."}
                start = None if start_text in open_ended else start_text
                yield PeriodOfTime(start=start, end=None if end_text in open_ended else end_text, label=stated)
            else:
                yield PeriodOfTime(label=stated)


def _any(node: Mapping[str, Any], *names: str) -> Any:
    return next((value for name in names for key, value in node.items() if key.rpartition(":")[2] == name), None)


def _instant(value: Any) -> str | None:
    if isinstance(value, dict):
        return text(_any(value, "inXSDDateTimeStamp", "inXSDDateTime", "inXSDDate", "inXSDgYear"))
    return text(value)


def agents(value: Any, language: str) -> Iterator[Agent]:
    """Read persons and organisations; of a role (``{"@type": "Role", "creator": …}``) who has it."""
    for one in listed(value):
        if isinstance(one, dict):
            inner = next((one[key] for key in _ROLES if isinstance(one.get(key), dict)), one)
            name = lang_text(inner.get("name"), language) or lang_text(inner.get("legalName"), language)
            whole = " ".join(filter(None, (text(inner.get("givenName")), text(inner.get("familyName")))))
            name = name or ({language: whole} if whole else {})
            identifier = _identifier(inner)
            if name or identifier:
                homepage = address(inner.get("url"))
                yield Agent(
                    name=name or {language: identifier or ""},
                    identifier=identifier,
                    homepage=homepage if homepage and "://" in homepage else None,
                    email=text(inner.get("email")),
                )
        elif name := lang_text(one, language):
            yield Agent(name=name)


def _identifier(node: Mapping[str, Any]) -> str | None:
    identifier = text(node.get("@id"))
    if identifier and not identifier.startswith(("_:", "#")):
        return identifier
    stated = node.get("identifier")
    return next((found for one in objects(stated) if (found := text(one.get("value")))), None) or text(stated)


def contact_points(node: Mapping[str, Any], language: str) -> Iterator[ContactPoint]:
    """Read whom to ask: of the dataset itself, else of who publishes it."""
    for holder in (node, *objects(node.get("publisher")), *objects(node.get("creator"))):
        if holder.get("contactPoint"):
            yield from contacts(holder["contactPoint"], language)
            return


def distributions(node: Mapping[str, Any], page: str, language: str) -> Iterator[Distribution]:
    """Read DataDownload and Croissant's FileObject; parts of a file (FileSet, file in an archive) are none.

    Addresses are as the `page` means them.
    """
    for one in listed(node.get("distribution")):
        if isinstance(one, str) and one.strip():
            yield Distribution(access_url=joined(page, one.strip()))
        elif isinstance(one, dict) and not one.get("containedIn"):
            yield Distribution(
                identifier=text(one.get("@id")),
                title=lang_text(one.get("name"), language),
                description=lang_text(one.get("description"), language),
                access_url=joined(page, address(one.get("url")) or address(one.get("contentUrl"))),
                download_url=joined(page, address(one.get("contentUrl"))),
                format=_format(one.get("encodingFormat") or one.get("fileFormat")),
                byte_size=byte_size(_quantity(one.get("contentSize"))),
                checksum=_checksum(one),
                issued=text(one.get("datePublished")),
                modified=text(one.get("dateModified") or one.get("uploadDate")),
                license=license_of(one.get("license")),
            )


def _format(value: Any) -> Concept | None:
    """Of several names for one format the media type first: ``["CSV", "text/csv"]``."""
    stated = [found for one in listed(value) if (found := text(one))]
    best = next((one for one in stated if "/" in one and "://" not in one), stated[0] if stated else None)
    return Concept(source=best) if best else None


def _quantity(value: Any) -> Any:
    return value.get("value") if isinstance(value, dict) else value


def _checksum(node: Mapping[str, Any]) -> str | None:
    for algorithm in _CHECKSUMS:
        if found := text(node.get(algorithm)):
            return f"{algorithm}:{found}"
    for one in objects(node.get("checksum")):
        value = text(one.get("spdx:checksumValue")) or text(one.get("checksumValue"))
        stated = address(one.get("spdx:checksumAlgorithm") or one.get("checksumAlgorithm")) or ""
        algorithm = stated.rpartition("_")[2]
        if value:
            return f"{algorithm}:{value}" if algorithm else value
    return None
