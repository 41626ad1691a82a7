"""What differs between two states of a fixture, told so that a person sees what to mend. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from harvester.fixtures import Exchange, Fixture, Outcome

CHANGED = "changed"
"""Of an answer: it is there, and another than before."""

NOTHING = "–"
"""What stands where there is no value."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One field of one record that is another now; `identifier` None: an entry without one."""

    identifier: str | None
    field: str
    before: str
    after: str


class NewIssue(msgspec.Struct, frozen=True, kw_only=True):
    """An issue (``severity code field``) that `records` have now and had not; `message` is that of the first."""

    issue: str
    message: str
    records: int
    identifier: str | None


class Alike(msgspec.Struct, frozen=True, kw_only=True):
    """Differences in the same field of several records, with the values of the first of them."""

    field: str
    identifiers: Sequence[str | None]
    before: str
    after: str


def by_field(found: Sequence[Difference]) -> list[Alike]:
    """Differences of one kind (came, went, changed) in one field together; places in lists do not count."""
    groups: dict[tuple[str, bool, bool], list[Difference]] = {}
    for one in found:
        field = re.sub(r"\[\d+\]", "[]", one.field)
        groups.setdefault((field, one.before == NOTHING, one.after == NOTHING), []).append(one)
    return [
        Alike(
            field=field,
            identifiers=list(dict.fromkeys(one.identifier for one in alike)),
            before=alike[0].before,
            after=alike[0].after,
        )
        for (field, _, _), alike in groups.items()
    ]


def differences(before: Sequence[Outcome], after: Sequence[Outcome]) -> list[Difference]:
    """Field by field, in the order of identifiers; a record that came or went is one line (`field` ``record``)."""
    old, new = _by_identifier(before), _by_identifier(after)
    found: list[Difference] = []
    for key in sorted(old.keys() | new.keys()):
        mine, other = old.get(key), new.get(key)
        if mine is None or other is None:
            states = [NOTHING if one is None else "dataset" if one.dataset else "rejected" for one in (mine, other)]
            found.append(Difference(identifier=key[0] or None, field="record", before=states[0], after=states[1]))
            continue
        left, right = dict(_flat(mine)), dict(_flat(other))
        found += [
            Difference(
                identifier=key[0] or None, field=name, before=left.get(name, NOTHING), after=right.get(name, NOTHING)
            )
            for name in dict.fromkeys([*left, *right])
            if left.get(name) != right.get(name)
        ]
    return found


def new_issues(
    before: Sequence[Outcome], after: Sequence[Outcome], sentences: Mapping[tuple[str | None, str], str]
) -> list[NewIssue]:
    """Issues that records have now and had not, the most frequent first; `sentences` are those of a job in a ledger."""
    old = _by_identifier(before)
    found: dict[str, list[str | None]] = {}
    for key, outcome in _by_identifier(after).items():
        known = old[key].issues if key in old else ()
        for issue in dict.fromkeys(outcome.issues):
            if issue not in known:
                found.setdefault(issue, []).append(outcome.identifier)
    return [
        NewIssue(issue=issue, message=sentences.get((have[0], issue), ""), records=len(have), identifier=have[0])
        for issue, have in sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    ]


def changed_exchanges(before: Fixture, after: Fixture) -> list[tuple[str, str]]:
    """Requests whose answer is new, gone or another: (``new`` …, method and address)."""
    old, new = _by_request(before), _by_request(after)
    found = []
    for key in sorted(old.keys() | new.keys()):
        if key not in old or key not in new:
            found.append(("new" if key in new else "gone", _as_request(new.get(key) or old[key])))
        elif not same_answer(before, old[key], after, new[key]):
            found.append((CHANGED, _as_request(new[key])))
    return found


def traced(
    before: Fixture, after: Fixture, found: Sequence[Difference], outcomes: Sequence[Outcome]
) -> dict[str, list[str]]:
    """Records that differ, by each request (as `changed_exchanges` has it) whose answer is another and tells of them.

    It does where it is the record's landing page, or names the record's identifier in its address or body, before or
    now. Others are left out, as are requests that tell of none: what is here is seen, not guessed.
    """
    pages = {str(one.dataset.get("landing_page")): one.identifier for one in outcomes if one.dataset}
    differing = dict.fromkeys(one.identifier for one in found if one.identifier)
    names = {identifier: identifier.encode() for identifier in differing}
    told = {}
    for _, request in changed_exchanges(before, after):
        texts = [
            unquote(one.url).encode() + b"\n" + fixture.body(one).replace(b"\\/", b"/")
            for fixture in (before, after)
            for one in fixture.exchanges
            if _as_request(one) == request
        ]
        own = pages.get(request.partition(" ")[2])
        if of := [one for one in names if one == own or any(_is_named(names[one], text) for text in texts)]:
            told[request] = of
    return told


def _is_named(name: bytes, text: bytes) -> bool:
    return name in text and bool(re.search(rb"(?<!\w)" + re.escape(name) + rb"(?!\w)", text))


def same_answer(before: Fixture, mine: Exchange, after: Fixture, other: Exchange) -> bool:
    """Whether two exchanges have the same status, headers and body."""
    return (mine.status, mine.headers, before.body(mine)) == (other.status, other.headers, after.body(other))


def _by_identifier(outcomes: Sequence[Outcome]) -> dict[tuple[str, int], Outcome]:
    """By identifier; entries without one are told apart by their place."""
    return {
        (one.identifier or "", 0 if one.identifier else number): one
        for number, one in enumerate(sorted(outcomes, key=lambda one: one.identifier or ""))
    }


def _as_request(exchange: Exchange) -> str:
    return f"{exchange.method} {exchange.url}"


def _by_request(fixture: Fixture) -> dict[tuple[str, str, str], Exchange]:
    return {(one.url, one.method, one.request_body): one for one in fixture.exchanges}


def _flat(outcome: Outcome) -> Iterator[tuple[str, str]]:
    if outcome.dataset is None:
        yield "record", "rejected"
    yield from _values("", outcome.dataset or {})
    yield from _values("counters", outcome.counters)
    if outcome.issues:
        yield "issues", "; ".join(outcome.issues)


def _values(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _values(f"{path}.{key}" if path else key, inner)
    elif isinstance(value, list) and any(isinstance(one, (Mapping, list)) for one in value):
        for number, inner in enumerate(value):
            yield from _values(f"{path}[{number}]", inner)
    else:
        yield path, ", ".join(map(str, value)) if isinstance(value, list) else str(value)
