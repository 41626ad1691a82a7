"""A record of data.go.kr as its web page: ``/data/{id}/fileData.do | openapi.do | standard.do | linkedData.do``.

Where things stand is known from the texts of recorded pages and from public code that reads such pages; the HTML was
not recorded. Title in ``.tit-area``, behind the formats of an API; description in ``.cont``; all else in a table of
th/td pairs, two a row, under ``div.file-meta-table-pc``. A file's page has a second such table about the API that the
portal makes of every file, with values of its own (XML, JSON; another agency), and all of it once more for telephones:
only the first table is the record's. A telephone number may stand in a script, and the licence be a picture. Where the
page was is read from the mark of saved pages (``<!-- saved from url=(0049)https://… -->``) that the spider puts first.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from lxml import etree

from harvester.catalog.model import Catalog, Mapped
from harvester.errors import RecordError
from harvester.mapping.datagokr_row import mapped_row

VERSION = 1

_TELEPHONE = re.compile(r"telNo[^\"'\n]{0,200}[\"']([\d.\-]{7,20})[\"']")
_SAVED_FROM = re.compile(rb"<!-- saved from url=\(\d{4}\)(\S{1,2000}) -->")
_LICENCE = "이용허락범위"
_NOT_TEXT = frozenset(("script", "style", "noscript", "template"))
_WITHOUT_TABLE = RecordError(
    "no-table", "the page has no table of metadata (div.file-meta-table-pc): its layout changed"
)


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one page; RecordError where it is no page of a record (withdrawn, login, another layout)."""
    contents = _contents(payload)
    view = _first(contents, "data-search-view")
    if view is None:
        view = contents
    block = _first(view, "file-meta-table-pc")
    table = next(block.iter("table"), None) if block is not None else None
    if table is None:
        raise _WITHOUT_TABLE
    row = dict(_pairs(table))
    if not row:
        raise _WITHOUT_TABLE
    title, formats = _title(view)
    if title:
        row.setdefault("목록명", title)
    if formats:
        row.setdefault("데이터포맷", "+".join(formats))
    if (description := _first(view, "cont")) is not None:
        row.setdefault("설명", _text(description, "\n"))
    if address := _SAVED_FROM.match(payload):
        row.setdefault("목록 URL", address[1].decode("utf-8", "replace"))
    return mapped_row(row, identifier, catalog)


def _contents(payload: bytes) -> etree._Element:
    """The record's part of the page: a withdrawn one has none."""
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(payload.decode("utf-8", "replace").replace("\0", "").encode(), parser)
    except (etree.LxmlError, ValueError) as error:
        raise RecordError("not-html", f"the answer is no web page: {error}") from error
    found = root.xpath("//*[@id='contents']") if root is not None else []
    if not isinstance(found, list) or not found or not isinstance(found[0], etree._Element):
        raise RecordError("no-contents", "the page has no element #contents: withdrawn, or another page")
    return found[0]


def _first(element: etree._Element, name: str) -> etree._Element | None:
    """The first element in it that has this class."""
    return next((one for one in element.iter("*") if name in (one.get("class") or "").split()), None)


def _pairs(table: etree._Element) -> Iterator[tuple[str, str]]:
    """Headers with the cell beside each; of a header that comes again the later cell is left out."""
    met: set[str] = set()
    for row in _rows(table):
        cells = list(row.iterchildren("th", "td"))
        for header, cell in itertools.pairwise(cells):
            name = _text(header) if (header.tag, cell.tag) == ("th", "td") else ""
            if name and name not in met:
                met.add(name)
                yield name, _said(name, cell)


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    for one in table.iterchildren("tr", "tbody", "thead"):
        yield from (one,) if one.tag == "tr" else one.iterchildren("tr")


def _said(header: str, cell: etree._Element) -> str:
    found = _text(cell)
    if not found and (telephone := _TELEPHONE.search("".join(map(str, cell.itertext("script"))))):
        return telephone[1]
    if not found and header == _LICENCE:
        return next(filter(None, map(_picture, cell.iter("img"))), "")
    return found


def _picture(image: etree._Element) -> str:
    """What a picture says: its text, or the name of its file (unknown values are shown as they are)."""
    return (image.get("alt") or "").strip() or (image.get("src") or "").partition("?")[0].rpartition("/")[2]


def _title(view: etree._Element) -> tuple[str, list[str]]:
    """Title and, before it on an API's page, formats."""
    area = _first(view, "tit-area")
    if area is None:
        return "", []
    exact = _first(area, "tit")
    if exact is not None and (title := _text(exact)):
        return title, []
    words = [word for text in _texts(area) if (word := " ".join(text.split()))]
    return (words[-1], words[:-1]) if words else ("", [])


def _text(element: etree._Element, line: str = " ") -> str:
    """Visible text with single blanks; `line` stands for a line break of the page."""
    pieces = "".join("\v" if text is None else text for text in _visible(element)).split("\v")
    return line.join(filter(None, (" ".join(piece.split()) for piece in pieces)))


def _texts(element: etree._Element) -> Iterator[str]:
    return (text for text in _visible(element) if text)


def _visible(element: etree._Element) -> Iterator[str | None]:
    """Pieces of text in their order, None for a line break. No recursion: pages may be nested as deep as they like."""
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, node in walk:
        if event == "start":
            if node.tag in _NOT_TEXT:
                walk.skip_subtree()
            elif node.tag == "br":
                yield None
            elif node.text:
                yield node.text
        elif node is not element and node.tail:
            yield node.tail
