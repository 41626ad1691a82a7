"""How well the right datasets are found: real records of data.go.kr, known items and judged requests.

    python -m benchmarks.search_quality [--samples ../shared/portal-samples] [--show 5]

Known items: 500 titles, each asked for in several distorted forms; MRR@10 of the record itself.
Judged requests: natural-language requests with judgements that are incomplete, so only judged records count:
nDCG@10 of the ranking without the unjudged ones, and recall@100 of the relevant ones.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
import random
import tempfile
import time
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from harvester import config
from harvester.catalog.model import Catalog, HarvestRecord, Part
from harvester.ledger.types import Change
from harvester.processing import Processor
from indexer.analysis import Analyser
from indexer.documents import ANALYSIS, document
from indexer.engines.base import Checkpoint, SearchIndex
from indexer.engines.embedded import EmbeddedIndex
from indexer.parameters import SearchQuery
from indexer.query import ask, compile

SOURCE = "bench.datagokr"
Find = Callable[[str, int], list[str]]


def changes(samples: Path) -> Iterator[tuple[str, Change]]:
    """The catalogue of 2022 as a harvest would leave it in the ledger: list key, change."""
    processor = Processor(
        Catalog(source=SOURCE, url="https://www.data.go.kr", language="ko"),
        config.vocabularies(config.default_config()),
    )
    with gzip.open(samples / "korea-data-go-kr" / "catalogue-2022-07.csv.gz", "rt", encoding="utf-8-sig") as file:
        for seq, row in enumerate(csv.DictReader(file), 1):
            key = row["목록키"]
            part = Part(name="listing", format="datagokr_csv", payload=json.dumps(row, ensure_ascii=False).encode())
            made = processor.process(HarvestRecord(identifier=key, parts=(part,)))
            if made.content is not None:
                yield (
                    key,
                    Change(
                        seq=seq, id=made.dataset_id, source=SOURCE, content=made.content, content_hash=made.content_hash
                    ),
                )


def load(index: SearchIndex, samples: Path) -> dict[str, str]:
    """Index the catalogue; give the list key of every id."""
    keys = {}
    made = []
    for key, change in changes(samples):
        keys[change.id] = key
        made.append(change)
    began = time.perf_counter()
    with index.rebuild(ANALYSIS) as fresh:
        for start in range(0, len(made), 5000):
            batch = [document(change) for change in made[start : start + 5000]]
            fresh.apply(batch, Checkpoint("bench", batch[-1].seq, ANALYSIS))
    seconds = time.perf_counter() - began
    print(f"{len(made):,} documents in {seconds:.1f} s: {len(made) / seconds:,.0f}/s, one process, cold")
    return keys


# --- known items


def distortions(title: str, chance: random.Random) -> dict[str, str]:
    """What people make of a title."""
    clean = " ".join(title.replace("_", " ").split())
    words = clean.split()
    dropped = list(words)
    if len(words) > 1:
        dropped.pop(chance.randrange(len(words)))
    glued = clean.replace(" ", "")
    spaced = "".join(
        letter + (" " if chance.random() < 0.25 and at + 1 < len(glued) else "") for at, letter in enumerate(glued)
    )
    return {
        "clean": clean,
        "a word dropped": " ".join(dropped),
        "no spaces": glued,
        "random spaces": spaced,
        "one jamo wrong": _typo(clean, chance),
    }


def _typo(text: str, chance: random.Random) -> str:
    places = [at for at, letter in enumerate(text) if "가" <= letter <= "힣"]
    if not places:
        return text
    at = chance.choice(places)
    jamo = list(unicodedata.normalize("NFD", text[at]))
    jamo[1] = chr(0x1161 + (ord(jamo[1]) - 0x1161 + chance.randrange(1, 21)) % 21)
    return text[:at] + unicodedata.normalize("NFC", "".join(jamo)) + text[at + 1 :]


def known_items(find: Find, samples: Path) -> dict[str, float]:
    chance = random.Random(20221)
    sums: dict[str, float] = defaultdict(float)
    with (samples / "search-eval-ko" / "known-item-titles.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for row in rows:
        for name, asked in distortions(row["title"], chance).items():
            found = find(asked, 10)
            if row["docid"] in found:
                sums[name] += 1 / (found.index(row["docid"]) + 1)
    return {name: total / len(rows) for name, total in sums.items()}


# --- judged requests


def judged(find: Find, samples: Path) -> tuple[float, float]:
    """nDCG@10 and recall@100."""
    folder = samples / "search-eval-ko"
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    with (folder / "qrels.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["in_catalogue_2022_07"] == "1":
                grades[row["qid"]][row["docid"]] = int(row["grade"])
    with (folder / "queries.tsv").open(encoding="utf-8") as file:
        requests = {row["qid"]: row["query"] for row in csv.DictReader(file, delimiter="\t")}
    gains, recalls = [], []
    for qid, judgements in grades.items():
        relevant = {key for key, grade in judgements.items() if grade}
        if not relevant or qid not in requests:
            continue
        found = find(requests[qid], 100)
        ranked = [judgements[key] for key in found if key in judgements][:10]
        ideal = sorted(judgements.values(), reverse=True)[:10]
        gains.append(_gain(ranked) / _gain(ideal))
        recalls.append(len(relevant & set(found)) / len(relevant))
    print(f"{len(gains)} judged requests")
    return sum(gains) / len(gains), sum(recalls) / len(recalls)


def _gain(grades: list[int]) -> float:
    return sum((2**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(grades))


def report(name: str, find: Find, samples: Path) -> None:
    known = known_items(find, samples)
    ndcg, recall = judged(find, samples)
    mean = sum(known.values()) / len(known)
    print(f"\n{name}: known-item MRR@10 {mean:.3f}  nDCG@10 {ndcg:.3f}  recall@100 {recall:.3f}")
    print("  " + "  ".join(f"{form} {value:.3f}" for form, value in known.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=Path, default=Path("../shared/portal-samples"))
    options = parser.parse_args()
    analyser = Analyser()
    with tempfile.TemporaryDirectory() as folder:
        index = EmbeddedIndex(Path(folder))
        keys = load(index, options.samples)

        def product(text: str, size: int) -> list[str]:
            asked = ask(index, SearchQuery(q=text, size=size), analyser, facets={})
            return [keys[hit.id] for hit in asked.result.hits]

        def any_word(text: str, size: int) -> list[str]:
            request, relaxed, _ = compile(SearchQuery(q=text, size=size), analyser, facets={})
            return [keys[hit.id] for hit in index.search(relaxed or request).hits]

        report("all words, any where none has all (what the search box does)", product, options.samples)
        report("any word", any_word, options.samples)
        index.close()


if __name__ == "__main__":
    main()
