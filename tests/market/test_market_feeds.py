"""Feeds of the built-in market, as the facts are measured on them."""

from __future__ import annotations

import numpy as np

from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.facts.feed import market_orders, tops_of_book
from pytest_soak.facts.simulated import market_feeds
from pytest_soak.market.exchange import Exchange
from pytest_soak.market.recording import record_feed


def test_a_feed_taken_by_the_hour_is_the_feed() -> None:
    (taken,) = market_feeds(BUILT_IN["calm"], [5], 1.2, {"sigma": 0.02})
    whole = record_feed("calm", 5, minutes=72, settings={"sigma": 0.02})
    orders, tops = market_orders(whole.trades), tops_of_book(whole.tops)
    for name in ("time_us", "sign", "price", "quantity"):
        assert np.array_equal(getattr(taken.orders, name), getattr(orders, name))
    for name in ("time_us", "bid", "ask", "depth_quote"):
        assert np.array_equal(getattr(taken.tops, name), getattr(tops, name))
    assert taken.tick == Exchange("calm", 5).tick


def test_each_seed_is_a_feed_of_its_own() -> None:
    first, second = market_feeds(BUILT_IN["calm"], [5, 6], 0.05, {})
    assert first.tops.time_us[-1] <= 180_000_000
    assert not np.array_equal(first.tops.time_us[:20], second.tops.time_us[:20])
