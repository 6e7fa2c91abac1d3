"""Lanes that differ in their seed alone, taken together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pytest_soak.kpi.spans import over
from pytest_soak.report.gate_rows import better
from pytest_soak.report.values import ReportLane
from pytest_soak.stats.estimate import mean_of

LEAST_SEEDS = 2


@dataclass(frozen=True)
class SeedRow:
    """A KPI over lanes: its mean with the ends of a 95 % interval, its spread, its worst value.

    `worst` is None where nothing says which direction is bad.
    """

    metric: str
    lanes: int
    mean: float
    deviation: float
    worst: float | None
    low: float
    high: float


@dataclass(frozen=True)
class SeedGroup:
    """Lanes of one profile on one market, and their KPIs."""

    name: str
    lanes: int
    rows: Sequence[SeedRow]


def seed_groups(lanes: Sequence[ReportLane], metrics: Sequence[str]) -> list[SeedGroup]:
    """What the seeds of each kind of lane come to; kinds of one seed are left out.

    The value of a lane is that of its last graded iterations, as a gate judges it at the end.
    """
    kinds: dict[str, list[ReportLane]] = {}
    for lane in lanes:
        kinds.setdefault(_without_seed(lane), []).append(lane)
    found = (
        SeedGroup(name, len(group), [row for m in metrics if (row := _row(group, m))])
        for name, group in kinds.items()
        if len(group) >= LEAST_SEEDS
    )
    return [group for group in found if group.rows]


def lane_value(lane: ReportLane, metric: str) -> float | None:
    """A KPI over the graded iterations that the lane's final verdict rests on."""
    values = [v for one in lane.last_graded() if (v := one.kpis.get(metric)) is not None]
    return over(metric, values) if values else None


def _without_seed(lane: ReportLane) -> str:
    """What a lane's id, PROFILE-MARKET-SEED[-VARIANT], says beside the seed."""
    profile, _, variant = lane.id.rpartition(f"-{lane.market}-{lane.seed}")
    if not profile:
        return lane.id
    return f"{profile} on {lane.market}" + (f", {variant[1:]}" if variant else "")


def _row(group: Sequence[ReportLane], metric: str) -> SeedRow | None:
    values = [v for lane in group if (v := lane_value(lane, metric)) is not None]
    if len(values) < LEAST_SEEDS:
        return None
    numbers = np.array(values)
    estimate = mean_of(numbers)
    wished = better(metric, group[0].checks)
    bad = {"up": min, "down": max}.get(wished)
    half = estimate.half_width
    return SeedRow(
        metric=metric,
        lanes=len(values),
        mean=estimate.mean,
        deviation=float(numbers.std(ddof=1)),
        worst=bad(values) if bad else None,
        low=estimate.mean - half,
        high=estimate.mean + half,
    )
