"""What every engine must do with lines: fold by series, and list every value of a facet. One class for all engines."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from indexer.engines.base import Deletion, Everything, Node, OneOf, Request, Result, SearchIndex, Sort, Term
from indexer.parameters import SORTS
from tests.engines.contract import document, fill

KINDS = ("물", "불", "바람", "물 불")


def catalogue(count: int = 400, seed: int = 7) -> list[tuple[str, str | None]]:
    """Ids with the series of each: most share one, some have none, one series is large."""
    chance = random.Random(seed)
    return [
        (f"d{n:04}", chance.choice((None, "큰", "큰", *(f"묶음{m}" for m in range(count // 8))))) for n in range(count)
    ]


def filled(index: SearchIndex, made: Sequence[tuple[str, str | None]]) -> None:
    fill(
        index,
        *(
            document(
                id,
                n + 1,
                title=KINDS[n % 4],
                sort_title=f"제목 {'가나' * 20} {n * 7 % 13}",
                quality=n % 5 if n % 6 else None,
                issued=() if n % 9 == 0 else f"2020-01-{1 + n % 11:02}",
                modified=f"2021-02-{1 + n % 3:02}",
                format=("CSV", "JSON")[: n % 3],
                **({"series": series} if series else {}),
            )
            for n, (id, series) in enumerate(made)
        ),
    )


def walk(index: SearchIndex, request: Request) -> list[Result]:
    """All pages, by cursor."""
    results = [index.search(request)]
    while (cursor := results[-1].cursor) is not None:
        assert len(results) < 1000
        results.append(index.search(replace(request, offset=0, after=cursor)))
    return results


def expected(index: SearchIndex, request: Request, series: dict[str, str]) -> list[tuple[str, str, int]]:
    """The first hit of each series in the order that an unfolded search gives, and how many there are."""
    hits = [hit.id for hit in index.search(replace(request, fold=False, size=1000)).hits]
    counts = Counter(series[id] for id in hits)
    first: dict[str, str] = {}
    for id in hits:
        first.setdefault(series[id], id)
    return [(id, name, counts[name]) for name, id in first.items()]


class LinesContract:
    """Folding; a subclass gives the fixture `index`, a new index."""

    @pytest.mark.parametrize("sort", SORTS)
    def test_a_series_is_one_line_at_the_place_of_its_first_hit(self, index: SearchIndex, sort: Sort) -> None:
        made = catalogue()
        filled(index, made)
        series = {id: name or id for id, name in made}
        queries: tuple[Node, ...] = (Everything(), Term("title", "물"))
        for query in queries:
            asked = Request(query=query, sort=sort, fold=True, facets={"format": 5})
            lines = expected(index, asked, series)
            unfolded = index.search(replace(asked, fold=False))
            for size in (3, 50):
                if size == 3 and sort not in ("relevance", "title"):
                    continue
                results = walk(index, replace(asked, size=size))
                assert [(hit.id, hit.series, hit.folded) for page in results for hit in page.hits] == lines
                assert {page.total for page in results} == {unfolded.total}
                assert all(page.facets == unfolded.facets for page in results)
                assert all(len(page.hits) == size for page in results[:-1])
            for offset in (1, 7, len(lines) - 2, len(lines), 5000):
                page = index.search(replace(asked, size=5, offset=offset))
                assert [hit.id for hit in page.hits] == [id for id, _, _ in lines[offset : offset + 5]]
                assert (page.cursor is None) == (offset + 5 >= len(lines))
            assert sum(count for _, _, count in lines) == unfolded.total

    def test_lines_count_what_filters_leave_and_the_series_opens(self, index: SearchIndex) -> None:
        made = catalogue()
        filled(index, made)
        series = {id: name or id for id, name in made}
        filters = {"format": OneOf("format", ("JSON",))}
        asked = Request(query=Term("title", "불"), filters=filters, facets={"format": 5}, size=100, fold=True)
        lines = walk(index, asked)[0].hits
        assert [(hit.id, hit.series, hit.folded) for hit in lines] == expected(index, asked, series)[:100]
        for line in lines[:10]:
            assert line.series is not None
            opened = replace(asked, fold=False, filters={**filters, "series": OneOf("series", (line.series,))})
            result = index.search(opened)
            assert result.total == len(result.hits) == line.folded
            assert result.hits[0].id == line.id
            assert {series[hit.id] for hit in result.hits} == {line.series}
            assert [hit.folded for hit in index.search(replace(opened, fold=True)).hits] == [line.folded]

    def test_nothing_is_folded_unasked(self, index: SearchIndex) -> None:
        filled(index, catalogue(20))
        assert {(hit.series, hit.folded) for hit in index.search(Request(query=Everything())).hits} == {(None, 1)}

    def test_folding_finds_nothing_where_nothing_is(self, index: SearchIndex) -> None:
        assert index.search(Request(query=Everything(), fold=True)).hits == ()
        filled(index, catalogue(20))
        found = index.search(Request(query=Term("title", "없음"), fold=True))
        assert (found.total, found.hits, found.cursor) == (0, (), None)
        counted = index.search(Request(query=Everything(), size=0, fold=True))
        assert (counted.total, counted.hits) == (20, ())

    @pytest.mark.parametrize("sort", ["title", "-issued", "quality"])
    def test_a_line_comes_once_while_documents_come_and_go(self, index: SearchIndex, sort: Sort) -> None:
        made = catalogue(200)
        filled(index, made)
        series = {id: name or id for id, name in made}
        asked = Request(query=Everything(), sort=sort, size=20, fold=True)
        first = index.search(asked)
        gone = [hit.id for hit in first.hits[:5] if hit.folded == 1]
        fill(index, *(Deletion(id, 1000, "kepco.datagokr") for id in gone))
        seen = [hit.series for hit in first.hits]
        cursor = first.cursor
        while cursor is not None:
            page = index.search(replace(asked, after=cursor))
            seen += [hit.series for hit in page.hits]
            cursor = page.cursor
        assert len(set(seen)) == len(seen)
        assert set(seen) == set(series.values())

    # --- every value of a facet

    def test_every_value_in_order(self, index: SearchIndex) -> None:
        names = ["가", "가 나", "A", "a", "나,다", '"', "Z" * 90, "?모름"]
        fill(
            index,
            *(
                document(
                    f"d{n}", n + 1, title="물" if n % 2 else "불", organization=names[n % 8], year=f"{2000 + n % 5}"
                )
                for n in range(40)
            ),
        )
        every = index.facet_values("organization", Everything(), {})
        assert every == [(name, 5) for name in sorted(names)]
        found: list[tuple[str, int]] = []
        while page := index.facet_values(
            "organization", Everything(), {}, after=found[-1][0] if found else None, size=3
        ):
            assert len(page) <= 3
            found += page
        assert found == every
        assert index.facet_values("organization", Everything(), {}, after="가가") == [("나,다", 5)]
        assert index.facet_values("year", Everything(), {}, after="2002") == [("2003", 8), ("2004", 8)]
        assert index.facet_values("year", Everything(), {}, after="?", size=1) == [("2000", 8)]
        assert index.facet_values("organization", Term("title", "물"), {}) == [
            (name, 5) for name in sorted(names[1::2])
        ]

    def test_a_field_leaves_its_own_filter_out_and_keeps_the_others(self, index: SearchIndex) -> None:
        filled(index, catalogue(30))
        filters = {"format": OneOf("format", ("JSON",)), "source": OneOf("source", ("kepco.datagokr",))}
        assert index.facet_values("format", Everything(), filters) == [("CSV", 20), ("JSON", 10)]
        assert index.facet_values("source", Everything(), filters) == [("kepco.datagokr", 10)]
        assert index.facet_values("source", Everything(), {"source": OneOf("source", ())}) == [("kepco.datagokr", 30)]

    def test_only_values_that_are_wanted(self, index: SearchIndex) -> None:
        fill(index, *(document(f"d{n}", n + 1, theme=(f"t{n}", "every"), year=f"{2000 + n}") for n in range(9)))
        wanted = {"t7", "t3", "every", "none", "", "\ud800", "x" * 40_000}
        assert index.facet_values("theme", Everything(), {}, among=wanted) == [("every", 9), ("t3", 1), ("t7", 1)]
        assert index.facet_values("theme", Everything(), {}, among=wanted, after="every", size=1) == [("t3", 1)]
        assert index.facet_values("theme", Everything(), {}, among=()) == []
        assert index.facet_values("year", Everything(), {}, among=("2003", "1999", "x")) == [("2003", 1)]

    @pytest.mark.parametrize("after", ["", "\ud800", "\x00", '"', "\U0010ffff" * 9])
    def test_any_text_may_be_gone_on_from(self, index: SearchIndex, after: str) -> None:
        assert index.facet_values("theme", Everything(), {}, after=after) == []
        fill(index, document("a", 1, theme=("가",), year="2000"))
        for field in ("theme", "year"):
            assert len(index.facet_values(field, Everything(), {}, after=after)) <= 1
