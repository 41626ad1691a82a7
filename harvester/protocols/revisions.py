"""When the further parts of a record are worth asking for again."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from harvester.catalog.dates import parse_date


def revision(said: Any, modified: str | None, job: int) -> str:
    """Text that changes when they are: what the listing `said` of the record, without counters, which move every day.

    Where the listing shows no date of change (`modified`), nothing but the parts themselves tells: they are asked for
    in every job.
    """
    if modified is None or parse_date(modified) is None:
        return f"job {job}"
    try:
        return hashlib.blake2b(msgspec.json.encode(said, order="sorted"), digest_size=12).hexdigest()
    except RecursionError:
        return f"job {job}"
