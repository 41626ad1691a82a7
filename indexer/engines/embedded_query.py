"""Trees into queries of tantivy, and the schema that they speak of."""

from __future__ import annotations

import re
from collections.abc import Sequence

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
from indexer.engines.embedded_facets import combination
from indexer.engines.order import day_bounds
from indexer.fields import BY_NAME, FIELDS

_PREFIX_CHARACTERS = 256
_REGEX_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$#&\-~])")


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()

    def raw(name: str, *, stored: bool = False, fast: bool = False) -> None:
        builder.add_text_field(name, stored=stored, fast=fast, tokenizer_name="raw", index_option="basic")

    raw("id", stored=True)
    raw("kind")
    builder.add_bytes_field("stamp", stored=True)
    builder.add_unsigned_field("seq", fast=True)
    builder.add_unsigned_field("id_order", fast=True)
    raw("title_order", fast=True)
    for field in FIELDS:
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


SCHEMA = _schema()


def query_of(node: Node, scoring: bool = True) -> Query:
    """Translate a tree; without `scoring` it matches the same documents and costs less."""
    match node:
        case Everything():
            return Query.const_score_query(every_document(), 1.0)
        case Term(field, value):
            if BY_NAME[field].role != "text":
                return Query.const_score_query(_exactly(field, (value,)), 1.0)
            if not writable(value):
                return Query.empty_query()
            return Query.term_query(SCHEMA, field, value, index_option="freq" if scoring else "basic")
        case OneOf(field, values):
            return Query.const_score_query(_exactly(field, values), 0.0)
        case Phrase(field, terms):
            if len(terms) < 2:
                return query_of(Term(field, terms[0]), scoring) if terms else Query.empty_query()
            if not all(map(writable, terms)):
                return Query.empty_query()
            return Query.phrase_query(SCHEMA, field, list(terms))
        case Prefix(field, value):
            if not value or len(value) > _PREFIX_CHARACTERS or not writable(value):
                return Query.empty_query()
            return Query.regex_query(SCHEMA, field, _REGEX_SPECIAL.sub(r"\\\1", value) + ".*")
        case Range(field, low, high):
            return Query.const_score_query(_between(field, low, high), 0.0)
        case All(parts, without):
            must = [query_of(part, scoring) for part in parts] or [query_of(Everything())]
            return Query.boolean_query(
                [(Occur.Must, query) for query in must]
                + [(Occur.MustNot, query_of(part, scoring=False)) for part in without]
            )
        case Any(parts):
            return Query.boolean_query([(Occur.Should, query_of(part, scoring)) for part in parts])
        case Best(parts):
            queries = [query_of(part, scoring) for part in parts]
            if scoring:
                return Query.disjunction_max_query(queries)
            return Query.boolean_query([(Occur.Should, query) for query in queries])
        case Boost(part, factor):
            return Query.boost_query(query_of(part), factor) if scoring else query_of(part, scoring=False)
        case Ranked(part, by):
            if not scoring:
                return query_of(part, scoring=False)
            return Query.boolean_query([(Occur.Must, query_of(part)), (Occur.Should, query_of(by))])
        case Filtered(part, filters):
            return filtered(query_of(part, scoring), [query_of(filter, scoring=False) for filter in filters])


def every_document() -> Query:
    """Match documents, neither tombstones nor the checkpoint."""
    return Query.term_query(SCHEMA, "kind", "document", index_option="basic")


def filtered(query: Query, filters: Sequence[Query]) -> Query:
    """Narrow a query without changing its scores."""
    if not filters:
        return query
    silent = [(Occur.Must, Query.const_score_query(filter, 0.0)) for filter in filters]
    return Query.boolean_query([(Occur.Must, query), *silent])


def _exactly(field: str, values: Sequence[str]) -> Query:
    if BY_NAME[field].role == "year":
        numbers = [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19]
        return Query.boolean_query([(Occur.Should, Query.term_query(SCHEMA, field, number)) for number in numbers])
    return Query.term_set_query(SCHEMA, field, [value for value in values if value and writable(value)])


def _between(field: str, low: str | None, high: str | None) -> Query:
    if BY_NAME[field].role == "year":
        first, last = int(low) if low else 0, int(high) if high else 1 << 62
    else:
        first, last = day_bounds(low, high)
    if first > last:
        return Query.empty_query()
    return Query.range_query(SCHEMA, field, FieldType.Unsigned, first, last)


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
