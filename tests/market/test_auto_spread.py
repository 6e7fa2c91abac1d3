"""The feature auto_spread: what it averages, what it makes of that, and that quotes follow."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from market_harness import STEADY_SAFE, callable_from_python, simulate

from pytest_soak.config.flags import Value
from pytest_soak.market.kernel import auto_spread
from pytest_soak.market.kernel.state import MAKER, NONE
from pytest_soak.market.maker_config import MakerConfig, write_flags
from pytest_soak.observation.columns import Observation

SECOND = 1_000_000
CONDITIONS = ("volatility", "volume", "latency")


@functools.cache
def factor() -> Any:
    return callable_from_python(auto_spread.factor)


def a_maker(weights: tuple[float, ...], ratios: tuple[float, ...]) -> Any:
    """One that saw each condition as so many times what it was over the hour."""
    maker = np.zeros(1, MAKER)[0]
    write_flags(
        maker["flags"],
        {f"auto_spread.{name}_weight": w for name, w in zip(CONDITIONS, weights, strict=True)},
    )
    for name, ratio in zip(CONDITIONS, ratios, strict=True):
        maker[name]["slow"] = 7.0
        maker[name]["fast"] = 7.0 * ratio
    return maker


WEIGHT = st.floats(-1.0, 1.0)
RATIO = st.floats(0.0, 5.0)
THREE_WEIGHTS = st.tuples(WEIGHT, WEIGHT, WEIGHT)
THREE_RATIOS = st.tuples(RATIO, RATIO, RATIO)


@given(THREE_WEIGHTS, THREE_RATIOS)
def test_the_factor_is_the_weighted_sum_of_the_excesses_within_its_limits(
    weights: tuple[float, ...], ratios: tuple[float, ...]
) -> None:
    found = factor()(a_maker(weights, ratios))
    wanted = 1.0 + sum(w * (r - 1.0) for w, r in zip(weights, ratios, strict=True))
    assert found == pytest.approx(min(2.0, max(0.5, wanted)), abs=1e-9)


def test_a_condition_that_was_never_there_counts_for_nothing() -> None:
    maker = a_maker((0.5, 0.5, 0.5), (1.0, 1.0, 1.0))
    maker["volume"]["slow"] = 0.0
    maker["volume"]["fast"] = 3.0
    assert factor()(maker) == 1.0


def distance_bps(flags: dict[str, Value]) -> float:
    """Of the inner quotes from the mid that they were reckoned from, after five minutes.

    The loop takes far longer than it did over the hour before.
    """
    simulation = simulate(config=MakerConfig(0.0, flags))
    maker = simulation.world["maker"]
    maker["design"]["base_half_bps"] = 60.0  # so that a tick is little
    maker["design"]["skew_bps"] = 0.0
    maker["seconds"] = 10**9  # so that the averages hardly move
    maker["latency"]["slow"] = 1e-3
    simulation.observe(1, 0, 300 * SECOND, STEADY_SAFE, 0)
    slots = simulation.world["maker"]["slots"]
    inner = slots[(slots["level"] == 0) & (slots["handle"] != NONE)]
    away = abs(inner["price"] - inner["quoted_mid"]) / simulation.world["ticks_per_bps"]
    return float(away.mean())


@pytest.mark.parametrize(("weight", "times"), [(1.0, 2.0), (-1.0, 0.5)])
def test_quotes_lie_farther_where_the_factor_says_so(weight: float, times: float) -> None:
    found = distance_bps({"auto_spread.enabled": True, "auto_spread.latency_weight": weight})
    assert found / distance_bps({}) == pytest.approx(times, rel=0.1)


def test_switched_off_its_weights_do_nothing() -> None:
    def ran(flags: dict[str, Value]) -> Observation:
        return simulate(config=MakerConfig(0.0, flags)).observe(1, 0, 120 * SECOND, STEADY_SAFE, 0)

    weights: dict[str, Value] = {f"auto_spread.{name}_weight": 1.0 for name in CONDITIONS}
    assert ran(weights).ticks.tobytes() == ran({}).ticks.tobytes()
    assert ran(weights).fills.tobytes() == ran({}).fills.tobytes()


def test_the_averages_are_of_what_happened() -> None:
    """Within their first minutes they are plain means."""
    simulation = simulate(config=MakerConfig(0.0, {"pipeline.enabled": False}))
    seen = simulation.observe(1, 0, 240 * SECOND, STEADY_SAFE, 0)
    maker = simulation.world["maker"]
    assert maker["seconds"] == 240
    lasted = np.diff(seen.ticks["time_us"])  # a longer cycle is seen by more seconds
    under_way = np.average(seen.ticks["total_ms"][1:], weights=lasted)
    traded = (seen.fills["price"] * seen.fills["quantity"]).sum()
    for name in ("fast", "slow"):
        assert maker["volume"][name] * 240 == pytest.approx(traded, rel=0.1)
        assert maker["latency"][name] / 1e3 == pytest.approx(under_way, rel=0.05)
        assert 0.3 < maker["volatility"][name] < 1.5
    simulation.configure({"pipeline.enabled": True})
    simulation.observe(2, 240 * SECOND, 900 * SECOND, STEADY_SAFE, 0)
    latency = simulation.world["maker"]["latency"]
    assert latency["fast"] < latency["slow"]  # the last minutes were quicker than those before
