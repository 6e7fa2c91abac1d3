"""What a release says of a day of its soak."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pytest_soak.artifacts.artifact import Artifact, as_text
from pytest_soak.artifacts.lock_models import LockCheck
from pytest_soak.gates.engine import Verdict

_Verdict = Annotated[Verdict, as_text(Verdict)]


def _readable(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.8g}")


Figure = Annotated[float | None, AfterValidator(_readable)]
"""A figure with eight digits that count, so that a text made of it can be read."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class DailyFigure(_Data):
    """A figure of a day beside those of the days before it."""

    value: Figure
    day_before: Figure = Field(description="Null where there are no feeds of it.")
    median: Figure = Field(description="Of the days of a week before it that have the figure.")
    days: int = Field(description="How many those are.")


class DailyStage(_Data):
    """How long a stage took, in milliseconds, beside its locked p95."""

    ticks: int
    p50_ms: DailyFigure
    p95_ms: DailyFigure
    p99_ms: DailyFigure
    locked_p95_ms: Figure = Field(description="Null: no lock has it.")
    change_pct: Figure = Field(description="Of the p95, against the lock.")


class DailyCriterion(_Data):
    """How a stop criterion stood in a lane over the day."""

    lane: str
    name: str
    metric: str
    limit: str
    lasting: str = Field(description="For how long the limit must hold until it acts.")
    action: str
    verdict: _Verdict | None = Field(description="Null: there was nothing to judge it by.")
    state: str
    minutes: int = Field(description="At which it was evaluated.")
    pending_minutes: int = Field(description="At which its limit held, and it had not acted yet.")
    longest_minutes: Figure = Field(description="The longest time for which it did so in a row.")
    no_data_minutes: int
    told: list[str] = Field(description="What it did.")


class DailyGap(_Data):
    """A time of a lane that is not covered: fewer of its seconds have a tick or mark than must."""

    lane: str
    begin: str
    end: str
    coverage: Figure


class DailyLane(_Data):
    """What a lane earned in quote currency, with a 95 % interval; null where none can be told."""

    lane: str
    fills: int
    net_quote: Figure
    low: Figure
    high: Figure
    reason: str = Field(description="Why there is no interval.")


class DailyReport(Artifact):
    """daily/YYYY-MM-DD.json: a UTC day on the target's clock."""

    schema_: Literal["pytest-soak/daily/1"] = Field("pytest-soak/daily/1", alias="schema")
    plan: str
    date: str
    verdict: _Verdict
    health: _Verdict | None = Field(description="Of the worst criterion; null: none was judged.")
    reasons: list[str]
    complete: bool
    coverage: Figure = Field(description="Share of the day's seconds with a tick or mark.")
    figures: dict[str, DailyFigure]
    stages: dict[str, DailyStage]
    lock: str | None = Field(description="The file of the lock; null: no lock.")
    limits: list[LockCheck] = Field(description="What the lock allows no build.")
    blocks: dict[str, DailyFigure] | None = Field(description="By reason; null: not reported.")
    errors: dict[str, DailyFigure] | None = Field(description="By code; null: not reported.")
    criteria: list[DailyCriterion]
    gaps: list[DailyGap]
    least_fills: int = Field(description="Of a lane that is ranked.")
    best: list[DailyLane]
    worst: list[DailyLane]
    unranked: list[DailyLane]
    run: str = Field(description="The folder of the run, below that of the release.")
