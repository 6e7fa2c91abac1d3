"""The feature queue_eta: the expected time to fill, and the tick that it brings a quote nearer."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from market_harness import STEADY_SAFE, callable_from_python, simulate

from pytest_soak.config.flags import Value
from pytest_soak.market.kernel import queue_eta
from pytest_soak.market.kernel.state import BUY, MAKER, SELL, SLOT, SNAPSHOT
from pytest_soak.market.maker_config import MakerConfig, write_flags
from pytest_soak.observation.columns import Observation

SECOND = 1_000_000


@functools.cache
def expected_s() -> Any:
    return callable_from_python(queue_eta.expected_s)


@functools.cache
def is_too_long() -> Any:
    return callable_from_python(queue_eta.is_too_long)


def a_market(bid: int, ask: int, bid_lots: int, ask_lots: int) -> Any:
    market = np.zeros(1, SNAPSHOT)[0]
    market["bid"], market["ask"] = bid, ask
    market["bid_lots"], market["ask_lots"] = bid_lots, ask_lots
    return market


def a_maker(taken_per_s: float, **flags: Value) -> Any:
    maker = np.zeros(1, MAKER)[0]
    maker["taken_per_s"] = taken_per_s
    write_flags(maker["flags"], {f"queue_eta.{name}": value for name, value in flags.items()})
    return maker


@given(st.integers(0, 20), st.integers(1, 10_000), st.integers(1, 10_000), st.floats(0.01, 1_000.0))
def test_what_is_ahead_trades_at_half_the_rate_of_the_market(
    behind: int, bid_lots: int, ask_lots: int, rate: float
) -> None:
    maker, market = a_maker(rate), a_market(1000, 1003, bid_lots, ask_lots)
    found = expected_s()(maker, market, int(BUY), 1000 - behind)
    assert found == pytest.approx((behind + 1) * bid_lots / (rate / 2))
    found = expected_s()(maker, market, int(SELL), 1003 + behind)
    assert found == pytest.approx((behind + 1) * ask_lots / (rate / 2))


def test_a_quote_that_would_be_the_best_waits_for_nobody_and_one_in_a_dead_market_for_ever() -> (
    None
):
    market = a_market(1000, 1003, 50, 60)
    assert expected_s()(a_maker(1.0), market, int(BUY), 1001) == 0.0
    assert expected_s()(a_maker(1.0), market, int(SELL), 1002) == 0.0
    assert expected_s()(a_maker(0.0), market, int(BUY), 1000) == math.inf


@pytest.mark.parametrize(
    ("enabled", "level", "max_s", "too_long"),
    [
        (True, 0, 99.0, True),
        (True, 0, 100.0, False),  # 50 lots at half a lot a second
        (True, 1, 99.0, False),
        (False, 0, 99.0, False),
    ],
)
def test_only_an_inner_quote_that_waits_longer_is_nudged(
    enabled: bool, level: int, max_s: float, too_long: bool
) -> None:
    slot = np.zeros(1, SLOT)[0]
    slot["side"], slot["level"] = BUY, level
    maker = a_maker(1.0, enabled=enabled, max_s=max_s)
    assert is_too_long()(maker, a_market(1000, 1003, 50, 60), slot, 1000) is too_long


def ran(seed: int, **flags: Value) -> Observation:
    config = MakerConfig(0.0, {f"queue_eta.{name}": value for name, value in flags.items()})
    return simulate(seed=seed, config=config).observe(1, 0, 600 * SECOND, STEADY_SAFE, 0)


def edge_ticks(seen: Observation) -> float:
    """How far from the mid the maker was filled, on average."""
    made = seen.fills[seen.fills["maker"]]
    away = made["side"] * (made["mid"] - made["price"])
    return float(away.mean() / 0.001)


def test_quotes_that_are_nudged_are_filled_nearer_and_more_often() -> None:
    for seed in (1, 2, 3):
        plain, nudged = ran(seed), ran(seed, enabled=True, max_s=0.0)
        assert len(nudged.fills) > 1.5 * len(plain.fills)
        assert edge_ticks(nudged) < edge_ticks(plain) - 0.1


def test_one_that_may_wait_for_a_day_is_where_it_was() -> None:
    assert ran(4, enabled=True, max_s=86_400.0).fills.tobytes() == ran(4).fills.tobytes()


def test_the_rate_is_that_of_the_markets_trades() -> None:
    simulation = simulate()
    simulation.observe(1, 0, 600 * SECOND, STEADY_SAFE, 0)
    world = simulation.world
    mean = float(world["flow"]["taken_lots"]) / 600.0
    assert mean > 0.0
    assert 0.2 * mean < float(world["maker"]["taken_per_s"]) < 5.0 * mean
    newest = world["venue"]["snapshots"]["taken_lots"].max()
    assert newest <= world["flow"]["taken_lots"]
    assert world["maker"]["feed_taken_lots"] <= newest
