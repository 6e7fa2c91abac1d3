"""A KPI of a lane, iteration by iteration, as a series whose mean is the lane's value."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from pytest_soak.artifacts.compare_models import Measure
from pytest_soak.comparing.groups import Hours
from pytest_soak.kpi.definitions import OF_VOLUME, VOLUME
from pytest_soak.kpi.spans import so_far
from pytest_soak.stats.estimate import Floats


def measure_of(kpi: str, lanes: Iterable[Hours]) -> Measure:
    """The measure that all `lanes` allow: ratios of volume need the volume of each iteration."""
    if so_far(kpi):
        return Measure.LAST
    hours = (one for lane in lanes for one in lane.values() if one.get(kpi) is not None)
    weighed = kpi in OF_VOLUME and all((one.get(VOLUME) or 0.0) > 0.0 for one in hours)
    return Measure.SUMS if weighed else Measure.MEAN


def numbers_with(kpi: str, *lanes: Hours) -> list[int]:
    """The iterations in which each of the lanes has the KPI."""
    common = set.intersection(
        *({n for n, one in x.items() if one.get(kpi) is not None} for x in lanes)
    )
    return sorted(common)


def series(kpi: str, measure: Measure, hours: Hours, numbers: Collection[int]) -> Floats:
    """One value for each of `numbers` (one or more); of the last alone, where that is of all.

    A ratio of sums R is linearised, to R + (amount - R * volume) / mean volume, so that its
    spread is that of the ratio.
    """
    values = np.array([hours[number][kpi] for number in numbers], np.float64)
    if measure is Measure.LAST:
        return values[-1:]
    if measure is Measure.MEAN:
        return values
    volume = np.array([hours[number][VOLUME] for number in numbers], np.float64)
    ratio = float(values @ volume) / float(volume.sum())
    linear: Floats = ratio + (values - ratio) * volume / volume.mean()
    return linear
