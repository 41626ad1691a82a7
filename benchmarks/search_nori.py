"""Nori on a real Elasticsearch 8 answers the graded requests: the baseline that `datamoa evaluate` compares with.

    python -m benchmarks.search_nori --home DIR [-o NORI.json] [--variant NAME]
    datamoa evaluate benchmarks/search_sets --set graded --baseline NORI.json

Title, description and publisher of a home's datasets are indexed. Every variant of the search is asked, and the run of
the one with the best nDCG@10 on the tune half is written, or of the one that is named. Needs a JDK and Maven for the
node.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from elasticsearch import Elasticsearch
from elasticsearch.helpers import parallel_bulk

from harvester import config
from harvester.catalog import codec
from harvester.catalog.model import Dataset
from harvester.ledger import Ledger
from indexer.evaluation import questions as asked
from indexer.evaluation import run as runs
from indexer.evaluation.measures import Hits
from tests.elasticsearch_node.node import Node

_SETS = Path(__file__).parent / "search_sets" / "graded.jsonl"
_INDEX = "nori"
_WEIGHTS = {"title": "4", "publisher": "1.5", "description": "1"}
_MODES = ("discard", "mixed")
"""What becomes of a compound: its parts alone, or the compound as well."""
_TYPES = ("cross_fields", "best_fields", "most_fields")
_PAIRS = ("", "pairs", "joined")
"""Letter pairs of the title: none, inside words, or also across spaces."""
_PAIR_BOOSTS = (1, 2, 4)


class Variant(NamedTuple):
    """One way of asking."""

    mode: str
    type: str
    pairs: str
    boost: int

    @property
    def name(self) -> str:
        return " ".join([self.mode, self.type, *([f"{self.pairs}x{self.boost}"] if self.pairs else [])])

    def search(self, query: str) -> dict[str, Any]:
        """Any word matches; the letter pairs only rank what the words matched."""
        fields = [f"{field}.{self.mode}^{weight}" for field, weight in _WEIGHTS.items()]
        words = {"multi_match": {"query": query, "type": self.type, "operator": "or", "fields": fields}}
        ranks = {"match": {f"title.{self.pairs}": {"query": query, "boost": self.boost}}}
        return {"bool": {"must": [words], "should": [ranks] if self.pairs else []}}


def variants() -> list[Variant]:
    """Every combination, without boosts of letter pairs where there are none."""
    every = itertools.product(_MODES, _TYPES, _PAIRS, _PAIR_BOOSTS)
    return [Variant(*each) for each in every if each[2] or each[3] == _PAIR_BOOSTS[0]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, default=Path("NORI.json"))
    parser.add_argument("--variant", choices=[each.name for each in variants()])
    options = parser.parse_args()
    questions = asked.read([_SETS])
    with (
        Ledger.open(config.settings(options.home, None).database_url) as ledger,
        tempfile.TemporaryDirectory() as folder,
        Node(Path(folder) / "node", heap="1g", measured=True).running() as node,
        Elasticsearch(node.url, request_timeout=60) as client,
    ):
        print(f"{fill(client, ledger):,} datasets, {len(questions)} requests\n")
        results = {each.name: runs.judge(ledger, questions, answers(client, each, questions)) for each in variants()}
    figures = {name: _ndcg(result) for name, result in results.items()}
    print("| variant | nDCG@10 tune | aside | all |\n|---|---|---|---|")
    for name, (tune, aside, every) in sorted(figures.items(), key=lambda each: -each[1][0]):
        print(f"| {name} | {tune:.3f} | {aside:.3f} | {every:.3f} |")
    chosen = options.variant or max(figures, key=lambda name: figures[name][0])
    runs.save(options.output, results[chosen])
    print(f"\n{chosen}: {options.output}")


def fill(client: Elasticsearch, ledger: Ledger) -> int:
    """Index the datasets of the ledger; gives their number."""
    modes = {mode: {"type": "text", "analyzer": mode} for mode in _MODES}
    pairs = {pairs: {"type": "text", "analyzer": pairs} for pairs in _PAIRS if pairs}
    # Only the fields below these are searched.
    bare = {"type": "keyword", "index": False, "doc_values": False}
    analysis = {
        "analyzer": {
            **{mode: {"type": "nori", "decompound_mode": mode} for mode in _MODES},
            "pairs": {"tokenizer": "standard", "filter": ["cjk_width", "lowercase", "cjk_bigram"]},
            "joined": {"tokenizer": "pairs", "filter": ["cjk_width", "lowercase"], "char_filter": ["spaceless"]},
        },
        "tokenizer": {"pairs": {"type": "ngram", "min_gram": 2, "max_gram": 2}},
        "char_filter": {"spaceless": {"type": "pattern_replace", "pattern": r"[\s\p{Punct}]+", "replacement": ""}},
    }
    client.indices.create(
        index=_INDEX,
        settings={"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1", "analysis": analysis},
        mappings={
            "dynamic": False,
            "properties": {
                "id": {"type": "keyword"},
                "title": {**bare, "fields": {**modes, **pairs}},
                "description": {**bare, "fields": modes},
                "publisher": {**bare, "fields": modes},
            },
        },
    )
    count = sum(1 for _ in parallel_bulk(client, _actions(ledger), thread_count=2, chunk_size=1000))
    client.indices.refresh(index=_INDEX)
    client.indices.forcemerge(index=_INDEX, max_num_segments=1)
    return count


def _actions(ledger: Ledger) -> Iterator[dict[str, Any]]:
    for row in ledger.export():
        yield {"_index": _INDEX, "_id": row.id, "_source": _source(codec.decode(row.content))}


def _source(dataset: Dataset) -> dict[str, Any]:
    publisher = dataset.publisher
    names = [*publisher.name.values(), publisher.source_name or ""] if publisher else []
    return {
        "id": dataset.id,
        "title": list(dataset.title.values()),
        "description": list(dataset.description.values()),
        "publisher": list(dict.fromkeys(filter(None, names))),
    }


def answers(client: Elasticsearch, variant: Variant, questions: Sequence[asked.Question]) -> Iterator[Hits]:
    """Ask; equal scores are ordered by id, so that every run gives the same order."""
    for question in questions:
        answer = client.search(
            index=_INDEX,
            query=variant.search(question.query),
            size=question.depth,
            sort=["_score", "id"],
            track_total_hits=True,
            source_includes=["title"],
        )["hits"]
        found = answer["hits"]
        titles = tuple((hit["_source"]["title"] or [""])[0] for hit in found[:10])
        yield Hits(answer["total"]["value"], tuple(hit["_id"] for hit in found), titles)


def _ndcg(results: Sequence[runs.Result]) -> tuple[float, float, float]:
    """Mean nDCG@10 of the tune half, the half kept aside, and both."""
    means = {each.half: each.value.mean for each in runs.summaries(results) if each.measure == "ndcg@10"}
    return means["tune"], means["aside"], means[None]


if __name__ == "__main__":
    main()
