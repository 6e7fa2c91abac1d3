"""Whether a change is a harm beyond its limit: shown, not to be seen, or not known."""

from __future__ import annotations

import math
from enum import Enum, auto

from pytest_soak.gates.expressions import Expression
from pytest_soak.stats.estimate import MeanEstimate
from pytest_soak.stats.power import detectable_errors
from pytest_soak.stats.student import student_quantile

MOST_UNITS = 1_000_000
"""More than anybody has."""
RULED_OUT = 0.95
"""How sure a harm as large as its limit is ruled out by its one-sided bound."""


class Harm(Enum):
    """What can be said of a change and its limit."""

    SHOWN = auto()
    NONE = auto()
    UNKNOWN = auto()


def detectable(change: MeanEstimate, chance: float) -> float:
    """The least harm that a bound with this chance of error shows in 80 of 100 cases."""
    return detectable_errors(2.0 * chance, change.freedom) * change.error


def decide(limit: Expression, change: MeanEstimate, chance: float) -> Harm:
    """Hold a change that has noise against its limit, both in the same unit.

    SHOWN: it misses the limit, and its one-sided bound at `chance` lies on the side of harm. NONE:
    a harm as large as the limit is ruled out, or would have been shown in 80 of 100 cases.
    """
    worse = -1.0 if limit.symbol.startswith(">") else 1.0
    least = student_quantile(1.0 - chance, change.freedom) * change.error
    if not limit.holds(change.mean) and worse * change.mean > least:
        return Harm.SHOWN
    farthest = student_quantile(RULED_OUT, change.freedom) * change.error
    ruled_out = limit.holds(change.mean + worse * farthest)
    seen = detectable(change, chance) <= abs(limit.limit)
    return Harm.NONE if ruled_out or seen else Harm.UNKNOWN


def more_needed(limit: Expression, change: MeanEstimate, chance: float, units: int) -> int | None:
    """How many more units than these would show a harm as large as the limit in 80 of 100 cases.

    It takes them to vary as these do. None where no number would.
    """

    def sees(count: int) -> bool:
        freedom = count * (change.freedom + 1) // units - 1
        error = change.error * math.sqrt(units / count)
        return detectable(MeanEstimate(0.0, error, freedom), chance) <= abs(limit.limit)

    low, high = units, 2 * units
    while not sees(high):
        if high > MOST_UNITS:
            return None
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if sees(middle) else (middle, high)
    return high - units
