"""N-Triples terms as text: reading them without building an RDF store (a closure is some forty lines)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_LINE = re.compile(
    r"^[ \t]*(<[^<>\n]*>|_:[^\s<>\"]+)[ \t]+(<[^<>\n]*>)[ \t]+"
    r"(<[^<>\n]*>|_:[^\s<>\"]+|\"(?:[^\"\\\n\r]|\\.)*+\"(?:@[A-Za-z0-9-]+|\^\^<[^<>\n]*>)?)[ \t]*\.[ \t]*$",
    re.MULTILINE,
)
_LITERAL = re.compile(r"\"((?:[^\"\\]|\\.)*+)\"(?:@([A-Za-z0-9-]+)|\^\^<([^<>]*)>)?", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_CHARACTERS = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


class Text(NamedTuple):
    """A literal: its text, its language tag (empty: none) and the IRI of its datatype (empty: plain)."""

    value: str
    language: str
    datatype: str


def triples(document: str) -> Iterator[tuple[str, str, str]]:
    """Subject, predicate and object of every line that is a triple, as written."""
    return ((found[1], found[2], found[3]) for found in _LINE.finditer(document))


def literal(term: str) -> Text | None:
    """Read a term as a literal; None for an IRI or a blank node."""
    found = _LITERAL.fullmatch(term)
    if not found:
        return None
    value = found[1]
    if "\\" in value:
        value = _ESCAPE.sub(_character, value)
    return Text(value, found[2] or "", found[3] or "")


def _character(found: re.Match[str]) -> str:
    if code := found[1] or found[2]:
        number = int(code, 16)
        return chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else "\ufffd"
    return _CHARACTERS.get(found[3], found[3])
