"""Tables and lists that say what stands beside what: the cell beside a header, the definition under a term."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from lxml import etree

from harvester.mapping.html_page import Element, text_of

_MARKS = re.compile(r"[\s:：*＊·]+")
_LABELS = ("strong", "b", "em", "span", "label", "i", "p", "div", "h1", "h2", "h3", "h4", "h5", "h6")
_LONGEST = 60
"""Characters; a header or label that is longer is text."""


def plain(label: str) -> str:
    """A label without what differs from page to page: blanks (관리 부서명, 관리부서명), colons, marks of duty."""
    return _MARKS.sub("", label)


class Labels:
    """What stands beside which label in `root`. Of labels that stand there twice the first counts."""

    def __init__(self, root: Element) -> None:
        self.root = root

    @cached_property
    def headers(self) -> dict[str, Element]:
        """Cell of a table by the text of its header ``<th>``: the one beside it, or under it in a table of columns."""
        found: dict[str, Element] = {}
        under: dict[Element, Element] = {}
        looked_at: set[Element] = set()
        for header in self.root.iter("th"):
            cell, row = header.getnext(), header.getparent()
            if (cell is None or cell.tag != "td") and row is not None and row not in looked_at:
                looked_at.add(row)
                under.update(_columns(row))
            cell = cell if cell is not None and cell.tag == "td" else under.get(header)
            if cell is not None and (label := _label(header)):
                found.setdefault(label, cell)
        return found

    @cached_property
    def cells(self) -> dict[str, Element]:
        """Cell by the text of the cell before it, in rows of ``<td>`` alone, two by two."""
        found: dict[str, Element] = {}
        for row in self.root.iter("tr"):
            cells = list(row.iterchildren("td", "th"))
            if len(cells) % 2 == 0 and all(cell.tag == "td" for cell in cells):
                for name, cell in zip(cells[::2], cells[1::2], strict=True):
                    if label := _label(name):
                        found.setdefault(label, cell)
        return found

    @cached_property
    def terms(self) -> dict[str, Element]:
        """Definition ``<dd>`` by the text of its term ``<dt>``; of several definitions the first."""
        found: dict[str, Element] = {}
        for term in self.root.iter("dt"):
            following = term.getnext()
            if following is not None and following.tag == "dd" and (label := _label(term)):
                found.setdefault(label, following)
        return found

    @cached_property
    def others(self) -> dict[str, Element | str]:
        """What follows any other element that holds a label alone: the next element, or the text right after it."""
        found: dict[str, Element | str] = {}
        for element in self.root.iter(*_LABELS):
            if len(element) or not (label := _label(element)) or label in found:
                continue
            following = element.getnext()
            if tail := (element.tail or "").strip(" \t\r\n:：\xa0"):
                found[label] = tail
            elif following is not None:
                found[label] = following
        return found

    def beside(self, kind: str, label: str) -> Element | str | None:
        """What stands beside a label; `kind` is ``th`` (falls back to cells before cells), ``dt`` or ``label``."""
        wanted = plain(label)
        if kind == "th":
            cell = self.headers.get(wanted)
            return cell if cell is not None else self.cells.get(wanted)
        return self.terms.get(wanted) if kind == "dt" else self.others.get(wanted)

    @property
    def said(self) -> dict[str, Element]:
        """All headers and terms with what stands beside them."""
        return {**self.terms, **self.headers}


def _label(element: Element) -> str:
    if next(element.iter("table", "dl"), None) is not None:
        return ""  # a header that holds another table is its frame
    label = plain(text_of(element, 10 * _LONGEST))
    return label if len(label) <= _LONGEST else ""


def _columns(row: Element) -> Iterator[tuple[Element, Element]]:
    """Headers of a row that holds nothing else, each with the cell that begins under it."""
    headers = list(row.iterchildren(etree.Element))
    if row.tag != "tr" or any(header.tag != "th" for header in headers):
        return
    places = {place: cell for place, cell in _places(_cells_under(row)) if cell.tag == "td"}
    for place, header in _places(headers):
        if place in places:
            yield header, places[place]


def _places(cells: Iterable[Element]) -> Iterator[tuple[int, Element]]:
    """Cells with the number of columns before each."""
    place = 0
    for cell in cells:
        yield place, cell
        place += _width(cell)


def _cells_under(row: Element) -> list[Element]:
    """Cells of the row that follows a row of headers, be it in the head or the first one of the body."""
    following = next(row.itersiblings("tr"), None)
    group = row.getparent()
    if following is None and group is not None and group.tag == "thead":
        body = next(group.itersiblings("tbody"), None)
        following = None if body is None else next(body.iterchildren("tr"), None)
    return [] if following is None else list(following.iterchildren("td", "th"))


def _width(cell: Element) -> int:
    width = (cell.get("colspan") or "1").strip(" '\"")
    return int(width) if width.isascii() and width.isdigit() and len(width) < 4 else 1
