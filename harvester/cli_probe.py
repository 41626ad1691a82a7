"""The command `probe`, which tells what a portal speaks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from harvester import config, console
from harvester.cli import Json, app
from harvester.errors import UsageError

_SHOWN_ANSWERS = 40


@app.command()
def probe(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="address of the portal, of its API, or of a page of it")],
    write: Annotated[Path | None, typer.Option(help="file for the member file; printed without it")] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="may connect to loopback and private addresses, without pauses")
    ] = False,
    timeout: Annotated[int, typer.Option(min=1, max=3600, help="seconds for the whole look")] = 60,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="tell every address that was asked for")] = False,
    json: Json = False,
) -> None:
    """Which protocol a portal speaks, how sure that is and why, and a member file to start from."""
    from harvester.probe import Look, look, member_file
    from harvester.probe.http import Visitor

    if write:
        _refuse(write)
    presets: Mapping[str, Mapping[str, Any]] = config.presets(context.obj.settings.config)
    with closing(Visitor(allow_private=allow_private, seconds_in_all=timeout)) as visitor:
        seen: Look = look(url, visitor, presets)
    best = next((finding for finding in seen.recognised if finding.harvested), None)
    others = [finding for finding in seen.recognised if finding is not best]
    text = member_file.written(best, others, seen.target, date.today(), allow_private=allow_private) if best else None
    if json:
        for finding in seen.findings:
            row = {
                "protocol": finding.protocol,
                "name": finding.name,
                "confidence": round(finding.confidence, 2),
                "count": finding.count,
                "harvested": finding.harvested,
                "url": finding.address,
                "options": finding.options,
                "why": list(finding.why),
                "unanswered": [answer.address for answer in seen.unanswered],
                "member_file": text if finding is best else None,
            }
            console.print_json(row)
    elif seen.findings:
        console.print_table(
            ("protocol", "sure", "records", "harvested", "address", "why"),
            [
                (
                    finding.name,
                    f"{finding.confidence:.0%}",
                    finding.count,
                    finding.protocol if finding.harvested else "not yet",
                    finding.address,
                    "; ".join(finding.why),
                )
                for finding in seen.findings
            ],
        )
    if text and write:
        write.write_text(text, encoding="utf-8")
        console.notes.print(f"{write}: written; complete it, then `datamoa harvest {write.stem}`")
    elif text and not json:
        console.out.print(f"\n# config/members/{member_file.member_id(seen.target.url)}.yml\n{text}")
    elif seen.recognised and not best:
        names = ", ".join(finding.name for finding in seen.recognised)
        console.notes.print(f"{url}: {names}: this protocol is not harvested yet, so there is no member file to write")
    if seen.unanswered:
        _tell_unanswered(url, seen, timeout)
    if not seen.recognised:
        _tell_nothing(url, seen)
    asked = seen.unanswered if seen.recognised and not verbose else seen.answers
    if verbose or json:
        for answer in asked[:_SHOWN_ANSWERS]:
            console.notes.print(f"  asked {answer.address}: {answer.shown}")
    elif not seen.recognised:
        console.notes.print(f"  asked {len(asked)} address{'es' * (len(asked) != 1)}; -v tells which answered what")
    if not seen.recognised:
        raise typer.Exit(1)


def _refuse(file: Path) -> None:
    if file.suffix != ".yml" or not re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", file.stem):
        raise UsageError(f"--write {file}: a member file is called like kepco.yml: lower-case letters, digits, hyphens")
    if file.exists():
        raise UsageError(f"--write {file}: this file is there already; name another, nothing is overwritten")
    if not file.parent.is_dir():
        raise UsageError(f"--write {file}: there is no folder {file.parent}")


def _tell_unanswered(url: str, seen: Any, timeout: int) -> None:
    count = len(seen.unanswered)
    what = "question was" if count == 1 else "questions were"
    console.notes.print(
        f"{url}: too slow: {count} {what} not answered, or not wholly, within {timeout} seconds, so that it may speak "
        "more than is told here; a larger --timeout gives it longer, -v tells which"
    )


def _tell_nothing(url: str, seen: Any) -> None:
    console.notes.print(f"{url}: nothing that is known was recognised, after {seen.requests} requests")
    for hint in seen.hints:
        console.notes.print(f"  {hint}")
