"""How large a change of a KPI must be for a gate to catch it in most lanes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from statistics import median, pstdev

from pytest_soak.artifacts.calibration import Detectable
from pytest_soak.calibration.lanes import RecordedLane, fails
from pytest_soak.calibration.shifts import harms, shifted, smallest, values_of
from pytest_soak.kpi.spans import SPAN_KPIS

POWERS = (0.5, 0.8, 0.95)


def detectable(lanes: Sequence[RecordedLane]) -> list[Detectable]:
    """For each KPI that can fail a lane, the changes that 50, 80 and 95 % of `lanes` fail by.

    The lanes have one plan but for their seeds, and at least one iteration.
    """
    return [_one(lanes, kpi, sign) for kpi, sign in harms(lanes[0].plan).items()]


def _one(lanes: Sequence[RecordedLane], kpi: str, sign: float) -> Detectable:
    values = [value for lane in lanes for value in values_of(lane.done, kpi)]
    known = [value for value in values if value is not None]
    reason = _unfit(kpi, len(values) - len(known), known)
    if reason is not None:
        return Detectable(kpi=kpi, median=None, changes={}, reason=reason)
    scale = pstdev(known)
    sizes = [smallest(partial(_breaks, lane, kpi, sign), scale) for lane in lanes]
    changes = {f"{100 * power:g}": _caught(sizes, power, sign) for power in POWERS}
    return Detectable(kpi=kpi, median=median(known), changes=changes, reason=None)


def _unfit(kpi: str, missing: int, known: Sequence[float]) -> str | None:
    """Why no shift of a KPI can be studied."""
    if kpi in SPAN_KPIS:
        return f"is of several iterations: it follows from {', '.join(SPAN_KPIS[kpi].needs)}"
    if missing:
        return f"has no value in {missing} of {missing + len(known)} iterations"
    if min(known) == max(known):
        return f"is {known[0]:g} in all {len(known)} iterations: no noise to judge a change by"
    return None


def _breaks(lane: RecordedLane, kpi: str, sign: float, size: float) -> bool:
    return fails(lane.plan, shifted(lane.done, kpi, sign * size))


def _caught(sizes: Sequence[float | None], power: float, sign: float) -> float | None:
    """The change that so large a share of the lanes fails by, None where no change is enough."""
    size = sorted(math.inf if size is None else size for size in sizes)
    found = size[math.ceil(power * len(size)) - 1]
    return sign * found + 0.0 if math.isfinite(found) else None  # -0.0 is 0.0
