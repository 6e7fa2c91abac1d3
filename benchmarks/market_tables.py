"""The KPI tables of docs/MARKET.md: profile by market beside the bands, and the cold start.

Held-out seeds: none of them was used to calibrate the market. Run:
python -m benchmarks.market_tables [--seeds 12] [--hours 8] [--jobs 1]
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from benchmarks.lanes import (
    DIGITS,
    GATED,
    MARKETS,
    REPORTED,
    ROOT,
    Hours,
    Lane,
    profile,
    put_section,
    run_lanes,
    table,
)

DOCUMENT = ROOT / "docs" / "MARKET.md"
PROFILES = ("steady_safe", "ultra_safe", "aggressive")
SHOWN = (*GATED, "num_fills", "net_quote")
COLD_SHOWN = ("net_bps", "risk_ratio", "p95_latency_ms", "net_quote")
BANDS = {
    "calm": ["2.98-3.10 (.08-.33)", ".92-.97", ".29-.31", "246-262", "1.5-2.1", "640", "2,120"],
    "volatile": ["2.70-2.78 (.19-.45)", ".92-.95", ".36-.45", "293-315", "3.1-3.7", "710", ""],
    "spike, hour with an episode": [
        "1.85-2.2 (.5-1.1)",
        ".93",
        ".59-.79",
        "313",
        "8.7-9",
        "590",
        "",
    ],
    "spike, hour without": ["3.15 (.45)", ".92", ".42", "252", "2.2", "530", ""],
}
"""What the two feasibility studies saw with steady_safe, on their own models."""


def split(market: str, lanes: list[Hours]) -> dict[str, NDArray[np.float64]]:
    """All hours of the lanes as rows, those of `spike` apart by whether they had an episode."""
    values = np.concatenate([lane.values for lane in lanes])
    if market != "spike":
        return {market: values}
    spiked = np.concatenate([lane.spikes for lane in lanes]) > 0
    return {"spike, hour with an episode": values[spiked], "spike, hour without": values[~spiked]}


def cells(values: NDArray[np.float64], shown: tuple[str, ...]) -> list[str]:
    """Mean and standard deviation over hours of each KPI."""
    found = []
    for kpi in shown:
        column = values[:, REPORTED.index(kpi)]
        digits = DIGITS[kpi]
        mean, sd = np.nanmean(column), np.nanstd(column, ddof=1)
        found.append(f"{mean:,.{digits}f} ({sd:,.{digits}f})")
    return found


def kpi_table(seeds: range, hours: int, jobs: int) -> str:
    """Profile by market, the bands above the rows that they are about."""
    rows = []
    for market in MARKETS:
        for name in PROFILES:
            lanes = [Lane(market, seed, hours, profile(name)) for seed in seeds]
            for part, values in split(market, run_lanes(lanes, jobs)).items():
                if name == PROFILES[0]:
                    rows.append(
                        [part, "*bands*", "", *(f"*{t}*" if t else "" for t in BANDS[part])]
                    )
                rows.append([part, name, str(len(values)), *cells(values, SHOWN)])
    return table(["market", "profile", "hours", *SHOWN], rows)


def cold_table(seeds: range, jobs: int) -> str:
    """Hour by hour from a cold start."""
    lanes = [Lane("calm", seed, 6, profile("steady_safe"), cold=True) for seed in seeds]
    values = np.array([lane.values for lane in run_lanes(lanes, jobs)])
    rows = [[hour + 1, *cells(values[:, hour], COLD_SHOWN)] for hour in range(values.shape[1])]
    return table(["hour", *COLD_SHOWN], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--hours", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    seeds = range(1, given.seeds + 1)
    put_section(DOCUMENT, "kpis", kpi_table(seeds, given.hours, given.jobs))
    put_section(DOCUMENT, "cold start", cold_table(seeds, given.jobs))
    print(f"wrote the tables of {DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
