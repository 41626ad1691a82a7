"""What the search box offers while somebody types: words, agencies and titles, with numbers of datasets.

Everything goes by the keys that were pressed, so that a half-typed syllable, the other keyboard and a whole word are
one case: ㅈ, 자, 장ㅂ and 장박 all begin 장바구니. What stands before the last word stays, and is completed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any as Json
from typing import Literal, TypeAlias

from indexer.analysis import letters, strokes
from indexer.documents import title_key, word_key
from indexer.engines.base import (
    All,
    Any,
    Filtered,
    Hit,
    Node,
    OneOf,
    Phrase,
    Prefix,
    Ranked,
    Request,
    SearchIndex,
    Term,
)
from indexer.lexicon import Known, Lexicon
from indexer.meaning import Form, Meaning, Why, Word
from indexer.parameters import SearchQuery
from indexer.query import Plan, ask, compile
from indexer.values import Values

Kind: TypeAlias = Literal["word", "agency", "title"]
Titles: TypeAlias = Callable[[Sequence[str]], Mapping[str, str]]
"""Reads the titles of datasets by their ids."""

_WORDS = 4
_AGENCIES = 2
_CANDIDATES = 12
_FORMS = 3
_COMPLETIONS_IN_TITLES = 60
_TITLES_READ = 12
# A shorter beginning stands for so many words that looking it up in the index takes too long; and for these the
# lexicon has the most frequent ones at hand.
_SEARCHED_FROM = 3
_LONGEST_LOOKED_AT = 200
_REMEMBERED_KEYS = 3
_REMEMBERED = 2000
_LAST = re.compile(r"(?:(?!_)\w)+(?:['&·ㆍ・･‧∙.+-]+(?:(?!_)\w)+)*['&·ㆍ・･‧∙.+-]*$")
_INITIALS = re.compile("[ㄱ-ㅎ]+")
_LATIN = re.compile("[a-z]", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_COMPOSING = re.compile("[ㄱ-ㅣ]+$|[가-힣]$")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line to choose. `text` is what to search for; an agency is a value to filter by, and `text` is its name.

    `count`: datasets that have the word in title or keywords, are of the agency, have the title; under the filters.
    `why`: how the word was found, where it does not begin with what was typed. `id`: of the only dataset. `rest`: what
    stood before the name of an agency, and is left to search for.
    """

    text: str
    kind: Kind
    count: int
    why: Why | None = None
    id: str | None = None
    rest: str | None = None

    def to_json(self) -> dict[str, Json]:
        """As the endpoint has it."""
        found: dict[str, Json] = {"text": self.text, "kind": self.kind, "count": self.count}
        return found | {name: value for name in ("why", "id", "rest") if (value := getattr(self, name))}


class Suggester:
    """Completes what is typed, from the words of the index, and the titles that have them."""

    def __init__(self, index: SearchIndex, meaning: Meaning, titles: Titles, values: Values) -> None:
        self._index = index
        self._meaning = meaning
        self._titles = titles
        self._values = values
        self._read_before: tuple[SearchQuery, Plan] | None = None
        self._lexicon: Lexicon | None = None
        self._beginnings: dict[tuple[str, int], list[Suggestion]] = {}

    def suggest(self, query: SearchQuery, lexicon: Lexicon) -> list[Suggestion]:
        """Give suggestions, as many as `query` has room for, for its text under its filters."""
        if len(strokes(query.q)) > _REMEMBERED_KEYS or query.filters or query.dates:
            return self._made(query, lexicon)
        # The first keys of a word stand for very many datasets, and everybody types them.
        if lexicon is not self._lexicon:
            self._lexicon, self._beginnings = lexicon, {}
        found = self._beginnings.get((query.q, query.size))
        if found is None:
            found = self._made(query, lexicon)
            if len(self._beginnings) < _REMEMBERED:
                self._beginnings[query.q, query.size] = found
        return found

    def _made(self, query: SearchQuery, lexicon: Lexicon) -> list[Suggestion]:
        most = query.size
        typed = query.q[-_LONGEST_LOOKED_AT:]
        match = _LAST.search(typed)
        last = match[0] if match else ""
        head = typed[: len(typed) - len(last)]
        plan = self._before(replace(query, q=head))
        narrowed = plan.asks or bool(plan.fixed or plan.base.filters)
        completions = list(_completions(last, lexicon)) if last else []
        found = self._titled(plan, last, completions, typed) if letters(typed) else []
        shown = self._written(found)
        words = self._words(head, last, plan, completions, shown, narrowed)
        agencies = self._agencies(head, last, plan, lexicon, narrowed) if last else []
        titles = self._title_suggestions(found, plan, typed, most)
        if not words and not agencies and not titles:
            words = list(self._corrections(head, last, plan, lexicon))
            # What is no beginning of anything may still be found as parts of a compound.
            whole = replace(query, q=typed, size=_TITLES_READ)
            found = self._read(ask(self._index, whole, self._meaning, lexicon, {}, self._values).result.hits)
            titles = self._title_suggestions(found, plan, typed, most)
        room = most - min(len(agencies), _AGENCIES) - min(len(titles), most - _WORDS - _AGENCIES)
        words = words[: max(room, _WORDS)]
        agencies = agencies[:_AGENCIES]
        return [*words, *agencies, *titles][:most]

    def _before(self, query: SearchQuery) -> Plan:
        """Read what stands before the last word; it stays the same while that word is typed.

        Its words are looked for in title and keywords only: that is a tenth of the work of a search.
        """
        if self._read_before is None or self._read_before[0] != query:
            plan = compile(query, self._meaning, {}, self._values)
            loose = tuple(replace(word, forms=(self._in_title(word),)) for word in plan.loose)
            self._read_before = query, replace(plan, plain=loose)
        return self._read_before[1]

    def _required(self, plan: Plan, *nodes: Node) -> Request:
        """Ask for datasets with the words before the last one in title or keywords, with `nodes`, under the filters."""
        every = (*(word.node for word in plan.loose), *plan.fixed, *nodes)
        return replace(plan.base, query=All(every, plan.without), facets={}, sort="relevance")

    def _in_title(self, word: Word) -> Form:
        ways: list[Node] = []
        for form in word.forms[:_FORMS]:
            if form.why == "format":
                ways.append(form.node)
                continue
            for part in (letters(part) for part in self._meaning.analyser.words(form.text)):
                ways.append(Term("word", word_key(part)))
                if len(part) > 1 and (pairs := self._meaning.analyser.pairs(part)):
                    ways.append(Phrase("grams", tuple(pairs)))
        return word.forms[0]._replace(node=Any(tuple(ways)) if ways else word.node)

    # words

    def _words(
        self,
        head: str,
        last: str,
        plan: Plan,
        completions: Sequence[tuple[Known, Why | None]],
        shown: Mapping[str, str],
        narrowed: bool,
    ) -> list[Suggestion]:
        if not last:
            return []
        candidates = list(completions)
        if narrowed:
            # Words of the titles that were found have a chance where the most frequent words have none.
            begun = strokes(letters(last))
            near = dict.fromkeys(word for word in shown if strokes(word[: len(last) + 1]).startswith(begun))
            candidates = [(Known(word, 0), None) for word in near]
            candidates += [each for each in completions if each[0].word not in near]
        candidates = candidates[:_CANDIDATES]
        counts = [known.datasets for known, _ in candidates]
        if narrowed:
            counts = self._counts(plan, [Term("word", word_key(known.word)) for known, _ in candidates])
        suggestions = [
            Suggestion(head + shown.get(known.word, known.word), "word", count, why)
            for (known, why), count in zip(candidates, counts, strict=True)
            if count
        ]
        return sorted(suggestions, key=lambda each: (each.why is not None, -each.count))

    def _corrections(self, head: str, last: str, plan: Plan, lexicon: Lexicon) -> Iterator[Suggestion]:
        """Give what a search would make of a word that nothing begins with: acronyms, slips, parts of a compound."""
        for word in self._meaning.words(last):
            corrected = self._meaning.corrected(word, lexicon, known=False, alone=True)
            forms = (corrected or word).forms[: _WORDS + 1]
            for form, count in zip(forms, self._counts(plan, [form.node for form in forms]), strict=True):
                if count:
                    yield Suggestion(head + form.text, "word", count, None if form.why == "typed" else form.why)

    def _counts(self, plan: Plan, nodes: Sequence[Node]) -> list[int]:
        """How many datasets have each of `nodes` and what stands before it, under the filters."""
        filters = tuple(plan.base.filters.values())
        return self._index.counts([Filtered(self._required(plan, node).query, filters) for node in nodes])

    @staticmethod
    def _written(found: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Give words as titles write them, by their letters: PM2.5, not pm25."""
        written: dict[str, str] = {}
        for _, title in found:
            for match in re.finditer(r"(?:(?!_)\w)+(?:['&·.+-]+(?:(?!_)\w)+)*", title):
                written.setdefault(letters(match[0]), match[0])
        return written

    # agencies

    def _agencies(self, head: str, last: str, plan: Plan, lexicon: Lexicon, narrowed: bool) -> list[Suggestion]:
        text = letters(last)
        begun = [text] if _INITIALS.fullmatch(text) else []
        found = {known.word: known for keys in (*begun, *_keys(last)) for known in lexicon.agencies_beginning(keys, 4)}
        for word in self._meaning.words(last):
            for form in word.forms:
                if form.why == "agency" and (known := lexicon.agency(form.text)) is not None:
                    found.setdefault(form.text, known)
        names = list(found)
        counts = [found[name].datasets for name in names]
        if narrowed:
            counts = self._counts(plan, [OneOf("organization", (name,)) for name in names])
        suggestions = [
            Suggestion(name, "agency", count, rest=head.strip())
            for name, count in zip(names, counts, strict=True)
            if count
        ]
        return sorted(suggestions, key=lambda each: -each.count)

    # titles

    def _titled(
        self, plan: Plan, last: str, completions: Sequence[tuple[Known, Why | None]], typed: str
    ) -> list[tuple[str, str]]:
        """Find datasets whose titles or keywords have what was typed, its last word at least begun: (id, title)."""
        for request in self._title_requests(plan, last, completions, typed):
            if hits := self._index.search(replace(request, size=_TITLES_READ)).hits:
                return self._read(hits)
        return []

    def _title_requests(
        self, plan: Plan, last: str, completions: Sequence[tuple[Known, Why | None]], typed: str
    ) -> Iterator[Request]:
        """Give what to look for, one after the other until something is found."""
        most = _COMPLETIONS_IN_TITLES if plan.loose else _WORDS
        completed = Any(tuple(Term("word", word_key(known.word)) for known, _ in completions[:most]))
        if not last:
            yield self._required(plan)
        elif completions:
            yield self._required(plan, completed)
        for keys in _keys(last):
            if len(keys) >= _SEARCHED_FROM:
                yield self._required(plan, Prefix("word", keys))
        inside = self._meaning.analyser.pairs(_COMPOSING.sub("", typed))
        if len(inside) > 1:
            yield replace(plan.base, query=Phrase("grams", tuple(inside[-_CANDIDATES:])), sort="relevance")
        # Not everything together: the last word, with the others if they are there.
        before = [word.node for word in plan.loose]
        if completions and before:
            yield replace(plan.base, query=Ranked(completed, Any(tuple(before))), sort="relevance")
        if len(before) > 1:
            yield replace(plan.base, query=Any(tuple(before)), sort="relevance")

    def _read(self, hits: Sequence[Hit]) -> list[tuple[str, str]]:
        titles = self._titles([hit.id for hit in hits])
        return [(hit.id, titles[hit.id]) for hit in hits if hit.id in titles]

    def _title_suggestions(
        self, found: Sequence[tuple[str, str]], plan: Plan, typed: str, most: int
    ) -> list[Suggestion]:
        begun = strokes(letters(typed))
        first = sorted(found, key=lambda each: not strokes(letters(each[1])[: len(typed) + 1]).startswith(begun))
        # Of titles that differ in a number only, one is enough.
        distinct: dict[str, tuple[str, str]] = {}
        for id, title in first:
            distinct.setdefault(_DIGITS.sub("", letters(title)), (id, title))
        shown = list(distinct.values())[:most]
        filters = tuple(plan.base.filters.values())
        counts = self._index.counts([Filtered(Term("identifier", title_key(title)), filters) for _, title in shown])
        return [
            Suggestion(title, "title", max(1, count), id=id if count <= 1 else None)
            for (id, title), count in zip(shown, counts, strict=True)
        ]


def _keys(text: str) -> Iterator[str]:
    """Give the keys that type a word; a Latin one may be meant for the Korean keyboard, whose keys have a case."""
    usual = strokes(letters(text))
    if usual:
        yield usual
    if text.isascii() and text.isalpha() and text != usual:
        yield text


def _completions(last: str, lexicon: Lexicon) -> Iterator[tuple[Known, Why | None]]:
    """Give words that begin with what was typed, by its keys or initial consonants; else those a slip away."""
    seen: set[str] = set()
    text = letters(last)
    latin = _LATIN.search(last) is not None

    def distinct(known: Iterable[Known], why: Why | None) -> Iterator[tuple[Known, Why | None]]:
        for each in known:
            if each.word not in seen:
                seen.add(each.word)
                other = latin != (_LATIN.search(each.word) is not None) and not each.word.startswith(text)
                yield each, "keyboard" if why is None and other else why

    by_keys = [known for keys in _keys(last) for known in lexicon.beginning(keys, _COMPLETIONS_IN_TITLES)]
    by_keys.sort(key=lambda known: bool(latin and not known.word.startswith(text)))
    yield from distinct(by_keys, None)
    if _INITIALS.fullmatch(text) and len(text) > 1:
        yield from distinct(lexicon.with_initials(text, _COMPLETIONS_IN_TITLES, whole=False), "initials")
    if not seen:
        yield from distinct(lexicon.beginning_nearly(strokes(text), _CANDIDATES), "spelling")
        yield from distinct(lexicon.near(text, _CANDIDATES), "spelling")
