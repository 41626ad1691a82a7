"""What every engine must do: one class of tests, run on each (`SearchIndex` in indexer/engines/base.py says why).

A subclass gives the fixture `connect`: a function that opens the same, at first not existing, index again and again, as
several processes would.
"""

from __future__ import annotations

import contextlib
import pickle
import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from harvester.errors import QueryError
from indexer.engines.base import (
    SEPARATOR,
    All,
    Any,
    Best,
    Boost,
    Checkpoint,
    Deletion,
    Document,
    Everything,
    Filtered,
    Indexed,
    Node,
    OneOf,
    Phrase,
    Prefix,
    Range,
    Ranked,
    Request,
    Result,
    SearchIndex,
    Sort,
    Term,
)
from indexer.engines.cursor import Cursor
from tests.engines import model

LEDGER = "0b7e6a52-0c1d-4c8e-9f55-2f6f5b1c3d10"
ANALYSIS = "test-1"
Connect = Callable[[], SearchIndex]


def document(
    id: str,
    seq: int = 1,
    *,
    title: str = "",
    keyword: str = "",
    publisher: str = "",
    description: str = "",
    grams: str = "",
    word: str = "",
    sort_title: str | None = None,
    source: str = "kepco.datagokr",
    content_hash: str | None = None,
    quality: int | None = None,
    **values: str | tuple[str, ...],
) -> Document:
    texts = {
        "title": title,
        "keyword": keyword,
        "publisher": publisher,
        "description": description,
        "grams": grams,
        "word": word,
    }
    exact = {name: (value,) if isinstance(value, str) else value for name, value in values.items()}
    return Document(
        id=id,
        seq=seq,
        source=source,
        content_hash=content_hash or f"hash-of-{id}-{seq}",
        content=f'{{"id":"{id}"}}'.encode(),
        terms={name: text for name, text in texts.items() if text},
        values={"source": (source,), **exact},
        sort_title=sort_title or title or id,
        quality=quality,
    )


def at(seq: int) -> Checkpoint:
    return Checkpoint(ledger=LEDGER, seq=seq, analysis=ANALYSIS)


def fill(index: SearchIndex, *changes: Document | Deletion) -> None:
    assert index.apply(changes, at(max((change.seq for change in changes), default=0))) == []
    index.refresh()


def find(index: SearchIndex, query: Node, sort: Sort = "relevance", size: int = 1000) -> list[str]:
    result = index.search(Request(query=query, sort=sort, size=size))
    found = [hit.id for hit in result.hits]
    assert result.total == len(found) or len(found) == size
    assert len(set(found)) == len(found)
    return found


def matching(index: SearchIndex, query: Node) -> set[str]:
    return set(find(index, query))


def pages(index: SearchIndex, request: Request) -> list[Result]:
    """All pages, by cursor."""
    results = [index.search(request)]
    while results[-1].cursor is not None:
        assert len(results) < 1000
        results.append(
            index.search(
                Request(
                    query=request.query,
                    filters=request.filters,
                    facets=request.facets,
                    sort=request.sort,
                    size=request.size,
                    after=results[-1].cursor,
                )
            )
        )
    return results


AIR = (
    document(
        "air1",
        1,
        title="서울 대기 오염 측정",
        keyword="미세 먼지 ¦ 대기",
        publisher="서울 시",
        description="시간 별 측정 값",
    ),
    document("air2", 2, title="부산 미세 먼지 농도", keyword="대기", publisher="부산 시", description="일 별 농도"),
    document(
        "bus1", 3, title="서울 버스 노선", keyword="버스 ¦ 교통", publisher="서울 시", description="정류소 와 노선"
    ),
    document("bus2", 4, title="bus route", keyword="bus ¦ traffic", publisher="seoul", description="stop of 서울 버스"),
    document("old1", 5, title="측정 기록", keyword="기록", publisher="기상 청", description="옛 측정 기록"),
)

FACETED = (
    document(
        "a", 1, title="물", organization="갑", format=("CSV", "XLSX"), license="KOGL-1", year="2020", theme="HEAL"
    ),
    document("b", 2, title="물", organization="갑", format=("CSV",), license="KOGL-1", year="2021"),
    document("c", 3, title="물 불", organization="을", format=("CSV", "JSON"), license="CC-BY-4.0", year="2021"),
    document("d", 4, title="불", organization="병", format=("JSON",), license="KOGL-4", year="2022"),
    document("e", 5, title="물", organization="병"),
)


class SearchIndexContract:
    """The contract; see the module's text."""

    @pytest.fixture
    def connect(self) -> Connect:
        raise NotImplementedError("a subclass says how its index is opened")

    @pytest.fixture
    def index(self, connect: Connect) -> Iterator[SearchIndex]:
        index = connect()
        yield index
        index.close()

    # --- an index that does not exist yet

    def test_documents_may_be_made_ready_elsewhere(self, index: SearchIndex) -> None:
        made = document("a", 1, title="물", format=("CSV", "JSON"), modified="2024-03-05", year="2024")
        ready = pickle.loads(pickle.dumps(index.ready))(made)
        assert (ready.id, ready.seq, ready.source) == (made.id, made.seq, made.source)
        index.apply([ready, document("b", 2, title="물")], at(2))
        index.apply([Deletion("b", 3, made.source)], at(3))
        index.refresh()
        assert matching(index, Term("title", "물")) == {"a"}
        assert list(index.documents()) == [Indexed("a", made.source, made.content_hash)]

    def test_a_new_index_is_empty_and_searchable(self, index: SearchIndex) -> None:
        assert index.checkpoint() == Checkpoint()
        assert index.document_count() == 0
        assert list(index.documents()) == []
        result = index.search(Request(query=Everything(), facets={"format": 5, "year": 5}))
        assert (result.total, result.hits, result.cursor) == (0, (), None)
        assert dict(result.facets) == {"format": (), "year": ()}
        assert index.counts([Everything(), Term("title", "물")]) == [0, 0]
        assert index.frequencies([("title", "물")]) == [0]
        assert index.words("word") == index.words("word", "a", limit=5) == []
        for query in (Term("title", "물"), Range("modified", "2020-01-01"), Any(()), Prefix("title", "물")):
            assert index.search(Request(query=query, sort="-modified")).total == 0
        index.refresh()

    # --- applying changes

    def test_changes_and_checkpoint_arrive_together(self, index: SearchIndex, connect: Connect) -> None:
        fill(index, *AIR)
        other = connect()
        assert other.checkpoint() == index.checkpoint() == at(5)
        assert other.document_count() == 5
        assert matching(other, Everything()) == {"air1", "air2", "bus1", "bus2", "old1"}
        other.close()

    def test_an_open_index_sees_what_another_one_applied(self, index: SearchIndex, connect: Connect) -> None:
        writer = connect()
        fill(writer, AIR[0])
        assert matching(index, Everything()) == {"air1"}
        fill(writer, AIR[1])
        assert matching(index, Everything()) == {"air1", "air2"}
        assert index.checkpoint() == at(2)
        writer.close()

    def test_the_checkpoint_moves_without_changes(self, index: SearchIndex) -> None:
        fill(index, AIR[0])
        assert index.apply([], at(9)) == []
        index.refresh()
        assert index.checkpoint() == at(9)
        assert index.document_count() == 1

    def test_a_checkpoint_on_an_index_without_documents(self, index: SearchIndex) -> None:
        assert index.apply([], at(3)) == []
        index.refresh()
        assert index.checkpoint() == at(3)
        assert index.search(Request(query=Everything())).total == 0

    def test_applying_twice_changes_nothing(self, index: SearchIndex) -> None:
        for _ in range(2):
            fill(index, *AIR, Deletion("bus1", 6, "kepco.datagokr"))
            assert index.document_count() == 4
            assert find(index, Everything(), "title") == ["bus2", "air2", "air1", "old1"]

    def test_a_newer_change_replaces_an_older_one(self, index: SearchIndex) -> None:
        fill(index, document("a", 1, title="옛 이름", format="CSV"))
        fill(index, document("a", 2, title="새 이름", format="JSON"))
        assert matching(index, Term("title", "옛")) == set()
        assert matching(index, Term("title", "새")) == {"a"}
        result = index.search(Request(query=Everything(), facets={"format": 5}))
        assert (result.total, result.facets["format"]) == (1, (("JSON", 1),))

    def test_an_older_change_never_replaces_a_newer_one(self, index: SearchIndex) -> None:
        fill(index, document("a", 5, title="새 이름"), document("b", 6, title="다른 것"))
        assert index.apply([document("a", 3, title="옛 이름"), Deletion("b", 2, "kepco.datagokr")], at(6)) == []
        index.refresh()
        assert matching(index, Everything()) == {"a", "b"}
        assert matching(index, Term("title", "옛")) == set()

    def test_a_tombstone_removes_and_stays(self, index: SearchIndex) -> None:
        fill(index, document("a", 1, title="이름"), document("b", 2, title="이름"))
        fill(index, Deletion("a", 4, "kepco.datagokr"))
        assert matching(index, Everything()) == {"b"}
        assert index.apply([document("a", 3, title="늦은 이름")], at(4)) == []
        index.refresh()
        assert matching(index, Everything()) == {"b"}
        assert [found.id for found in index.documents()] == ["b"]
        fill(index, document("a", 5, title="다시 이름"))
        assert matching(index, Everything()) == {"a", "b"}

    def test_a_tombstone_of_something_unknown(self, index: SearchIndex) -> None:
        fill(index, Deletion("nobody", 7, "kepco.datagokr"))
        assert index.document_count() == 0
        assert index.checkpoint() == at(7)
        assert index.search(Request(query=All((), without=(Term("title", "물"),)))).total == 0

    def test_the_newest_of_one_call_counts(self, index: SearchIndex) -> None:
        fill(
            index,
            document("a", 4, title="넷째"),
            document("a", 2, title="둘째"),
            Deletion("a", 3, "kepco.datagokr"),
            document("b", 5, title="다섯째"),
            Deletion("b", 6, "kepco.datagokr"),
        )
        assert matching(index, Everything()) == {"a"}
        assert matching(index, Term("title", "넷째")) == {"a"}

    def test_documents_gives_the_identity_of_every_document(self, index: SearchIndex) -> None:
        fill(index, *AIR, document("x", 6, title="다른 곳", source="nia.datagokr", content_hash="00ff"))
        fill(index, document("air1", 7, title="새 이름"), Deletion("air2", 8, "kepco.datagokr"))
        found = {indexed.id: indexed for indexed in index.documents()}
        assert set(found) == {"air1", "bus1", "bus2", "old1", "x"}
        assert found["x"] == Indexed(id="x", source="nia.datagokr", content_hash="00ff")
        assert found["air1"].content_hash == "hash-of-air1-7"

    def test_many_documents(self, index: SearchIndex) -> None:
        many = [document(f"d{n:05}", n, title=f"문서 {n}", year=str(2000 + n % 20)) for n in range(1, 3001)]
        fill(index, *many)
        assert index.document_count() == 3000
        assert len({indexed.id for indexed in index.documents()}) == 3000
        result = index.search(Request(query=Term("title", "문서"), facets={"year": 3}, size=100))
        assert result.total == 3000
        assert result.facets["year"] == (("2000", 150), ("2001", 150), ("2002", 150))

    def test_random_changes_leave_the_newest_of_each(self, index: SearchIndex, connect: Connect) -> None:
        chance = random.Random(20260103)
        newest: dict[str, Document | Deletion] = {}
        top = 0
        for step in range(30):
            if step % 10 == 9:
                with index.rebuild(ANALYSIS) as fresh:
                    fresh.apply(list(newest.values()), at(top))
            batch: list[Document | Deletion] = []
            for _ in range(chance.randrange(0, 5)):
                id, seq = chance.choice("abcdef"), chance.randrange(max(1, top - 6), top + 4)
                gone = (seq + ord(id)) % 3 == 0
                batch.append(Deletion(id, seq, "a.b") if gone else document(id, seq, title=f"판 s{seq}"))
            for change in batch:
                if change.id not in newest or change.seq >= newest[change.id].seq:
                    newest[change.id] = change
                top = max(top, change.seq)
            assert index.apply(batch, at(top)) == []
            if chance.random() < 0.5:
                index.close()
                index = connect()
            index.refresh()
            live = {id: change for id, change in newest.items() if isinstance(change, Document)}
            assert {found.id: found.content_hash for found in index.documents()} == {
                id: change.content_hash for id, change in live.items()
            }
            for id, change in live.items():
                assert id in matching(index, Term("title", f"s{change.seq}"))
            assert index.search(Request(query=Everything())).total == len(live)
            assert index.checkpoint() == at(top)
        index.close()

    # --- what each node means

    def test_terms(self, index: SearchIndex) -> None:
        fill(index, *AIR)
        assert matching(index, Everything()) == {"air1", "air2", "bus1", "bus2", "old1"}
        assert matching(index, Term("title", "서울")) == {"air1", "bus1"}
        assert matching(index, Term("description", "서울")) == {"bus2"}
        assert matching(index, Term("title", "서")) == set()
        assert matching(index, Term("title", "서울 버스")) == set()
        assert matching(index, Term("title", "BUS")) == set()
        assert matching(index, Term("title", "")) == set()
        assert matching(index, Term("source", "kepco.datagokr")) == {"air1", "air2", "bus1", "bus2", "old1"}
        assert matching(index, Term("source", "kepco")) == set()

    def test_all_any_best_and_without(self, index: SearchIndex) -> None:
        fill(index, *AIR)
        seoul, bus, dust = Term("title", "서울"), Term("title", "버스"), Term("title", "먼지")
        assert matching(index, All((seoul, bus))) == {"bus1"}
        assert matching(index, All((seoul,), without=(bus,))) == {"air1"}
        assert matching(index, All((), without=(seoul, dust))) == {"bus2", "old1"}
        assert matching(index, All(())) == {"air1", "air2", "bus1", "bus2", "old1"}
        assert matching(index, Any((bus, dust))) == {"bus1", "air2"}
        assert matching(index, Any(())) == set()
        assert matching(index, Best((bus, dust))) == {"bus1", "air2"}
        assert matching(index, Best(())) == set()
        assert matching(index, All((Any((bus, dust)),), without=(All((seoul, bus)),))) == {"air2"}
        assert matching(index, All((Any(()),))) == set()

    def test_phrases(self, index: SearchIndex) -> None:
        fill(index, *AIR)
        assert matching(index, Phrase("title", ("미세", "먼지"))) == {"air2"}
        assert matching(index, Phrase("title", ("먼지", "미세"))) == set()
        assert matching(index, Phrase("title", ("서울", "버스", "노선"))) == {"bus1"}
        assert matching(index, Phrase("title", ("서울", "노선"))) == set()
        assert matching(index, Phrase("title", ("서울",))) == {"air1", "bus1"}
        assert matching(index, Phrase("title", ())) == set()
        assert matching(index, Phrase("title", ("", ""))) == set()

    def test_no_phrase_reaches_from_one_value_into_the_next(self, index: SearchIndex) -> None:
        fill(index, *AIR)
        assert SEPARATOR == "¦"
        assert matching(index, Phrase("keyword", ("미세", "먼지"))) == {"air1"}
        assert matching(index, Phrase("keyword", ("먼지", "대기"))) == set()

    def test_prefixes_are_no_patterns(self, index: SearchIndex) -> None:
        fill(index, *AIR, document("c", 6, title="c++ a.b [x] 50% a|b"))
        assert matching(index, Prefix("title", "버")) == {"bus1"}
        assert matching(index, Prefix("title", "bus")) == {"bus2"}
        assert matching(index, Prefix("title", "c+")) == {"c"}
        assert matching(index, Prefix("title", "a.")) == {"c"}
        assert matching(index, Prefix("title", "[")) == {"c"}
        for value in ("", ".", "(", ".*", "[a-z]", "\\", "b?", "버.", "a|b|", "{", "^", "$", "b{1}", "서울 버"):
            assert matching(index, Prefix("title", value)) == set(), value

    def test_ranges(self, index: SearchIndex) -> None:
        days = {"a": "2019-12-31", "b": "2020-01-01", "c": "2020-06-15", "d": "2021-01-01", "e": "1850-05-05"}
        dated = [document(name, seq, modified=day, year=day[:4]) for seq, (name, day) in enumerate(days.items(), 1)]
        fill(index, *dated, document("never", 9))
        assert matching(index, Range("modified", "2020-01-01", "2020-12-31")) == {"b", "c"}
        assert matching(index, Range("modified", "2020-01-01")) == {"b", "c", "d"}
        assert matching(index, Range("modified", None, "2019-12-31")) == {"a", "e"}
        assert matching(index, Range("modified", "2020-01-01", "2020-01-01")) == {"b"}
        assert matching(index, Range("modified", "2021-01-01", "2020-01-01")) == set()
        assert matching(index, Range("modified")) == {"a", "b", "c", "d", "e"}
        assert matching(index, Range("issued")) == set()
        assert matching(index, Range("year", "2019", "2020")) == {"a", "b", "c"}
        assert matching(index, Range("year", "2021")) == {"d"}
        assert matching(index, Range("year", None, "1999")) == {"e"}
        assert matching(index, Range("year")) == {"a", "b", "c", "d", "e"}

    def test_one_of(self, index: SearchIndex) -> None:
        fill(index, *FACETED)
        assert matching(index, OneOf("format", ("JSON", "XLSX"))) == {"a", "c", "d"}
        assert matching(index, OneOf("format", ("json",))) == set()
        assert matching(index, OneOf("format", ())) == set()
        assert matching(index, OneOf("organization", ("갑",))) == {"a", "b"}
        assert matching(index, OneOf("year", ("2020", "2022"))) == {"a", "d"}
        assert matching(index, Term("year", "2021")) == {"b", "c"}
        assert matching(index, OneOf("organization", (*(f"기관 {n}" for n in range(300)), "병"))) == {"d", "e"}

    def test_filters_do_not_score(self, index: SearchIndex) -> None:
        fill(index, *FACETED)
        plain = index.search(Request(query=Term("title", "물")))
        filtered = index.search(
            Request(query=Filtered(Term("title", "물"), (OneOf("format", ("CSV",)), Range("year", "2020"))))
        )
        assert {hit.id for hit in filtered.hits} == {"a", "b", "c"}
        scores = {hit.id: hit.score for hit in plain.hits}
        assert all(hit.score == pytest.approx(scores[hit.id]) for hit in filtered.hits)
        apart = index.search(Request(query=Term("title", "물"), filters={"format": OneOf("format", ("JSON",))}))
        assert [(hit.id, hit.score) for hit in apart.hits] == [("c", pytest.approx(scores["c"]))]

    # --- ranking

    def test_a_rarer_term_in_a_shorter_field_ranks_higher(self, index: SearchIndex) -> None:
        fill(
            index,
            document("long", 1, title="물 하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉 열"),
            document("short", 2, title="물"),
            *(document(f"z{n}", 10 + n, title="다른 것") for n in range(10)),
        )
        assert find(index, Term("title", "물")) == ["short", "long"]

    def test_boost_and_best(self, index: SearchIndex) -> None:
        fill(index, document("t", 1, title="물"), document("d", 2, description="물"), document("n", 3, title="불"))
        fields = (Boost(Term("title", "물"), 4.0), Term("description", "물"))
        assert find(index, Best(fields)) == ["t", "d"]
        assert find(index, Best((Term("title", "물"), Boost(Term("description", "물"), 4.0)))) == ["d", "t"]
        single = index.search(Request(query=Term("title", "물"))).hits[0].score
        boosted = index.search(Request(query=Boost(Term("title", "물"), 4.0))).hits[0].score
        assert boosted == pytest.approx(4 * single, rel=1e-4)
        assert index.search(Request(query=Best(fields))).hits[0].score == pytest.approx(boosted, rel=1e-4)

    def test_scores_of_all_and_any_add_up_and_best_takes_the_best(self, index: SearchIndex) -> None:
        fill(index, document("both", 1, title="물", description="물"), document("one", 2, title="물"))
        parts = (Term("title", "물"), Term("description", "물"))
        title, description = ({hit.id: hit.score for hit in index.search(Request(query=part)).hits} for part in parts)
        together = title["both"] + description["both"]
        assert {hit.id: hit.score for hit in index.search(Request(query=Any(parts))).hits} == pytest.approx(
            {"both": together, "one": title["one"]}, rel=1e-4
        )
        assert index.search(Request(query=All(parts))).hits[0].score == pytest.approx(together, rel=1e-4)
        best = index.search(Request(query=Best(parts))).hits
        assert {hit.id: hit.score for hit in best} == pytest.approx(
            {"both": max(title["both"], description["both"]), "one": title["one"]}, rel=1e-4
        )

    def test_ranked_only_ranks(self, index: SearchIndex) -> None:
        fill(
            index,
            document("a", 1, title="물", grams="물불"),
            document("b", 2, title="물", grams="불물"),
            document("c", 3, title="불", grams="불물"),
        )
        assert find(index, Term("title", "물")) == ["a", "b"]
        result = index.search(Request(query=Ranked(Term("title", "물"), Term("grams", "불물")), facets={"source": 5}))
        assert [hit.id for hit in result.hits] == ["b", "a"]
        assert result.total == 2
        assert result.facets["source"] == (("kepco.datagokr", 2),)

    def test_scores_of_nested_parts_are_sums_and_products(self, index: SearchIndex) -> None:
        fill(index, *AIR[:3], document("dated", 4, title="하나", year="2020", modified="2020-01-01"))

        def score(node: Node) -> float:
            (hit,) = index.search(Request(query=node)).hits
            return hit.score

        seoul, bus, route = (
            Filtered(Term("title", term), (Term("title", "버스"),)) for term in ("서울", "버스", "노선")
        )
        phrase = Phrase("title", ("버스", "노선"))
        word = Filtered(
            All((seoul, bus)), (Any((Phrase("title", ("서울", "버스")), Phrase("keyword", ("서울", "버스")))),)
        )
        dated = Term("title", "하나")
        asked: tuple[tuple[Node, float], ...] = (
            (word, score(seoul) + score(bus)),
            (Boost(word, 3.0), 3 * score(word)),
            (Ranked(Boost(word, 3.0), route), 3 * score(word) + score(route)),
            (Ranked(Ranked(bus, Boost(route, 2.0)), Term("title", "먼지")), score(bus) + 2 * score(route)),
            (Boost(Ranked(Ranked(bus, Boost(route, 2.0)), route), 2.0), 2 * (score(bus) + 3 * score(route))),
            (Boost(Best((Boost(bus, 0.5), Boost(Any((bus, route)), 2.0))), 2.0), 4 * (score(bus) + score(route))),
            (Ranked(Best((bus, Boost(word, 0.1))), Boost(phrase, 0.5)), score(bus) + score(phrase) / 2),
            (Boost(Filtered(phrase, (bus,)), 2.0), 2 * score(phrase)),
            (Boost(Prefix("title", "노"), 2.0), 2.0),
            (All((bus, Boost(Everything(), 4.0), Boost(Term("source", "kepco.datagokr"), 2.0))), score(bus) + 6),
            (All((dated, Range("year"), Range("modified", "2019-01-01"), OneOf("year", ("2020",)))), score(dated)),
        )
        for node, expected in asked:
            assert score(node) == pytest.approx(expected, rel=1e-4), node

    def test_equal_scores_are_ordered_by_id(self, index: SearchIndex) -> None:
        names = [f"{letter}{n}" for n in range(30) for letter in "zamk"]
        for start in range(0, len(names), 40):
            fill(
                index, *(document(name, start + 1, title="같은 것", license="X") for name in names[start : start + 40])
            )
        for query in (
            Term("title", "같은"),
            Everything(),
            Term("license", "X"),
            Filtered(Everything(), (OneOf("license", ("X",)),)),
            All((Term("title", "같은"), Term("title", "것"))),
        ):
            assert find(index, query, size=50) == sorted(names)[:50], query

    # --- facets

    def test_facets_count_values(self, index: SearchIndex) -> None:
        fill(index, *FACETED)
        result = index.search(
            Request(
                query=Term("title", "물"),
                facets={"organization": 10, "format": 10, "license": 1, "year": 10, "theme": 10, "language": 10},
                size=1,
            )
        )
        assert result.total == 4
        assert result.facets["organization"] == (("갑", 2), ("병", 1), ("을", 1))
        assert result.facets["format"] == (("CSV", 3), ("JSON", 1), ("XLSX", 1))
        assert result.facets["license"] == (("KOGL-1", 2),)
        assert result.facets["year"] == (("2021", 2), ("2020", 1))
        assert result.facets["theme"] == (("HEAL", 1),)
        assert result.facets["language"] == ()

    def test_a_facet_leaves_its_own_filter_out(self, index: SearchIndex) -> None:
        fill(index, *FACETED)
        result = index.search(
            Request(
                query=Term("title", "물"),
                filters={"format": OneOf("format", ("JSON",)), "year": Range("year", "2021", "2022")},
                facets={"organization": 10, "format": 10, "year": 10},
            )
        )
        assert [hit.id for hit in result.hits] == ["c"]
        assert result.total == 1
        assert result.facets["organization"] == (("을", 1),)
        assert result.facets["format"] == (("CSV", 2), ("JSON", 1))
        assert result.facets["year"] == (("2021", 1),)

    def test_a_filter_without_a_facet_still_filters(self, index: SearchIndex) -> None:
        fill(index, *FACETED)
        result = index.search(
            Request(query=Everything(), filters={"license": OneOf("license", ("KOGL-1",))}, facets={"year": 5})
        )
        assert result.total == 2
        assert result.facets["year"] == (("2020", 1), ("2021", 1))

    def test_facets_are_exact_at_the_cut_and_ties_go_by_value(self, index: SearchIndex) -> None:
        many = [
            document(
                f"d{n:04}", n + 1, title="물", organization=f"기관{n % 200:03}", format=(f"F{n % 7}", f"G{n % 11}")
            )
            for n in range(600)
        ]
        for start in range(0, 600, 150):
            fill(index, *many[start : start + 150])
        result = index.search(Request(query=Term("title", "물"), facets={"organization": 7, "format": 3}))
        assert result.facets["organization"] == tuple((f"기관{n:03}", 3) for n in range(7))
        assert result.facets["format"] == (("F0", 86), ("F1", 86), ("F2", 86))

    def test_values_with_odd_characters_stay_whole(self, index: SearchIndex) -> None:
        odd = ("가|나", 'a"b', "줄\n바꿈", "빈 칸", "\\", "a:b", "¦", "😀")
        fill(index, document("x", 1, title="물", format=odd, organization="a|b"))
        result = index.search(Request(query=Everything(), facets={"format": 20, "organization": 5}))
        assert result.facets["format"] == tuple((value, 1) for value in sorted(odd))
        assert result.facets["organization"] == (("a|b", 1),)
        for value in odd:
            assert matching(index, OneOf("format", (value,))) == {"x"}, value

    # --- counting and listing

    def test_counts(self, index: SearchIndex) -> None:
        fill(index, *AIR, Deletion("old1", 6, "kepco.datagokr"))
        seoul = Term("title", "서울")
        asked: tuple[tuple[Node, int], ...] = (
            (seoul, 2),
            (Everything(), 4),
            (All((), without=(seoul,)), 2),
            (Any(()), 0),
            (Boost(Ranked(seoul, Everything()), 2.0), 2),
            (Filtered(seoul, (Phrase("title", ("버스", "노선")),)), 1),
            (Term("title", "기록"), 0),
            (seoul, 2),
        )
        assert index.counts([node for node, _ in asked]) == [count for _, count in asked]
        assert index.counts([]) == []

    def test_frequencies(self, index: SearchIndex) -> None:
        fill(index, *AIR)
        asked = {
            ("title", "서울"): 2,
            ("description", "서울"): 1,
            ("description", "측정"): 2,
            ("keyword", "대기"): 2,
            ("title", "없음"): 0,
            ("title", ""): 0,
            ("title", "서울 대기"): 0,
            ("title", "\ud800"): 0,
            ("title", "가" * 40_000): 0,
        }
        for _ in range(2):
            assert dict(zip(asked, index.frequencies(list(asked)), strict=True)) == asked
            matching(index, Everything())
        assert index.frequencies([]) == []
        assert index.frequencies([("title", f"말{n}") for n in range(2_000)]) == [0] * 2_000

    def test_words(self, index: SearchIndex) -> None:
        fill(
            index,
            document("a", 1, word="qj|버 qjtm|버스 qjtm|뻐스", organization="갑", year="2020"),
            document("b", 2, word="qjtm|버스 anf|물", organization="을 도", year="2020"),
            document("c", 3, word="qjtm|버스 qj|버 ¦ c++|c++ a.b|a.b", organization="을 도", year="2021"),
            document("d", 4, word="gone|간", organization="병"),
        )
        fill(index, Deletion("d", 5, "kepco.datagokr"))
        every = [("qjtm|버스", 3), ("qj|버", 2), ("a.b|a.b", 1), ("anf|물", 1), ("c++|c++", 1), ("qjtm|뻐스", 1)]
        assert index.words("word") == every
        for limit in range(8):
            assert index.words("word", limit=limit) == every[:limit]
        assert index.words("word", "qj") == index.words("word", "qj", limit=9) == [every[0], every[1], every[5]]
        assert index.words("word", "qj|") == [("qj|버", 2)]
        assert index.words("word", "qjtm|버스", limit=5) == [("qjtm|버스", 3)]
        assert index.words("word", "qj", (OneOf("year", ("2020",)),), 2) == [("qjtm|버스", 2), ("qjtm|뻐스", 1)]
        assert index.words("word", "", (OneOf("year", ("2020",)), OneOf("organization", ("갑",)))) == [
            ("qjtm|버스", 1),
            ("qjtm|뻐스", 1),
            ("qj|버", 1),
        ]
        assert index.words("word", "c+", limit=3) == [("c++|c++", 1)]
        for prefix in (".", "a.?", ".*", "[a-z]", "\\", "(", "¦", "qj ", "버", "\ud800", "x" * 40_000, '"', "~", "#"):
            assert index.words("word", prefix) == index.words("word", prefix, limit=5) == [], prefix
        assert index.words("organization") == index.words("organization", limit=9) == [("을 도", 2), ("갑", 1)]
        assert index.words("organization", "을 ", limit=9) == [("을 도", 2)]

    # --- order and pages

    @pytest.fixture
    def ordered(self, index: SearchIndex) -> SearchIndex:
        fill(
            index,
            document("d", 1, title="같", sort_title="나", modified="2020-01-01", issued="2019-01-01", quality=7),
            document("b", 2, title="같", sort_title="가", modified="2021-01-01", issued="2019-01-01", quality=100),
            document("a", 3, title="같", sort_title="나", modified="2020-01-01", issued="1899-01-01", quality=7),
            document("c", 4, title="같", sort_title="Z", modified="2022-12-31", quality=0),
            document("f", 5, title="같", sort_title="가나", issued="2024-02-29", quality=99),
            document("e", 6, title="같", sort_title="나"),
        )
        return index

    ORDERS: tuple[tuple[Sort, str], ...] = (
        ("relevance", "abcdef"),
        ("title", "cbfade"),
        ("modified", "adbcef"),
        ("-modified", "cbadef"),
        ("issued", "abdfce"),
        ("-issued", "fbdace"),
        ("quality", "bfadce"),
    )

    @pytest.mark.parametrize(("sort", "expected"), ORDERS)
    def test_order(self, ordered: SearchIndex, sort: Sort, expected: str) -> None:
        assert "".join(find(ordered, Term("title", "같"), sort)) == expected

    @pytest.mark.parametrize(("sort", "expected"), ORDERS)
    @pytest.mark.parametrize("size", [1, 2, 4, 6])
    def test_pages_by_offset_and_by_cursor(self, ordered: SearchIndex, sort: Sort, expected: str, size: int) -> None:
        query = Term("title", "같")
        by_offset = [
            ordered.search(Request(query=query, sort=sort, size=size, offset=offset)) for offset in range(0, 6, size)
        ]
        by_cursor = pages(ordered, Request(query=query, sort=sort, size=size))
        for results in (by_offset, by_cursor):
            assert "".join(hit.id for result in results for hit in result.hits) == expected
            assert {result.total for result in results} == {6}
            assert results[-1].cursor is None
            assert all(result.cursor for result in results[:-1])

    def test_a_page_beyond_the_end(self, ordered: SearchIndex) -> None:
        result = ordered.search(Request(query=Term("title", "같"), offset=6, size=10))
        assert (result.total, result.hits, result.cursor) == (6, (), None)
        assert ordered.search(Request(query=Term("title", "같"), offset=5000, size=10)).hits == ()

    def test_a_page_of_nothing_counts(self, ordered: SearchIndex) -> None:
        result = ordered.search(Request(query=Term("title", "같"), size=0, facets={"source": 3}))
        assert (result.total, result.hits) == (6, ())
        assert result.facets["source"] == (("kepco.datagokr", 6),)

    @pytest.mark.parametrize("sort", ["title", "modified", "-modified", "issued", "-issued", "quality"])
    def test_a_cursor_neither_repeats_nor_skips_while_documents_come_and_go(
        self, index: SearchIndex, sort: Sort
    ) -> None:
        def dated(n: int, seq: int) -> Document:
            day = f"2020-01-{1 + n % 5:02}"
            return document(f"d{n:03}", seq, title="물", sort_title=f"{n % 3}", modified=day, issued=day, quality=n % 4)

        fill(index, *(dated(n, n) for n in range(100, 200)))
        request = Request(query=Term("title", "물"), sort=sort, size=30)
        first = index.search(request)
        fill(
            index,
            *(dated(n, 200 + n) for n in range(0, 100)),
            *(Deletion(hit.id, 500, "kepco.datagokr") for hit in first.hits[:10]),
        )
        seen = [hit.id for hit in first.hits]
        cursor = first.cursor
        while cursor is not None:
            result = index.search(Request(query=request.query, sort=sort, size=30, after=cursor))
            assert result.total == 190
            seen += [hit.id for hit in result.hits]
            cursor = result.cursor
        assert len(set(seen)) == len(seen)
        assert {f"d{n:03}" for n in range(100, 200)} <= set(seen)

    def test_cursors_through_many_ties_of_relevance(self, index: SearchIndex) -> None:
        fill(index, *(document(f"doc-{n:04}", n + 1, title="물" if n % 2 else "물 불") for n in range(500)))
        found = [hit.id for result in pages(index, Request(query=Term("title", "물"), size=37)) for hit in result.hits]
        assert found == [f"doc-{n:04}" for n in range(1, 500, 2)] + [f"doc-{n:04}" for n in range(0, 500, 2)]

    def test_a_cursor_keeps_filters_and_facets(self, index: SearchIndex) -> None:
        fill(index, *FACETED)
        request = Request(
            query=Everything(),
            filters={"format": OneOf("format", ("CSV",))},
            facets={"format": 5, "organization": 5},
            sort="title",
            size=2,
        )
        first, second = pages(index, request)
        assert [hit.id for hit in (*first.hits, *second.hits)] == ["a", "b", "c"]
        assert first.facets == second.facets
        assert first.facets["format"] == (("CSV", 3), ("JSON", 2), ("XLSX", 1))
        assert first.total == second.total == 3

    @pytest.mark.parametrize("cursor", ["", "x", "!!", "한글", "bnVsbA", "W10", "WzEsMiwzXQ", "A" * 5000])
    def test_a_cursor_that_is_none(self, ordered: SearchIndex, cursor: str) -> None:
        with pytest.raises(QueryError, match="cursor"):
            ordered.search(Request(query=Everything(), after=cursor))

    @pytest.mark.parametrize("sort", ["relevance", "title", "modified", "-issued", "quality"])
    @pytest.mark.parametrize("key", [None, "x", 1, -1.5, 2**62, -(2**62), "\ud7a3" * 1000, "2024-02-31"])
    def test_a_forged_cursor_is_refused_or_continues_somewhere(
        self, ordered: SearchIndex, sort: Sort, key: str | int | float | None
    ) -> None:
        request = Request(query=Term("title", "같"), sort=sort, after=Cursor(sort, key, "b", 3).encode())
        with contextlib.suppress(QueryError):
            assert len(ordered.search(request).hits) <= 6

    def test_a_cursor_of_another_order(self, ordered: SearchIndex) -> None:
        cursor = ordered.search(Request(query=Everything(), sort="title", size=2)).cursor
        with pytest.raises(QueryError, match="cursor"):
            ordered.search(Request(query=Everything(), sort="modified", size=2, after=cursor))

    # --- hostile input

    @pytest.mark.parametrize(
        "value",
        [
            "\x00",
            "\ud7a3" * 500,
            "x" * 40_000,
            '"',
            "\\",
            "a b",
            "*",
            "?",
            "title:물",
            "/물/",
            "물\n",
            "😀",
            "\u202e",
            "\ud800",
        ],
    )
    def test_hostile_values_find_nothing(self, index: SearchIndex, value: str) -> None:
        fill(index, *AIR)
        for query in (
            Term("title", value),
            Term("source", value),
            OneOf("format", (value,)),
            Phrase("title", (value, "물")),
            Prefix("title", value),
            All((Term("title", "서울"), Term("title", value))),
        ):
            assert matching(index, query) == set()
        assert len(matching(index, All((), without=(Term("title", value),)))) == 5

    def test_a_deep_tree(self, index: SearchIndex) -> None:
        fill(index, *AIR)
        query: Node = Term("title", "서울")
        for _ in range(15):
            query = (
                All((query, Any((query, Term("title", "없음")))), without=(Term("title", "없음"),))
                if (isinstance(query, Term))
                else Filtered(Boost(Ranked(query, Everything()), 1.0), (Everything(),))
            )
        assert matching(index, query) == {"air1", "bus1"}

    def test_random_trees_match_what_the_model_says(self, index: SearchIndex) -> None:
        chance = random.Random(20260101)
        stored = model.documents(chance, 60, Document)
        fill(index, *stored)
        for _ in range(300):
            query = model.tree(chance)
            expected = {each.id for each in stored if model.matches(query, each)}
            assert matching(index, query) == expected, query

    def test_random_facets_are_what_the_model_counts(self, index: SearchIndex) -> None:
        chance = random.Random(20260102)
        stored = model.documents(chance, 60, Document)
        fill(index, *stored)
        for _ in range(60):
            request = Request(
                query=model.tree(chance),
                filters={"format": OneOf("format", ("CSV", "JSON")), "modified": model.tree(chance, 1)},
                facets={"format": 3, "organization": 10, "year": 2},
                sort=chance.choice(("relevance", "title", "-modified")),
                size=100,
            )
            result = index.search(request)
            filters = request.filters
            found = [each for each in stored if model.matches(Filtered(request.query, tuple(filters.values())), each)]
            assert {hit.id for hit in result.hits} == {each.id for each in found}, request
            assert result.total == len(found)
            for field, size in request.facets.items():
                others = tuple(node for name, node in filters.items() if name != field)
                counts = Counter(
                    value
                    for each in stored
                    if model.matches(Filtered(request.query, others), each)
                    for value in each.values.get(field, ())
                )
                expected = tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:size])
                assert result.facets[field] == expected, (field, request)

    def test_a_text_of_many_words_with_many_forms_each(self, index: SearchIndex) -> None:
        fill(index, *AIR)
        fields = ("title", "keyword", "publisher", "description", "column", "place")

        def form(terms: tuple[str, ...]) -> Node:
            scored = All(tuple(Best(tuple(Boost(Term(field, term), 2.0) for field in fields)) for term in terms))
            node: Node = Filtered(scored, (Any(tuple(Phrase(field, terms) for field in fields)),))
            node = Any((node, Boost(Phrase("grams", terms), 0.5)))
            return Ranked(node, Boost(Term("word", f"a|{terms[0]}"), 2.0))

        def word(n: int) -> Node:
            forms = (form(("서울", "버스")), *(Boost(form((f"말{n}", f"꼴{each}")), 0.8) for each in range(8)))
            return Best(forms)

        node: Node = All(tuple(word(n) for n in range(16)), without=(word(99), Term("title", "먼지")))
        assert matching(index, node) == set()
        node = All(tuple(word(n) for n in range(16)))
        for n in range(16):
            node = Ranked(node, Boost(word(n), 0.3))
        node = Ranked(Ranked(node, Any(tuple(Term("grams", f"말{n}") for n in range(60)))), Term("identifier", "=서울"))
        assert matching(index, node) == {"bus1", "bus2"}
        some = Ranked(Any(tuple(word(n) for n in range(16))), Boost(node, 1000.0))
        result = index.search(Request(query=some, facets={"source": 5}, filters={"source": OneOf("source", ("a",))}))
        assert (result.total, result.facets["source"]) == (0, (("kepco.datagokr", 2),))
        assert index.counts([node, some]) == [2, 2]

    def test_many_parts(self, index: SearchIndex) -> None:
        fill(index, *AIR)
        assert matching(index, Any((*(Term("title", f"말{n}") for n in range(500)), Term("title", "노선")))) == {"bus1"}

    # --- rebuilding

    def test_rebuilding_replaces_everything_at_once(self, index: SearchIndex, connect: Connect) -> None:
        fill(index, *AIR)
        reader = connect()
        assert reader.document_count() == 5
        with index.rebuild("test-2") as fresh:
            assert fresh.document_count() == 0
            assert fresh.apply([document("new1", 7, title="새 것")], Checkpoint(LEDGER, 7, "test-2")) == []
            assert matching(reader, Everything()) == {"air1", "air2", "bus1", "bus2", "old1"}
            assert reader.checkpoint() == at(5)
            assert fresh.apply([document("new2", 8, title="또 새 것")], Checkpoint(LEDGER, 8, "test-2")) == []
        for each in (index, reader):
            assert matching(each, Everything()) == {"new1", "new2"}
            assert each.checkpoint() == Checkpoint(LEDGER, 8, "test-2")
            assert each.document_count() == 2
        fill(index, document("new3", 9, title="셋째"))
        assert matching(reader, Everything()) == {"new1", "new2", "new3"}
        reader.close()

    def test_a_failed_rebuild_leaves_the_old_generation(self, index: SearchIndex, connect: Connect) -> None:
        fill(index, *AIR)

        def fail() -> None:
            with index.rebuild("test-2") as fresh:
                fresh.apply([document("new", 9, title="새 것")], Checkpoint(LEDGER, 9, "test-2"))
                raise RuntimeError("no more")

        with pytest.raises(RuntimeError, match="no more"):
            fail()
        other = connect()
        for each in (index, other):
            assert len(matching(each, Everything())) == 5
            assert each.checkpoint() == at(5)
        other.close()
        fill(index, document("more", 9, title="더"))
        assert index.document_count() == 6

    def test_rebuilding_what_does_not_exist_yet(self, index: SearchIndex) -> None:
        with index.rebuild(ANALYSIS) as fresh:
            assert fresh.apply(AIR, at(5)) == []
        assert index.document_count() == 5
        assert index.checkpoint() == at(5)

    def test_rebuilding_to_nothing(self, index: SearchIndex) -> None:
        fill(index, *AIR)
        with index.rebuild("test-2") as fresh:
            assert fresh.apply([], Checkpoint(LEDGER, 5, "test-2")) == []
        assert index.document_count() == 0
        assert index.checkpoint() == Checkpoint(LEDGER, 5, "test-2")

    def test_order_of_changes_matters_not_in_a_rebuild_either(self, index: SearchIndex) -> None:
        with index.rebuild(ANALYSIS) as fresh:
            fresh.apply([document("b", 3, title="새"), document("c", 9, title="다른")], at(9))
            fresh.apply([document("b", 2, title="옛"), document("a", 1, title="처음")], at(9))
            fresh.apply([document("a", 12, title="나중"), Deletion("c", 10, "kepco.datagokr")], at(12))
            fresh.apply([document("c", 8, title="늦음")], at(12))
        assert matching(index, Everything()) == {"a", "b"}
        assert matching(index, Term("title", "새")) == {"b"}
        assert matching(index, Term("title", "나중")) == {"a"}

    def test_rebuilding_again_and_again(self, index: SearchIndex) -> None:
        for round in range(1, 5):
            with index.rebuild(f"test-{round}") as fresh:
                fresh.apply([document(f"d{round}", round, title="물")], Checkpoint(LEDGER, round, f"test-{round}"))
            assert matching(index, Everything()) == {f"d{round}"}
            assert index.checkpoint() == Checkpoint(LEDGER, round, f"test-{round}")
