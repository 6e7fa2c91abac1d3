"""Stage budgets: how long a bot's stages take, from its ticks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.artifacts.budget_models import StageBudgets
from pytest_soak.errors import TargetError
from pytest_soak.observation.columns import TICK
from pytest_soak.release.budgets import LEAST_IN_PART, PARTS, STAGES, stage_budgets

OF: dict[str, Any] = {"source": "sim", "lane": "a", "seed": 7, "flags_hash": "f", "meta": {}}
HOUR_US = 3_600_000_000


def some(count: int, start: int = 0, step: int = 1_000_000) -> np.ndarray[Any, np.dtype[np.void]]:
    """Ticks a second apart, whose durations grow from 1 ms by stage and tick."""
    ticks = np.zeros(count, TICK)
    ticks["time_us"] = start + step * np.arange(count)
    for number, stage in enumerate(STAGES, start=1):
        ticks[f"{stage}_ms"] = number + np.arange(count) % 100
    ticks["total_ms"] = 10.0 + np.arange(count) % 100
    ticks["cache_hit"] = np.arange(count) % 4 != 0
    ticks["deadline_miss"] = np.arange(count) % 50 == 0
    return ticks


def made(ticks: Any, span: tuple[int, int] = (0, HOUR_US)) -> StageBudgets:
    return stage_budgets(ticks, span, **OF)


def test_budgets_are_the_quantiles_of_the_ticks() -> None:
    ticks = some(3600)
    found = made(ticks)
    for stage in STAGES:
        column = ticks[f"{stage}_ms"]
        budget = found.stages[stage]
        assert (budget.n, budget.max_ms) == (3600, column.max())
        assert budget.mean_ms == pytest.approx(column.mean())
        told = [budget.p50_ms, budget.p95_ms, budget.p99_ms]
        assert told == pytest.approx(np.quantile(column, [0.5, 0.95, 0.99], method="linear"))
    assert found.tick_total.p50_ms == pytest.approx(10.0 + 49.5)
    assert found.tick_total.deadline_miss_ratio == pytest.approx(0.02)
    assert (found.md_cache.hit_ratio, found.md_cache.fetches) == (0.75, 3600)
    assert found.tick_count == 3600


def test_the_duration_is_that_of_the_ticks_and_not_what_was_asked_for() -> None:
    half = made(some(1800))
    assert half.duration_min == pytest.approx(1799 / 60)
    assert half.minutes_covered == pytest.approx(0.5)
    gap = np.concatenate([some(600), some(600, start=3_000_000_000)])
    assert made(gap).duration_min == pytest.approx(50 + 599 / 60)
    assert made(gap).minutes_covered == pytest.approx(20 / 60)
    assert made(some(3600)).minutes_covered == 1.0


def test_ticks_outside_of_the_run_are_none_of_it() -> None:
    around = np.concatenate([some(60, start=-60_000_000), some(3600), some(60, start=HOUR_US)])
    assert made(around).model_dump() == made(some(3600)).model_dump()


def test_without_ticks_there_are_no_budgets() -> None:
    for ticks in (some(0), some(60, start=HOUR_US)):
        with pytest.raises(TargetError, match="no ticks"):
            made(ticks)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_a_duration_that_can_be_none_makes_no_budgets(value: float) -> None:
    ticks = some(100)
    ticks["wait_ms"][99] = value
    with pytest.raises(TargetError, match="wait_ms: expected finite durations"):
        made(ticks)


def test_noise_is_how_far_the_parts_of_a_run_lie_apart() -> None:
    steady = some(3600)
    steady["compute_ms"], steady["send_ms"] = 5.0, 0.0
    steady["wait_ms"] = 10.0 + steady["time_us"] // (HOUR_US // PARTS)
    noise = made(steady).noise
    p95s = 10.0 + np.arange(PARTS)
    assert noise["compute"] == 0.0
    assert noise["send"] is None
    assert noise["wait"] == pytest.approx(p95s.std(ddof=1) / p95s.mean())
    few = made(some(PARTS * LEAST_IN_PART - 1, step=HOUR_US // (PARTS * LEAST_IN_PART)))
    assert set(few.noise.values()) == {None}


@given(st.integers(0, 2**32 - 1), st.integers(1, 500))
def test_the_order_of_the_ticks_does_not_matter(seed: int, count: int) -> None:
    ticks = some(count, step=7_000_000)
    turned = np.random.default_rng(seed).permutation(ticks)
    before, after = made(ticks).model_dump(), made(turned).model_dump()
    for data in (before, after):
        for budget in (*data["stages"].values(), data["tick_total"]):
            budget["mean_ms"] = pytest.approx(budget["mean_ms"])
    assert after == before
