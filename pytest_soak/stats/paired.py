"""Paired comparisons: two lanes a seed that met the same exogenous draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pytest_soak.stats.estimate import Floats, mean_of

ENOUGH_PAIRS = 3
"""Of two, Student's interval is 12.7 standard errors wide: it says nothing."""


@dataclass(frozen=True)
class PairedEffect:
    """The mean difference of pairs and how sure it is.

    `t` is Student's statistic over `pairs` - 1 degrees of freedom; infinite where every pair
    differs by the same amount, 0 where none differs. `half_width` is that of the 95 % interval.
    """

    mean: float
    t: float
    pairs: int
    half_width: float


def paired_effect(before: Floats, after: Floats) -> PairedEffect:
    """Compare two one-dimensional arrays pair by pair; raises ValueError for fewer than two."""
    if len(before) != len(after) or len(before) < 2:
        raise ValueError(f"expected two or more pairs, got {len(before)} and {len(after)} values")
    found = mean_of(after - before)
    return PairedEffect(found.mean, found.t, len(before), found.half_width)


def mean_interval(values: Floats) -> tuple[float, float]:
    """The mean of independent values and the half width of its 95 % interval."""
    effect = paired_effect(np.zeros(len(values)), values)
    return effect.mean, effect.half_width
