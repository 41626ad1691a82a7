"""Whose index is it? One that was filled from another ledger, or is ahead of its own, neither grows nor answers."""

from __future__ import annotations

from harvester.ledger import Ledger
from indexer.engines.base import Checkpoint


def estrangement(ledger: Ledger, at: Checkpoint) -> str | None:
    """What an index that stands `at` did that shows that it is not this ledger's; None where it is, or is new.

    Read the checkpoint first: a ledger that is written meanwhile is then ahead of it, never behind.
    """
    if at.ledger not in (None, ledger.id):
        return "was filled from another ledger"
    if at.seq > (last := ledger.last_seq()):
        return f"has seen change {at.seq}, the ledger's last is {last} (was it restored from a backup?)"
    return None
