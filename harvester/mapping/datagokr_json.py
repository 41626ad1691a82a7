"""A record of data.go.kr as schema.org JSON.

Its address is ``/catalog/{id}/fileData.json`` (or ``openapi.json``, ``standard.json``, ``linkedData.json``). Two
shapes are recorded. v1 (to about 2024): ``keywords`` is a list that mostly holds one comma string, ``license`` is the
address of the portal's policy (no licence). v2: ``keywords`` is a string, ``license`` a phrase (이용허락범위), and
coverage, category, interval and format are told.
"""

from __future__ import annotations

from typing import Any

from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import (
    Agent,
    Catalog,
    Concept,
    ContactPoint,
    Dataset,
    Distribution,
    Location,
    Mapped,
    PeriodOfTime,
)
from harvester.errors import RecordError
from harvester.mapping.datagokr_values import EMPTY, distributions, formats, themes, type_of
from harvester.mapping.json_values import load_value, text, texts

VERSION = 1

_READ = frozenset(
    {
        "@context", "@id", "@type", "additionalType", "alternateName", "contentUrl", "creator", "dateCreated",
        "dateModified", "datePublished", "datasetTimeInterval", "description", "distribution", "encodingFormat",
        "identifier", "inLanguage", "keywords", "legislation", "license", "name", "publisher", "spatialCoverage",
        "temporalCoverage", "url", "version",
    }
)  # fmt: skip


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one answer; RecordError where it is not JSON (login and maintenance pages are HTML) or not a dataset."""
    record = _record(payload)
    language = catalog.language
    unread = record.keys() - _READ
    url = _said(record.get("url"))
    kind = type_of(url)
    name = _said(record.get("name"))
    creator = record.get("creator") or record.get("publisher")
    publisher, contact = _creator(creator, language)
    if publisher is None and catalog.publisher:
        publisher = Agent(name=catalog.publisher)
    category = _said(record.get("additionalType"))
    cycle = _said(record.get("datasetTimeInterval"))
    license = _said(record.get("license"))
    spatial = _said(record.get("spatialCoverage"))
    temporal = _said(record.get("temporalCoverage"))
    description = _said(record.get("description"))
    keywords = tuple(word for word in texts(record.get("keywords")) if word not in EMPTY)
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title={language: name} if name else {},
        description={language: description} if description else {},
        keyword={language: keywords} if keywords else {},
        theme=themes(category) if category else (),
        type=Concept(source=kind) if kind else None,
        publisher=publisher,
        contact_point=(contact,) if contact else (),
        landing_page=url,
        issued=_said(record.get("datePublished")) or _said(record.get("dateCreated")),
        modified=_said(record.get("dateModified")),
        accrual_periodicity=Concept(source=cycle) if cycle else None,
        temporal=(PeriodOfTime(label=temporal),) if temporal else (),
        spatial=(Location(label={language: spatial}),) if spatial else (),
        language=texts(record.get("inLanguage")),
        license=Concept(source=license) if license else None,
        version=_said(record.get("version")),
        legal_basis=_said(record.get("legislation")),
        distribution=_distributions(record, kind, url, language),
        additional={key: said for key in unread if (said := _said(record[key]))},
    )
    return Mapped(dataset=dataset, unread=tuple(sorted(unread)))


def _record(payload: bytes) -> dict[str, Any]:
    value = load_value(payload.removeprefix(b"\xef\xbb\xbf").strip())
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise RecordError("not-an-object", f"the answer is a JSON {type(value).__name__}, an object was expected")
    if "name" not in value and "url" not in value:
        raise RecordError("not-a-dataset", "the object has neither name nor url of a schema.org dataset")
    return value


def _said(value: Any) -> str | None:
    found = text(value)
    return None if found is None or found in EMPTY else found


def _creator(value: Any, language: str) -> tuple[Agent | None, ContactPoint | None]:
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        name = _said(value)
        return (Agent(name={language: name}) if name else None), None
    name = _said(value.get("name"))
    point = value.get("contactPoint")
    if isinstance(point, list):
        point = point[0] if point else None
    department = _said(point.get("contactType")) if isinstance(point, dict) else None
    telephone = _said(point.get("telephone")) if isinstance(point, dict) else None
    email = _said(point.get("email")) if isinstance(point, dict) else None
    contact = (
        ContactPoint(name={language: department} if department else {}, telephone=telephone, email=email)
        if department or telephone or email
        else None
    )
    return (Agent(name={language: name}) if name else None), contact


def _distributions(
    record: dict[str, Any], kind: str | None, url: str | None, language: str
) -> tuple[Distribution, ...]:
    label = _said(record.get("alternateName")) or _said(record.get("name"))
    title = {language: label} if label else {}
    stated = record.get("distribution")
    found: list[Distribution] = []
    for one in stated if isinstance(stated, list) else [stated]:
        if isinstance(one, dict):
            format, address = _said(one.get("encodingFormat")), _said(one.get("contentUrl"))
            found += [
                Distribution(title=title, access_url=url, download_url=address, format=each) for each in formats(format)
            ]
    return tuple(found) or distributions(kind, _said(record.get("encodingFormat")), page=url, title=title)
