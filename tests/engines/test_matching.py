"""Smaller trees for what a tree matches, and for what it may cost."""

from __future__ import annotations

import random

import pytest

from indexer.engines.base import All, Any, Best, Boost, Document, Everything, Filtered, Node, Phrase, Ranked, Term
from indexer.engines.matching import bounded, matching
from tests.engines import model


def test_random_trees_match_the_same_documents() -> None:
    chance = random.Random(20260104)
    stored = model.documents(chance, 40, Document)
    for _ in range(500):
        tree = model.tree(chance, 4)
        smaller = matching(tree)
        assert [model.matches(tree, each) for each in stored] == [model.matches(smaller, each) for each in stored], tree
        assert matching(smaller) == smaller


A, B = Term("title", "가"), Term("title", "나")
SIDE_BY_SIDE = Any((Phrase("title", ("가", "나")), Phrase("keyword", ("가", "나"))))
BEST = tuple(
    Best((Boost(Term("title", term), 4.0), Boost(Term("keyword", term), 3.0), Term("place", term)))
    for term in ("가", "나")
)


@pytest.mark.parametrize(
    ("tree", "smaller"),
    [
        (Ranked(Boost(A, 2.0), B), A),
        (Filtered(All(BEST), (SIDE_BY_SIDE,)), SIDE_BY_SIDE),
        (
            Filtered(All(BEST), (Phrase("title", ("가", "다")),)),
            All((matching(BEST[1]), Phrase("title", ("가", "다")))),
        ),
        (Best((Filtered(All(BEST), (SIDE_BY_SIDE,)), BEST[0])), matching(BEST[0])),
        (Any((Phrase("title", ("가", "나", "다")), Phrase("title", ("나", "다")))), Phrase("title", ("나", "다"))),
        (All((All((A,)), Everything(), All((B, A), without=(Boost(B, 2.0),)))), All((A, B), without=(B,))),
        (All((Everything(),)), Everything()),
        (Any((Any(()), A, Any((B, A)))), Any((A, B))),
    ],
)
def test_what_ranks_and_what_is_implied_goes(tree: Node, smaller: Node) -> None:
    assert matching(tree) == smaller


def test_a_tree_of_thousands_of_leaves_is_bounded_and_keeps_what_ranks_the_whole() -> None:
    words = tuple(Best(tuple(Boost(Term("title", f"{word}{n}"), 2.0) for n in range(40))) for word in range(16))
    node: Node = Any(words)
    for word in words:
        node = Ranked(node, Boost(word, 0.3))
    every = Boost(All((A, B)), 1000.0)
    small = bounded(Ranked(node, every))
    assert isinstance(small, Ranked)
    assert small.by == every
    assert bounded(small) == small
    assert bounded(A) == A
