"""`datamoa demo`: the whole walk on sample portals of this machine, from their sockets to the search page.

It lives in a home of its own (``demo`` inside the given one), with SQLite and the embedded engine there whatever the
environment names, so that sample data never gets into a real ledger or index.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from harvester import config, console
from harvester.config import Settings
from harvester.crawl.run import harvest
from harvester.ledger import JobReport, Ledger, verdict
from harvester.progress import Progress
from harvester.sample_portals import start
from indexer.answer import Searcher
from indexer.engines import open_index
from indexer.web.server import PortTakenError, address, listen
from indexer.web.server import run as serve

AfterHarvest = Callable[[Settings, Ledger], None]

_PORTS_TRIED = 20
_EXAMPLES = ("미세먼지", "교통사고 통계", "건강검진 -예약", "water quality", "전력 OR 에너지")


def run(settings: Settings, *, after_harvest: AfterHarvest, host: str, port: int) -> None:
    """Start the portals, harvest and index them, tell what happened, and serve until stopped.

    Where the port is taken, the next free one is: the demo is for seeing, and its address is printed.
    """
    home = settings.home / "demo"
    home.mkdir(parents=True, exist_ok=True)
    with _listen_somewhere(host, port) as listening, start(home) as portals:
        here = Settings(
            home=home,
            config=portals.config,
            database_url=f"sqlite:///{home / 'ledger.sqlite'}",
            index_url="embedded",
        )
        for name, url in portals.addresses.items():
            console.out.print(f"sample portal {name}: {url}")
        reports, changed = _harvest(here, after_harvest)
        console.print_table(
            ("harvested", "verdict", "listed", "new", "changed", "unchanged", "seconds"),
            [
                (each.source, console.verdict_text(each), each.listed, each.created, each.updated, each.unchanged,
                 f"{each.seconds:.1f}")
                for each in reports
            ],
        )  # fmt: skip
        for report in reports:
            if report.reason == verdict.INTERRUPTED:
                raise KeyboardInterrupt
            if report.verdict != "complete":
                log = here.logs / f"{report.source}.log"
                console.out.print(f"{report.source}: {report.verdict}: {report.why}; its log: {log}")
        _tell(here, changed)
        console.out.print(
            f"\nother commands see the same with: datamoa --home {here.home} --config {here.config} members\n"
            f"search page and API: {address(listening)}  (Ctrl-C stops)",
        )
        serve(here, listening)


def _listen_somewhere(host: str, port: int) -> socket.socket:
    for candidate in range(port, min(port + _PORTS_TRIED, 65536) if port else 1):
        try:
            listening = listen(host, candidate)
        except PortTakenError:
            continue
        if candidate != port:
            console.notes.print(f"port {port} is taken: {candidate} is used")
        return listening
    return listen(host, port)  # says why


def _harvest(settings: Settings, after_harvest: AfterHarvest) -> tuple[list[JobReport], int]:
    """Harvest all sources; gives their reports, and how many changes of datasets there were."""
    with Ledger.open(settings.database_url) as ledger:
        before = ledger.last_seq()
    sources = config.select(settings.config, ())
    with Progress([source.name for source in sources]) as progress:
        reports = harvest(settings, sources, on_progress=progress.update)
    with Ledger.open(settings.database_url) as ledger:
        after_harvest(settings, ledger)
        # Not the sum of the reports: a repository tells at every harvest of records that were deleted long ago.
        return reports, ledger.last_seq() - before


def _tell(settings: Settings, changed: int) -> None:
    """Say what the harvest changed, and try a few searches."""
    console.out.print(
        "\nnothing changed since the last start" if not changed else f"\n{changed:,} datasets are new or changed"
    )
    with Ledger.open(settings.database_url) as ledger:
        engine = open_index(settings)
        try:
            searcher = Searcher(ledger, engine, config.vocabularies(settings.config), settings.config)
            rows = []
            for words in _EXAMPLES:
                answer = searcher.search([("q", words), ("size", "1")])
                first = answer["hits"][0]["title"] if answer["hits"] else "–"
                rows.append((words, answer["total"], first))
        finally:
            engine.close()
    console.print_table(("search", "found", "first hit"), rows, title="\na few searches")
