"""What every liquid market shows, this one shows too.

Each test names the published range that it asks for. Feeds are of 4 hours without a maker, for
fixed seeds; an average over seeds stands where one feed is too short.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
import pytest

from pytest_soak.facts.feed import Orders, market_orders, tops_of_book
from pytest_soak.facts.mids import moves_bps
from pytest_soak.facts.series import (
    Array,
    autocorrelation,
    excess_kurtosis,
    hill,
    impact_by_size,
    power,
)
from pytest_soak.market.recording import Feed, record_feed

MARKETS = ("calm", "volatile")
SEEDS = (1, 2, 3)
MORE = range(1, 9)
"""For what depends on the few largest moves or orders of a feed."""


@functools.cache
def feed(market: str, seed: int) -> Feed:
    return record_feed(market, seed, minutes=240)


def returns(market: str, seed: int, seconds: int) -> Array:
    """Log returns of the mid in bps."""
    log: Array = np.log(feed(market, seed).seconds["mid"][::seconds])
    return np.diff(log) * 1e4


def orders(market: str, seed: int) -> Orders:
    return market_orders(feed(market, seed).trades)


def mean_autocorrelation(series: Callable[[int], Array], lag: int) -> float:
    """The autocorrelation of a series by seed, averaged over the seeds."""
    return float(np.mean([autocorrelation(series(seed), lag) for seed in SEEDS]))


@pytest.mark.parametrize(
    ("market", "most", "seconds"), [("calm", 50.0, 1), ("volatile", math.inf, 5)]
)
def test_returns_have_heavy_tails(market: str, most: float, seconds: int) -> None:
    """Excess kurtosis above 0, falling as the horizon grows; tail index between 2 and 5.

    Cont (2001), "Empirical properties of asset returns: stylized facts and statistical issues",
    Quantitative Finance 1, facts 2 and 4. The rare jumps of volatile leave its kurtosis without
    an upper bound and, over one second, an index of 1.2 to 1.9, so its tail is looked at over five.
    """
    short, long = (
        np.mean([excess_kurtosis(returns(market, seed, horizon)) for seed in MORE])
        for horizon in (1, 60)
    )
    assert 5.0 < short < most
    assert long < short
    tails = [hill(np.abs(returns(market, seed, seconds)), share=0.01) for seed in MORE]
    assert 2.0 < np.mean(tails) < 5.0


def test_episodes_make_tails_heavier() -> None:
    """Flash episodes dominate the tails: Christensen, Oomen, Reno (2022), "The drift burst
    hypothesis", Journal of Econometrics 227."""
    spike = record_feed("spike", 1, minutes=60, settings={"spike_prob": 1.0}).seconds["mid"]
    calm = feed("calm", 1).seconds["mid"]
    assert excess_kurtosis(np.diff(np.log(spike))) > 2.0 * excess_kurtosis(np.diff(np.log(calm)))


@pytest.mark.parametrize("market", MARKETS)
def test_returns_are_not_autocorrelated(market: str) -> None:
    """Below 0.12 after one second, where the book still follows, and 0.03 after a few.

    Cont (2001), fact 1: none "except for very small intraday time scales". Over minutes, of which
    three feeds have 720, a few jumps move the estimate: 0.15.
    """
    for lag, bound in ((1, 0.12), (3, 0.03), (5, 0.03), (10, 0.03), (30, 0.03)):
        assert abs(mean_autocorrelation(lambda seed: returns(market, seed, 1), lag)) < bound
    assert abs(mean_autocorrelation(lambda seed: returns(market, seed, 60), 1)) < 0.15


@pytest.mark.parametrize("market", MARKETS)
def test_volatility_clusters(market: str) -> None:
    """Absolute returns stay correlated, positively and falling slowly, for minutes.

    Cont (2001), facts 6 and 8: 0.05 to 0.4 at short lags, with a power-law decay.
    """
    near, minute, minutes = (
        mean_autocorrelation(lambda seed: np.abs(returns(market, seed, 1)), lag)
        for lag in (1, 60, 300)
    )
    assert 0.05 < near < 0.4
    assert 0.01 < minutes < near
    assert minute > 0.2 * near


@pytest.mark.parametrize("market", MARKETS)
def test_order_signs_have_a_long_memory(market: str) -> None:
    """About 0.1 after one order, at the lower end of what is published, and a slow decay.

    Lillo and Farmer (2004), "The long memory of the efficient market", Studies in Nonlinear
    Dynamics & Econometrics 8(3); Bouchaud, Gefen, Potters, Wyart (2004), "Fluctuations and response
    in financial markets", Quantitative Finance 4: C(l) = C0 l^-g with C0 from 0.1 to 0.6 and g from
    0.2 to 0.7.
    """
    first, tenth = (
        mean_autocorrelation(lambda seed: orders(market, seed).sign, lag) for lag in (1, 10)
    )
    assert 0.08 < first < 0.6
    assert tenth > first * 10**-0.7


@pytest.mark.parametrize("market", MARKETS)
def test_impact_is_concave(market: str) -> None:
    """The mid's move over 5 s after an order grows with its size, to a power below 0.5.

    Lillo, Farmer, Mantegna (2003), "Master curve for price-impact function", Nature 421: 0.2 to
    0.5; Bouchaud (2010), "Price impact", Encyclopedia of Quantitative Finance: well below 1. This
    market's is less than what they found, which docs/MARKET.md says among its limits.
    """
    size, moved = [], []
    for seed in MORE:
        made = orders(market, seed)
        move, seen = moves_bps(made, tops_of_book(feed(market, seed).tops), 5)
        size.append(made.quantity[seen])
        moved.append(move)
    sizes, impact = impact_by_size(np.concatenate(size), np.concatenate(moved))
    assert (impact > 0).all()
    assert impact[-1] > impact[0]
    assert 0.0 < power(sizes, impact) < 0.5
