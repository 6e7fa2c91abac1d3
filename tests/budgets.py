"""Stage budgets of runs that no bot made."""

from __future__ import annotations

from typing import Any

from pytest_soak.artifacts.budget_models import (
    CacheBudget,
    StageBudget,
    StageBudgets,
    TotalBudget,
)

P95 = {"fetch_md": 32.0, "compute": 12.0, "wait": 4.0, "send": 6.0}


def run(scale: float = 1.0, **more: Any) -> StageBudgets:
    """Budgets of a run, all stages `scale` times as long as usual."""
    given: dict[str, Any] = {"ticks": 20_000, "hits": 0.75, "misses": 0.001, "flags": "f"} | more
    stages = given.get("stages", {stage: scale * p95 for stage, p95 in P95.items()})
    total = given.get("total", 40.0 * scale)
    return StageBudgets(
        source="sim",
        meta={},
        lane="a",
        seed=1,
        flags_hash=given["flags"],
        duration_min=60.0,
        minutes_covered=1.0,
        tick_count=given["ticks"],
        quantiles="",
        stages={name: StageBudget(**_of(p95)) for name, p95 in stages.items()},
        tick_total=TotalBudget(**_of(total), deadline_miss_ratio=given["misses"]),
        md_cache=CacheBudget(hit_ratio=given["hits"], fetches=given["ticks"]),
        noise={},
    )


def _of(p95: float) -> dict[str, Any]:
    same = dict.fromkeys(("p50_ms", "p99_ms", "mean_ms", "max_ms"), p95)
    return {"n": 20_000, "p95_ms": p95, **same}
