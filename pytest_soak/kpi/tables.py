"""KPIs that follow from the rows of one table alone, be they of a window or of a part of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.void]


class TableKpi(NamedTuple):
    """Such a KPI: the table of an Observation, the columns it reads, and how it follows.

    `of` gives None for rows from which nothing follows.
    """

    table: str
    columns: tuple[str, ...]
    of: Callable[[Rows], float | None]


def mean(values: NDArray[Any], weights: NDArray[np.float64] | None = None) -> float | None:
    """Their mean; None of none."""
    return float(np.average(values, weights=weights)) if len(values) else None


def p95(values: NDArray[np.float64]) -> float | None:
    """Their 95th percentile; None of none."""
    return float(np.percentile(values, 95)) if len(values) else None


def largest(values: NDArray[np.float64]) -> float | None:
    """The largest of them; None of none."""
    return float(np.max(values)) if len(values) else None


def notional(fills: Rows) -> NDArray[np.float64]:
    """What each fill is worth, in quote currency."""
    return np.asarray(fills["price"] * fills["quantity"])


def maker_share(fills: Rows) -> float | None:
    """The makers' share of the volume; None without a volume."""
    traded = notional(fills)
    volume = float(np.sum(traded))
    return min(1.0, float(np.sum(traded[fills["maker"]])) / volume) if volume > 0 else None


def _column(table: str, column: str, of: Callable[[NDArray[Any]], float | None] = mean) -> TableKpi:
    return TableKpi(table, (column,), lambda rows: of(rows[column]))


TABLE_KPIS = {
    "maker_taker_ratio": TableKpi("fills", ("maker", "price", "quantity"), maker_share),
    "p95_latency_ms": _column("acks", "latency_ms", p95),
    "fetch_md_p95_ms": _column("ticks", "fetch_md_ms", p95),
    "tick_total_p95_ms": _column("ticks", "total_ms", p95),
    "md_cache_hit_ratio": _column("ticks", "cache_hit"),
    "deadline_miss_ratio": _column("ticks", "deadline_miss"),
    "rss_mb_max": _column("resources", "rss_mb", largest),
    "cpu_pct_p95": _column("resources", "cpu_pct", p95),
    "open_fds_max": _column("resources", "open_fds", largest),
    "threads_max": _column("resources", "threads", largest),
}

GROWTH_KPIS = {"rss_growth_mb_per_h": "rss_mb", "fds_growth_per_h": "open_fds"}
"""KPIs of how fast a column of `resources` grows over the lane so far."""
