"""What to do with the answers to bulk requests: pure policy, `Post` does the sending.

========================  ===========================================================================================
the cluster is busy       429 and 5xx of single documents or whole requests: again and again, one request at a time and
                          slower each time; if nothing at all gets through, the fault is the cluster's and stops the
                          load; if the others got through, it is returned as a failure of the documents
a request is too large    413: in smaller requests, in the end one by one; a document too large alone is a failure
a document is refused     400: a failure at once, the others go in
there is a newer version  409: as wanted; the caller looks whether that version is ours
anything else             the index is closed, read-only, gone, or not ours to write: stops the load
========================  ===========================================================================================
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from harvester.errors import IndexEngineError
from indexer.engines.base import Failure, IndexChange

CHUNK = 500
_SMALL_CHUNK = 50

DELAYS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each further attempt (give or take half, so that loaders do not come back in step)."""

READ_ONLY = (
    "the index is read-only, as Elasticsearch makes it when a disk is nearly full (flood stage): free some space, it "
    "lifts the block by itself; one set by hand is lifted by setting index.blocks.* to null"
)

HINTS = {
    "cluster_block_exception": READ_ONLY,
    "index_not_found_exception": "the index was rebuilt or deleted meanwhile: run `datamoa index` again",
    "index_closed_exception": "the index is closed: open it again, or run `datamoa rebuild`",
    "invalid_alias_name_exception": "an index of that name exists: take another name in DATAMOA_INDEX_URL",
    "security_exception": "check the rights of this user or key",
}
"""What to do about faults of a whole index, by Elasticsearch's name for them."""


class Outcome(NamedTuple):
    """How one change of a bulk request ended: HTTP status, Elasticsearch's name for the fault, and its words."""

    status: int
    kind: str = ""
    reason: str = ""


class Sent(NamedTuple):
    """What became of the changes that did not simply go in."""

    failures: list[Failure]
    conflicts: list[IndexChange]


Post = Callable[[Sequence[IndexChange], int, int], Iterable[Outcome]]
"""Sends changes, so many in a request and so many requests at a time, and gives their outcomes in the same order."""


def send(
    post: Post, changes: Sequence[IndexChange], connections: int, sleep: Callable[[float], None] = time.sleep
) -> Sent:
    """Send `changes` as the module's table says; raise `IndexEngineError` where the fault is not a document's."""
    sent = Sent([], [])
    waiting = _round(post, changes, CHUNK, connections, sent)
    for delay in DELAYS:
        if not waiting:
            return sent
        sleep(delay * random.uniform(0.5, 1.5))
        waiting = _round(post, [change for change, _ in waiting], _SMALL_CHUNK, 1, sent)
    if waiting and len(waiting) == len(changes):
        raise IndexEngineError(
            f"the cluster refused every one of {len(changes)} changes for {sum(DELAYS):.0f} s; try again when it is "
            f"less busy ({waiting[0][1].reason})"
        )
    sent.failures.extend(Failure(change.id, change.seq, outcome.reason) for change, outcome in waiting)
    return sent


def _round(
    post: Post, changes: Sequence[IndexChange], chunk: int, connections: int, sent: Sent
) -> list[tuple[IndexChange, Outcome]]:
    """Send once; return what is worth another try."""
    again, bulky = [], []
    for change, outcome in zip(changes, post(changes, chunk, connections), strict=True):
        if 200 <= outcome.status < 300:
            continue
        if outcome.status == 409:
            sent.conflicts.append(change)
        elif outcome.kind in HINTS or outcome.status in {401, 403, 404}:
            raise IndexEngineError(f"{outcome.reason}; {HINTS.get(outcome.kind, 'nothing was lost')}")
        elif outcome.status == 413 and chunk > 1:
            bulky.append(change)
        elif outcome.status == 429 or outcome.status >= 500:
            again.append((change, outcome))
        else:
            sent.failures.append(Failure(change.id, change.seq, outcome.reason))
    if bulky:
        again += _round(post, bulky, chunk // 10 or 1, connections, sent)
    return again
