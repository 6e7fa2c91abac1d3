"""A run beside a reference run: lanes of the same id met the same market."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from statistics import fmean
from typing import Literal

import numpy as np

from pytest_soak.artifacts.models import (
    Comparison,
    IterSummary,
    KpiDifference,
    LaneOutcome,
    LanePair,
)
from pytest_soak.artifacts.names import RESULT, summary_name
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.stats.paired import ENOUGH_PAIRS, paired_effect

_LARGEST = 1e150

Hours = Mapping[int, IterSummary]
Measure = Literal["median", "hourly"]
Values = dict[tuple[str, Measure], float]
_MEASURES: tuple[Measure, ...] = ("median", "hourly")


def compare(run: StoredRun, reference: StoredRun) -> Comparison:
    """Every lane that both runs have, exactly; and its KPIs, paired by seed."""
    both = [lane for lane in run.lanes if lane in reference.lanes]
    hours = {lane: run.files(lane).iterations for lane in both}
    earlier = {lane: reference.files(lane).iterations for lane in both}
    lanes = [
        _pair(run.lanes[lane], reference.lanes[lane], hours[lane], earlier[lane]) for lane in both
    ]
    values = {lane: _values(run, lane, hours[lane], earlier[lane]) for lane in both}
    before = {lane: _values(reference, lane, earlier[lane], hours[lane]) for lane in both}
    return Comparison(
        source=run.result.source,
        lanes=lanes,
        only_here=[lane for lane in run.lanes if lane not in reference.lanes],
        only_in_reference=[lane for lane in reference.lanes if lane not in run.lanes],
        kpis=list(_differences(run, before, values)),
        meta={"run": run.name, "reference": reference.name},
    )


def _pair(lane: LaneOutcome, before: LaneOutcome, hours: Hours, earlier: Hours) -> LanePair:
    common = sorted(hours.keys() & earlier.keys())
    found = [
        f"{summary_name(number)} {path}: {old} -> {now}"
        for number in common
        for path, old, now in _unequal(_exact(earlier[number]), _exact(hours[number]))
    ]
    found += [
        f"{RESULT} {path}: {old} -> {now}"
        for path, old, now in _unequal(_outcome(before), _outcome(lane))
    ]
    if len(common) < max(lane.iterations, before.iterations):
        most = max(lane.iterations, before.iterations)
        found.append(f"{len(common)} of {most} iterations are left to compare, these are identical")
    difference = found[0] if found else ""
    return LanePair(
        lane=lane.lane, iterations=len(common), identical=not difference, difference=difference
    )


def _outcome(lane: LaneOutcome) -> dict[str, float | None]:
    counts = {f"counts.{verdict}": float(count) for verdict, count in lane.counts.items()}
    return counts | {f"medians.{name}": value for name, value in lane.medians.items()}


def _exact(summary: IterSummary) -> dict[str, float | None]:
    kpis = {f"summary.{name}": value for name, value in _kpis(summary).items()}
    return kpis | {f"overrides.{name}": value for name, value in summary.overrides.items()}


def _unequal(
    before: Mapping[str, float | None], after: Mapping[str, float | None]
) -> Iterator[tuple[str, float | None, float | None]]:
    for path in sorted({*before, *after}):
        if before.get(path) != after.get(path):
            yield path, before.get(path), after.get(path)


def _kpis(summary: IterSummary) -> dict[str, float | None]:
    return summary.summary.__pydantic_extra__


def _values(run: StoredRun, lane: str, hours: Hours, others: Hours) -> Values:
    """A lane's value of each KPI; hourly over the iterations in which both runs have it."""
    found: Values = {
        (kpi, "median"): value
        for kpi, value in run.lanes[lane].medians.items()
        if value is not None
    }
    for kpi in sorted({kpi for summary in hours.values() for kpi in _kpis(summary)}):
        measured = [
            value
            for number in sorted(hours.keys() & others.keys())
            if (value := _kpis(hours[number]).get(kpi)) is not None
            and _kpis(others[number]).get(kpi) is not None
        ]
        if measured:
            found[kpi, "hourly"] = fmean(measured)
    return found


def _differences(
    run: StoredRun, before: Mapping[str, Values], after: Mapping[str, Values]
) -> Iterator[KpiDifference]:
    """Grouped by profile and market, in which the unit is the seed."""
    judged = {lane: {check.metric for check in run.checks(lane)} for lane in after}
    lanes = sorted((run.lanes[lane] for lane in after), key=lambda lane: lane.axes.group)
    for (profile, market), group in groupby(lanes, key=lambda lane: lane.axes.group):
        ids = [lane.lane for lane in group]
        for kpi in sorted({kpi for lane in ids for kpi, _ in after[lane]}):
            for measure in _MEASURES:
                key = kpi, measure
                pairs = [
                    (before[x][key], after[x][key]) for x in ids if _has(key, before, after, x)
                ]
                if _finite(pairs):
                    yield _difference(
                        profile, market, key, pairs, judged=any(kpi in judged[x] for x in ids)
                    )


def _finite(pairs: Sequence[tuple[float, float]]) -> bool:
    """Whether there are pairs of which a difference and its square can be told."""
    return bool(pairs) and all(abs(value) < _LARGEST for pair in pairs for value in pair)


def _has(
    key: tuple[str, Measure], before: Mapping[str, Values], after: Mapping[str, Values], lane: str
) -> bool:
    return key in before[lane] and key in after[lane]


def _difference(
    profile: str,
    market: str,
    key: tuple[str, Measure],
    pairs: list[tuple[float, float]],
    *,
    judged: bool,
) -> KpiDifference:
    before, after = np.array(pairs).T
    enough = len(pairs) >= ENOUGH_PAIRS
    return KpiDifference(
        profile=profile,
        market=market,
        kpi=key[0],
        measure=key[1],
        pairs=len(pairs),
        before=float(before.mean()),
        after=float(after.mean()),
        mean=float((after - before).mean()),
        half_width=paired_effect(before, after).half_width if enough else None,
        judged=judged,
    )
