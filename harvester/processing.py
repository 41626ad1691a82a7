"""From a harvest record to what the ledger keeps of it: map every part, merge, normalise, validate, encode. Pure."""

from __future__ import annotations

import msgspec

from harvester.catalog.model import Counters, Issue


class Processed(msgspec.Struct, frozen=True, kw_only=True):
    """A record after mapping, normalising and validating.

    `content` is the encoded dataset (`harvester.catalog.codec`) and `content_hash` its hash, both None when the record
    is rejected: then `issues` holds at least one error. `counters` are volatile and not part of the hash.
    `unread` are payload fields that no mapping reads.
    """

    dataset_id: str
    content: bytes | None
    content_hash: bytes | None
    landing_page: str | None = None
    counters: Counters = {}
    issues: tuple[Issue, ...] = ()
    unread: tuple[str, ...] = ()
