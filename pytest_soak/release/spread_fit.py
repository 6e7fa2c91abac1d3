"""The weights of a spread that follows conditions, fitted to the rows of a soak. Pure.

An interval's net, in bps, is told from what the interval before was like beside the hour before it:
volatility, volume, latency, each as a share above it. The spread is to make up for what that takes:
a condition that costs 0.3 bps where it is twice what it was, of a gross of 3 bps, has the weight
0.1. Least squares, weighted by volume, with errors that allow for unequal noise (White 1980).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.artifacts.calib_models import CalibDataset, FittedWeight, SpreadFit
from pytest_soak.dataset.row import Row
from pytest_soak.stats.student import student_quantile

LEAST_ROWS = 100
FALSE_CHANCE = 0.05
"""That any of the weights is found though nothing depends on its condition."""

Floats = NDArray[np.float64]

CONDITIONS: Mapping[str, Callable[[Row], float | None]] = {
    "volatility": lambda row: row.sigma_bps,
    "volume": lambda row: row.volume_quote if row.fills or row.ticks else None,
    "latency": lambda row: row.stages["total"].p50_ms if "total" in row.stages else None,
}
"""What a row tells of each condition that the flags `auto_spread.*_weight` weigh."""


def spread_fit(calib: CalibDataset, limit: float) -> SpreadFit:
    """Fit the weights, within +- `limit`, to all rows of a dataset, those refused among them.

    A weight whose interval has 0 in it is 0. With less than LEAST_ROWS rows that follow an hour of
    others there are no weights, and `reason` says so.
    """
    found = list(_usable(calib.rows, 60 // calib.interval_min))
    about = {
        "source": calib.source,
        "meta": calib.meta,
        "plan": calib.plan,
        "interval_min": calib.interval_min,
        "rows": len(found),
    }
    gross = calib.kpis.get("gross_bps")
    if len(found) < LEAST_ROWS:
        why = f"{len(found)} rows that follow an hour of others, {LEAST_ROWS} at least"
        return SpreadFit(**about, gross_bps=gross, weights={}, reason=why)
    if gross is None or gross <= 0.0:
        return SpreadFit(**about, gross_bps=gross, weights={}, reason="no gross to earn it from")
    return SpreadFit(**about, gross_bps=gross, weights=_weights(found, gross, limit), reason="")


class _Found(NamedTuple):
    """A row that can be used: its net, its volume, and by which share conditions exceeded."""

    net_bps: float
    volume_quote: float
    excess: Floats


def _usable(rows: Sequence[Row], hour: int) -> Iterator[_Found]:
    """The rows with a net, of which a whole hour of rows before tells every condition."""
    values = [[told(row) for told in CONDITIONS.values()] for row in rows]
    for at in range(hour, len(rows)):
        before = np.array(values[at - hour : at], dtype=float)
        means = before.mean(axis=0)
        net = rows[at].net_bps
        if net is not None and (means > 0.0).all():  # a value that is not known is NaN
            yield _Found(net, rows[at].volume_quote, before[-1] / means - 1.0)


def _weights(found: Sequence[_Found], gross: float, limit: float) -> dict[str, FittedWeight]:
    net = np.array([one.net_bps for one in found])
    volume = np.array([one.volume_quote for one in found])
    excess = np.array([one.excess for one in found])
    varies = excess.std(axis=0) > 0.0
    slopes, errors = _least_squares(net, volume, excess[:, varies])
    chance = 1.0 - FALSE_CHANCE / (2 * len(CONDITIONS))
    times = student_quantile(chance, len(found) - 1 - len(slopes))
    told = iter(zip(slopes, errors, strict=True))
    weights = {}
    for name, does in zip(CONDITIONS, varies, strict=True):
        if not does:
            weights[name] = FittedWeight(weight=0.0, estimate=None, half_width=None)
            continue
        slope, error = next(told)
        estimate, half = -slope / gross, times * error / gross
        clear = abs(estimate) > half
        weight = max(-limit, min(limit, estimate)) if clear else 0.0
        weights[name] = FittedWeight(weight=weight, estimate=estimate, half_width=half)
    return weights


def _least_squares(y: Floats, weights: Floats, x: Floats) -> tuple[list[float], list[float]]:
    """Slopes of y over the columns of x, beside a constant, and their standard errors (HC1)."""
    design = np.column_stack([np.ones(len(y)), x])
    share = weights / weights.mean()
    inverse = np.linalg.pinv(design.T @ (share[:, None] * design))
    slopes = inverse @ (design.T @ (share * y))
    pulls = (share * (y - design @ slopes))[:, None] * design
    scale = len(y) / (len(y) - design.shape[1])
    covariance = scale * inverse @ (pulls.T @ pulls) @ inverse
    errors = [math.sqrt(value) for value in np.diag(covariance)]
    return slopes[1:].tolist(), errors[1:]
