"""Suggestions while titles are typed: is there always one, and how long does it take?

    python -m benchmarks.suggest --home DIR [--titles 500] [--latin]

Types titles of the home key by key, as an input method composes them (ㅈ, 자, 장, 장ㅂ, 장바 …), and asks for
suggestions at every step. Prints the steps without a suggestion, and times in the process, without HTTP. `--latin`:
with the keyboard left in Latin.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.index_load import _machine
from harvester import config
from harvester.catalog import codec
from harvester.ledger import Ledger
from indexer.analysis import strokes, typed_in_hangul
from indexer.answer import Searcher
from indexer.engines import open_index
from indexer.languages import said
from indexer.lexicon import Lexicon
from indexer.parameters import SearchQuery


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--titles", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--latin", action="store_true")
    options = parser.parse_args()
    print(f"machine: {_machine()}\ncommand: python -m benchmarks.suggest {' '.join(sys.argv[1:])}\n")
    settings = config.settings(options.home, options.home / "config")
    with Ledger.open(settings.database_url) as ledger, contextlib.closing(open_index(settings)) as index:
        began = time.perf_counter()
        lexicon = Lexicon.of(index, gently=True)
        print(
            f"{len(lexicon):,} words of {index.document_count():,} datasets read in {time.perf_counter() - began:.1f} s"
        )
        searcher = Searcher(ledger, index, config.vocabularies(settings.config), settings.config, lambda: lexicon)
        titles = _titles(ledger, [each.id for each in index.documents()], options.titles, options.seed)
        empty: list[str] = []
        times: list[float] = []
        works: list[float] = []
        for title in titles:
            for text in typed(title):
                asked = strokes(text) if options.latin else text
                began, used = time.perf_counter(), time.thread_time()
                found = searcher.suggest(SearchQuery(q=asked))
                times.append((time.perf_counter() - began) * 1000)
                works.append((time.thread_time() - used) * 1000)
                if not found:
                    empty.append(asked)
    print(f"{len(titles)} titles, {len(times):,} steps, {len(empty)} without a suggestion")
    for name, measured in (("elapsed", sorted(times)), ("processor time of the thread", sorted(works))):
        at = "  ".join(f"p{share * 100:.0f} {measured[int(len(measured) * share)]:.1f}" for share in (0.5, 0.95, 0.99))
        print(f"  {at}  max {measured[-1]:.1f} ms: {name}")
    for text in empty[:30]:
        print(f"  nothing for {text!r}")


def _titles(ledger: Ledger, ids: list[str], count: int, seed: int) -> list[str]:
    chosen = random.Random(seed).sample(sorted(ids), min(count, len(ids)))
    rows = ledger.datasets(chosen)
    return [title.text for id in chosen if (title := said(codec.decode(rows[id].content).title))]


def typed(text: str) -> Iterator[str]:
    """Give every state of a text on its way through an input method."""
    done = ""
    for part in re.findall(r"[가-힣]+|[^가-힣]", text):
        if "가" <= part[0] <= "힣":
            keys = strokes(part)
            yield from (done + typed_in_hangul(keys[:length]) for length in range(1, len(keys) + 1))
        else:
            yield done + part
        done += part


if __name__ == "__main__":
    main()
