"""Runs on disk that differ from each other by as much as a test wants."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from finished_runs import outcome, result, write_run
from runs import summary_of

from pytest_soak.storage.files import write_json

COLD = 2
"""The iterations at the start of a lane that are absurd, and not graded."""
KPIS: Mapping[str, tuple[float, float]] = {
    "risk_ratio": (0.3, 0.02),
    "maker_taker_ratio": (0.95, 0.01),
    "net_bps": (3.0, 0.2),
    "p95_latency_ms": (260.0, 8.0),
    "net_quote": (400.0, 40.0),
    "volume_quote": (1e6, 1e4),
}
"""Mean and standard deviation of an iteration."""


def kpis_of(name: str, seed: int, number: int, change: Mapping[str, float]) -> dict[str, Any]:
    """What lanes of one seed have in common, a little of the run's own, and the change."""
    shared, own = random.Random(f"{seed}/{number}"), random.Random(f"{name}/{seed}/{number}")
    return {
        kpi: mean + sd * (shared.gauss(0, 1) + 0.2 * own.gauss(0, 1)) + change.get(kpi, 0.0)
        for kpi, (mean, sd) in KPIS.items()
    }


def stored(
    root: Path,
    seeds: Iterable[int],
    change: Mapping[str, float] = {},
    *,
    fixed: Mapping[str, float | None] = {},
    cold: int = COLD,
    grace: int = COLD,
    **facts: Any,
) -> Path:
    """An artifact root with a finished run of `sim`, of 6 iterations unless its outcome says else.

    `change` is added to KPIs, `fixed` stand in place of them.
    """
    lane_facts = facts.pop("outcome", {})
    iterations = lane_facts.get("iterations", 6)
    lanes = [outcome(seed, **({"iterations": 6, "planned": 6} | lane_facts)) for seed in seeds]
    write_run(root, result(*lanes, **facts))
    for lane in lanes:
        home = root / "latest" / (lane.lane if len(lanes) > 1 else "")
        for number in range(1, iterations + 1):
            kpis = kpis_of(root.name, lane.seed, number, change)
            if number <= cold:
                kpis = {kpi: 10.0 * lane.seed * value for kpi, value in kpis.items()}
            made = summary_of(number, lane.lane, kpis={**kpis, **fixed}, graded=number > grace)
            write_json(home / f"ITER_SUMMARY_{number}.json", made.data())
    return root
