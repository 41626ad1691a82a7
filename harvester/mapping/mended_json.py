"""JSON that was written by hand or by a template, made readable where there is little doubt how it was meant."""

from __future__ import annotations

import re

_SPACE = re.compile(r"\s*")
_COMMENT = re.compile(r"/\*.*?\*/|<!--.*?-->|//[^\n]*", re.DOTALL)
_ESCAPES = frozenset('"\\/bfnrtu')
_VALUE_STARTS = frozenset('"{[]}-0123456789tfn/')
_LARGEST = 1 << 20


def mended(stated: str) -> str:
    """Leave out comments and trailing commas, and escape quotation marks inside texts.

    A quotation mark ends a text only if what follows can come after a text. The result may still be no JSON. Linear.
    """
    if len(stated) > _LARGEST:
        return stated
    written: list[str] = []
    place, inside = 0, False
    while place < len(stated):
        char = stated[place]
        if inside:
            if char == "\\":
                following = stated[place + 1 : place + 2]
                written.append(char + following if following in _ESCAPES and following else "\\\\" + following)
                place += 2
                continue
            if char == '"':
                inside = not _ends_text(stated, place + 1)
                char = char if not inside else '\\"'
        elif char == '"':
            inside = True
        elif char in "/<" and (comment := _COMMENT.match(stated, place)):
            place = comment.end()
            continue
        elif char == "," and _next(stated, place + 1) in "]}":
            char = ""
        written.append(char)
        place += 1
    return "".join(written).rstrip().rstrip(";")


def _next(stated: str, place: int) -> str:
    """Next character that is no blank; at the end a closing brace, which ends everything."""
    found = _SPACE.match(stated, place)
    end = found.end() if found else place
    return stated[end] if end < len(stated) else "}"


def _ends_text(stated: str, place: int) -> bool:
    following = _next(stated, place)
    if following == ",":
        return _next(stated, stated.index(",", place) + 1) in _VALUE_STARTS
    return following in ":]}"
