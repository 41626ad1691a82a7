"""Measures, against values computed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from indexer.evaluation.measures import Hits, Texts, measure, ndcg, texts
from indexer.evaluation.questions import Question

IDS = {name: {name} for name in "abcdef"} | {"strange": set()}


def judged(hits: str, titles: tuple[str, ...] = (), **expected: Any) -> dict[str, float]:
    question = Question(query="q", **expected)
    return measure(question, Hits(len(hits), tuple(hits), titles), IDS, {})


def test_the_best_wanted_dataset_counts_for_rank_and_all_for_recall() -> None:
    made = judged("xxaxb", want=("a", "b", "c"))
    assert made == {"mrr@10": 1 / 3, "success@10": 1.0, "recall@100": 2 / 3, "zero hits": 0.0}


def test_rank_eleven_is_no_success_and_still_recalled() -> None:
    assert judged("x" * 10 + "a", want=("a",)) == {
        "mrr@10": 0.0, "success@10": 0.0, "recall@100": 1.0, "zero hits": 0.0,
    }  # fmt: skip


def test_ndcg_by_hand() -> None:
    # (1 + 3/2) / (3 + 1/log2(3))
    assert ndcg([1, 0, 2], [2, 1, 0], 10) == pytest.approx(2.5 / 3.63093, abs=1e-5)
    assert ndcg([], [2, 1], 10) == 0
    assert ndcg([2, 1], [2, 1], 1) == 1


def test_only_judged_datasets_count_in_ndcg() -> None:
    made = judged("xxxxxxxxxxab", grades={"a": 2, "b": 0, "c": 0})
    assert made["ndcg@10"] == 1
    assert made["success@10"] == 0


def test_groups_found_words_absent_and_order() -> None:
    assert judged("xa", groups=(("a", "b"), ("c",)))["groups@10"] == 0.5
    assert judged("xa", found=("a", "b"))["found"] == 0.5
    assert judged("xa", absent=("a", "b"))["absent"] == 0.5
    assert judged("ab", before=("a", "b"))["order"] == 1
    assert judged("ba", before=("a", "b"))["order"] == 0
    assert judged("a", before=("a", "b"))["order"] == 1
    assert judged("x", before=("a", "b"))["order"] == 0


def test_a_title_matches_by_its_expression() -> None:
    assert judged("ab", titles=("주차장", "약국"), title="^약국$")["mrr@10"] == 0.5


def test_no_hits_and_datasets_that_the_ledger_does_not_have() -> None:
    assert judged("", want=("a",)) == {"mrr@10": 0.0, "success@10": 0.0, "recall@100": 0.0, "zero hits": 1.0}
    assert judged("ab", want=("strange", "b"))["recall@100"] == 1
    assert judged("ab", want=("strange",)) == {}
    assert judged("ab", before=("strange", "b")) == {}


def test_words_are_looked_for_without_spaces() -> None:
    catalogue = {
        "a": texts("무료 와이파이", "통신"),
        "b": texts("무선망", "공공 와이 파이를 씁니다"),
        "c": texts("와이어", "파이"),
        "d": texts("공공_와이_파이", ""),
    }
    question = Question(query="와이파이", word="와이파이")
    made = measure(question, Hits(3, ("a", "b", "c"), ()), {}, catalogue)
    assert made == {"contain": 2 / 3, "titles": 0.5, "zero hits": 0.0}


def test_a_word_does_not_run_over_from_the_title_into_the_description() -> None:
    assert "와이파이" not in texts("와이", "파이").everything
    assert texts("ＡＢ 센터_현황", "") == Texts("ab센터현황", "ab센터_현황\0")
