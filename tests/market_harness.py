"""For tests of the market: simulations to run, and what holds of a world at every moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit

from pytest_soak.market.kernel.state import AGENT, NONE
from pytest_soak.market.maker_config import MakerConfig
from pytest_soak.market.regimes import build_market
from pytest_soak.market.simulation import Simulation

STEADY_SAFE: Mapping[str, float] = {
    "base_spread_bps_delta": 0.15,
    "impact_cap_ratio": 0.08,
    "max_delta_ratio": 0.15,
    "min_interval_ms": 75.0,
    "replace_rate_per_min": 250.0,
    "tail_age_ms": 740.0,
    "concurrency_limit": 3.0,
    "rescue_max_ratio": 0.20,
    "rescue_min_edge_bps": 1.0,
    "rescue_cooldown_ms": 1500.0,
    "position_limit_notional": 60000.0,
}

compiled: Any = njit(error_model="numpy")
"""Compile a function of a test, which may call those of the kernel."""


def callable_from_python(function: Any) -> Any:
    """A function of the kernel for callers that are not compiled."""

    def call(*arguments: Any) -> Any:
        return function(*arguments)

    return compiled(call)


def simulate(
    market: str = "calm",
    seed: int = 42,
    config: MakerConfig | None = None,
    settings: Mapping[str, float] | None = None,
) -> Simulation:
    """A market with a maker that has learnt already."""
    return Simulation(build_market(market, settings or {}), seed, config or MakerConfig(0.0))


def resting(world: Any) -> Any:
    orders = world["book"]["orders"]
    return orders[orders["side"] != 0]


def check_book(world: Any) -> None:
    """Level volume is the sum of its orders, FIFO by arrival, never crossed, no order lost."""
    book = world["book"]
    orders = book["orders"]
    live = resting(world)
    assert len(live) == book["live"]
    assert (live["quantity"] > 0).all()
    seen = 0
    for level in book["levels"][book["levels"]["head"] != NONE]:
        chain = []
        place = level["head"]
        while place != NONE:
            chain.append(orders[place])
            place = orders[place]["next"]
        assert {order["price"] for order in chain} == {level["price"]}
        assert sum(order["quantity"] for order in chain) == level["volume"]
        own = sum(order["quantity"] for order in chain if order["owner"] == AGENT)
        assert own == level["agent_volume"]
        times = [order["time"] for order in chain]
        assert times == sorted(times)
        seen += len(chain)
    assert seen == len(live)
    empty = book["levels"]["head"] == NONE
    assert (book["levels"]["volume"][empty] == 0).all()
    bids = live["price"][live["side"] == 1]
    asks = live["price"][live["side"] == -1]
    assert (len(bids), len(asks)) == (book["bid_orders"], book["ask_orders"])
    if len(bids):
        assert bids.max() == book["best_bid"]
    if len(asks):
        assert asks.min() == book["best_ask"]
    if len(bids) and len(asks):
        assert book["best_bid"] < book["best_ask"]
    for side, name in ((1, "bid_volume"), (-1, "ask_volume")):
        crowd = live[(live["side"] == side) & (live["owner"] != AGENT)]
        assert crowd["quantity"].sum() == book[name]


def check_agent_orders(world: Any) -> None:
    """The venue's table and the book agree on the agent's orders."""
    table = world["venue"]["agent_orders"]
    at_rest = table[(table["handle"] != NONE) & (table["order"] != NONE)]
    orders = world["book"]["orders"]
    for entry in at_rest:
        assert orders[entry["order"]]["reference"] == entry["handle"]
        assert orders[entry["order"]]["owner"] == AGENT
    live = resting(world)
    assert len(at_rest) == np.count_nonzero(live["owner"] == AGENT)


def check_schedule(world: Any) -> None:
    """The heap's parents are never later than their children."""
    times = world["schedule"]["heap"]["time"][: world["schedule"]["count"]]
    children = np.arange(1, len(times))
    assert (times[(children - 1) // 2] <= times[children]).all()
