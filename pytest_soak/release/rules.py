"""What a run is held to beside a locked baseline: `judge.yaml`, and the gate `ci_baseline`."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict

from pytest_soak.artifacts.lock_models import LockGates
from pytest_soak.config.documents import shipped, validate
from pytest_soak.gates.expressions import Expression
from pytest_soak.gates.model import Gate

CI_BASELINE = "ci_baseline"
"""The gate with the limits that no run may miss, however it was before."""
HIT_RATIO, MISS_RATIO = "md_cache_hit_ratio", "deadline_miss_ratio"


class _Percents(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    stage_p95_pct: float
    tick_total_p95_pct: float


@cache
def lock_gates() -> LockGates:
    """The limits of the package."""
    percents = validate(_Percents, shipped("pytest_soak.release", "judge.yaml"))
    gate = validate(Gate, shipped("pytest_soak.gates", f"builtin/{CI_BASELINE}.yaml"))
    limits = {one.metric: one.limits[0] for one in gate.thresholds}
    hits, misses = limits[HIT_RATIO], limits[MISS_RATIO]
    assert hits is not None
    assert misses is not None
    return LockGates(
        **percents.model_dump(), hit_ratio_min=hits.limit, deadline_miss_max=misses.limit
    )


def absolute_limits(gates: LockGates) -> dict[str, Expression]:
    """What must hold of a run by itself, by KPI."""
    least, most = gates.hit_ratio_min, gates.deadline_miss_max
    return {
        HIT_RATIO: Expression(f">= {least:g}", ">=", least),
        MISS_RATIO: Expression(f"<= {most:g}", "<=", most),
    }
