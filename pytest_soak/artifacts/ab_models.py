"""What is said of an A/B of two configurations."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.artifacts.artifact import Artifact, Number

Value = bool | float


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class AbArm(_Part):
    """A configuration."""

    name: str
    digest: str = Field(description="SHA-256 of its values.")
    overrides: dict[str, float]
    flags: dict[str, Value]


class AbChange(_Part):
    """A parameter or flag that A and B set differently."""

    a: Value
    b: Value


class AbMetric(_Part):
    """A KPI under A and under B, over equally many blocks."""

    metric: str
    a: float
    b: float
    delta: float = Field(description="B - A; of a quantile in percent.")
    unit: str = Field(description="Of delta, low and high.")
    low: float = Field(description="Bound of delta on one side, for every look.")
    high: float
    chance: float = Field(description="That a bound is ever wrong.")
    blocks: int = Field(description="Unpaired: groups of blocks.")
    missing: int = Field(description="Left out: no data.")
    joined: int = Field(description="Blocks in a row that make one value of the noise.")
    sd: float = Field(description="Of such values.")
    phi: float = Field(description="How alike neighbouring ones are, 0 to 0.9.")
    skewness: float
    correlation: Number = Field(description="Of A's and B's blocks; null of a constant.")
    limit: Number = Field(None, description="What delta is held against; null: nothing.")
    rule: str = Field(description="Empty: it is not judged.")
    verdict: str


class AbLane(_Part):
    """Lane T of a seed: which of its blocks were to be under B."""

    seed: int
    blocks: str = Field(description="A or B, in the order of time.")


class AbNeeds(_Part):
    """Hours of each lane until the difference asked for is found, by the noise of the pilot."""

    fixed: float = Field(description="By one look at the end.")
    planned: float = Field(description="By the planned looks: what --hours is held against.")
    sequence: float = Field(description="By the bound for every look.")
    floor: float = Field(description="What the fewest blocks under B take.")
    sd: float = Field(
        description="Of the pilot's blocks of net_bps (paired: of differences), inflated by phi."
    )


class AbPlan(Artifact):
    """What the stages of an A/B take, or the one for which too few hours were given."""

    schema_: Literal["pytest-soak/ab-plan/1"] = Field("pytest-soak/ab-plan/1", alias="schema")
    enough: bool = Field(description="The hours asked for, for every stage told of.")
    a: AbArm
    b: AbArm
    market: str
    paired: bool = Field(description="A lane that is all A runs beside each.")
    seeds: list[int]
    hours_asked: float
    net_bps: float = Field(description="The difference to be found.")
    power: float = Field(description="The chance with which it is.")
    stages: dict[str, AbNeeds]
    remedies: list[str] = Field(description="What to give instead; empty where that is enough.")


class AbReport(Artifact):
    """A stage of an A/B: what was compared, how, and what it came to."""

    schema_: Literal["pytest-soak/ab-report/1"] = Field("pytest-soak/ab-report/1", alias="schema")
    decision: Literal["PROMOTE", "HOLD", "ROLLBACK"]
    reasons: list[str]
    stage: int = Field(description="Blocks under B, of a hundred; unpaired, 100 leaves 10 to A.")
    paired: bool = Field(
        description="A lane that is all A runs beside each; else B is compared within groups."
    )
    low_power: bool = Field(description="Begun though its hours are too few by the pilot.")
    a: AbArm
    b: AbArm
    changes: dict[str, AbChange]
    market: str
    scenario_hash: str | None = Field(description="Of the market; null of a built-in one.")
    settings: dict[str, float] = Field(description="The market's knobs that were turned.")
    hours_asked: float = Field(description="Of each lane.")
    hours_used: float
    looks: list[float] = Field(description="Hours after which B may be promoted.")
    block_minutes: int
    skipped_minutes: int = Field(description="At each block's begin, not judged.")
    cold_blocks: int = Field(description="At each lane's begin, under A, not judged.")
    assignment: list[AbLane] = Field(description="By seed, drawn before the first block.")
    blocks_b: int = Field(description="Under B, of all seeds, that were run.")
    metrics: list[AbMetric]
    placebo: AbMetric | None = Field(
        description="Paired: net_bps over the blocks of lane T under A."
    )
    net_quote_a: Number = Field(description="Money under A, over as many blocks as compared.")
    net_quote_b: Number
    needs: AbNeeds
    could_see: Number = Field(
        None,
        description="The least true difference of net_bps that the hours asked for would have found"
        " with the chance `power`, by the pilot; null: not told.",
    )
    power: Number = Field(None, description="See could_see.")
    rails: list[str] = Field([], description="The absolute limits of B, in words.")
    passed: list[str] = Field([], description="Those that B passed.")
    versions: dict[str, str]
