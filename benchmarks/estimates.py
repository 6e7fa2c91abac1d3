"""Estimates from one value a lane, and how they are printed: mean ± half of the 95 % interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pytest_soak.stats.paired import mean_interval

Array = NDArray[np.float64]
FEWEST_LANES = 2


def told(mean: float, half_width: float | None) -> str:
    """The two as text, to two significant digits of the half width."""
    if half_width is None or not half_width > 0.0:
        return short(mean)
    digits = max(0, 1 - math.floor(math.log10(half_width)))
    return f"{mean:,.{digits}f} ± {half_width:,.{digits}f}"


def short(value: float) -> str:
    """A number to three significant digits, or whole."""
    return f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:.3g}"


def lanes_told(values: Array) -> str:
    """Mean and interval of one value a lane; lanes without one (NaN) have no say."""
    held = values[np.isfinite(values)]
    return told(*mean_interval(held)) if len(held) >= FEWEST_LANES else "-"


def ratio_interval(above: Array, below: Array) -> tuple[float, float]:
    """The ratio of two means over the same lanes, and the half width of its 95 % interval.

    By the delta method: the interval of (above - ratio x below) / mean of below.
    """
    ratio = float(above.mean() / below.mean())
    return ratio, mean_interval((above - ratio * below) / below.mean())[1]


def ratio_told(above: Array, below: Array) -> str:
    """`ratio_interval` as text; lanes that lack one of the two have no say."""
    held = np.isfinite(above) & np.isfinite(below)
    if held.sum() < FEWEST_LANES:
        return "-"
    return told(*ratio_interval(above[held], below[held]))
