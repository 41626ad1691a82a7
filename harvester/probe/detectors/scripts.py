"""JSON behind a page: the addresses that its scripts call, and a JSON list that was given itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from harvester.probe.answers import Answer
from harvester.probe.detectors.json_shape import shape_of
from harvester.probe.findings import POSSIBLE, Detector, Finding, Reading, Target

_CALLS = re.compile(
    r"(?P<way>\bfetch|\baxios(?:\.(?:get|post|request))?|\$\.(?:ajax|get|getJSON|post)|\bjQuery\.(?:ajax|get|getJSON|post)"
    r"|\.open)\s*\(\s*(?P<rest>[^;]{0,600})",
)
_ADDRESS = re.compile(r"[\"'`]((?:https?://|/|\./|[\w-]+/)[^\"'`\s<>]{1,300})[\"'`]")
_KEYED = re.compile(r"\burl\s*:\s*[\"'`]([^\"'`\s<>]{1,300})[\"'`]")
_POSTS = re.compile(r"(?:method|type)\s*:\s*[\"']POST|^\s*[\"']POST[\"']", re.IGNORECASE)
_LIBRARIES = re.compile(
    r"jquery|bootstrap|swiper|polyfill|vendor|chart|moment|\.min\.css|gtag|analytics", re.IGNORECASE
)
_MOST_SCRIPTS = 2
_MOST_CALLS = 3
_LARGEST_SCRIPT = 1_000_000


class Call(NamedTuple):
    """An address that a script calls, and how."""

    address: str
    posted: bool


def calls_of(script: str, page: str) -> list[Call]:
    """What a script calls on the page's own host, most promising first; not what is put together there."""
    found: dict[str, Call] = {}
    for match in _CALLS.finditer(script[:_LARGEST_SCRIPT]):
        way, rest = match["way"], match["rest"]
        named = _KEYED.search(rest) if "ajax" in way or way.startswith("axios") else None
        address = (named or _ADDRESS.search(rest)) if way != ".open" else _ADDRESS.search(rest)
        if not address or "${" in address[1] or "{{" in address[1]:
            continue
        try:
            whole = urljoin(page, address[1])
            own = urlsplit(whole).netloc == urlsplit(page).netloc
        except ValueError:
            continue
        if own and whole.startswith(("http://", "https://")):
            posted = way.endswith(".post") or bool(_POSTS.search(rest))
            found.setdefault(whole, Call(whole, posted))
    return sorted(found.values(), key=lambda call: not re.search(r"list|search|catalog|dataset", call.address, re.I))


def inline_calls(target: Target) -> list[Call]:
    """What the scripts within the page call."""
    tree = target.landing.tree
    scripts = ("".join(one.itertext()) for one in tree.iter("script") if not one.get("src")) if tree is not None else ()
    return calls_of(";\n".join(scripts), target.url)


def _script_files(target: Target) -> Iterator[str]:
    tree = target.landing.tree
    for script in tree.iter("script") if tree is not None else ():
        try:
            address = urljoin(target.url, (script.get("src") or "").strip())
            own = urlsplit(address).netloc == urlsplit(target.url).netloc
        except ValueError:
            continue
        if script.get("src") and own and not _LIBRARIES.search(address):
            yield address


def _addresses(target: Target) -> list[str]:
    calls = [call.address for call in inline_calls(target) if not call.posted][:_MOST_CALLS]
    # The last scripts of a page are its own, the first ones libraries.
    return [*calls, *list(dict.fromkeys(_script_files(target)))[::-1][:_MOST_SCRIPTS]]


def _read(answer: Answer, target: Target) -> Reading:
    if not answer.came or answer.is_page or answer.xml is not None:
        return None
    if finding := _list(answer, target):
        return finding
    if answer.json is not None:
        return None
    for call in [call for call in calls_of(answer.text, target.url) if not call.posted][:_MOST_CALLS]:
        called = yield call.address
        if finding := _list(called, target):
            return finding
    return None


def _list(answer: Answer, target: Target) -> Finding | None:
    shape = shape_of(answer.json, answer.url) if answer.came else None
    if shape is None:
        return None
    parts = urlsplit(answer.url)
    base = f"{parts.scheme}://{parts.netloc}"
    behind = "" if answer.url == target.url else f", which {target.url} calls,"
    why = [f"{answer.url}{behind} answers a JSON list of {shape.seen:,} at {shape.options['records']}"]
    advice = ["where everything stands in the answer was guessed by the names of its fields: compare with the portal"]
    if shape.total is not None and shape.total > shape.seen and "paging" not in shape.options:
        advice.append("how the next page is asked for is not known: `paging` is needed")
    count = shape.total if shape.total is not None else None if "paging" in shape.options else shape.seen
    options = dict(shape.options)
    return Finding("json_api", "JSON list", POSSIBLE + 0.1, tuple(why), base, count, options, advice=tuple(advice))


JSON_BEHIND_A_PAGE = Detector("JSON behind a page", _addresses, _read)
