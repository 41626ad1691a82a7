"""data.go.kr's list API (api.odcloud.kr) on a loopback socket, as far as it is known how it answers.

The envelope, the keys of rows and the habits (``matchCount``, a ``perPage`` too large, rows that are operations) are as
recorded. A request without the key is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from harvester.sample_portals.server import Answer, Asked, Portal, not_found

PATH = "/api/15077093/v1"
_CONDITION = re.compile(r"cond\[(\w+)::(EQ|LIKE)\]")


class OdcloudPortal(Portal):
    """The list API with these rows by list (``open-data-list`` …). `most` is the largest ``perPage`` that it heeds.

    `keys` are those that were given in a request's header, in order.
    """

    def __init__(self, lists: Mapping[str, Iterable[Mapping[str, Any]]], key: str, most: int = 1000) -> None:
        super().__init__()
        self.lists = {name: list(rows) for name, rows in lists.items()}
        self.key = key
        self.most = most
        self.keys: list[str] = []

    @property
    def address(self) -> str:
        """Address of the API itself."""
        return f"{self.url}{PATH}"

    def answer(self, asked: Asked) -> Answer:
        """Answer a page of a list, with the key in the header ``Authorization: Infuser …``."""
        self.keys.append(asked.headers.get("authorization", ""))
        if self.keys[-1] != f"Infuser {self.key}":
            return _json({"code": -401, "msg": "유효하지 않은 인증키 입니다."}, 401)
        rows = self.lists.get(asked.path.removeprefix(f"{PATH}/"))
        if rows is None:
            return not_found()
        matching = [row for row in rows if _matches(row, asked.query)]
        page, per_page = int(asked.query.get("page", 1)), int(asked.query.get("perPage", 10))
        per_page = per_page if per_page <= self.most else 10
        data = matching[(page - 1) * per_page : page * per_page]
        return _json(
            {
                "page": page,
                "perPage": per_page,
                "totalCount": len(rows),
                "currentCount": len(data),
                "matchCount": len(matching),
                "data": data,
            }
        )


def _matches(row: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    for name, wanted in query.items():
        if condition := _CONDITION.fullmatch(name):
            said = str(row.get(condition[1], ""))
            if not (said == wanted if condition[2] == "EQ" else wanted in said):
                return False
    return True


def _json(answer: dict[str, Any], status: int = 200) -> Answer:
    return Answer(msgspec.json.encode(answer), status, {"Content-Type": "application/json; charset=utf-8"})
