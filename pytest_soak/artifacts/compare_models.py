"""The document of what `pytest-soak compare` found."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.artifacts.artifact import Artifact, Number
from pytest_soak.gates.engine import Verdict


class Way(StrEnum):
    """What the unit of a comparison is."""

    SEEDS = "paired by seed"
    LANES = "unpaired lanes"
    WINDOWS = "one lane each, paired by iteration"
    SERIES = "one lane each, unpaired"
    NONE = "not enough"


class Measure(StrEnum):
    """What a lane's value of a KPI is."""

    SUMS = "ratio of sums"
    MEAN = "mean of iterations"
    LAST = "last iteration"


class Found(StrEnum):
    """What can be said of a KPI; `CHANGED` of one of which no direction is wished."""

    WORSE = "worse"
    BETTER = "better"
    CHANGED = "changed"
    NONE = "none seen"
    IDENTICAL = "identical"
    CONSTANT = "no noise"


class ComparedKpi(BaseModel):
    """How a KPI differs from the reference."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    kpi: str
    gated: bool = Field(description="Whether a gate of either run judges it.")
    measure: Measure
    count: int = Field(description="Pairs, lanes (of the run with fewer), or iterations.")
    before: float
    after: float
    difference: float = Field(description="after - before.")
    correlation: Number = Field(description="Of pairs; null: unpaired, or nothing varies.")
    half_width: Number = Field(description="Of its 95 % interval; null: no noise.")
    chance: Number = Field(
        description="Of so large a difference by chance, adjusted for all KPIs; null: no noise."
    )
    detectable: Number = Field(
        description="The least difference found in 80 of 100 cases; null: no noise."
    )
    found: Found


class ComparedLanes(BaseModel):
    """Lanes of a profile on a market beside those of the reference."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    run: str
    market: str
    before: str = Field(description="The profile in the reference, and its variant.")
    after: str = Field(description="The profile in the run, and its variant.")
    way: Way
    seeds: list[int] = Field(description="Those that are paired.")
    unpaired: str = Field(description="Why lanes are not paired; empty where they are.")
    verdict: Verdict
    lacking: str = Field(description="What it takes, where too little is known.")
    kpis: list[ComparedKpi]
    left_out: dict[str, str] = Field(description="Why there is nothing of a KPI.")
    notes: list[str]


class ComparedRuns(Artifact):
    """What `pytest-soak compare --json` prints: runs beside a reference."""

    schema_: Literal["pytest-soak/compared-runs/1"] = Field(
        "pytest-soak/compared-runs/1", alias="schema"
    )
    reference: str
    runs: list[str]
    verdict: Verdict
    text: str = Field(description="The verdict as a sentence.")
    comparisons: list[ComparedLanes]
    notes: list[str]
