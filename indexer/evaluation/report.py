"""What a run says: a table for people, one object a line for programs."""

from __future__ import annotations

from collections.abc import Sequence

from harvester import console
from indexer.evaluation.run import Change, Result, Summary
from indexer.evaluation.statistics import Estimate


def print_report(found: Sequence[Summary], *, compared: bool, json: bool) -> None:
    """Print every measure of every set."""
    if json:
        for summary in found:
            console.print_json(_row(summary))
    else:
        _print_table(found, compared=compared)


def print_changes(changed: Sequence[Change], show: int, *, json: bool) -> None:
    """Print the largest changes of each set."""
    for change in _largest(changed, show):
        if json:
            console.print_json(change._asdict())
            continue
        mark = "+" if change.after > change.before else "−"
        console.out.print(
            f"{mark} {change.set} ({change.half}): {change.query}  "
            f"{change.measure} {change.before:.3f} → {change.after:.3f}"
        )


def print_worst(found: Sequence[tuple[Result, str]], *, json: bool) -> None:
    """Print queries with their main measure and the first hits."""
    for result, measure in found:
        if json:
            row = {name: getattr(result, name) for name in ("set", "query", "half", "total", "first")}
            console.print_json({**row, "measure": measure, "value": result.measures[measure]})
            continue
        console.out.print(
            f"{result.set} ({result.half}): {result.query}  {measure} {result.measures[measure]:.3f}, "
            f"{result.total:,} hits: {' '.join(result.first[:3])}"
        )


def print_omissions(results: Sequence[Result]) -> None:
    """Say on stderr which questions were not judged or not answered."""
    unknown = sum(not result.measures for result in results)
    if unknown:
        console.notes.print(f"{unknown} questions are not judged: this ledger has none of the datasets that they name")
    faults = [result for result in results if result.fault]
    for result in faults[:5]:
        console.notes.print(f"refused: {result.query}: {result.fault}")
    if faults:
        console.notes.print(f"{len(faults)} questions were refused; they count as answered without hits")


def _row(summary: Summary) -> dict[str, object]:
    row: dict[str, object] = {
        "set": summary.set,
        "half": summary.half or "all",
        "measure": summary.measure,
        "queries": summary.queries,
        **_rounded("", summary.value),
    }
    if compared := summary.compared:
        row |= {"compared": compared.queries, **_rounded("difference_", compared.difference)}
        row |= {"wins": compared.wins, "losses": compared.losses}
    return row


def _rounded(prefix: str, value: Estimate) -> dict[str, float]:
    return {f"{prefix}{name}": round(part, 4) for name, part in value._asdict().items()}


def _print_table(found: Sequence[Summary], *, compared: bool) -> None:
    rows: dict[tuple[str, str], list[Summary]] = {}
    for summary in found:
        rows.setdefault((summary.set, summary.measure), []).append(summary)
    columns = ["set", "measure", "queries", "all", "tune", "aside"]
    if compared:
        columns += ["difference", "of tune", "of aside", "wins", "losses"]
    table = []
    for (name, measure), summaries in rows.items():
        by_half = {summary.half: summary for summary in summaries}
        whole = by_half[None]
        row = [name, measure, str(whole.queries)]
        row += [_said(by_half[half].value) if half in by_half else "" for half in (None, "tune", "aside")]
        if compared:
            differences = [by_half[half].compared if half in by_half else None for half in (None, "tune", "aside")]
            row += [_said(each.difference, sign="+") if each else "" for each in differences]
            row += [str(whole.compared.wins), str(whole.compared.losses)] if whole.compared else ["", ""]
        table.append(tuple(row))
    console.print_table(tuple(columns), table)


def _said(value: Estimate, sign: str = "") -> str:
    return f"{value.mean:{sign}.3f} ({value.low:{sign}.3f} to {value.high:{sign}.3f})"


def _largest(changed: Sequence[Change], show: int) -> list[Change]:
    """At most `show` changes of each set, together by set."""
    sets: dict[str, list[Change]] = {}
    for change in changed:
        sets.setdefault(change.set, []).append(change)
    return [change for group in sets.values() for change in group[:show]]
