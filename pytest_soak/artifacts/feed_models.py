"""What is said of feeds, of a market and of a bot."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.artifacts.artifact import Artifact, Number


class FactEstimate(BaseModel):
    """A mean over lanes, with the half width of its 95 % interval."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    mean: Number = Field(description="Over the lanes that have one; null: none has.")
    half_width: Number = Field(description="null: fewer than two lanes have one.")
    lanes: int


class ReasonedEstimate(FactEstimate):
    """A fact; where lanes are left out, what they lack."""

    reason: str | None = Field(description="What a lane that is left out lacks.")


class FactCurve(BaseModel):
    """A fact over lags, horizons or sizes: an estimate at each `x`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    unit: str = Field(description="Of x.")
    x: list[float]
    y: list[FactEstimate]


class FeedFacts(Artifact):
    """What `pytest-soak feed facts` found: facts of a market's feed over independent lanes."""

    schema_: Literal["pytest-soak/feed-facts/1"] = Field("pytest-soak/feed-facts/1", alias="schema")
    source: str = Field(description="sim, the built-in market, or feed, recordings.")
    market: str
    scenario_hash: str | None = Field(description="Of the market; null of a built-in one.")
    settings: dict[str, float] = Field(description="The market's knobs that were turned.")
    seeds: list[int] = Field(description="None of recordings.")
    hours: float = Field(description="The length of each lane; of recordings on average.")
    tick: float = Field(description="In quote currency.")
    facts: dict[str, ReasonedEstimate]
    curves: dict[str, FactCurve]


class IndexedFeed(BaseModel):
    """A file of a feed; `file` and `bytes` are those of the packed file where it is packed."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    file: str
    lane: str
    bytes: int
    sha256: str
    lines: int = Field(description="Good ones.")
    first_time_us: int | None = Field(description="null without a good line.")
    last_time_us: int | None
    first_seq: int | None = Field(description="null where the lines are not numbered.")
    last_seq: int | None


class FeedIndex(Artifact):
    """INDEX.json: the files in a lane's `feeds`."""

    schema_: Literal["pytest-soak/feed-index/1"] = Field("pytest-soak/feed-index/1", alias="schema")
    lane: str
    files: list[IndexedFeed]


class SpanKpis(Artifact):
    """What `pytest-soak kpis` found: the KPIs of a span of time, from feeds alone."""

    schema_: Literal["pytest-soak/span-kpis/1"] = Field("pytest-soak/span-kpis/1", alias="schema")
    source: str = Field(description="The folder of the feeds.")
    begin: str = Field(description="RFC 3339, UTC; the span begins with it.")
    end: str = Field(description="RFC 3339, UTC; the span ends before it.")
    lines: int = Field(description="Good ones, in all files.")
    bad_lines: int
    unended_lines: int = Field(description="That were cut, at the ends of the newest files.")
    faults: list[str] = Field(description="What cannot be true; there are no KPIs then.")
    notes: list[str]
    kpis: dict[str, Number]
    reasons: dict[str, str] = Field(description="Why a KPI is null.")
    samples: dict[str, int]
    block_counts: dict[str, int]
