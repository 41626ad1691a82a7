"""What a generation of the index is made of on Elasticsearch: settings, mapping, and a document's JSON.

``dataset``     the whole dataset as it stands in the ledger, in ``_source`` for Kibana and other readers, not searched
``terms.*``     our own terms under a white-space analyzer; not in ``_source``, where they would double the text
``id``, ``source``, ``content_hash``, ``seq``, ``sort_title``, ``quality``,
and one field a keyword, date or year of `FIELDS`
``hidden``      on a tombstone and on the checkpoint: every search leaves those out
"""

from __future__ import annotations

from typing import Any as Json

import orjson

from indexer.engines.base import Deletion, Document, IndexChange, Ready
from indexer.engines.elasticsearch_address import Address
from indexer.fields import BY_NAME, FIELDS, Field

CHECKPOINT_ID = "datamoa checkpoint"
HIDDEN = {"term": {"hidden": True}}

# `strict_year` and so on would let the server guess at the missing parts; documents and trees carry whole days.
_TYPES: dict[str, dict[str, Json]] = {
    "keyword": {"type": "keyword"},
    "date": {"type": "date", "format": "strict_date"},
    "year": {"type": "integer"},
}


def text_field(name: str) -> str:
    """Name of the field that holds the terms of a logical text field."""
    return f"terms.{name}"


def listed_field(name: str) -> str:
    """Name of the field that holds the terms of a logical text field once more, so that they can be counted."""
    return f"terms.{name}.listed"


def mappings(meta: dict[str, Json]) -> dict[str, Json]:
    """The mapping, made from `FIELDS`; `meta` is kept with it."""
    return {
        "dynamic": "strict",
        "_meta": meta,
        "_source": {"excludes": ["terms"]},
        "properties": {
            "id": {"type": "keyword"},
            "seq": {"type": "long", "index": False},
            "hidden": {"type": "boolean", "doc_values": False},
            "content_hash": {"type": "keyword", "index": False},
            "sort_title": {"type": "keyword", "index": False},
            "quality": {"type": "byte", "index": False},
            "dataset": {"type": "object", "enabled": False},
            "checkpoint": {"type": "object", "enabled": False},
            "terms": {
                "properties": {field.name: _text(field) for field in FIELDS if field.role == "text"},
            },
            **{field.name: _TYPES[field.role] for field in FIELDS if field.role != "text"},
        },
    }


def _text(field: Field) -> dict[str, Json]:
    text: dict[str, Json] = {"type": "text", "analyzer": "whitespace"}
    if not field.listed:
        return text
    # Terms of a listed field come one by one; the gap keeps phrases as they are where terms come joined.
    return {**text, "position_increment_gap": 0, "fields": {"listed": {"type": "keyword", "index": False}}}


def settings(address: Address) -> dict[str, Json]:
    """Settings of a generation that is filled while nobody searches it."""
    return {
        "number_of_shards": address.shards,
        "number_of_replicas": 0,
        "auto_expand_replicas": False,
        "refresh_interval": "-1",
        # A checkpoint must not outlive the changes before it.
        "translog.durability": "request",
        # The server forgets after a minute (and at a restart) that a document was deleted; our tombstones are documents
        # that stay. So it need not remember at all, and what somebody else deleted can be put back by `verify`.
        "gc_deletes": "0s",
        # The deepest page that `indexer.query` allows, and the one hit more that tells whether anything follows.
        "max_result_window": 10_001,
    }


def serving_settings(address: Address) -> dict[str, Json]:
    """What is different once a generation is searched."""
    copies: dict[str, Json] = (
        {"auto_expand_replicas": "0-1"}
        if address.replicas is None
        else {"auto_expand_replicas": False, "number_of_replicas": address.replicas}
    )
    return {**copies, "refresh_interval": address.refresh}


def action(change: IndexChange) -> tuple[dict[str, Json], bytes]:
    """A change as the two lines of a bulk request; the ledger's seq is the document's version."""
    meta = {"_id": change.id, "version": change.seq, "version_type": "external_gte"}
    return {"index": meta}, change.form if isinstance(change, Ready) else orjson.dumps(_body(change))


def ready(document: Document) -> Ready:
    """Write the second of these lines in a process that has the time for it."""
    return Ready(document.id, document.seq, document.source, orjson.dumps(_body(document)))


def _body(change: Document | Deletion) -> dict[str, Json]:
    if isinstance(change, Deletion):
        return {"id": change.id, "seq": change.seq, "source": change.source, "hidden": True}
    return {
        "id": change.id,
        "seq": change.seq,
        "content_hash": change.content_hash,
        "sort_title": change.sort_title,
        "quality": change.quality,
        "terms": {name: terms.split() if BY_NAME[name].listed else terms for name, terms in change.terms.items()},
        # Written into the request as it is; a line break in it would end the line of the bulk request.
        "dataset": orjson.Fragment(change.content.replace(b"\n", b" ") or b"null"),
        **change.values,
        "series": change.series,
        "source": change.source,
    }
