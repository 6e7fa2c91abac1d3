from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from market_harness import (
    STEADY_SAFE,
    check_agent_orders,
    check_book,
    check_schedule,
    simulate,
)

from pytest_soak.config.instruments import Venue
from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.kpi.edge import summarize
from pytest_soak.market.checkpoint import pack, state_hash, unpack
from pytest_soak.market.kernel.tape import MID_ROW
from pytest_soak.market.maker_config import MakerConfig
from pytest_soak.market.regimes import build_market
from pytest_soak.market.simulation import Simulation
from pytest_soak.observation.columns import FILL, OTHER_MIDS, Observation
from pytest_soak.observation.validate import validated
from pytest_soak.stats.paired import paired_effect

MINUTE = 60_000_000
WAYS = ("to_gateway", "from_gateway")


def run(simulation: Simulation, iteration: int, minutes: int, parameters: Any) -> Observation:
    start = (iteration - 1) * minutes * MINUTE
    return simulation.observe(iteration, start, start + minutes * MINUTE, parameters, 0)


@pytest.mark.parametrize("market", ["calm", "volatile", "spike"])
def test_everything_is_consistent_at_every_slice(market: str) -> None:
    simulation = simulate(market, settings={"spike_prob": 1.0})
    for second in range(1, 121):
        simulation.run_window(second, (second - 1) * 10**6, second * 10**6, STEADY_SAFE)
        check_book(simulation.world)
        check_agent_orders(simulation.world)
        check_schedule(simulation.world)


@pytest.mark.parametrize("market", ["calm", "volatile", "spike"])
def test_net_result_is_exactly_the_sum_of_its_parts(market: str) -> None:
    simulation = simulate(market)
    for iteration in (1, 2):
        account = simulation.world["account"].copy()
        seen = run(simulation, iteration, 20, STEADY_SAFE)
        after = simulation.world["account"]
        fills = seen.fills
        signed = fills["side"] * fills["quantity"]
        edge = (signed * (fills["mid"] - fills["price"])).sum()
        held = (signed * (seen.mid_end - fills["mid"])).sum()
        held += seen.inventory_start * (seen.mid_end - seen.mid_start)
        parts = edge + held - fills["fee_quote"].sum()
        cash = (
            int(after["cash"] - account["cash"]) * simulation.world["instrument"]["lot_tick_quote"]
        )
        worth = seen.inventory_end * seen.mid_end - seen.inventory_start * seen.mid_start
        true = cash + worth - float(after["fees_quote"] - account["fees_quote"])
        assert len(fills) > 50
        assert parts == pytest.approx(true, abs=1e-6)


def test_integer_accounting_agrees_with_the_fills() -> None:
    simulation = simulate()
    rows = simulation.run_window(1, 0, 10 * MINUTE, STEADY_SAFE)["fills"]
    account = simulation.world["account"]
    assert (rows["side"] * rows["quantity"]).sum() == account["position"]
    assert -(rows["side"] * rows["quantity"] * rows["price"]).sum() == account["cash"]
    assert account["position"] * simulation.world["instrument"]["lot_base"] == pytest.approx(
        simulation.observe(2, 10 * MINUTE, 10 * MINUTE, STEADY_SAFE, 0).inventory_start
    )


def test_every_order_sent_is_answered() -> None:
    simulation = simulate()
    seen = run(simulation, 1, 10, STEADY_SAFE)
    venue = simulation.world["venue"]
    under_way = int(simulation.world["maker"]["in_flight"])
    assert seen.orders_sent + seen.cancels_sent == len(seen.acks) + under_way
    assert venue["request_tail"] - venue["request_head"] <= under_way


def test_markouts_are_missing_only_for_the_last_second() -> None:
    fills = run(simulate(), 1, 10, STEADY_SAFE).fills
    missing = np.isnan(fills["mid_1s"])
    assert (missing == (fills["time_us"] + 10**6 > 10 * MINUTE)).all()


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second, other = simulate(), simulate(), simulate(seed=43)
    for simulation in (first, second, other):
        run(simulation, 1, 5, STEADY_SAFE)
    assert state_hash(first.world) == state_hash(second.world)
    assert state_hash(first.world) != state_hash(other.world)


def test_another_process_gives_the_same_bytes() -> None:
    simulation = simulate()
    run(simulation, 1, 5, STEADY_SAFE)
    code = f"""
from pytest_soak.market.checkpoint import state_hash
from pytest_soak.market.maker_config import MakerConfig
from pytest_soak.market.regimes import build_market
from pytest_soak.market.simulation import Simulation
simulation = Simulation(build_market("calm", {{}}), 42, MakerConfig(0.0))
simulation.observe(1, 0, {5 * MINUTE}, {dict(STEADY_SAFE)}, 0)
print(state_hash(simulation.world))
"""
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == state_hash(simulation.world)


def test_a_restored_lane_continues_bit_for_bit() -> None:
    undisturbed, resumed = simulate("spike"), simulate("spike", seed=7)
    run(undisturbed, 1, 5, STEADY_SAFE)
    resumed.world = unpack(pack(undisturbed.world))
    seen = [run(simulation, 2, 5, STEADY_SAFE) for simulation in (undisturbed, resumed)]
    assert seen[0].fills.tobytes() == seen[1].fills.tobytes()
    assert state_hash(undisturbed.world) == state_hash(resumed.world)


def test_slices_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = simulate()
    run(whole, 1, 5, STEADY_SAFE)
    monkeypatch.setattr("pytest_soak.market.running.SLICE_US", 777_777)
    sliced = simulate()
    run(sliced, 1, 5, STEADY_SAFE)
    assert state_hash(whole.world) == state_hash(sliced.world)


def test_two_profiles_meet_the_same_exogenous_draws() -> None:
    narrow, wide = simulate("spike"), simulate("spike")
    profits = []
    for simulation, spread in ((narrow, 0.1), (wide, 0.6)):
        run(simulation, 1, 5, dict(STEADY_SAFE) | {"base_spread_bps_delta": spread})
        profits.append(int(simulation.world["account"]["cash"]))
    for name in (
        "limit_number",
        "market_number",
        "next_limit",
        "next_market",
        "excitation",
        "volatility",
        "episode_start",
    ):
        assert narrow.world["flow"][name] == wide.world["flow"][name]
    assert profits[0] != profits[1]


def test_the_knobs_of_a_market() -> None:
    calm = build_market("calm", {"sigma": 0.02})
    assert calm.ordinary.sigma_bps == 2 * build_market("calm", {}).ordinary.sigma_bps
    spike = build_market("spike", {"spike_prob": 0.1, "gap_bps": 25.0})
    assert spike.episode_chance == pytest.approx(1 - 0.65**2)
    assert spike.gap_bps == 25.0


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("wild", {}, "unknown market"),
        ("calm", {"sigmas": 0.01}, "unknown market setting"),
        ("calm", {"sigma": -1.0}, "not between"),
        ("calm", {"sigma": float("nan")}, "not between"),
    ],
)
def test_bad_markets_are_refused(name: str, settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_market(name, settings)


def test_a_spike_hour_has_its_episode() -> None:
    seen = run(simulate("spike", settings={"spike_prob": 1.0}), 1, 20, STEADY_SAFE)
    assert seen.market["spike_count"] == 1
    calm = run(simulate("spike", settings={"spike_prob": 0.0}), 1, 20, STEADY_SAFE)
    assert calm.market == {"spike_count": 0, "gap_events": 0}


def test_a_cold_maker_earns_less() -> None:
    equity = []
    for config in (MakerConfig(0.0), MakerConfig(60.0)):
        seen = run(simulate(config=config), 1, 30, STEADY_SAFE)
        volume = (seen.fills["price"] * seen.fills["quantity"]).sum()
        equity.append(seen.marks["equity_quote"][-1] / volume)
    assert equity[1] < equity[0]


def test_a_checkpoint_of_another_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match="another version"):
        unpack(b"\0" * 32 + pack(simulate().world)[32:])


@pytest.mark.parametrize("market", ["calm", "volatile", "spike"])
@pytest.mark.parametrize("cold", [0.0, 240.0])
def test_what_the_reference_maker_did_is_true_in_windows_of_any_length(
    market: str, cold: float
) -> None:
    simulation = simulate(market, config=MakerConfig(cold))
    start = 0
    for iteration, minutes in enumerate([20, *[0.05] * 40, 1, 20], 1):
        end = start + round(minutes * MINUTE)
        found = validated(simulation.observe(iteration, start, end, STEADY_SAFE, 0), minutes)
        assert found.faults == ()
        assert found.notes == ()
        assert found.observation.marks.size
        start = end


def test_later_mids_are_those_of_the_market_also_beyond_the_windows_end() -> None:
    seen = simulate("volatile").observe(1, 0, 10 * MINUTE, STEADY_SAFE, 0)
    beyond = simulate("volatile").observe(1, 0, 12 * MINUTE, STEADY_SAFE, 0)  # the same draws
    count = len(seen.fills)
    assert (seen.fills["time_us"] > 9 * MINUTE).any()
    for name, offset_us in OTHER_MIDS.items():
        seen_so_far = seen.fills["time_us"] + offset_us > 0
        assert (np.isfinite(seen.fills[name]) == seen_so_far).all()
        assert seen.fills[name].tobytes() == beyond.fills[name][:count].tobytes()
        assert (seen.fills[name] != seen.fills["mid"]).any()
    marks = dict(zip(beyond.marks["time_us"].tolist(), beyond.marks["mid"].tolist(), strict=True))
    second = [(time + 60 * 10**6) // 10**6 for time in seen.fills["time_us"].tolist()]
    near = np.array([[marks[(at + after) * 10**6] for at in second] for after in (0, 1)])
    away = np.abs(seen.fills["mid_60s"] / near - 1.0)  # a jump may lie between two marks
    assert away.min(axis=0).max() < 1e-3


def test_a_later_mid_is_reckoned_as_the_markout_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OTHER_MIDS, "mid_100ms", 1_000_000)
    fills = simulate().observe(1, 0, 10 * MINUTE, STEADY_SAFE, 0).fills
    known = np.isfinite(fills["mid_1s"])
    assert known.sum() > 50
    assert (fills["mid_100ms"][known] == fills["mid_1s"][known]).all()


def test_a_slower_venue_is_picked_off_more() -> None:
    """The mid before the fill shows what no markout from the fill on can: how stale a quote was."""
    venue = Venue()
    slow = {w: getattr(venue, w).model_copy(update={"base_ms": 112.0}) for w in WAYS}
    scenario = BUILT_IN["calm"].model_copy(update={"venue": venue.model_copy(update=slow)})
    found = []
    for market in (BUILT_IN["calm"], scenario):
        lanes = [Simulation(build_market(market, {}), seed, MakerConfig(0.0)) for seed in range(8)]
        seen = [run(lane, 1, 60, STEADY_SAFE) for lane in lanes]
        found.append(np.array([summarize(one).kpis["pickoff_bps"] for one in seen], float))
    assert paired_effect(*found).t > 3.0


def test_asking_for_later_mids_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, silent = simulate(), simulate()
    seen = [run(asked, iteration, 3, STEADY_SAFE) for iteration in (1, 2)]
    monkeypatch.setattr(Simulation, "_mids_beyond", lambda *_: np.array([(2**62, 1.0)], MID_ROW))
    again = [run(silent, iteration, 3, STEADY_SAFE) for iteration in (1, 2)]
    assert state_hash(asked.world) == state_hash(silent.world)
    for first, second in zip(seen, again, strict=True):
        assert first.ticks.tobytes() == second.ticks.tobytes()
        assert first.marks.tobytes() == second.marks.tobytes()
        for name in FILL.names or ():
            assert first.fills[name].tobytes() == second.fills[name].tobytes()


def test_a_window_without_fills_has_no_later_mids() -> None:
    assert len(simulate().observe(1, 0, 1000, STEADY_SAFE, 0).fills) == 0
