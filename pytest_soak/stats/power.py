"""How far from 0 a true mean must be for a test to find it."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from pytest_soak.stats.student import MOST_FREEDOM, student_quantile

POWER = 0.8
_POINTS, _STEPS = 400, 40


@lru_cache(maxsize=256)
def detectable_errors(chance: float, freedom: int) -> float:
    """In standard errors, what a two-sided test with this false alarm finds 80 times of 100.

    The power is that of the noncentral t, integrated over the estimated standard error.
    """
    freedom = min(freedom, MOST_FREEDOM)
    limit, normal = student_quantile(1.0 - chance / 2.0, freedom), NormalDist()
    errors = np.linspace(0.0, 1.0 + 8.0 / math.sqrt(2.0 * freedom), _POINTS + 1)[1:]
    likely = (freedom - 1) * np.log(errors) - freedom * errors**2 / 2.0
    weights = np.exp(likely - likely.max())
    weights /= weights.sum()
    low, high = 0.0, 3.0 * limit + 3.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        found = [normal.cdf(middle - limit * error) for error in errors.tolist()]
        low, high = (middle, high) if float(weights @ found) < POWER else (low, middle)
    return high
