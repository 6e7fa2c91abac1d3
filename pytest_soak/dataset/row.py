"""A row of a dataset: an interval of a bot's time."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

Number = float | None
STAGES = ("fetch_md", "compute", "wait", "send", "total")
"""Of the pipeline; the last one is all of it."""


class StageQuantiles(BaseModel):
    """How long a stage of the pipeline took; null of too few ticks."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    p50_ms: Number
    p95_ms: Number
    p99_ms: Number


class Row(BaseModel):
    """An interval [interval_start, interval_end) of UTC.

    Amounts are in quote currency, earned above 0, their sum is `net_quote`; it is marked at the
    mids of both ends. `unknown` says why a value is null, `reasons` why the row is refused.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    lane: str = Field(description="That of INDEX.json; empty without one.")
    symbol: str | None = Field(description="As --symbol says.")
    interval_start: str
    interval_end: str
    ticks: int
    fills: int
    coverage: float = Field(description="Share of its seconds in which there is a tick or mark.")
    seq_gaps: int = Field(description="Lines that are missing by their numbers.")
    volume_quote: float
    net_quote: Number
    gross_quote: Number
    fees_quote: Number
    slippage_quote: Number
    inventory_quote: Number
    net_bps: Number
    gross_bps: Number
    fees_eff_bps: Number
    slippage_bps: Number
    inventory_bps: Number
    adverse_bps: Number
    taker_share_pct: Number
    stages: dict[str, StageQuantiles]
    tick_total_p95_ms: Number
    md_cache_hit_ratio: Number
    deadline_miss_ratio: Number
    mid_open: Number
    mid_close: Number
    sigma_bps: Number = Field(description="Of the mid, a square root of a second.")
    inventory_open: Number
    inventory_close: Number
    overrides_hash: str | None = Field(description="state_hash of the iteration's ITER_SUMMARY.")
    flags_hash: str | None
    phase: str | None
    unknown: dict[str, str]
    accepted: bool
    reasons: list[str]
