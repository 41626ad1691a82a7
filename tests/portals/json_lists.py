"""A portal with a JSON list of its own making, in every way of paging, by GET and POST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from harvester.sample_portals.server import Answer, Asked, Portal, not_found


def rows(number: int) -> list[dict[str, Any]]:
    """Records of an invented list."""
    return [
        {"id": 1000 + n, "name": f"대기질 측정 자료 {n}", "text": f"측정소 {n}의 시간별 자료", "hits": n, "extra": "x"}
        for n in range(number)
    ]


OPTIONS: dict[str, Any] = {
    "path": "/list",
    "records": "rows",
    "identifier": "id",
    "success": "status == 'OK'",
    "total": "total",
    "paging": {"page": "at", "size": 10, "size_parameter": "size"},
    "fields": {"title": "name", "description": "text", "views": "hits"},
}
"""How a source reads the portal of `sample`."""


def sample() -> JsonListPortal:
    """A portal in good health."""
    return JsonListPortal(rows(34))


class JsonListPortal(Portal):
    """Answers ``/list`` with pages of `records`, and ``/detail/{id}`` with one of them.

    `tells` names what an answer says beside its rows: ``total``, ``pages``, ``next`` (cursor or address), ``link`` (the
    same as a Link header). `cap` is the largest page that it gives. What was asked is kept in `asked`.
    """

    def __init__(
        self, records: Sequence[Any], kind: str = "page", *, tells: Sequence[str] = ("total",), cap: int = 1000
    ) -> None:
        super().__init__()
        self.records = list(records)
        self.kind = kind
        self.tells = tells
        self.cap = cap
        self.asked: list[dict[str, Any]] = []

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/detail/"):
            return self._detail(asked.path.removeprefix("/detail/"))
        if asked.path != "/list":
            return not_found()
        sent = self._sent(asked)
        self.asked.append(sent)
        size = min(int(sent.get("size") or len(self.records) or 1), self.cap)
        begin = self._begin(sent, size)
        following = begin + size
        page = self.records[begin:following] if self.kind != "none" else self.records
        said: dict[str, Any] = {"status": "OK", "rows": page}
        headers = {"Content-Type": "application/json"}
        more = following < len(self.records)
        if "total" in self.tells:
            said["total"] = str(len(self.records))
        if "pages" in self.tells:
            said["pages"] = -(-len(self.records) // size)
        if "next" in self.tells:
            said["next"] = self._named(following, size) if more else None
        if "link" in self.tells and more:
            headers["Link"] = f'<{self.url}/>; rel="first", <{self._named(following, size)}>; rel="next"'
        return Answer(orjson.dumps(said), headers=headers)

    def _sent(self, asked: Asked) -> dict[str, Any]:
        if asked.method == "GET":
            return dict(asked.query)
        if asked.headers.get("content-type") == "application/json":
            found: dict[str, Any] = orjson.loads(asked.body)
            return found
        return dict(asked.form)

    def _begin(self, sent: Mapping[str, Any], size: int) -> int:
        at = sent.get("at")
        if self.kind == "page":
            return (int(at or 1) - 1) * size
        if self.kind == "cursor":
            return int(str(at or "c0")[1:])
        return int(at or 0)

    def _named(self, following: int, size: int) -> str:
        return f"c{following}" if self.kind == "cursor" else f"{self.url}/list?at={following}&size={size}"

    def _detail(self, identifier: str) -> Answer:
        for record in self.records:
            if str(record["id"]) == identifier:
                whole = {
                    "data": {"license": "공공누리 제1유형", "modified": "2024-03-05", "surplus": 1},
                    "status": "OK",
                }
                return Answer(orjson.dumps(whole), headers={"Content-Type": "application/json"})
        return not_found()
