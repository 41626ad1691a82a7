"""Commands that ask the ledger and keep it in order."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import orjson
import typer

from harvester import config, console
from harvester.catalog import codec
from harvester.catalog.model import Dataset
from harvester.cli import Context, Json, Names, app
from harvester.errors import UsageError
from harvester.ledger import Ledger
from harvester.ledger.types import RecordIssue

_READ = 10_000
"""Issues of a job that are read to be told by message; `issue_counts` has all."""

_VALUES = 10
"""Values that are shown of one message."""


@app.command()
def jobs(
    context: typer.Context,
    job: Annotated[str | None, typer.Argument(help="one job: its issues, rejected records, would-be removals")] = None,
    source: Annotated[str | None, typer.Option(help="only jobs of this source")] = None,
    limit: Annotated[int, typer.Option(min=1, help="how many jobs, or rows of each list of one job")] = 30,
    json: Json = False,
) -> None:
    """History of jobs; of one job its issues, rejected records and what it would remove."""
    here: Context = context.obj
    with here.ledger() as ledger:
        if job is None:
            reports = ledger.reports(source, limit)
            if json:
                for report in reports:
                    console.print_json(console.report_row(report))
            else:
                console.print_reports(reports)
            return
        _show_job(ledger, console.job_number(job), limit, json)


def _show_job(ledger: Ledger, number: int, limit: int, json: bool) -> None:
    report = ledger.report(number)
    counts = ledger.issue_counts(number)
    rejected = ledger.rejected(number, limit)
    would_remove = ledger.would_remove(number, limit)
    if json:
        console.print_json(
            console.report_row(report)
            | {
                "started": report.started,
                "finished": report.finished,
                "full": report.full,
                "detail": report.detail,
                "withheld": report.withheld,
                "deviations": [
                    msgspec.to_builtins(deviation) | {"text": str(deviation)} for deviation in report.deviations
                ],
                "saved_requests": report.saved_requests,
                "saved_bytes": report.saved_bytes,
                "resumed": report.resumed,
                "issues": [
                    {"severity": severity, "code": code, "count": count} for (severity, code), count in counts.items()
                ],
                "rejected_records": [
                    {
                        "identifier": row.identifier,
                        "id": row.id,
                        "issues": msgspec.to_builtins(row.issues),
                        "payload": row.parts[0].payload.decode("utf-8", "replace") if row.parts else None,
                    }
                    for row in rejected
                ],
                "would_remove": [
                    {"id": row.id, "identifier": row.identifier, "title": _title(codec.decode(row.content))}
                    for row in would_remove
                ],
            }
        )
        return
    console.print_reports([report])
    console.out.print(
        f"{'full' if report.full else 'incremental'}, {_when(report.started)} to {_when(report.finished)}"
    )
    if report.resumed:
        console.out.print(f"taken up again after an interruption: {report.resumed:,}×")
    if report.detail:
        console.out.print(report.why)
    if report.deviations:
        console.out.print("\nunusual, compared with the records' own past and the last complete job")
        for deviation in report.deviations:
            console.out.print(f"  {deviation}")
    if report.withheld:
        console.out.print(f"  {report.withheld:,} updates wait for `datamoa accept {report.job}`")
    if counts:
        issues = ledger.issues(number, _READ)
        console.print_table(
            ("severity", "issue", "records"),
            [(severity, code, count) for (severity, code), count in counts.items()],
            title="\nissues",
        )
        console.print_table(
            ("severity", "issue", "field", "message", "times", "values", "the first is of"),
            [_alike(alike) for alike in _by_message(issues)[:limit]],
            title=f"\nthe first {len(issues):,} of them, by message",
        )
    if rejected:
        console.print_table(
            ("identifier", "issue", "message", "what the portal gave"),
            [(row.identifier, row.code, row.message, row.excerpt) for row in rejected],
            title="\nrejected records",
        )
    if would_remove:
        console.print_table(
            ("id", "identifier", "title"),
            [(row.id, row.identifier, _title(codec.decode(row.content))) for row in would_remove],
            title=f"\nwould be removed by `datamoa accept {report.job}`",
        )


def _by_message(issues: Sequence[RecordIssue]) -> list[list[RecordIssue]]:
    """Issues that say the same together, errors and the most frequent ones first."""
    groups: dict[tuple[str, str, str | None, str], list[RecordIssue]] = {}
    for issue in issues:
        groups.setdefault((issue.severity, issue.code, issue.field, issue.message), []).append(issue)
    return sorted(groups.values(), key=lambda alike: (alike[0].severity != "error", -len(alike)))


def _alike(issues: Sequence[RecordIssue]) -> tuple[object, ...]:
    first, values = issues[0], Counter(issue.value for issue in issues if issue.value)
    shown = [value if number == 1 else f"{value} ({number:,})" for value, number in values.most_common(_VALUES)]
    more = [f"{len(values) - _VALUES:,} more"] if len(values) > _VALUES else []
    told = ", ".join(shown + more)
    return first.severity, first.code, first.field, first.message, len(issues), told, first.identifier


def _when(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}" if moment else "not yet"


def _title(dataset: Dataset) -> str:
    return dataset.title.get("ko") or next(iter(dataset.title.values()), dataset.identifier)


@app.command()
def accept(context: typer.Context, job: Annotated[str, typer.Argument(help="a held job")], json: Json = False) -> None:
    """Let a held job through: what it would remove is removed now."""
    here: Context = context.obj
    with here.ledger() as ledger:
        report = ledger.accept(console.job_number(job))
        console.print_json(console.report_row(report)) if json else console.print_reports([report])
        here.after_harvest(here.settings, ledger)


@app.command()
def undo(
    context: typer.Context, job: Annotated[str, typer.Argument(help="the newest job of its source")], json: Json = False
) -> None:
    """Take a job back: its datasets are again what they were before it."""
    here: Context = context.obj
    with here.ledger() as ledger:
        report = ledger.undo(console.job_number(job))
        console.print_json(console.report_row(report)) if json else console.print_reports([report])
        here.after_harvest(here.settings, ledger)


@app.command()
def why(
    context: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="ID|URL", help="a dataset's id, its portal's identifier or its address")
    ],
    json: Json = False,
) -> None:
    """Known or not, last seen, last change, rejected because, held because."""
    here: Context = context.obj
    decisions = config.joins(here.settings.config)
    with here.ledger() as ledger:
        found = ledger.why(what)
        doors = {row.id: ledger.also_at(row.id, decisions) for row in found}
    if json:
        for row in found:
            also_at = {"also_at": msgspec.to_builtins(doors[row.id])}
            console.print_json(msgspec.to_builtins(row, builtin_types=(datetime,)) | also_at)
        if not found:
            console.print_json({"id": what, "source": None, "state": "unknown", "reason": "never seen in any listing"})
    for row in () if json else found:
        console.out.print(f"{row.id} in {row.source}: {row.state}. {row.reason}")
        console.out.print(f"  identifier {row.identifier}, page {row.landing_page or 'not known'}")
        console.out.print(
            f"  first seen {_when(row.first_seen)}, last seen {_when(row.last_seen)} (job {row.last_job}), "
            f"last changed {_when(row.last_changed)}"
        )
        for door in doors[row.id]:
            console.out.print(f"  also at {door.source}: {door.id} ({door.reason})")
        for issue in row.issues:
            console.out.print(f"  {issue.severity} {issue.code}: {issue.message} {issue.value or ''}".rstrip())
    if not found and not json:
        console.out.print(f"{what} is not known: no listing that was harvested has it")
    raise typer.Exit(0 if found else 1)


@app.command()
def remap(context: typer.Context, names: Names = None, json: Json = False) -> None:
    """Map the stored payloads again, without touching a portal; the index follows."""
    from harvester.processing import Processor
    from harvester.remap import remap as run_remap

    here: Context = context.obj
    sources = config.select(here.settings.config, tuple(names or ()))
    vocabularies = config.vocabularies(here.settings.config)
    reports = []
    with here.ledger() as ledger:
        for source in sources:
            reports.append(run_remap(ledger, source.name, Processor(source.catalog, vocabularies)))
            if json:
                console.print_json(msgspec.to_builtins(reports[-1]))
        here.after_harvest(here.settings, ledger)
    if not json:
        keys = ("source", "updated", "unchanged", "rejected", "waiting")
        console.print_table(keys, [tuple(getattr(report, key) for key in keys) for report in reports])
        if any(report.waiting for report in reports):
            console.notes.print(
                "What waits was left as it is: a held job keeps it back, or `undo` took it back. "
                "The next harvest takes it up, or `datamoa accept JOB`."
            )


class ExportFormat(StrEnum):
    """Shapes of an export."""

    jsonl = "jsonl"
    csv = "csv"


@app.command()
def export(
    context: typer.Context,
    names: Names = None,
    format: Annotated[
        ExportFormat, typer.Option(help="jsonl: whole datasets; csv: the main columns")
    ] = ExportFormat.jsonl,
) -> None:
    """Every dataset, normalised, on stdout."""
    here: Context = context.obj
    chosen = [source.name for source in config.select(here.settings.config, tuple(names))] if names else [None]
    writer = csv.writer(sys.stdout) if format is ExportFormat.csv else None
    if writer:
        writer.writerow(
            ("id", "source", "title", "publisher", "issued", "modified", "license", "formats", "landing_page")
        )
    with here.ledger() as ledger:
        for source in chosen:
            for row in ledger.export(source):
                if writer is None:
                    counters = orjson.dumps(dict(row.counters)) if row.counters else b"{}"
                    sys.stdout.buffer.write(row.content[:-1] + b',"counters":' + counters + b"}\n")
                    continue
                dataset = codec.decode(row.content)
                formats = {each.format.code or each.format.source for each in dataset.distribution if each.format}
                publisher = dataset.publisher.name if dataset.publisher else {}
                writer.writerow(
                    (
                        dataset.id,
                        dataset.source,
                        _title(dataset),
                        publisher.get("ko") or next(iter(publisher.values()), ""),
                        dataset.issued or "",
                        dataset.modified or "",
                        (dataset.license.code or dataset.license.source) if dataset.license else "",
                        " ".join(sorted(formats)),
                        dataset.landing_page or "",
                    )
                )


@app.command()
def prune(context: typer.Context, json: Json = False) -> None:
    """Remove versions and payloads older than the retention keeps."""
    here: Context = context.obj
    with here.ledger() as ledger:
        removed = ledger.prune()
    if json:
        console.print_json(removed)
    else:
        console.print_table(("what", "removed"), list(removed.items()))


@app.command()
def backup(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="where the copy goes; must not exist yet")]
) -> None:
    """Write a consistent copy of the ledger while it runs."""
    if file.exists():
        raise UsageError(f"{file} exists already; name a new file")
    here: Context = context.obj
    with here.ledger() as ledger:
        ledger.backup(file)
    console.notes.print(f"{file}: {file.stat().st_size / 1e6:,.1f} MB at {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
