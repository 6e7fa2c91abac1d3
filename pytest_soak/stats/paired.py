"""Paired comparisons: two lanes a seed that met the same exogenous draws."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PairedEffect:
    """The mean difference of pairs and how sure it is.

    `t` is Student's statistic over `pairs` - 1 degrees of freedom; infinite where every pair
    differs by the same amount, 0 where none differs.
    """

    mean: float
    t: float
    pairs: int


def paired_effect(before: NDArray[np.float64], after: NDArray[np.float64]) -> PairedEffect:
    """Compare two one-dimensional arrays pair by pair; raises ValueError for fewer than two."""
    if len(before) != len(after) or len(before) < 2:
        raise ValueError(f"expected two or more pairs, got {len(before)} and {len(after)} values")
    difference = after - before
    mean = float(difference.mean())
    error = float(difference.std(ddof=1)) / math.sqrt(len(difference))
    if error > 0.0:
        return PairedEffect(mean, mean / error, len(difference))
    return PairedEffect(mean, math.copysign(math.inf, mean) if mean else 0.0, len(difference))
