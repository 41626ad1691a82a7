"""The notation in which member files say where in HTML a value stands.

::

    h3.title                        text of every element that the CSS selector finds
    xpath:.//dl/dt/a                the same with XPath
    th:제공기관                      the cell beside the header cell with this text (or under it, in a table of columns)
    dt:제공기관                      the definition beside the term
    label:제공기관                   what follows any other element that holds this text alone
    th:관련 사이트 > a@href          a CSS selector inside of what stands beside the label
    a@href                          an attribute instead of the text
    a@onclick argument 1            of ``fn('CODE', 7)`` the first quoted text or number: CODE
    a@href parameter goodsCode      of an address the parameter of its query
    a@href segment -1               of an address the last (1: the first) segment of its path
    address:/view.do?id={identifier}    an address that is made of the record's identifier

Blanks, colons and asterisks do not count in labels; of labels that stand there twice the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import parse_qs, quote, unquote, urlsplit

from cssselect import HTMLTranslator, SelectorError
from lxml import etree

from harvester.mapping.html_labels import Labels, plain
from harvester.mapping.html_page import LONGEST, Element, text_of

Found: TypeAlias = Element | str

_NOTATION = re.compile(
    r"(?P<place>.*?)(?:@(?P<attribute>[A-Za-z_][\w:.-]*))?(?:\s+(?P<reading>argument|parameter|segment)\s+(?P<which>\S+))?",
    re.DOTALL,
)
_ARGUMENT = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|(?<![\w.])(-?\d[\d.]*)(?!\w)", re.DOTALL)
_MOST = 500
"""Elements that one rule reads."""
_LONGEST = 20_000
"""Characters of an attribute that are looked at."""
_REGEXPS = {"re": "http://exslt.org/regular-expressions"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One expression of the notation, compiled; the module's text says what there is."""

    expression: str
    place: Callable[[Labels], list[Found]]
    read: Callable[[Found], str | None]
    address: str | None = None

    def found(self, page: Labels) -> list[Found]:
        """Elements (or texts, which XPath and labels give too) that the rule points to, in the page's order."""
        return self.place(page)

    def values(self, page: Labels, identifier: str = "") -> list[str]:
        """What the rule reads there, without what is empty; bounded in number and length."""
        if self.address:
            return [self.address.replace("{identifier}", quote(identifier, safe=""))]
        values: list[str] = []
        length = 0
        for one in self.place(page)[:_MOST]:
            if value := (self.read(one) or "").strip():
                values.append(value)
                length += len(value)
            if length > LONGEST:
                break
        return values

    def first(self, page: Labels) -> str | None:
        """The first of the values."""
        return next((value for one in self.place(page)[:_MOST] if (value := (self.read(one) or "").strip())), None)


@lru_cache(maxsize=4096)
def compiled(expression: str) -> Rule:
    """Compile an expression; raises ValueError that says what is wrong with it."""
    expression = expression.strip()
    if expression.startswith("address:"):
        address = expression.removeprefix("address:").strip()
        if not re.match(r"/|https?://", address):
            raise ValueError(f"`{expression}`: an address begins with / or http")
        return Rule(expression, lambda page: [], lambda found: None, address)
    match = _NOTATION.fullmatch(expression)
    place, attribute = (match["place"].strip(), match["attribute"]) if match else ("", None)
    if attribute and re.fullmatch(r"xpath:(.*/)?", place, re.DOTALL):
        place, attribute = f"{place}@{attribute}", None  # XPath has a way of its own to say so
    if match is None or not place:
        raise ValueError(f"`{expression}`: a selector is needed, for example `dl dt a` or `th:제공기관`")
    if match["reading"] and not attribute and not place.startswith("xpath:"):
        raise ValueError(f"`{expression}`: {match['reading']} of which attribute? for example `a@onclick argument 1`")
    reading = _reading(match["reading"], match["which"], expression)
    return Rule(expression, _place(place, expression), _reader(attribute, reading))


def _reader(attribute: str | None, reading: Callable[[str], str | None] | None) -> Callable[[Found], str | None]:
    def read(found: Found) -> str | None:
        if isinstance(found, str):
            text: str | None = " ".join(found.split())
        else:
            text = found.get(attribute) if attribute else text_of(found)
        return reading(text[:_LONGEST]) if reading and text else text

    return read


def _reading(name: str | None, which: str | None, expression: str) -> Callable[[str], str | None] | None:
    if name is None or which is None:
        return None
    if name == "parameter":
        return lambda text: _parameter(text, which)
    if not re.fullmatch(r"-?[1-9]\d?" if name == "segment" else r"[1-9]\d?", which):
        raise ValueError(f"`{expression}`: {name} is counted from 1, not {which!r}")
    number = int(which)
    return (lambda text: _argument(text, number)) if name == "argument" else (lambda text: _segment(text, number))


def _argument(text: str, number: int) -> str | None:
    # What stands before the call's bracket (`return`, `location=`) is no argument.
    arguments = _ARGUMENT.findall(text[text.find("(") + 1 :])
    if len(arguments) < number:
        return None
    quoted, double, digits = arguments[number - 1]
    return re.sub(r"\\(.)", r"\1", quoted or double) or digits or None


def _parameter(text: str, name: str) -> str | None:
    try:
        values = parse_qs(urlsplit(text).query, max_num_fields=200).get(name)
    except ValueError:
        return None
    return values[0] if values else None


def _segment(text: str, number: int) -> str | None:
    try:
        segments = [unquote(one) for one in urlsplit(text).path.split("/") if one]
        return segments[number - 1 if number > 0 else number]
    except (ValueError, IndexError):
        return None


def _place(place: str, expression: str) -> Callable[[Labels], list[Found]]:
    kind, colon, rest = place.partition(":")
    if colon and kind in ("th", "dt", "label"):
        label, _, inside = rest.partition(" > ")
        if not plain(label):
            raise ValueError(f"`{expression}`: which label? for example `{kind}:제공기관`")
        within = _css(inside.strip(), expression) if inside.strip() else None
        return lambda page: _labelled(page, kind, label, within)
    query = _xpath(rest.strip(), expression) if kind == "xpath" and colon else _css(place, expression)
    return lambda page: _asked(query, page.root)


def _labelled(page: Labels, kind: str, label: str, within: etree.XPath | None) -> list[Found]:
    found = page.beside(kind, label)
    if found is None:
        return []
    if within is None:
        return [found]
    return [] if isinstance(found, str) else _asked(within, found)


def _asked(query: etree.XPath, root: Element) -> list[Found]:
    result: Any = query(root)
    if not isinstance(result, list):
        return [] if isinstance(result, bool) else [str(result)]
    return [str(one) if isinstance(one, str) else one for one in result if isinstance(one, (str, etree._Element))]


def _css(selector: str, expression: str) -> etree.XPath:
    try:
        return _xpath(HTMLTranslator().css_to_xpath(selector), expression)
    except (SelectorError, RecursionError) as error:
        raise ValueError(f"`{expression}`: no CSS selector: {error}; XPath begins with `xpath:`") from None


def _xpath(path: str, expression: str) -> etree.XPath:
    try:
        query = etree.XPath(path, namespaces=_REGEXPS)
        query(etree.fromstring("<p/>"))  # functions and variables that there are not show when it is asked
    except etree.XPathError as error:
        raise ValueError(f"`{expression}`: no XPath: {error}") from None
    return query
