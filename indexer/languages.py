"""Which of its languages a text is shown in: Korean first, then English, then whatever there is. Pure."""

from __future__ import annotations

from typing import NamedTuple

from harvester.catalog.model import LangText

_PREFERRED = {"ko": 0, "en": 1}


class Said(NamedTuple):
    """A text and its language tag (``und``: not known)."""

    text: str
    language: str


def in_reading_order(texts: LangText) -> list[Said]:
    """Give a text in all its languages, the preferred one first; empty ones are left out."""
    if len(texts) == 1:
        ((tag, text),) = texts.items()
        return [Said(text, tag)] if text else []
    tags = sorted(texts, key=lambda tag: (_PREFERRED.get(tag[:2], 2), tag))
    return [Said(texts[tag], tag) for tag in tags if texts[tag]]


def said(texts: LangText) -> Said | None:
    """Give a text in the preferred language, None where there is none."""
    found = in_reading_order(texts)
    return found[0] if found else None
