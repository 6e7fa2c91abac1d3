"""Recorded lanes made worse: one KPI of every iteration moved, the others as they were."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_soak.engine.past import Done
from pytest_soak.engine.plan import LanePlan
from pytest_soak.gates.expressions import parse
from pytest_soak.gates.model import range_of

STEPS = 7
"""Of a bisection: they make a span 128 times smaller."""
_DOUBLINGS = 20


def harms(plan: LanePlan) -> dict[str, float]:
    """The KPIs by which the gates of `plan` can fail a lane, with the sign of what is worse."""
    found: dict[str, float] = {}
    for gate in plan.finals:
        for threshold in gate.on(plan.lane.market):
            if threshold.fail_unless is not None:
                symbol = parse(threshold.fail_unless).symbol
                found.setdefault(threshold.metric, -1.0 if symbol.startswith(">") else 1.0)
    return found


def values_of(done: Sequence[Done], kpi: str) -> list[float | None]:
    """A KPI iteration by iteration."""
    return [one.summary.kpis.get(kpi) for one in done]


def shifted(done: Sequence[Done], kpi: str, by: float) -> tuple[Done, ...]:
    """The iterations with `by` added to a KPI, within the range that the KPI can have."""
    low, high = range_of(kpi)

    def moved(one: Done) -> Done:
        value = one.summary.kpis.get(kpi)
        if value is None:
            return one
        kpis = one.summary.kpis | {kpi: min(max(value + by, low), high)}
        return one.model_copy(update={"summary": one.summary.model_copy(update={"kpis": kpis})})

    return tuple(map(moved, done))


def smallest(breaks: Callable[[float], bool], first: float) -> float | None:
    """The smallest size >= 0 that `breaks`; larger sizes are taken to break too.

    It is known to 1/128 of itself, or of `first` > 0, the size that is tried first, where that is
    more; None where a million times `first` does not break.
    """
    if breaks(0.0):
        return 0.0
    low, high = 0.0, first
    for _ in range(_DOUBLINGS):
        if breaks(high):
            break
        low, high = high, 2.0 * high
    else:
        return None
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if breaks(middle) else (middle, high)
    return high
