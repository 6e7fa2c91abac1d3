"""One limit of a change: the KPI of two groups of lanes held against it."""

from __future__ import annotations

from typing import NamedTuple

from pytest_soak.artifacts.baseline_models import BaselineCheck
from pytest_soak.artifacts.compare_models import Way
from pytest_soak.baseline.decide import Harm, decide, detectable, more_needed
from pytest_soak.comparing.design import Design
from pytest_soak.comparing.groups import Group
from pytest_soak.comparing.kpis import KpiChange, TooLittleError, kpi_change
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.expressions import Expression
from pytest_soak.gates.model import Threshold
from pytest_soak.stats.estimate import MeanEstimate
from pytest_soak.text import plural

_UNITS = {
    Way.SEEDS: "seed",
    Way.LANES: "lane",
    Way.WINDOWS: "iteration",
    Way.SERIES: "iteration",
}


class Asked(NamedTuple):
    """A threshold of a change, and the gate that it is of."""

    gate: str
    threshold: Threshold


def check(asked: Asked, made: Design, before: Group, after: Group, chance: float) -> BaselineCheck:
    """What a threshold says of groups that `made` compares, with a `chance` of a false FAIL."""
    threshold, kpi = asked.threshold, asked.threshold.metric
    blank = BaselineCheck(
        gate=asked.gate,
        metric=kpi,
        basis=threshold.baseline,
        fail_unless=threshold.fail_unless,
        warn_unless=threshold.warn_unless,
    )
    had, has = _values(before, kpi), _values(after, kpi)
    if had and all(value is None for value in had):
        return _said(blank, Verdict.FAIL, "no baseline value")
    if None in has:
        count = f"{sum(value is not None for value in has)} of {plural(len(has), 'iteration')}"
        return _said(blank, Verdict(threshold.no_data.upper()), f"no data ({count})")
    try:
        change = kpi_change(kpi, made, before, after)
    except TooLittleError as error:
        return _said(blank, Verdict.HOLD, f"not known ({error})")
    return _compared(blank, threshold, change, made.way, chance)


def _values(group: Group, kpi: str) -> list[float | None]:
    return [kpis.get(kpi) for hours in group.lanes.values() for kpis in hours.values()]


def _compared(
    check: BaselineCheck, threshold: Threshold, change: KpiChange, way: Way, chance: float
) -> BaselineCheck:
    relative = threshold.baseline == "relative"
    if relative and abs(change.before) <= change.scale:
        return _said(check, Verdict.FAIL, "no baseline value (it is 0)")
    found = _scaled(change.difference, 100.0 / abs(change.before) if relative else 1.0)
    told = check.model_copy(
        update={"before": change.before, "after": change.after, "difference": found.mean}
    )
    if change.identical:
        return told
    if change.constant:
        return _constant(told, threshold, found.mean)
    noise = {"half_width": found.half_width, "detectable": detectable(found, chance)}
    verdict, why = _verdict(threshold, found, chance, change.units, way)
    return _said(told.model_copy(update=noise), verdict, why)


def _verdict(
    threshold: Threshold, change: MeanEstimate, chance: float, units: int, way: Way
) -> tuple[Verdict, str]:
    """By the limit of a FAIL, then by that of a warning, and why."""
    unit = " %" if threshold.baseline == "relative" else ""
    size = f"{change.mean:+.4g} +- {change.half_width:.3g}{unit}"
    for limit, verdict in zip(threshold.limits, (Verdict.FAIL, Verdict.WARN), strict=True):
        if limit is None:
            continue
        harm, why = decide(limit, change, chance), f"{size}, {verdict.lower()} unless {limit.text}"
        if harm is Harm.SHOWN:
            return verdict, why
        if harm is Harm.UNKNOWN and verdict is Verdict.FAIL:
            more = more_needed(limit, change, chance, units)
            return Verdict.HOLD, f"{why}: {_more(more, way)}"
    return Verdict.PASS, ""


def _constant(check: BaselineCheck, threshold: Threshold, change: float) -> BaselineCheck:
    """Of a change that is the same everywhere, nobody knows what chance does."""
    harmed = any(limit and _worse(limit, change) for limit in threshold.limits)
    if not harmed:
        return check
    why = f"worse by {abs(change):.4g} everywhere, of which chance cannot be told"
    return _said(check, Verdict.HOLD, why)


def _worse(limit: Expression, change: float) -> bool:
    return change < 0.0 if limit.symbol.startswith(">") else change > 0.0


def _scaled(change: MeanEstimate, by: float) -> MeanEstimate:
    return MeanEstimate(by * change.mean, by * change.error, change.freedom)


def _more(more: int | None, way: Way) -> str:
    if more is None:
        return f"no number of {_UNITS[way]}s would decide"
    each = "" if way in (Way.SEEDS, Way.WINDOWS) else " of each"
    return f"some {plural(more, f'more {_UNITS[way]}')}{each} would decide"


def _said(check: BaselineCheck, verdict: Verdict, why: str) -> BaselineCheck:
    return check.model_copy(update={"verdict": verdict, "reason": why})
