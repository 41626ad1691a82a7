"""A CKAN resource: one file or API of a package.

The hottest code of a harvest (eleven resources a package on average): what most resources do not have is asked for
before a function is called for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from harvester.catalog.model import Concept, DataService, Distribution
from harvester.mapping.json_values import (
    address,
    addresses,
    byte_size,
    concept,
    inner_json,
    lang_text,
    text,
)
from harvester.mapping.licences import license_of

_API_TYPES = ("api", "service")
_FILE_TYPES = ("upload", "file", "file.upload", "datastore")


def to_distribution(resource: Mapping[str, Any], language: str) -> Distribution:
    """Map one resource; ``url`` is where to get it, and its download address only where the portal holds the file."""
    get = resource.get
    url = text(get("url"))
    access_url = get("access_url")
    download_url = get("download_url")
    title = get("name_translated") or get("title") or get("name") or get("display_name")
    description = get("description_translated") or get("description")
    format = get("format")
    media_type = get("media_type") or get("mimetype")
    size = get("size") or get("byte_size")
    checksum = get("hash")
    issued = get("issued") or get("release_date") or get("created")
    modified = get("modified") or get("last_modified") or get("metadata_modified")
    license = get("license") or get("license_url")
    rights = get("rights")
    conforms_to = get("conforms_to") or get("schema")
    services = get("access_services")
    kind = get("resource_type")
    return Distribution(
        identifier=text(get("id")),
        title=lang_text(title, language) if title else {},
        description=lang_text(description, language) if description else {},
        access_url=(text(access_url) if access_url else None) or url,
        download_url=text(download_url) if download_url else url if get("url_type") in _FILE_TYPES else None,
        format=(_format(format) if isinstance(format, str) else concept(format)) if format else None,
        media_type=text(media_type) if media_type else None,
        byte_size=byte_size(size) if size else None,
        checksum=_checksum(checksum, get("hash_algorithm")) if checksum else None,
        issued=text(issued) if issued else None,
        modified=text(modified) if modified else None,
        license=license_of(license) if license else None,
        rights=lang_text(rights, language) if rights else {},
        conforms_to=addresses(conforms_to) if conforms_to else (),
        access_service=_service(services, kind, url, language) if services or kind else None,
    )


@lru_cache(maxsize=1024)
def _format(stated: str) -> Concept | None:
    return concept(stated)


def _checksum(stated: Any, algorithm: Any) -> str | None:
    value, name = text(stated), text(algorithm)
    return f"{name}:{value}" if name and value else value


def _service(value: Any, kind: Any, url: str | None, language: str) -> DataService | None:
    if value:
        value = inner_json(value)
        one = value[0] if isinstance(value, list) and value else value
        if isinstance(one, dict):
            return DataService(
                title=lang_text(one.get("title"), language),
                endpoint_url=address(one.get("endpoint_url")),
                endpoint_description=address(one.get("endpoint_description")),
                conforms_to=addresses(one.get("conforms_to")),
            )
    return DataService(endpoint_url=url) if url and isinstance(kind, str) and kind.lower() in _API_TYPES else None
