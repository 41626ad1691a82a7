"""Whether two engines answer alike: same totals and facets, and how many of the first ten they share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harvester import config
from indexer.analysis import Analyser
from indexer.engines.base import Checkpoint, Document, SearchIndex
from indexer.engines.elasticsearch import ElasticsearchIndex
from indexer.engines.embedded import EmbeddedIndex
from indexer.lexicon import Lexicon
from indexer.meaning import Meaning
from indexer.parameters import SearchQuery
from indexer.query import Asked, ask
from indexer.tables import read_tables
from tests.engines.catalogue import described

_AT_ONCE = 10_000


@dataclass(frozen=True)
class Answers:
    """One search on both engines."""

    query: SearchQuery
    embedded: Asked
    elasticsearch: Asked

    @property
    def alike(self) -> bool:
        """Whether totals and facets agree."""
        one, two = self.embedded.result, self.elasticsearch.result
        return (one.total, one.facets, self.embedded.strict) == (two.total, two.facets, self.elasticsearch.strict)

    @property
    def overlap(self) -> float | None:
        """Share of the first ten that both have; None where nothing was found."""
        first = [{hit.id for hit in asked.result.hits} for asked in (self.embedded, self.elasticsearch)]
        return len(first[0] & first[1]) / max(map(len, first)) if any(first) else None

    @property
    def same_order(self) -> bool:
        """Whether the first ten are the same, in the same order."""
        return [hit.id for hit in self.embedded.result.hits] == [hit.id for hit in self.elasticsearch.result.hits]

    def __str__(self) -> str:
        totals = f"{self.embedded.result.total:,} | {self.elasticsearch.result.total:,}"
        return (
            f"{described(self.query)}: {totals}, facets {'alike' if self.alike else 'unlike'}, overlap {self.overlap}"
        )


@contextlib.contextmanager
def both(folder: Path, url: str, documents: Sequence[Document]) -> Iterator[tuple[SearchIndex, SearchIndex]]:
    """Both engines with these documents: embedded in `folder`, Elasticsearch at `url`."""
    with (
        contextlib.closing(EmbeddedIndex(folder)) as embedded,
        contextlib.closing(ElasticsearchIndex(url)) as elasticsearch,
    ):
        for index in (embedded, elasticsearch):
            with index.rebuild("parity") as fresh:
                for start in range(0, len(documents), _AT_ONCE):
                    batch = documents[start : start + _AT_ONCE]
                    assert fresh.apply(batch, Checkpoint("parity", batch[-1].seq, "parity")) == []
        yield embedded, elasticsearch


def compare(embedded: SearchIndex, elasticsearch: SearchIndex, searches: Iterable[SearchQuery]) -> list[Answers]:
    """Ask both, each with the words that it lists itself."""
    folder = config.default_config()
    tables = read_tables(folder)
    meaning = Meaning(Analyser(names=tables.names), tables, config.vocabularies(folder).format_names())
    lexicons = [Lexicon(index.words("word"), index.words("organization")) for index in (embedded, elasticsearch)]
    return [
        Answers(query, ask(embedded, query, meaning, lexicons[0]), ask(elasticsearch, query, meaning, lexicons[1]))
        for query in searches
    ]


def report(answers: Sequence[Answers]) -> str:
    """What the comparison showed, in Markdown."""
    overlaps = [answer.overlap for answer in answers if answer.overlap is not None]
    ranked = [answer for answer in answers if answer.overlap is not None and answer.query.sort is None]
    lines = [
        "| | |",
        "|---|---|",
        f"| searches | {len(answers)} |",
        f"| same total and same facets | {sum(answer.alike for answer in answers)} |",
        f"| found something | {len(overlaps)} |",
        f"| first ten the same, in the same order | {sum(answer.same_order for answer in answers)} |",
        f"| mean overlap of the first ten | {sum(overlaps) / len(overlaps):.4f} |",
        f"| mean overlap where relevance orders | {sum(a.overlap or 0 for a in ranked) / len(ranked):.4f} |",
        f"| smallest overlap | {min(overlaps):.2f} |",
    ]
    unlike = [
        str(answer) for answer in answers if not answer.alike or (answer.overlap is not None and answer.overlap < 1)
    ]
    return "\n".join([*lines, "", "Not alike, or not the same first ten:" if unlike else "All alike.", "", *unlike])
