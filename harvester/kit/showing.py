"""How a terminal shows what the kit found."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson
from rich.table import Table

from harvester import console
from harvester.kit.checking import Checked
from harvester.kit.differences import CHANGED, NOTHING, Difference, NewIssue, by_field
from harvester.kit.recording import Recorded
from harvester.kit.trying import Seen, Tried

_WIDE = 130
"""Columns from which raw record and dataset stand side by side."""

_SHOWN = 3
"""Identifiers of records that differ alike, and addresses of answers, that are named."""

_LONGEST = 3_000
"""Characters of a raw part that are shown."""


def summed_up(found: Tried) -> None:
    """What holds for all records of a try: verdict, properties that are filled, what nobody reads or knows."""
    datasets = sum(one.dataset is not None for one in found.records)
    report = found.report
    console.out.print(f"\n{report.source}: {report.verdict}, {report.reason or 'whole listing'}", style="bold")
    console.out.print(f"  {len(found.records)} records, {datasets} datasets; nothing was stored")
    filled = ", ".join(f"{name} {share} %" for name, share in found.coverage.items() if share)
    missing = ", ".join(name for name, share in found.coverage.items() if not share)
    console.out.print(f"  filled: {filled or 'nothing'}")
    console.out.print(f"  in no dataset: {missing or '–'}")
    fetched = sum(bool(one.raw) and one.identifier is not None for one in found.records)
    for name, expressions in found.idle.items():
        rule = ", ".join(f"`{expression}`" for expression in expressions)
        console.out.print(f"  rules that found nothing: {name} at {rule} (0 of {fetched})", style="yellow")
    console.out.print(f"  fields that nobody reads: {_counted(found.unread)}")
    console.out.print(f"  values that no vocabulary knows: {_counted(found.unknown)}")
    _said(found.said)


def seen(one: Seen) -> None:
    """One record beside its dataset; below it where the terminal is narrow."""
    console.out.print(f"\n{one.identifier or 'no identifier'}", style="bold")
    raw = "\n\n".join(f"[{name}]\n{_readable(payload)}" for name, payload in one.raw.items())
    if one.dataset is None:
        dataset = "no dataset"
    else:
        dataset = _json(one.dataset) + (f"\ncounters {_json(one.counters)}" if one.counters else "")
    if console.out.width >= _WIDE:
        table = Table("what the portal gave", "dataset", box=None, pad_edge=False, header_style="bold", expand=True)
        for column in table.columns:
            column.overflow, column.ratio = "fold", 1
        table.add_row(raw, dataset)
        console.out.print(table)
    else:
        console.out.print("what the portal gave:", style="bold")
        console.out.print(raw)
        console.out.print("dataset:", style="bold")
        console.out.print(dataset)
    if one.unread:
        console.out.print(f"nobody reads: {', '.join(one.unread)}", style="yellow")
    for issue in one.issues:
        value = f" {issue.value!r}" if issue.value else ""
        console.out.print(f"{issue.severity} {issue.code}: {issue.message}{value}", style="yellow")


def recorded(found: Recorded) -> None:
    """What was written, or why nothing was, and what differs from the fixture that was there."""
    report = found.report
    console.out.print(
        f"{report.source}: {report.requests} requests, {report.listed} records, "
        f"{sum(one.dataset is not None for one in found.outcomes)} datasets"
    )
    if found.is_new and found.written:
        console.out.print("a new fixture; read its expected.jsonl: it says what must come of this source from now on")
    _answers(found)
    _different(found.differences, found.issues)
    if not found.is_new and not found.exchanges and not found.differences:
        console.out.print("nothing differs from the fixture that was there")
    _said(found.said)
    if found.problem:
        console.out.print(f"not written: {found.problem}", style="red")
    else:
        console.out.print(f"{'written to' if found.written else 'would be written to'} {found.folder}")


def _answers(found: Recorded) -> None:
    """What was answered otherwise; of changes that change no record (a clock, a visitor's number) the sum is enough."""
    for what in dict.fromkeys(what for what, _ in found.exchanges):
        requests = [request for kind, request in found.exchanges if kind == what]
        requests.sort(key=lambda request: request not in found.traced)
        if what == CHANGED and not found.differences and not found.problem:
            console.out.print(f"  answers changed, but no record with them: {len(requests)}")
            continue
        for request in requests[:_SHOWN]:
            of = found.traced.get(request)
            console.out.print(f"  answer {what}: {request}{f'; it tells of {_first(of)}, see below' if of else ''}")
        if len(requests) > _SHOWN:
            console.out.print(f"  answers {what}: {len(requests)} in all")


def checked(found: Checked) -> None:
    """Whether a fixture replays to what is expected, and what faults would do."""
    console.out.print(f"{found.source}: {'right' if found.is_right else 'wrong'}", style="bold")
    console.out.print(
        f"  replay: {_words(found.verdict)}, {found.records} records, {len(found.differences)} differences"
    )
    if found.verdict != found.expected_verdict:
        console.out.print(f"  expected was: {_words(found.expected_verdict)}", style="red")
        _said(found.said)
    _different(found.differences, found.issues)
    if found.faults:
        console.print_table(
            ("the portal answers", "verdict", "reason", "datasets changed", ""),
            [
                (one.fault, one.verdict, one.reason, one.changed, "" if one.is_harmless else "does harm")
                for one in found.faults
            ],
        )


def _different(found: Sequence[Difference], issues: Sequence[NewIssue]) -> None:
    """Field by field, before and after, as the first of so many records has it; then the new issues in words."""
    if found:
        console.print_table(
            ("field", "records", "identifiers", "before", "after"),
            [
                (one.field, len(one.identifiers), _first(one.identifiers), one.before, one.after)
                for one in by_field(found)
            ],
        )
    for issue in issues:
        records = f"{issue.records} records, the first: " if issue.records > 1 else ""
        told = f"  {issue.issue} ({records}{issue.identifier or NOTHING}): {issue.message}"
        console.out.print(told, style="yellow")


def _words(verdict: tuple[str | None, str]) -> str:
    return " ".join(filter(None, verdict))


def _first(identifiers: Sequence[str | None]) -> str:
    shown = ", ".join(one or NOTHING for one in identifiers[:_SHOWN])
    return f"{shown} …" if len(identifiers) > _SHOWN else shown


def _said(lines: Sequence[str]) -> None:
    for line in dict.fromkeys(lines):
        console.out.print(f"  {line}", style="dim")


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in counts.items()) or "none"


def _readable(payload: str) -> str:
    with contextlib.suppress(orjson.JSONDecodeError):
        payload = _json(orjson.loads(payload))
    return payload if len(payload) <= _LONGEST else f"{payload[:_LONGEST]} …"


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
