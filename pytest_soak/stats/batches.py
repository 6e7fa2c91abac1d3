"""The mean of a series whose neighbours resemble each other, by the means of its batches.

Batches are made longer until their first autocorrelation r is 0.5 at most: above it no such
interval holds. To r 1 / n is added, by which short series show it too small. The error of the mean
is inflated by sqrt((1 + r) / (1 - r)) of an r that is a standard error, 1 / sqrt(n), higher: else
series would be believed that look more independent than they are.
"""

from __future__ import annotations

import math

from pytest_soak.stats.autocorrelation import first_autocorrelation, is_noise
from pytest_soak.stats.estimate import Floats, MeanEstimate

LEAST_BATCHES = 12
_MOST_ALIKE, _MOST_R = 0.5, 0.9


def lacking(series: Floats) -> int:
    """How many more values it takes at least for `mean_along` to say something of the mean."""
    return max(LEAST_BATCHES * _size(series) - len(series), 0)


def mean_along(series: Floats) -> MeanEstimate:
    """The mean of a series that lacks nothing; degrees of freedom are of independent batches."""
    batches = _batches(series, _size(series))
    n = len(batches)
    r = min(likeness(batches) + 1.0 / math.sqrt(n), _MOST_R)
    error = float(batches.std(ddof=1)) / math.sqrt(n) * math.sqrt((1.0 + r) / (1.0 - r))
    freedom = max(math.floor(n * (1.0 - r) / (1.0 + r)) - 1, 1)
    return MeanEstimate(float(series.mean()), error, freedom)


def _size(series: Floats) -> int:
    """Of batches that are not too much alike; too large for a series that is too short."""
    size = 1
    while len(series) >= LEAST_BATCHES * size and likeness(_batches(series, size)) > _MOST_ALIKE:
        size *= 2
    return size


def _batches(series: Floats, size: int) -> Floats:
    """Their means; the first few values that fill no batch are left out."""
    means: Floats = series[len(series) % size :].reshape(-1, size).mean(axis=1)
    return means


def likeness(values: Floats) -> float:
    """The first autocorrelation of a series, from 0 to 0.9; 0 of one that varies nowhere."""
    rest = values - values.mean()
    if not is_noise(rest, values):
        return 0.0
    return min(max(first_autocorrelation([rest]) + 1.0 / len(values), 0.0), _MOST_R)
