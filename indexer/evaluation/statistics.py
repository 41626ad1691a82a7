"""Means with bootstrap intervals. Pure and repeatable: the random numbers have a fixed seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

_RESAMPLES = 1000
_SEED = 20_221


class Estimate(NamedTuple):
    """A mean and the interval that holds it with 95 % confidence (percentile bootstrap over queries)."""

    mean: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """Estimate the mean of at least one value; for a paired comparison, of the differences."""
    mean = sum(values) / len(values)
    if min(values) == max(values):
        return Estimate(mean, mean, mean)
    choose = random.Random(_SEED).choices
    means = sorted(sum(choose(values, k=len(values))) / len(values) for _ in range(_RESAMPLES))
    return Estimate(mean, means[round(0.025 * _RESAMPLES)], means[round(0.975 * _RESAMPLES) - 1])
