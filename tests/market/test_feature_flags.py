"""Each feature flag of the maker causes what it says, on events, paired over seeds."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from statistics import fmean, stdev

import pytest
from builders import usage_error
from market_harness import STEADY_SAFE, simulate

from pytest_soak.config.flags import Value, reference_flags
from pytest_soak.kpi.edge import summarize
from pytest_soak.market.checkpoint import pack, state_hash, unpack
from pytest_soak.market.maker_config import FLAGS, MakerConfig, read_flags
from pytest_soak.market.simulation import Simulation
from pytest_soak.observation.columns import Observation
from pytest_soak.targets.base import LaneInfo, Window
from pytest_soak.targets.simulated import SimulatedTarget

MINUTE = 60_000_000
SEEDS = range(1, 25)
AGGRESSIVE: Mapping[str, float] = {
    **STEADY_SAFE,
    "impact_cap_ratio": 0.12,
    "max_delta_ratio": 0.16,
    "rescue_max_ratio": 0.3,
    "rescue_min_edge_bps": 0.5,
    "rescue_cooldown_ms": 1000.0,
}
CAP: Mapping[str, Value] = {"taker_cap.max_taker_share_pct": 2.0}


@functools.cache
def ran(flags: tuple[tuple[str, Value], ...], seed: int) -> Observation:
    """Five minutes of a maker that has learnt already and takes more than its share."""
    simulation = simulate(config=MakerConfig(0.0, dict(flags)), seed=seed)
    return simulation.observe(1, 0, 5 * MINUTE, AGGRESSIVE, 0)


def run(flags: Mapping[str, Value] | None = None, seed: int = 1) -> Observation:
    return ran(tuple((flags or {}).items()), seed)


def kpi(name: str, flags: Mapping[str, Value] | None = None, seed: int = 1) -> float:
    found = summarize(run(flags, seed)).kpis[name]
    assert found is not None
    return found


def t_value(name: str, flags: Mapping[str, Value], against: Mapping[str, Value]) -> float:
    """Of the differences of a KPI between two settings, seed by seed."""
    differences = [kpi(name, flags, seed) - kpi(name, against, seed) for seed in SEEDS]
    return fmean(differences) / (stdev(differences) / math.sqrt(len(SEEDS)))


LESS_AND_MORE: dict[str, tuple[Mapping[str, Value], Mapping[str, Value]]] = {
    **{
        name: ({name: False}, {name: True})
        for name in ("pipeline.enabled", "md_cache.enabled", "async_batch.enabled")
    },
    "taker_cap.enabled": ({**CAP, "taker_cap.enabled": False}, CAP),
    "taker_cap.max_taker_share_pct": (CAP, {"taker_cap.max_taker_share_pct": 6.0}),
    "trace.enabled": (
        {"trace.sample_rate": 1.0, "trace.enabled": False},
        {"trace.sample_rate": 1.0},
    ),
    "trace.sample_rate": ({"trace.sample_rate": 0.0}, {"trace.sample_rate": 1.0}),
    "queue_eta.enabled": ({"queue_eta.enabled": False}, {"queue_eta.enabled": True}),
    "queue_eta.max_s": (
        {"queue_eta.enabled": True, "queue_eta.max_s": 1.0},
        {"queue_eta.enabled": True, "queue_eta.max_s": 100.0},
    ),
}
"""Of each flag, two settings that differ in it alone, where it binds: off or less, on or more."""

MOVING = [name for name, row in FLAGS.items() if row.moves]
"""Not the spread's: it follows conditions, which come and go; see test_auto_spread."""


@pytest.mark.parametrize("name", MOVING)
def test_a_flag_moves_what_its_table_says(name: str) -> None:
    less, more = LESS_AND_MORE[name]
    for metric, way in FLAGS[name].moves.items():
        sign = 1.0 if way == "up" else -1.0
        assert sign * t_value(metric, more, less) > 3.0


def test_without_the_cache_every_fetch_is_slow() -> None:
    off: Mapping[str, Value] = {"md_cache.enabled": False}
    assert kpi("md_cache_hit_ratio") > 0.6
    for seed in SEEDS:
        assert kpi("md_cache_hit_ratio", off, seed) == 0.0
        assert run(off, seed).ticks["fetch_md_ms"].mean() > 20.0
        assert run(seed=seed).ticks["fetch_md_ms"].mean() < 12.0


def test_without_batching_ticks_that_send_are_slow() -> None:
    sent, spent, slower = set[float](), list[float](), list[float]()
    for seed in SEEDS:
        ticks, batched = run({"async_batch.enabled": False}, seed).ticks, run(seed=seed).ticks
        assert not batched["send_ms"].any()
        spent.append(ticks["send_ms"].mean())
        slower.append(ticks["total_ms"].mean() - batched["total_ms"].mean())
        assert slower[-1] > 0.1
        sent.update(ticks["send_ms"])
    assert fmean(slower) == pytest.approx(fmean(spent), abs=0.05)  # all else is as it was
    assert sent == {0.0, 8.0, 16.0, 24.0, 32.0}


def test_without_the_pipeline_the_stages_wait() -> None:
    assert (run({"pipeline.enabled": False}).ticks["wait_ms"] == 18.0).all()
    assert not run().ticks["wait_ms"].any()


def test_the_taker_cap_binds_and_without_it_nothing_does() -> None:
    def taken(flags: Mapping[str, Value]) -> list[float]:
        return [1.0 - kpi("maker_taker_ratio", flags, seed) for seed in SEEDS]

    free, capped = taken({"taker_cap.enabled": False}), taken(CAP)
    assert all(less <= more for less, more in zip(capped, free, strict=True))
    assert fmean(free) > 2.0 * fmean(capped)  # some seeds take nothing within the five minutes
    assert fmean(capped) < 0.03  # the last one taken may go beyond
    assert taken({"taker_cap.max_taker_share_pct": 100.0}) == free
    assert set(taken({"taker_cap.max_taker_share_pct": 0.0})) == {0.0}


def test_tracing_costs_its_sample_rate() -> None:
    rates = (0.0, 1.0)
    without, with_all = (run({"trace.sample_rate": rate}).ticks for rate in rates)
    cost = with_all["compute_ms"].mean() - without["compute_ms"].mean()
    assert cost == pytest.approx(3.0, abs=0.2)
    fifth = run().ticks["compute_ms"].mean() - without["compute_ms"].mean()
    assert fifth == pytest.approx(0.6, abs=0.2)
    switched_off = run({"trace.enabled": False, "trace.sample_rate": 1.0})
    assert switched_off.ticks.tobytes() == without.tobytes()


def test_a_tick_is_the_sum_of_its_stages() -> None:
    ticks = run({"async_batch.enabled": False}).ticks
    stages = sum(ticks[name] for name in ("fetch_md_ms", "compute_ms", "wait_ms", "send_ms"))
    assert ticks["total_ms"] == pytest.approx(stages)
    assert ((ticks["total_ms"] > 200.0) == ticks["deadline_miss"]).all()


def test_stalls_miss_the_deadline_now_and_then() -> None:
    assert 0.0 < fmean(kpi("deadline_miss_ratio", seed=seed) for seed in SEEDS) < 0.005


def window(simulation: Simulation, number: int) -> Observation:
    start, end = (number - 1) * 2 * MINUTE, number * 2 * MINUTE
    return simulation.observe(number, start, end, STEADY_SAFE, 0)


def test_flags_act_from_the_next_window_on_and_are_part_of_the_checkpoint() -> None:
    simulation, untouched = simulate(), simulate()
    assert read_flags(simulation.world["maker"]["flags"]) == reference_flags().defaults()
    assert window(simulation, 1).ticks.tobytes() == window(untouched, 1).ticks.tobytes()
    simulation.configure({"pipeline.enabled": False, "trace.sample_rate": 0.1})
    saved = pack(simulation.world)
    seen = window(simulation, 2)
    assert (seen.ticks["wait_ms"][1:] == 18.0).all()  # the first cycle was under way
    assert not window(untouched, 2).ticks["wait_ms"].any()
    other = simulate(seed=7)
    other.world = unpack(saved)
    assert window(other, 2).ticks.tobytes() == seen.ticks.tobytes()
    assert state_hash(other.world) == state_hash(simulation.world)
    changed = {"pipeline.enabled": False, "trace.sample_rate": 0.1}
    assert read_flags(other.world["maker"]["flags"]) == reference_flags().complete(changed, "")


def test_a_wrong_flag_is_refused_and_changes_none() -> None:
    simulation = simulate()
    before = state_hash(simulation.world)
    for flags in ({"trace.enabled": False, "trace.sample_rate": 2.0}, {"trace.rate": 0.1}):
        assert usage_error(lambda flags=flags: simulation.configure(flags))  # type: ignore[misc]
        assert state_hash(simulation.world) == before
        assert usage_error(lambda flags=flags: MakerConfig(0.0, flags))  # type: ignore[misc]


def test_the_target_has_the_flags_of_its_lane_and_changes_them_when_told() -> None:
    off = {"pipeline.enabled": False}
    lane = LaneInfo("x", "p", "calm", 1, minutes=1.0, config=off)
    target = SimulatedTarget(lane)
    target.start(lane)
    values = reference_flags().defaults()
    seen = target.run(STEADY_SAFE, Window(1, 0.0, 1.0))
    assert (seen.ticks["wait_ms"] == 18.0).all()
    target.configure({"pipeline.enabled": True})
    saved = target.checkpoint()
    again = SimulatedTarget(lane)
    again.start(lane)
    again.restore(saved)
    second = [t.run(STEADY_SAFE, Window(2, 1.0, 1.0)) for t in (target, again)]
    assert second[0].ticks.tobytes() == second[1].ticks.tobytes()
    assert not second[0].ticks["wait_ms"][1:].any()
    assert SimulatedTarget.flags.defaults() == values


def test_the_flags_of_a_maker_of_ones_own_are_the_targets_defaults() -> None:
    lane = LaneInfo("x", "p", "calm", 1, minutes=1.0)
    target = SimulatedTarget(lane, MakerConfig(0.0, {"md_cache.enabled": False}))
    assert target.flags["md_cache.enabled"].default is False
    target.start(lane)
    assert not target.run(STEADY_SAFE, Window(1, 0.0, 1.0)).ticks["cache_hit"].any()
    assert SimulatedTarget.flags["md_cache.enabled"].default is True
