"""A portal of our own and a crawl without a network, so that a test says what a portal shows and what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harvester.catalog.coverage import bits_of, found_at
from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import HarvestRecord, Issue, JoinKey, Lost, Page, Part, Rejected
from harvester.ledger import Counts, Ending, Entry, Expected, Job, JobReport, Ledger, payload_hash
from harvester.processing import Processed

SOURCE = "member.portal"
PHONE = ("additional.phone", found_at("additional.phone", ".phone"))
"""Traits of a record that has a phone, where a member file looks for it."""


@dataclass(frozen=True)
class Listed:
    """An entry of the listing. Without a title it cannot be mapped; `views` move without meaning anything."""

    id: str
    title: str | None = "title"
    license: str | None = "KOGL-1"
    phone: str | None = "061-345-3114"
    views: int = 0
    deleted: bool = False
    wants: Mapping[str, str] = field(default_factory=dict)
    revision: str | None = None
    unread: tuple[str, ...] = ()
    warn: str | None = None

    @property
    def record(self) -> HarvestRecord:
        payload = {"title": self.title, "views": self.views, "unread": self.unread, "warn": self.warn}
        payload |= {"license": self.license} if self.license else {}
        payload |= {"phone": self.phone} if self.phone else {}
        part = Part(name="listing", format="test", payload=json.dumps(payload).encode())
        return HarvestRecord(
            identifier=self.id,
            parts=() if self.deleted else (part,),
            deleted=self.deleted,
            wanted=dict(self.wants),
            revision=self.revision,
        )


def process(record: HarvestRecord, source: str = SOURCE) -> Processed:
    """Map a record as a pure function of its parts."""
    id_ = dataset_id(source, record.identifier)
    listing = json.loads(record.parts[0].payload)
    warnings = ()
    if listing["warn"]:
        warnings = (Issue(severity="warning", code=listing["warn"], message="a warning", value="value"),)
    details = {part.name: part.payload.decode() for part in record.parts[1:]}
    title = listing["title"] or details.get("title")
    has = {"title": title, "license": listing.get("license"), "description": details.get("t")}
    covered = bits_of(name for name, value in has.items() if value)
    traits = PHONE if listing.get("phone") else ()
    if title is None:
        error = Issue(severity="error", code="no-title", message="it has no title", field="title")
        return Processed(
            dataset_id=id_,
            content=None,
            content_hash=None,
            issues=(error, *warnings),
            unread=tuple(listing["unread"]),
            found=covered,
            covered=covered,
            traits=traits,
        )
    page = f"https://www.example.org/dataset/{record.identifier}"
    shown = {"license": listing.get("license"), "phone": listing.get("phone")}
    content = json.dumps({"id": id_, "title": title, "details": details} | shown).encode()
    return Processed(
        dataset_id=id_,
        content=content,
        content_hash=payload_hash(content),
        landing_page=page,
        counters={"views": listing["views"]} if listing["views"] else {},
        issues=warnings,
        unread=tuple(listing["unread"]),
        found=covered,
        covered=covered,
        traits=traits,
        joins=(JoinKey("landing_page", page),),
    )


def entries(
    ledger: Ledger, records: Sequence[HarvestRecord], *, version: str = "1", source: str = SOURCE
) -> list[Entry]:
    """What a crawl makes of a page: nothing is mapped that the ledger has already."""
    known = ledger.known(source, [record.identifier for record in records])
    stored = ledger.stored_parts(source, [name for name, one in known.items() if one.has_details])
    made = []
    for record in records:
        digest = payload_hash(record.parts[0].payload if record.parts else b"")
        before = known.get(record.identifier)
        same = before is not None and (before.payload_hash, before.mapping_version) == (digest, version)
        processed = None
        if not record.deleted and not same:
            further = stored.get(record.identifier, ())[1:]
            whole = HarvestRecord(identifier=record.identifier, parts=record.parts + further)
            processed = process(whole, source)
        made.append(Entry(record=record, payload_hash=digest, mapping_version=version, processed=processed))
    return made


def pages(
    listed: Iterable[Listed],
    size: int = 3,
    *,
    declared: int | None = None,
    rejected: Sequence[Rejected] = (),
    lost: Sequence[Lost] = (),
) -> list[Page]:
    """The listing in pages; entries beside records stand on the first one."""
    shown = list(listed)
    chunks = [shown[start : start + size] for start in range(0, len(shown), size)] or [[]]
    made = []
    for number, chunk in enumerate(chunks):
        made.append(
            Page(
                records=tuple(one.record for one in chunk),
                after=None if number == 0 else str(number),
                cursor=str(number + 1),
                end=number == len(chunks) - 1,
                declared_total=declared,
                rejected=tuple(rejected) if number == 0 else (),
                lost=tuple(lost) if number == 0 else (),
            )
        )
    return made


def start(ledger: Ledger, **options: Any) -> Job:
    defaults: dict[str, Any] = {"full": True, "holder": "here", "fingerprint": "same"}
    return ledger.start_job(options.pop("source", SOURCE), **(defaults | options))


def commit(ledger: Ledger, job: Job, some_pages: Iterable[Page], version: str = "1") -> Counts:
    """Commit the pages that follow the job's cursor."""
    counts = ledger.count(job)
    cursor = job.cursor
    for page in some_pages:
        if page.after == cursor and not job.listing_ended:
            made = entries(ledger, page.records, version=version, source=job.source)
            counts = ledger.commit_page(job, page, made)
            cursor = page.cursor
    return counts


@dataclass
class Details:
    """What the portal answers for a detail: text, or an issue; everything else is answered by its address."""

    answers: dict[str, str | Issue] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def fetch(self, ledger: Ledger, job: Job, batch: int = 2, version: str = "1") -> None:
        """Fetch what is pending, in batches."""
        while due := ledger.pending(job, batch):
            made = []
            for record in due:
                arrived, failed = [], []
                for name, address in record.wanted.items():
                    self.asked.append(address)
                    answer = self.answers.get(address, f"text of {address}")
                    if isinstance(answer, Issue):
                        failed.append((name, answer))
                    else:
                        arrived.append(Part(name=name, format="test", payload=answer.encode()))
                parts = tuple(({part.name: part for part in (*record.parts, *arrived)}).values())
                whole = HarvestRecord(
                    identifier=record.identifier, parts=parts, wanted=record.wanted, revision=record.revision
                )
                made.append(
                    Entry(
                        record=whole,
                        payload_hash=payload_hash(parts[0].payload),
                        mapping_version=version,
                        processed=process(whole, job.source) if arrived else None,
                        failed_parts=tuple(failed),
                    )
                )
            ledger.commit_details(job, made)


def harvest(
    ledger: Ledger,
    listed: Iterable[Listed],
    *,
    size: int = 3,
    declared: int | None = None,
    ending: Ending | None = None,
    expected: Expected | None = None,
    details: Details | None = None,
    version: str = "1",
    rejected: Sequence[Rejected] = (),
    lost: Sequence[Lost] = (),
    **options: Any,
) -> JobReport:
    """A whole job against a portal that shows `listed`."""
    job = start(ledger, **options)
    commit(ledger, job, pages(listed, size, declared=declared, rejected=rejected, lost=lost), version)
    (details or Details()).fetch(ledger, job, version=version)
    return ledger.finish_job(job, ending or Ending(requests=1), expected or Expected())


def named(*ids: str, **more: Any) -> list[Listed]:
    return [Listed(id_, **more) for id_ in ids]


def many(number: int, **more: Any) -> list[Listed]:
    return [Listed(f"r{place}", **more) for place in range(number)]


def shown(ledger: Ledger, source: str | None = SOURCE) -> dict[str, str]:
    """Titles of the live datasets, by identifier."""
    return {one.identifier: json.loads(one.content)["title"] for one in ledger.export(source)}


def id_of(identifier: str) -> str:
    return dataset_id(SOURCE, identifier)


def adds_up(report: JobReport | Counts) -> bool:
    seen = sum((report.created, report.updated, report.unchanged, report.rejected, report.deleted, report.duplicate))
    return report.seen == seen and report.listed == report.seen + report.failed


def followed(ledger: Ledger) -> dict[str, bytes | None]:
    """What an index that follows the feed from its beginning holds."""
    held: dict[str, bytes | None] = {}
    after = 0
    while changes := ledger.changes(after, 2):
        for change in changes:
            assert change.seq > after
            after = change.seq
            held[change.id] = change.content
    return {id_: content for id_, content in held.items() if content is not None}
