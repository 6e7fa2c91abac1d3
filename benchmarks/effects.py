"""How far each tunable parameter moves each KPI: writes the `effects` of `parameters.yaml`.

From steady_safe and from aggressive, on each market, one parameter goes half its tuner range with
all else equal and the same draws; the change is scaled to the whole range. An effect is the median
over the six settings, kept where the median of Student's t is beyond 3. On seeds that no study
judges by. Run: python -m benchmarks.effects [--jobs 2]
"""

from __future__ import annotations

import argparse
import re
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.lanes import GATED, MARKETS, ROOT, Lane, profile, run_lanes
from pytest_soak.config.parameters import Parameter, reference_table
from pytest_soak.stats.paired import paired_effect

SEEDS = range(1001, 1013)
HOURS = 6
FROM = ("steady_safe", "aggressive")
SURE = 3.0
METRICS = (*GATED, "net_quote")
TABLE = ROOT / "pytest_soak" / "config" / "parameters.yaml"


def measure(market: str, overrides: dict[str, float], jobs: int) -> dict[str, NDArray[np.float64]]:
    """The mean of each metric over a lane's hours, seed by seed."""
    lanes = run_lanes([Lane(market, seed, HOURS, overrides) for seed in SEEDS], jobs)
    return {kpi: np.array([lane.of(kpi).mean() for lane in lanes]) for kpi in METRICS}


def half_way(row: Parameter, value: float) -> tuple[float, float]:
    """A value half a tuner range away, and what scales its effect to the whole range."""
    assert row.tuner_range is not None
    low, high = row.tuner_range
    assert low is not None
    assert high is not None
    step = (high - low) / 2
    step = step if value + step <= high else -step
    return row.round(value + step), (high - low) / step


def effects(jobs: int) -> dict[str, dict[str, float]]:
    """The sure effects by parameter and metric."""
    table = reference_table()
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for market in MARKETS:
        for name in FROM:
            start = profile(name)
            before = measure(market, start, jobs)
            for parameter, row in table.items():
                if row.tuner_range is None:
                    continue
                moved, scale = half_way(row, start[parameter])
                after = measure(market, start | {parameter: moved}, jobs)
                for kpi in METRICS:
                    effect = paired_effect(before[kpi], after[kpi])
                    sized = (effect.mean * scale, effect.t * np.sign(scale))
                    found.setdefault(parameter, {}).setdefault(kpi, []).append(sized)
    return {
        parameter: {
            kpi: float(f"{median(size for size, _ in sized):.2g}")
            for kpi, sized in by_kpi.items()
            if abs(median(t for _, t in sized)) > SURE
        }
        for parameter, by_kpi in found.items()
    }


def write(found: dict[str, dict[str, float]]) -> None:
    """Replace the effects in the table's file."""
    text = TABLE.read_text(encoding="utf-8")
    text = re.sub(r"^  effects: .*\n", "", text, flags=re.MULTILINE)
    for parameter, by_kpi in found.items():
        told = ", ".join(f"{kpi}: {size:g}" for kpi, size in by_kpi.items())
        pattern = rf"^({parameter}:\n(?:  .*\n)*)"
        text = re.sub(pattern, rf"\1  effects: {{{told}}}\n", text, flags=re.MULTILINE)
    TABLE.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1)
    found = effects(parser.parse_args().jobs)
    write(found)
    print(f"wrote the effects of {len(found)} parameters to {TABLE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
