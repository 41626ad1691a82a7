"""A search as Elasticsearch's JSON: translation only, nothing is sent from here.

Two limits of the server shape it: queries may be nested 30 deep (`indices.query.bool.max_nested_depth`), so filters,
boosts and rank-only parts join the ``bool`` they stand around instead of wrapping it; and terms that no field can hold
are answered with ``match_none`` here instead of an error there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any as Json

from harvester.errors import QueryError
from indexer.engines import cursor as cursors
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
    Request,
    Sort,
    Term,
    value_key,
    writable,
)
from indexer.engines.elasticsearch_mapping import HIDDEN, listed_field, text_field
from indexer.engines.matching import bounded, matching
from indexer.fields import BY_NAME

Query = dict[str, Json]

NOTHING: Query = {"match_none": {}}
EVERYTHING: Query = {"match_all": {}}

# Longest term that the white-space tokenizer makes, and longest value that Lucene can hold, in bytes of UTF-8.
_LONGEST_TERM = 255
_LONGEST_VALUE = 32_766

# Facets must be exact on several shards too: every shard reports this many of its values. Measured: costs nothing.
_SHARD_SIZE = 20_000

LISTED_AT_ONCE = 50_000
"""The server refuses more than 65,536 buckets in one answer, and reads all documents for each."""

_REGEX_SPECIAL = re.compile(r'[.?+*|{}()\[\]"\\#@&<>~^$\-]')
_ESCAPED = r"\\\g<0>"

_SORTS: dict[Sort, tuple[str, str]] = {
    "relevance": ("_score", "desc"),
    "title": ("sort_title", "asc"),
    "issued": ("issued", "asc"),
    "-issued": ("issued", "desc"),
    "modified": ("modified", "asc"),
    "-modified": ("modified", "desc"),
    "quality": ("quality", "desc"),
}
_KINDS: dict[Sort, str] = {"title": "keyword", "quality": "byte"}


def search_body(request: Request) -> dict[str, Json]:
    """Arguments of the client's ``search`` for a request; asks for one hit more than wanted, which tells whether
    anything follows. Raises `QueryError` for a cursor that is none.
    """
    faceted = {name: node for name, node in request.filters.items() if name in request.facets}
    plain = [_matching(node) for name, node in request.filters.items() if name not in request.facets]
    ranked = request.sort == "relevance" and request.size
    query = filtered(translate(bounded(request.query)) if ranked else _matching(request.query), plain)
    query = {**query, "bool": {**query["bool"], "must_not": [*query["bool"].get("must_not", ()), HIDDEN]}}
    field, order = _SORTS[request.sort]
    if field == "_score":
        main: Json = {"_score": {"order": order}}
    else:
        # An index of another release may lack the field: then the ids alone give the order.
        main = {field: {"order": order, "missing": "_last", "unmapped_type": _KINDS.get(request.sort, "date")}}
    body: dict[str, Json] = {
        "query": query,
        "size": request.size + 1 if request.size else 0,
        "from_": request.offset,
        "sort": [main, {"id": {"order": "asc"}}],
        "track_total_hits": True,
        "source": False,
        # Pages of one search go to the same copies of the shards: copies may score a little differently.
        "preference": _fingerprint(request),
        "allow_partial_search_results": False,
    }
    if faceted:
        body["post_filter"] = {"bool": {"filter": [_matching(node) for node in faceted.values()]}}
    if request.facets:
        body["aggs"] = _facets(request, {name: _matching(node) for name, node in faceted.items()})
    if request.fold:
        body["docvalue_fields"] = ["series"]
    if request.after is not None:
        body["search_after"] = _search_after(request)
    elif request.fold:
        body["collapse"] = {"field": "series"}
    return body


def _fingerprint(request: Request) -> str:
    searched = repr((request.query, request.filters)).encode("utf-8", "replace")
    return hashlib.blake2b(searched, digest_size=8).hexdigest()


def facet_counts(request: Request, answer: dict[str, Json] | None) -> dict[str, tuple[tuple[str, int], ...]]:
    """Counts of an answer's aggregations, in the order in which the request names the facets."""
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for group in (answer or {}).values():
        for name, facet in group.items():
            if isinstance(facet, dict):
                found[name] = tuple((str(bucket["key"]), bucket["doc_count"]) for bucket in facet["buckets"])
    return {name: found.get(name, ()) for name in request.facets}


def _facets(request: Request, filters: dict[str, Query]) -> dict[str, Json]:
    """One group of facets for each set of filters that counts: all of them, or all but the facet's own."""
    groups: dict[str, Json] = {}
    for name, size in request.facets.items():
        group = f"but {name}" if name in filters else "all"
        counted = [query for field, query in filters.items() if field != name]
        groups.setdefault(group, {"filter": {"bool": {"filter": counted}} if counted else EVERYTHING, "aggs": {}})
        groups[group]["aggs"][name] = {
            "terms": {
                "field": name,
                "size": max(size, 1),
                "shard_size": max(size, _SHARD_SIZE),
                "order": [{"_count": "desc"}, {"_key": "asc"}],
            }
        }
    return groups


def counts_body(nodes: Sequence[Node]) -> dict[str, Json]:
    """Arguments of a ``search`` that counts the documents of each node, in buckets in the order of `nodes`."""
    counted = [filtered(_matching(node), []) for node in nodes]
    for query in counted:
        query["bool"]["must_not"] = [*query["bool"].get("must_not", ()), HIDDEN]
    return _counting(counted)


def statistics_body(terms: Sequence[tuple[str, str]]) -> dict[str, Json]:
    """Arguments of ``termvectors`` for a made-up document of these terms: tells the numbers of documents of each."""
    texts: dict[str, list[str]] = {}
    for field, term in terms:
        if _one_term(term):
            texts.setdefault(field, []).append(term)
    return {
        "doc": {"terms": {field: " ".join(found) for field, found in texts.items()}},
        "fields": [text_field(field) for field in texts],
        "term_statistics": True,
        **dict.fromkeys(("field_statistics", "positions", "offsets", "payloads"), False),
        "filter_path": "term_vectors.*.terms.*.doc_freq",
    }


def statistics(terms: Sequence[tuple[str, str]], answer: dict[str, Json]) -> list[int]:
    """Read the numbers of documents of terms out of what ``termvectors`` answered."""
    found = answer.get("term_vectors", {})
    return [
        int(found.get(text_field(field), {}).get("terms", {}).get(term, {}).get("doc_freq", 0)) for field, term in terms
    ]


def _counting(queries: Sequence[Query]) -> dict[str, Json]:
    return {"size": 0, "track_total_hits": False, "aggs": {"counts": {"filters": {"filters": queries}}}}


def words_body(
    field: str, prefix: str, filters: Sequence[Node], limit: int | None, after: str | None = None
) -> dict[str, Json]:
    """Arguments of a ``search`` for the terms of a field: the most frequent, or without `limit` those that follow
    `after`, in order of the terms. Finds nothing where no field can hold the prefix.
    """
    within: list[Query] = [_matching(node) for node in filters]
    text = BY_NAME[field].role == "text"
    name = listed_field(field) if text else field
    include = {}
    if len(prefix) > _LONGEST_TERM or not writable(prefix):
        within.append(NOTHING)
    elif prefix:
        within.append({"prefix": {text_field(field) if text else field: {"value": prefix}}})
        include = {"include": f"{_REGEX_SPECIAL.sub(_ESCAPED, prefix)}.*"}
    if limit is None:
        pages = {"sources": [{"term": {"terms": {"field": name}}}], "size": LISTED_AT_ONCE}
        listed: Json = {"composite": {**pages, **({"after": {"term": after}} if after is not None else {})}}
    else:
        listed = {
            "terms": {
                "field": name,
                "size": max(limit, 1),
                "shard_size": max(limit, _SHARD_SIZE),
                "order": [{"_count": "desc"}, {"_key": "asc"}],
                **include,
            }
        }
    query = {"bool": {"filter": within, "must_not": [HIDDEN]}}
    return {"size": 0, "track_total_hits": False, "query": query, "aggs": {"words": listed}}


def facet_values_body(
    field: str,
    query: Node,
    filters: Mapping[str, Node],
    after: str | None,
    size: int,
    among: Sequence[str] | None,
) -> dict[str, Json]:
    """Arguments of a ``search`` for `size` values of a field that follow `after`, in the order of the values."""
    within = [_matching(node) for node in (query, *(node for name, node in filters.items() if name != field))]
    if among is not None:
        within.append(translate(OneOf(field, tuple(among))))
        included = {"include": [value for value in among if _holdable(field, value)]}
        listed: Json = {"terms": {"field": field, "size": max(size, 1), "order": {"_key": "asc"}, **included}}
    else:
        pages: Query = {"sources": [{"value": {"terms": {"field": field}}}], "size": max(size, 1)}
        if after is not None:
            year, text = value_key(field, after)
            pages["after"] = {"value": year if BY_NAME[field].role == "year" else text}
        listed = {"composite": pages}
    found = {"bool": {"filter": within, "must_not": [HIDDEN]}}
    return {"size": 0, "track_total_hits": False, "query": found, "aggs": {"values": listed}}


def _search_after(request: Request) -> list[Json]:
    cursor = cursors.decode(request.after or "", request.sort)
    kind = {"relevance": (int, float), "title": (str,)}.get(request.sort, (int,))
    whole = isinstance(cursor.key, int) and not -(1 << 63) <= cursor.key < 1 << 63
    if not isinstance(cursor.key, kind) or whole or not writable(f"{cursor.id}{cursor.key}"):
        raise QueryError("cursor: this is not a cursor; take `cursor` from an earlier answer, unchanged")
    return [cursor.key, cursor.id]


def _matching(node: Node) -> Query:
    return translate(matching(node))


def translate(node: Node) -> Query:
    """A query tree as Elasticsearch's JSON; what each node means stands in `indexer.engines.base`."""
    match node:
        case Everything():
            return EVERYTHING
        case Term(field, value):
            return _term(field, value)
        case OneOf(field, values):
            values = tuple(value for value in values if _holdable(field, value))
            return {"constant_score": {"filter": {"terms": {field: values}}, "boost": 0}} if values else NOTHING
        case Phrase(field, terms):
            return _phrase(field, terms)
        case Prefix(field, value):
            return {"prefix": {text_field(field): {"value": value}}} if _one_term(value) else NOTHING
        case Range(field, low, high):
            bounds = {name: bound for name, bound in (("gte", low), ("lte", high)) if bound is not None}
            inside = {"range": {field: bounds}} if bounds else {"exists": {"field": field}}
            return {"constant_score": {"filter": inside, "boost": 0}}
        case All(parts, without):
            must = [translate(part) for part in parts] or [EVERYTHING]
            return {"bool": {"must": must, **({"must_not": [_matching(part) for part in without]} if without else {})}}
        case Any(parts):
            should = [translate(part) for part in parts]
            return {"bool": {"should": should, "minimum_should_match": 1}} if parts else NOTHING
        case Best(parts):
            return {"dis_max": {"queries": [translate(part) for part in parts], "tie_breaker": 0}} if parts else NOTHING
        case Boost(part, factor):
            return _boosted(translate(part), factor)
        case Ranked(part, by):
            return _ranked(translate(part), translate(by))
        case Filtered(part, filters):
            return filtered(translate(part), [_matching(each) for each in filters])


def filtered(query: Query, filters: list[Query]) -> Query:
    """`query` under more filters; always a ``bool``."""
    inner = query.get("bool", {"must": [query]})
    if not filters:
        return {"bool": inner}
    return {"bool": {**inner, "filter": [*inner.get("filter", ()), *filters]}}


def _ranked(query: Query, by: Query) -> Query:
    inner = query.get("bool", {"must": [query]})
    # What only ranks joins the ``should`` parts, where these are optional and their scores are not multiplied.
    if "boost" in inner or "minimum_should_match" in inner:
        inner = {"must": [query]}
    return {"bool": {**inner, "should": [*inner.get("should", ()), by]}}


def _boosted(query: Query, factor: float) -> Query:
    if factor == 1:
        return query
    ((kind, body),) = query.items()
    if kind in {"bool", "dis_max", "constant_score"}:
        return {kind: {**body, "boost": body.get("boost", 1) * factor}}
    if kind in {"term", "prefix", "match_phrase"}:
        ((field, inner),) = body.items()
        return {kind: {field: {**inner, "boost": inner.get("boost", 1) * factor}}}
    return {"bool": {"must": [query], "boost": factor}}


def _term(field: str, value: str) -> Query:
    if BY_NAME[field].role == "text":
        return {"term": {text_field(field): {"value": value}}} if _one_term(value) else NOTHING
    return {"constant_score": {"filter": {"term": {field: value}}}} if _holdable(field, value) else NOTHING


def _phrase(field: str, terms: tuple[str, ...]) -> Query:
    if not terms or not all(map(_one_term, terms)):
        return NOTHING
    if len(terms) == 1:
        return _term(field, terms[0])
    return {"match_phrase": {text_field(field): {"query": " ".join(terms)}}}


def _one_term(value: str) -> bool:
    """Whether a text field can hold this term."""
    return 0 < len(value) <= _LONGEST_TERM and value.split() == [value] and writable(value)


def _holdable(field: str, value: str) -> bool:
    """Whether a keyword or year field can hold this value."""
    if BY_NAME[field].role == "year":
        return value.isascii() and value.isdigit() and len(value) <= 4
    return bool(value) and writable(value) and len(value.encode()) <= _LONGEST_VALUE
