"""A mean, or a difference of means, and how sure it is by Student's t."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pytest_soak.stats.power import detectable_errors
from pytest_soak.stats.student import student_quantile, student_tail

Floats = NDArray[np.float64]

ROUNDING = 1e-12
"""What of a value its last digits may be: equal values have no other noise."""


@dataclass(frozen=True)
class MeanEstimate:
    """A mean with its standard error, which has `freedom` >= 1 degrees of freedom."""

    mean: float
    error: float
    freedom: int

    @property
    def t(self) -> float:
        """Student's statistic; infinite for a mean without error, 0 where that is 0."""
        if self.error > 0.0:
            return self.mean / self.error
        return math.copysign(math.inf, self.mean) if self.mean else 0.0

    @property
    def chance(self) -> float:
        """That one as far from 0, to either side, is found where the true one is 0."""
        return 2.0 * student_tail(abs(self.t), self.freedom)

    @property
    def half_width(self) -> float:
        """Of the 95 % interval."""
        return student_quantile(0.975, self.freedom) * self.error

    def detectable(self, chance: float) -> float:
        """The least true mean that a test with this false alarm finds in 80 of 100 cases."""
        return detectable_errors(chance, self.freedom) * self.error


def mean_of(values: Floats) -> MeanEstimate:
    """The mean of two or more independent values."""
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    return MeanEstimate(float(values.mean()), error, len(values) - 1)


def between(before: MeanEstimate, after: MeanEstimate) -> MeanEstimate:
    """`after` - `before`, independent of each other (Welch 1947, whose freedom is rounded down)."""
    error = math.hypot(before.error, after.error)
    freedom = min(before.freedom, after.freedom)
    if error > 0.0:
        shares = [(one.error / error) ** 4 / one.freedom for one in (before, after)]
        freedom = max(freedom, math.floor((1.0 + ROUNDING) / math.fsum(shares)))
    return MeanEstimate(after.mean - before.mean, error, freedom)
