"""What the reference maker quotes on average: half spread, size, and how its guard is scaled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from benchmarks.lanes import HOUR_US
from pytest_soak.market.kernel.state import NONE, PARAMETERS
from pytest_soak.market.maker_config import MakerConfig
from pytest_soak.market.regimes import build_market
from pytest_soak.market.running import BURN_IN_US
from pytest_soak.market.simulation import Simulation

EVERY_US = 5_000_000


@dataclass(frozen=True)
class Quoted:
    """Means over time, sides and lanes."""

    half_bps: float  # at which it wants its inner quotes, from where it sees the price
    lots: float  # of an inner quote that rests
    guard_scale: float  # of the account's house limits, by volatility
    house_lots: float  # the house limit of exposure at a scale of 1


def quoted(
    market: str,
    seeds: Sequence[int],
    hours: int,
    overrides: Mapping[str, float],
    design: Mapping[str, float] = MappingProxyType({}),
) -> Quoted:
    """Look at the maker each EVERY_US; `design` as `maker_hours.run_hours` has it."""
    rows: list[list[float]] = []
    for seed in seeds:
        simulation = Simulation(build_market(market, {}), seed, MakerConfig(0.0))
        for name in PARAMETERS.names or ():
            simulation.world["maker"]["parameters"][name] = overrides[name]
        for name, figure in design.items():
            simulation.world["maker"]["design"][name] = figure
        for hour in range(hours):
            start = BURN_IN_US + hour * HOUR_US
            simulation.begin_window(hour + 1, start, start + HOUR_US)
            for until in range(start + EVERY_US, start + HOUR_US + 1, EVERY_US):
                simulation.run_until(until)
                rows.append(_look(simulation.world["maker"]))
    half, lots, scale, house = np.nanmean(np.array(rows), axis=0).tolist()
    return Quoted(half, lots, scale, house)


def _look(maker: Any) -> list[float]:
    design, sigma = maker["design"], float(maker["variance"]) ** 0.5
    delta = float(maker["parameters"]["base_spread_bps_delta"])
    half = float(design["base_half_bps"]) + float(design["half_per_sigma"]) * sigma
    slots = maker["slots"]
    inner = slots[(slots["level"] == 0) & (slots["handle"] != NONE)]
    lots = float(inner["quantity"].mean()) if len(inner) else np.nan
    scale = min(1.0, float(design["house_sigma_bps"]) / sigma)
    return [half * (1.0 + delta), lots, scale, float(maker["house_exposure_lots"])]
