"""Lanes of the reference maker for the studies: KPIs as arrays, hour by hour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.config.documents import read_document
from pytest_soak.config.parameters import reference_table
from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.kpi.edge import summarize
from pytest_soak.market.compile import load_kernel
from pytest_soak.market.maker_config import MakerConfig
from pytest_soak.market.regimes import build_market
from pytest_soak.market.simulation import Simulation

MARKETS = tuple(BUILT_IN)
HOUR_US = 3_600_000_000
COLD_MINUTES = 240.0  # as the target `sim` has it with iterations of 60 minutes
ROOT = Path(__file__).parent.parent

GATED = ("net_bps", "maker_taker_ratio", "risk_ratio", "p95_latency_ms", "adverse_bps_p95")
REPORTED = (
    *GATED,
    "throttle_pct",
    "adverse_bps",
    "num_fills",
    "net_quote",
    "volume_quote",
    "max_drawdown_quote",
)
DIGITS = {"p95_latency_ms": 0, "num_fills": 0, "net_quote": 0, "volume_quote": 0}
DIGITS |= {"net_bps": 2, "maker_taker_ratio": 3, "risk_ratio": 3, "adverse_bps_p95": 2}
DIGITS |= {"drawdown_ratio": 4, "throttle_pct": 1}


@dataclass(frozen=True)
class Lane:
    """What to run: hours of 60 minutes of one profile on one market."""

    market: str
    seed: int
    hours: int
    overrides: Mapping[str, float]
    cold: bool = False
    settings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Hours:
    """KPIs of one lane: `values[hour, kpi]` in the order of REPORTED; NaN where there is none."""

    values: NDArray[np.float64]
    spikes: NDArray[np.int64]

    def of(self, kpi: str) -> NDArray[np.float64]:
        """One KPI, hour by hour."""
        return self.values[:, REPORTED.index(kpi)]


@cache
def profile(name: str) -> dict[str, float]:
    """The overrides of a shipped profile, completed by the defaults."""
    given = read_document(ROOT / "profiles" / f"{name}.yaml", name).data
    assert isinstance(given, dict)
    overrides: dict[str, float] = given["overrides"]
    return reference_table().defaults() | overrides


def run_lane(lane: Lane) -> Hours:
    """Run one lane; the kernel lets go of the interpreter, so threads run lanes side by side."""
    config = MakerConfig(signal_window_minutes=COLD_MINUTES if lane.cold else 0.0)
    simulation = Simulation(build_market(lane.market, lane.settings), lane.seed, config)
    values = np.full((lane.hours, len(REPORTED)), np.nan)
    spikes = np.zeros(lane.hours, np.int64)
    for hour in range(lane.hours):
        start = hour * HOUR_US
        seen = simulation.observe(hour + 1, start, start + HOUR_US, lane.overrides, 0)
        kpis = summarize(seen).kpis
        found = [kpis[name] for name in REPORTED]
        values[hour] = [np.nan if value is None else value for value in found]
        spikes[hour] = seen.market["spike_count"]
    return Hours(values, spikes)


def run_lanes(lanes: Iterable[Lane], jobs: int = 1) -> list[Hours]:
    """Run lanes, `jobs` at a time, and return their hours in the same order."""
    load_kernel()  # once, before threads ask for it side by side
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(run_lane, lanes))


def table(head: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def put_section(path: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- begin name -->` and `<!-- end name -->` in a document."""
    pattern = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
    document = path.read_text(encoding="utf-8")
    if not pattern.search(document):
        raise ValueError(f"{path.name} has no section {name!r}")
    path.write_text(
        pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", document), encoding="utf-8"
    )
