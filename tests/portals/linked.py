"""A portal whose pages name the next one, in a header or in the body: a list in memory, cut into pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from harvester.sample_portals.server import Answer, Asked, Portal, not_found

JSON = "application/json; charset=utf-8"


class LinkedPortal(Portal):
    """Serves `rows` at `path`, `size` at a time. The next page is at `next_path`, with `parameter` in its query.

    `envelope` puts rows, total and link into the answer as DataCite does; else the Link header names the next page.
    `host` is what the links begin with; the portal's own address where it is None. `asked` are the requests so far.
    """

    def __init__(
        self,
        path: str,
        rows: Sequence[Any],
        *,
        size: int = 2,
        next_path: str | None = None,
        parameter: str = "page",
        envelope: bool = False,
        host: str | None = None,
        total: int | None = None,
        headers: bool = True,
    ) -> None:
        super().__init__()
        self.path, self.next_path, self.parameter = path, next_path or path, parameter
        self.rows, self.size, self.envelope, self.host = list(rows), size, envelope, host
        self.total = len(self.rows) if total is None else total
        self.link_headers = headers
        self.asked: list[Asked] = []

    def answer(self, asked: Asked) -> Answer:
        if asked.path not in (self.path, self.next_path):
            return not_found()
        self.asked.append(asked)
        stated = asked.query.get(self.parameter, "1")
        number = int(stated) if stated.isdecimal() else 1
        begin = (number - 1) * self.size
        rows = self.rows[begin : begin + self.size]
        following = None
        if begin + self.size < len(self.rows):
            query = {**asked.query, self.parameter: str(number + 1)}
            following = f"{self.host or self.url}{self.next_path}?{urlencode(query)}"
        headers = {"Content-Type": JSON}
        if self.envelope:
            links = {"next": following} if following else {}
            body: Any = {"data": rows, "meta": {"total": self.total}, "links": links}
        else:
            body = rows
            if following and self.link_headers:
                headers["Link"] = f'<{self.url}{self.next_path}?page=9>; rel="last", <{following}>; rel="next"'
        return Answer(msgspec.json.encode(body), headers=headers)
