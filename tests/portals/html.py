"""A small portal in HTML: a list in pages and a page for each record, with its ways of paging as parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harvester.sample_portals.server import Answer, Asked, Portal, not_found


@dataclass(frozen=True)
class Entry:
    identifier: str
    title: str
    modified: str = "2024-01-02"


def entries(number: int) -> list[Entry]:
    return [Entry(f"G{n:03d}", f"데이터 {n}번 현황") for n in range(1, number + 1)]


EMPTY_ROW = '<tr><td colspan="3" class="nodata">조회된 데이터가 없습니다.</td></tr>'


class HtmlPortal(Portal):
    """``/list`` by ``page``, ``start`` (from 0) or ``/list/page{n}``; ``/view?id=``. `size` records a page.

    `total` says what it declares, given the number of records.
    """

    def __init__(self, records: Sequence[Entry], size: int = 3, charset: str = "utf-8") -> None:
        super().__init__()
        self.records = list(records)
        self.size = size
        self.charset = charset
        self.total: Callable[[int], str] = lambda number: f"총 {number:,}건"
        self.asked: list[Asked] = []
        self.content_type = f"text/html; charset={charset}"

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if asked.path.startswith("/list"):
            return self.page(self.listing(self._begin(asked)))
        if asked.path == "/view":
            entry = next((one for one in self.records if one.identifier == asked.query.get("id")), None)
            withdrawn = "<script>alert('삭제된 데이터입니다.'); history.back();</script>"
            return self.page(self.detail(entry) if entry else withdrawn)
        return not_found()

    def page(self, content: str) -> Answer:
        return Answer(content.encode(self.charset), headers={"Content-Type": self.content_type})

    def _begin(self, asked: Asked) -> int:
        values = asked.form if asked.method == "POST" else asked.query
        if "start" in values:
            return int(values["start"])
        if asked.path.startswith("/list/page"):
            return (int(asked.path.removeprefix("/list/page")) - 1) * self.size
        return (int(values.get("page", "1")) - 1) * self.size

    def listing(self, begin: int) -> str:
        shown = self.records[begin : begin + self.size]
        rows = "\n".join(map(self.row, shown)) or EMPTY_ROW
        number, last = begin // self.size + 1, max(1, -(-len(self.records) // self.size))
        following = f'<a class="next" href="?page={number + 1}">다음</a>' if number < last else ""
        return f"""<!DOCTYPE html><html><head><title>목록</title><meta name="robots" content="noindex"></head><body>
<a href="/login.do">로그인</a><p class="total">{self.total(len(self.records))}</p><table id="list">
<thead><tr><th>제목</th><th>수정일</th></tr></thead><tbody>
{rows}
</tbody></table>
<nav>{following}<a class="last" onclick="go({last}); return false;">끝</a></nav></body></html>"""

    def row(self, entry: Entry) -> str:
        return (
            f"""<tr><td class="tit"><a href="#" onclick="fn('{entry.identifier}')">{entry.title}</a></td>"""
            f"""<td>{entry.modified}</td><td><a class="view" href="view?id={entry.identifier}">보기</a></td></tr>"""
        )

    def detail(self, entry: Entry) -> str:
        return f"""<!DOCTYPE html><html><head><title>상세</title><script>var token = 'x';</script></head><body>
<form action="/login"><input type="password" name="pw"></form><div id="contents"><h2>{entry.title}</h2>
<table><tr><th>제공기관</th><td>한빛</td><th>조회수</th><td>1,234</td></tr></table></div><p>광고</p></body></html>"""
