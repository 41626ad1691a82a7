"""One harvest in this very process, so that its memory and CPU can be told from everything else's."""

from __future__ import annotations

from datetime import UTC, datetime

from harvester import config, console
from harvester.crawl.run import harvest_source


def main() -> None:
    settings = config.settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    (source,) = config.select(settings.config, ())
    report = harvest_source(settings, source, full=True, limit=None, dry_run=False, run_started=datetime.now(UTC))
    console.print_json(console.report_row(report))
