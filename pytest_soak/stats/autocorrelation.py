"""How alike neighbours in a series are.

Short series show their first autocorrelation too small, by how much depends on what was taken away
from the values: each user adds what its own case hides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pytest_soak.stats.estimate import ROUNDING, Floats


def is_noise(rest: Floats, values: Floats) -> bool:
    """Whether what is left of `values`, their mean or line taken away, is more than rounding."""
    return float(rest @ rest) > len(rest) * (ROUNDING * float(np.abs(values).max())) ** 2


def first_autocorrelation(rest: Sequence[Floats]) -> float:
    """Of deviations that are not all 0, in series of which each has neighbours of its own.

    The sum over neighbours of their product by the sum of squares.
    """
    alike = math.fsum(float(one[1:] @ one[:-1]) for one in rest)
    return alike / math.fsum(float(one @ one) for one in rest)
