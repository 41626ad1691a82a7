"""A million datasets: the first load from the ledger, and how long searches take over HTTP.

    python -m benchmarks.search_million [--home DIR] [--datasets 1000000] [--requests 300] [--only load|search|drain]

The home is filled once (`benchmarks.million_home`) and kept. *load* runs `datamoa index` (an empty index) or `datamoa
rebuild` (`--rebuild`) as a process and watches it: documents a second, processor time by what used it, memory of all
its processes. *search* asks `datamoa serve`, one worker, ten hits with highlights and ten facets; no text is asked
twice. *drain* asks the same while `datamoa index` applies changes of 100,000 datasets. Words come from the titles of
generated datasets, sentences are real requests.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlencode

import httpx

from benchmarks.index_load import _machine
from benchmarks.million_home import SHARED, Filling, prepared, records
from benchmarks.watching import CLOCK, Watching, cpu_of
from harvester import config
from harvester.ledger import Ledger
from indexer.engines import open_index

_TITLES_FROM = 40_000
_CHANGES = 100_000
_WARM_UP = 30
_PARTS = ("load", "search", "drain")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path(gettempdir()) / "datamoa-million")
    parser.add_argument("--datasets", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--only", choices=_PARTS, action="append")
    parser.add_argument("--rebuild", action="store_true", help="load by `rebuild` instead of `index`")
    options = parser.parse_args()
    print(f"machine: {_machine()}\ncommand: python -m benchmarks.search_million {' '.join(sys.argv[1:])}\n")
    settings = prepared(options.home, options.datasets, options.shared)
    wanted = options.only or _PARTS
    if "load" in wanted:
        load(settings, rebuild=options.rebuild)
    if "search" in wanted:
        with serving(settings) as (url, process):
            ask(url, process, Texts(options.shared, seed=1), options.requests)
    if "drain" in wanted:
        drain(settings, options)


# --- loading --------------------------------------------------------------------------------------------------------


def load(settings: config.Settings, *, rebuild: bool) -> None:
    """Fill an index from the whole ledger with the command that an operator would use."""
    if not rebuild and settings.index_url == "embedded":
        shutil.rmtree(settings.home / "index", ignore_errors=True)
    command = "rebuild" if rebuild else "index"
    began = time.perf_counter()
    with _datamoa(settings, command) as process, Watching(process.pid) as seen:
        process.wait()
    seconds = time.perf_counter() - began
    assert process.returncode == 0, process.returncode
    with contextlib.closing(open_index(settings)) as index:
        count = index.document_count()
    print(f"{command}: {count:,} documents in {seconds:.1f} s: {count / seconds:,.0f}/s")
    peak, own = seen.peak_bytes / 1e6, seen.peak_own_bytes / 1e6
    print(f"  peak memory of all processes: {peak:,.0f} MB (shared pages once), without pages of files {own:,.0f}")
    for name, used in sorted(seen.cpu().items()):
        print(f"  {used / count * 1e6:6.1f} µs of CPU a document: {name}")
    print(f"  {sum(seen.cpu().values()) / seconds:.2f} processors busy\n")


@contextlib.contextmanager
def _datamoa(settings: config.Settings, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "indexer", *arguments],
        env=os.environ | config.environment(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if arguments[0] == "serve" else None,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


# --- searching ------------------------------------------------------------------------------------------------------


class Texts:
    """What is typed: endless kinds of texts, none of which comes twice."""

    def __init__(self, shared: Path, seed: int) -> None:
        self._random = random.Random(seed)
        titles = [record["title"] for record in records(shared, 0, _TITLES_FROM)]
        self._random.shuffle(titles)
        self._titles = titles
        self._said: set[str] = set()
        self._sentences: list[str] = []
        for name in ("queries.tsv", "queries-unjudged.tsv"):
            rows = (shared / "portal-samples/search-eval-ko" / name).read_text(encoding="utf-8").splitlines()
            self._sentences += [row.split("\t")[-1] for row in rows[1:]]

    def words(self, count: int) -> Iterator[str]:
        """So many words of one title, in its order."""
        for title in self._titles:
            words = list(dict.fromkeys(re.findall(r"[가-힣a-zA-Z]{2,}", title)))
            if len(words) >= count:
                chosen = sorted(self._random.sample(range(len(words)), count))
                yield from self._first(" ".join(words[at] for at in chosen))

    def titles(self) -> Iterator[str]:
        """Whole titles."""
        for title in self._titles:
            yield from self._first(title)

    def sentences(self) -> Iterator[str]:
        """Real requests in natural language."""
        for sentence in self._sentences:
            yield from self._first(sentence)

    def beginnings(self) -> Iterator[str]:
        """The first letters of title words, as a suggestion is asked for."""
        for title in self._titles:
            words = re.findall(r"[가-힣a-zA-Z]{2,}", title)
            if words:
                word = self._random.choice(words)
                yield from self._first(word[: self._random.randint(1, len(word))])

    def _first(self, text: str) -> Iterator[str]:
        if text not in self._said:
            self._said.add(text)
            yield text


@contextlib.contextmanager
def serving(settings: config.Settings) -> Iterator[tuple[str, int]]:
    """Run `datamoa serve`; gives its address and process."""
    with _datamoa(settings, "serve", "--port", "0") as server:
        assert server.stderr
        found = re.search(r"http://\S+/", server.stderr.readline())
        assert found, "the server does not say where it is"
        yield found[0], server.pid


def ask(url: str, process: int, texts: Texts, count: int, while_true: Callable[[], bool] = lambda: True) -> None:
    """Ask every kind of text and print how long the answers took."""
    kinds = {
        "one word": texts.words(1),
        "two words": texts.words(2),
        "title": texts.titles(),
        "sentence": texts.sentences(),
        "suggest": texts.beginnings(),
    }
    print(f"{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}  ms; CPU of the server a request")
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        for text in itertools.islice(texts.words(2), _WARM_UP):
            client.get(_address("two words", text)).raise_for_status()
        for name, each in kinds.items():
            if client.get(_address(name, next(each))).status_code == 404:
                print(f"{'–':>8}  {name}: no such endpoint")
                continue
            used, times = cpu_of(process), []
            for text in itertools.islice(each, count):
                times.append(_timed(client, _address(name, text)))
                if not while_true():
                    break
            if len(times) > 20:
                _print(name, times, (cpu_of(process) - used) / len(times) / CLOCK * 1000)
    print()


def _address(kind: str, text: str) -> str:
    return ("/api/suggest?" if kind == "suggest" else "/api/search?") + urlencode({"q": text})


def _timed(client: httpx.Client, address: str) -> float:
    began = time.perf_counter()
    client.get(address).raise_for_status()
    return (time.perf_counter() - began) * 1000


def _print(name: str, times: Sequence[float], cpu: float) -> None:
    cuts = statistics.quantiles(times, n=100)
    numbers = f"{cuts[49]:8.1f}{cuts[94]:8.1f}{cuts[98]:8.1f}{max(times):8.1f}"
    print(f"{numbers}  {cpu:6.1f} ms CPU  {name} ({len(times)} requests)")


def drain(settings: config.Settings, options: argparse.Namespace) -> None:
    """Search while 100,000 changes are applied."""
    changes = min(_CHANGES, options.datasets)
    with Ledger.open(settings.database_url) as ledger:
        revision = 1 + (ledger.last_seq() - options.datasets) // changes
        Filling(ledger, settings).commit(records(options.shared, 0, changes, revision))
        print(f"while {changes:,} changes (revision {revision}) are applied:")
    with serving(settings) as (url, server), _datamoa(settings, "index") as index:
        began = time.perf_counter()
        # One kind after the other, a share of the time each; again until the drain has ended.
        for seed in itertools.count(2):
            ask(url, server, Texts(options.shared, seed), options.requests, lambda: index.poll() is None)
            if index.poll() is not None:
                break
        print(f"(applied after about {time.perf_counter() - began:.0f} s)")


if __name__ == "__main__":
    main()
