"""How often the gate `soak` says of a lane that it drifts, with and without a cause: docs/TRUST.md.

Lanes of untuned steady_safe of 24 h from a cold start on the built-in market, which does not change
from hour to hour. A cause takes so much of the net away, evenly from hour to hour, that the last
hour has all of it less. Run: python -m benchmarks.drift [--seeds 200 --markets calm --jobs 2]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.lanes import MARKETS, REPORTED, ROOT, Lane, put_section, run_lanes, table
from benchmarks.lanes import profile as overrides_of
from pytest_soak.gates.engine import DRIFT, Sample
from pytest_soak.gates.evidence import Evidence
from pytest_soak.gates.lasting import drift_checks, needed_series
from pytest_soak.gates.model import Gate, gate_shelf, load_gates
from pytest_soak.stats.limits import share_interval

DOCUMENT = ROOT / "docs" / "TRUST.md"
FIRST, HOURS = 5001, 24
LOST_BPS = (0.0, 0.3, 0.6, 1.0, 1.5, 2.3)
HEAD = ["market", "net lost by the last hour", "lanes", "net drifts", "any KPI", "95 % interval"]

Values = NDArray[np.float64]


def main() -> None:
    """Print the table and put it into the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--markets", nargs="+", choices=MARKETS, default=list(MARKETS))
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    rows = []
    for market in given.markets:
        seeds = range(FIRST, FIRST + given.seeds)
        lanes = [Lane(market, seed, HOURS, overrides_of("steady_safe"), True) for seed in seeds]
        hours = [one.values for one in run_lanes(lanes, given.jobs)]
        rows += [row(market, lost, hours) for lost in LOST_BPS]
    text = table(HEAD, rows)
    print(text)
    put_section(DOCUMENT, "drift", text)


def row(market: str, lost: float, lanes: Sequence[Values]) -> list[str]:
    """A row of the table: `lanes` that lose so many bps over their hours."""
    gates = load_gates("soak", gate_shelf(ROOT / "none"), ROOT / "none", "soak")
    found = [drifting(gates, market, losing(values, lost)) for values in lanes]
    net, some = sum("net_bps" in one for one in found), sum(map(bool, found))
    low, high = share_interval(some, len(found))
    shares = [f"{100 * count / len(found):.1f} %" for count in (net, some)]
    return [
        market,
        f"{lost:g} bps",
        str(len(found)),
        *shares,
        f"{100 * low:.1f}-{100 * high:.1f} %",
    ]


def losing(values: Values, lost: float) -> Values:
    """The hours `values[hour, kpi]` with a net that goes down."""
    changed = values.copy()
    changed[:, REPORTED.index("net_bps")] -= lost * np.arange(len(values)) / (len(values) - 1)
    return changed


def drifting(gates: Sequence[Gate], market: str, values: Values) -> set[str]:
    """The KPIs that a lane's end warns of."""
    evidence, wanted = Evidence(), needed_series(gates, market)
    for hour in values[gates[0].grace :]:
        known = zip(REPORTED, hour.tolist(), strict=True)
        sample = Sample(values={name: None if v != v else v for name, v in known})
        evidence = evidence.with_steady(sample, wanted)
    checks = drift_checks(gates, market, evidence.series, "hour")
    return {check.metric.removesuffix(DRIFT) for check in checks if check.reason}


if __name__ == "__main__":
    main()
