"""Estimates from one series of numbers; NaN where it is too short for one, or never varies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LEAST = 30
"""Fewer observations than this are no estimate."""
LEAST_TAIL = 10
"""The same of observations in a tail."""

_SIZE_QUANTILES = (0.2, 0.4, 0.6, 0.8, 0.95)


def mean(values: Array) -> float:
    """The average of at least LEAST values."""
    return float(values.mean()) if len(values) >= LEAST else np.nan


def ratio(value: float, to: float) -> float:
    """`value` / `to`; NaN for a `to` of 0."""
    return value / to if to != 0.0 else np.nan


def deviation(values: Array) -> float:
    """The standard deviation of at least LEAST values."""
    return float(values.std()) if len(values) >= LEAST else np.nan


def autocorrelation(values: Array, lag: int) -> float:
    """The correlation of a series with itself `lag` elements later, over at least LEAST pairs."""
    if len(values) < lag + LEAST or values.min() == values.max():
        return np.nan
    centred = values - values.mean()
    return float((centred[lag:] * centred[:-lag]).mean() / centred.var())


def excess_kurtosis(values: Array) -> float:
    """Fourth moment over the squared variance, less 3."""
    if len(values) < LEAST or values.min() == values.max():
        return np.nan
    centred = values - values.mean()
    return float((centred**4).mean() / centred.var() ** 2 - 3.0)


def hill(sizes: Array, share: float) -> float:
    """Hill's estimator of the tail index from the largest `share` of the values.

    Hill (1975), "A simple general approach to inference about the tail of a distribution".
    """
    ordered = np.sort(sizes)[::-1]
    count = int(len(ordered) * share)
    if count < LEAST_TAIL or not ordered[0] > ordered[count] > 0.0:
        return np.nan
    return float(1.0 / np.mean(np.log(ordered[:count] / ordered[count])))


def impact_by_size(size: Array, moved: Array) -> tuple[Array, Array]:
    """The mean size of orders and the mean move after them, in six bins from small to large.

    The bins end at the quantiles 0.2, 0.4, 0.6, 0.8 and 0.95 of the size; those without an order
    are left out.
    """
    if len(size) < LEAST:
        return np.empty(0), np.empty(0)
    place = np.digitize(size, np.quantile(size, _SIZE_QUANTILES))
    count = np.bincount(place)
    held = count > 0
    sums = (np.bincount(place, values)[held] for values in (size, moved))
    sizes, moves = (total / count[held] for total in sums)
    return sizes, moves


def power(x: Array, y: Array) -> float:
    """The exponent of y ~ x^exponent by least squares of the logarithms.

    NaN for fewer than three points, and where one is not above 0.
    """
    if len(x) < 3 or not ((x > 0.0).all() and (y > 0.0).all()):
        return np.nan
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])
