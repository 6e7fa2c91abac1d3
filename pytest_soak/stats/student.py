"""Student's t with a whole number of degrees of freedom: its tail, and its quantiles."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

MOST_FREEDOM = 1000
"""Degrees of freedom beyond which it is taken as it is there: it hardly changes."""
_ROUNDING = 1e-12


def student_tail(t: float, freedom: int) -> float:
    """The chance of more than `t` >= 0, `freedom` >= 1.

    Exact: Abramowitz and Stegun (1964), 26.7.3 and 26.7.4.
    """
    if math.isinf(t):
        return 0.0
    freedom = min(freedom, MOST_FREEDOM)
    angle, odd = math.atan(t / math.sqrt(freedom)), freedom % 2 == 1
    square = math.cos(angle) ** 2
    term, total = (math.cos(angle) if odd else 1.0), 0.0
    for step in range(2 if odd else 1, freedom, 2):
        total += term
        term *= square * step / (step + 1)
    inside = total * math.sin(angle)
    if odd:
        inside = (inside + angle) * 2.0 / math.pi
    return max(0.5 * (1.0 - inside), 0.0)


@lru_cache(maxsize=1024)
def student_quantile(chance: float, freedom: int) -> float:
    """The value that is not exceeded with this chance, 0 < `chance` < 1, `freedom` >= 1.

    By Newton's steps from the normal quantile: the tail is convex, so they never go too far.
    """
    if chance < 0.5:
        return -student_quantile(1.0 - chance, freedom)
    t, step = NormalDist().inv_cdf(chance), math.inf
    while step > _ROUNDING * (1.0 + t):
        step = (student_tail(t, freedom) - (1.0 - chance)) / _density(t, min(freedom, MOST_FREEDOM))
        t += step
    return t


def _density(t: float, freedom: int) -> float:
    of_size = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    falling = (freedom + 1) / 2 * math.log1p(t * t / freedom)
    return math.exp(of_size - falling) / math.sqrt(freedom * math.pi)
