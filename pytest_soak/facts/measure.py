"""Facts of one feed, from its trades and the changes of its top of the book.

Trades of one side at one time are one market order. A side's time is in microseconds; distances are
in bps of the mid. Signs: +1 bought, -1 sold; a response is positive where the mid moves with the
order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SECOND_US = 1_000_000
HILL_SHARE = 0.01
TAIL_TICKS = 8  # beyond the mode, over which the tail of the spread is followed


@dataclass(frozen=True)
class Orders:
    """Market orders, one element each, in order of time."""

    time_us: NDArray[np.int64]
    sign: Array
    price: Array  # average, quote currency
    quantity: Array


@dataclass(frozen=True)
class Tops:
    """The top of the book from each of its changes on; one element each, in order of time."""

    time_us: NDArray[np.int64]
    bid: Array
    ask: Array

    @property
    def mid(self) -> Array:
        """Between the best bid and the best ask."""
        return 0.5 * (self.bid + self.ask)

    def mid_at(self, time_us: NDArray[np.int64]) -> Array:
        """The mid as it was just before each time; the first one before there was any."""
        place = np.searchsorted(self.time_us, time_us, side="left") - 1
        return self.mid[np.maximum(place, 0)]


def measure(orders: Orders, tops: Tops, tick: float) -> Mapping[str, float]:
    """All facts of a feed by name; NaN where it is too short for one."""
    return {
        **spread_facts(tops, tick),
        **order_facts(orders, tops),
        **return_facts(tops),
    }


def spread_facts(tops: Tops, tick: float) -> dict[str, float]:
    """The spread, by the time that it stood."""
    weight = np.diff(tops.time_us).astype(float)
    spread = (tops.ask - tops.bid)[:-1]
    bps = 1e4 * spread / tops.mid[:-1]
    mean = _average(bps, weight)
    sd = np.sqrt(_average((bps - mean) ** 2, weight))
    ticks = np.bincount(np.rint(spread / tick).astype(np.int64), weight)
    mode = int(ticks.argmax())
    tail = ticks[mode : mode + TAIL_TICKS]
    tail = tail[tail > 0]
    falls = tail[1:] / tail[:-1]
    return {
        "spread_bps": mean,
        "spread_cv": float(sd / mean),
        "spread_mode_ticks": float(mode),
        "spread_tail_ratio": float(np.exp(np.log(falls).mean())) if len(falls) else np.nan,
    }


def order_facts(orders: Orders, tops: Tops) -> dict[str, float]:
    """What market orders pay, how their signs hang together and how the mid answers them."""
    before = tops.mid_at(orders.time_us)
    span = (tops.time_us[-1] - tops.time_us[0]) / SECOND_US
    facts = {
        "orders_per_s": len(orders.sign) / span,
        "sign_lag_1": autocorrelation(orders.sign, 1),
        "sign_lag_50": autocorrelation(orders.sign, 50),
        "effective_half_bps": float(np.mean(1e4 * orders.sign * (orders.price - before) / before)),
    }
    for seconds in (1, 10, 60):
        later = orders.time_us + seconds * SECOND_US
        seen = later <= tops.time_us[-1]
        moved = tops.mid_at(later[seen]) / before[seen] - 1.0
        facts[f"response_{seconds}s_bps"] = float(np.mean(1e4 * orders.sign[seen] * moved))
    facts["response_60s_ratio"] = facts["response_60s_bps"] / facts["effective_half_bps"]
    return facts


def return_facts(tops: Tops) -> dict[str, float]:
    """Returns of the mid: tails, memory, and how volatility grows with the horizon."""
    first, last = tops.time_us[0], tops.time_us[-1]
    mid = tops.mid_at(np.arange(first + SECOND_US, last, SECOND_US))
    short, long = (np.diff(np.log(mid[::step])) * 1e4 for step in (1, 60))
    size = np.abs(short)
    return {
        "volatility_1s_bps": float(short.std()),
        "volatility_60s_ratio": float(long.std() / np.sqrt(60.0) / short.std()),
        "return_1s_lag_1": autocorrelation(short, 1),
        "return_60s_lag_1": autocorrelation(long, 1),
        "abs_return_lag_1s": autocorrelation(size, 1),
        "abs_return_lag_300s": autocorrelation(size, 300),
        "kurtosis_1s": excess_kurtosis(short),
        "hill_1s": hill(size, HILL_SHARE),
    }


def _average(values: Array, weight: Array) -> float:
    return float(np.average(values, weights=weight))


def autocorrelation(values: Array, lag: int) -> float:
    """The correlation of a series with itself `lag` elements later."""
    if len(values) <= lag:
        return np.nan
    centred = values - values.mean()
    return float((centred[lag:] * centred[:-lag]).mean() / centred.var())


def excess_kurtosis(values: Array) -> float:
    """Fourth moment over the squared variance, less 3."""
    centred = values - values.mean()
    return float((centred**4).mean() / centred.var() ** 2 - 3.0)


def hill(sizes: Array, share: float) -> float:
    """Hill's estimator of the tail index from the largest `share` of the values.

    Hill (1975), "A simple general approach to inference about the tail of a distribution".
    """
    ordered = np.sort(sizes)[::-1]
    count = int(len(ordered) * share)
    if count < 1 or not ordered[count] > 0.0:
        return np.nan
    return float(1.0 / np.mean(np.log(ordered[:count] / ordered[count])))
