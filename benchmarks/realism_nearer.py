"""The reference maker nearer to the mid, and without rescues, beside the naive one.

What it would take to earn more than a naive maker does, and what else would go with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.estimates import Array, lanes_told, ratio_told
from benchmarks.lanes import profile, table
from benchmarks.maker_hours import MakerHours, run_hours
from benchmarks.quoted import Quoted, quoted
from benchmarks.realism_naive import HALF_SPREADS_BPS, HOURS, NaiveDesign, naive_lanes
from pytest_soak.market.kernel.design import Design

BASES_BPS = (Design.base_half_bps, 1.0, 0.5, 0.0)
RESCUES = {"yes": {}, "no": {"rescue_max_ratio": 0.0}}
GRID_BPS = HALF_SPREADS_BPS[:3]
"""Where the naive maker's best has ever lain: farther away it earns less money at every step."""

HEAD = ["base half spread, bps", "rescues", "half spread, bps", "net_bps", "maker_taker_ratio"]
HEAD += ["risk_ratio", "losing 5-minute windows, %", "money an hour"]
HEAD += ["net less the naive maker's at its half spread, bps", "best naive's money ÷ its"]


def nearer_table(market: str, seeds: Sequence[int], jobs: int) -> str:
    """A row for each base half spread, with rescues and without; the same lanes in all."""
    reference = profile("steady_safe")
    seen = [quoted(market, seeds, HOURS, reference, {"base_half_bps": b}) for b in BASES_BPS]
    grid = [_naive(market, seeds, seen[0], half, jobs) for half in GRID_BPS]
    best = max((found["net_quote"] for found in grid), key=lambda money: float(money.mean()))
    rows = []
    for base, quotes in zip(BASES_BPS, seen, strict=True):
        beside = _naive(market, seeds, seen[0], quotes.half_bps, jobs)["net_bps"]
        for rescues, overrides in RESCUES.items():
            design = {"base_half_bps": base}
            hours = run_hours(market, seeds, HOURS, reference | overrides, jobs, design)
            half = f"{quotes.half_bps:.2f}"
            rows.append([f"{base:g}", rescues, half, *_cells(hours, beside, best)])
    return table(HEAD, rows)


def _naive(
    market: str, seeds: Sequence[int], sized: Quoted, half_bps: float, jobs: int
) -> dict[str, Array]:
    """The naive maker at `half_bps`, of the size and limits of `sized`."""
    most = sized.house_lots * sized.guard_scale
    design = NaiveDesign(half_bps, max(1, round(sized.lots)), most)
    return naive_lanes(market, seeds, HOURS, design, jobs)


def _cells(hours: MakerHours, naive_net: Array, naive_money: Array) -> list[str]:
    told = [lanes_told(hours.lane_means(kpi)) for kpi in ("net_bps", "maker_taker_ratio")]
    told += [lanes_told(hours.lane_means("risk_ratio"))]
    told += [lanes_told(100.0 * np.mean(hours.losing_windows, axis=1))]
    money = hours.lane_means("net_quote")
    told += [lanes_told(money), lanes_told(hours.lane_means("net_bps") - naive_net)]
    return [*told, ratio_told(naive_money, money)]
