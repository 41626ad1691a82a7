"""A few records of a source, each as the portal gave it and as the dataset that it became."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from harvester import config
from harvester.catalog.coverage import by_property, count, whole_of
from harvester.catalog.model import Dataset, HarvestRecord, Issue, Processed
from harvester.crawl.redaction import redact_bytes
from harvester.crawl.run import harvest_source
from harvester.kit.crawls import listening, own_ledger
from harvester.ledger import Ledger
from harvester.ledger.types import JobReport, RecordIssue
from harvester.mapping.declared import COUNTERS, filling
from harvester.members import HarvestSource
from harvester.processing import Processor

_NOT_COUNTED = {"id", "source", "identifier"}


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One record: `raw` is its parts' payloads as text by part name; `dataset` None where it was rejected."""

    identifier: str | None
    raw: Mapping[str, str]
    dataset: Mapping[str, Any] | None = None
    counters: Mapping[str, int] = {}
    issues: Sequence[Issue] = ()
    unread: Sequence[str] = ()


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What a try showed.

    `coverage`: property → percent of the datasets that have it, for every property of a dataset (those of its
    distributions as ``distribution.…``). `unread` and `unknown` count: fields that no mapping reads, values that no
    vocabulary knows (``license: 공개`` …). `idle` are the rules of the member file that found nothing in any record:
    property → its expressions. `said` are the crawl's warnings.
    """

    report: JobReport
    records: Sequence[Seen]
    coverage: Mapping[str, int]
    unread: Mapping[str, int]
    unknown: Mapping[str, int]
    idle: Mapping[str, Sequence[str]]
    said: Sequence[str]


def attempt(settings: config.Settings, source: HarvestSource, limit: int) -> Tried:
    """Fetch the first `limit` records of a source with their details, and map them; nothing is stored.

    Raises `ConfigurationError` where the crawl cannot begin; what goes wrong later is in the report.
    """
    processor = Processor(source.catalog, config.vocabularies(settings.config))
    with own_ledger(settings) as here, listening() as said:
        report = harvest_source(here, source, full=True, limit=limit)
        with Ledger.open(here.database_url) as ledger:
            issues: dict[str | None, list[Issue]] = {}
            for issue in ledger.issues(report.job):
                issues.setdefault(issue.identifier, []).append(_issue(issue))
            stored = [one.record for one in ledger.records(source.name, limit=limit)]
            processed = [processor.process(record) for record in stored]
            records = [
                _seen(record, made, issues.pop(record.identifier, []))
                for record, made in zip(stored, processed, strict=True)
            ]
            records += [
                Seen(identifier=None, raw={"listing": one.excerpt}, issues=one.issues)
                for one in ledger.rejected(report.job, limit)
                if one.identifier is None
            ]
            issues.pop(None, None)
            records += [Seen(identifier=name, raw={}, issues=found) for name, found in issues.items()]  # lost ones
    return Tried(
        report=msgspec.structs.replace(report, job=0),
        records=records,
        coverage=coverage([one.dataset for one in records if one.dataset]),
        unread=Counter(name for one in records for name in one.unread),
        unknown=Counter(
            f"{issue.field}: {issue.value}"
            for one in records
            for issue in one.issues
            if issue.code.startswith("unknown-")
        ),
        idle=_idle(source.catalog.rules, processed),
        said=said,
    )


def coverage(datasets: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """In how many percent of the datasets each property is filled."""
    have = Counter(name for dataset in datasets for name in set(_filled(dataset)))
    names = [name for name in Dataset.__struct_fields__ if name not in _NOT_COUNTED]
    return {name: round(100 * have[name] / max(1, len(datasets))) for name in dict.fromkeys([*names, *sorted(have)])}


def _filled(dataset: Mapping[str, Any]) -> Iterable[str]:
    for name, value in dataset.items():
        if name in _NOT_COUNTED:
            continue
        yield name
        if name == "distribution":
            yield from (f"{name}.{key}" for one in value for key in one)


def _issue(said: RecordIssue) -> Issue:
    return Issue(severity=said.severity, code=said.code, message=said.message, field=said.field, value=said.value)


def _idle(
    rules: Mapping[str, Mapping[str, tuple[str, ...]]], processed: Sequence[Processed]
) -> dict[str, tuple[str, ...]]:
    if not processed:
        return {}  # nothing was read, which says nothing about rules
    filled = filling(rules)
    found = {
        *count(one.found for one in processed),
        *(name for one in processed for name in (*one.traits, *one.counters)),
    }
    wanted = by_property(filled)
    for name in COUNTERS:
        if said := tuple(each for one in filled.values() for each in one.get(name, ())):
            wanted[name] = said
    idle = {name: said for name, said in wanted.items() if name not in found}
    parts = {whole_of(name) for name in idle}
    return {name: said for name, said in idle.items() if name not in parts}


def _seen(record: HarvestRecord, processed: Processed, issues: Sequence[Issue]) -> Seen:
    dataset = msgspec.json.decode(redact_bytes(processed.content)) if processed.content else None
    return Seen(
        identifier=record.identifier,
        raw={part.name: redact_bytes(part.payload).decode("utf-8", "replace") for part in record.parts},
        dataset=dataset,
        counters=processed.counters,
        issues=issues,
        unread=processed.unread,
    )
