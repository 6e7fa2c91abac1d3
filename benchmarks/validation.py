"""What it costs not to believe an Observation: its validation beside the rest of an iteration.

CPU time of the checks over that of simulating the hour and reckoning its KPIs, for each profile on
each market; the median and the largest share of its hours. Run: python -m benchmarks.validation
"""

from __future__ import annotations

import argparse
import time
from statistics import median

from benchmarks.lanes import HOUR_US, profile, table
from pytest_soak.kpi.edge import summarize
from pytest_soak.market.maker_config import MakerConfig
from pytest_soak.market.regimes import build_market
from pytest_soak.market.simulation import Simulation
from pytest_soak.observation.validate import validated

MOST = 0.02
"""Share of an iteration that the checks may take."""


def shares(market: str, name: str, hours: int) -> list[float]:
    """The checks' share of each hour of a lane."""
    simulation = Simulation(build_market(market, {}), 1, MakerConfig())
    found = []
    for hour in range(hours):
        began, start = time.process_time(), hour * HOUR_US
        seen = simulation.observe(hour + 1, start, start + HOUR_US, profile(name), 0)
        summarize(seen)
        measured = time.process_time()
        if validated(seen, 60).faults:
            raise SystemExit(f"{name} on {market}: hour {hour + 1} cannot be true")
        found.append((time.process_time() - measured) / (measured - began))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    hours = parser.parse_args().hours
    rows = []
    for market in ("calm", "volatile", "spike"):
        for name in ("steady_safe", "ultra_safe", "aggressive"):
            found = shares(market, name, hours)
            rows.append([f"{name} on {market}", f"{median(found):.2%}", f"{max(found):.2%}"])
    print(table([f"{hours} hours", f"median (at most {MOST:.0%})", "largest"], rows))


if __name__ == "__main__":
    main()
