"""The real catalogue of data.go.kr as documents, and 200 searches of it: for comparing engines and measuring them."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import orjson

from harvester import config
from harvester.catalog.model import Catalog, HarvestRecord, Part
from harvester.ledger import Change
from harvester.processing import Processor
from indexer import making
from indexer.documents import packaged
from indexer.engines.base import Document, Sort
from indexer.parameters import SearchQuery

SOURCE = "korea.datagokr"


def rows(samples: Path) -> Iterator[dict[str, str]]:
    """The 34,267 rows of July 2022."""
    with gzip.open(samples / "korea-data-go-kr" / "catalogue-2022-07.csv.gz", "rt", encoding="utf-8-sig") as file:
        yield from csv.DictReader(file)


@lru_cache(maxsize=1)
def _processor() -> Processor:
    vocabularies = config.vocabularies(config.default_config())
    return Processor(Catalog(source=SOURCE, url="https://www.data.go.kr/", language="ko"), vocabularies)


def changes(rows: Sequence[Mapping[str, str]], first_seq: int) -> list[Change]:
    """What the ledger's feed has after these rows were harvested; rejected ones are left out."""
    made = []
    for seq, row in enumerate(rows, first_seq):
        part = Part(name="listing", format="datagokr_csv", payload=orjson.dumps(row))
        processed = _processor().process(HarvestRecord(identifier=row["목록키"], parts=(part,)))
        if processed.content is not None:
            made.append(
                Change(
                    seq=seq,
                    id=processed.dataset_id,
                    source=SOURCE,
                    content=processed.content,
                    content_hash=processed.content_hash,
                )
            )
    return made


def _documents(rows: Sequence[Mapping[str, str]], first_seq: int) -> list[Document]:
    made = making.make(changes(rows, first_seq), packaged(), lambda document: document)
    assert not made.failures, made.failures
    return [change for change in made.changes if isinstance(change, Document)]


def documents(samples: Path) -> list[Document]:
    """All of them, made by two processes; about 70 MB."""
    source = rows(samples)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        batches = list(iter(lambda: list(islice(source, 1_000)), []))
        made = executor.map(_documents, batches, [1 + 1_000 * n for n in range(len(batches))])
        return [document for batch in made for document in batch]


def searches(samples: Path) -> list[SearchQuery]:
    """200 searches: requests in natural language, titles, phrases, exclusions, alternatives, filters and ranges."""
    evaluation = samples / "search-eval-ko"
    asked = [row["query"] for name in ("queries.tsv", "queries-unjudged.tsv") for row in _table(evaluation / name)]
    titles = [row["title"] for row in _table(evaluation / "known-item-titles.tsv")]
    chance = random.Random(20221)
    chance.shuffle(titles)
    found = [SearchQuery(q=text) for text in [*asked, *titles[:20]]]
    words = [word for title in titles[20:] for word in title.replace("_", " ").split() if len(word) > 1]
    while len(found) < 200:
        word, other = chance.sample(words, 2)
        found.append(_search(len(found) % 12, word, other, titles[len(found)], chance))
    return found


_THEMES = ("교통물류", "보건의료", "환경기상", "공공행정", "문화관광")
_YEARS = ("2019", "2020", "2021", "2022")
_ORDERS: tuple[Sort, ...] = ("title", "modified", "-modified", "issued", "-issued")


def _search(kind: int, word: str, other: str, title: str, chance: random.Random) -> SearchQuery:
    theme, year = chance.choice(_THEMES), chance.choice(_YEARS)
    match kind:
        case 0:
            return SearchQuery(q=word)
        case 1:
            return SearchQuery(q=f'"{" ".join(title.replace("_", " ").split()[:3])}"')
        case 2:
            return SearchQuery(q=f"{word} -{other}")
        case 3:
            return SearchQuery(q=f"{word} OR {other}")
        case 4:
            return SearchQuery(q=f"title:{word}")
        case 5:
            return SearchQuery(q=word, filters={"theme": tuple(chance.sample(_THEMES, 2))})
        case 6:
            return SearchQuery(q=word, filters={"theme": (theme,), "year": (year,)})
        case 7:
            return SearchQuery(filters={"type": ("FILE",), "year": tuple(chance.sample(_YEARS, 2))})
        case 8:
            return SearchQuery(q=word, dates={"modified": (f"{year}-01-01", None)})
        case 9:
            return SearchQuery(dates={"issued": ("2018-01-01", f"{year}-06-30")}, sort="-issued")
        case 10:
            return SearchQuery(q=word, sort=chance.choice(_ORDERS))
        case _:
            return SearchQuery(q=f"-{word}", size=20, offset=chance.randrange(200))


def _table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def described(query: SearchQuery) -> str:
    """A search in one line, as its URL parameters."""
    return json.dumps(dict(query.to_parameters()), ensure_ascii=False)
