"""How long a search takes over HTTP on the real catalogue: facets, highlights, datasets from the ledger and all.

    python -m benchmarks.search_http [--home DIR] [--requests N] [--samples DIR] [--elasticsearch]

Harvests data.go.kr's catalogue of 34,267 records from a loopback portal into DIR (kept, so that a second run is quick),
indexes it (embedded, what DATAMOA_INDEX_URL names, or a node that is started for it), runs `datamoa serve` as a process
of its own, and asks it.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import httpx

from benchmarks.portal import SAMPLES
from harvester import config
from harvester.crawl.run import harvest
from harvester.ledger import Ledger
from harvester.sample_portals import write_config
from harvester.sample_portals.datagokr import DataGoKrPortal
from indexer import load
from indexer.engines import open_index

MEMBER = """\
name: {{ko: 모든 기관}}
sector: public
sources:
  datagokr: {{title: 공공데이터포털, protocol: datagokr, url: "{url}", allow_private: true, evidence: recorded}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "datamoa-search-http")
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--samples", type=Path, default=SAMPLES)
    parser.add_argument("--elasticsearch", action="store_true", help="start a node and search there")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        if options.elasticsearch:
            from tests.elasticsearch_node.node import Node

            node = Node(options.home / "node", heap="1g", measured=True)
            stack.enter_context(node.running())
            os.environ["DATAMOA_INDEX_URL"] = f"{node.url}/datamoa"
        _serve_and_ask(prepared(options.home, options.samples), options)


def _serve_and_ask(settings: config.Settings, options: argparse.Namespace) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "indexer", "serve", "--port", "0"],
        env=os.environ | config.environment(settings),
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stderr
            found = re.search(r"http://\S+/", server.stderr.readline())
            assert found, "the server does not say where it is"
            report(found[0], options)
        finally:
            server.terminate()


def prepared(home: Path, samples: Path) -> config.Settings:
    """An installation with the catalogue harvested and indexed."""
    home.mkdir(parents=True, exist_ok=True)
    table = gzip.decompress((samples / "korea-data-go-kr/catalogue-2022-07.csv.gz").read_bytes())
    with DataGoKrPortal(table) as portal:
        folder = write_config(home / "config", {})
        for file in (folder / "members").iterdir():
            file.unlink()
        (folder / "members" / "all.yml").write_text(MEMBER.format(url=portal.url), encoding="utf-8")
        settings = config.settings(home, folder)
        with Ledger.open(settings.database_url) as ledger:
            if not ledger.last_seq():
                (job,) = harvest(settings, config.select(folder, ()))
                print(f"harvested {job.created:,} records in {job.seconds:.1f} s: {job.verdict}")
            index = open_index(settings)
            began = time.perf_counter()
            done = load.bring_up_to_date(ledger, index)
            print(f"{index.name}: {done.applied:,} changes applied in {time.perf_counter() - began:.1f} s")
            index.close()
    return settings


def report(url: str, options: argparse.Namespace) -> None:
    """Ask every kind of search, one after the other, then four at a time."""
    rows = (options.samples / "search-eval-ko/queries.tsv").read_text(encoding="utf-8").splitlines()
    sentences = [row.split("\t")[-1] for row in rows]
    rows = (options.samples / "search-eval-ko/known-item-titles.tsv").read_text(encoding="utf-8").splitlines()
    words = [" ".join(re.findall(r"[가-힣]{2,}", row.split("\t")[-1])[:2]) for row in rows]
    words = [each for each in words if each]
    kinds: dict[str, Callable[[int], str]] = {
        "two words": lambda n: _search(words, n),
        "two words, a filter of each of two facets": lambda n: _search(words, n, type="FILE", year="2021"),
        "a sentence": lambda n: _search(sentences, n),
        "everything, newest first": lambda n: _search([""], n, **{"from": str(n % 50 * 10)}),
        "the page for two words": lambda n: _search(words, n).replace("/api/search", "/"),
    }
    print(f"\n{'p50':>8}{'p95':>8}{'p99':>8}  ms, {options.requests} requests each, 10 hits, 10 facets, highlights")
    for name, ask in kinds.items():
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            for number in range(20):
                client.get(ask(number)).raise_for_status()
            _print([_timed(client, ask(number)) for number in range(options.requests)], name)
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client, ThreadPoolExecutor(4) as crowd:
        began = time.perf_counter()
        times = list(crowd.map(lambda number: _timed(client, kinds["two words"](number)), range(options.requests)))
        rate = options.requests / (time.perf_counter() - began)
        _print(times, f"two words, four at a time: {rate:,.0f} searches/s")


def _search(texts: Sequence[str], number: int, **more: str) -> str:
    return "/api/search?" + urlencode({"q": texts[number % len(texts)], **more})


def _timed(client: httpx.Client, address: str) -> float:
    began = time.perf_counter()
    client.get(address).raise_for_status()
    return (time.perf_counter() - began) * 1000


def _print(times: Sequence[float], name: str) -> None:
    cuts = statistics.quantiles(times, n=100)
    print(f"{cuts[49]:8.1f}{cuts[94]:8.1f}{cuts[98]:8.1f}  {name}")


if __name__ == "__main__":
    main()
