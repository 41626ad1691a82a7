"""What a searcher means by what was typed: every word with the forms in which a document may have it. Pure.

A form is a text that is looked for instead of the typed one, why, and what a match by it is worth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

from indexer import ranking
from indexer.analysis import INSIDE, Analyser, initial_grams, initials, letters, normal, strokes, typed_in_hangul
from indexer.documents import address_key, word_key
from indexer.engines.base import All, Any, Best, Boost, Filtered, Node, Phrase, Ranked, Term
from indexer.fields import BY_NAME, TEXT
from indexer.lexicon import Lexicon
from indexer.tables import SearchTables, surface

Why: TypeAlias = Literal[
    "typed", "synonym", "agency", "format", "keyboard", "spelling", "initials", "completion", "spacing"
]
CORRECTIONS: frozenset[Why] = frozenset(("keyboard", "spelling", "initials", "completion", "spacing"))

_SEARCHED = tuple(field.name for field in TEXT if field.boost)
_LONGEST_NAME = 4
"""Words that stand together as one entry of a table ("받을 수 있는 곳")."""
_MOST_ALTERNATIVES = 8
_MOST_SPELLINGS = 6
_MOST_COMPLETIONS = 20
_INSIDE_FROM = 3
# No name is longer; of a text without spaces every part would be put in, and all of it analysed each time.
_LONGEST_COMPOUND = 20
_LONGEST_INSIDE = 20
_MOST_TERMS = 20
_SHORT = 2
_ADDRESS = re.compile(r"(?:https?://|www\.|doi:|10\.\d{4,}/)\S+|\d{5,}|[0-9a-z]+(?:[-_.:/][0-9a-z]+)+", re.IGNORECASE)
_NUMBER = re.compile(r"\d{5,}")
_FORMAT_WORD = re.compile(r"(?:파일|형식|포맷|데이터)(?=$|[가-힣])")
# "The last 5 years": how long, not when; titles seldom say it.
_DURATION = re.compile(r"\d{1,2}(?:년|개년|개월|주|일)(?:간|동안|치)?")
_ONLY_JAMO = re.compile(r"[ㄱ-ㅎ]+")
_LATIN = re.compile(r"[a-z]{2,}", re.IGNORECASE)
_SYLLABLES = re.compile(r"[가-힣]+")


class Form(NamedTuple):
    """One way in which a document may have a word.

    `terms` are what its likeliest reading is made of, `sequences` what may stand side by side in a document, for
    highlighting and explaining; `fields` are where they are looked for.
    """

    text: str
    why: Why
    weight: float
    node: Node
    terms: tuple[str, ...] = ()
    sequences: tuple[tuple[str, ...], ...] = ()
    fields: tuple[str, ...] = _SEARCHED


@dataclass(frozen=True, slots=True)
class Word:
    """What was typed as one word or name, and the forms of it; the typed one comes first if it has any.

    `silent`: it says nothing about the dataset that is wanted, and only orders what other words find.
    """

    typed: str
    forms: tuple[Form, ...]
    silent: bool = False

    @property
    def correction(self) -> Form | None:
        """Give the first form that was not typed but may have been meant."""
        return next((form for form in self.forms if form.why in CORRECTIONS), None)

    @property
    def terms(self) -> tuple[str, ...]:
        """Terms of the word as it was typed."""
        return self.forms[0].terms

    @property
    def node(self) -> Node:
        """Documents that have the word in one of its forms; the best form counts."""
        nodes = [form.node if form.weight == 1.0 else Boost(form.node, form.weight) for form in self.forms]
        return nodes[0] if len(nodes) == 1 else Best(tuple(nodes))


class Meaning:
    """Gives typed words their forms; `formats`: codes of formats by their names (letters and digits only)."""

    def __init__(self, analyser: Analyser, tables: SearchTables, formats: Mapping[str, str] | None = None) -> None:
        self.analyser = analyser
        self._tables = tables
        self._agencies = full_names(tables)
        self._formats = formats or {}

    def words(self, text: str, *, exact: bool = False) -> list[Word]:
        """Cut plain text into words with their forms; `exact`: only as typed."""
        typed = [word for chunk in text.split() for word in self._chunk(chunk)]
        if exact:
            return [Word(word, (form,)) for word in typed if (form := self.typed(word))]
        found: list[Word] = []
        at = 0
        while at < len(typed):
            length, word = self._longest(typed[at:])
            at += length
            if word is not None:
                found.append(word)
        return found

    def _chunk(self, chunk: str) -> list[str]:
        return [chunk] if _ADDRESS.fullmatch(chunk) else self.analyser.words(chunk)

    def _keys(self, word: str) -> Iterator[str]:
        """Give what a word is looked up by: as it is, and without its particle, where it may have one."""
        yield surface(word)
        tokens = self.analyser.tokens(word)
        if tokens:
            yield surface(word[: tokens[-1].end])
        if len(tokens) > 1 and tokens[-1].loose:
            yield surface(word[: tokens[-2].end])

    def _in_table(self, table: Mapping[str, object], words: Sequence[str]) -> str | None:
        head = "".join(map(surface, words[:-1]))
        return next((head + key for key in self._keys(words[-1]) if head + key in table), None)

    def _longest(self, typed: Sequence[str]) -> tuple[int, Word | None]:
        for length in range(min(_LONGEST_NAME, len(typed)), 1, -1):
            name = " ".join(typed[:length])
            if self._tables.noise_class(name):
                return length, self._silent(name, typed[:length])
            if sum(map(len, typed[:length])) > _LONGEST_COMPOUND:
                continue
            alternatives = list(self._alternatives_of(typed[:length]))
            if alternatives:
                if (together := self._form("".join(typed[:length]), "typed", 1.0)) is not None:
                    alternatives.insert(0, together)
                parts = tuple(form for word in typed[:length] if (form := self.typed(word)))
                whole = Form(
                    name,
                    "typed",
                    1.0,
                    All(tuple(part.node for part in parts)),
                    tuple(term for part in parts for term in part.terms),
                    tuple(sequence for part in parts for sequence in part.sequences),
                )
                return length, Word(name, (whole, *alternatives))
        return 1, self._one(typed[0])

    def _silent(self, name: str, typed: Sequence[str]) -> Word | None:
        forms = tuple(form for word in typed if (form := self.typed(word)))
        if not forms:
            return None
        together = forms[0]._replace(text=name, node=Any(tuple(form.node for form in forms)))
        return Word(name, (together if len(forms) > 1 else forms[0],), silent=True)

    def _one(self, word: str) -> Word | None:
        form = self.typed(word)
        if form is None:
            return None
        if code := self._formats.get(self._in_table(self._formats, [_FORMAT_WORD.sub("", word)]) or ""):
            # Preferred, not required: what is looked for is the subject, in that format if there is one.
            wanted = Form(code, "format", ranking.FORMAT, Term("format", code), fields=("format",))
            return Word(word, (form, wanted), silent=True)
        if self._tables.noise_class(word) or _DURATION.fullmatch(word) or self.analyser.verbal(word):
            return Word(word, (form,), silent=True)
        forms = [form, *self._alternatives_of([word])]
        if len(forms) == 1 and len(word) <= _LONGEST_COMPOUND:
            forms += self._alternatives_inside(word)
        return Word(word, tuple(forms[: _MOST_ALTERNATIVES + 1]))

    def _alternatives_of(self, words: Sequence[str]) -> Iterator[Form]:
        yield from self._agency_forms(words, ("publisher", "title"))
        for other in self._tables.synonyms.get(self._in_table(self._tables.synonyms, words) or "", ()):
            if (form := self._form(other.text, "synonym", other.weight * ranking.SYNONYM)) is not None:
                yield form

    def _agency_forms(self, words: Sequence[str], fields: Sequence[str]) -> Iterator[Form]:
        for name in self._agencies.get(self._in_table(self._agencies, words) or "", ()):
            if (form := self._form(name, "agency", ranking.AGENCY, fields)) is not None:
                yield form

    def _alternatives_inside(self, word: str) -> Iterator[Form]:
        """Put other texts in the place of a part of a compound: 전기자동차충전소 is 전기차충전소, too."""
        tokens = self.analyser.tokens(word)
        made = set()
        for first in range(len(tokens)):
            for last in range(len(tokens) - 1, first - 1, -1):
                start, end = tokens[first].start, tokens[last].end
                if end - start == len(word):
                    continue
                for other in self._tables.synonyms.get(surface(word[start:end]), ()):
                    text = word[:start] + other.text.replace(" ", "") + word[end:]
                    if text in made:
                        continue
                    made.add(text)
                    if (form := self._form(text, "synonym", other.weight * ranking.SYNONYM)) is not None:
                        yield form

    def phrase(self, text: str, field: str | None = None) -> Word | None:
        """Give a quoted text: all its terms side by side, exactly as typed."""
        terms = tuple(self.analyser.terms(text))[:_MOST_TERMS]
        if not terms:
            return None
        fields = (field,) if field else _SEARCHED
        return Word(text, (Form(text, "typed", 1.0, adjacent(terms, fields), terms, (terms,), fields),))

    def literal(self, word: str, field: str | None = None) -> Word | None:
        """Give a word exactly as it was typed, in one field or in all."""
        form = self.typed(word, field)
        if form is None:
            return None
        return (
            Word(word, (form, *self._agency_forms([word], (field,)))) if field == "publisher" else Word(word, (form,))
        )

    # forms

    def typed(self, word: str, field: str | None = None) -> Form | None:
        """Give the form of a word as it was typed, in one field or in all; None where it has no terms."""
        form = self._form(word, "typed", 1.0, (field,) if field else _SEARCHED)
        if field is None and _ADDRESS.fullmatch(word):
            # A browser's address may have more behind the page's own: "#tab", "?recommendDataYn=Y".
            spelt = dict.fromkeys(map(address_key, (word, word.partition("#")[0], re.split("[?#]", word)[0])))
            keys: list[Node] = [Boost(Term("identifier", key), ranking.IDENTIFIER) for key in spelt if key]
            if "/" in word:
                # An address may lack its end; the number in it is the dataset's.
                keys += [Term("identifier", number) for number in _NUMBER.findall(word)]
                form = None
            nodes = (*keys, form.node) if form else tuple(keys)
            node: Node = nodes[0] if len(nodes) == 1 else Any(nodes)
            return Form(word, "typed", 1.0, node) if not form else form._replace(node=node)
        return form

    def _form(
        self, text: str, why: Why, weight: float, fields: Sequence[str] = _SEARCHED, *, loose: bool = False
    ) -> Form | None:
        """Look for all words of `text`, the terms of each side by side; `loose`: without a last syllable that may be a
        particle.
        """
        nodes: list[Node] = []
        sequences: list[tuple[str, ...]] = []
        terms: list[str] = []
        for word in self.analyser.words(text):
            ways = [way[:_MOST_TERMS] for way in self.analyser.sequences(word, loose=loose)]
            if ways:
                sequences += ways
                terms += ways[0]
                nodes.append(self._side_by_side(word, ways, fields))
        if not nodes:
            return None
        node = nodes[0] if len(nodes) == 1 else All(tuple(nodes))
        return Form(text, why, weight, node, tuple(terms), tuple(sequences), tuple(fields))

    def _side_by_side(self, word: str, ways: Sequence[tuple[str, ...]], fields: Sequence[str]) -> Node:
        nodes: list[Node] = []
        for way in ways:
            node = adjacent(way, fields)
            if way[0].startswith(INSIDE) and len(way) == 1:
                node = Boost(node, ranking.SYLLABLE)
            nodes.append(node)
        found: Node = nodes[0] if len(nodes) == 1 else Best(tuple(nodes))
        if "title" in fields:
            pairs = self.analyser.pairs(word)
            if _INSIDE_FROM <= len(pairs) + 1 <= _LONGEST_INSIDE and _SYLLABLES.search(word):
                found = Any((found, Boost(Phrase("grams", tuple(pairs)), ranking.INSIDE)))
            found = Ranked(found, Boost(Term("word", word_key(letters(word))), ranking.WHOLE))
        return found

    # corrections

    def corrected(self, word: Word, lexicon: Lexicon, *, known: bool, alone: bool) -> Word | None:
        """Give a word the forms that slips of the fingers may have hidden; None where there are none.

        `known`: documents have it as it was typed. Then only what cannot be meant as typed is corrected. Not `alone`:
        it is one of many words, as in a sentence, where a short word is not taken for a misspelt one.
        """
        text = normal(word.typed)
        forms = [*self._other_keyboard(word.typed, lexicon, known=known), *self._by_initials(text, lexicon)]
        if known and alone and not forms:
            forms += self._joined(text, lexicon)
        elif not known and not forms:
            if (form := self._form(text, "typed", ranking.WITHOUT_PARTICLE, loose=True)) is not None:
                return replace(word, forms=(*word.forms, form))
            forms += self._joined(text, lexicon)
            if alone:
                forms += self._half_typed(text, lexicon)
            if alone or len(text) > _SHORT:
                forms += self._misspelt(text, lexicon)
            forms += self._acronym(text, lexicon)
        if not forms:
            return None
        return replace(word, forms=(*word.forms, *forms[:_MOST_COMPLETIONS]), silent=False)

    def _other_keyboard(self, text: str, lexicon: Lexicon, *, known: bool) -> Iterator[Form]:
        if not known and _LATIN.search(text):
            # Caps Lock is no shift key: ALTPAJSWL is 미세먼지.
            for keys in dict.fromkeys((text, text.lower()) if text.isupper() else (text,)):
                meant = _LATIN.sub(lambda match: typed_in_hangul(match[0]), keys)
                whole = _LATIN.fullmatch(text) or lexicon.count(letters(meant))
                if whole and _SYLLABLES.search(meant) and not re.search("[ㄱ-ㅣ]", meant):
                    yield from self._forms([meant], "keyboard", ranking.KEYBOARD)
                    yield from self._alternatives_of([meant])
        if re.search("[ㄱ-ㅣ]", text) or (not known and _SYLLABLES.fullmatch(text)):
            meant = strokes(text).lower()
            if re.fullmatch(r"[a-z0-9.\-]+", meant):
                alternatives = list(self._alternatives_of([meant]))
                if alternatives or lexicon.count(letters(meant)):
                    yield from self._forms([meant], "keyboard", ranking.KEYBOARD)
                    yield from alternatives

    def _by_initials(self, text: str, lexicon: Lexicon) -> Iterator[Form]:
        if not _ONLY_JAMO.fullmatch(text) or len(text) < 2 or initials(text) != text:
            return
        for known in lexicon.with_initials(text, _MOST_COMPLETIONS):
            yield from self._forms([known.word], "initials", 1.0)
        if len(text) > 2:
            yield Form(text, "initials", ranking.INITIALS, Phrase("initials", tuple(initial_grams(text))))
        else:
            for known in lexicon.with_initials(text, _MOST_COMPLETIONS, whole=False):
                yield from self._forms([known.word], "initials", ranking.INITIALS)

    def rejoined(self, words: Sequence[Word], lexicon: Lexicon) -> list[Word]:
        """Put neighbouring words together where that is a word of titles (전 문정비업), beside what was typed."""
        found: list[Word] = []
        for word in words:
            text = letters(f"{found[-1].typed}{word.typed}") if found else ""
            if text and lexicon.count(text) and (form := self._form(text, "spacing", 1.0)) is not None:
                before = found.pop()
                typed = f"{before.typed} {word.typed}"
                forms = (*before.forms, *word.forms)
                sequences = tuple(sequence for each in forms for sequence in each.sequences)
                both = Form(typed, "typed", 1.0, All((before.node, word.node)), (*before.terms, *word.terms), sequences)
                found.append(Word(typed, (both, form)))
            else:
                found.append(word)
        return found

    def _joined(self, text: str, lexicon: Lexicon) -> Iterator[Form]:
        """Cut a word into words of titles that were typed without a space between them."""
        parts = lexicon.parts(letters(text)) if _SYLLABLES.search(text) else []
        if len(parts) > 1:
            yield from self._forms([" ".join(parts)], "spacing", 1.0)

    def _half_typed(self, text: str, lexicon: Lexicon) -> Iterator[Form]:
        if len(strokes(text)) > 2:
            yield from self._forms(
                (known.word for known in lexicon.beginning(strokes(text), _MOST_COMPLETIONS)),
                "completion",
                ranking.COMPLETION,
            )

    def _misspelt(self, text: str, lexicon: Lexicon) -> Iterator[Form]:
        near = lexicon.near(text, _MOST_SPELLINGS)
        yield from self._forms((known.word for known in near), "spelling", ranking.SPELLING)

    def _acronym(self, text: str, lexicon: Lexicon) -> Iterator[Form]:
        """Agencies that the letters of a short word stand for, one after the other: 국건공 is 국민건강보험공단."""
        if not (2 <= len(text) <= 5 and _SYLLABLES.fullmatch(text)):
            return
        fitting = sorted(
            (place, -known.datasets, known.word)
            for known in lexicon.agencies
            if (place := _aligned(text, known.word)) is not None
        )
        for _, _, name in fitting[:3]:
            if (form := self._form(name, "agency", ranking.ACRONYM, ("publisher", "title"))) is not None:
                yield form

    def _forms(self, texts: Iterable[str], why: Why, weight: float) -> Iterator[Form]:
        for text in texts:
            if (form := self._form(text, why, weight)) is not None:
                yield form


def full_names(tables: SearchTables) -> dict[str, tuple[str, ...]]:
    """Give the full names that every other name of an agency stands for, by surface."""
    names: dict[str, list[str]] = {}
    for full, others in tables.agencies.items():
        for other in others:
            if surface(other) != full:
                names.setdefault(surface(other), []).append(full)
    return {key: tuple(full) for key, full in names.items()}


def adjacent(terms: Sequence[str], fields: Sequence[str]) -> Node:
    """Documents that have `terms` side by side in one of `fields`; they score as terms, the best field each."""
    distinct = dict.fromkeys(terms)
    scored = [best_of(term, fields) for term in distinct]
    if len(terms) == 1:
        return scored[0]
    where = Any(tuple(Phrase(field, tuple(terms)) for field in fields))
    return Filtered(All(tuple(scored)) if len(scored) > 1 else scored[0], (where,))


def best_of(term: str, fields: Sequence[str]) -> Node:
    """Documents that have `term` in one of `fields`; the best field counts."""
    nodes = tuple(Boost(Term(field, term), BY_NAME[field].boost) for field in fields)
    return nodes[0] if len(nodes) == 1 else Best(nodes)


def _aligned(text: str, name: str) -> int | None:
    """How badly the letters of `text` stand for `name`: None where they do not, in this order."""
    words = letters(name)
    at = -1
    skipped = 0
    for place, letter in enumerate(text):
        found = words.find(letter, at + 1)
        if found < 0 or (not place and found not in (0, 2)):
            return None
        skipped += found - at - 1
        at = found
    return skipped + abs(len(words) - at)
