"""What a tree matches, without all that only ranks: for counting, and for orders other than relevance. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from indexer.engines.base import All, Any, Best, Boost, Everything, Filtered, Node, Phrase, Ranked, Term

# Alternatives are compared in pairs: the forms of a typed word are fewer, and longer lists gain little.
_MOST_COMPARED = 40


def matching(node: Node) -> Node:
    """Give a smaller tree that matches the same documents; its scores mean nothing.

    Boosts and what only ranks go, and so does what is implied: a phrase of a field implies its terms there.
    """
    match node:
        case Boost(part, _) | Ranked(part, _):
            return matching(part)
        case Phrase(field, terms) if len(terms) == 1:
            return Term(field, terms[0])
        case Any(parts) | Best(parts):
            return _any(map(matching, parts))
        case Filtered(part, filters):
            narrow, wide = list(map(matching, filters)), matching(part)
            conjuncts = wide.parts if isinstance(wide, All) and not wide.without else (wide,)
            left = [each for each in conjuncts if not any(implies(filter, each) for filter in narrow)]
            return _all([*left, *narrow])
        case All(parts, without):
            return _all(map(matching, parts), map(matching, without))
        case _:
            return node


def _any(parts: Iterable[Node]) -> Node:
    found: dict[Node, None] = {}
    for part in parts:
        found.update(dict.fromkeys(part.parts if isinstance(part, Any) else (part,)))
    wanted = list(found)
    if len(wanted) <= _MOST_COMPARED:
        wanted = _widest(wanted)
    return wanted[0] if len(wanted) == 1 else Any(tuple(wanted))


def _widest(parts: list[Node]) -> list[Node]:
    """Leave out every part whose documents another part has, too."""
    kept: list[Node] = []
    for place, part in enumerate(parts):
        if not any(implies(part, other) for other in (*kept, *parts[place + 1 :])):
            kept.append(part)
    return kept


def _all(parts: Iterable[Node], without: Iterable[Node] = ()) -> Node:
    found: dict[Node, None] = {}
    excluded = dict.fromkeys(without)
    for part in parts:
        if isinstance(part, All):
            found.update(dict.fromkeys(part.parts))
            excluded.update(dict.fromkeys(part.without))
        elif not isinstance(part, Everything):
            found[part] = None
    if excluded or len(found) > 1:
        return All(tuple(found), tuple(excluded))
    return next(iter(found), Everything())


def implies(narrow: Node, wide: Node) -> bool:
    """Tell whether every document of `narrow` is one of `wide`, where that is easy to see; else False."""
    if narrow == wide or isinstance(wide, Everything):
        return True
    if isinstance(narrow, Any):
        return bool(narrow.parts) and all(implies(part, wide) for part in narrow.parts)
    if isinstance(wide, Any) and any(implies(narrow, part) for part in wide.parts):
        return True
    match narrow, wide:
        case Phrase(field, terms), Term(other, value):
            return field == other and value in terms
        case Phrase(field, terms), Phrase(other, fewer):
            places = range(len(terms) - len(fewer) + 1)
            return field == other and any(terms[at : at + len(fewer)] == fewer for at in places) and bool(fewer)
        case All(parts, _), _:
            return any(implies(part, wide) for part in parts)
        case _:
            return False
