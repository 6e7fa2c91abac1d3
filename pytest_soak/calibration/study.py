"""From recorded lanes to the error rates of the gate that judges them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from pytest_soak.artifacts.calibration import CalibratedGate, Caused, Rate
from pytest_soak.calibration.bootstrap import resampled
from pytest_soak.calibration.key import WORDS, first_difference, key_of
from pytest_soak.calibration.lanes import RecordedLane
from pytest_soak.calibration.power import detectable
from pytest_soak.errors import SoakUsageError
from pytest_soak.stats.limits import fewest_to_show, share_interval
from pytest_soak.text import plural

SHOWN_SHARE = 0.05
FEWEST_LANES = fewest_to_show(SHOWN_SHARE)
"""With fewer, not even lanes that all pass show that no more than 5 % fail."""
FEWEST_DRAWN_FROM = 8
"""Fewer lanes than that do not tell how much lanes differ."""
DRAWS = 100


class CausedLanes(NamedTuple):
    """Lanes with a cause of harm of one size."""

    cause: str
    unit: str
    size: float
    lanes: Sequence[RecordedLane]


def study(lanes: Sequence[RecordedLane], causes: Sequence[CausedLanes] = ()) -> CalibratedGate:
    """What is known of the gate by lanes that differ in their seeds alone.

    Raises SoakUsageError for lanes that do not go together, or are too few or too short to tell.
    """
    if len(lanes) < FEWEST_DRAWN_FROM:
        raise SoakUsageError("lanes", f"{_of(lanes, FEWEST_DRAWN_FROM)} to tell anything by")
    check_lanes(lanes)
    few = len(lanes) < FEWEST_LANES
    return CalibratedGate(
        key=key_of(lanes[0]),
        seeds=sorted(lane.plan.lane.seed for lane in lanes),
        false_alarms=None if few else rate_of(lanes),
        lacking=f"{_of(lanes, FEWEST_LANES)} to show 5 % at 95 %" if few else None,
        draws=DRAWS if few else 0,
        detectable=detectable(resampled(lanes, DRAWS) if few else lanes),
        causes=[Caused(cause=c, unit=u, size=s, rate=rate_of(x)) for c, u, s, x in causes],
    )


def rate_of(lanes: Sequence[RecordedLane]) -> Rate:
    """The share of lanes, of which there is one at least, that a soak fails."""
    total, failed = len(lanes), sum(lane.fails for lane in lanes)
    low, high = share_interval(failed, total)
    return Rate(lanes=total, failed=failed, share=failed / total, low=low, high=high)


def check_lanes(lanes: Sequence[RecordedLane]) -> None:
    """Raise SoakUsageError unless the lanes are whole, and differ in their seeds alone."""
    first = lanes[0]
    for lane in lanes:
        _check_whole(lane)
        name = first_difference(key_of(first), key_of(lane))
        if name is not None:
            problem = f"is of another {WORDS[name]} than {first.source}; calibrate each by itself"
            raise SoakUsageError(lane.source, problem)
    measured = sorted(
        (repr([one.summary.kpis for one in lane.done]), lane.source) for lane in lanes
    )
    for _, same in groupby(measured, key=lambda pair: pair[0]):
        one, *others = [source for _, source in same]
        if others:
            problem = f"measured the very same as {one}; give each lane once, of another seed"
            raise SoakUsageError(others[0], problem)


def _check_whole(lane: RecordedLane) -> None:
    plan, done = lane.plan, len(lane.done)
    if plan.auto_tune:
        raise SoakUsageError(lane.source, "was tuned: what a tuner does depends on the gate")
    if done < plan.planned:
        problem = f"has {done} of {plural(plan.planned, 'iteration')}, {plan.planned - done} more"
        raise SoakUsageError(lane.source, f"{problem} needed; soak it to its end, gate mode soft")
    grace = plan.gate.grace
    if done <= grace:
        problem = f"{plural(done, 'iteration')}, none of which gate {plan.gate.name} grades"
        raise SoakUsageError(lane.source, f"{problem}: {grace + 1 - done} more needed at least")


def _of(lanes: Sequence[RecordedLane], fewest: int) -> str:
    return f"{len(lanes)} of {fewest} lanes, {fewest - len(lanes)} more needed"
