"""How long a bot's stages take, from the ticks of one run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.artifacts.budget_models import (
    CacheBudget,
    StageBudget,
    StageBudgets,
    TotalBudget,
)
from pytest_soak.errors import TargetError

STAGES = ("fetch_md", "compute", "wait", "send")
TOTAL = "total"
PARTS = 12
"""Of a run, to see how much its p95 varies."""
LEAST_IN_PART = 20
"""Ticks of which a 95th percentile is one."""
QUANTILES = "linear between order statistics (Hyndman and Fan 1996, type 7)"
_MINUTE_US = 60_000_000

Ticks = NDArray[np.void]


def stage_budgets(ticks: Ticks, span_us: tuple[int, int], **of: Any) -> StageBudgets:
    """The budgets of a run that was to last `span_us`, microseconds on the target's clock.

    `ticks` are rows of TICK; `of` names the run: source, lane, seed, flags_hash, meta. Raises
    TargetError where there are none in the span, and for a duration that is no finite number >= 0.
    """
    start, end = span_us
    ticks = ticks[(ticks["time_us"] >= start) & (ticks["time_us"] < end)]
    if not len(ticks):
        raise TargetError("no ticks: there is nothing to make stage budgets of")
    times = ticks["time_us"]
    asked = max(1, -(-(end - start) // _MINUTE_US))
    return StageBudgets(
        **of,
        duration_min=float(times.max() - times.min()) / _MINUTE_US,
        minutes_covered=min(1.0, len(np.unique((times - start) // _MINUTE_US)) / asked),
        tick_count=len(ticks),
        quantiles=QUANTILES,
        stages={stage: StageBudget(**_told(_of(ticks, stage))) for stage in STAGES},
        tick_total=TotalBudget(
            **_told(_of(ticks, TOTAL)), deadline_miss_ratio=float(ticks["deadline_miss"].mean())
        ),
        md_cache=CacheBudget(hit_ratio=float(ticks["cache_hit"].mean()), fetches=len(ticks)),
        noise={name: _noise(_of(ticks, name), times, span_us) for name in (*STAGES, TOTAL)},
    )


def _of(ticks: Ticks, stage: str) -> NDArray[np.float64]:
    column: NDArray[np.float64] = ticks[f"{stage}_ms"]
    if not np.isfinite(column).all() or (column < 0.0).any():
        raise TargetError(f"{stage}_ms: expected finite durations of 0 or more in every tick")
    return column


def _told(values: NDArray[np.float64]) -> dict[str, Any]:
    p50, p95, p99 = np.percentile(values, (50, 95, 99)).tolist()
    spread = {"mean_ms": float(values.mean()), "max_ms": float(values.max())}
    return {"n": len(values), "p50_ms": p50, "p95_ms": p95, "p99_ms": p99, **spread}


def _noise(
    values: NDArray[np.float64], times: NDArray[np.int64], span_us: tuple[int, int]
) -> float | None:
    """The relative standard deviation of the p95 over PARTS of the run; None of too few ticks."""
    start, end = span_us
    part = (times - start) * PARTS // (end - start)
    parts = [values[part == number] for number in range(PARTS)]
    if min(map(len, parts)) < LEAST_IN_PART:
        return None
    found = np.array([np.percentile(one, 95) for one in parts])
    return float(found.std(ddof=1) / found.mean()) if found.mean() > 0.0 else None
