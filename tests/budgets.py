"""Stage budgets of runs that no bot made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_soak.artifacts.budget_models import (
    CacheBudget,
    StageBudget,
    StageBudgets,
    TotalBudget,
)
from pytest_soak.artifacts.lock_models import LockDesign, LockedBudgets
from pytest_soak.release.lock import caches, stage_baseline
from pytest_soak.release.rules import lock_gates

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


SAME = [run()] * 5


def lock(runs: Sequence[StageBudgets]) -> LockedBudgets:
    """The lock of runs."""
    stages = {s: stage_baseline([one.stages[s].p95_ms for one in runs]) for s in runs[0].stages}
    return LockedBudgets(
        source="sim",
        meta={},
        number=1,
        replaces=None,
        candidate="c",
        locked="2024-01-01T00:00:00Z",
        baseline=stages,
        tick_total=stage_baseline([one.tick_total.p95_ms for one in runs]),
        md_cache=caches(runs),
        md_cache_hit_ratio=0.75,
        deadline_miss_ratio=0.001,
        gates=lock_gates(),
        design=LockDesign(seeds=[1], minutes=60.0, market="calm", deterministic=True),
        flags_hash="f",
        versions={},
        sources={},
    )
