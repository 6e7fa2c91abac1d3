"""What a release makes of the feeds of its soak."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.artifacts.artifact import Artifact, Number, as_text
from pytest_soak.dataset.row import Row
from pytest_soak.gates.engine import Verdict


class CalibDataset(Artifact):
    """calib_*.json: a soak as rows of equal intervals, and whether they can be used."""

    schema_: Literal["pytest-soak/calib/1"] = Field("pytest-soak/calib/1", alias="schema")
    plan: str
    verdict: Annotated[Verdict, as_text(Verdict)]
    reasons: list[str]
    interval_min: int
    intervals: int
    accepted: int
    covered_hours: float
    kpis: dict[str, Number] = Field(description="Of all rows together.")
    accepted_kpis: dict[str, Number] = Field(description="Of those that are accepted.")
    net_quote: Number = Field(description="Of all rows; null where one of them has none.")
    recorded_net_quote: Number = Field(description="Of all iterations of the soak.")
    run: str = Field(description="The folder of the run, below that of the release.")
    rows: list[Row]


class FittedWeight(BaseModel):
    """By which share the spread widens where a condition is twice what it was the hour before."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    weight: float = Field(description="To be used; 0 where the interval has 0 in it.")
    estimate: Number = Field(description="Null: the condition never varied.")
    half_width: Number = Field(description="Of its interval; all of them hold in 95 % of cases.")


class SpreadFit(Artifact):
    """spread_fit_*.json: the weights of a spread that follows conditions, from rows of a soak."""

    schema_: Literal["pytest-soak/spread-fit/1"] = Field("pytest-soak/spread-fit/1", alias="schema")
    plan: str
    interval_min: int
    rows: int = Field(description="That follow an hour of others, and have a net.")
    gross_bps: Number = Field(description="Of all rows: what a weight is a share of.")
    weights: dict[str, FittedWeight]
    reason: str = Field(description="Why there are no weights; empty where there are.")
