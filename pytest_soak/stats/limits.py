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


def share_interval(count: int, total: int) -> tuple[float, float]:
    """The two-sided 95 % interval of a share, `total` >= 1 (Wilson 1927)."""
    share = count / total
    centre = share + _Z95**2 / (2 * total)
    spread = _Z95 * math.sqrt(share * (1 - share) / total + _Z95**2 / (4 * total**2))
    low, high = ((centre + way * spread) / (1 + _Z95**2 / total) for way in (-1.0, 1.0))
    return 0.0 if count == 0 else low, 1.0 if count == total else high


def share_upper_bound(count: int, total: int) -> float:
    """Upper end of the two-sided 95 % interval of a share."""
    return share_interval(count, total)[1]


def fewest_to_show(share: float, chance: float = 0.95) -> int:
    """How many trials without an event show, so surely, that its share is no more than `share`.

    `share` and `chance` are above 0 and below 1: 59 trials for 5 % at 95 %.
    """
    return math.ceil(math.log(1.0 - chance) / math.log(1.0 - share))
