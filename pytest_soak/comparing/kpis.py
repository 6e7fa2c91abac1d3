"""How a KPI differs between two groups of lanes, by the design of their comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from pytest_soak.artifacts.compare_models import Measure, Way
from pytest_soak.comparing.design import Design
from pytest_soak.comparing.groups import Group, Hours
from pytest_soak.comparing.series import measure_of, numbers_with, series
from pytest_soak.stats.batches import LEAST_BATCHES, lacking, mean_along
from pytest_soak.stats.estimate import ROUNDING, Floats, MeanEstimate, between, mean_of
from pytest_soak.stats.paired import ENOUGH_PAIRS
from pytest_soak.text import plural


class KpiChange(NamedTuple):
    """Means over `units`: pairs, lanes (the fewer of both) or iterations, and their difference.

    `correlation` is that of pairs, None where one side of them varies nowhere.
    """

    kpi: str
    measure: Measure
    units: int
    before: float
    after: float
    difference: MeanEstimate
    correlation: float | None = None

    @property
    def scale(self) -> float:
        """What is less than this is rounding."""
        return ROUNDING * max(abs(self.before), abs(self.after))

    @property
    def constant(self) -> bool:
        """Whether nothing varies, so that it cannot be told what chance does."""
        return self.difference.error <= self.scale

    @property
    def identical(self) -> bool:
        """Whether nothing differs anywhere."""
        return self.constant and abs(self.difference.mean) <= self.scale


class TooLittleError(Exception):
    """What more a KPI would take to be compared."""


def kpi_change(kpi: str, made: Design, before: Group, after: Group) -> KpiChange:
    """The difference `after` - `before` of a KPI that both have; TooLittleError without enough.

    None at all, however few the iterations, where each of every lane has its equal twin.
    """
    measure = measure_of(kpi, [*before.lanes.values(), *after.lanes.values()])
    if _equal(kpi, before, after):
        values = lane_values(kpi, measure, after.lanes)
        return _change(kpi, measure, (values, values), MeanEstimate(0.0, 0.0, 1))
    if made.way is Way.NONE:
        raise TooLittleError(made.lacking)
    return _WAYS[made.way](kpi, measure, made, before, after)


def _equal(kpi: str, before: Group, after: Group) -> bool:
    old, new = (
        {(seed, n): kpis[kpi] for seed, hours in group.lanes.items() for n, kpis in hours.items()}
        for group in (before, after)
    )
    return old == new


def _by_seed(kpi: str, measure: Measure, made: Design, before: Group, after: Group) -> KpiChange:
    pairs = []
    for seed in made.seeds:
        lanes = before.lanes[seed], after.lanes[seed]
        if numbers := numbers_with(kpi, *lanes):
            pairs.append([series(kpi, measure, lane, numbers).mean() for lane in lanes])
    _enough(len(pairs), ENOUGH_PAIRS, "pair")
    old, new = np.array(pairs).T
    change = _change(kpi, measure, (old, new), mean_of(new - old))
    return change._replace(correlation=_correlation(old, new))


def _by_lane(kpi: str, measure: Measure, made: Design, before: Group, after: Group) -> KpiChange:
    old, new = (lane_values(kpi, measure, group.lanes) for group in (before, after))
    _enough(min(len(old), len(new)), ENOUGH_PAIRS, "lane")
    return _change(kpi, measure, (old, new), between(mean_of(old), mean_of(new)))


def _by_window(kpi: str, measure: Measure, made: Design, before: Group, after: Group) -> KpiChange:
    (seed,) = made.seeds
    lanes = before.lanes[seed], after.lanes[seed]
    numbers = numbers_with(kpi, *lanes)
    old, new = (_long(kpi, measure, lane, numbers) for lane in lanes)
    change = _change(kpi, measure, (old, new), mean_along(_told(new - old)))
    return change._replace(correlation=_correlation(old, new))


def _by_series(kpi: str, measure: Measure, made: Design, before: Group, after: Group) -> KpiChange:
    ((old,), (new,)) = (
        [_told(_long(kpi, measure, lane, numbers_with(kpi, lane))) for lane in group.lanes.values()]
        for group in (before, after)
    )
    return _change(kpi, measure, (old, new), between(mean_along(old), mean_along(new)))


_Compared = Callable[[str, Measure, Design, Group, Group], KpiChange]
_WAYS: Mapping[Way, _Compared] = {
    Way.SEEDS: _by_seed,
    Way.LANES: _by_lane,
    Way.WINDOWS: _by_window,
    Way.SERIES: _by_series,
}


def lane_values(kpi: str, measure: Measure, lanes: Mapping[int, Hours]) -> Floats:
    """What a KPI comes to in each lane that has it."""
    found = ((lane, numbers_with(kpi, lane)) for lane in lanes.values())
    return np.array([series(kpi, measure, lane, n).mean() for lane, n in found if n])


def _long(kpi: str, measure: Measure, lane: Hours, numbers: list[int]) -> Floats:
    if measure is Measure.LAST:
        raise TooLittleError(f"needs {ENOUGH_PAIRS} lanes each, since it is of all of a lane")
    _enough(len(numbers), LEAST_BATCHES, "iteration")
    return series(kpi, measure, lane, numbers)


def _told(values: Floats) -> Floats:
    _enough(len(values), len(values) + lacking(values), "iteration")
    return values


def _enough(count: int, least: int, unit: str) -> None:
    if count < least:
        raise TooLittleError(f"needs {plural(least - count, f'more {unit}')}")


def _correlation(old: Floats, new: Floats) -> float | None:
    varies = all(np.ptp(one) > ROUNDING * np.abs(one).max() for one in (old, new))
    return float(np.corrcoef(old, new)[0, 1]) if varies else None


def _change(
    kpi: str, measure: Measure, values: tuple[Floats, Floats], difference: MeanEstimate
) -> KpiChange:
    old, new = values
    means = float(old.mean()), float(new.mean())
    return KpiChange(kpi, measure, min(len(old), len(new)), *means, difference)
