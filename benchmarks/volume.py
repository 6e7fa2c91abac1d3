"""The reference maker's share of what is traded on its market, by notional.

Of each profile on each market: the share over all hours, and the least and largest of a lane.
Run: python -m benchmarks.volume [--seeds 12] [--hours 2]
"""

from __future__ import annotations

import argparse

from benchmarks.lanes import HOUR_US, MARKETS, profile, table
from pytest_soak.market.maker_config import MakerConfig
from pytest_soak.market.regimes import build_market
from pytest_soak.market.simulation import Simulation

PROFILES = ("steady_safe", "ultra_safe", "aggressive")


def traded(market: str, name: str, seed: int, hours: int) -> tuple[float, float]:
    """The maker's notional and everybody's, in lots x ticks."""
    simulation = Simulation(build_market(market, {}), seed, MakerConfig(0.0))
    simulation.tape["recording"] = 1
    own = total = 0.0
    for hour in range(hours):
        start = hour * HOUR_US
        rows = simulation.run_window(hour + 1, start, start + HOUR_US, profile(name))
        own += float(rows["fills"]["price"] @ rows["fills"]["quantity"])
        total += float(rows["trades"]["price"] @ rows["trades"]["quantity"])
    return own, total


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--hours", type=int, default=2)
    given = parser.parse_args()
    rows = []
    for market in MARKETS:
        for name in PROFILES:
            lanes = [traded(market, name, s, given.hours) for s in range(1, given.seeds + 1)]
            shares = [own / total for own, total in lanes]
            whole = sum(own for own, _ in lanes) / sum(total for _, total in lanes)
            rows.append([market, name, f"{whole:.0%}", f"{min(shares):.0%}", f"{max(shares):.0%}"])
    print(table(["market", "profile", "share", "least lane", "largest lane"], rows))


if __name__ == "__main__":
    main()
