"""A JSON list that nobody described: where its records are, and which of their fields might be what. Pure guesses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from harvester.probe.findings import number

_DEEPEST = 5
_TITLES = re.compile(
    r"title|제목|데이터명|서비스명|(?:^|data|dataset|svc|prd|goods|product|dta?)_?(?:name|nm)$|^subject$", re.I
)
_IDENTIFIERS = re.compile(r"^(?:id|identifier|uuid|key|no|seq|code|.*(?:_id|id|_no|no|_seq|sn|_key|code|cd))$", re.I)
_TOTALS = re.compile(r"total|count|cnt|found|matched|size$", re.I)
_PROPERTIES = {
    "description": re.compile(r"desc|summary|content|abstract|notes|설명|cn$", re.I),
    "publisher": re.compile(r"publisher|provider|org(?:aniz|anis|nm|_nm|name)|agency|inst|company|제공기관", re.I),
    "modified": re.compile(r"modif|updat|upd|mdfcn|수정", re.I),
    "issued": re.compile(r"creat|regist|reg_?d|issued|publish_?d|등록", re.I),
    "keyword": re.compile(r"keyword|tags?$|키워드", re.I),
    "theme": re.compile(r"categor|theme|subject|분류", re.I),
    "license": re.compile(r"licen[cs]e|이용허락", re.I),
}
_PAGES = re.compile(r"^(?:page|pageno|pageindex|page_no|pagenum|pagenumber|currentpage|cpage|p)$", re.I)
_OFFSETS = re.compile(r"^(?:offset|start|from|skip|startindex)$", re.I)
_SIZES = re.compile(
    r"^(?:size|rows|limit|perpage|per_page|pagesize|page_size|pageunit|numofrows|count|recordcount)$", re.I
)


class Shape(NamedTuple):
    """What was guessed: options of `json_api`, how many records there are, and how many the answer has."""

    options: Mapping[str, Any]
    total: int | None
    seen: int


def shape_of(document: Any, address: str) -> Shape | None:
    """Guess how `json_api` would read this answer; None where no list in it has titles and identifiers."""
    best: tuple[tuple[str, ...], Sequence[Mapping[str, Any]]] | None = None
    for path, rows in _lists(document, ()):
        if _title(rows) and _identifier(rows) and (best is None or len(rows) > len(best[1])):
            best = path, rows
    if best is None:
        return None
    path, rows = best
    title, identifier = _title(rows), _identifier(rows)
    assert title
    assert identifier
    options: dict[str, Any] = {"records": _expression(path) if path else "@", "identifier": _quoted(identifier)}
    total_path, total = _total(document, path, len(rows))
    if total_path:
        options["total"] = _expression(total_path)
    fields = {"title": _expression(title)}
    taken = {title[0], identifier}
    for name, pattern in _PROPERTIES.items():
        key = next((key for key in rows[0] if key not in taken and pattern.search(key)), None)
        if key:
            taken.add(key)
            fields[name] = _quoted(key)
    return Shape({**_request(address, len(rows), total), **options, "fields": fields}, total, len(rows))


def _lists(value: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], Sequence[Mapping[str, Any]]]]:
    """Lists of objects that are reached through objects alone."""
    if isinstance(value, list):
        return [(path, value)] if value and all(isinstance(one, dict) for one in value) else []
    if not isinstance(value, dict) or len(path) >= _DEEPEST:
        return []
    return [found for key, inner in value.items() for found in _lists(inner, (*path, key))]


def _title(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...] | None:
    keys = [key for key in rows[0] if _TITLES.search(key)]
    keys += [key for key in rows[0] if re.search(r"name|nm$", key, re.I) and key not in keys]
    for key in keys:
        # A title in several languages is an object: of those that every record has the first one counts.
        inner = rows[0][key] if isinstance(rows[0][key], dict) else ()
        for path in ((key,), *((key, language) for language in inner)):
            if all(_filled(row, path) for row in rows):
                return path
    return None


def _filled(row: Any, path: Sequence[str]) -> bool:
    for step in path:
        row = row.get(step) if isinstance(row, dict) else None
    return isinstance(row, str) and row != ""


def _identifier(rows: Sequence[Mapping[str, Any]]) -> str | None:
    for key in sorted((key for key in rows[0] if _IDENTIFIERS.match(key)), key=lambda key: key.lower() != "id"):
        values = [row.get(key) for row in rows]
        plain = all(isinstance(value, (str, int)) and not isinstance(value, bool) and value != "" for value in values)
        if plain and len(set(map(str, values))) == len(values):
            return key
    return None


def _total(document: Any, path: tuple[str, ...], seen: int) -> tuple[tuple[str, ...], int | None]:
    """The count that stands nearest to the list, or in an object beside it (``meta``), and its path."""
    for end in range(len(path), -1, -1):
        around = document
        for step in path[:end]:
            around = around[step]
        if isinstance(around, dict):
            beside = [((*path[:end], key), value) for key, value in around.items()]
            inner = [((*at, key), value) for at, one in beside if isinstance(one, dict) for key, value in one.items()]
            counts = [
                (at, found)
                for at, value in (*beside, *inner)
                if _TOTALS.search(at[-1]) and (found := number(value)) is not None and found >= seen
            ]
            if counts:
                # A count may also be that of this page.
                return max(counts, key=lambda count: ("total" in count[0][-1].lower(), count[1]))
    return (), None


def _request(address: str, seen: int, total: int | None) -> dict[str, Any]:
    """How the list is asked for: path, parameters, paging as far as the address shows it."""
    parts = urlsplit(address)
    parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
    request: dict[str, Any] = {"path": parts.path} if parts.path else {}
    paging: dict[str, Any] = {}
    for kind, pattern in (("page", _PAGES), ("offset", _OFFSETS)):
        name = next((name for name in parameters if pattern.match(name)), None)
        if name and not paging:
            begin = number(parameters.pop(name))
            paging = {kind: name, "first": (1 if kind == "page" else 0) if begin is None else begin}
    size = next((name for name in parameters if _SIZES.match(name)), None)
    if paging and size:
        asked = number(parameters.pop(size))
        paging |= {"size": min(max(asked or seen, 1), 10_000), "size_parameter": size}
    if parameters:
        request["parameters"] = parameters
    if paging:
        request["paging"] = paging
    return request


def _expression(path: Sequence[str]) -> str:
    return ".".join(map(_quoted, path))


def _quoted(key: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
        return key
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
