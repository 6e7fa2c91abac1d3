"""What a feed shows as curves: each fact's neighbours over lags, horizons and sizes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pytest_soak.facts.feed import LaneFeed, Orders, Tops
from pytest_soak.facts.measure import spread_shares
from pytest_soak.facts.mids import moves_bps, returns_bps
from pytest_soak.facts.series import LEAST, Array, autocorrelation, mean

SPREAD = "spread_share"
RESPONSE = "response_bps"
SIGNS = "sign_autocorrelation"
SIZES = "abs_return_autocorrelation"
TAIL = "return_tail"

RESPONSE_S = (0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 200, 300)
SIGN_LAGS = (1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 200, 300, 500, 1000)
SIZE_LAGS = (1, 2, 3, 5, 10, 20, 30, 60, 120, 200, 300, 600)
TAIL_SDS = tuple(float(x) for x in np.round(np.geomspace(0.5, 30.0, 25), 3))

GRIDS: Mapping[str, tuple[float, ...]] = {
    RESPONSE: RESPONSE_S,
    SIGNS: SIGN_LAGS,
    SIZES: SIZE_LAGS,
    TAIL: TAIL_SDS,
}
"""Where each curve is taken, in its UNITS; SPREAD is at every tick."""

UNITS = {
    SPREAD: "ticks",
    RESPONSE: "s",
    SIGNS: "orders",
    SIZES: "s",
    TAIL: "standard deviations",
}
"""The unit of each curve's x."""


def curves(feed: LaneFeed) -> Mapping[str, Array]:
    """The curves of a feed by name, NaN where it is too short for a point."""
    tops, orders = feed.tops, feed.orders
    if len(tops.time_us) < LEAST or tops.time_us[0] == tops.time_us[-1]:
        missing = {name: np.full(len(grid), np.nan) for name, grid in GRIDS.items()}
        return {SPREAD: np.empty(0), **missing}
    returns = returns_bps(tops, 1)
    return {
        SPREAD: spread_shares(tops, feed.tick),
        RESPONSE: response_curve(orders, tops),
        SIGNS: np.array([autocorrelation(orders.sign, lag) for lag in SIGN_LAGS]),
        SIZES: np.array([autocorrelation(np.abs(returns), lag) for lag in SIZE_LAGS]),
        TAIL: tail_curve(returns),
    }


def response_curve(orders: Orders, tops: Tops) -> Array:
    """How far the mid goes with an order by RESPONSE_S later, in bps."""
    return np.array([mean(moves_bps(orders, tops, seconds)[0]) for seconds in RESPONSE_S])


def tail_curve(returns: Array) -> Array:
    """The share of returns whose size is above TAIL_SDS standard deviations."""
    if len(returns) < LEAST or returns.min() == returns.max():
        return np.full(len(TAIL_SDS), np.nan)
    size = np.abs(returns) / returns.std()
    return np.array([float((size > sds).mean()) for sds in TAIL_SDS])
