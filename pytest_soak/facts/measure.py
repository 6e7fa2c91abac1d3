"""Facts of one feed, from its trades and the changes of its top of the book.

Times are in microseconds; distances are in bps of the mid. A response is positive where the mid
moves with the order. A fact is NaN where the feed is too short for it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pytest_soak.facts.definitions import FACTS
from pytest_soak.facts.feed import LaneFeed, Orders, Tops
from pytest_soak.facts.mids import SECOND_US, moves_bps, paid_bps, returns_bps
from pytest_soak.facts.series import (
    LEAST,
    Array,
    autocorrelation,
    deviation,
    excess_kurtosis,
    hill,
    impact_by_size,
    mean,
    power,
    ratio,
)

HILL_SHARE = 0.01
TAIL_TICKS = 8  # from the mode on, over which the tail of the spread is followed


def measure(feed: LaneFeed) -> Mapping[str, float]:
    """All facts of a feed by name."""
    if len(feed.tops.time_us) < LEAST or feed.tops.time_us[0] == feed.tops.time_us[-1]:
        return {fact.name: np.nan for fact in FACTS}
    return {
        **spread_facts(feed.tops, feed.tick),
        **order_facts(feed.orders, feed.tops),
        **response_facts(feed.orders, feed.tops),
        **return_facts(feed.tops),
    }


def spread_facts(tops: Tops, tick: float) -> dict[str, float]:
    """The spread and what stands at it, by the time that they stood."""
    weight = np.diff(tops.time_us).astype(float)
    bps = (1e4 * (tops.ask - tops.bid) / tops.mid)[:-1]
    average = float(np.average(bps, weights=weight))
    sd = float(np.sqrt(np.average((bps - average) ** 2, weights=weight)))
    shares = spread_shares(tops, tick)
    return {
        "spread_bps": average,
        "spread_cv": ratio(sd, average),
        "spread_mode_ticks": float(shares.argmax()),
        "spread_tail_ratio": tail_ratio(shares),
        "touch_depth_quote": float(np.average(tops.depth_quote[:-1], weights=weight)),
    }


def spread_shares(tops: Tops, tick: float) -> Array:
    """The share of time at each spread, of 0 ticks and more."""
    weight = np.diff(tops.time_us).astype(float)
    ticks = np.rint((tops.ask - tops.bid)[:-1] / tick).astype(np.int64)
    shares: Array = np.bincount(ticks, weight) / weight.sum()
    return shares


def tail_ratio(shares: Array) -> float:
    """By what factor the share falls with each tick over the TAIL_TICKS from the mode on.

    The geometric mean; NaN where nothing is beyond the mode.
    """
    mode = int(shares.argmax())
    tail = shares[mode : mode + TAIL_TICKS]
    held = np.flatnonzero(tail)
    if len(held) < 2:
        return np.nan
    return float((tail[held[-1]] / tail[0]) ** (1.0 / held[-1]))


def order_facts(orders: Orders, tops: Tops) -> dict[str, float]:
    """How many market orders there are, and how their signs hang together."""
    span = (tops.time_us[-1] - tops.time_us[0]) / SECOND_US
    return {
        "orders_per_s": float(len(orders.sign) / span),
        "sign_lag_1": autocorrelation(orders.sign, 1),
        "sign_lag_50": autocorrelation(orders.sign, 50),
    }


def response_facts(orders: Orders, tops: Tops) -> dict[str, float]:
    """What market orders pay, and how the mid answers them."""
    facts = {"effective_half_bps": mean(paid_bps(orders, tops))}
    for seconds in (1, 10, 60):
        facts[f"response_{seconds}s_bps"] = mean(moves_bps(orders, tops, seconds)[0])
    facts["response_60s_ratio"] = ratio(facts["response_60s_bps"], facts["effective_half_bps"])
    moved, seen = moves_bps(orders, tops, 5)
    facts["impact_exponent"] = power(*impact_by_size(orders.quantity[seen], moved))
    return facts


def return_facts(tops: Tops) -> dict[str, float]:
    """Returns of the mid: tails, memory, and how volatility grows with the horizon."""
    short, long = returns_bps(tops, 1), returns_bps(tops, 60)
    size, volatility = np.abs(short), deviation(short)
    return {
        "volatility_1s_bps": volatility,
        "volatility_60s_ratio": ratio(deviation(long), float(np.sqrt(60.0)) * volatility),
        "return_1s_lag_1": autocorrelation(short, 1),
        "return_60s_lag_1": autocorrelation(long, 1),
        "abs_return_lag_1s": autocorrelation(size, 1),
        "abs_return_lag_300s": autocorrelation(size, 300),
        "kurtosis_1s": excess_kurtosis(short),
        "hill_1s": hill(size, HILL_SHARE),
    }
