"""Elements of a JSON list inside a big file, one after the other, each with its text exactly as it stands there.

The standard library's decoder tells where a value ends, so only one element and what was read ahead are in memory.
ijson was tried: it copies the path to every open bracket, and 100,000 of them took all memory of the machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TextIO

_READ_AHEAD = 1 << 18
_LARGEST = 1 << 22  # characters of one value; the largest recorded dataset has 310 thousand
_WHITE = " \t\n\r"
_MARK = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{}]', re.DOTALL)
"""A whole string, a quotation mark whose string is not whole, or a bracket."""


def _integer(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:  # Python reads 4,300 digits at the most
        return float(digits)


_DECODER = json.JSONDecoder(parse_int=_integer)


class Element(NamedTuple):
    """A value and its text; of a value that is `too_deep` to be read, only the text is known."""

    value: Any
    text: str
    too_deep: bool = False


class JsonStream:
    """Reads JSON text step by step. Every method raises ValueError where the text is no JSON, or breaks off.

    Values larger than 4 million characters are no JSON here; of those nested deeper than Python's recursion limit only
    the end is looked for.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._ended = False

    def next_mark(self) -> str:
        """Look at the next character that is no white space; empty at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _WHITE:
                    return self._text[self._at]
                self._at += 1
            if not self._more(_READ_AHEAD):
                return ""

    def take(self, mark: str) -> None:
        """Go past this character, which must be the next one."""
        found = self.next_mark()
        if found != mark:
            raise ValueError(f"{mark!r} was due, {found or 'the end'!r} came")
        self._at += 1

    def value(self) -> Element:
        """Read the next value whole."""
        self.next_mark()
        wanted = _READ_AHEAD
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                near_end = error.pos > len(self._text) - 16 or error.msg.startswith("Unterminated string")
                if not near_end or not self._more(wanted):
                    raise
            except RecursionError:
                return self._too_deep()
            else:
                # A number may go on in what was not read yet.
                if end < len(self._text) or not self._more(wanted):
                    text = self._text[self._at : end]
                    self._at = end
                    return Element(value, text)
            wanted *= 2
            self._limit()

    def _too_deep(self) -> Element:
        """Go past the list or object that begins here, by its brackets alone."""
        depth = scanned = 0
        while True:
            for mark in _MARK.finditer(self._text, self._at + scanned):
                if mark[0] == '"':
                    break
                scanned = mark.end() - self._at
                depth += (mark[0] in "[{") - (mark[0] in "]}")
                if not depth:
                    text = self._text[self._at : mark.end()]
                    self._at = mark.end()
                    return Element(None, text, too_deep=True)
            self._limit()
            if not self._more(_READ_AHEAD):
                raise ValueError("a value has no end")

    def _limit(self) -> None:
        if len(self._text) - self._at > _LARGEST:
            raise ValueError(f"one value has more than {_LARGEST:,} characters")

    def elements(self) -> Iterator[Element]:
        """Read the list that begins here."""
        self.take("[")
        if self.next_mark() == "]":
            self.take("]")
            return
        while True:
            yield self.value()
            if self.next_mark() == "]":
                self.take("]")
                return
            self.take(",")

    def entries(self) -> Iterator[str]:
        """Give the keys of the object that begins here; who asks reads each value before the next key."""
        self.take("{")
        if self.next_mark() == "}":
            self.take("}")
            return
        while True:
            key = self.value().value
            if not isinstance(key, str):
                raise ValueError("the key of an object is no text")
            self.take(":")
            yield key
            if self.next_mark() == "}":
                self.take("}")
                return
            self.take(",")

    def _more(self, characters: int) -> bool:
        if self._ended:
            return False
        read = self._file.read(characters)
        self._ended = not read
        self._text = self._text[self._at :] + read
        self._at = 0
        return bool(read)
