"""What somebody types into the search box, read into clauses. Pure; nothing that is typed is an error.

    words           all must match                  "미세 먼지"       these words side by side
    -word           must not match                  field:value      in that field only
    a OR b, a | b   one of the two is enough        field:"a b"      a value with spaces

A colon after anything but a field's name is text, as is a quotation mark that is never closed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from indexer.fields import BY_NAME, FIELDS


class Clause(NamedTuple):
    """A word, or with `phrase` several side by side; `field` None searches all texts; `excluded`: must not match."""

    text: str
    phrase: bool = False
    field: str | None = None
    excluded: bool = False


# Searchers write a field as it is called on the page, too. The first field of a label wins: the searchable text.
_NAMES = {field.label: field.name for field in reversed(FIELDS)} | {name: name for name in BY_NAME if name != "grams"}
_QUOTES = str.maketrans("“”„‟«»", '""""""')
_CLAUSE = re.compile(
    r"""(?P<excluded>(?<!\S)-(?=[^\s-]))?
        (?:(?P<field>\w+):(?=\S))?
        (?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"|]+)|(?P<bar>\|)|")""",
    re.VERBOSE,
)


def read(text: str) -> list[list[Clause]]:
    """Give groups of clauses: every group must match; of a group's clauses one is enough (more than one: joined by OR).

    An excluded clause stands alone in its group.
    """
    groups: list[list[Clause]] = []
    joining = False
    for match in _CLAUSE.finditer(text.translate(_QUOTES)):
        if match["bar"] or match[0] == "OR":
            joining = bool(groups) and not groups[-1][-1].excluded
            continue
        clause = _clause(match)
        if clause is None:
            continue
        if joining and not clause.excluded:
            groups[-1].append(clause)
        else:
            groups.append([clause])
        joining = False
    return groups


def _clause(match: re.Match[str]) -> Clause | None:
    phrase, word = match["phrase"], match["word"]
    text = phrase if phrase is not None else word or ""
    field = _NAMES.get(match["field"] or "")
    if match["field"] and field is None:
        # No field of ours: `http://…`, `12:30`, or a word before a colon.
        text = f"{match['field']}:{text}"
    if not text.strip():
        return None
    return Clause(text.strip(), phrase is not None, field, excluded=bool(match["excluded"]))


def words(groups: Sequence[Sequence[Clause]]) -> str:
    """Give the text that was asked for, without what was excluded and what names an exact value."""
    return " ".join(
        clause.text
        for group in groups
        for clause in group
        if not clause.excluded and (clause.field is None or BY_NAME[clause.field].role == "text")
    )
