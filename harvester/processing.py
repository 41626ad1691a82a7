"""From a harvest record to what the ledger keeps of it: map every part, normalise, merge, validate, encode. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from harvester.catalog import codec, coverage, joins, normalise
from harvester.catalog.identifiers import dataset_id
from harvester.catalog.joins import join_keys
from harvester.catalog.merge import merge
from harvester.catalog.model import Catalog, Concept, Dataset, HarvestRecord, Issue, Mapped, Part, Processed
from harvester.catalog.normalise import Normaliser
from harvester.catalog.validate import validate
from harvester.catalog.vocabularies import Vocabularies
from harvester.errors import RecordError
from harvester.mapping import MAPPINGS, TOGETHER, VERSIONS

__all__ = ["Processed", "Processor"]

_LARGEST_PART = 1 << 22
"""Bytes; the largest recorded payload has 310 thousand. Hostile JSON takes twenty times its size once it is read."""

_NO_PARTS = Issue(severity="error", code="no-parts", message="the record came without any metadata")


class Processor:
    """Makes datasets of the records of one harvest source."""

    def __init__(self, catalog: Catalog, vocabularies: Vocabularies) -> None:
        self._catalog = catalog
        self._digest = vocabularies.digest
        self._normaliser = Normaliser(vocabularies, catalog)

    def version(self, format: str) -> str:
        """Name the rules that records of this listing format are processed by; another name, another outcome.

        Speaks of every part that such a record may come to have, not only of those it has now: it would change when
        the details come, and the next listing would map every record anew.
        Raises KeyError for a format that no mapping reads.
        """
        mappings = "+".join(
            f"{each}-{VERSIONS[each]}{self._rules(each)}" for each in (format, *TOGETHER.get(format, ()))
        )
        return f"{mappings}.{normalise.VERSION}.{coverage.VERSION}.{joins.VERSION}.{self._digest}"

    def _rules(self, format: str) -> str:
        """Name the rules that the member file has for a declarative format: other rules, another outcome."""
        rules = self._catalog.rules.get(format)
        if not rules:
            return ""
        return "-" + hashlib.blake2b(msgspec.json.encode(rules, order="sorted"), digest_size=6).hexdigest()

    def process(self, record: HarvestRecord) -> Processed:
        """Make the dataset of a record; a record that cannot become one is rejected with its issues. Never raises.

        The first part (the listing's) must be readable; a further one that is not leaves a warning.
        """
        id = dataset_id(self._catalog.source, record.identifier)
        try:
            return self._process(id, record)
        except Exception as error:  # noqa: BLE001 - a fault of ours costs this record, visibly, and not the job
            message = f"a fault of this program: {type(error).__name__}: {error}; please report it with the record"
            return _rejected(id, Issue(severity="error", code="internal-fault", message=message[:500]))

    def _process(self, id: str, record: HarvestRecord) -> Processed:
        datasets: list[Dataset] = []
        counters: dict[str, int] = {}
        issues: tuple[Issue, ...] = ()
        unread: tuple[str, ...] = ()
        places: tuple[str, ...] = ()
        found = 0
        for part in _best_first(record.parts):
            mapped = self._mapped(part, record.identifier)
            if isinstance(mapped, Issue):
                if datasets:
                    issues += (msgspec.structs.replace(mapped, severity="warning"),)
                    continue
                return _rejected(id, mapped)
            found |= coverage.covered(mapped.dataset)
            dataset, noticed = self._normaliser.normalise(mapped.dataset)
            datasets.append(dataset)
            counters = {**mapped.counters, **counters} if counters else {**mapped.counters}
            issues += mapped.issues + noticed
            unread += mapped.unread
            places += mapped.places
        if not datasets:
            return _rejected(id, _NO_PARTS)
        dataset = datasets[0]
        if len(datasets) > 1:
            dataset = merge(datasets)
            issues = tuple(issue for issue in dict.fromkeys(issues) if not _is_settled(issue, dataset))
            unread = tuple(dict.fromkeys(unread))
        issues += validate(dataset)
        content = None
        if not any(issue.severity == "error" for issue in issues):
            try:
                content = codec.encode(dataset)
            except UnicodeEncodeError as error:  # lone surrogates, where text is kept as it came
                message = f"a value that is kept as it came is no Unicode text: {error.reason}"
                issues += (Issue(severity="error", code="bad-unicode", message=message),)
        return Processed(
            dataset_id=id,
            content=content,
            content_hash=codec.content_hash(content) if content else None,
            landing_page=dataset.landing_page,
            counters=counters,
            issues=issues,
            unread=unread,
            found=found,
            covered=coverage.covered(dataset),
            traits=(*(f"additional.{key}" for key in dataset.additional), *places),
            joins=join_keys(dataset) if content else (),
        )

    def _mapped(self, part: Part, identifier: str) -> Mapped | Issue:
        mapping = MAPPINGS.get(part.format)
        if mapping is None:
            message = f"no mapping reads the metadata format {part.format!r}"
            return Issue(severity="error", code="no-mapping", message=message, field=part.name)
        if len(part.payload) > _LARGEST_PART:
            message = f"the metadata of one record has {len(part.payload):,} bytes, more than {_LARGEST_PART:,}"
            return Issue(severity="error", code="too-large", message=message, field=part.name)
        try:
            return mapping(part.payload, identifier, self._catalog)
        except RecordError as error:
            value = error.value[:200] if error.value else None
            return Issue(
                severity="error", code=error.code, message=error.message, field=error.field or part.name, value=value
            )


def _best_first(parts: Sequence[Part]) -> Sequence[Part]:
    """The listing's part, then the others in the order of `TOGETHER`, whenever each of them came."""
    if len(parts) < 3:
        return parts
    order = TOGETHER.get(parts[0].format, ())
    ranks = {name: place for place, name in enumerate(order)}
    return (parts[0], *sorted(parts[1:], key=lambda part: ranks.get(part.format, len(order))))


def _is_settled(issue: Issue, dataset: Dataset) -> bool:
    """Whether another part knew what this issue says is unknown: merging put the known concept in its place."""
    if not issue.code.startswith("unknown-"):
        return False
    concept = getattr(dataset, issue.field or "", None)
    return isinstance(concept, Concept) and concept.code is not None


def _rejected(id: str, issue: Issue) -> Processed:
    return Processed(dataset_id=id, content=None, content_hash=None, issues=(issue,))
