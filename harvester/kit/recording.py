"""Fixtures made from a portal's own answers, and what is another now when they are made again."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from harvester import config
from harvester.crawl.order import Sample
from harvester.crawl.run import harvest_source
from harvester.errors import ConfigurationError, PortalError, UsageError
from harvester.fixtures import (
    EXPECTED,
    INDEX,
    SAMPLE,
    Beginning,
    Exchange,
    Fixture,
    Outcome,
    replay,
    sentences,
    with_options,
    write_expected,
)
from harvester.kit.crawls import listening, own_ledger
from harvester.kit.differences import (
    Difference,
    NewIssue,
    changed_exchanges,
    differences,
    new_issues,
    same_answer,
    traced,
)
from harvester.kit.places import must_be_writable
from harvester.ledger import Ledger
from harvester.ledger.types import JobReport
from harvester.members import HarvestSource

LARGEST = 4 << 20
"""Bytes of one answer. Fixtures are read by people and kept in a repository."""

_ENDINGS = {
    "json": "json", "html": "html", "xml": "xml", "csv": "csv", "turtle": "ttl", "spreadsheetml": "xlsx",
    "excel": "xls", "plain": "txt",
}  # fmt: skip


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What was recorded. `problem` says why nothing was written, empty where all is well.

    `exchanges` and `differences` compare with the fixture that was there before; `is_new`: there was none. `traced` has
    the records that differ by the request of the answer that tells of them.
    """

    folder: Path
    report: JobReport
    problem: str
    is_new: bool
    written: bool
    exchanges: Sequence[tuple[str, str]]
    differences: Sequence[Difference]
    traced: Mapping[str, Sequence[str]]
    issues: Sequence[NewIssue]
    outcomes: Sequence[Outcome]
    said: Sequence[str]


def record(
    settings: config.Settings,
    source: HarvestSource,
    sample: Sample,
    folder: Path,
    *,
    options: Mapping[str, Any],
    dry_run: bool = False,
) -> Recorded:
    """Harvest the beginning of a source, keep what it was answered as the fixture ``folder/<source>``, and replay that.

    Written only where the replay gives what the harvest gave; whatever was there before stays otherwise. Raises
    `PortalError` where an answer is too large to be kept or none came; before anything is asked `UsageError` where
    the folder cannot be written, `ConfigurationError` where an option or the fixture that is there is wrong.
    """
    from harvester.crawl.recording import Recording  # Scrapy takes half a second to import

    target = folder / source.name
    if not dry_run:
        must_be_writable(target)
    before = Fixture.load(target) if (target / INDEX).exists() else None
    asked = with_options(source, options)
    recording = Recording(LARGEST)
    with own_ledger(settings) as here, listening() as said:
        report = harvest_source(here, asked, full=True, sample=sample, witness=recording)
        shortened = bool(recording.too_large) and _shorten(recording, asked, here)
        with Ledger.open(here.database_url) as ledger:
            words = sentences(ledger, report)
    if recording.too_large:
        raise PortalError(
            "limit",
            f"{source.name}: larger than a fixture may hold ({LARGEST:,} bytes): {', '.join(recording.too_large)}; "
            f"ask for smaller pages with --option, or write a fixture by hand",
        )
    if not recording.answered:
        raise PortalError(report.reason, f"{source.name}: {report.reason}: no answer came; {said[-1] if said else ''}")
    with tempfile.TemporaryDirectory(prefix="datamoa-record-") as made:
        work = Path(made) / source.name
        work.mkdir()
        cut = report.reason == "limit" and not shortened
        if cut or options:
            beginning = Beginning(pages=sample.pages, records=sample.records, options=dict(options), cut=cut)
            (work / SAMPLE).write_bytes(_pretty(beginning))
        fixture = _write(work, recording.answered, before)
        with listening():
            replayed, outcomes = replay(fixture, source, settings.config)
        write_expected(work, outcomes)
        problem = _problem(report, replayed, shortened=shortened)
        written = not problem and not dry_run
        different = differences(_expected(before), outcomes) if before else []
        recorded = Recorded(
            folder=target,
            report=msgspec.structs.replace(report, job=0),
            problem=problem,
            is_new=before is None,
            written=written,
            exchanges=changed_exchanges(before, fixture) if before else (),
            differences=different,
            traced=traced(before, fixture, different, (*_expected(before), *outcomes)) if before else {},
            issues=new_issues(_expected(before), outcomes, words),
            outcomes=outcomes,
            said=said,
        )
        if written:
            _put(work, target)
    return recorded


def _shorten(recording: Any, source: HarvestSource, settings: config.Settings) -> bool:
    from harvester.crawl.loader import spider_class

    spider = spider_class(source, settings.config)
    with Ledger.open(settings.database_url) as ledger:
        identifiers = {stored.record.identifier for stored in ledger.records(source.name, limit=10_000)}
    return bool(recording.shorten(lambda file, url: spider.excerpt(file, url, identifiers)))


def _problem(report: JobReport, replayed: JobReport, *, shortened: bool) -> str:
    """Why the replay does not stand for the harvest; of an excerpt only the datasets can be the same."""
    if report.verdict != "complete" and (report.verdict, report.reason) != ("partial", "limit"):
        return f"the portal's answers make no listing: {report.verdict}: {report.reason}"
    if shortened and (replayed.verdict, replayed.created) == ("complete", report.created):
        return ""
    counts = ("verdict", "reason", "listed", "seen", "created", "rejected", "deleted", "duplicate", "failed")
    other = [
        f"{name} {getattr(report, name)!r} and then {getattr(replayed, name)!r}"
        for name in counts
        if getattr(report, name) != getattr(replayed, name)
    ]
    return f"replaying the answers gives something else than the harvest: {'; '.join(other)}" if other else ""


def _expected(fixture: Fixture | None) -> Sequence[Outcome]:
    try:
        return fixture.expected if fixture else ()
    except ConfigurationError:
        return ()  # a fixture whose recording broke off: all that comes is new


def _write(folder: Path, answered: Sequence[Any], before: Fixture | None) -> Fixture:
    today = datetime.now(UTC).date().isoformat()
    known = {(one.method, one.url, one.request_body): one for one in before.exchanges} if before else {}
    exchanges = []
    for one in answered:
        file = _file_name(one.method, one.url, one.request_body, one.headers.get("Content-Type", ""))
        (folder / file).write_bytes(one.body)
        exchange = Exchange(
            url=one.url,
            file=file,
            method=one.method,
            request_body=one.request_body,
            status=one.status,
            headers=one.headers,
            note=f"recorded {today}",
        )
        old = known.get((one.method, one.url, one.request_body))
        made = Fixture(folder=folder, exchanges=(exchange,))
        if old and before and (before.folder / old.file).exists() and same_answer(before, old, made, exchange):
            exchange = msgspec.structs.replace(exchange, note=old.note)
        exchanges.append(exchange)
    (folder / INDEX).write_bytes(_pretty(exchanges))
    return Fixture.load(folder)


def _file_name(method: str, url: str, body: str, content_type: str) -> str:
    """Name a file so that the same request has the same one at every recording."""
    words = re.findall(r"\w+", unquote(urlsplit(url).path), re.ASCII)[-3:]
    digest = hashlib.blake2b(f"{method} {url} {body}".encode(), digest_size=3).hexdigest()
    ending = next((ending for part, ending in _ENDINGS.items() if part in content_type.lower()), "bin")
    return f"{'-'.join([*words, digest])[-80:]}.{ending}"


def _put(work: Path, target: Path) -> None:
    """Replace the fixture by the new one, which is there as a whole before the old one goes; other files stay.

    Raises `UsageError` where there is no room for it.
    """
    target.mkdir(parents=True, exist_ok=True)
    old = {INDEX, EXPECTED, SAMPLE}
    if (target / INDEX).exists():
        old |= {one.file for one in Fixture.load(target).exchanges}
    try:
        with tempfile.TemporaryDirectory(dir=target, prefix=".new-") as beside:
            new = [Path(shutil.copyfile(file, Path(beside) / file.name)) for file in work.iterdir()]
            for name in old - {file.name for file in new}:
                (target / name).unlink(missing_ok=True)
            for file in new:
                file.replace(target / file.name)
    except OSError as error:
        raise UsageError(f"{target}: the fixture cannot be written here: {error.strerror}") from None


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
