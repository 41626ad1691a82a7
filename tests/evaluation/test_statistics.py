"""Bootstrap intervals: repeatable, around the mean, as wide as theory says."""

from __future__ import annotations

import pytest

from indexer.evaluation.statistics import Estimate, estimate


def test_equal_values_have_no_width() -> None:
    assert estimate([0.5] * 7) == Estimate(0.5, 0.5, 0.5)


def test_the_interval_is_that_of_a_proportion() -> None:
    made = estimate([1.0] * 60 + [0.0] * 40)
    # 0.6 ± 1.96 · sqrt(0.6 · 0.4 / 100)
    assert made.mean == pytest.approx(0.6)
    assert made.low == pytest.approx(0.504, abs=0.02)
    assert made.high == pytest.approx(0.696, abs=0.02)
    assert made == estimate([1.0] * 60 + [0.0] * 40)
