"""The embedded engine alone: documents per second into it, and how long searches take.

    cd ../shared/bench && python generate_metadata.py -n 100000 --vocab vocab_ko.txt --novelty 0.3 -o DOCUMENTS
    python -m benchmarks.search_embedded DOCUMENTS [--workers 2] [--samples ../shared/portal-samples]

DOCUMENTS has one record a line (id, title, description, keywords, publisher, theme, license, formats, language, issued,
modified). Times of searches are CPU milliseconds of the searching thread, which neighbours on the machine
hardly change (nothing waits for anything else), and wall-clock ones beside them.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson

from harvester.catalog import codec
from harvester.catalog.model import Agent, Concept, Dataset, Distribution
from harvester.ledger.types import Change
from indexer.analysis import Analyser
from indexer.documents import ANALYSIS, document
from indexer.engines.base import Checkpoint, Document
from indexer.engines.embedded import EmbeddedIndex
from indexer.parameters import SearchQuery
from indexer.query import ask

BATCH = 500
FIVE = dict.fromkeys(("organization", "theme", "format", "license", "year"), 30)


def change(seq: int, line: bytes) -> Change:
    row = orjson.loads(line)
    tag = row.get("language") or "ko"
    dataset = Dataset(
        id=row["id"],
        source="bench.generated",
        identifier=row["id"],
        title={tag: row["title"]},
        description={tag: row["description"]},
        keyword={tag: tuple(row["keywords"])},
        publisher=Agent(name={tag: row["publisher"]}),
        theme=(Concept(source=row["theme"], code=row["theme"]),),
        license=Concept(source=row["license"], code=row["license"]),
        language=(tag,),
        issued=row["issued"],
        modified=row["modified"],
        distribution=tuple(Distribution(format=Concept(source=name, code=name)) for name in row["formats"]),
    )
    content = codec.encode(dataset)
    return Change(
        seq=seq, id=dataset.id, source=dataset.source, content=content, content_hash=codec.content_hash(content)
    )


def documents(changes: list[Change]) -> list[Document]:
    return [document(each) for each in changes]


def batches(file: Path) -> Iterator[list[Change]]:
    with file.open("rb") as lines:
        numbered = enumerate(lines, 1)
        while batch := [change(seq, line) for seq, line in islice(numbered, BATCH)]:
            yield batch


def made(ready: Iterable[list[Change]], workers: int) -> Iterator[list[Document]]:
    if not workers:
        yield from map(documents, ready)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(documents, ready)


def fill(index: EmbeddedIndex, ready: list[list[Change]], workers: int) -> None:
    began = time.perf_counter()
    count = 0
    with index.rebuild(ANALYSIS) as fresh:
        joined: list[Document] = []
        for batch in made(ready, workers):
            joined += batch
            if len(joined) >= 5000:
                fresh.apply(joined, Checkpoint("bench", joined[-1].seq, ANALYSIS))
                count, joined = count + len(joined), []
        fresh.apply(joined, Checkpoint("bench", count, ANALYSIS))
        count += len(joined)
    seconds = time.perf_counter() - began
    print(f"{count:,} documents, {workers or 'no'} analysis processes: {seconds:.1f} s, {count / seconds:,.0f}/s")


def measure(index: EmbeddedIndex, name: str, texts: list[str], facets: Mapping[str, int] | None, **more: Any) -> None:
    analyser = Analyser()
    used, waited, totals = [], [], []
    for text in texts:
        query = SearchQuery(q=text, **more)
        cpu, wall = time.thread_time(), time.perf_counter()
        totals.append(ask(index, query, analyser, facets).result.total)
        used.append((time.thread_time() - cpu) * 1000)
        waited.append((time.perf_counter() - wall) * 1000)

    def at(times: list[float]) -> str:
        times = sorted(times)
        return " / ".join(f"{times[min(len(times) - 1, int(len(times) * share))]:.1f}" for share in (0.5, 0.95, 0.99))

    print(f"| {name} | {at(used)} | {at(waited)} | {sorted(totals)[len(totals) // 2]:,} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=Path)
    parser.add_argument("--workers", type=int, default=2, help="analysis processes; 0: in this one")
    parser.add_argument("--samples", type=Path, default=Path("../shared/portal-samples"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        index = EmbeddedIndex(Path(folder))
        fill(index, list(batches(options.documents)), options.workers)
        size = subprocess.run(["du", "-sm", folder], capture_output=True, text=True, check=True).stdout.split()[0]
        print(f"{size} MB on disk\n\n| search | CPU ms p50 / p95 / p99 | wall ms | hits, median |\n|---|---|---|---|")
        searches(index, options)
        index.close()


def searches(index: EmbeddedIndex, options: argparse.Namespace) -> None:
    chance = random.Random(5)
    with options.documents.open("rb") as lines:
        titles = [orjson.loads(line)["title"] for line in islice(lines, 2000)]
    words = [word for title in titles for word in title.replace("_", " ").split() if len(word) > 1]
    topics = [" ".join(chance.sample(words, count)) for count in (1, 2, 2, 3) for _ in range(50)]
    requests = [
        line.rpartition("\t")[2].strip()
        for name in ("queries", "queries-unjudged")
        for line in (options.samples / "search-eval-ko" / f"{name}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    ]
    frequent = ["정보", "현황", "서울", "데이터", "제공", "관리", "시설", "지역", "연도", "기관"]
    chosen = {"format": ("CSV", "JSON"), "theme": ("교통물류", "환경기상")}
    measure(index, "topic, 1-3 words", topics, {})
    measure(index, "topic + 5 facets", topics, FIVE)
    measure(index, "topic + 10 facets", topics, None)
    measure(index, "topic + filter + 5 facets", topics, FIVE, filters={"format": ("CSV",)})
    measure(index, "topic + 2 multi-select facets", topics, FIVE, filters=chosen)
    measure(index, "frequent word + 5 facets", frequent, FIVE)
    measure(index, "everything + 5 facets, first time", [""], FIVE)
    measure(index, "topic + dates + 5 facets", topics, FIVE, dates={"modified": ("2020-01-01", None)})
    measure(index, "phrase", [f'"{" ".join(title.split()[:2])}"' for title in titles[:200]], {})
    measure(index, "natural requests + 5 facets", requests, FIVE)
    measure(index, "topic, by title", topics, {}, sort="title")
    measure(index, "topic, newest first", topics, {}, sort="-modified")
    measure(index, "everything, newest first", [""] * 50, {}, sort="-modified")
    measure(index, "frequent word, from 9,900", frequent, {}, offset=9900)


if __name__ == "__main__":
    main()
