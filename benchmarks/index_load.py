"""Documents per second into both engines, from documents made beforehand and end to end from a ledger.

    python -m benchmarks.index_load SAMPLES [--documents 100000] [--major 9] [--heap 2g] [--engine embedded]

SAMPLES is the folder of recorded portal samples; its catalogue of 34,267 datasets is repeated under other identifiers
until there are enough. Needs a JDK and Maven for Elasticsearch. What is measured:

*bare, ready lines*   `helpers.parallel_bulk` of actions whose JSON is made beforehand: the floor
*bare, dictionaries*  `helpers.parallel_bulk` of dictionaries with the client's own serializer: what one writes first
*apply*               our engine's `apply` of documents whose analysis was done beforehand, checkpoints included
*rebuild*             ledger → analysis in two processes → engine → swapped in

Bare and ours take turns, into fresh generations with the same mapping and settings; two connections, 500 a request.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import orjson
from elasticsearch import Elasticsearch, helpers

from harvester.catalog import codec
from harvester.catalog.identifiers import dataset_id
from harvester.ledger import Ledger
from indexer import load
from indexer.engines.base import Checkpoint, Document, SearchIndex
from indexer.engines.elasticsearch import ElasticsearchIndex
from indexer.engines.elasticsearch_mapping import action
from indexer.engines.embedded import EmbeddedIndex
from tests.elasticsearch_node.node import Node
from tests.engines import catalogue
from tests.harvested import entry, harvest

_BATCH = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", type=Path)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--major", type=int, choices=(8, 9), default=8)
    parser.add_argument("--heap", default="2g")
    parser.add_argument("--engine", choices=("embedded", "elasticsearch"), help="only this one")
    parser.add_argument("--no-ledger", action="store_true", help="without the end-to-end part")
    arguments = parser.parse_args()
    print(f"machine: {_machine()}\ncorpus:  data.go.kr 2022-07, repeated to {arguments.documents:,} documents")
    print(f"command: python -m benchmarks.index_load {' '.join(sys.argv[1:])}\n")
    documents = _repeated(catalogue.documents(arguments.samples), arguments.documents)
    size = statistics.mean(len(action(document)[1]) for document in documents[:5_000])
    print(f"a document is {size:,.0f} bytes in a bulk request\n")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        here = Path(folder)
        engines: list[SearchIndex] = []
        if arguments.engine != "elasticsearch":
            embedded = stack.enter_context(contextlib.closing(EmbeddedIndex(here / "index")))
            for _ in range(arguments.repeats):
                _measure("embedded, apply", lambda: _apply(embedded, documents), len(documents))
            engines.append(embedded)
        if arguments.engine != "embedded":
            node = Node(here / "node", major=arguments.major, heap=arguments.heap, measured=True)
            stack.enter_context(node.running())
            cluster = stack.enter_context(contextlib.closing(ElasticsearchIndex(f"{node.url}/load")))
            _elasticsearch(cluster, node, documents, arguments.repeats)
            engines.append(cluster)
        if not arguments.no_ledger:
            ledger = stack.enter_context(Ledger.open(f"sqlite:///{here / 'ledger.sqlite'}"))
            _fill(ledger, documents)
            count = len(documents)
            documents.clear()
            for index in engines:
                name = "embedded" if isinstance(index, EmbeddedIndex) else "elasticsearch"
                _measure(f"{name}, rebuild", lambda index=index: load.rebuild(ledger, index), count)  # type: ignore[misc]
    print(f"\npeak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB")


def _elasticsearch(index: SearchIndex, node: Node, documents: Sequence[Document], repeats: int) -> None:
    lines = [action(document) for document in documents]
    dictionaries = [{**meta["index"], "_source": orjson.loads(source)} for meta, source in lines]
    runs: dict[str, Callable[[], None]] = {
        "bare, ready lines": lambda: _bare(index, node.url, lines, lambda line: line),
        "bare, dictionaries": lambda: _bare(index, node.url, dictionaries, _expanded),
        "apply": lambda: _apply(index, documents),
    }
    _apply(index, documents[:30_000])  # the node's compiler and the page cache are warm after this
    rates: dict[str, list[Rate]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            rates[name].append(_measure(f"elasticsearch, {name}", run, len(documents), node))
    for name in ("bare, ready lines", "bare, dictionaries"):
        speed = statistics.median(rate.wall for rate in rates["apply"]) / statistics.median(
            rate.wall for rate in rates[name]
        )
        cost = statistics.median(rate.here + rate.node for rate in rates[name]) / statistics.median(
            rate.here + rate.node for rate in rates["apply"]
        )
        print(f"elasticsearch: apply is {speed:.2f} of {name} by the clock, {cost:.2f} by CPU (medians)")


def _expanded(row: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    meta = {name: value for name, value in row.items() if name != "_source"}
    return {"index": meta}, row["_source"]


def _bare(index: SearchIndex, url: str, rows: Sequence[Any], expand: Callable[[Any], Any]) -> None:
    with index.rebuild("bare") as fresh, contextlib.closing(Elasticsearch(url, request_timeout=120)) as client:
        fresh.apply([], Checkpoint())
        generation = fresh._generation  # type: ignore[attr-defined]
        done = helpers.parallel_bulk(
            client, rows, thread_count=2, chunk_size=500, expand_action_callback=expand, index=generation
        )
        assert all(ok for ok, _ in done)


def _apply(index: SearchIndex, documents: Sequence[Document]) -> None:
    with index.rebuild("ours") as fresh:
        for start in range(0, len(documents), _BATCH):
            batch = documents[start : start + _BATCH]
            assert fresh.apply(batch, Checkpoint("load", batch[-1].seq, "ours")) == []


def _repeated(documents: Sequence[Document], count: int) -> list[Document]:
    made: list[Document] = []
    for seq in range(1, count + 1):
        turn, place = divmod(seq - 1, len(documents))
        old = documents[place]
        identifier = f"{place}-{turn}"
        dataset = msgspec.structs.replace(
            codec.decode(old.content), id=dataset_id(old.source, identifier), identifier=identifier
        )
        content = codec.encode(dataset)
        made.append(
            Document(
                id=dataset.id,
                seq=seq,
                source=old.source,
                content_hash=codec.content_hash(content).hex(),
                content=content,
                terms=old.terms,
                values=old.values,
                sort_title=old.sort_title,
            )
        )
    return made


def _fill(ledger: Ledger, documents: Sequence[Document]) -> None:
    began = time.perf_counter()
    harvest(
        ledger,
        catalogue.SOURCE,
        (entry(each.source, codec.decode(each.content).identifier, each.content) for each in documents),
    )
    print(f"(ledger filled in {time.perf_counter() - began:.0f} s)")
    _measure("ledger, reading the feed", lambda: _read(ledger), len(documents))


def _read(ledger: Ledger) -> None:
    at = 0
    while changes := ledger.changes(at, 500):
        at = changes[-1].seq


class Rate(NamedTuple):
    """Documents a second by the clock, and microseconds of CPU a document: here, and in the node."""

    wall: float
    here: float
    node: float


def _measure(name: str, run: Callable[[], object], count: int, node: Node | None = None) -> Rate:
    wall, cpu, node_cpu = time.perf_counter(), _cpu(), _cpu_of(node)
    run()
    wall = time.perf_counter() - wall
    here, there = (_cpu() - cpu) / count * 1e6, (_cpu_of(node) - node_cpu) / count * 1e6
    print(f"{name:<36} {count / wall:>9,.0f}/s   CPU each: {here:>4.0f} µs here, {there:>4.0f} µs in the node")
    return Rate(count / wall, here, there)


def _cpu() -> float:
    """Seconds of this process and of its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _cpu_of(node: Node | None) -> float:
    if node is None:
        return 0.0
    fields = Path(f"/proc/{node.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    busy = os.getloadavg()[0]
    return f"{os.cpu_count()} × {model}, {memory:.0f} GB, Python {platform.python_version()}, load average {busy:.1f}"


if __name__ == "__main__":
    main()
