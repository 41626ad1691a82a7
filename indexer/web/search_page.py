"""What the search page shows: an answer with its links to neighbouring searches, each of them a plain address. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup, escape

from indexer.analysis import letters
from indexer.answer import Answer, Found, cut
from indexer.facets import PARAMETERS, FacetList, FacetQuery, FacetValue
from indexer.fields import BY_NAME
from indexer.hints import Correction, Other
from indexer.parameters import DATES, DEEPEST, NARROWED_BY, SearchQuery
from indexer.query import FACET_VALUES
from indexer.syntax import LONGEST_READ

Parameters = Sequence[tuple[str, str]]
Labels = Callable[[str, str], str]
"""What a searcher reads for a field's value: `indexer.answer.Searcher.label`."""

_FACETS = ("organization", "format", "license", "theme", "year", "frequency", "member", "source", "language", "type")
_OPEN_FACETS = 4
_VALUES_SHOWN = 7
_EXCERPT = 240
_TITLE = 300
# Portals put whole terms of use where the name of a licence is due; the dataset's own page has room for them.
_LICENSE = 80
_SORTS = {"relevance": "관련도", "-modified": "최근 수정", "-issued": "최근 등록", "title": "제목", "quality": "품질"}
_PAGES_AROUND = 2
_LONGEST_LINKED = 1000
_HEADING = 120
_ALIKE = 6
_RANGE = "modified"


class Choice(NamedTuple):
    """A value of a facet: following `url` chooses it, or lets it go when it is `chosen`. `total` None: not counted."""

    label: str
    total: int | None
    url: str
    chosen: bool


class Facet(NamedTuple):
    """A field to filter by; `chosen` counts its chosen values, `shown` how many stand before "more".

    `all` leads to every value, where there may be more than are listed.
    """

    label: str
    values: list[Choice]
    chosen: int
    open: bool
    shown: int
    all: str | None = None


class Chip(NamedTuple):
    """A filter that is on; `url` takes it away."""

    field: str
    label: str
    url: str


class Order(NamedTuple):
    """A way of sorting."""

    label: str
    url: str
    chosen: bool


class Step(NamedTuple):
    """A page of the results; a gap has no `url`."""

    label: str
    url: str | None = None
    title: str = ""
    chosen: bool = False
    rel: str = ""


class Range(NamedTuple):
    """The form for a range of days; `kept` goes along as hidden fields."""

    label: str
    low_name: str
    high_name: str
    low: str
    high: str
    kept: Parameters
    open: bool


class Reason(NamedTuple):
    """Where a dataset has `matched`, which is taken for `typed`."""

    field: str
    matched: str
    typed: str


class Advice(NamedTuple):
    """A text to search for instead; `word` is the one that it leaves out or replaces."""

    text: str
    total: int
    url: str
    word: str = ""


class ShownHit(NamedTuple):
    """A hit as it is read; `words` are keywords that matched where neither title nor description did.

    `reasons`: words of the dataset that were taken for others; `missing`: words that it does not have.
    """

    id: str
    title: Markup
    title_language: str
    description: Markup
    description_language: str
    publisher: str | None
    formats: Sequence[str]
    license: str | None
    modified: str | None
    source: str
    words: list[Markup]
    partial: bool
    reasons: list[Reason]
    missing: Sequence[str]
    more: int
    opening: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Everything that ``search.html`` shows. `kept` goes along when the words are asked anew."""

    asked_for: str
    heading: str
    kept: Parameters
    total: int
    first: int
    hits: list[ShownHit]
    facets: list[Facet]
    active: list[Chip]
    without_filters: str
    sorts: list[Order]
    pages: list[Step]
    range: Range
    all_words: int
    corrected: Sequence[Correction]
    exact: bool
    alike: Sequence[str]
    as_typed: str | None
    with_others: str
    did_you_mean: Advice | None
    without: list[Advice]
    little: Sequence[str]
    looked_for: Sequence[str]
    nothing_to_find: bool
    reaches_the_end: bool
    deepest: int
    narrowed: bool


class _Links:
    """Addresses of neighbouring searches. Whatever changes what is found begins at the first page again."""

    def __init__(self, query: SearchQuery) -> None:
        query = replace(query, q=_linked(query.q))
        self.parameters = [pair for pair in query.to_parameters() if pair[0] not in ("from", "cursor", "fold")]

    def with_(self, name: str, value: str) -> str:
        return _address([*self.parameters, (name, value)])

    def without(self, name: str, value: str) -> str:
        return _address([pair for pair in self.parameters if pair != (name, value)])

    def instead(self, name: str, value: str | None) -> str:
        return _address([*self.kept(name), *([(name, value)] if value else [])])

    def facet(self, field: str, *more: tuple[str, str]) -> str:
        kept = [pair for pair in self.parameters if pair[0] in (*PARAMETERS, "exact")]
        return f"/facets/{field}" + (f"?{urlencode([*kept, *more])}" if kept or more else "")

    def kept(self, *names: str) -> list[tuple[str, str]]:
        return [pair for pair in self.parameters if pair[0] not in names]


def _linked(text: str) -> str:
    """Give the text for the page's two hundred links: of a pasted one the beginning, which has words enough."""
    return text if len(text) <= _LONGEST_LINKED else text[:_LONGEST_LINKED].rsplit(maxsplit=1)[0]


def _address(parameters: Parameters) -> str:
    return "/?" + urlencode(parameters) if parameters else "/"


def search_page(query: SearchQuery, answer: Answer, label: Labels) -> SearchPage:
    """Lay out the answer to `query`."""
    links = _Links(query)
    low, high = query.dates.get(_RANGE, (None, None))
    reachable = min(answer.total, DEEPEST)
    return SearchPage(
        asked_for=query.q[:LONGEST_READ],
        heading=cut(query.q, _HEADING),
        kept=links.kept("q", "exact", "explain"),
        total=answer.total,
        first=query.offset + 1,
        hits=[_shown(hit, label) for hit in answer.hits],
        facets=_facets(query, answer, label, links),
        active=list(_chips(query, label, links)),
        without_filters=_address(links.kept(*NARROWED_BY, *DATES)),
        sorts=_sorts(query, links),
        pages=_pages(query, answer, reachable, links),
        range=Range(
            label=f"{BY_NAME[_RANGE].label} 범위",
            low_name=f"{_RANGE}_from",
            high_name=f"{_RANGE}_to",
            low=low or "",
            high=high or "",
            kept=links.kept(_RANGE),
            open=bool(low or high),
        ),
        all_words=answer.all_words,
        corrected=answer.hints.corrected,
        exact=query.exact,
        alike=_alike(answer),
        as_typed=links.instead("exact", "true") if not query.exact and _differs(answer) else None,
        with_others=links.instead("exact", None),
        did_you_mean=_advice(links, answer.hints.did_you_mean),
        without=[
            Advice(each.text, each.total, links.instead("q", each.text), each.word) for each in answer.hints.without
        ],
        little=[word.typed for word in answer.little],
        looked_for=[word.typed for word in answer.understood if not word.silent] if answer.cut else [],
        nothing_to_find=bool(query.q) and not letters(query.q),
        reaches_the_end=answer.total <= DEEPEST or query.offset + query.size < reachable or query.cursor is not None,
        deepest=DEEPEST,
        narrowed=bool(query.offset or query.cursor or links.parameters),
    )


def _alike(answer: Answer) -> list[str]:
    """Give the synonyms and full names that were looked for beside the typed words."""
    found = [form.text for word in answer.understood for form in word.forms if form.why in ("synonym", "agency")]
    return list(dict.fromkeys(found))[:_ALIKE]


def _differs(answer: Answer) -> bool:
    return any(form.why not in ("typed", "identifier") for word in answer.understood for form in word.forms)


def _advice(links: _Links, other: Other | None) -> Advice | None:
    return None if other is None else Advice(other.text, other.total, links.instead("q", other.text))


def _reasons(hit: Found) -> list[Reason]:
    """Say why a dataset was found, where marks alone do not tell: its words are not the typed ones."""
    matches = hit.matches or ()
    as_typed = {match.typed for match in matches if match.why == "typed"}
    found: dict[str, Reason] = {}
    for match in matches:
        if match.typed not in as_typed and match.typed not in found:
            found[match.typed] = Reason(BY_NAME[match.field].label, match.matched, match.typed)
    return list(found.values())


def _shown(hit: Found, label: Labels) -> ShownHit:
    title = hit.highlights.get("title")
    fragments = hit.highlights.get("description")
    about = hit.description
    excerpt = escape(cut(" ".join(about.text[: 4 * _EXCERPT].split()), _EXCERPT)) if about else Markup("")
    return ShownHit(
        id=hit.id,
        # Markup by `indexer.answer.marked`, which escapes everything but its own marks.
        title=Markup(title[0]) if title and len(hit.title.text) <= _TITLE else escape(cut(hit.title.text, _TITLE)),
        title_language=hit.title.language,
        description=Markup(fragments[0]) if fragments else excerpt,
        description_language=about.language if about else "ko",
        publisher=hit.publisher,
        formats=hit.formats,
        license=cut(hit.license, _LICENSE) if hit.license else None,
        modified=hit.modified,
        source=label("source", hit.source),
        words=[Markup(word) for word in hit.highlights.get("keyword", ())[:5]] if not (title or fragments) else [],
        partial=hit.partial,
        reasons=_reasons(hit),
        missing=hit.missing,
        more=hit.folded.count - 1 if hit.folded else 0,
        opening=f"/?{hit.folded.query}" if hit.folded else "",
    )


def _facets(query: SearchQuery, answer: Answer, label: Labels, links: _Links) -> list[Facet]:
    facets: list[Facet] = []
    for field in _FACETS:
        chosen = query.filters.get(field, ())
        counted = list(answer.facets.get(field, ()))
        if field == "year":
            counted.sort(key=lambda value: value.value, reverse=True)
        if not chosen and (not counted or _says_nothing(counted, answer.total)):
            continue
        known = {value.value for value in counted}
        choices = [
            _choice(field, value.value, value.label, value.count, value.value in chosen, links) for value in counted
        ]
        choices += [
            _choice(field, value, label(field, value), None, True, links) for value in chosen if value not in known
        ]
        # What is chosen is never hidden behind "more".
        choices.sort(key=lambda choice: not choice.chosen)
        shown = max(_VALUES_SHOWN, len(chosen))
        # A list of one more is no longer than the words "one more".
        shown += len(choices) == shown + 1
        open_ = bool(chosen) or len(facets) < _OPEN_FACETS
        every = links.facet(field) if len(counted) >= FACET_VALUES else None
        facets.append(Facet(BY_NAME[field].label, choices, len(chosen), open_, shown, every))
    return facets


def _says_nothing(counted: Sequence[FacetValue], total: int) -> bool:
    return len(counted) == 1 and counted[0].count == total


def _choice(field: str, value: str, label: str, total: int | None, chosen: bool, links: _Links) -> Choice:
    return Choice(label, total, links.without(field, value) if chosen else links.with_(field, value), chosen)


def _chips(query: SearchQuery, label: Labels, links: _Links) -> list[Chip]:
    chips = [
        Chip(BY_NAME[field].label, label(field, value), links.without(field, value))
        for field, values in query.filters.items()
        for value in values
    ]
    for field, (low, high) in query.dates.items():
        chips.append(Chip(BY_NAME[field].label, f"{low or ''} ~ {high or ''}".strip(), links.instead(field, None)))
    return chips


def _sorts(query: SearchQuery, links: _Links) -> list[Order]:
    usual = "relevance" if query.q else "-modified"
    now = query.sort or usual
    return [
        Order(name, links.instead("sort", None if sort == usual else sort), sort == now)
        for sort, name in _SORTS.items()
        if sort != "relevance" or query.q
    ]


def _pages(query: SearchQuery, answer: Answer, reachable: int, links: _Links) -> list[Step]:
    if query.cursor is not None:
        steps = [Step("« 처음", links.instead("from", None), "첫 쪽", rel="first")]
        if answer.cursor:
            steps.append(Step("다음 ›", links.instead("cursor", answer.cursor), "다음 쪽", rel="next"))
        return steps
    size = query.size
    # The last page must not reach beyond the deepest hit (`from` + `size`).
    last = max(1, min(-(-reachable // size), DEEPEST // size))
    now = query.offset // size + 1
    if query.fold:
        # How many lines there are is not known, only whether more follow.
        last = min(now + (answer.cursor is not None), DEEPEST // size)
    if last == 1 and now == 1:
        return []

    def step(number: int, text: str = "", title: str = "", rel: str = "") -> Step:
        url = links.instead("from", str((number - 1) * size) if number > 1 else None)
        return Step(text or f"{number:,}", url, title or f"{number:,}쪽", number == now and not text, rel)

    numbers = [
        number
        for number in range(1, last + 1)
        if number in (1, last) or abs(number - now) <= _PAGES_AROUND
    ]  # fmt: skip
    steps = [step(min(now - 1, last), "‹ 이전", "이전 쪽", "prev")] if now > 1 else []
    before = 0
    for number in numbers:
        if number > before + 1:
            steps.append(Step("…"))
        steps.append(step(number))
        before = number
    return steps + ([step(now + 1, "다음 ›", "다음 쪽", "next")] if now < last else [])


@dataclass(frozen=True, slots=True)
class FacetPage:
    """Everything that ``facet.html`` shows."""

    label: str
    field: str
    total: int
    values: list[Choice]
    prefix: str
    kept: Parameters
    back: str
    following: str | None


def facet_page(query: FacetQuery, found: FacetList) -> FacetPage:
    """Lay out the values of one facet, each of them the search that it narrows."""
    links = _Links(query.search)
    chosen = query.search.filters.get(query.field, ())
    more = [("prefix", query.prefix)] if query.prefix else []
    return FacetPage(
        label=BY_NAME[query.field].label,
        field=query.field,
        total=found.total,
        values=[
            _choice(query.field, each.value, each.label, each.count, each.value in chosen, links)
            for each in found.values
        ],
        prefix=query.prefix,
        kept=[pair for pair in links.parameters if pair[0] in PARAMETERS],
        back=_address(links.kept()),
        following=links.facet(query.field, *more, ("cursor", found.cursor)) if found.cursor else None,
    )
