"""Whether a KPI drifts: the slope over iterations, robust to heavy tails, wary of autocorrelation.

The slope is Theil and Sen's, the median over all pairs of points (Sen 1968, JASA 63); its interval
is Sen's, from the variance of Kendall's S. Neighbouring iterations resemble each other, so that
variance is multiplied by (1 + r) / (1 - r) of the residuals' first autocorrelation r, which short
series show too small (Marriott and Pope 1954: by about (2 + 4 r) / n beside a line, undone here),
and Student's t on the effective points replaces the normal quantile.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from pytest_soak.stats.autocorrelation import first_autocorrelation, is_noise
from pytest_soak.stats.estimate import Floats
from pytest_soak.stats.student import student_quantile

MOST_POINTS = 240
"""Longer series are averaged in equal batches, which also resemble each other less."""
LEAST_POINTS = 8
LEAST_EFFECTIVE = 5.0
_MOST_R = 0.95


class Drift(StrEnum):
    """What can be said of a slope: `NONE` where its interval holds 0."""

    RISING = "rising"
    FALLING = "falling"
    NONE = "none seen"
    INCONCLUSIVE = "inconclusive"


class Trend(NamedTuple):
    """`n` values of a KPI: median, interquartile range, slope an iteration with its interval.

    Without values all are None; without a bounded interval `low` and `high` are.
    """

    n: int
    median: float | None
    iqr: float | None
    slope: float | None
    low: float | None
    high: float | None
    drift: Drift


class _Noise(NamedTuple):
    """How alike neighbours are: autocorrelation, and how many independent points they are worth."""

    r: float
    effective: float


_UNKNOWN = _Noise(0.0, 0.0)


def recent_and_whole(
    iterations: Sequence[float] | Floats,
    values: Sequence[float] | Floats,
    recent: int,
    chance: float,
) -> tuple[Trend, Trend]:
    """The trends of the last `recent` values and of all, finite and at rising `iterations`.

    A series without drift is taken for one that has some with about this `chance`, as measured in
    docs/TREND.md. How alike neighbours are is learnt from as long a series as there is.
    """
    x, y = np.asarray(iterations, np.float64), np.asarray(values, np.float64)
    lately = _noise(x[-MOST_POINTS:], y[-MOST_POINTS:])
    long, means = _batches(x), _batches(y)
    whole = _trend(y, long, means, lately if len(y) <= MOST_POINTS else _noise(long, means), chance)
    return _trend(y[-recent:], x[-recent:], y[-recent:], lately, chance), whole


def _trend(values: Floats, x: Floats, y: Floats, noise: _Noise, chance: float) -> Trend:
    n = len(values)
    if n == 0:
        return Trend(0, None, None, None, None, None, Drift.INCONCLUSIVE)
    low, middle, high = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))
    if n == 1:
        return Trend(1, middle, 0.0, None, None, None, Drift.INCONCLUSIVE)
    slopes = _slopes(x, y)
    slope, bounds = float(np.median(slopes)), _interval(slopes, len(y), noise, chance)
    if bounds is None:
        return Trend(n, middle, high - low, slope, None, None, Drift.INCONCLUSIVE)
    return Trend(n, middle, high - low, slope, *bounds, _drift(*bounds))


def _noise(x: Floats, y: Floats) -> _Noise:
    n = len(y)
    if n < LEAST_POINTS:
        return _UNKNOWN
    rest = y - float(np.median(_slopes(x, y))) * x
    rest -= rest.mean()
    if not is_noise(rest, y):
        return _Noise(0.0, n)
    seen = first_autocorrelation([rest])
    r = min(max((n * seen + 2.0) / (n - 4.0), 0.0), _MOST_R)
    return _Noise(r, n * (1.0 - r) / (1.0 + r))


def _drift(low: float, high: float) -> Drift:
    if low > 0.0:
        return Drift.RISING
    return Drift.FALLING if high < 0.0 else Drift.NONE


def _interval(slopes: Floats, n: int, noise: _Noise, chance: float) -> tuple[float, float] | None:
    if n < LEAST_POINTS or noise.effective < LEAST_EFFECTIVE:
        return None
    spread = math.sqrt(n * (n - 1) * (2 * n + 5) / 18 * (1.0 + noise.r) / (1.0 - noise.r))
    reach = student_quantile(1.0 - chance / 2, int(noise.effective) - 1) * spread
    left_out = math.floor((len(slopes) - reach) / 2)
    if left_out < 1:
        return None
    return float(slopes[left_out - 1]), float(slopes[-left_out])


def _slopes(x: Floats, y: Floats) -> Floats:
    first, second = np.triu_indices(len(y), 1)
    return np.sort((y[second] - y[first]) / (x[second] - x[first]))


def _batches(series: Floats) -> Floats:
    """The series, or the means of its batches; the first few that fill no batch are left out."""
    size = -(-len(series) // MOST_POINTS) or 1
    means: Floats = series[len(series) % size :].reshape(-1, size).mean(axis=1)
    return means
