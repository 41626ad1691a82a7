"""Portals whose JSON list a preset describes: a preset recognises its portals by what it would read there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from harvester.mapping.expressions import ExpressionError, find
from harvester.probe.answers import Answer
from harvester.probe.findings import CERTAIN, Detector, Finding, Reading, Target, number

_OF_ONE_PORTAL = {"socrata_discovery": "domains"}
"""Preset → parameter that keeps a list of all portals to one host's."""


def detectors(presets: Mapping[str, Mapping[str, Any]]) -> tuple[Detector, ...]:
    """One detector for each preset that names a path."""
    return tuple(
        Detector(name, partial(_addresses, name, preset), partial(_read, name, preset), _mark(name))
        for name, preset in presets.items()
        if preset.get("path") and preset.get("records") and preset.get("method", "GET") == "GET"
    )


def _mark(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(name.partition('_')[0])}", re.IGNORECASE)


def _addresses(name: str, preset: Mapping[str, Any], target: Target) -> list[str]:
    return target.below(_path(name, preset, target))


def _path(name: str, preset: Mapping[str, Any], target: Target) -> str:
    paging = preset.get("paging", {})
    parameters = {key: value for key, value in preset.get("parameters", {}).items() if not isinstance(value, dict)}
    if paging.get("size_parameter"):
        parameters[paging["size_parameter"]] = 1
    if name in _OF_ONE_PORTAL:
        parameters[_OF_ONE_PORTAL[name]] = urlsplit(target.url).hostname
    return f"{preset['path']}?{urlencode(parameters)}" if parameters else str(preset["path"])


def _read(name: str, preset: Mapping[str, Any], answer: Answer, target: Target) -> Reading:
    base, found, _ = answer.url.partition(preset["path"])
    if not found or answer.json is None:
        return None
    finding = _finding(name, preset, answer, base)
    whole = base + _path(name, preset, target)
    if answer is target.landing and answer.url != whole and name not in _OF_ONE_PORTAL:
        # What was given may search for something: the whole list counts.
        return _finding(name, preset, (yield whole), base) or finding
    return finding


def _finding(name: str, preset: Mapping[str, Any], answer: Answer, base: str) -> Finding | None:
    titles = preset.get("fields", {}).get("title", ())
    try:
        if preset.get("success") and find(preset["success"], answer.json) is not True:
            return None
        records = find(preset["records"], answer.json)
        total = number(find(preset["total"], answer.json)) if preset.get("total") else None
        if not isinstance(records, list) or not records or (preset.get("total") and total is None):
            return None
        wanted = [one for one in records if not preset.get("where") or find(preset["where"], one) is True]
        if not wanted:
            return None
        for record in wanted:
            titled = any(find(one, record) for one in ([titles] if isinstance(titles, str) else titles))
            if not titled or not isinstance(find(preset["identifier"], record), (str, int)):
                return None
    except ExpressionError:
        return None
    options: dict[str, Any] = {"preset": name}
    if parameter := _OF_ONE_PORTAL.get(name):
        asked = dict(parse_qsl(urlsplit(answer.url).query)).get(parameter)
        options["parameters"] = {parameter: asked or urlsplit(answer.url).hostname}
    shape = ", ".join(str(preset[key]) for key in ("total", "records", "identifier") if key in preset)
    why = (f"{answer.url} answers in the shape of the preset {name}: {shape}",)
    return Finding("json_api", name, CERTAIN, why, base, total, options)
