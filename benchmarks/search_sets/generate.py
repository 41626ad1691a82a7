"""Makes the question files beside it from the real records and the tables in `by_hand`.

    python -m benchmarks.search_sets.generate [--samples ../shared/portal-samples]

The same files come out every time: each set draws from a random sequence of its own, seeded with its name.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from benchmarks.search_sets import slips

HERE = Path(__file__).parent
Lines = Iterator[dict[str, Any]]

_HANGUL = re.compile("[가-힣]+")
_SAYS_NOTHING = frozenset(
    (
        "현황",
        "정보",
        "데이터",
        "목록",
        "서비스",
        "조회",
        "자료",
        "파일",
        "및",
        "등",
        "관련",
        "기준",
        "표준데이터",
        "통계",
        "제공",
        "조회서비스",
        "정보조회",
    )
)
_FILLERS = (
    "데이터",
    "자료",
    "현황",
    "정보",
    "목록",
    "파일",
    "조회",
    "알려줘",
    "찾아주세요",
    "좀 알려주세요",
    "어디 있나요",
)


def glued(text: str) -> str:
    return re.sub(r"[\s_]", "", unicodedata.normalize("NFKC", text).casefold())


class Records:
    """The catalogue: list key, title and publisher of every record."""

    def __init__(self, samples: Path) -> None:
        self.samples = samples
        with gzip.open(samples / "korea-data-go-kr" / "catalogue-2022-07.csv.gz", "rt", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        self.titles = {row["목록키"]: row["목록명"] for row in rows}
        self.publishers = {row["목록키"]: row["기관명"] for row in rows}
        self.glued = {key: glued(title) for key, title in self.titles.items()}
        self.having = lru_cache(maxsize=None)(self._having)

    def _having(self, word: str) -> frozenset[str]:
        sought = glued(word)
        return frozenset(key for key, title in self.glued.items() if sought in title)

    def with_all(self, words: list[str]) -> frozenset[str]:
        """The records whose titles contain all of these words, spaces aside."""
        return frozenset.intersection(*(self.having(word) for word in words))

    @cached_property
    def words(self) -> Counter[str]:
        """Hangul words of titles, and in how many titles each one is."""
        return Counter(word for title in self.titles.values() for word in set(_HANGUL.findall(title)))


# --- sets


def known(records: Records) -> Lines:
    """Titles, whole and distorted."""
    makers: dict[str, Callable[[str, random.Random], str]] = {
        "clean": lambda text, _: text,
        "word dropped": slips.word_dropped,
        "no spaces": lambda text, _: text.replace(" ", ""),
        "random spaces": slips.random_spaces,
        "jamo wrong": slips.wrong_jamo,
        "latin keyboard": lambda text, _: slips.latin_keyboard(text),
    }
    with (records.samples / "search-eval-ko" / "known-item-titles.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for name, make in makers.items():
        chance = random.Random(f"known {name}")
        for row in rows:
            text = " ".join(row["title"].replace("_", " ").split())
            yield {
                "set": f"known: {name}",
                "query": make(text, chance),
                "subject": row["docid"],
                "want": [row["docid"]],
            }


def short(records: Records) -> Lines:
    """Two or three words that only one title has, written in several ways."""
    chance = random.Random("short requests")
    requests: list[tuple[str, list[str]]] = []
    for key in chance.sample(sorted(records.titles), 1500):
        if (words := _request(records, key, chance)) and len(requests) < 300:
            requests.append((key, words))
    makers: dict[str, Callable[[list[str], random.Random], str]] = {
        "clean": lambda words, _: " ".join(words),
        "joined": lambda words, _: "".join(words),
        "split": slips.split,
        "particles": slips.with_particles,
        "jamo wrong": lambda words, chance: slips.wrong_jamo(" ".join(words), chance),
        "latin keyboard": lambda words, _: slips.latin_keyboard(" ".join(words)),
        "words that say nothing": lambda words, chance: f"{' '.join(words)} {chance.choice(_FILLERS)}",
    }
    for name, make in makers.items():
        chance = random.Random(f"short {name}")
        for key, words in requests:
            yield {"set": f"short: {name}", "query": make(words, chance), "subject": key, "want": [key]}
    chance = random.Random("short two jamo wrong")
    for key, words in requests:
        long = [at for at, word in enumerate(words) if len(word) >= 5]
        if long:
            made = list(words)
            at = chance.choice(long)
            middle = len(made[at]) // 2
            made[at] = slips.wrong_jamo(made[at][:middle], chance) + slips.wrong_jamo(made[at][middle:], chance)
            yield {"set": "short: two jamo wrong", "query": " ".join(made), "subject": key, "want": [key]}


def _request(records: Records, key: str, chance: random.Random) -> list[str] | None:
    """Words of a title in their order, the place or agency first, that no other title has all of."""
    head, _, topic = records.titles[key].rpartition("_")
    places = _meaning(head)[-1:]
    topics = _meaning(topic)
    for count in (1, 2, 3):
        if len(topics) < count:
            return None
        for _ in range(4):
            chosen = sorted(chance.sample(range(len(topics)), count))
            words = [*places, *(topics[at] for at in chosen)]
            if 2 <= len(words) <= 3 and records.with_all(words) == {key}:
                return words
    return None


def _meaning(text: str) -> list[str]:
    words = _HANGUL.findall(text)
    return [word for word in dict.fromkeys(words) if len(word) > 1 and word not in _SAYS_NOTHING]


def acronyms(records: Records) -> Lines:
    """A short request with the agency's acronym for its name, of words that several agencies' titles have."""
    for acronym, name in _table("acronyms.tsv"):
        chance = random.Random(f"acronym {acronym}")
        short_name = re.sub(r"\(.\)|㈜", "", name)
        keys = sorted(
            key
            for key, publisher in records.publishers.items()
            if re.sub(r"\(.\)|㈜", "", publisher) in (short_name, publisher.split(" ")[0] + " " + short_name)
        )
        made = 0
        for key in chance.sample(keys, min(len(keys), 60)):
            topics = _meaning(records.titles[key].rpartition("_")[2])
            topics = [word for word in topics if word not in name and name not in word]
            count = min(len(topics), chance.choice((1, 2)))
            if not count:
                continue
            words = [topics[at] for at in sorted(chance.sample(range(len(topics)), count))]
            of_the_agency = records.with_all(words).intersection(keys)
            needs_the_agency = len(records.with_all(words)) >= 5
            if needs_the_agency and of_the_agency == {key} and acronym.casefold() not in records.titles[key].casefold():
                kind = "latin" if acronym.isascii() else "hangul"
                yield {
                    "set": f"acronym: {kind}",
                    "query": f"{acronym} {' '.join(words)}",
                    "subject": acronym,
                    "want": [key],
                }
                made += 1
                if made == 3:
                    break


def initials(records: Records) -> Lines:
    """Initial consonants of a word: long words of few titles, and short words of many."""
    chance = random.Random("initials")
    long = sorted(word for word, count in records.words.items() if 4 <= len(word) <= 9 and count <= 5)
    for word in chance.sample(long, 300):
        want = sorted(records.having(word))
        if len(want) > 10:
            continue
        yield {"set": "initials: four letters or more", "query": slips.initials(word), "subject": word, "want": want}
    short = sorted(word for word, count in records.words.items() if 2 <= len(word) <= 3 and count >= 40)
    for word in chance.sample(short, 100):
        yield {
            "set": "initials: two or three letters", "query": slips.initials(word), "subject": word,
            "title": rf"{'[ _]?'.join(word)}",
        }  # fmt: skip


def regions(records: Records) -> Lines:
    """Every city, county and district, with a word that only one of its titles has."""
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, publisher in records.publishers.items():
        if match := re.fullmatch("([가-힣]+) ([가-힣]{1,4}[시군구])", publisher):
            places[match[1], match[2]].append(key)
    for (province, place), keys in sorted(places.items()):
        chance = random.Random(f"region {province} {place}")
        for key in chance.sample(keys, min(len(keys), 40)):
            topics = [word for word in _meaning(records.titles[key].rpartition("_")[2]) if place not in word]
            chance.shuffle(topics)
            word = next((word for word in topics if records.with_all([place, word]) == {key}), None)
            if word:
                yield {"set": "regions", "query": f"{place} {word}", "subject": f"{province} {place}", "want": [key]}
                break


def names(records: Records) -> Lines:
    """Every agency and place that publishes: the hits contain its name, and the titles with the name are found."""
    last = {publisher.rpartition(" ")[2] for publisher in records.publishers.values()}
    for name in sorted(name for name in last if re.fullmatch("[가-힣]{2,}", name) and records.having(name)):
        yield {"set": "names of agencies and places", "query": name, "word": name}


def rare(records: Records) -> Lines:
    """Words of one title only."""
    chance = random.Random("rare words")
    once = sorted(word for word, count in records.words.items() if count == 1 and 2 <= len(word) <= 8)
    made = 0
    for word in chance.sample(once, 2000):
        if len(records.having(word)) == 1 and made < 300:
            made += 1
            yield {"set": "rare words", "query": word, "subject": word, "want": sorted(records.having(word))}


def syllables(records: Records) -> Lines:
    """Nouns of one syllable: titles come first in which it is a word of its own."""
    nouns = (
        "새비불무세신죽못논꿀물쌀벼꽃숲길책떡밤잣말산강섬집묘탑톱솥뿔밀눈봄배돌점콩파감차약병암일땅빛소닭게굴김별달"
        "해옷춤술빵팥밭칡낮삶흙샘쑥차법역층폐업동읍면"
    )
    for noun in dict.fromkeys(nouns):
        own = rf"(?<![가-힣]){noun}(?![가-힣])"
        if any(re.search(own, title) for title in records.titles.values()):
            yield {"set": "one syllable", "query": noun, "title": own}


def words(records: Records) -> Lines:
    """Words of three to five letters in at least five titles: do hits contain them, are the titles with them found?"""
    for word in sorted(word for word, count in records.words.items() if 3 <= len(word) <= 5 and count >= 5):
        yield {"set": "title words", "query": word, "word": word}


def pairs(records: Records) -> Lines:
    """What must be found, must not be returned, and must come first."""
    for query, key, _ in _table("must_find.tsv"):
        yield {"set": "must find", "query": query, "found": [_there(records, key)]}
    for query, key, _ in _table("must_not.tsv"):
        yield {"set": "must not", "query": query, "absent": [_there(records, key)]}
    for query, first, second, _ in _table("order.tsv"):
        before = [_there(records, first), _there(records, second)]
        yield {"set": "right order", "query": query, "before": before}


def everyday(records: Records) -> Lines:
    """Words of everyday speech for what the records call otherwise."""
    for query, title in _table("everyday.tsv"):
        # A word that titles use finds itself; that would measure nothing.
        if len(records.having(query)) > 5 or not any(re.search(title, each) for each in records.titles.values()):
            raise SystemExit(f"everyday.tsv: {query}: in more than five titles, or no title matches {title}")
        yield {"set": "everyday words", "query": query, "title": title}


def graded(records: Records) -> Lines:
    """Requests in sentences, with graded judgements or groups of which one record each must come."""
    folder = records.samples / "search-eval-ko"
    with (folder / "queries.tsv").open(encoding="utf-8") as file:
        requests = {row["qid"]: row["query"] for row in csv.DictReader(file, delimiter="\t")}
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    with (folder / "qrels.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["in_catalogue_2022_07"] == "1":
                grades[row["qid"]][row["docid"]] = int(row["grade"])
    for qid, judged in grades.items():
        if qid in requests and any(judged.values()):
            yield {"set": "graded requests", "query": requests[qid], "subject": qid, "grades": judged}
    for line in (folder / "must.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        groups = [there for group in row["must"] if (there := [key for key in group if key in records.titles])]
        if groups and row["id"] in requests:
            yield {"set": "must groups", "query": requests[row["id"]], "subject": row["id"], "groups": groups}


def _table(name: str) -> Iterator[list[str]]:
    for line in (HERE / "by_hand" / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def _there(records: Records, key: str) -> str:
    if key not in records.titles:
        raise SystemExit(f"{key}: no such record")
    return key


SETS = (known, short, acronyms, initials, regions, names, rare, syllables, words, pairs, everyday, graded)


def files(samples: Path) -> dict[str, str]:
    """File name → content."""
    records = Records(samples)
    return {
        f"{make.__name__}.jsonl": "".join(
            json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in make(records)
        )
        for make in SETS
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=Path, default=Path("../shared/portal-samples"))
    for name, content in files(parser.parse_args().samples).items():
        (HERE / name).write_text(content, encoding="utf-8")
        print(f"{name}: {content.count(chr(10)):,} questions")


if __name__ == "__main__":
    main()
