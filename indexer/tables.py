"""What searchers mean by what they type, as search takes it: made once from the tables of ``config/search``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from harvester import config
from harvester.catalog.search_words import NoiseClass, SearchWords, Synonyms
from harvester.errors import ConfigurationError
from indexer.analysis.normal import normal

_NO_LETTER = re.compile(r"[\W_]+")
# What each further text of a rule is worth beside the one before it: the nearest comes first ("미용업", "공중위생업").
_FURTHER = 0.8
_LEGAL_FORM = re.compile(r"\([^)]*\)|주식회사|재단법인|사단법인|학교법인")


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

    `noise_class` asks `noise` and `endings` (longest first), `agency_names` asks `agencies`. `digest` changes with the
    dictionary: the same text then gives other terms, and an index must be built again. Other names of agencies reach
    an index with the next rebuild, the rest is needed by questions only.
    """

    synonyms: Mapping[str, tuple[Alternative, ...]]
    noise: Mapping[str, NoiseClass]
    endings: tuple[str, ...]
    dictionary: tuple[Name, ...]
    agencies: Mapping[str, tuple[str, ...]]
    digest: str

    @property
    def names(self) -> dict[str, tuple[str, ...]]:
        """The dictionary as the analysis takes it: a name and its parts."""
        return names_of(self.dictionary)

    def noise_class(self, text: str) -> NoiseClass | None:
        """Tell in which way a word or phrase says nothing, also with an ending ("데이터를"); None where it does not."""
        key = surface(text)
        if (found := self.noise.get(key)) or key in self.synonyms:
            return found
        for ending in self.endings:
            if key.endswith(ending) and (found := self.noise.get(key[: -len(ending)])):
                return found
        return None

    def agency_names(self, name: str) -> tuple[str, ...]:
        """Other names of the agency `name`; of one below another ("환경부 국립환경과학원"), those of both."""
        head, _, below = name.strip().partition(" ")
        parts = dict.fromkeys(map(_agency, (name, head, below)))
        return tuple(dict.fromkeys(other for part in parts for other in self.agencies.get(part, ())))


def names_of(dictionary: Iterable[Name]) -> dict[str, tuple[str, ...]]:
    """Give a dictionary as the analysis takes it: a name and its parts."""
    return {name.word: name.parts or (name.word,) for name in dictionary}


def surface(text: str) -> str:
    """What words are looked up by: the letters and digits of the normal form ("Wi-Fi" and "wi fi" are ``wifi``)."""
    return _NO_LETTER.sub("", normal(text))


def read_tables(folder: Path) -> SearchTables:
    """Give the tables of a config folder, with all names of agencies: those of member files and former ones, too.

    `ConfigurationError` names file, line and key of what is wrong. A member file with a fault is left out here.
    """
    names: list[tuple[str, Iterable[str]]] = []
    for file in config.member_files(folder):
        with suppress(ConfigurationError):
            member = config.member(file)
            names.append((member.name.ko, [*([member.name.en] if member.name.en else []), *member.aliases]))
    names += ((today, (former,)) for former, today in config.vocabularies(folder).renamed_agencies.items())
    return search_tables(config.search_words(folder), names)


def search_tables(words: SearchWords, names: Iterable[tuple[str, Iterable[str]]] = ()) -> SearchTables:
    """Give the tables as search takes them; `names` are more names of agencies."""
    dictionary = tuple(Name(normal(each.word), tuple(map(normal, each.parts))) for each in words.words)
    agencies: dict[str, dict[str, None]] = {}
    for name, others in (*words.agencies.items(), *names):
        agencies.setdefault(_agency(name), {}).update(dict.fromkeys(map(normal, others)))
    return SearchTables(
        synonyms={key: tuple(found) for key, found in _expanded(words.synonyms)},
        noise={surface(word): kind for kind, each in words.noise.by_class().items() for word in each},
        endings=tuple(sorted(map(surface, words.noise.endings), key=len, reverse=True)),
        dictionary=dictionary,
        agencies={name: tuple(others) for name, others in agencies.items()},
        digest=hashlib.blake2b(repr(dictionary).encode(), digest_size=6).hexdigest(),
    )


def _agency(name: str) -> str:
    return surface(_LEGAL_FORM.sub("", normal(name)))


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
            for place, target in enumerate(targets):
                weight = one_way.weight * _FURTHER**place
                found.append(Alternative(normal(target), weight))
                found += (Alternative(text, weight * near) for text, near in groups.get(surface(target), ()))
    for key in dict.fromkeys((*groups, *rules)):
        best: dict[str, Alternative] = {}
        for alternative in (*groups.get(key, ()), *rules.get(key, ())):
            other = surface(alternative.text)
            if other != key and (other not in best or alternative.weight > best[other].weight):
                best[other] = alternative
        yield key, sorted(best.values(), key=lambda each: -each.weight)
