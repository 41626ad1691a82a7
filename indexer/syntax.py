"""What somebody types into the search box, read into clauses. Pure; nothing that is typed is an error.

    words           all must match                  "미세 먼지"       these words side by side, also 「미세 먼지」
    -word, NOT word must not match                  field:word       in that field only (제목:버스)
    +word           must match                      field:value      a filter (형식:csv, 수정일:2020년 이후)
    a OR b, a | b   one of the two is enough        field:"a b"      a value or words with spaces

A field is called as the page shows it, in Korean or English, or as the API does. What is not understood is text: a
colon after anything but a field's name, a value that the field does not have, a quotation mark that is never closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias
from unicodedata import normalize

from indexer.days import Days, typed_days
from indexer.fields import BY_NAME, FIELDS
from indexer.values import Values, half_width

LONGEST_READ = 10_000
"""Characters of a typed text that are read; of a longer one the beginning."""


MOST_MEANT = 1000
"""Letters of phrases, alternatives, filters, and words in fields, required or excluded: none of them may be missing."""


class Clause(NamedTuple):
    """A word, or with `phrase` several side by side, as typed.

    `field`: a text field; None searches all of them. `excluded`: must not match. `required`: was typed with ``+``.
    """

    text: str
    phrase: bool = False
    field: str | None = None
    excluded: bool = False
    required: bool = False


class ValueClause(NamedTuple):
    """A filter that was typed: one of `values`, or for a date or year field what lies `between`, both ends included.

    `text` is what was typed for the value.
    """

    field: str
    text: str
    values: tuple[str, ...] = ()
    between: Days | None = None
    excluded: bool = False


Group: TypeAlias = list[Clause | ValueClause]


class Read(NamedTuple):
    """Every group must match; of a group's clauses one is enough. An excluded clause stands alone in its group.

    `cut`: the text was longer than is read, or had more that is meant.
    """

    groups: list[Group]
    cut: bool = False


# Names that people use for fields beside those that the page shows.
_ALSO = {
    "기관": "organization",
    "태그": "keyword",
    "카테고리": "theme",
    "category": "theme",
    "포맷": "format",
    "파일 형식": "format",
    "라이선스": "license",
    "라이센스": "license",
    "licence": "license",
    "연도": "year",
    "년도": "year",
    "등록 일자": "issued",
    "수정 일자": "modified",
}
_TYPED = [field for field in FIELDS if field.boost or field.facet or field.sort]
# 제공기관 is two fields, one to search and one to filter by; text is what can be read in more than one way.
_NAMES = {
    "".join(name.split()).casefold(): field
    for name, field in [
        *((label, field.name) for field in reversed(_TYPED) for label in (field.name, field.label, field.label_en)),
        *_ALSO.items(),
    ]
    if name
} | {"organization": "publisher", "기관": "publisher"}
_FIELD = re.compile(
    rf"({'|'.join(' ?'.join(name) for name in sorted(_NAMES, key=len, reverse=True))})\s{{0,3}}:(?!//)\s{{0,3}}",
    re.IGNORECASE,
)

# Every letter may have a space behind it, and the colon three before it.
_LONGEST_NAME = 2 * max(map(len, _NAMES)) + 4

_CLOSING = dict.fromkeys('"“”„‟«»', '"“”„‟«»') | {"「": "」", "『": "』"}
_QUOTES = "".join(_CLOSING) + "」』"
_SIGN = re.compile(rf"(?:-(?=[^\s-])|\+(?=[^\W\d]|[{_QUOTES}]))")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,19}://\S+", re.IGNORECASE)
_WORD = re.compile(rf"[^\s{_QUOTES}|]+")
_CHUNK = re.compile(rf"[^\s{_QUOTES}]+")
_ALTERNATIVES = re.compile(r"[,|;、]")
_MOST_WORDS = 4
# Letters that a clause counts for at least: an engine is asked for each of a hundred, not for a thousand.
_LEAST = 10
# No name is longer, and analysis takes the time of the square of a run's length.
_LONG_RUN = re.compile("[가-힣]{50}")
# Controls, halves of characters, and signs that only turn the direction of writing. Joiners belong to emoji.
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd\u2028\u2029]")
_UNSEEN = re.compile("[\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def clean(text: str) -> str:
    """Give typed text without what cannot be seen, composed (NFC)."""
    return normalize("NFC", _UNSEEN.sub("", _UNREADABLE.sub(" ", text)))


def read(text: str, values: Values) -> Read:
    """Read a typed text; `values` tells what the values of fields are called."""
    text = clean(text)
    reader = _Reader(text[:LONGEST_READ], values)
    reader.read()
    return Read(reader.groups, reader.cut or len(text) > LONGEST_READ)


class _Reader:
    """Goes through a text once. `_plain` is the text with full-width signs in their usual width, place by place."""

    def __init__(self, text: str, values: Values) -> None:
        self.groups: list[Group] = []
        self.cut = False
        self._room = MOST_MEANT
        self._text = text
        self._plain = half_width(text)
        self._values = values
        self._at = 0
        self._joining = False

    def read(self) -> None:
        operators: list[str] = []
        sign = ""
        while self._skip():
            if operator := self._operator():
                operators.append(operator)
                if operator == "NOT":
                    sign = "-"
                else:
                    self._joining = operator != "AND" and bool(self.groups) and not self.groups[-1][-1].excluded
                continue
            if (self._at == 0 or self._plain[self._at - 1].isspace()) and (match := _SIGN.match(self._plain, self._at)):
                sign = match[0]
                self._at = match.end()
            for number, clause in enumerate(self._clauses(sign)):
                self._joining |= number > 0
                self._add(clause)
            sign = ""
        if not self.groups and operators:
            # Nothing but operators: then they are words (OR is also a state).
            self.groups = [[Clause(word)] for word in operators]

    def _skip(self) -> bool:
        """Go on to what is no space; False at the end."""
        while self._at < len(self._plain) and self._plain[self._at].isspace():
            self._at += 1
        return self._at < len(self._plain)

    def _operator(self) -> str:
        for word in ("OR", "AND", "NOT", "||", "|"):
            end = self._at + len(word)
            if self._plain.startswith(word, self._at) and (word[0] == "|" or not self._plain[end : end + 1].strip()):
                self._at = end
                return word
        return ""

    def _clauses(self, sign: str) -> Iterator[Clause | ValueClause]:
        """Read what stands here: alternatives where it is more than one."""
        excluded, required = sign == "-", sign == "+"
        field = self._field(self._at)
        name = _NAMES.get("".join(field[1].split()).casefold()) if field else None
        if field and name and BY_NAME[name].role != "text":
            if found := self._filters(name, field.end()):
                yield from (clause._replace(excluded=excluded) for clause in found)
                return
            name = None
        start = field.end() if field and name and self._stands(field.end()) else self._at
        if start == self._at:
            name = None
        text, phrase = self._word(start)
        if text.strip():
            yield Clause(text.strip(), phrase, name, excluded, required)

    def _field(self, at: int) -> re.Match[str] | None:
        # Most words have no colon near, and looking for one is quick.
        return _FIELD.match(self._plain, at) if self._plain.find(":", at, at + _LONGEST_NAME) >= 0 else None

    def _stands(self, at: int) -> bool:
        """Whether words that can be looked for begin here."""
        return bool(_WORD.match(self._plain, at)) or self._quoted(at) is not None

    def _word(self, at: int) -> tuple[str, bool]:
        """Read an address, a phrase or a word, and go behind it."""
        if (quoted := self._quoted(at)) is not None:
            self._at = at + len(quoted) + 2
            return quoted, True
        match = _ADDRESS.match(self._plain, at) or _WORD.match(self._plain, at)
        # A quotation mark that is never closed says nothing.
        self._at = match.end() if match else at + 1
        if match and (run := _LONG_RUN.search(self._plain, at, self._at)) and "://" not in match[0]:
            self._at = run.end()
        return (self._text[at : self._at], False) if match else ("", False)

    def _quoted(self, at: int) -> str | None:
        closing = _CLOSING.get(self._plain[at : at + 1])
        if closing is None:
            return None
        ends = [end for sign in closing if (end := self._plain.find(sign, at + 1)) >= 0]
        return self._text[at + 1 : min(ends)] if ends else None

    def _filters(self, name: str, at: int) -> list[ValueClause]:
        """Read the values of a filter; [] and nothing passed where they are not understood."""
        if BY_NAME[name].role != "keyword":
            return self._days(name, at)
        if (quoted := self._quoted(at)) is not None:
            found = [ValueClause(name, quoted, values)] if (values := self._values.find(name, quoted)) else []
            self._at = at + len(quoted) + 2 if found else self._at
            return found
        chunks = self._chunks(at)
        if not chunks:
            return []
        for end in reversed(chunks[1:]):
            if self._values.labelled(name, self._plain[at:end]):
                return [self._passed(name, at, end)]
        if not self._values.whole(name, self._plain[at : chunks[0]]):
            for end in chunks[1:]:
                if self._values.whole(name, self._plain[at:end]):
                    return [self._passed(name, at, end)]
        if found := self._alternatives(name, at, chunks):
            return found
        first, bar, _ = self._plain[at : chunks[0]].partition("|")
        return [self._passed(name, at, at + len(first))] if bar and self._values.find(name, first) else []

    def _chunks(self, at: int) -> list[int]:
        """Ends of the words here that one value may be made of."""
        ends: list[int] = []
        while len(ends) < _MOST_WORDS and (match := _CHUNK.match(self._plain, at)):
            operator = match[0] in ("OR", "AND", "NOT") or match[0].startswith(("|", "-"))
            if operator or (ends and self._field(at)):
                break
            ends.append(match.end())
            at = match.end() + 1
            if not self._plain[at - 1 : at].isspace():
                break
        return ends

    def _alternatives(self, name: str, at: int, chunks: list[int]) -> list[ValueClause]:
        """Read one value, or several with commas between them, also after a space."""
        found: list[str] = []
        begin, stop = at, at
        for end in chunks:
            parts = [part for part in _ALTERNATIVES.split(self._plain[begin:end]) if part]
            meant = self._values.whole if found else self._values.find
            values = [meant(name, part) for part in parts]
            if not values or not all(values):
                break
            found += [value for some in values for value in some]
            begin, stop = end + 1, end
            if self._plain[end - 1] not in ",、":
                break
        return [self._passed(name, at, stop, tuple(dict.fromkeys(found)))] if found else []

    def _passed(self, name: str, at: int, end: int, values: tuple[str, ...] = ()) -> ValueClause:
        self._at = end
        return ValueClause(name, self._text[at:end], values or self._values.find(name, self._plain[at:end]))

    def _days(self, name: str, at: int) -> list[ValueClause]:
        quoted = self._quoted(at)
        found: list[ValueClause] = []
        place = at + 1 if quoted is not None else at
        while typed := typed_days(self._plain, place):
            low, high = typed.days
            if BY_NAME[name].role == "year":
                low, high = low and low[:4], high and high[:4]
            found.append(ValueClause(name, self._text[place : typed.end].strip(), between=(low, high)))
            self._at = place = typed.end
            if self._plain[place : place + 1] not in (",", "|"):
                break
            place += 2 if self._plain[place + 1 : place + 2] == " " else 1
        if found and quoted is not None:
            self._at = max(self._at, at + len(quoted) + 2)
        return found

    def _add(self, clause: Clause | ValueClause) -> None:
        if self._joining or clause != Clause(clause.text):
            if self._room <= 0:
                self.cut = True
                return
            self.cut |= len(clause.text) > self._room
            clause = clause._replace(text=clause.text[: self._room])
            self._room -= max(len(clause.text), _LEAST)
        last = self.groups[-1] if self.groups else []
        if not clause.excluded and (self._joining or (last and _one_filter(last[-1], clause))):
            last.append(clause)
        else:
            self.groups.append([clause])
        self._joining = False


def _one_filter(first: Clause | ValueClause, second: Clause | ValueClause) -> bool:
    """Whether two filters stand for alternatives: a dataset has only one value in this field.

    Open ends are no alternatives: ``수정일:2020년 이후 수정일:2021년 이전``.
    """
    return (
        isinstance(first, ValueClause)
        and isinstance(second, ValueClause)
        and first.field == second.field
        and not first.excluded
        and not BY_NAME[first.field].many
        and None not in (*(first.between or ()), *(second.between or ()))
    )


def words(groups: Sequence[Sequence[Clause | ValueClause]]) -> str:
    """Give the text that was asked for, without what was excluded and without filters."""
    return " ".join(
        clause.text for group in groups for clause in group if isinstance(clause, Clause) and not clause.excluded
    )
