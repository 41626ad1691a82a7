"""What orders, folding and lists of facet values cost, wherever a page lies.

    python -m benchmarks.search_lines [--datasets 1000000] [--requests 20] [--elasticsearch] [--shared DIR]

An index of generated titles is filled without analysis: only what orders, series and facets need, and the words of the
title as they stand. Pages of 20 hits, no facets. The processor's time is this thread's, in which the embedded engine
works: on a busy machine it says more than the clock.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from benchmarks.index_load import _machine
from benchmarks.million_home import SHARED, _dataset, records
from indexer.analysis import normal
from indexer.engines.base import Checkpoint, Document, Everything, Node, Request, SearchIndex, Sort, Term
from indexer.engines.cursor import Cursor, position
from indexer.engines.elasticsearch import ElasticsearchIndex
from indexer.engines.embedded import EmbeddedIndex
from indexer.series import series
from tests.elasticsearch_node import node as elasticsearch_node

_BATCH = 10_000
_PAGE = 20
_DEEP = (0.25, 0.5, 0.75, 0.99)
_POSITIONS = (0, 1_000, 9_900)
_WORDS = ("현황", "정보", "통계", "목록", "사업", "시설", "데이터", "교통", "관광", "환경")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--elasticsearch", action="store_true")
    parser.add_argument("--shared", type=Path, default=SHARED)
    options = parser.parse_args()
    print(f"machine: {_machine()}\ncommand: python -m benchmarks.search_lines {' '.join(sys.argv[1:])}\n")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        if options.elasticsearch:
            cluster = stack.enter_context(elasticsearch_node.Node(Path(folder) / "node").running())
            index: SearchIndex = ElasticsearchIndex(f"{cluster.url}/lines")
        else:
            index = EmbeddedIndex(Path(folder) / "index")
        titles = fill(index, documents(options.shared, options.datasets))
        print(f"{len(titles):,} datasets\n\n| page of {_PAGE} | CPU ms p50 / p95 | clock ms p50 / p95 |\n|---|---|---|")
        orders(index, sorted(titles), options.requests)
        lines(index, options.requests)
        values(index, options.requests)
        index.close()


def documents(shared: Path, count: int) -> Iterator[Document]:
    chance = random.Random(3)
    for seq, record in enumerate(records(shared, 0, count), 1):
        dataset = _dataset("all.generated", record)
        title = normal(record["title"])
        yield Document(
            id=dataset.id,
            seq=seq,
            source=dataset.source,
            content_hash="",
            content=b"{}",
            terms={"title": " ".join(title.split())},
            values={
                "source": (dataset.source,),
                "organization": (record["publisher"],),
                "format": tuple(dict.fromkeys(record["formats"])),
                "modified": (record["modified"][:10],),
                "series": (series(dataset) or dataset.id,),
            },
            sort_title=title[:100],
            quality=chance.randrange(101),
        )


def fill(index: SearchIndex, made: Iterator[Document]) -> list[tuple[str, str]]:
    titles: list[tuple[str, str]] = []
    names: set[str] = set()
    with index.rebuild("bench") as fresh:
        while batch := list(islice(made, _BATCH)):
            assert fresh.apply(batch, Checkpoint("bench", batch[-1].seq, "bench")) == []
            titles += [(each.sort_title, each.id) for each in batch]
            names.update(each.series for each in batch)
    print(f"{len(names):,} series")
    return titles


def orders(index: SearchIndex, titles: list[tuple[str, str]], repeats: int) -> None:
    everything = Request(Everything(), size=_PAGE)
    sorts: tuple[Sort, ...] = ("title", "quality", "-modified")
    for sort in sorts:
        for offset in _POSITIONS:
            measure(index, f"{sort}, from {offset:,}", [replace(everything, sort=sort, offset=offset)] * repeats)
    for share in _DEEP:
        place = int(len(titles) * share)
        cursors = [Cursor("title", *titles[place + n], place).encode() for n in range(repeats)]
        asked = [replace(everything, sort="title", after=cursor) for cursor in cursors]
        measure(index, f"title, after a cursor at {share:.0%}", asked)


def lines(index: SearchIndex, repeats: int) -> None:
    queries: tuple[tuple[str, list[Node]], ...] = (
        ("everything", [Everything()]),
        ("a frequent word", [Term("title", word) for word in _frequent(index)]),
    )
    for name, nodes in queries:
        for fold in (False, True):
            for offset in _POSITIONS:
                asked = [Request(node, size=_PAGE, offset=offset, fold=fold) for node in nodes] * repeats
                measure(index, f"{name}, {'folded' if fold else 'hits'}, from {offset:,}", asked[:repeats])
    walked = Request(Everything(), size=100, sort="-modified", fold=True)
    result = index.search(walked)
    for goal in (1_000, 10_000):
        while result.cursor is not None and position(result.cursor) < goal:
            result = index.search(replace(walked, after=result.cursor))
        if result.cursor is not None:
            following = replace(walked, size=_PAGE, after=result.cursor)
            measure(index, f"-modified, folded, after a cursor at line {goal:,}", [following] * repeats)


def _frequent(index: SearchIndex) -> list[str]:
    counts = zip(index.counts([Term("title", word) for word in _WORDS]), _WORDS, strict=True)
    return [word for _, word in sorted(counts, reverse=True)[:5]]


def values(index: SearchIndex, repeats: int) -> None:
    for field in ("organization", "format"):
        after: list[str | None] = [None]
        while page := index.facet_values(field, Everything(), {}, after=after[-1], size=100):
            after.append(page[-1][0])
        for place in sorted({0, (len(after) - 1) // 2, max(len(after) - 2, 0)}):
            listing = functools.partial(index.facet_values, field, Everything(), {}, after=after[place], size=100)
            took = [_timed(listing) for _ in range(repeats)]
            _print(f"100 values of {field}, page {place + 1} of {len(after) - 1}", took)


def measure(index: SearchIndex, name: str, asked: list[Request]) -> None:
    _print(name, [_timed(functools.partial(index.search, request)) for request in asked])


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    cpu, wall = time.thread_time(), time.perf_counter()
    work()
    return (time.thread_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000


def _print(name: str, took: list[tuple[float, float]]) -> None:
    def at(times: list[float]) -> str:
        times = sorted(times)
        return " / ".join(f"{times[min(len(times) - 1, int(len(times) * share))]:.1f}" for share in (0.5, 0.95))

    print(f"| {name} | {at([cpu for cpu, _ in took])} | {at([wall for _, wall in took])} |", flush=True)


if __name__ == "__main__":
    main()
