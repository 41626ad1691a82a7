"""HTML from strangers as a tree, cleaned of what moves and of what runs, and its text as a reader sees it.

Source of the limits: libxml2 2.14 gives up at a depth of 2,048 elements, and what comes after is missing from the tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias
from urllib.parse import urljoin

from lxml import etree

Element: TypeAlias = etree._Element

LONGEST = 1_000_000
"""Characters of text; elements that are nested in each other a thousand times repeat the text within as often."""

_RUNS = ("script", "style", "iframe", "object", "embed")
_UNSEEN = frozenset((*_RUNS, "template", "head", "select"))
_LINKS = ("href", "src")
_BREAKS = frozenset(
    (
        "address", "article", "aside", "blockquote", "br", "caption", "dd", "details", "div", "dl", "dt", "fieldset",
        "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main", "nav",
        "ol", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
    )
)  # fmt: skip
_CELLS = frozenset(("td", "th"))
_BLANKS = re.compile(r"\s+")
_SPACES = re.compile(" {2,}")
_LINES = re.compile(r" ?\n[ \n]*")


class TooDeepError(ValueError):
    """The elements are nested so deeply that the parser gave up, and the rest of the page is missing."""


def parse(content: str) -> Element | None:
    """Parse a page or a part of one; None where there is nothing in it. Raises `TooDeepError`."""
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    root: Element | None = etree.fromstring(content.encode("utf-8", "replace"), parser)
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise TooDeepError("elements are nested more than 2,000 deep")
    return root


def base_address(root: Element, url: str) -> str:
    """Address that the links of a page are relative to: what ``<base href>`` says, else its own."""
    base = next(root.iter("base"), None)
    return _joined(url, (base.get("href") or "") if base is not None else "")


def clean(root: Element, base: str) -> None:
    """Take out what runs (scripts, styles, frames) and make links absolute, in place.

    Links to a place on the same page and scripts in place of links stay as they are: joined, they would carry the
    number of the list's page, and a record would change with its place in the list.
    """
    etree.strip_elements(root, *_RUNS, with_tail=False)
    for element in root.iter(etree.Element):
        for name in _LINKS:
            link = element.get(name)
            if link and not link.lstrip().lower().startswith(("#", "javascript:", "data:")):
                element.set(name, _joined(base, link.strip()))


def outer_html(element: Element) -> str:
    """An element as text, without what follows it."""
    text: str = etree.tostring(element, method="html", encoding="unicode", with_tail=False)
    return text


def fragment(content: str) -> Element | None:
    """The element that `outer_html` wrote, alone: paths of XPath that begin at the root begin there.

    None where there is none. Raises `TooDeepError`.
    """
    root = parse(content)
    body = None if root is None else root.find("body")
    if body is None:
        return root
    first = next(body.iterchildren(etree.Element), None)
    # Text without any element is a body, as is a row of several elements.
    return body if first is None or (first.tail or "").strip() or first.getnext() is not None else first


def text_of(element: Element, most: int = LONGEST) -> str:
    """Text of an element as a reader sees it: blanks are one space, blocks and ``<br>`` begin a new line.

    Not much more than `most` characters are read.
    """
    pieces: list[str] = []
    length = 0
    for piece in _pieces(element):
        pieces.append(piece[:most])
        length += len(piece)
        if length > most:
            break
    return _LINES.sub("\n", _SPACES.sub(" ", "".join(pieces))).strip()


def _pieces(element: Element) -> Iterator[str]:
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, node in walk:
        breaks = "\n" if node.tag in _BREAKS else " " if node.tag in _CELLS else ""
        if event == "start":
            yield breaks
            if node.tag in _UNSEEN and node is not element:
                walk.skip_subtree()
            elif node.text:
                yield _BLANKS.sub(" ", node.text)
        else:
            yield breaks
            if node is not element and node.tail:
                yield _BLANKS.sub(" ", node.tail)


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:  # brackets that are no IPv6 address
        return link
