"""A record's web page as data.go.kr shows it, made from a catalogue row.

Only what is known of the real pages stands in it: the elements that public code reads, the second table about the API
that the portal makes of a file, the same once more for telephones, and a telephone number and a licence without text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

_PAIRS = (
    ("분류체계", "제공기관"), ("관리부서명", "관리부서 전화번호"), ("보유근거", "수집방법"),
    ("업데이트 주기", "차기 등록 예정일"), ("매체유형", "전체 행"), ("확장자", "키워드"), ("등록일", "수정일"),
    ("비용부과유무", "이용허락범위"),
)  # fmt: skip
_COLUMNS = {"관리부서명": "관리 부서명", "전체 행": "전체행", "확장자": "확장자(데이터포맷)"}
"""Headers of the page that the catalogue spells otherwise."""
_MADE_API = (("제공기관", "공공데이터활용지원센터"), ("확장자", "XML, JSON"))


def page(row: Mapping[str, str]) -> str:
    """The page of a row, of a file with a table about its API."""
    is_api = row.get("목록유형") == "API"
    shown = f'<p class="tit">{escape(row.get("목록명", ""))}</p>'
    if is_api:
        formats = row.get("확장자(데이터포맷)", "").split("+")
        shown = "".join(f"<span>{escape(one)}</span>" for one in formats) + escape(row.get("목록명", ""))
    first = _table([_pair(row, *names) for names in _PAIRS])
    second = "" if is_api else f'<div class="file-meta-table-pc">{_table([_MADE_API])}</div>'
    return (
        '<!DOCTYPE html><html lang="ko"><head><meta charset="utf-8"><title>데이터상세 | 공공데이터포털</title></head>'
        '<body><header><a href="/login">로그인</a></header><script>function out() { alert("로그아웃"); }</script>'
        '<div id="contents"><div class="data-search-view"><div class="data-set-title">'
        f'<div class="tit-area">{shown}</div></div><div class="cont">{escape(row.get("설명", ""))}</div>'
        f'<div class="file-meta-table-pc">{first}</div>{second}<div class="file-meta-table-mobile">{first}</div>'
        "</div></div></body></html>"
    )


def _pair(row: Mapping[str, str], *names: str) -> Iterable[tuple[str, str]]:
    return [(name, row.get(_COLUMNS.get(name, name), "")) for name in names]


def _table(rows: Iterable[Iterable[tuple[str, str]]]) -> str:
    lines = "".join(
        f"<tr>{''.join(f'<th>{name}</th><td>{_cell(name, said)}</td>' for name, said in row)}</tr>" for row in rows
    )
    return f"<table>{lines}</table>"


def _cell(name: str, said: str) -> str:
    if name == "관리부서 전화번호":
        return f'<script>var telNo = tel("{said.strip("`")}"); document.write(telNo);</script>'
    if name == "이용허락범위":
        return '<img src="/images/data-mark01-opencode1-m.png" alt="">' if said == "공공저작물_출처표시" else ""
    return escape(said)
