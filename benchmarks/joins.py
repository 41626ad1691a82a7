"""How many datasets of three real catalogues are recognised as the same one, and how many of these joins are right.

    python -m benchmarks.joins [--samples DIR] [--show N] [--seed S] [--without KIND]…

The catalogue of July 2022 is one source, that of November 2025 a second, the file data of 2021-2022 (republished by
another site, with other separators) a third. All three name the portal's list key, which the joins do not see: a pair
with the same key is right; a sample of the others is printed, to be read.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.portal import SAMPLES
from harvester import config
from harvester.catalog import codec
from harvester.catalog.identifiers import dataset_id
from harvester.catalog.joins import join_keys
from harvester.catalog.model import (
    Agent,
    Catalog,
    Dataset,
    Distribution,
    HarvestRecord,
    Mapped,
    Page,
    Part,
    Processed,
)  # fmt: skip
from harvester.catalog.normalise import Normaliser
from harvester.ledger import Ending, Entry, Expected, Ledger, payload_hash
from harvester.mapping import MAPPINGS

FOLDER = "korea-data-go-kr"


def rows(samples: Path) -> Iterator[tuple[str, str, Mapped | None]]:
    """Source, list key and mapped dataset of every record."""
    for year, file in (("2022", "catalogue-2022-07.csv.gz"), ("2025", "catalogue-2025-11.csv.gz")):
        catalog = Catalog(source=f"of.y{year}", url="https://www.data.go.kr", language="ko")
        text = gzip.decompress((samples / FOLDER / file).read_bytes()).decode("utf-8-sig")
        for row in csv.DictReader(io.StringIO(text)):
            payload = json.dumps(row, ensure_ascii=False).encode()
            yield catalog.source, row["목록키"], MAPPINGS["datagokr_csv"](payload, row["목록키"], catalog)
    with gzip.open(samples / FOLDER / "file-data-2021-2022.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            key = str(row["publicDataPk"])
            yield "of.pages", key, Mapped(dataset=Dataset(
                id=dataset_id("of.pages", key), source="of.pages", identifier=key,
                title={"ko": row["title"] or ""}, description={"ko": row["description"] or ""},
                publisher=Agent(name={"ko": row["organization"]}) if row["organization"] else None,
                landing_page=row["landingPage"],
                distribution=tuple(Distribution(download_url=one["url"]) for one in row["distribution"] if one["url"]),
            ))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=Path, default=SAMPLES)
    parser.add_argument("--show", type=int, default=100)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--without", action="append", default=[], help="a kind of key to leave out")
    options = parser.parse_args()
    vocabularies = config.vocabularies(config.default_config())
    listed: dict[str, dict[str, Dataset]] = {}
    for source, key, mapped in rows(options.samples):
        assert mapped is not None
        normaliser = Normaliser(vocabularies, Catalog(source=source, url="https://www.data.go.kr", language="ko"))
        listed.setdefault(source, {}).setdefault(key, normaliser.normalise(mapped.dataset)[0])
    with tempfile.TemporaryDirectory() as folder, Ledger.open(f"sqlite:///{folder}/ledger.db") as ledger:
        for source, datasets in listed.items():
            _store(ledger, source, list(datasets.values()), set(options.without))
        _report(ledger, listed, options)


def _store(ledger: Ledger, source: str, datasets: list[Dataset], without: set[str]) -> None:
    job = ledger.start_job(source, full=True, holder="benchmark", fingerprint="")
    cursor = None
    for start in range(0, len(datasets), 500):
        entries = []
        for dataset in datasets[start : start + 500]:
            content = codec.encode(dataset)
            record = HarvestRecord(identifier=dataset.identifier, parts=(Part(name="listing", format="", payload=b""),))
            joins = tuple(key for key in join_keys(dataset) if key.kind not in without)
            processed = Processed(
                dataset_id=dataset.id, content=content, content_hash=codec.content_hash(content), joins=joins
            )
            entries.append(
                Entry(record=record, payload_hash=payload_hash(b""), mapping_version="1", processed=processed)
            )
        end = start + 500 >= len(datasets)
        page = Page(records=tuple(one.record for one in entries), after=cursor, cursor=str(start + 500), end=end)
        ledger.commit_page(job, page, entries)
        cursor = page.cursor
    ledger.finish_job(job, Ending(), Expected())


def _report(ledger: Ledger, listed: dict[str, dict[str, Dataset]], options: argparse.Namespace) -> None:
    by_id = {one.id: one for datasets in listed.values() for one in datasets.values()}
    began = time.perf_counter()
    pairs: dict[tuple[str, str], str] = {}
    for id in by_id:
        for door in ledger.also_at(id):
            pairs.setdefault((min(id, door.id), max(id, door.id)), door.kind)
    seconds = time.perf_counter() - began
    numbers = ", ".join(f"{source} {len(datasets):,}" for source, datasets in listed.items())
    print(f"datasets {numbers}; {seconds / len(by_id) * 1e6:.0f} µs a look-up")
    same = {pair for pair in pairs if by_id[pair[0]].identifier == by_id[pair[1]].identifier}
    print(f"{'kind':24}{'joins':>8}{'same key':>10}{'other key':>10}")
    for kind, number in Counter(pairs.values()).most_common():
        right = sum(pairs[pair] == kind for pair in same)
        print(f"{kind:24}{number:8,}{right:10,}{number - right:10,}")
    sources = list(listed)
    for place, one in enumerate(sources):
        for other in sources[place + 1 :]:
            both = listed[one].keys() & listed[other].keys()
            met = sum(
                (min(listed[one][key].id, listed[other][key].id), max(listed[one][key].id, listed[other][key].id))
                in pairs
                for key in both
            )
            print(f"same key in {one} and {other}: {len(both):,}, joined {met:,}")
    others = sorted(set(pairs) - same)
    chosen = random.Random(options.seed).sample(others, min(options.show, len(others)))
    for number, pair in enumerate(chosen, 1):
        print(f"\n{number:3} {pairs[pair]}")
        for id in pair:
            one = by_id[id]
            files = [each.download_url for each in one.distribution if each.download_url][:1]
            name = one.publisher.name.get("ko") if one.publisher else None
            print(f"    {one.source:9} {one.identifier}  {name} | {one.title.get('ko')} | {' '.join(files)[:110]}")


if __name__ == "__main__":
    main()
