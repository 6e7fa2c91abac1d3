"""The reference maker: KPIs, markouts, losing hours and windows, market by market."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmarks.estimates import Array, lanes_told, ratio_told
from benchmarks.lanes import DIGITS, table
from benchmarks.maker_hours import KPIS, MARKS, MakerHours

AFTER = dict(zip(MARKS, (0, 1, 10, 60), strict=True))

FEWEST_HOURS = 2  # for a standard deviation

Hours = NDArray[np.bool_]


def maker_table(by_market: Mapping[str, MakerHours]) -> str:
    """A row a figure; the hours of spike also apart by whether they had an episode."""
    columns = {}
    for market, lanes in by_market.items():
        columns[market] = column(lanes, np.ones(lanes.episodes.shape, bool))
        if market == "spike":
            had = lanes.episodes > 0
            columns["spike, hours with an episode"] = column(lanes, had)
            columns["spike, hours without"] = column(lanes, ~had)
    names = list(next(iter(columns.values())))
    rows = [[name, *(cells[name] for cells in columns.values())] for name in names]
    return table(["", *columns], rows)


def column(lanes: MakerHours, chosen: Hours) -> dict[str, str]:
    """Every figure of the chosen hours."""
    worth = {mark: lane_worth(lanes, chosen, mark) for mark in MARKS}
    cells = {"hours": f"{chosen.sum()}"}
    cells |= {f"`{kpi}` (hourly sd)": _kpi(lanes.of(kpi), chosen, kpi) for kpi in KPIS}
    cells |= {f"markout at {AFTER[mark]} s, bps": lanes_told(worth[mark]) for mark in MARKS}
    cells["realised ÷ effective at 60 s"] = ratio_told(worth["mid_60s"], worth["mid"])
    fall = worth["mid_1s"] - worth["mid_60s"]
    cells["fall from 1 to 60 s, share"] = ratio_told(fall, worth["mid_1s"])
    losing = np.where(lanes.of("net_quote") < 0.0, 100.0, 0.0)
    cells["losing hours, %"] = lanes_told(lane_means(losing, chosen))
    windows = 100.0 * lanes.losing_windows
    cells["losing 5-minute windows, %"] = lanes_told(lane_means(windows, chosen))
    return cells


def lane_worth(lanes: MakerHours, chosen: Hours, mark: str) -> Array:
    """A markout of each lane's chosen hours, weighted by volume; NaN of a lane without any."""
    weight = np.where(chosen, lanes.volume, 0.0)
    value = np.nan_to_num(lanes.worth[:, :, MARKS.index(mark)])
    total = weight.sum(axis=1)
    found: Array = np.full(len(total), np.nan)
    np.divide((weight * value).sum(axis=1), total, out=found, where=total > 0.0)
    return found


def lane_means(values: Array, chosen: Hours) -> Array:
    """The mean over each lane's chosen hours; NaN of a lane without any."""
    lanes = zip(values, chosen, strict=True)
    return np.array([np.nanmean(lane[some]) if some.any() else np.nan for lane, some in lanes])


def _kpi(values: Array, chosen: Hours, kpi: str) -> str:
    held = values[chosen & np.isfinite(values)]
    if len(held) < FEWEST_HOURS:
        return "-"
    sd = float(held.std(ddof=1))
    return f"{lanes_told(lane_means(values, chosen))} ({sd:,.{DIGITS.get(kpi, 2)}f})"
