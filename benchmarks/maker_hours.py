"""Lanes of the reference maker with what its fills were worth later, hour by hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from benchmarks.estimates import Array
from benchmarks.lanes import HOUR_US
from pytest_soak.config.scenarios import Scenario
from pytest_soak.kpi.edge import summarize
from pytest_soak.market.compile import load_kernel
from pytest_soak.market.maker_config import MakerConfig
from pytest_soak.market.regimes import build_market
from pytest_soak.market.simulation import Simulation
from pytest_soak.observation.columns import Observation

KPIS = (
    "net_bps",
    "gross_bps",
    "maker_taker_ratio",
    "risk_ratio",
    "p95_latency_ms",
    "adverse_bps_p95",
    "net_quote",
    "num_fills",
)
MARKS = ("mid", "mid_1s", "mid_10s", "mid_60s")
WINDOW_S = 300


@dataclass(frozen=True)
class MakerHours:
    """Hours of all lanes of a market; the first two axes are lane and hour.

    `worth` is the markout of the maker fills in bps by MARKS, weighted by volume; NaN in an hour
    without one.
    """

    kpis: Array  # lane, hour, KPIS; NaN where there is none
    episodes: NDArray[np.int64]  # lane, hour
    losing_windows: Array  # lane, hour: the share of its windows of WINDOW_S that lost money
    worth: Array  # lane, hour, MARKS
    volume: Array  # lane, hour: of the maker fills

    def of(self, kpi: str) -> Array:
        """One KPI by lane and hour."""
        return self.kpis[:, :, KPIS.index(kpi)]

    def lane_means(self, kpi: str) -> Array:
        """The mean of a KPI over each lane's hours."""
        means: Array = np.nanmean(self.of(kpi), axis=1)
        return means


def losing_windows(equity: Array) -> float:
    """The share of windows of WINDOW_S in which the account fell; it is marked each second."""
    ends = np.append(equity[:-1:WINDOW_S], equity[-1])
    return float((np.diff(ends) < 0.0).mean())


def markouts(fills: NDArray[np.void]) -> tuple[Array, float]:
    """The markouts of the maker fills by MARKS in bps, weighted by volume, and that volume.

    Fills of a window's last second have no mid a second later: they are left out of all.
    """
    made = fills[fills["maker"] & np.isfinite(fills["mid_1s"])]
    volume = made["price"] * made["quantity"]
    if not len(made):
        return np.full(len(MARKS), np.nan), 0.0
    worth = [1e4 * made["side"] * (made[name] - made["price"]) / made["mid"] for name in MARKS]
    return np.average(np.array(worth), axis=1, weights=volume), float(volume.sum())


def run_hours(
    market: str | Scenario,
    seeds: Sequence[int],
    hours: int,
    overrides: Mapping[str, float],
    jobs: int = 1,
    design: Mapping[str, float] = MappingProxyType({}),
) -> MakerHours:
    """Run a lane a seed, of a maker that has learnt; `jobs` of them at a time.

    `design` are figures of kernel.design.Design that the maker has otherwise here.
    """
    load_kernel()  # once, before threads ask for it side by side

    def lane(seed: int) -> list[Observation]:
        simulation = Simulation(build_market(market, {}), seed, MakerConfig(0.0))
        for name, figure in design.items():
            simulation.world["maker"]["design"][name] = figure
        starts = [hour * HOUR_US for hour in range(hours)]
        return [
            simulation.observe(number, start, start + HOUR_US, overrides, 0)
            for number, start in enumerate(starts, 1)
        ]

    def measured(seed: int) -> list[tuple[Array, int, float, Array, float]]:
        return [_measure(seen) for seen in lane(seed)]

    with ThreadPoolExecutor(jobs) as pool:
        rows = list(pool.map(measured, seeds))
    columns = [[list(column) for column in zip(*lane, strict=True)] for lane in rows]
    return MakerHours(*(np.array(column) for column in zip(*columns, strict=True)))


def _measure(seen: Observation) -> tuple[Array, int, float, Array, float]:
    kpis = summarize(seen).kpis
    found = np.array([np.nan if kpis[name] is None else kpis[name] for name in KPIS], float)
    spikes = seen.market["spike_count"]
    return found, spikes, losing_windows(seen.marks["equity_quote"]), *markouts(seen.fills)
