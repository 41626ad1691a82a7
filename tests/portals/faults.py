"""Faults of real portals, to be put before a sample portal's own answers (`Portal.failing`).

Each function makes a fault: something that looks at a request and, where it strikes, answers instead of the portal.
"""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable

import msgspec

from harvester.sample_portals.server import Answer, Asked, Fault

LOGIN_PAGE = (
    "<!DOCTYPE html><html lang=ko><head><title>로그인</title></head><body><form action=/login method=post>"
    "<input name=userId><input type=password name=userPw></form></body></html>"
)
MAINTENANCE_PAGE = "<!DOCTYPE html><html><head><title>시스템 점검중</title></head><body>서비스 점검중</body></html>"


def everywhere(asked: Asked) -> bool:
    """All requests but the one for robots.txt."""
    return asked.path != "/robots.txt"


def at(text: str) -> Callable[[Asked], bool]:
    """Requests whose path or one of whose query values contains the text."""
    return lambda asked: everywhere(asked) and any(text in part for part in (asked.path, *asked.query.values()))


def always(answer: Answer, where: Callable[[Asked], bool] = everywhere) -> Fault:
    return lambda asked: answer if where(asked) else None


def times(number: int, fault: Fault) -> Fault:
    """The fault strikes so many times, then never again."""
    left = itertools.count(number, -1)

    def strike(asked: Asked) -> Answer | None:
        answer = fault(asked)
        return answer if answer and next(left) > 0 else None

    return strike


def after(number: int, fault: Fault) -> Fault:
    """The fault begins to strike after so many requests that it would have struck."""
    seen = itertools.count()

    def strike(asked: Asked) -> Answer | None:
        answer = fault(asked)
        return answer if answer and next(seen) >= number else None

    return strike


def too_many_requests(retry_after: str = "1", number: int = 1) -> Fault:
    return times(number, always(Answer(b"slow down", 429, {"Retry-After": retry_after, "Content-Type": "text/plain"})))


def server_error(where: Callable[[Asked], bool] = everywhere, status: int = 500) -> Fault:
    return always(Answer(b"<h1>Internal Server Error</h1>", status, {"Content-Type": "text/html"}), where)


def forbidden(where: Callable[[Asked], bool] = everywhere) -> Fault:
    return always(Answer(b"<h1>Request blocked</h1>", 403, {"Content-Type": "text/html"}), where)


def slow(seconds: float, where: Callable[[Asked], bool] = everywhere) -> Fault:
    return always(Answer(b"", 200, {"Content-Type": "text/plain"}, seconds=seconds), where)


def html(page: str = LOGIN_PAGE, where: Callable[[Asked], bool] = everywhere) -> Fault:
    return always(Answer(page.encode(), 200, {"Content-Type": "text/html; charset=utf-8"}), where)


def body(content: bytes, content_type: str = "application/json", where: Callable[[Asked], bool] = everywhere) -> Fault:
    """Any body with 200: a changed layout, an empty list, a wrong charset, hostile text."""
    return always(Answer(content, 200, {"Content-Type": content_type}), where)


def error_inside_200(where: Callable[[Asked], bool] = everywhere) -> Fault:
    message = {"success": False, "error": {"__type": "Internal Error", "message": "maintenance"}}
    return body(msgspec.json.encode(message), where=where)


def truncated(content: bytes, content_type: str = "application/json", keep: float = 0.5) -> Fault:
    """The connection closes in the middle of the body that was announced."""
    return always(Answer(content, 200, {"Content-Type": content_type}, cut=int(len(content) * keep)), everywhere)


def gzip_bomb(megabytes: int = 2048, where: Callable[[Asked], bool] = everywhere) -> Fault:
    """A small body that unpacks to so many megabytes of spaces (compressed in members, so that making it is quick)."""
    content = gzip.compress(b" " * (1 << 20), 9) * megabytes
    return always(Answer(content, 200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}), where)


def ckan_same_page_for_ever(packages: list[dict[str, object]]) -> Fault:
    """``package_search`` that gives the same packages whatever `start` says, and a count that is never reached."""
    return body(_search(packages, 10_000_000), where=at("package_search"))


def ckan_new_pages_for_ever() -> Fault:
    """``package_search`` that always has one more page of packages never seen before."""

    def strike(asked: Asked) -> Answer | None:
        if "package_search" not in asked.path:
            return None
        start, rows = int(asked.query.get("start", 0)), int(asked.query.get("rows", 10))
        packages: list[dict[str, object]] = [
            {"id": f"{number:012d}", "title": "again"} for number in range(start, start + min(rows, 10))
        ]
        return Answer(_search(packages, start + rows + 1), headers={"Content-Type": "application/json"})

    return strike


def _search(packages: list[dict[str, object]], count: int) -> bytes:
    return msgspec.json.encode({"success": True, "result": {"count": count, "results": packages}})
