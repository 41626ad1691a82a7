"""What a portal sent, before it is kept: without the keys that it repeats."""

from __future__ import annotations

from msgspec.structs import replace

from harvester.catalog.model import HarvestRecord, Page, Part, Rejected
from harvester.crawl.redaction import redact, redact_data


def without_keys(page: Page) -> Page:
    """Give the page with ``***`` in the place of every key in what is kept of its entries."""
    records = tuple(map(_record, page.records))
    rejected = tuple(map(_rejected, page.rejected))
    same = records == page.records and rejected == page.rejected
    return page if same else replace(page, records=records, rejected=rejected)


def part_without_keys(part: Part) -> Part:
    """Give the part with ``***`` in the place of every key."""
    payload = redact_data(part.payload)
    return part if payload == part.payload else replace(part, payload=payload)


def _record(record: HarvestRecord) -> HarvestRecord:
    parts = tuple(map(part_without_keys, record.parts))
    return record if parts == record.parts else replace(record, parts=parts)


def _rejected(rejected: Rejected) -> Rejected:
    payload = redact_data(rejected.payload)
    if payload == rejected.payload:
        return rejected
    issue = replace(rejected.issue, value=rejected.issue.value and redact(rejected.issue.value))
    return replace(rejected, payload=payload, issue=issue)
