"""Trees made smaller: what one matches, without all that only ranks; and what one may cost. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from indexer.engines.base import All, Any, Best, Boost, Everything, Filtered, Node, Phrase, Ranked, Term

# A longer phrase is made of letter pairs, and no part of it stands beside it.
_LONG = 6
# Elasticsearch refuses a query of more parts than its memory and processors allow for, 1,024 at the least.
_MOST_SCORED = 900


def bounded(node: Node) -> Node:
    """Give the tree, or where it has very many leaves one that matches the same documents and scores less finely.

    A text of many words that each have many synonyms makes thousands of leaves.
    """
    if _leaves(node) <= _MOST_SCORED:
        return node
    part, ranking = chain(node)
    ranking = [Boost(matching(by.part), by.factor) if isinstance(by, Boost) else matching(by) for by in ranking]
    if _leaves(part) + sum(map(_leaves, ranking)) > _MOST_SCORED:
        part = matching(part)
    # What ranks the whole stands outside of what ranks single words.
    while ranking and _leaves(part) + sum(map(_leaves, ranking)) > _MOST_SCORED:
        del ranking[0]
    for by in ranking:
        part = Ranked(part, by)
    return part


def chain(node: Node) -> tuple[Node, list[Node]]:
    """Take ranked parts off a node, one after the other: what is left, and what ranks it, the innermost first."""
    ranking: list[Node] = []
    while isinstance(node, Ranked):
        ranking.append(node.by)
        node = node.part
    return node, ranking[::-1]


def _leaves(node: Node) -> int:
    match node:
        case All(parts, without):
            return sum(map(_leaves, parts)) + sum(map(_leaves, without))
        case Any(parts) | Best(parts):
            return sum(map(_leaves, parts))
        case Boost(part, _):
            return _leaves(part)
        case Ranked(part, by):
            return _leaves(part) + _leaves(by)
        case Filtered(part, filters):
            return _leaves(part) + sum(map(_leaves, filters))
        case _:
            return 1


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
            left = [each for each in conjuncts if not any(_implies(filter, each) for filter in narrow)]
            return _all([*left, *narrow])
        case All(parts, without):
            return _all(map(matching, parts), map(matching, without))
        case _:
            return node


def _any(parts: Iterable[Node]) -> Node:
    found: dict[Node, None] = {}
    for part in parts:
        found.update(dict.fromkeys(part.parts if isinstance(part, Any) else (part,)))
    wanted = [part for part in found if not any(each in found for each in _wider(part))]
    return wanted[0] if len(wanted) == 1 else Any(tuple(wanted))


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


def _implies(narrow: Node, wide: Node) -> bool:
    """Tell whether every document of `narrow` is one of `wide`, where that is easy to see; else False."""
    ways = narrow.parts if isinstance(narrow, Any) else (narrow,)
    wanted = set(wide.parts) if isinstance(wide, Any) else {wide}
    return bool(ways) and all(way in wanted or any(each in wanted for each in _wider(way)) for way in ways)


def _wider(node: Node) -> Iterator[Node]:
    """Give nodes that match every document of `node`, and perhaps more."""
    if isinstance(node, Phrase):
        for length in range(1, len(node.terms) if len(node.terms) <= _LONG else 2):
            for at in range(len(node.terms) - length + 1):
                some = node.terms[at : at + length]
                yield Phrase(node.field, some) if length > 1 else Term(node.field, some[0])
    elif isinstance(node, All):
        for part in node.parts:
            yield part
            yield from _wider(part)
