"""The command line, and the command that gets metadata in.

`indexer.cli` adds its own commands to `app`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from harvester import config, console, home
from harvester.errors import UsageError
from harvester.ledger import Ledger

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
    home.have(here.settings)
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
            if report.resumed:
                console.out.print(f"{report.source}: job {report.job} was taken up again where it was interrupted")
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
