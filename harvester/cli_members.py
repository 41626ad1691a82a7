"""The command that shows what is configured and how it stands."""

from __future__ import annotations

import sys
from textwrap import indent
from typing import Annotated, Any, NamedTuple

import typer
import yaml

from harvester import config, console, members_table
from harvester.cli import Context, Json, app
from harvester.errors import UsageError
from harvester.ledger.types import SourceState
from harvester.members import HarvestSource, Member


class _Row(NamedTuple):
    member: Member
    source: HarvestSource
    state: SourceState


@app.command()
def members(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="one member, or one of its sources, in detail")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="the whole configuration as a document")] = False,
    json: Json = False,
) -> None:
    """What is configured, its last verdict, its datasets."""
    here: Context = context.obj
    if markdown:
        if name or json:
            raise UsageError("--markdown tells of all members, and stands alone")
        sys.stdout.write(members_table.markdown(config.members(here.settings.config)))
        return
    rows = _rows(here, name)
    if json:
        for row in rows:
            console.print_json(_object(row) | (_detail(row) if name else {}))
        return
    _print_table(rows)
    if name:
        _print_member(rows[0].member)
        for row in rows:
            _print_source(row)


def _rows(here: Context, name: str | None) -> list[_Row]:
    chosen = {source.name for source in config.select(here.settings.config, (name,))} if name else None
    with here.ledger() as ledger:
        states = ledger.source_states()
    return [
        _Row(member, source, states.get(source.name, SourceState(source=source.name)))
        for member in config.members(here.settings.config)
        for source in member.sources
        if chosen is None or source.name in chosen
    ]


def _object(row: _Row) -> dict[str, Any]:
    return {
        "member": row.member.id,
        "source": row.source.name,
        "protocol": row.source.protocol,
        "evidence": row.source.evidence,
        "enabled": row.source.enabled,
        "schedule": row.source.schedule,
        "last_verdict": row.state.last_job.verdict if row.state.last_job else None,
        "datasets": row.state.datasets,
    }


def _detail(row: _Row) -> dict[str, Any]:
    return {
        "names": {"ko": row.member.name.ko, "en": row.member.name.en},
        "aliases": row.member.aliases,
        "sector": row.member.sector,
        "homepage": row.member.homepage,
        "url": row.source.url,
        "note": row.source.note,
        "unread": row.state.unread,
        "options": _options(row.source),
        "coverage": {
            name: {"found": round(found, 4), "covered": round(covered, 4)}
            for name, (found, covered) in row.state.coverage.items()
        },
    }


def _options(source: HarvestSource) -> dict[str, Any]:
    """What a source's protocol is told: by its file and its preset, not by default."""
    return source.options.model_dump(mode="json", exclude_defaults=True)


def _print_table(rows: list[_Row]) -> None:
    console.print_table(
        ("member", "source", "protocol", "evidence", "on", "schedule", "last verdict", "datasets"),
        [
            (
                row.member.name.ko,
                row.source.name,
                row.source.protocol,
                row.source.evidence,
                "yes" if row.source.enabled else "no",
                row.source.schedule,
                console.verdict_text(row.state.last_job),
                row.state.datasets,
            )
            for row in rows
        ],
    )


def _print_member(member: Member) -> None:
    english = f" ({member.name.en})" if member.name.en else ""
    console.out.print(f"\n{member.name.ko}{english}, {member.sector}")
    console.out.print(f"  other names: {', '.join(member.aliases) or 'none known'}")
    console.out.print(f"  homepage: {member.homepage or 'not known'}")


def _print_source(row: _Row) -> None:
    source, state, last = row.source, row.state, row.state.last_job
    console.out.print(f"\n{source.name}: {source.title}, {source.url}")
    console.out.print(f"  how we know: {source.evidence}. {source.note}")
    if options := _options(source):
        console.out.print(f"  options{', those of its preset among them' if 'preset' in options else ''}:")
        text = yaml.safe_dump(options, allow_unicode=True, sort_keys=False, width=110, default_flow_style=None)
        console.out.print(indent(text.rstrip("\n"), "    "))
    if last:
        console.out.print(f"  last job {last.job}: {last.verdict or 'unfinished'} {last.why}".rstrip())
    unread = ", ".join(f"{field} ({count:,})" for field, count in state.unread.items())
    console.out.print(f"  fields that the portal offers and no mapping reads: {unread or 'none seen'}")
    if state.coverage:
        console.print_table(
            ("property", "found in", "usable in"),
            [(name, f"{found:.1%}", f"{covered:.1%}") for name, (found, covered) in state.coverage.items()],
            title="  coverage: records of the last complete full job",
        )
