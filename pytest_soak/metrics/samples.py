"""Series of a minute's step that a bot would leave: healthy, unhealthy or silent ones."""

from __future__ import annotations

import math
from typing import NamedTuple

from pytest_soak.config.durations import span_us
from pytest_soak.gates.criteria import Criterion
from pytest_soak.kpi.windows import WINDOW_METRICS
from pytest_soak.metrics import table
from pytest_soak.metrics.promql import SOURCES
from pytest_soak.metrics.table import Metric


class Series(NamedTuple):
    """A series that begins at `start` and grows by `step` a minute; `more` are further labels."""

    name: str
    start: float
    step: float
    more: str = ""


_EVENTS = 1000.0
"""Events a minute."""
_SHARES: dict[str, tuple[Metric, Metric, bool]] = {
    "deadline_miss_ratio": (table.MISSES, table.TICKS, False),
    "md_cache_hit_ratio": (table.HITS, table.TICKS, False),
    "taker_ratio": (table.TAKEN, table.VOLUME, False),
    "maker_taker_ratio": (table.TAKEN, table.VOLUME, True),
}
_HISTOGRAMS = {
    "tick_total_p95_ms": table.TICK_MS,
    "fetch_md_p95_ms": table.FETCH_MS,
    "p95_latency_ms": table.ACK_MS,
}


def unhealthy(criterion: Criterion) -> list[Series]:
    """Series of which the limit holds at each minute that has a value."""
    return _with(criterion, _value(criterion, holds=True))


def healthy(criterion: Criterion) -> list[Series]:
    """Series of which it never holds."""
    return _with(criterion, _value(criterion, holds=False))


def silent(criterion: Criterion) -> list[Series]:
    """Series that are there, of a bot that does nothing."""
    return [one._replace(step=0.0) for one in healthy(criterion)]


def _value(criterion: Criterion, *, holds: bool) -> float:
    """A value on one side of the limit, well beyond it where it can be, else at the very limit."""
    limit, metric = criterion.limit, WINDOW_METRICS[criterion.metric]
    low, high = limit.limit - 1.0 - abs(limit.limit), limit.limit + 1.0 + abs(limit.limit)
    if math.isfinite(metric.low):
        low = (metric.low + limit.limit) / 2
    if math.isfinite(metric.high):
        high = (metric.high + limit.limit) / 2
    points = (low, high, limit.limit, metric.low, metric.high)
    return next(point for point in points if math.isfinite(point) and limit.holds(point) is holds)


def _with(criterion: Criterion, value: float) -> list[Series]:
    metric = criterion.metric
    if metric in _SHARES:
        part, whole, turned = _SHARES[metric]
        share = 1.0 - value if turned else value
        return [Series(whole.name, 0, _EVENTS), Series(part.name, 0, _EVENTS * share)]
    if metric in _HISTOGRAMS:
        return _histogram(_HISTOGRAMS[metric].name, criterion.limit.limit, value)
    if metric == "errors_per_min":
        return [Series(table.ERRORS.name, 0, _at_once(criterion, value))]
    return [Series(SOURCES[metric].series, value, 0)]


def _at_once(criterion: Criterion, value: float) -> float:
    """So many a minute that a window of which one minute is over is beyond the limit already."""
    minutes = span_us(criterion.window or "1m") / 60e6
    return value * minutes if value > criterion.limit.limit else value


def _histogram(name: str, limit: float, value: float) -> list[Series]:
    """All events between the bounds next to a value, of which the limit is one."""
    bounds = sorted({*table.BUCKETS_MS, *table.SLOW_MS, limit, 2 * limit})
    counts = [Series(f"{name}_count", 0, _EVENTS)]
    for bound in (*bounds, math.inf):
        le = "+Inf" if bound == math.inf else f"{bound:g}"
        grown = _EVENTS if value <= bound else 0.0
        counts.append(Series(f"{name}_bucket", 0, grown, f', le="{le}"'))
    return counts
