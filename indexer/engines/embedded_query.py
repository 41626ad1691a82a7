"""Trees into queries of tantivy, and the schema that they speak of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any as Json
from typing import cast

import tantivy
from tantivy import FieldType, Occur, Query

from indexer.engines.base import (
    All,
    Any,
    Best,
    Boost,
    Everything,
    Filtered,
    Node,
    OneOf,
    Phrase,
    Prefix,
    Range,
    Ranked,
    Term,
    writable,
)
from indexer.engines.embedded_documents import TITLE_ORDERS
from indexer.engines.embedded_facets import combination
from indexer.engines.matching import bounded, chain, matching
from indexer.engines.order import day_bounds
from indexer.fields import BY_NAME, FIELDS, Field

_PREFIX_CHARACTERS = 256
# A range looks at every document. Few are left to look at when the first numbers of a title are known.
_INDEXED = frozenset(TITLE_ORDERS[:2])
_REGEX_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$#&\-~])")


def schema_of(fields: Sequence[Field]) -> tantivy.Schema:
    """Give the engine's fields for these fields of a document."""
    builder = tantivy.SchemaBuilder()

    def raw(name: str, *, stored: bool = False, fast: bool = False) -> None:
        builder.add_text_field(name, stored=stored, fast=fast, tokenizer_name="raw", index_option="basic")

    raw("id", stored=True)
    raw("kind")
    builder.add_bytes_field("stamp", stored=True)
    builder.add_unsigned_field("seq", fast=True)
    builder.add_unsigned_field("id_order", fast=True)
    for name in ("quality_order", "line", *TITLE_ORDERS):
        builder.add_unsigned_field(name, fast=True, indexed=name in _INDEXED)
    for field in fields:
        match field.role:
            case "text":
                builder.add_text_field(field.name, tokenizer_name="whitespace", index_option="position")
            case "keyword":
                raw(field.name, fast=True)
                if field.many:
                    raw(combination(field.name), fast=True)
            case "date":
                builder.add_unsigned_field(field.name, fast=True)
                builder.add_unsigned_field(f"{field.name}_down", fast=True)
            case "year":
                builder.add_unsigned_field(field.name, fast=True, indexed=True)
    return builder.build()


SCHEMA = schema_of(FIELDS)
_NEEDED = frozenset({"id", "kind", "stamp", "seq", "id_order"})


def _physical(field: Field) -> list[str]:
    """Names of the engine's fields that a field of `FIELDS` is kept in."""
    if field.role == "date":
        return [field.name, f"{field.name}_down"]
    return [field.name, combination(field.name)] if field.role == "keyword" and field.many else [field.name]


def _described(schema: tantivy.Schema) -> dict[str, dict[str, Json]]:
    # A schema tells its fields only to who pickles it; in an index they stand in the same form.
    _, (state,) = cast("tuple[Json, tuple[dict[str, list[dict[str, Json]]]]]", schema.__reduce__())
    return {field["name"]: field for field in state["inner"]}


class Translation:
    """Trees as queries of one index: its fields may be those of another release.

    A field that it lacks, or has in another form, holds nothing: such an index is searched until a rebuild replaces it.
    Raises ValueError where not even its documents could be told apart.
    """

    def __init__(self, schema: tantivy.Schema) -> None:
        self._schema = schema
        theirs, ours = _described(schema), _described(SCHEMA)
        self._same = {name for name, described in ours.items() if theirs.get(name) == described}
        self.current = list(theirs.items()) == list(ours.items())
        if not self._same >= _NEEDED:
            raise ValueError("another release made it, and this one cannot read it")

    def has(self, name: str) -> bool:
        """Whether the index has this field of the engine."""
        return name in self._same

    def holds(self, field: str) -> bool:
        """Whether the index has everything that this field of `FIELDS` needs."""
        return self._same.issuperset(_physical(BY_NAME[field]))

    def every_document(self) -> Query:
        """Match documents, neither tombstones nor the checkpoint."""
        return self.exactly("kind", "document")

    def exactly(self, name: str, value: str) -> Query:
        """Match what has this value in a field of the engine."""
        return Query.term_query(self._schema, name, value, index_option="basic")

    def any_of(self, name: str, values: Sequence[str]) -> Query:
        """Match what has one of these values in a field of the engine."""
        return Query.term_set_query(self._schema, name, list(values))

    def following(self, name: str, low: int) -> Query:
        """Match what has at least this number in a field of the engine."""
        return Query.range_query(self._schema, name, FieldType.Unsigned, low)

    def number(self, name: str, number: int) -> Query:
        """Match what has this number in a field of the engine."""
        if name in _INDEXED:
            return Query.const_score_query(Query.term_query(self._schema, name, number, index_option="basic"), 0.0)
        return Query.range_query(self._schema, name, FieldType.Unsigned, number, number)

    def scored(self, node: Node) -> Query:
        """Translate a tree."""
        return self._query(bounded(node), scoring=True)

    def matching(self, node: Node) -> Query:
        """Translate a tree for matching the same documents at less cost; its scores mean nothing."""
        return self._query(matching(node), scoring=False)

    def _query(self, node: Node, scoring: bool) -> Query:
        match node:
            case Everything():
                return Query.const_score_query(self.every_document(), 1.0)
            case Term(field, _) | OneOf(field, _) | Phrase(field, _) | Prefix(field, _) | Range(field, _, _) if (
                not self.holds(field)
            ):
                return Query.empty_query()
            case Term(field, value):
                if BY_NAME[field].role != "text":
                    return Query.const_score_query(self._one_of(field, (value,)), 1.0)
                if not writable(value):
                    return Query.empty_query()
                return Query.term_query(self._schema, field, value, index_option="freq" if scoring else "basic")
            case OneOf(field, values):
                return Query.const_score_query(self._one_of(field, values), 0.0)
            case Phrase(field, terms):
                if len(terms) < 2:
                    return self._query(Term(field, terms[0]), scoring) if terms else Query.empty_query()
                if not all(map(writable, terms)):
                    return Query.empty_query()
                return Query.phrase_query(self._schema, field, list(terms))
            case Prefix(field, value):
                if not value or len(value) > _PREFIX_CHARACTERS or not writable(value):
                    return Query.empty_query()
                return Query.regex_query(self._schema, field, _REGEX_SPECIAL.sub(r"\\\1", value) + ".*")
            case Range(field, low, high):
                return Query.const_score_query(self._between(field, low, high), 0.0)
            case All(parts, without):
                must = [self._query(part, scoring) for part in parts or (Everything(),)]
                return Query.boolean_query(
                    [(Occur.Must, query) for query in must] + [(Occur.MustNot, self.matching(part)) for part in without]
                )
            case Any(parts):
                return Query.boolean_query([(Occur.Should, self._query(part, scoring)) for part in parts])
            case Best(parts):
                return Query.disjunction_max_query([self._query(part, scoring) for part in parts])
            case Boost(part, factor):
                return Query.boost_query(self._query(part, scoring), factor)
            case Ranked():
                part, ranking = chain(node)
                optional = [(Occur.Should, self._query(by, scoring)) for by in ranking]
                return Query.boolean_query([(Occur.Must, self._query(part, scoring)), *optional])
            case Filtered(part, filters):
                return filtered(self._query(part, scoring), [self.matching(each) for each in filters])

    def _one_of(self, field: str, values: Sequence[str]) -> Query:
        if BY_NAME[field].role == "year":
            numbers = [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19]
            terms = [Query.term_query(self._schema, field, number) for number in numbers]
            return Query.boolean_query([(Occur.Should, term) for term in terms])
        return self.any_of(field, [value for value in values if value and writable(value)])

    def _between(self, field: str, low: str | None, high: str | None) -> Query:
        if BY_NAME[field].role == "year":
            first, last = int(low) if low else 0, int(high) if high else 1 << 62
        else:
            first, last = day_bounds(low, high)
        if first > last:
            return Query.empty_query()
        return Query.range_query(self._schema, field, FieldType.Unsigned, first, last)


def filtered(query: Query, filters: Sequence[Query]) -> Query:
    """Narrow a query without changing its scores."""
    if not filters:
        return query
    silent = [(Occur.Must, Query.const_score_query(filter, 0.0)) for filter in filters]
    return Query.boolean_query([(Occur.Must, query), *silent])


def all_score_alike(node: Node) -> bool:
    """Tell whether every match gets the same score: then the order is that of the ids, without looking at scores."""
    match node:
        case Everything() | OneOf() | Range() | Prefix():
            return True
        case Term(field, _):
            return BY_NAME[field].role != "text"
        case All(parts, _):
            return all(all_score_alike(part) for part in parts)
        case Boost(part, _) | Filtered(part, _):
            return all_score_alike(part)
        case _:
            return False
