"""A CKAN of our own: the read actions of the Action API, and the ways in which real portals differ from it.

Shapes after CKAN's documentation (https://docs.ckan.org/en/latest/api/) and recorded answers of real portals.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

import msgspec

from harvester.sample_portals.server import Answer, Asked, Portal, not_found

_MODIFIED = re.compile(r"metadata_modified:\[(\S+) TO \*\]")
_FIELD = re.compile(r"(organization|groups|tags):\"?([^\"\s)]+)\"?")
_BEYOND = re.compile(r"id:\{\"?([^\"\s]+)\"? TO \*[}\]]")


@dataclass(frozen=True, slots=True)
class Quirks:
    """How this portal differs from a stock CKAN.

    `max_rows`: cap of `rows`; `deepest`: 409 for `start` + `rows` beyond it; `sorts`: False answers 409 to any sort but
    the default; `searches`, `lists_with_resources`: False answers 404 to that action; `envelope`: False gives the bare
    result; `success`: False puts an error inside 200; `surplus`: added to every ``count``; `show_as_list`: DKAN's
    package_show; `gone`: packages whose package_show answers 404; `ignores_start`: every page is the first one;
    `shuffles`: takes a sort and answers in another order each time; `whole_pages`: `start` is rounded down to pages.
    """

    max_rows: int = 1000
    deepest: int | None = None
    sorts: bool = True
    searches: bool = True
    lists_with_resources: bool = True
    envelope: bool = True
    success: bool = True
    surplus: int = 0
    show_as_list: bool = False
    gone: frozenset[str] = frozenset()
    ignores_start: bool = False
    shuffles: bool = False
    whole_pages: bool = False


class _Head(msgspec.Struct):
    id: str | None = None
    name: str | None = None
    title: Any = None
    metadata_modified: str = ""
    organization: dict[str, Any] | None = None
    tags: list[dict[str, Any]] = []
    groups: list[dict[str, Any]] = []


class CkanPortal(Portal):
    """A CKAN with these packages (JSON objects, as bytes or as dictionaries) under ``/api/3/action/``."""

    robots = "User-agent: *\nDisallow: /api/2/\n"

    def __init__(self, packages: Iterable[bytes | dict[str, Any]] = (), quirks: Quirks = Quirks()) -> None:
        super().__init__()
        self.quirks = quirks
        self._chance = random.Random(2022)
        self.replace(packages)

    def replace(self, packages: Iterable[bytes | dict[str, Any]]) -> None:
        """Hold these packages from now on."""
        bodies = [package if isinstance(package, bytes) else msgspec.json.encode(package) for package in packages]
        heads = [msgspec.json.decode(body, type=_Head, strict=False) for body in bodies]
        self._packages = sorted(zip(heads, bodies, strict=True), key=lambda package: package[0].id or "")

    def answer(self, asked: Asked) -> Answer:
        """Answer one action, an unknown one as CKAN does; a package's page is a few words of HTML."""
        if asked.path.startswith("/dataset/"):
            return self._page_of(asked.path.removeprefix("/dataset/"))
        action = asked.path.removeprefix("/api/3/action/")
        available = {
            "package_search": (self.quirks.searches, self._search),
            "current_package_list_with_resources": (self.quirks.lists_with_resources, self._list_with_resources),
            "package_list": (True, self._names),
            "package_show": (True, self._show),
        }
        offered, answering = available.get(action, (False, self._names))
        if not offered:
            return _json(b'"Bad request - Action name not known: %s"' % action.encode(), 404)
        if not self.quirks.success:
            return _error("Internal Error", "maintenance", 200)
        return answering(asked)

    def page(self, chosen: list[tuple[_Head, bytes]], start: int, rows: int) -> bytes:
        """Join the packages of one page as the elements of a JSON list."""
        return b", ".join(body for _, body in chosen[start : start + rows])

    def _search(self, asked: Asked) -> Answer:
        start, rows = int(asked.query.get("start", 0)), int(asked.query.get("rows", 10))
        sort, limit = asked.query.get("sort", ""), self.quirks.deepest
        if (sort and not self.quirks.sorts) or (limit is not None and start + rows > limit):
            return _error("Search Error", "Search error: ('SOLR returned an error running query')", 409)
        chosen = self._chosen(asked.query.get("fq", ""))
        if self.quirks.shuffles:
            self._chance.shuffle(chosen)
        elif sort != "id asc":
            chosen.sort(key=lambda package: package[0].metadata_modified, reverse=True)
        if self.quirks.ignores_start or self.quirks.whole_pages:
            start = 0 if self.quirks.ignores_start else start // rows * rows
        body = self.page(chosen, start, min(rows, self.quirks.max_rows))
        return self._result(
            b'{"count": %d, "sort": "%s", "facets": {}, "results": [%s], "search_facets": {}}'
            % (len(chosen) + self.quirks.surplus, (sort or "score desc, metadata_modified desc").encode(), body)
        )

    def _chosen(self, query: str) -> list[tuple[_Head, bytes]]:
        chosen = list(self._packages)
        if since := _MODIFIED.search(query):
            chosen = [package for package in chosen if _plain(package[0].metadata_modified) >= _plain(since[1])]
        if beyond := _BEYOND.search(query):
            chosen = [package for package in chosen if (package[0].id or "") > beyond[1].replace("\\", "")]
        for field, value in _FIELD.findall(query):
            chosen = [package for package in chosen if value in _names(package[0], field)]
        return chosen

    def _list_with_resources(self, asked: Asked) -> Answer:
        start, rows = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 1000))
        return self._result(b"[%s]" % self.page(self._packages, start, min(rows, self.quirks.max_rows)))

    def _names(self, asked: Asked) -> Answer:
        return self._result(msgspec.json.encode([head.name or head.id for head, _ in self._packages]))

    def _show(self, asked: Asked) -> Answer:
        wanted = asked.query.get("id")
        for head, body in self._packages:
            if wanted in (head.id, head.name) and wanted not in self.quirks.gone:
                return self._result(b"[%s]" % body if self.quirks.show_as_list else body)
        return _error("Not Found Error", "Not found", 404)

    def _page_of(self, name: str) -> Answer:
        for head, _ in self._packages:
            if name in (head.id, head.name):
                title = escape(str(head.title or name))
                page = f"<!DOCTYPE html><meta charset=utf-8><title>{title}</title><h1>{title}</h1>"
                return Answer(page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})
        return not_found()

    def _result(self, result: bytes) -> Answer:
        return _json(b'{"help": "", "success": true, "result": %s}' % result if self.quirks.envelope else result)


def _json(body: bytes, status: int = 200) -> Answer:
    return Answer(body, status, {"Content-Type": "application/json;charset=utf-8"})


def _error(kind: str, message: str, status: int) -> Answer:
    answer = {"help": "", "success": False, "error": {"__type": kind, "message": message}}
    return _json(msgspec.json.encode(answer), status)


def _plain(time: str) -> str:
    return time.rstrip("Z")[:19]


def _names(head: _Head, field: str) -> list[Any]:
    values = [head.organization] if field == "organization" else head.groups if field == "groups" else head.tags
    return [value["name"] for value in values if value and "name" in value]
