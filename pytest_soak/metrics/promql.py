"""The metric of a sustained criterion as an expression of PromQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pytest_soak.kpi.tables import GROWTH_KPIS
from pytest_soak.metrics import table
from pytest_soak.metrics.table import LABELS, Metric, kpi_gauge

_BY = ", ".join(LABELS)


class Source(NamedTuple):
    """How a criterion's metric follows: `promql` of the window asked for, a span like `5m`.

    `series` says whether there is anything to judge: by growing where it `counts` events that
    there always are, else by being there.
    """

    promql: Callable[[str], str]
    series: str
    counts: bool = True

    def without_data(self, window: str) -> str:
        """What holds while there is nothing to judge: no series, or one that does not grow."""
        gone = f"absent({self.series})"
        return f"{_increase(self.series, window)} == 0 or {gone}" if self.counts else gone


def _rate(series: str, window: str) -> str:
    return f"sum by ({_BY}) (rate({series}[{window}]))"


def _increase(series: str, window: str) -> str:
    return f"sum by ({_BY}) (increase({series}[{window}]))"


def _share(part: Metric, whole: Metric, less: str = "") -> Source:
    def promql(window: str) -> str:
        return f"{less}{_rate(part.name, window)} / {_rate(whole.name, window)}"

    return Source(promql, whole.name)


def _p95(metric: Metric) -> Source:
    def promql(window: str) -> str:
        rates = f"sum by (le, {_BY}) (rate({metric.name}_bucket[{window}]))"
        return f"histogram_quantile(0.95, {rates})"

    return Source(promql, f"{metric.name}_count")


def _over_time(function: str, metric: Metric) -> Source:
    def promql(window: str) -> str:
        return function.format(f"{metric.name}[{window}]")

    return Source(promql, metric.name, counts=False)


def _now(gauge: str) -> Source:
    return Source(lambda window: gauge, gauge, counts=False)


def _per_minute(metric: Metric) -> Source:
    promql = f"60 * {_rate(metric.name, '{}')}"
    return Source(promql.format, metric.name, counts=False)


SOURCES = {
    "maker_taker_ratio": _share(table.TAKEN, table.VOLUME, less="1 - "),
    "taker_ratio": _share(table.TAKEN, table.VOLUME),
    "deadline_miss_ratio": _share(table.MISSES, table.TICKS),
    "md_cache_hit_ratio": _share(table.HITS, table.TICKS),
    "tick_total_p95_ms": _p95(table.TICK_MS),
    "fetch_md_p95_ms": _p95(table.FETCH_MS),
    "p95_latency_ms": _p95(table.ACK_MS),
    "errors_per_min": _per_minute(table.ERRORS),
    "breaker_open": _now(table.BREAKER.name),
    "rss_mb_max": _over_time("max_over_time({})", table.RSS),
    "open_fds_max": _over_time("max_over_time({})", table.FDS),
    "threads_max": _over_time("max_over_time({})", table.THREADS),
    "cpu_pct_p95": _over_time("quantile_over_time(0.95, {})", table.CPU),
    **{kpi: _now(kpi_gauge(kpi)) for kpi in GROWTH_KPIS},
}
"""By the metric of a criterion, all of `kpi.windows.WINDOW_METRICS`."""
