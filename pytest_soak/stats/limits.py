"""Limits that a good run passes with a stated chance, and how sure an observed share is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_EULER = 0.5772156649015329
_Z95 = 1.959963984540054


def extreme_limit(worst: NDArray[np.float64], chance: float) -> float:
    """The limit that a run's largest value exceeds with this chance.

    Largest values of many draws follow Gumbel's law (Gumbel 1958, "Statistics of Extremes"), here
    fitted by its moments: scale sd * sqrt(6) / pi, place mean - 0.5772 * scale. The larger of that
    law's quantile and the largest value seen is taken, since real tails may be heavier. Raises
    ValueError for fewer than two values.
    """
    if len(worst) < 2:
        raise ValueError(f"expected two or more values, got {len(worst)}")
    scale = float(worst.std(ddof=1)) * math.sqrt(6.0) / math.pi
    place = float(worst.mean()) - _EULER * scale
    return max(place - scale * math.log(-math.log1p(-chance)), float(worst.max()))


def share_upper_bound(count: int, total: int) -> float:
    """Upper end of the two-sided 95 % interval of a share (Wilson 1927)."""
    share = count / total
    centre = share + _Z95**2 / (2 * total)
    spread = _Z95 * math.sqrt(share * (1 - share) / total + _Z95**2 / (4 * total**2))
    return (centre + spread) / (1 + _Z95**2 / total)
