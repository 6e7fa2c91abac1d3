"""The newest value of every series of a run: what a scrape reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pytest_soak.engine.events import Metered, Spread
from pytest_soak.metrics.table import ALL, BOUNDS_MS, Metric
from pytest_soak.targets.base import LaneInfo

MOST_LANES = 100
"""Lanes that have series of their own: a Prometheus server pays for each series for weeks."""
OTHER = ("other", "other", "other")
"""What all further lanes are called together, of which only counts are added up."""

Key = tuple[str, ...]
_BY_NAME = {metric.name: metric for metric in ALL}


class Series(NamedTuple):
    """A metric with its values by the values of all its labels."""

    metric: Metric
    values: Mapping[Key, float]
    spreads: Mapping[Key, Spread]


class Board:
    """Values by metric, lane and the metric's own labels.

    Of the first MOST_LANES lanes all is kept; of the others counters and histograms, added up.
    """

    def __init__(self, lanes: Sequence[LaneInfo]) -> None:
        self.lanes = len(lanes)
        shown = lanes[:MOST_LANES]
        self._labels = {lane.id: (lane.id, lane.profile, lane.market) for lane in shown}
        self._values: dict[Metric, dict[Key, dict[Key, float]]] = {}
        self._spreads: dict[Metric, dict[Key, Spread]] = {}

    @property
    def aside(self) -> int:
        """How many lanes have no series of their own."""
        return self.lanes - len(self._labels)

    def put(self, metric: Metric, lane: str, values: Mapping[Key, float]) -> None:
        """These are now all values of a gauge of `lane`, which is empty for one of the run."""
        labels = self._labels.get(lane) if lane else ()
        if labels is not None:
            self._values.setdefault(metric, {})[labels] = dict(values)

    def add(self, metric: Metric, lane: str, grown: Mapping[Key, float]) -> None:
        """A counter has grown."""
        of_lane = self._values.setdefault(metric, {}).setdefault(self._labels.get(lane, OTHER), {})
        for key, value in grown.items():
            of_lane[key] = of_lane.get(key, 0.0) + value

    def spread(self, metric: Metric, lane: str, grown: Spread) -> None:
        """A histogram has grown."""
        labels = self._labels.get(lane, OTHER)
        of_metric = self._spreads.setdefault(metric, {})
        before = of_metric.get(labels, Spread(counts=(0,) * (len(BOUNDS_MS) + 1), total=0.0))
        counts = tuple(a + b for a, b in zip(before.counts, grown.counts, strict=True))
        of_metric[labels] = Spread(counts=counts, total=before.total + grown.total)

    def take(self, metered: Metered) -> None:
        """What a bot did."""
        for name, grown in metered.counters.items():
            self.add(_BY_NAME[name], metered.lane, keyed(grown))
        for name, spread in metered.histograms.items():
            self.spread(_BY_NAME[name], metered.lane, spread)
        for name, values in metered.gauges.items():
            self.put(_BY_NAME[name], metered.lane, keyed(values))

    def series(self) -> Iterator[Series]:
        """All series that have a value, metric by metric in the order of the table."""
        for metric in ALL:
            values = dict(_flat(self._values.get(metric, {}).items()))
            spreads = self._spreads.get(metric, {})
            if values or spreads:
                yield Series(metric, values, dict(spreads))


def keyed(values: Mapping[str, float]) -> dict[Key, float]:
    """Values by the value of a metric's own label, empty where it has none."""
    return {(own,) if own else (): value for own, value in values.items()}


def _flat(
    values: Iterable[tuple[Key, Mapping[Key, float]]],
) -> Iterator[tuple[Key, float]]:
    for lane, of_lane in values:
        for own, value in of_lane.items():
            yield (*lane, *own), value
