"""One dataset out of the parts of one record (listing row, schema.org JSON, RDF), each normalised before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from harvester.catalog.model import Concept, ContactPoint, Dataset, Distribution, LangKeywords

_OWN_RULES = frozenset(
    ("id", "source", "identifier", "contact_point", "keyword", "theme", "distribution", "additional")
)
_FIELDS = tuple(field for field in Dataset.__struct_fields__ if field not in _OWN_RULES)

Part = TypeVar("Part", ContactPoint, Distribution)


def merge(datasets: Sequence[Dataset]) -> Dataset:
    """Unite the parts of one record; the first (the listing's) gives the identity and goes first everywhere.

    Per field a known concept beats an unknown one, else the first value that is not empty wins; texts are united by
    language, keywords per language, themes, additional fields, and distributions that have the same address. The only
    contact point of one part and that of the other complete each other where they do not contradict; so do files.
    """
    first, *others = datasets
    for other in others:
        changes = {
            field: united
            for field in _FIELDS
            if (mine := getattr(first, field)) is not (united := _united(mine, getattr(other, field)))
        }
        first = msgspec.structs.replace(
            first,
            contact_point=_contact_points(first.contact_point, other.contact_point),
            keyword=_keywords(first.keyword, other.keyword),
            theme=_themes(first.theme, other.theme),
            distribution=_distributions(first.distribution, other.distribution),
            additional={**other.additional, **first.additional},
            **changes,
        )
    return first


def _united(mine: Any, theirs: Any) -> Any:
    """One value out of two of the same field; `mine` itself when it stays."""
    if isinstance(mine, Concept):
        return theirs if mine.code is None and isinstance(theirs, Concept) and theirs.code else mine
    if isinstance(mine, Mapping) and mine and not mine.keys() >= theirs.keys():
        return {**theirs, **mine}
    return mine or theirs


def _contact_points(mine: tuple[ContactPoint, ...], theirs: tuple[ContactPoint, ...]) -> tuple[ContactPoint, ...]:
    if len(mine) == len(theirs) == 1 and _agree(mine[0], theirs[0]):
        return (_completed(mine[0], theirs[0]),)
    return mine or theirs


def _keywords(mine: LangKeywords, theirs: LangKeywords) -> LangKeywords:
    if not mine or not theirs:
        return mine or theirs
    return {tag: tuple(dict.fromkeys((*mine.get(tag, ()), *theirs.get(tag, ())))) for tag in (*mine, *theirs)}


def _themes(mine: tuple[Concept, ...], theirs: tuple[Concept, ...]) -> tuple[Concept, ...]:
    """Each theme once. An unknown one goes where a known one of the other part has the same words."""
    themes: dict[tuple[str | None, str], Concept] = {}
    for theme in (*mine, *theirs):
        key = (theme.scheme if theme.code else None, theme.code or theme.source)
        if key not in themes or theme.source.startswith(themes[key].source):  # the more specific words stay
            themes[key] = theme
    known = {theme.source for theme in themes.values() if theme.code}
    return tuple(theme for theme in themes.values() if theme.code or theme.source not in known)


def _distributions(mine: tuple[Distribution, ...], theirs: tuple[Distribution, ...]) -> tuple[Distribution, ...]:
    if len(mine) == len(theirs) == 1 and _agree(mine[0], theirs[0]):
        return (_completed(mine[0], theirs[0]),)
    united = list(mine)
    for other in theirs:
        place = next((number for number, one in enumerate(united) if _is_same(one, other)), None)
        if place is None:
            united.append(other)
        else:
            united[place] = _completed(united[place], other)
    return tuple(united)


def _is_same(one: Distribution, other: Distribution) -> bool:
    """Whether two parts speak of the same file: one address in common, and no two formats that differ.

    A distribution that says nothing but its format is the other part's distribution of that format.
    """
    ours, theirs = _code(one), _code(other)
    if ours and theirs and ours != theirs:
        return False
    if {one.download_url, one.access_url} & {other.download_url, other.access_url} - {None}:
        return True
    either_is_bare = not (one.download_url or one.access_url) or not (other.download_url or other.access_url)
    return either_is_bare and ours is not None and ours == theirs


def _code(distribution: Distribution) -> str | None:
    return distribution.format.code if distribution.format else None


def _agree(one: Part, other: Part) -> bool:
    """Whether no field says two things, so that what two parts say may be halves of one."""
    return all(_is_one_value(getattr(one, field), getattr(other, field)) for field in one.__struct_fields__)


def _is_one_value(mine: Any, theirs: Any) -> bool:
    if isinstance(mine, Concept) and isinstance(theirs, Concept) and mine.code and theirs.code:
        return mine.code == theirs.code
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        return all(mine[tag] == theirs[tag] for tag in mine.keys() & theirs.keys())
    return not mine or not theirs or mine == theirs


def _completed(one: Part, other: Part) -> Part:
    changes = {
        field: united
        for field in one.__struct_fields__
        if (mine := getattr(one, field)) is not (united := _united(mine, getattr(other, field)))
    }
    return msgspec.structs.replace(one, **changes) if changes else one
