"""Portals whose software has a protocol of its own here: CKAN, data.go.kr."""

from __future__ import annotations

import re
from typing import Any

from harvester.options.datagokr import DataGoKrOptions
from harvester.probe.answers import Answer
from harvester.probe.findings import CERTAIN, LIKELY, POSSIBLE, Detector, Finding, Reading, Target, number

_ACTION = re.compile(r"/api/(?:\d/)?action/.*|/api/\d/?$")
_SEARCH = "/api/3/action/package_search?rows=1"
_CATALOGUE = DataGoKrOptions.model_fields["catalogue"].default


def _ckan(answer: Answer, target: Target) -> Reading:
    said = answer.json
    found = _ACTION.search(answer.url)
    if not found or not isinstance(said, dict):
        return None
    base = answer.url[: found.start()]
    finding = _ckan_finding(said, answer, base)
    # An address that was given may search for something: the whole list counts.
    if answer.url != base + _SEARCH and (finding or {"success", "help", "version"} & said.keys()):
        searched = yield base + _SEARCH
        if isinstance(searched.json, dict):
            finding = _ckan_finding(searched.json, searched, base) or finding
    return finding


def _ckan_finding(said: dict[str, Any], answer: Answer, base: str) -> Finding | None:
    result, fault = said.get("result", said), said.get("error")
    if said.get("success") is False:
        if isinstance(fault, dict) and "__type" in fault:
            why = (f"{answer.url} answers as CKAN does, with an error: {str(fault.get('message'))[:80]}",)
            return Finding("ckan", "CKAN", POSSIBLE, why, base)
        return None
    if isinstance(result, dict) and isinstance(result.get("results"), list):
        count, packages = number(result.get("count")), result["results"]
        known = all(isinstance(one, dict) and {"id", "name"} & one.keys() for one in packages)
        if count is None or not known:
            return None
        why = (f"{answer.url} answers count and results, as CKAN's package_search does",)
        return Finding("ckan", "CKAN", CERTAIN if packages else LIKELY, why, base, count)
    if isinstance(result, list) and said.get("success") is True and "package_list" in answer.url:
        names = result and all(isinstance(one, str) for one in result)
        why = (f"{answer.url} answers a list of names, as CKAN's package_list does",)
        return Finding("ckan", "CKAN", LIKELY, why, base, len(result)) if names else None
    return None


CKAN = Detector(
    "CKAN",
    lambda target: target.below(_SEARCH, "/api/3/action/package_list"),
    _ckan,
    re.compile(r"ckan", re.IGNORECASE),
)


def _data_go_kr(answer: Answer, target: Target) -> Reading:
    said, (base, found, _) = answer.json, answer.url.partition(f"/catalog/{_CATALOGUE}/fileData.json")
    if not found or not isinstance(said, dict):
        return None
    yield from ()
    files = said.get("distribution")
    files = files if isinstance(files, list) else [files]
    if not said.get("name") or not any(isinstance(file, dict) and file.get("contentUrl") for file in files):
        return None
    why = (f"{answer.url} names the file of the catalogue of all agencies ({str(said['name'])[:60]})",)
    advice = ("organisations: [한국전력공사]   # exact names of agencies; without it the sources of all are harvested",)
    return Finding("datagokr", "data.go.kr", CERTAIN, why, base, title=str(said["name"])[:200], advice=advice)


DATA_GO_KR = Detector(
    "data.go.kr",
    lambda target: [f"{base}/catalog/{_CATALOGUE}/fileData.json" for base in target.bases[:1]],
    _data_go_kr,
    re.compile(r"공공데이터포털"),
)
