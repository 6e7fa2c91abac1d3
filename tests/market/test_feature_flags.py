"""Each feature flag of the maker causes what it says."""

from __future__ import annotations

import functools

import pytest
from market_harness import STEADY_SAFE, simulate

from pytest_soak.kpi.edge import summarize
from pytest_soak.market.maker_config import FEATURE_FLAGS, MakerConfig
from pytest_soak.observation.columns import Observation

HOUR = 3_600_000_000


@functools.cache
def run(flag: str = "", value: bool | float = False, seed: int = 1) -> Observation:
    """Twenty minutes of a maker with one flag set, which has learnt already."""
    config = MakerConfig.from_flags({flag: value} if flag else {}, signal_window_minutes=0.0)
    return simulate(config=config, seed=seed).observe(1, 0, HOUR // 3, STEADY_SAFE, 0)


def kpi(name: str, flag: str = "", value: bool | float = False) -> float:
    found = summarize(run(flag, value)).kpis[name]
    assert found is not None
    return found


def test_without_the_cache_every_fetch_is_slow() -> None:
    assert kpi("md_cache_hit_ratio") > 0.6
    assert kpi("md_cache_hit_ratio", "md_cache.enabled", False) == 0.0
    assert run("md_cache.enabled", False).ticks["fetch_md_ms"].mean() > 20.0
    assert run().ticks["fetch_md_ms"].mean() < 12.0
    assert kpi("fetch_md_p95_ms", "md_cache.enabled", False) > kpi("fetch_md_p95_ms") + 3.0


def test_without_batching_ticks_that_send_are_slow() -> None:
    ticks, batched = run("async_batch.enabled", False).ticks, run().ticks
    assert not batched["send_ms"].any()
    assert set(ticks["send_ms"]) == {0.0, 8.0, 16.0, 24.0, 32.0}
    assert ticks["total_ms"].mean() > batched["total_ms"].mean() + 1.0


def test_without_the_pipeline_the_stages_wait() -> None:
    assert (run("pipeline.enabled", False).ticks["wait_ms"] == 18.0).all()
    assert not run().ticks["wait_ms"].any()
    assert kpi("tick_total_p95_ms", "pipeline.enabled", False) > kpi("tick_total_p95_ms") + 17.0


def test_the_taker_cap_binds() -> None:
    free = 1.0 - kpi("maker_taker_ratio", "taker_cap.max_taker_share_pct", 100.0)
    capped = 1.0 - kpi("maker_taker_ratio", "taker_cap.max_taker_share_pct", 2.0)
    assert free > 0.03
    assert capped < 0.025
    assert kpi("maker_taker_ratio", "taker_cap.max_taker_share_pct", 0.0) > 0.99


def test_tracing_costs_its_sample_rate() -> None:
    without, with_all = (run("trace.sample_rate", rate).ticks for rate in (0.0, 1.0))
    cost = with_all["compute_ms"].mean() - without["compute_ms"].mean()
    assert cost == pytest.approx(3.0, abs=0.2)
    fifth = run().ticks["compute_ms"].mean() - without["compute_ms"].mean()
    assert fifth == pytest.approx(0.6, abs=0.2)


def test_a_tick_is_the_sum_of_its_stages() -> None:
    ticks = run("async_batch.enabled", False).ticks
    stages = sum(ticks[name] for name in ("fetch_md_ms", "compute_ms", "wait_ms", "send_ms"))
    assert ticks["total_ms"] == pytest.approx(stages)
    assert ((ticks["total_ms"] > 200.0) == ticks["deadline_miss"]).all()


def test_stalls_miss_the_deadline_now_and_then() -> None:
    assert 0.0 < kpi("deadline_miss_ratio") < 0.005


def test_flags_have_the_documented_defaults() -> None:
    assert MakerConfig.from_flags({}) == MakerConfig()
    fields = MakerConfig()
    defaults = {name: getattr(fields, field) for name, field in FEATURE_FLAGS.items()}
    assert defaults == {
        "pipeline.enabled": True,
        "md_cache.enabled": True,
        "async_batch.enabled": True,
        "taker_cap.max_taker_share_pct": 9.0,
        "trace.sample_rate": 0.2,
    }


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"md_cache.enable": True}, "unknown feature flag"),
        ({"md_cache.enabled": 1.0}, "expected a bool"),
        ({"trace.sample_rate": True}, "expected a number"),
        ({"trace.sample_rate": 1.5}, "not between"),
        ({"taker_cap.max_taker_share_pct": float("nan")}, "not between"),
    ],
)
def test_bad_flags_are_refused(flags: dict[str, bool | float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MakerConfig.from_flags(flags)
