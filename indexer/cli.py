"""The `datamoa` command: what makes datasets findable, joined to the commands of `harvester.cli`."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from harvester import (
    cli_kit,  # noqa: F401 - adds its commands to `app`
    cli_ledger,  # noqa: F401 - as above
    cli_members,  # noqa: F401 - as above
    cli_probe,  # noqa: F401 - as above
    cli_schedule,  # noqa: F401 - as above
    config,
    console,
)
from harvester.cli import Context, Json, app
from harvester.errors import DataMoaError, IndexEngineError, QueryError, UsageError
from harvester.ledger import Ledger
from indexer import load
from indexer.documents import Documents
from indexer.engines import open_index
from indexer.evaluation.questions import Half

WRONG_USAGE = 64


@app.callback()
def root(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="ledger, embedded index, logs, downloads [./var or DATAMOA_HOME]")
    ] = None,
    config_folder: Annotated[
        Path | None,
        typer.Option("--config", help="members/, vocabularies/, search/ [the packaged one or DATAMOA_CONFIG]"),
    ] = None,
) -> None:
    """데이터모아: harvests dataset metadata of open-data portals and makes it searchable."""
    context.obj = Context(settings=config.settings(home, config_folder), after_harvest=_follow_the_ledger)


def _follow_the_ledger(settings: config.Settings, ledger: Ledger) -> None:
    """Bring the index up to date after a command that changed datasets.

    An index that cannot follow costs no harvest: the ledger is complete, and the next `datamoa index` catches up.
    """
    try:
        with closing(open_index(settings)) as index:
            report = load.bring_up_to_date(ledger, index, Documents.of(settings.config))
    except IndexEngineError as error:
        console.notes.print(f"the index was not brought up to date: {error}")
    else:
        if report.set_aside:
            console.notes.print(f"{report.set_aside} changes were set aside by the index; `datamoa index` tells why")


@app.command()
def index(context: typer.Context, json: Json = False) -> None:
    """Apply what is new in the ledger to the index."""
    here: Context = context.obj
    with here.ledger() as ledger, closing(open_index(here.settings)) as engine:
        report = load.bring_up_to_date(ledger, engine, Documents.of(here.settings.config))
        aside = ledger.set_asides(engine.name)
    if json:
        console.print_json({"checkpoint": report.checkpoint, "applied": report.applied, "set_aside": report.set_aside})
    else:
        console.out.print(
            f"checkpoint {report.checkpoint:,}, applied {report.applied:,}, set aside {report.set_aside:,}"
        )
        for row in aside[:20]:
            console.out.print(f"  set aside: {row.id}: {row.reason}")


@app.command()
def rebuild(context: typer.Context, json: Json = False) -> None:
    """Build a new index beside the old one and swap it in."""
    here: Context = context.obj
    with here.ledger() as ledger, closing(open_index(here.settings)) as engine:
        report = load.rebuild(ledger, engine, Documents.of(here.settings.config))
    if json:
        console.print_json({"documents": report.documents, "seconds": round(report.seconds, 2)})
    else:
        rate = report.documents / report.seconds if report.seconds else 0
        console.out.print(f"{report.documents:,} documents in {report.seconds:.1f} s ({rate:,.0f}/s)")


@app.command()
def verify(
    context: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="bring what differs in order")] = False,
    json: Json = False,
) -> None:
    """Compare ledger and index, source by source."""
    here: Context = context.obj
    with here.ledger() as ledger, closing(open_index(here.settings)) as engine:
        reports = load.verify(ledger, engine, Documents.of(here.settings.config), repair=repair)
    keys = ("source", "ledger", "index", "missing", "extra", "different")
    rows = [tuple(getattr(report, key) for key in keys) for report in reports]
    if json:
        for row in rows:
            console.print_json(dict(zip(keys, row, strict=True)))
    else:
        console.print_table(keys, rows)
    wrong = any(report.missing or report.extra or report.different for report in reports)
    if wrong and not repair:
        console.notes.print("ledger and index differ: `datamoa verify --repair` brings the index in order")
    raise typer.Exit(2 if wrong and not repair else 0)


@app.command(context_settings={"ignore_unknown_options": True})  # a word to leave out begins as an option does
def search(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(help='what to look for; "a phrase", -without, field:value')
    ] = None,
    filters: Annotated[
        list[str] | None, typer.Option("--filter", metavar="FIELD=VALUE", help="may be repeated")
    ] = None,
    size: Annotated[int, typer.Option(min=1, max=100)] = 10,
    sort: Annotated[
        str | None, typer.Option(help="relevance, title, issued, -issued, modified, -modified, quality")
    ] = None,
    json: Json = False,
) -> None:
    """The endpoint's answer in a terminal."""
    from indexer.answer import Searcher

    here: Context = context.obj
    for word in words or ():
        if word.startswith("--"):
            raise UsageError(f"No such option: {word}; `datamoa search --help` shows what there is")
    parameters = [("q", " ".join(words or ())), ("size", str(size))]
    if sort:
        parameters.append(("sort", sort))
    for given in filters or ():
        field, equals, value = given.partition("=")
        if not equals:
            raise UsageError(f"--filter {given}: write it as field=value")
        parameters.append((field, value))
    with here.ledger() as ledger, closing(open_index(here.settings)) as engine:
        answer = Searcher(ledger, engine, config.vocabularies(here.settings.config), here.settings.config).search(
            parameters
        )
    if json:
        console.print_json(answer)
        return
    console.out.print(f"{answer['total']:,} found in {answer['took_ms']} ms", end="")
    console.out.print(
        f", {answer['all_words']:,} of them with all words" if answer["all_words"] < answer["total"] else ""
    )
    for each in answer["corrected"]:
        console.out.print(f"{each['typed']}: looked for {', '.join(each['texts'])}")
    for hit in answer["hits"]:
        console.out.print(f"\n{hit['title']}", style="bold", end="")
        console.out.print(f"  {hit['publisher'] or ''}  {hit['modified'] or ''}")
        console.out.print(f"  {', '.join(hit['formats'])}  {hit['license'] or ''}  {hit['source']}  {hit['id']}")
        if hit["landing_page"]:
            console.out.print(f"  {hit['landing_page']}")
    if answer["facets"]:
        console.out.print()
    for field, values in answer["facets"].items():
        if values:
            shown = ", ".join(f"{value['label']} {value['count']:,}" for value in values[:6])
            console.out.print(f"{field}: {shown}", style="dim")


@app.command()
def evaluate(
    context: typer.Context,
    questions: Annotated[list[Path], typer.Argument(metavar="FILE|FOLDER", help="questions, .jsonl or .tsv")],
    url: Annotated[str | None, typer.Option(help="ask a running endpoint of this ledger, not the index itself")] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", help="only sets whose name matches; repeatable")] = None,
    half: Annotated[Half | None, typer.Option(help="only this half of the questions")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="at most so many questions of a set")] = None,
    save: Annotated[Path | None, typer.Option(help="keep the run in this file")] = None,
    baseline: Annotated[Path | None, typer.Option(help="compare with a run that was kept")] = None,
    show: Annotated[int, typer.Option(min=0, help="list so many changes of each set")] = 5,
    worst: Annotated[int, typer.Option(min=0, help="list so many queries of each set that are answered worst")] = 0,
    processes: Annotated[int, typer.Option(min=1, help="that ask at the same time")] = 2,
    json: Json = False,
) -> None:
    """How well searches find what they should: measures by set and half, compared with an earlier run."""
    from indexer.evaluation import asking, report
    from indexer.evaluation import questions as asked
    from indexer.evaluation import run as runs

    here: Context = context.obj
    if url:
        asking.check_url(url)
    earlier = runs.load(baseline) if baseline else None
    chosen = asked.chosen(asked.read(questions), sets or (), half, sample)
    if not chosen:
        raise UsageError("no questions are left; `--set` takes regular expressions of the sets' names")
    with here.ledger() as ledger:
        results = runs.run(here.settings, ledger, url, chosen, processes)
    if save:
        runs.save(save, results)
    report.print_report(list(runs.summaries(results, earlier)), compared=earlier is not None, json=json)
    report.print_worst(runs.worst(results, worst), json=json)
    report.print_changes(runs.changes(results, earlier or ()), show, json=json)
    report.print_omissions(results)


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
) -> None:
    """Serve the search page and the API; read-only."""
    from indexer.web.server import serve as run_server

    here: Context = context.obj
    run_server(here.settings, host=host, port=port)


@app.command()
def demo(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
) -> None:
    """The whole thing on sample portals: starts them on loopback, harvests, indexes, then serves until stopped."""
    from indexer.demo import run as run_demo

    here: Context = context.obj
    run_demo(here.settings, after_harvest=here.after_harvest, host=host, port=port)


def main() -> None:
    """Run a command; an expected fault is one line on stderr. Exit codes: `console.exit_code`, 64 for wrong usage."""
    try:
        code = app(standalone_mode=False, prog_name="datamoa")
    except (UsageError, QueryError) as error:
        _fail(error, WRONG_USAGE)
    except DataMoaError as error:
        _fail(error, 1)
    except TyperException as error:
        if not error.message and not isinstance(error, typer.BadParameter):  # the help was shown instead
            sys.exit(WRONG_USAGE)
        message = error.format_message().rstrip(".")
        console.notes.print(f"datamoa: {message}; `datamoa --help` shows what there is")
        sys.exit(WRONG_USAGE)
    except typer.Abort:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our stdout left (`datamoa export | head`): nothing to tell, and nowhere to tell it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        # Home is a file, belongs to somebody else, or its disk is full. Without a file it is none of these.
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        where = f"{error.filename}: " if error.filename else ""
        _fail(DataMoaError(f"{where}{error.strerror}; --home and --config say which folders are used"), 1)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(error: DataMoaError, code: int) -> None:
    console.notes.print(f"datamoa: {error}")
    sys.exit(code)
