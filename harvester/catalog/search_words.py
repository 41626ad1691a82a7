"""Shape of the tables of ``config/search/`` and what contradicts itself in them; `harvester.config` reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from harvester.catalog.names import name_key

# A text with a letter or a digit: what has none is compared by nothing.
Text: TypeAlias = Annotated[str, StringConstraints(pattern=r"\w", strip_whitespace=True)]
Weight: TypeAlias = Annotated[float, Field(gt=0, le=1)]
NoiseClass: TypeAlias = Literal["request", "carrier", "vague"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TwoWay(_Frozen):
    """Groups of texts that stand for each other; `weight` is what a match by another text of the group is worth."""

    weight: Weight
    groups: tuple[Annotated[tuple[Text, ...], Field(min_length=2)], ...]


class OneWay(_Frozen):
    """Rules: who asks for the key also wants these, and not the other way round."""

    weight: Weight
    rules: dict[Text, Annotated[tuple[Text, ...], Field(min_length=1)]]


class Synonyms(_Frozen):
    """``synonyms.yml``: groups and rules by their kind. The kinds are for people; programs read the weights."""

    two_way: dict[str, TwoWay] = {}
    one_way: dict[str, OneWay] = {}


class Noise(_Frozen):
    """``noise.yml``: words that say nothing by class, and the `endings` that any of them may have."""

    request: tuple[Text, ...] = ()
    carrier: tuple[Text, ...] = ()
    vague: tuple[Text, ...] = ()
    endings: tuple[Text, ...] = ()

    def by_class(self) -> dict[NoiseClass, tuple[Text, ...]]:
        """The words of each class."""
        return {"request": self.request, "carrier": self.carrier, "vague": self.vague}


class Name(_Frozen):
    """A name that the analysis does not cut, or cuts into `parts`; `reason` says what it did without this row."""

    word: Text
    parts: tuple[Text, ...] = ()
    reason: Text


class SearchWords(_Frozen):
    """All tables; the fields are the names of their files.

    `agencies` has other names of agencies (acronyms, short names) by today's full name.
    """

    synonyms: Synonyms
    noise: Noise
    words: tuple[Name, ...]
    agencies: dict[Text, Annotated[tuple[Text, ...], Field(min_length=1)]]


class Contradiction(NamedTuple):
    """Where a row stands that does not go with another: its file, the path in it, and why."""

    table: str
    path: tuple[str | int, ...]
    message: str


def contradictions(tables: SearchWords) -> Iterator[Contradiction]:
    """Rows that say two things of one word, or nothing."""
    yield from _synonyms(tables.synonyms)
    yield from _noise(tables)
    words: set[str] = set()
    for position, name in enumerate(tables.words):
        if name.word in words:
            yield Contradiction("words", (position,), f"{name.word} stands here twice")
        words.add(name.word)
        if name.parts and "".join(name.parts) != name.word:
            yield Contradiction("words", (position, "parts"), f"together they are not {name.word}")
    for agency, others in tables.agencies.items():
        yield from _repeated("agencies", (agency,), [agency, *others])


def _synonyms(table: Synonyms) -> Iterator[Contradiction]:
    group_of: dict[str, tuple[str, int]] = {}
    for kind, two_way in table.two_way.items():
        for position, group in enumerate(two_way.groups):
            here = ("two_way", kind, "groups", position)
            yield from _repeated("synonyms", here, group)
            for key in {name_key(text): text for text in group}:
                if key in group_of and group_of[key] != (kind, position):
                    yield Contradiction("synonyms", here, f"{key} stands in another group too; make them one")
                group_of[key] = kind, position
    rules: dict[str, set[str]] = {}
    for kind, one_way in table.one_way.items():
        for source, targets in one_way.rules.items():
            path = ("one_way", kind, "rules", source)
            key = name_key(source)
            yield from _repeated("synonyms", path, [source, *targets])
            if key in rules:
                yield Contradiction("synonyms", path, f"{key} has two rules; make them one")
            rules[key] = {name_key(target) for target in targets}
            for target in sorted(rules[key]):
                if key in group_of and group_of.get(target) == group_of[key]:
                    yield Contradiction("synonyms", path, f"{target} stands for it already, in a group")
                if key in rules.get(target, ()):
                    yield Contradiction("synonyms", path, f"{target} has the opposite rule; make the two a group")


def _noise(tables: SearchWords) -> Iterator[Contradiction]:
    class_of: dict[str, str] = {}
    synonyms = {name_key(text) for each in tables.synonyms.two_way.values() for group in each.groups for text in group}
    synonyms |= {name_key(text) for each in tables.synonyms.one_way.values() for text in each.rules}
    for kind, words in tables.noise.by_class().items():
        for position, word in enumerate(words):
            key = name_key(word)
            if key in class_of:
                yield Contradiction("noise", (kind, position), f"{word} stands under {class_of[key]} already")
            class_of[key] = kind
            if key in synonyms:
                yield Contradiction("noise", (kind, position), f"{word} says something: it stands in synonyms.yml")


def _repeated(table: str, path: tuple[str | int, ...], texts: list[str] | tuple[str, ...]) -> Iterator[Contradiction]:
    seen: set[str] = set()
    for text in texts:
        key = name_key(text)
        if key in seen:
            yield Contradiction(table, path, f"{text} stands here twice")
        seen.add(key)
