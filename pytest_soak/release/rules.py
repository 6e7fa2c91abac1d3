"""The figures of `judge.yaml`."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.documents import shipped, validate


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ShadowRule(_Data):
    """Of a shadow, beside its gate."""

    minutes: float


class BaselineRule(_Data):
    """By how much a run may be worse than a locked baseline."""

    stage_p95_pct: float
    tick_total_p95_pct: float
    hit_ratio_min: float
    deadline_miss_max: float


class Rules(_Data):
    """The figures of `judge.yaml`, which says what each is."""

    shadow: ShadowRule
    baseline: BaselineRule


@cache
def load_rules() -> Rules:
    """The rules of the package."""
    return validate(Rules, shipped("pytest_soak.release", "judge.yaml"))
