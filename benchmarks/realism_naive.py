"""The naive maker at several half spreads against the reference maker."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from benchmarks.estimates import Array, lanes_told, ratio_told
from benchmarks.lanes import profile, table
from benchmarks.maker_hours import MakerHours
from benchmarks.naive import naive_hours
from benchmarks.quoted import quoted

HOURS = 2  # stepped from Python, a lane takes many times as long as the reference maker's
HALF_SPREADS_BPS = (1.0, 2.5, 4.0, 5.5, 7.0)
"""One for each price that a quote can have: the mid lies on half ticks, and a tick is 3 bps."""
KPIS = ("net_bps", "gross_bps", "net_quote", "num_fills")


def naive_table(market: str, seeds: Sequence[int], base: MakerHours, jobs: int) -> str:
    """Net and money of each half spread; the reference maker's are those of the same hours."""
    hours = min(HOURS, base.episodes.shape[1])
    seen = quoted(market, seeds, hours, profile("steady_safe"))
    lots, most = max(1, round(seen.lots)), seen.house_lots * seen.guard_scale
    money = np.nanmean(base.of("net_quote")[:, :hours], axis=1)
    reference = {kpi: np.nanmean(base.of(kpi)[:, :hours], axis=1) for kpi in KPIS}
    rows = [["reference", *_cells(reference, money)]]

    def lane_means(half: float) -> dict[str, Array]:
        return naive_lanes(market, seeds, hours, NaiveDesign(half, lots, most), jobs)

    best: tuple[float, Array] | None = None
    for half in HALF_SPREADS_BPS:
        found = lane_means(half)
        rows.append([f"{half:g}", *_cells(found, money)])
        if best is None or found["net_quote"].mean() > best[1].mean():
            best = half, found["net_quote"]
    assert best is not None
    own = f"{seen.half_bps:.2f}, the reference's own"
    rows.append([own, *_cells(lane_means(seen.half_bps), money)])
    head = ["half spread, bps", "net_bps", "gross_bps", "money an hour", "fills an hour"]
    told = (
        f"The naive maker quotes {lots} lots and stops a side at {most:.1f} lots: the house limit "
        f"of {seen.house_lots:.1f} lots times {seen.guard_scale:.2f}, the guard's mean scale. The "
        f"best of the grid, {best[0]:g} bps, earns {ratio_told(best[1], money)} of the "
        f"reference's money."
    )
    return table([*head, "money ÷ reference's"], rows) + "\n\n" + told


class NaiveDesign(NamedTuple):
    """How far from the mid it quotes, how much, and at which position it stops a side."""

    half_bps: float
    lots: int
    most_lots: float


def naive_lanes(
    market: str, seeds: Sequence[int], hours: int, design: NaiveDesign, jobs: int
) -> dict[str, Array]:
    """The means over a lane's hours, one value a lane, by KPI."""
    with ThreadPoolExecutor(jobs) as pool:
        lanes = list(pool.map(lambda seed: naive_hours(market, seed, hours, *design), seeds))
    return {
        kpi: np.array([np.nanmean([row[kpi] for row in lane]) for lane in lanes]) for kpi in KPIS
    }


def _cells(found: dict[str, Array], money: Array) -> list[str]:
    return [*(lanes_told(found[kpi]) for kpi in KPIS), ratio_told(found["net_quote"], money)]
