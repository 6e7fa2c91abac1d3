"""What a release locks of how long its stages take, and what a build comes to beside that."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.artifacts.artifact import Artifact, Number, as_text
from pytest_soak.artifacts.budget_models import CacheBudget
from pytest_soak.gates.engine import Verdict

_Verdict = Annotated[Verdict, as_text(Verdict)]
_NotNegative = Annotated[float, Field(ge=0)]
_Share = Annotated[float, Field(ge=0, le=1)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class StageBaseline(_Data):
    """A stage's p95 over the runs of a lock: their geometric mean, and how far they lie apart."""

    p95_ms: _NotNegative
    runs: Annotated[list[_NotNegative], Field(min_length=1)]
    rel_sd: _NotNegative


class LockGates(_Data):
    """By how much a build may be worse than the lock, in per cent, and what it may never be."""

    stage_p95_pct: Annotated[float, Field(gt=0)]
    tick_total_p95_pct: Annotated[float, Field(gt=0)]
    hit_ratio_min: _Share
    deadline_miss_max: _Share


class LockDesign(_Data):
    """What a lock was made of."""

    seeds: Annotated[list[int], Field(min_length=1)]
    minutes: Annotated[float, Field(gt=0)]
    market: str
    deterministic: bool


class FormerLock(_Data):
    """The lock before, and why it was replaced."""

    number: Annotated[int, Field(ge=1)]
    sha256: str
    reason: str


class LockedBudgets(Artifact):
    """stage_budgets.locked.json: what later builds are held against."""

    schema_: Literal["pytest-soak/locked-budgets/1"] = Field(
        "pytest-soak/locked-budgets/1", alias="schema"
    )
    number: Annotated[int, Field(ge=1)] = Field(description="Of successive locks, from 1 on.")
    replaces: FormerLock | None
    locked: str = Field(description="When, RFC 3339.")
    candidate: str = Field(description="SHA-256 of its parameters and flags.")
    baseline: dict[str, StageBaseline]
    tick_total: StageBaseline
    md_cache: CacheBudget = Field(description="Over all runs.")
    md_cache_hit_ratio: float = Field(description="Of the worst run.")
    deadline_miss_ratio: float = Field(description="Of the worst run.")
    gates: LockGates
    design: LockDesign
    flags_hash: str
    versions: dict[str, str]
    sources: dict[str, str] = Field(description="SHA-256 of each run's budgets, by run.")


class LockDrift(_Data):
    """How far a stage's p95 moved over successive locks."""

    name: str
    first_ms: float
    now_ms: float
    change_pct: Number = Field(description="From the first to this one; null: it took no time.")


class LockReport(Artifact):
    """BASELINE_LOCK_REPORT.json: what was locked, and how far it is from the locks before."""

    schema_: Literal["pytest-soak/baseline-lock/1"] = Field(
        "pytest-soak/baseline-lock/1", alias="schema"
    )
    plan: str
    path: str = Field(description="Of the lock, below the folder of the release.")
    sha256: str
    lock: LockedBudgets
    first: int = Field(description="The number of the lock that the drift is counted from.")
    drift: list[LockDrift] = Field(description="Empty of a first lock.")
    notes: list[str]


class LockCheck(_Data):
    """A limit of a lock, and what a build did: milliseconds, or a ratio."""

    name: str
    locked: Number
    current: Number
    change_pct: Number = None
    half_width_pct: Number = Field(None, description="Of its 95 % interval; null: exact.")
    limit: str
    verdict: _Verdict
    reason: str = ""


class GatesStatus(Artifact):
    """CI_GATES_STATUS.json: what the last build came to that was held against the lock."""

    schema_: Literal["pytest-soak/ci-gates-status/1"] = Field(
        "pytest-soak/ci-gates-status/1", alias="schema"
    )
    plan: str
    verdict: _Verdict
    reasons: list[str]
    candidate: str = Field(description="SHA-256 of its parameters and flags.")
    lock: int = Field(description="The number of the lock.")
    lock_sha256: str
    exact: bool = Field(description="The runs were to be the same again: any change is one.")
    same: int | None = Field(description="Runs that were the same; null where none had to be.")
    seeds: list[int]
    minutes: float
    market: str
    checks: list[LockCheck] = Field(description="Empty where nothing was run.")
    notes: list[str]
    run: str | None = Field(description="The folder of the run, below that of the release.")
