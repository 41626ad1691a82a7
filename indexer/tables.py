"""What searchers mean by what they type, as search takes it: made once from the tables of ``config/search``. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from harvester.catalog.search_words import NoiseClass, SearchWords, Synonyms
from indexer.analysis.normal import normal

_NO_LETTER = re.compile(r"[\W_]+")


class Alternative(NamedTuple):
    """Another text for what was typed, in normal form, and what a match by it is worth beside one of the typed (1)."""

    text: str
    weight: float


class Name(NamedTuple):
    """A name that the analysis keeps whole, or cuts into `parts`; in normal form."""

    word: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchTables:
    """The tables. Keys are surfaces (see `surface`), so that spaces and signs inside a name do not matter.

    `agencies` has the other names of an agency by its name in normal form. `digest` changes with what is written
    into an index (dictionary and agencies), not with what only questions need.
    """

    synonyms: Mapping[str, tuple[Alternative, ...]]
    noise: Mapping[str, NoiseClass]
    dictionary: tuple[Name, ...]
    agencies: Mapping[str, tuple[str, ...]]
    digest: str

    def agency_names(self, name: str) -> tuple[str, ...]:
        """Other names of the agency `name`; of one below another ("환경부 국립환경과학원"), those of both."""
        whole = normal(name)
        head, _, below = whole.partition(" ")
        found = [other for part in dict.fromkeys((whole, head, below)) for other in self.agencies.get(part, ())]
        return tuple(dict.fromkeys(found))


def surface(text: str) -> str:
    """What words are looked up by: the letters and digits of the normal form ("Wi-Fi" and "wi fi" are ``wifi``)."""
    return _NO_LETTER.sub("", normal(text))


def search_tables(words: SearchWords) -> SearchTables:
    """Give the tables as search takes them."""
    dictionary = tuple(Name(normal(each.word), tuple(map(normal, each.parts))) for each in words.words)
    agencies = {normal(name): tuple(map(normal, others)) for name, others in words.agencies.items()}
    written = repr((dictionary, sorted(agencies.items())))
    return SearchTables(
        synonyms={key: tuple(found) for key, found in _expanded(words.synonyms)},
        noise={surface(word): kind for kind, each in words.noise.items() for word in each},
        dictionary=dictionary,
        agencies=agencies,
        digest=hashlib.blake2b(written.encode(), digest_size=6).hexdigest(),
    )


def _expanded(table: Synonyms) -> Iterator[tuple[str, list[Alternative]]]:
    """Both directions of every group, and the rules; where a rule leads into a group, the whole group follows."""
    groups: dict[str, list[Alternative]] = {}
    for two_way in table.two_way.values():
        for group in two_way.groups:
            for text in group:
                groups[surface(text)] = [
                    Alternative(normal(other), two_way.weight) for other in group if other is not text
                ]
    rules: dict[str, list[Alternative]] = {}
    for one_way in table.one_way.values():
        for source, targets in one_way.rules.items():
            found = rules.setdefault(surface(source), [])
            found += (Alternative(normal(target), one_way.weight) for target in targets)
            for target in targets:
                follow = groups.get(surface(target), ())
                found += (Alternative(each.text, each.weight * one_way.weight) for each in follow)
    for key in dict.fromkeys((*groups, *rules)):
        best: dict[str, Alternative] = {}
        for alternative in (*groups.get(key, ()), *rules.get(key, ())):
            other = surface(alternative.text)
            if other != key and (other not in best or alternative.weight > best[other].weight):
                best[other] = alternative
        yield key, sorted(best.values(), key=lambda each: -each.weight)
