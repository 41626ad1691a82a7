"""Mappings again over the stored payloads, without touching a portal."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from harvester.ledger import Entry, Ledger
from harvester.processing import Processor

_AT_ONCE = 500


class RemapReport(msgspec.Struct, frozen=True, kw_only=True):
    """What mapping the stored records of a source again changed; `updated` has new datasets and changed ones.

    `waiting` are the records that were left alone, because a held job keeps their updates back or `undo` took them.
    """

    source: str
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    waiting: int = 0


def remap(
    ledger: Ledger,
    source: str,
    processor: Processor,
    progress: Callable[[RemapReport], None] | None = None,
) -> RemapReport:
    """Map every stored record of a source with the mappings of today, in batches of one transaction each.

    May be interrupted at any point and run again: only what changes gets a version. Records that are removed, kept
    back by a held job or taken back by `undo` wait for the next harvest. `progress` is told after every batch.
    """
    report = RemapReport(source=source)
    after = 0
    while stored := ledger.records(source, after=after, limit=_AT_ONCE):
        entries = [
            Entry(
                record=one.record,
                payload_hash=one.payload_hash,
                mapping_version=processor.version(one.record.parts[0].format),
                processed=processor.process(one.record),
            )
            for one in stored
            if one.record.parts  # what came without any metadata has nothing to map
        ]
        counts = ledger.commit_remap(source, entries)
        report = RemapReport(
            source=source,
            updated=report.updated + counts.created + counts.updated,
            unchanged=report.unchanged + counts.unchanged,
            rejected=report.rejected + counts.rejected,
        )
        after = stored[-1].key
        if progress is not None:
            progress(report)
    return msgspec.structs.replace(report, waiting=ledger.waiting(source))
