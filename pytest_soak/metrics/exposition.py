"""A board of metrics as the client library of Prometheus wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from pytest_soak.engine.events import Spread
from pytest_soak.metrics.board import Series
from pytest_soak.metrics.table import BOUNDS_MS, labels_of

_BOUNDS = [*(str(float(bound)) for bound in BOUNDS_MS), "+Inf"]


class _Board(Collector):
    def __init__(self, series: Callable[[], Iterable[Series]]) -> None:
        self._series = series

    def collect(self) -> Iterator[Metric]:
        return map(_family, self._series())


def registry_of(series: Callable[[], Iterable[Series]]) -> CollectorRegistry:
    """A registry of its own, which asks for the series at each scrape."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Board(series))
    return registry


def _family(series: Series) -> Metric:
    name, kind, _, meaning, _ = metric = series.metric
    labels = labels_of(metric)
    if kind == "histogram":
        return _histogram(HistogramMetricFamily(name, meaning, labels=labels), series)
    make = CounterMetricFamily if kind == "counter" else GaugeMetricFamily
    family = make(name, meaning, labels=labels)
    for key, value in series.values.items():
        family.add_metric(key, value)
    return family


def _histogram(family: HistogramMetricFamily, series: Series) -> HistogramMetricFamily:
    for key, spread in series.spreads.items():
        family.add_metric(key, list(_buckets(spread)), spread.total)
    return family


def _buckets(spread: Spread) -> Iterator[tuple[str, float]]:
    yield from zip(_BOUNDS, map(float, accumulate(spread.counts)), strict=True)
