"""Metrics of the events of a span of time: what sustained criteria look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pytest_soak.kpi.definitions import KNOWN, RESOURCE_KPIS
from pytest_soak.kpi.tables import GROWTH_KPIS, TABLE_KPIS, Rows, maker_share


class WindowMetric(NamedTuple):
    """Such a metric: the table and columns it is of, and its lowest and highest value.

    `of` takes the rows of a window in the order of time and its length in minutes, and gives None
    where nothing follows from them. Of a metric that is of no window but of the lane so far,
    `windowed` is false, and `of` takes its last row.
    """

    table: str
    columns: tuple[str, ...]
    low: float
    high: float
    of: Callable[[Rows, float], float | None]
    windowed: bool = True


def taker_share(fills: Rows) -> float | None:
    """The takers' share of the volume; None without a volume."""
    makers = maker_share(fills)
    return None if makers is None else 1.0 - makers


def _of_kpi(name: str) -> WindowMetric:
    kpi, definition = TABLE_KPIS[name], KNOWN[name]
    return WindowMetric(
        kpi.table, kpi.columns, definition.low, definition.high, lambda rows, _: kpi.of(rows)
    )


def _growth(name: str) -> WindowMetric:
    kpi, columns = RESOURCE_KPIS[name], (*GROWTH_KPIS.values(), "started_us")
    return WindowMetric("resources", columns, kpi.low, kpi.high, lambda *_: None, windowed=False)


WINDOW_METRICS: dict[str, WindowMetric] = {
    **{name: _of_kpi(name) for name in TABLE_KPIS},
    "taker_ratio": WindowMetric(
        "fills", ("maker", "price", "quantity"), 0.0, 1.0, lambda rows, _: taker_share(rows)
    ),
    "errors_per_min": WindowMetric(
        "errors", (), 0.0, float("inf"), lambda rows, minutes: len(rows) / minutes
    ),
    "breaker_open": WindowMetric(
        "breaker", ("open",), 0.0, 1.0, lambda rows, _: float(rows["open"][-1]), windowed=False
    ),
    **{name: _growth(name) for name in GROWTH_KPIS},
}
