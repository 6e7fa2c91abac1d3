"""Regime knobs at their ends, and a price that runs far: books balance, and KPIs are numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from market_harness import STEADY_SAFE, check_agent_orders, check_book, check_schedule

from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.kpi.edge import summarize
from pytest_soak.market.maker_config import MakerConfig
from pytest_soak.market.regimes import build_market
from pytest_soak.market.simulation import Simulation
from pytest_soak.observation.validate import validated

MINUTE = 60_000_000
ENDS: list[tuple[str, Mapping[str, float]]] = [
    ("calm", {"sigma": 0.001}),
    ("volatile", {"sigma": 0.1}),
    ("spike", {"spike_prob": 0.0}),
    ("spike", {"spike_prob": 1.0, "gap_bps": 0.0}),
    ("spike", {"spike_prob": 1.0, "gap_bps": 500.0}),
    ("spike", {"sigma": 0.1, "spike_prob": 1.0, "gap_bps": 500.0}),
]


@pytest.mark.parametrize(("market", "knobs"), ENDS)
def test_a_market_with_its_knobs_at_their_ends_is_whole(
    market: str, knobs: Mapping[str, float]
) -> None:
    simulation = Simulation(build_market(market, knobs), 7, MakerConfig(0.0))
    for number in range(1, 4):
        start = (number - 1) * 20 * MINUTE
        seen = simulation.observe(number, start, start + 20 * MINUTE, STEADY_SAFE, 0)
        assert validated(seen, 20.0).faults == ()
        kpis = summarize(seen).kpis
        assert all(value is None or math.isfinite(value) for value in kpis.values())
    assert kpis["num_fills"] is not None
    assert kpis["num_fills"] > 0
    for check in (check_book, check_agent_orders, check_schedule):
        check(simulation.world)


def test_a_lane_whose_price_runs_far_stays_within_the_book() -> None:
    market = build_market("spike", {"sigma": 0.1, "spike_prob": 1.0, "gap_bps": 500.0})
    simulation = Simulation(market, 3, MakerConfig(0.0))
    first = BUILT_IN["spike"].instrument.price
    ran = []
    for number in range(1, 25):
        start = (number - 1) * 15 * MINUTE
        seen = simulation.observe(number, start, start + 15 * MINUTE, STEADY_SAFE, 0)
        assert validated(seen, 15.0).faults == ()
        ran.append(abs(math.log(seen.mid_end / first)))
    assert max(ran) > 0.05
    for check in (check_book, check_agent_orders, check_schedule):
        check(simulation.world)
