"""How sure the mean of iterations is that resemble their neighbours.

The standard error is inflated by sqrt((1 + phi) / (1 - phi)), phi being the first autocorrelation.
Short series show it too small by about 1/n (Marriott and Pope 1954), which is added.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.stats.batches import likeness
from pytest_soak.stats.student import student_quantile

LEAST_POINTS = 3


class MeanBound(NamedTuple):
    """A mean of `n` values, and how far off it may be on one side."""

    mean: float
    half_width: float
    n: int

    def more_needed(self, limit: float) -> int | None:
        """How many more such values would tell the mean from `limit`; None where it is it."""
        distance = abs(self.mean - limit)
        if distance == 0.0:
            return None
        return max(1, math.ceil(self.n * (self.half_width / distance) ** 2) - self.n)


def mean_bound(values: NDArray[np.float64], confidence: float) -> MeanBound:
    """The mean of a series and the half width of its one-sided interval.

    Raises ValueError for fewer than LEAST_POINTS values and for values that are all the same, of
    which nobody knows how they vary.
    """
    n = len(values)
    if n < LEAST_POINTS:
        raise ValueError(f"{n} of {LEAST_POINTS} iterations, {LEAST_POINTS - n} more needed")
    mean = float(values.mean())
    if np.ptp(values) == 0.0:
        raise ValueError(f"always {mean:.6g}, which tells nothing of how it varies")
    error = float(values.std(ddof=1)) * math.sqrt(inflation(values) / n)
    return MeanBound(mean, student_quantile(confidence, n - 1) * error, n)


def inflation(values: NDArray[np.float64]) -> float:
    """By what autocorrelation multiplies the variance of the mean of a series that varies."""
    phi = likeness(values)
    return (1.0 + phi) / (1.0 - phi)
