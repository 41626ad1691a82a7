"""The command line, and the commands that get metadata in; `harvester.cli_ledger` has those that keep it.

`indexer.cli` adds its own commands to `app`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import indent
from typing import Annotated, Any

import typer
import yaml

from harvester import config, console, members_table
from harvester.errors import UsageError
from harvester.ledger import Ledger
from harvester.members import HarvestSource

app = typer.Typer(
    name="datamoa",
    help="데이터모아: harvests dataset metadata of open-data portals and makes it searchable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@dataclass(slots=True)
class Context:
    """What every command gets: the settings, and what `harvest` does when its jobs are done."""

    settings: config.Settings
    after_harvest: Callable[[config.Settings, Ledger], None]

    def ledger(self) -> Ledger:
        """This installation's ledger, created at its first use."""
        self.settings.home.mkdir(parents=True, exist_ok=True)
        return Ledger.open(self.settings.database_url)


Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout, all else on stderr.")]
Names = Annotated[list[str] | None, typer.Argument(help="member (all its sources) or member.source")]


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
    chosen = {source.name for source in config.select(here.settings.config, (name,))} if name else None
    with here.ledger() as ledger:
        states = ledger.source_states()
    rows = []
    for member in config.members(here.settings.config):
        for source in member.sources:
            if chosen is not None and source.name not in chosen:
                continue
            state = states.get(source.name)
            last = state.last_job if state else None
            rows.append((member, source, state, last))
    if json:
        for member, source, state, last in rows:
            row = {
                "member": member.id,
                "source": source.name,
                "protocol": source.protocol,
                "evidence": source.evidence,
                "enabled": source.enabled,
                "schedule": source.schedule,
                "last_verdict": last.verdict if last else None,
                "datasets": state.datasets if state else 0,
            }
            if name:
                row |= {"url": source.url, "note": source.note, "unread": state.unread if state else {}}
                row["options"] = _said(source)
                shares = state.coverage if state else {}
                row["coverage"] = {
                    name: {"found": round(found, 4), "covered": round(covered, 4)}
                    for name, (found, covered) in shares.items()
                }
            console.print_json(row)
        return
    console.print_table(
        ("member", "source", "protocol", "evidence", "on", "schedule", "last verdict", "datasets"),
        [
            (
                member.name.ko,
                source.name,
                source.protocol,
                source.evidence,
                "yes" if source.enabled else "no",
                source.schedule,
                console.verdict_text(last),
                state.datasets if state else 0,
            )
            for member, source, state, last in rows
        ],
    )
    if name:
        for _, source, state, last in rows:
            console.out.print(f"\n{source.name}: {source.title}, {source.url}")
            console.out.print(f"  how we know: {source.evidence}. {source.note}")
            if options := _said(source):
                console.out.print("  options, those of its preset among them:")
                text = yaml.safe_dump(options, allow_unicode=True, sort_keys=False, width=110, default_flow_style=None)
                console.out.print(indent(text.rstrip("\n"), "    "))
            if last:
                console.out.print(f"  last job {last.job}: {last.verdict or 'unfinished'} {last.reason}")
            unread = ", ".join(f"{field} ({count:,})" for field, count in (state.unread if state else {}).items())
            console.out.print(f"  fields that the portal offers and no mapping reads: {unread or 'none seen'}")
            if state and state.coverage:
                console.print_table(
                    ("property", "found in", "usable in"),
                    [(name, f"{found:.1%}", f"{covered:.1%}") for name, (found, covered) in state.coverage.items()],
                    title="  coverage: records of the last complete full job",
                )


def _said(source: HarvestSource) -> dict[str, Any]:
    """What a source's protocol is told: by its file and its preset, not by default."""
    return source.options.model_dump(mode="json", exclude_defaults=True)


@app.command()
def harvest(
    context: typer.Context,
    names: Names = None,
    every: Annotated[bool, typer.Option("--all", help="every source that is switched on")] = False,
    full: Annotated[bool, typer.Option("--full", help="a full harvest even where an incremental one is due")] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="stop after so many records a source; never complete")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="fetch and map, keep nothing")] = False,
    json: Json = False,
) -> None:
    """Run jobs side by side, a process each, then bring the index up to date."""
    from harvester.crawl.run import harvest as run_jobs
    from harvester.progress import Progress

    here: Context = context.obj
    if bool(names) == every:
        raise UsageError("name the members or sources to harvest, or give --all")
    sources = config.select(here.settings.config, tuple(names or ()))
    here.settings.home.mkdir(parents=True, exist_ok=True)
    with Progress([source.name for source in sources], quiet=json) as progress:
        reports = run_jobs(
            here.settings,
            sources,
            full=True if full else None,
            limit=limit,
            dry_run=dry_run,
            on_progress=progress.update,
        )
    if json:
        for report in reports:
            console.print_json(console.report_row(report))
    else:
        console.print_reports(reports)
        for report in reports:
            if report.verdict == "held" and report.job:
                console.out.print(
                    f"job {report.job} of {report.source} is held ({report.reason}): `datamoa jobs {report.job}` lists "
                    f"what it would remove or change, `datamoa accept {report.job}` lets it through"
                )
                for deviation in report.deviations:
                    console.out.print(f"  {deviation}")
            elif report.verdict != "complete":
                log = here.settings.logs / f"{report.source}.log"
                console.out.print(f"{report.source}: {report.verdict or 'unfinished'}: {report.why}; its log: {log}")
    if not dry_run:  # after the reports: what happened is told even where the index cannot follow
        with here.ledger() as ledger:
            here.after_harvest(here.settings, ledger)
    raise typer.Exit(console.exit_code(reports))
