"""How often the gate `soak` says of a lane that it drifts, with and without a cause: docs/TRUST.md.

The lanes are those of a pool that `pytest-soak calibrate` has recorded, on a market that does not
change from hour to hour. A cause takes so much of the net away, evenly from hour to hour, that the
last one has all of it less. Run: python -m benchmarks.drift --pool FOLDER
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from benchmarks.lanes import ROOT, put_section, table
from pytest_soak.artifacts.lane_journal import parse_journal
from pytest_soak.calibration.lanes import lane_of
from pytest_soak.calibration.pool import SUFFIX
from pytest_soak.engine.lane import begin
from pytest_soak.engine.past import redo
from pytest_soak.engine.plan import GateMode
from pytest_soak.gates.engine import DRIFT
from pytest_soak.gates.lasting import drift_checks
from pytest_soak.gates.model import gate_shelf, load_gates
from pytest_soak.stats.limits import share_interval

DOCUMENT = ROOT / "docs" / "TRUST.md"
LOST_BPS = (0.0, 0.3, 0.6, 1.0, 1.5, 2.3)
HEAD = ["market", "lanes", "net lost by the last hour", "net drifts", "any KPI does", "95 %"]
GATES = load_gates("soak", gate_shelf(ROOT / "none"), ROOT / "none", "soak")

Series = Mapping[str, Sequence[float | None]]


class Followed(NamedTuple):
    """A lane's market, and its steady graded iterations as its end sees them."""

    market: str
    series: Series


def main() -> None:
    """Print the table and put it into the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, required=True)
    given = parser.parse_args()
    lanes = sorted(map(followed, given.pool.glob(f"*{SUFFIX}")), key=lambda lane: lane.market)
    rows = [
        row(market, lost, of_market)
        for market, found in groupby(lanes, key=lambda lane: lane.market)
        for of_market in [[lane.series for lane in found]]
        for lost in LOST_BPS
    ]
    text = table(HEAD, rows)
    print(text)
    put_section(DOCUMENT, "drift", text)


def followed(file: Path) -> Followed:
    """A lane of the pool, under the gate `soak`."""
    content = parse_journal(str(file), file.read_bytes())
    lane = lane_of(str(file), content, len(content.iterations)).judged_by(GATES, GateMode.SOFT)
    state = begin(lane.plan)
    for done in lane.done:
        state, _ = redo(lane.plan, state, done)
    return Followed(lane.plan.lane.market, state.evidence.series)


def row(market: str, lost: float, lanes: Sequence[Series]) -> list[str]:
    """A row of the table: `lanes` that lose so many bps over their hours."""
    found = [drifting(market, losing(series, lost)) for series in lanes]
    net, some = sum("net_bps" in one for one in found), sum(map(bool, found))
    shares = [f"{100 * count / len(found):.1f} %" for count in (net, some)]
    low, high = (100 * end for end in share_interval(some, len(found)))
    return [market, str(len(found)), f"{lost:g} bps", *shares, f"{low:.1f} to {high:.1f} %"]


def losing(series: Series, lost: float) -> Series:
    """The same with a net that goes down."""
    net = series["net_bps"]
    step = lost / (len(net) - 1)
    return {**series, "net_bps": [None if v is None else v - n * step for n, v in enumerate(net)]}


def drifting(market: str, series: Series) -> set[str]:
    """The KPIs that a lane's end warns of."""
    checks = drift_checks(GATES, market, series, "hour")
    return {check.metric.removesuffix(DRIFT) for check in checks if check.reason}


if __name__ == "__main__":
    main()
