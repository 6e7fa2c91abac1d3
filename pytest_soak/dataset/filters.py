"""The figures of `filters.yaml`: what a row and a dataset must have."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.documents import shipped, validate


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class IntervalFilter(_Figures):
    """What an interval is refused for."""

    most_tick_p95_ms: float
    least_hit_ratio: float
    least_ticks: int
    least_coverage: float
    most_seq_gap_share: float


class SpanFilter(_Figures):
    """What a dataset is refused for; between `least_hours` and `good_hours` it is a warning."""

    least_hours: float
    good_hours: float
    most_refused_share: float
    most_bad_line_share: float


class SampleFloor(_Figures):
    """How many values a quantile needs."""

    p50: int
    p95: int
    p99: int


class Filters(_Figures):
    """All of them."""

    interval: IntervalFilter
    span: SpanFilter
    samples: SampleFloor


@cache
def load_filters() -> Filters:
    """The filters of the package."""
    return validate(Filters, shipped("pytest_soak.dataset", "filters.yaml"))
