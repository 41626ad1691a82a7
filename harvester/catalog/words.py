"""Keywords out of what portals write for keywords."""

from __future__ import annotations

import re
from functools import lru_cache

from harvester.catalog.text import has_hangul, to_line

_SEPARATORS = re.compile(r"[,;，、；|]")
_LATIN_WORD = re.compile(r"[A-Za-z]{3}")


@lru_cache(maxsize=16384)
def split_keywords(raw: str, tag: str) -> tuple[tuple[str, ...], str]:
    """Split one value into keywords at commas and semicolons; tell the language they are in.

    data.go.kr puts a Korean and an English list into the same property: a list of words without a Korean letter, under
    the tag for Korean, is the English one. A single word (``API``) proves nothing.
    """
    text = to_line(raw)
    if not _SEPARATORS.search(text):
        word = text.lstrip("# ")
        return ((word,) if word else (), tag)
    words = tuple(dict.fromkeys(word for part in _SEPARATORS.split(text) if (word := part.lstrip("# ").rstrip())))
    if tag in ("ko", "kr") and len(words) > 1 and not has_hangul(text) and _LATIN_WORD.search(text):
        return words, "en"
    return words, tag
