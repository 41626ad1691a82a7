"""What a search tree means, once more and as plainly as possible: engines are compared with it."""

from __future__ import annotations

import random
from collections.abc import Sequence

from indexer.engines.base import (
    All,
    Any,
    Best,
    Boost,
    Document,
    Everything,
    Filtered,
    Node,
    OneOf,
    Phrase,
    Prefix,
    Range,
    Ranked,
    Term,
)
from indexer.fields import BY_NAME


def matches(node: Node, document: Document) -> bool:
    match node:
        case Everything():
            return True
        case Term(field, value):
            if BY_NAME[field].role == "text":
                return value in words(document, field)
            return bool(value) and value in document.values.get(field, ())
        case OneOf(field, values):
            return any(value in values for value in document.values.get(field, ()))
        case Phrase(field, terms):
            found = words(document, field)
            places = range(len(found) - len(terms) + 1)
            return bool(terms) and any(tuple(found[at : at + len(terms)]) == terms for at in places)
        case Prefix(field, value):
            return bool(value) and any(term.startswith(value) for term in words(document, field))
        case Range(field, low, high):
            return any(
                (low is None or low <= value) and (high is None or value <= high)
                for value in document.values.get(field, ())
            )
        case All(parts, without):
            return all(matches(part, document) for part in parts) and not any(
                matches(part, document) for part in without
            )
        case Any(parts) | Best(parts):
            return any(matches(part, document) for part in parts)
        case Boost(part, _) | Ranked(part, _):
            return matches(part, document)
        case Filtered(part, filters):
            return all(matches(each, document) for each in (part, *filters))


def words(document: Document, field: str) -> list[str]:
    return document.terms.get(field, "").split()


def documents(chance: random.Random, count: int, make: type[Document]) -> list[Document]:
    """Small documents over a small vocabulary, so that most trees match some of them."""
    made = []
    for n in range(count):
        terms = {
            field: " ".join(chance.choices(VOCABULARY, k=chance.randrange(1, 6)))
            for field in ("title", "keyword", "description")
            if chance.random() < 0.8
        }
        values = {
            "format": tuple(chance.sample(FORMATS, chance.randrange(0, 3))),
            "organization": (chance.choice(FORMATS),),
            "modified": (chance.choice(DAYS),) if chance.random() < 0.8 else (),
            "year": (chance.choice(YEARS),) if chance.random() < 0.8 else (),
        }
        made.append(
            make(
                id=f"d{n:03}",
                seq=n + 1,
                source="a.b",
                content_hash="",
                content=b"{}",
                terms=terms,
                values={name: value for name, value in values.items() if value},
                sort_title=f"{n}",
            )
        )
    return made


VOCABULARY = ("물", "불", "바람", "물가", "미세", "먼지", "bus", "busan", "2.5", "¦")
FORMATS = ("CSV", "JSON", "xlsx", "?가 나")
DAYS = ("2019-12-31", "2020-01-01", "2020-06-30", "2023-02-28")
YEARS = ("2019", "2020", "2023")


def tree(chance: random.Random, depth: int = 3) -> Node:
    if depth == 0 or chance.random() < 0.3:
        return _leaf(chance)
    parts = tuple(tree(chance, depth - 1) for _ in range(chance.randrange(0, 4)))
    kind = chance.randrange(6)
    if kind == 0:
        return All(parts, tuple(tree(chance, depth - 1) for _ in range(chance.randrange(0, 3))))
    if kind == 1:
        return Any(parts)
    if kind == 2:
        return Best(parts)
    if kind == 3:
        return Boost(tree(chance, depth - 1), chance.choice((0.5, 2.0)))
    if kind == 4:
        return Ranked(tree(chance, depth - 1), tree(chance, depth - 1))
    return Filtered(tree(chance, depth - 1), parts)


def _leaf(chance: random.Random) -> Node:
    field = chance.choice(("title", "keyword", "description"))
    word = chance.choice(VOCABULARY[:-1])
    ends = sorted(chance.choices(DAYS, k=2))
    leaves: Sequence[Node] = (
        Everything(),
        Term(field, word),
        Term(field, word),
        Term("organization", chance.choice(FORMATS)),
        Term("year", chance.choice(YEARS)),
        OneOf("format", tuple(chance.sample(FORMATS, chance.randrange(0, 3)))),
        OneOf("year", tuple(chance.sample(YEARS, 2))),
        Phrase(field, tuple(chance.choices(VOCABULARY[:-1], k=chance.randrange(0, 4)))),
        Prefix(field, word[: chance.randrange(0, 3)]),
        Range("modified", chance.choice((None, ends[0])), chance.choice((None, ends[1]))),
        Range("year", chance.choice((None, "2020")), chance.choice((None, "2022"))),
    )
    return chance.choice(leaves)
