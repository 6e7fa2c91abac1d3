"""What a release keeps of how long its stages took."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.artifacts.artifact import Artifact, Number, as_text
from pytest_soak.gates.engine import Verdict

_Verdict = Annotated[Verdict, as_text(Verdict)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class StageBudget(_Data):
    """How long a stage of the pipeline took, in milliseconds, over `n` ticks."""

    n: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    mean_ms: float
    max_ms: float


class TotalBudget(StageBudget):
    """All of a tick, and the share of the ticks that missed their deadline."""

    deadline_miss_ratio: float


class CacheBudget(_Data):
    """How often market data were in the cache."""

    hit_ratio: float
    fetches: int


class StageBudgets(Artifact):
    """stage_budgets.json: what a candidate took of its time in one run."""

    schema_: Literal["pytest-soak/stage-budgets/1"] = Field(
        "pytest-soak/stage-budgets/1", alias="schema"
    )
    lane: str
    seed: int
    flags_hash: str
    duration_min: float = Field(description="From the first tick to the last.")
    minutes_covered: float = Field(description="Share of those asked for that have a tick.")
    tick_count: int
    quantiles: str = Field(description="How quantiles are defined.")
    stages: dict[str, StageBudget]
    tick_total: TotalBudget
    md_cache: CacheBudget
    noise: dict[str, Number] = Field(
        description="Relative standard deviation of the p95 of 12 parts of the run, by stage; null "
        "where there are too few ticks. Runs differ by more than parts of one do."
    )


class ShadowCheck(_Data):
    """What an hour of a candidate is held to, and what it was."""

    metric: str
    value: Number
    limit: str
    verdict: _Verdict
    reason: str = ""


class ShadowReport(Artifact):
    """shadow_report.json: whether a candidate is as fast as it must be."""

    schema_: Literal["pytest-soak/shadow-report/1"] = Field(
        "pytest-soak/shadow-report/1", alias="schema"
    )
    plan: str
    verdict: _Verdict
    reasons: list[str]
    candidate: str = Field(description="SHA-256 of its parameters and flags.")
    minutes: float = Field(description="Asked for.")
    short: bool = Field(description="Less than an hour was asked for: no baseline is made of it.")
    checks: list[ShadowCheck]
    duration_min: float = Field(description="From the first tick to the last.")
    tick_count: int
    run: str = Field(description="The folder of the run, below that of the release.")
    notes: list[str]
