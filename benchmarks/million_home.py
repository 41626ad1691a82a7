"""A home with very many generated datasets: its ledger is what a harvest leaves, without the portals and the waiting.

    python -m benchmarks.million_home HOME [--datasets 1000000] [--shared DIR]

Records of `generate_metadata.py` (see its own help) are mapped and normalised here and committed page by page, in a job
for each of their portals. A home that has a ledger is taken as it is.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from benchmarks.portal import SAMPLES
from harvester import config
from harvester.catalog import codec
from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import (
    Agent,
    Catalog,
    Concept,
    Dataset,
    Distribution,
    HarvestRecord,
    Location,
    Page,
    Part,
    Processed,
)
from harvester.catalog.normalise import Normaliser
from harvester.ledger import Ending, Entry, Expected, Job, Ledger, payload_hash
from harvester.sample_portals import write_config

SHARED = SAMPLES.parent
_PAGE = 1_000
_MEMBER = "name: {ko: 모든 포털}\nsector: public\nsources:\n"
_SOURCE = (
    '  {key}: {{title: {portal}, protocol: datagokr, url: "http://127.0.0.1:9", allow_private: true, '
    "evidence: recorded}}\n"
)
_PORTALS = (
    "data.go.kr",
    "data.seoul.go.kr",
    "data.gg.go.kr",
    "kosis.kr",
    "aihub.or.kr",
    "bigdata-forest.kr",
    "data.busan.go.kr",
    "culture.go.kr",
    "catalog.data.gov",
    "data.gov.uk",
    "data.europa.eu",
    "open.canada.ca",
    "data.gov.au",
)
_FREQUENCIES = ("연간", "월간", "수시", "분기", "일간", "일회성 데이터")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--datasets", type=int, default=1_000_000)
    parser.add_argument("--shared", type=Path, default=SHARED)
    options = parser.parse_args()
    prepared(options.home, options.datasets, options.shared)


def prepared(home: Path, count: int, shared: Path = SHARED) -> config.Settings:
    """The settings of a home whose ledger has `count` generated datasets; filled where it is empty."""
    if not (home / "config/members/all.yml").exists():
        home.mkdir(parents=True, exist_ok=True)
        folder = write_config(home / "config", {})
        for file in (folder / "members").iterdir():
            file.unlink()
        lines = "".join(_SOURCE.format(key=_key(portal), portal=portal) for portal in _PORTALS)
        (folder / "members/all.yml").write_text(_MEMBER + lines, encoding="utf-8")
    settings = config.settings(home, home / "config")
    with Ledger.open(settings.database_url) as ledger:
        if not ledger.last_seq():
            began = time.perf_counter()
            Filling(ledger, settings).commit(records(shared, 0, count))
            print(f"(ledger filled with {count:,} datasets in {time.perf_counter() - began:.0f} s)")
    return settings


def records(shared: Path, start: int, count: int, revision: int = 0) -> Iterator[dict[str, Any]]:
    """Generated records; another `revision` gives the same ones, edited."""
    bench = shared / "bench"
    command = [sys.executable, str(bench / "generate_metadata.py"), "-n", str(count), "--start", str(start)]
    command += ["--revision", str(revision), "--vocab", str(bench / "vocab_ko.txt"), "--novelty", "0.3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as generator:
        assert generator.stdout
        for line in generator.stdout:
            yield orjson.loads(line)
    assert generator.returncode == 0


class Filling:
    """Incremental jobs, one for each portal, that commit generated records."""

    def __init__(self, ledger: Ledger, settings: config.Settings) -> None:
        self._ledger = ledger
        vocabularies = config.vocabularies(settings.config)
        self._normalisers = {
            language: Normaliser(vocabularies, Catalog(source="all", url="http://127.0.0.1:9", language=language))
            for language in ("ko", "en")
        }

    def commit(self, made: Iterator[dict[str, Any]]) -> None:
        """Commit these records, in pages of a thousand."""
        jobs: dict[str, Job] = {}
        pages: dict[str, int] = {}
        waiting: dict[str, list[Entry]] = {}
        for record in made:
            source = f"all.{_key(record['portal'])}"
            if source not in jobs:
                fingerprint = str(time.monotonic_ns())
                jobs[source] = self._ledger.start_job(
                    source, full=False, holder="benchmark", fingerprint=fingerprint, lease_seconds=86_400
                )
                waiting[source] = []
            waiting[source].append(self._entry(source, record))
            if len(waiting[source]) == _PAGE:
                self._page(jobs[source], waiting[source], pages, end=False)
                waiting[source] = []
        for source, job in jobs.items():
            self._page(job, waiting[source], pages, end=True)
            self._ledger.finish_job(job, Ending(), Expected())

    def _page(self, job: Job, entries: list[Entry], pages: dict[str, int], *, end: bool) -> None:
        before = pages.get(job.source)
        number = pages[job.source] = (before or 0) + 1
        page = Page(
            records=tuple(each.record for each in entries),
            after=str(before) if before else None,
            cursor=str(number),
            end=end,
        )
        self._ledger.commit_page(job, page, entries)

    def _entry(self, source: str, record: dict[str, Any]) -> Entry:
        dataset, issues = self._normalisers[record["language"]].normalise(_dataset(source, record))
        content = codec.encode(dataset)
        payload = orjson.dumps(record)
        return Entry(
            record=HarvestRecord(
                identifier=dataset.identifier, parts=(Part(name="listing", format="generated", payload=payload),)
            ),
            payload_hash=payload_hash(payload),
            mapping_version="1",
            processed=Processed(
                dataset_id=dataset.id,
                content=content,
                content_hash=codec.content_hash(content),
                issues=issues,
                counters={"downloads": record["downloads"]},
            ),
        )


def _dataset(source: str, record: dict[str, Any]) -> Dataset:
    language, number = record["language"], int(record["id"].rpartition(":")[2])
    is_service = number % 8 == 0
    return Dataset(
        id=dataset_id(source, record["id"]),
        source=source,
        identifier=record["id"],
        title={language: record["title"]},
        description={language: record["description"]},
        keyword={language: tuple(record["keywords"])},
        theme=(Concept(source=record["theme"]),),
        type=Concept(source="API" if is_service else "파일데이터"),
        publisher=Agent(name={language: record["publisher"]}),
        landing_page=record["url"],
        issued=record["issued"],
        modified=record["modified"],
        accrual_periodicity=Concept(source=_FREQUENCIES[number % 11 % len(_FREQUENCIES)]),
        spatial=(Location(label={language: record["spatial"]}),),
        language=(language,),
        license=Concept(source=record["license"]),
        distribution=tuple(
            Distribution(identifier=f"{record['id']}/{each}", format=Concept(source=each), access_url=record["url"])
            for each in record["formats"]
        ),
        additional={"columns": ", ".join(record["columns"])},
    )


def _key(portal: str) -> str:
    return portal.replace(".", "").replace("-", "")


if __name__ == "__main__":
    main()
