"""Catalogues of the geographic world: CSW (OGC 07-006, 12-176) and OGC API Records (OGC 20-004)."""

from __future__ import annotations

import re
from typing import Any

from harvester.probe.answers import Answer
from harvester.probe.findings import CERTAIN, LIKELY, Detector, Finding, Reading, Target, number, with_parameters

_CSW = re.compile(r"\{http://www\.opengis\.net/cat/csw/(\d[\d.]*)\}(\w+)")
_ARGUMENTS = frozenset({
    "service", "version", "request", "typenames", "elementsetname", "resulttype", "mode", "acceptversions",
    "outputschema", "maxrecords", "startposition", "constraint", "constraintlanguage", "constraint_language_version",
})  # fmt: skip
_CAPABILITIES = {"service": "CSW", "version": "2.0.2", "request": "GetCapabilities"}
_HITS = {
    "service": "CSW",
    "version": "2.0.2",
    "request": "GetRecords",
    "typeNames": "csw:Record",
    "elementSetName": "brief",
    "resultType": "hits",
}
_RECORDS = re.compile(r"/ogcapi-records-1/")
_SOME_COLLECTIONS = 3


def _csw_addresses(target: Target) -> list[str]:
    given = [target.url] if re.search(r"csw", target.url, re.IGNORECASE) else []
    where = [*given, *target.below("/csw", "/geonetwork/srv/eng/csw")]
    return [with_parameters(one, _ARGUMENTS, _CAPABILITIES) for one in where]


def _csw(answer: Answer, target: Target) -> Reading:
    found = _CSW.match(str(answer.xml.tag)) if answer.xml is not None else None
    if not found:
        return None
    address = with_parameters(answer.url, _ARGUMENTS)
    why = [f"{answer.url} answers {found[2]} in the namespace of CSW {found[1]}"]
    hits = yield with_parameters(address, parameters=_HITS)
    results = hits.xml.find(".//{*}SearchResults") if hits.xml is not None else None
    count = number(results.get("numberOfRecordsMatched")) if results is not None else None
    if count is None:
        why.append("GetRecords told no number")
    title = answer.xml.findtext(".//{*}ServiceIdentification/{*}Title") if answer.xml is not None else None
    confidence = CERTAIN if count is not None else LIKELY
    return Finding("csw", f"CSW {found[1]}", confidence, tuple(why), address, count, title=(title or "")[:200])


CSW = Detector("CSW", _csw_addresses, _csw, re.compile(r"geonetwork|service=CSW", re.IGNORECASE))


def _ogc_addresses(target: Target) -> list[str]:
    return target.below("/conformance?f=json")


def _ogc(answer: Answer, target: Target) -> Reading:
    said, base = answer.json, re.sub(r"/(?:conformance|collections)\b.*|\?.*", "", answer.url).rstrip("/")
    if not isinstance(said, dict):
        return None
    if "conformsTo" not in said:
        if not ({"links", "collections"} <= said.keys() or _leads(said, "conformance")):
            return None
        said = (yield f"{base}/conformance?f=json").json
    classes = said.get("conformsTo") if isinstance(said, dict) else None
    if not isinstance(classes, list) or not any(_RECORDS.search(str(one)) for one in classes):
        return None
    why = [f"{base}/conformance declares OGC API Records"]
    listed = (yield f"{base}/collections?f=json").json
    collections = listed.get("collections") if isinstance(listed, dict) else None
    total: int | None = None
    names: list[str] = []
    for one in collections if isinstance(collections, list) else []:
        if isinstance(one, dict) and _is_catalogue(one) and len(names) < _SOME_COLLECTIONS:
            names.append(str(one.get("id")))
            page = (yield f"{base}/collections/{one.get('id')}/items?f=json&limit=1").json
            matched = number(page.get("numberMatched")) if isinstance(page, dict) else None
            total = total if matched is None else (total or 0) + matched
    why.append(f"collections of records: {', '.join(names)}" if names else "no collection of records is listed")
    confidence = CERTAIN if total is not None else LIKELY
    return Finding("ogc_records", "OGC API Records", confidence, tuple(why), base, total)


def _is_catalogue(collection: dict[str, Any]) -> bool:
    return collection.get("itemType") == "record" or _leads(collection, "ogc-catalog")


def _leads(said: dict[str, Any], relation: str) -> bool:
    links = said.get("links")
    return isinstance(links, list) and any(
        isinstance(link, dict) and str(link.get("rel", "")).rpartition("/")[2] == relation for link in links
    )


OGC_RECORDS = Detector("OGC API Records", _ogc_addresses, _ogc, re.compile(r"pygeoapi|ogcapi", re.IGNORECASE))
