"""What each row of ``config/search/synonyms.yml`` finds in a catalogue, and how frequent the words of requests are.

    python -m benchmarks.search_meaning --home DIR [--config DIR] [--all] [--examples 2]

Of every key: documents that have it, documents that its alternatives add, and the titles that come first for the best
alternative. `--all` lists all keys, otherwise only those that deserve a look: alternatives that add nothing (the row
is of no use in this catalogue) and alternatives that add very many (another meaning, or too general). Then the words
of ``noise.yml`` that are no words of requests, with the documents and titles that have them.
Texts are asked for as phrases, so a text counts where it stands, not where its parts lie about.
Last, requests in everyday words (``everyday.tsv``), asked as people do: how many have a right dataset in the first ten.
"""

from __future__ import annotations

import argparse
import csv
import re
import statistics
from pathlib import Path

from harvester import config
from harvester.catalog import codec
from harvester.ledger import Ledger
from indexer.analysis import Analyser
from indexer.answer import Searcher
from indexer.engines import open_index
from indexer.meaning import Meaning
from indexer.parameters import SearchQuery
from indexer.query import compile
from indexer.tables import Alternative, SearchTables, read_tables

# Alternatives that add this many times the documents of the key, and no fewer than so many, deserve a look.
_TIMES, _MANY = 20, 500


class Catalogue:
    """An index, asked for texts as they stand."""

    def __init__(self, home: Path, tables: SearchTables) -> None:
        settings = config.settings(home, None)
        self._ledger = Ledger.open(settings.database_url)
        self._index = open_index(settings)
        self._searcher = Searcher(self._ledger, self._index, config.vocabularies(settings.config), settings.config)
        names = {name.word: name.parts or (name.word,) for name in tables.dictionary}
        self._meaning = Meaning(Analyser(names=names), tables, {}, {})

    def count(self, *texts: str) -> int:
        """Documents that have one of `texts`."""
        return self._found(texts, 1)[0]

    def titles(self, text: str, size: int) -> list[str]:
        """Titles of the first documents that have `text`."""
        ids = self._found([text], size)[1]
        rows = self._ledger.datasets(ids)
        return [next(iter(codec.decode(rows[id].content).title.values()), "") for id in ids if id in rows]

    def count_in_titles(self, text: str) -> int:
        """Documents whose title has `text`."""
        return self._ask(f'title:"{text}"', 1)[0]

    def first_ten(self, request: str) -> list[str]:
        """Titles and publishers of the first ten of a search as people make it."""
        hits = self._searcher.search([("q", request), ("size", "10")])["hits"]
        return [f"{hit['title']} {hit['publisher'] or ''}" for hit in hits]

    def _found(self, texts: list[str] | tuple[str, ...], size: int) -> tuple[int, list[str]]:
        return self._ask(" OR ".join(f'"{text}"' for text in texts), size)

    def _ask(self, q: str, size: int) -> tuple[int, list[str]]:
        result = self._index.search(compile(SearchQuery(q=q, size=size), self._meaning, {}).request())
        return result.total, [hit.id for hit in result.hits]


def row(catalogue: Catalogue, key: str, alternatives: tuple[Alternative, ...], examples: int) -> tuple[int, int, str]:
    """Documents of the key, documents that the alternatives add, and a line about them."""
    own = catalogue.count(key)
    added = catalogue.count(key, *(each.text for each in alternatives)) - own
    counted = [(each, catalogue.count(each.text)) for each in alternatives]
    best = max(counted, key=lambda each: each[0].weight * min(each[1], 1))[0]
    told = ", ".join(f"{each.text} {count}" for each, count in counted)
    shown = " | ".join(title[:40] for title in catalogue.titles(best.text, examples))
    return own, added, f"{key} {own:,} +{added:,} ← {told} :: {shown}"


def everyday(catalogue: Catalogue) -> None:
    """Requests whose right datasets a pattern of their titles knows."""
    with (Path(__file__).parent / "everyday.tsv").open(encoding="utf-8") as file:
        requests = list(csv.reader((line for line in file if not line.startswith("#")), delimiter="\t"))
    missed = [
        request
        for request, pattern in requests
        if not any(re.search(pattern, re.sub(r"[\s_]", "", hit)) for hit in catalogue.first_ten(request))
    ]
    print(
        f"\n{len(requests)} everyday requests, success@10 {1 - len(missed) / len(requests):.3f}; missed:",
        *missed,
        sep="\n",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=config.default_config())
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--examples", type=int, default=2)
    arguments = parser.parse_args()
    tables = read_tables(arguments.config)
    catalogue = Catalogue(arguments.home, tables)

    idle, wide, gains = [], [], []
    for key, alternatives in tables.synonyms.items():
        own, added, line = row(catalogue, key, alternatives, arguments.examples)
        if not added:
            idle.append(line)
        elif added > max(_MANY, _TIMES * own):
            wide.append(line)
        gains.append(added)
        if arguments.all:
            print(line)
    gaining = [gain for gain in gains if gain]
    print(f"{len(gains):,} keys, {len(gaining):,} add documents, median {statistics.median(gaining):,.0f}")
    print(f"\n{len(idle)} add nothing:", *idle, sep="\n")
    print(f"\n{len(wide)} add very many:", *wide, sep="\n")
    print("\nwords of noise.yml: documents, titles")
    for word, kind in tables.noise.items():
        if kind != "request":
            print(f"{kind} {word} {catalogue.count(word):,} {catalogue.count_in_titles(word):,}")
    everyday(catalogue)


if __name__ == "__main__":
    main()
