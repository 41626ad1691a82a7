"""Documents as the embedded engine stores them: one JSON object each. Pure."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import orjson

from indexer.engines.base import Checkpoint, Deletion, Document, IndexChange, Ready
from indexer.engines.embedded_facets import combination, combined
from indexer.engines.order import TEXT_NUMBERS, day_key, id_key, line_key, quality_key, text_keys
from indexer.fields import FIELDS

TITLE_ORDERS = tuple(f"title_order_{n}" for n in range(1, TEXT_NUMBERS + 1))


class Stamp(msgspec.Struct, array_like=True):
    """What is stored beside the id of a document; earlier releases stored less."""

    source: str
    content_hash: str
    sort_title: str = ""
    series: str = ""


class State(msgspec.Struct, array_like=True, kw_only=True):
    """What the checkpoint document stores: how far the index is, and the highest `seq` that ever came in."""

    ledger: str | None = None
    seq: int = 0
    analysis: str | None = None
    highest_seq: int = 0

    @property
    def checkpoint(self) -> Checkpoint:
        """As every engine says it."""
        return Checkpoint(ledger=self.ledger, seq=self.seq, analysis=self.analysis)


def stored(value: Stamp | State) -> str:
    """As a bytes field takes it in JSON."""
    return base64.b64encode(msgspec.json.encode(value)).decode()


def state_document(state: State) -> str:
    """Make the document that holds the checkpoint."""
    return orjson.dumps({"kind": "checkpoint", "stamp": stored(state)}).decode()


def change_document(change: IndexChange) -> str:
    """Make a document or tombstone; raises ValueError when a value is not what its field takes."""
    if isinstance(change, Ready):
        return change.form.decode()
    if isinstance(change, Deletion):
        return orjson.dumps({"id": change.id, "seq": change.seq, "kind": "tombstone"}).decode()
    fields: dict[str, Any] = {
        "id": change.id,
        "seq": change.seq,
        "kind": "document",
        "stamp": stored(Stamp(change.source, change.content_hash, change.sort_title, change.series)),
        "id_order": id_key(change.id),
        "quality_order": quality_key(change.quality, change.id),
        "line": line_key(change.series),
        **dict(zip(TITLE_ORDERS, text_keys(change.sort_title), strict=True)),
    }
    for field in FIELDS:
        name = field.name
        if field.role == "text":
            if terms := change.terms.get(name):
                fields[name] = terms
            continue
        values = (change.series,) if name == "series" else change.values.get(name, ())
        if field.role == "date":
            day = values[0] if values else None
            fields[name] = day_key(day, change.id)
            fields[f"{name}_down"] = day_key(day, change.id, newest_first=True)
        elif not values:
            continue
        elif field.role == "year":
            fields[name] = _year(values[0])
        elif field.many:
            fields[name] = values
            fields[combination(name)] = combined(values)
        else:
            fields[name] = values[0]
    return orjson.dumps(fields).decode()


def ready(document: Document) -> Ready:
    """Make a document in a process that has the time for it; raises what `change_document` does."""
    return Ready(document.id, document.seq, document.source, change_document(document).encode())


def _year(text: str) -> int:
    year = int(text)
    if not 0 <= year <= 9999:
        raise ValueError(f"{year} is no year")
    return year
