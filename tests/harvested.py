"""Puts datasets into a real ledger, as jobs would, for tests of what comes after it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from harvester.catalog import codec
from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import Dataset, HarvestRecord, Page, Part, Processed
from harvester.ledger import Ending, Entry, Expected, Ledger, payload_hash

_PAGE = 1_000


def dataset(source: str, identifier: str, title: str, **more: object) -> Dataset:
    return Dataset(
        id=dataset_id(source, identifier),
        source=source,
        identifier=identifier,
        title={"ko": title},
        **more,  # type: ignore[arg-type]
    )


def entry(source: str, identifier: str, content: bytes | None) -> Entry:
    """A record whose payload is its dataset's content; without content the portal says that the record is gone."""
    parts = () if content is None else (Part(name="listing", format="test", payload=content),)
    id = dataset_id(source, identifier)
    return Entry(
        record=HarvestRecord(identifier=identifier, parts=parts, deleted=content is None),
        payload_hash=payload_hash(content or b""),
        mapping_version="1",
        processed=Processed(
            dataset_id=id, content=content, content_hash=codec.content_hash(content) if content is not None else None
        ),
    )


def harvest(ledger: Ledger, source: str, entries: Iterable[Entry]) -> None:
    """One incremental job that commits these records: what it does not name stays as it is."""
    job = ledger.start_job(source, full=False, holder="test", fingerprint=str(time.monotonic_ns()))
    after: str | None = None
    batch: list[Entry] = []
    number = 0

    def commit(entries: Sequence[Entry], end: bool) -> None:
        nonlocal after, number
        number += 1
        cursor = str(number)
        page = Page(records=tuple(each.record for each in entries), after=after, cursor=cursor, end=end)
        ledger.commit_page(job, page, entries)
        after = cursor

    for each in entries:
        batch.append(each)
        if len(batch) == _PAGE:
            commit(batch, end=False)
            batch = []
    commit(batch, end=True)
    ledger.finish_job(job, Ending(), Expected())


def put(ledger: Ledger, *datasets: Dataset) -> None:
    """Create or update datasets, each source in a job of its own."""
    for source in dict.fromkeys(each.source for each in datasets):
        harvest(
            ledger,
            source,
            (entry(source, each.identifier, codec.encode(each)) for each in datasets if each.source == source),
        )


def remove(ledger: Ledger, source: str, *identifiers: str) -> None:
    harvest(ledger, source, (entry(source, identifier, None) for identifier in identifiers))
