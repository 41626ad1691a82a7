"""An odd portal: a board in EUC-KR with pages, onclick arguments and a details page, a JSON list, and their renewal."""

from __future__ import annotations

import json

from harvester.sample_portals.server import Answer, Asked, Portal, not_found

DATA_SETS = (
    ("1005", "공영주차장 현황", "2026-04-01", "공공누리 제1유형", "매월"),
    ("1004", "가로수 위치정보", "2026-03-15", "공공누리 제1유형", "매년"),
    ("1003", "버스 정류장 승하차 인원", "2026-02-20", "공공누리 제2유형", "매일"),
    ("1002", "도서관 장서 목록", "2025-11-30", "공공누리 제1유형", "분기"),
    ("1001", "무료 와이파이 설치 장소", "2025-07-08", "이용조건 문의", "수시"),
)
"""Number, title, date, licence, frequency; all invented."""

_PAGE = 3


class Board(Portal):
    """Lists `data_sets` under ``/data/list.do``; `renewed` has another layout.

    ``/data/list.json`` lists them too; with `renamed` the licence stands under another key.
    """

    def __init__(self) -> None:
        super().__init__()
        self.data_sets = DATA_SETS
        self.renewed = False
        self.renamed = False

    def answer(self, asked: Asked) -> Answer:
        """Give a page of the list, the JSON list, a details page, or 404."""
        if asked.path == "/data/list.do":
            return self._html(self._list(int(asked.query.get("pageIndex", 1))))
        if asked.path == "/data/list.json":
            return self._json()
        if asked.path == "/data/view.do":
            for one in self.data_sets:
                if one[0] == asked.query.get("no"):
                    return self._html(self._view(*one))
        return not_found()

    def _list(self, number: int) -> str:
        shown = self.data_sets[(number - 1) * _PAGE : number * _PAGE]
        if self.renewed:
            rows = "".join(
                f"<article><h3><a onclick=\"fn_view('{no}')\">{title}</a></h3><span>{date}</span></article>"
                for no, title, date, *_ in shown
            )
            listing = f'<div class="cards">{rows}</div>'
        else:
            rows = "".join(
                f"<li><a href='#' onclick=\"fn_view('{no}')\">{title}</a> <span>{date}</span></li>"
                for no, title, date, *_ in shown
            )
            listing = f'<ul class="board">{rows}</ul>'
        pages = range(1, -(-len(self.data_sets) // _PAGE) + 1)
        links = "".join(
            f"<strong>{page}</strong>" if page == number else f'<a href="list.do?pageIndex={page}">{page}</a>'
            for page in pages
        )
        return f'<p>총 <em>{len(self.data_sets)}</em>건</p>{listing}<div class="paging">{links}</div>'

    def _view(self, no: str, title: str, date: str, licence: str, frequency: str) -> str:
        return (
            f"<h2>{title}</h2><dl><dt>설명</dt><dd>{title}을(를) 담은 파일 ({date} 기준)</dd>"
            f"<dt>이용허락범위</dt><dd>{licence}</dd><dt>갱신주기</dt><dd>{frequency}</dd></dl>"
            f'<a class="down" href="/data/down.do?no={no}&amp;ext=csv">CSV</a>'
        )

    def _json(self) -> Answer:
        keys = ("number", "title", "date", "kogl" if self.renamed else "licence", "cycle")
        listed = {"total": len(self.data_sets), "list": [dict(zip(keys, one, strict=True)) for one in self.data_sets]}
        body = json.dumps(listed, ensure_ascii=False).encode()
        return Answer(body, headers={"Content-Type": "application/json; charset=utf-8"})

    @staticmethod
    def _html(body: str) -> Answer:
        head = "<meta charset='euc-kr'><title>데이터마당</title>"
        page = f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"
        return Answer(page.encode("euc-kr"), headers={"Content-Type": "text/html"})
