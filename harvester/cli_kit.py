"""The author's kit on the command line: try, record, check, new, schema. `indexer.cli` imports it for its commands."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
import yaml

from harvester import config, console
from harvester.cli import Context, Json, app
from harvester.errors import UsageError
from harvester.members import HarvestSource
from harvester.options import merged

_PORTAL = "https://portal.example/data/list"

Fixtures = Annotated[
    Path | None,
    typer.Option(help="folder of fixtures, one folder a source [tests/fixtures in a checkout, else ./fixtures]"),
]


def _named(settings: config.Settings, name: str) -> tuple[config.Settings, tuple[HarvestSource, ...]]:
    """The sources that `name` or the member file `name` means, and the settings that belong to them."""
    if not name.endswith(".yml"):
        return settings, config.select(settings.config, (name,))
    file = Path(name).absolute()
    if file.parent.name == "members":
        settings = replace(settings, config=file.parent.parent)
    return settings, config.member(file).sources


def _one(settings: config.Settings, name: str) -> tuple[config.Settings, HarvestSource]:
    settings, found = _named(settings, name)
    if len(found) != 1:
        raise UsageError(f"{name} has {len(found)} sources; name one: {', '.join(one.name for one in found)}")
    return settings, found[0]


@app.command("try")
def try_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="member.source, or a member file of one source")],
    limit: Annotated[int, typer.Option(min=1, max=500, help="so many records")] = 5,
    summary: Annotated[bool, typer.Option("--summary", help="only what holds for all of them")] = False,
    json: Json = False,
) -> None:
    """Fetch a few records and show what becomes of them; nothing is stored."""
    from harvester.kit import showing
    from harvester.kit.trying import attempt

    here: Context = context.obj
    settings, source = _one(here.settings, name)
    found = attempt(settings, source, limit)
    shown = () if summary else found.records
    if json:
        for one in shown:
            console.print_json({"source": source.name, **_plain(one)})
        console.print_json(
            {
                "source": source.name,
                "verdict": found.report.verdict,
                "reason": found.report.reason,
                "records": len(found.records),
                "datasets": sum(one.dataset is not None for one in found.records),
                "coverage": found.coverage,
                "unread": found.unread,
                "unknown": found.unknown,
                "idle": found.idle,
                "said": found.said,
            }
        )
    else:
        for one in shown:
            showing.seen(one)
        showing.summed_up(found)
    if not any(one.dataset for one in found.records):
        raise typer.Exit(1)
    raise typer.Exit(0 if found.report.reason == "limit" else console.exit_code([found.report]))


@app.command()
def record(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="member.source, or a member file of one source")],
    pages: Annotated[int, typer.Option(min=1, max=20, help="so many pages of the listing")] = 2,
    records: Annotated[int, typer.Option(min=1, max=500, help="so many records of each page")] = 10,
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="KEY=VALUE",
            help="an option of the protocol, for smaller pages: rows=5, paging.size=5; repeatable",
        ),
    ] = None,
    into: Fixtures = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only tell what would differ")] = False,
    json: Json = False,
) -> None:
    """Keep a portal's answers as the source's fixture, and tell what differs from the one that was there."""
    from harvester.crawl.order import Sample
    from harvester.kit import showing
    from harvester.kit.places import fixtures_folder
    from harvester.kit.recording import record as make_fixture

    here: Context = context.obj
    settings, source = _one(here.settings, name)
    found = make_fixture(
        settings,
        source,
        Sample(pages=pages, records=records),
        fixtures_folder(settings, into),
        options=reduce(merged, map(_option, options or ()), {}),
        dry_run=dry_run,
    )
    if json:
        console.print_json(
            {
                "source": source.name,
                "verdict": found.report.verdict,
                "reason": found.report.reason,
                "folder": str(found.folder),
                "written": found.written,
                "problem": found.problem,
                "records": len(found.outcomes),
                "exchanges": found.exchanges,
                "differences": _plain(found.differences),
                "traced": found.traced,
                "issues": _plain(found.issues),
                "said": found.said,
            }
        )
    else:
        showing.recorded(found)
    raise typer.Exit(1 if found.problem else 0)


@app.command()
def check(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME|FILE]...", help="member (all its sources), member.source, or a member file"),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="every source that has a fixture")] = False,
    fixtures: Fixtures = None,
    json: Json = False,
) -> None:
    """Replay fixtures: tell what differs from what is expected, and what a faulty portal would do."""
    from harvester.kit import showing
    from harvester.kit.checking import check as replay_fixture
    from harvester.kit.places import fixtures_folder

    here: Context = context.obj
    if bool(names) == every:
        raise UsageError("name the members or sources to check, or give --all")
    if names:
        named = [_named(here.settings, name) for name in names]
        chosen = [(settings, source) for settings, sources in named for source in sources]
    else:
        folder = fixtures_folder(here.settings, fixtures)
        known = [source for member in config.members(here.settings.config) for source in member.sources]
        chosen = [(here.settings, source) for source in known if (folder / source.name).is_dir()]
        if not chosen:
            raise UsageError(f"{folder}: no fixture of a configured source is here; `datamoa record` makes them")
        without = [source.name for source in known if not (folder / source.name).is_dir()]
        if without:
            console.notes.print(f"not checked, because they have no fixture: {', '.join(without)}")
    wrong = False
    for settings, source in chosen:
        found = replay_fixture(settings, source, fixtures_folder(settings, fixtures))
        wrong = wrong or not found.is_right
        if json:
            console.print_json({**_plain(found), "right": found.is_right})
        else:
            showing.checked(found)
    raise typer.Exit(1 if wrong else 0)


@app.command()
def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="MEMBER.SOURCE")],
    url: Annotated[str, typer.Option(help="address of the portal's list page")] = _PORTAL,
    into: Fixtures = None,
) -> None:
    """Write member file, spider and fixture for a portal that no protocol fits."""
    from harvester.kit.making import make
    from harvester.kit.places import fixtures_folder

    here: Context = context.obj
    made = make(here.settings, name, url, fixtures_folder(here.settings, into))
    for what, path in (("member file", made.member), ("spider", made.spider), ("fixture", made.fixture)):
        console.out.print(f"{what}: {path}")
    if made.to_add:
        console.out.print(f"add to `sources` of the member file, which was there already:\n{made.to_add}")
    console.out.print(f"`datamoa check {name}` replays it; then put the portal's own selectors into the spider")


@app.command()
def schema() -> None:
    """JSON Schema of member files, for editors."""
    from harvester.kit.schema import member_schema

    console.out.print(msgspec.json.format(msgspec.json.encode(member_schema()), indent=2).decode())


def _option(given: str) -> dict[str, Any]:
    """``paging.size=5`` as a member file would say it: ``{paging: {size: 5}}``."""
    key, equals, text = given.partition("=")
    if not equals:
        raise UsageError(f"--option {given}: write it as key=value")
    value: Any = text
    with suppress(yaml.YAMLError):
        value = yaml.safe_load(text)
    *outer, last = key.split(".")
    return reduce(lambda inner, name: {name: inner}, reversed(outer), {last: value})


def _plain(found: Any) -> Any:
    return msgspec.to_builtins(found)
