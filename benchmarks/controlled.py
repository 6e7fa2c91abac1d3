"""Lanes of the reference maker under the control loop, without files or pytest: for the studies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.lanes import ROOT
from pytest_soak.engine.lane import advance, begin, enter, finish
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import Ending, IterationRecord, LaneResult
from pytest_soak.gates.model import Gate, gate_shelf, load_gates
from pytest_soak.kpi.edge import summarize
from pytest_soak.market.compile import load_kernel
from pytest_soak.run.planning import plan_lane
from pytest_soak.run.resolve import Inputs, resolve_settings
from pytest_soak.targets.abilities import abilities
from pytest_soak.targets.simulated import SimulatedTarget

NOWHERE = ROOT / "none"
ITERATIONS = 24


@cache
def gates() -> tuple[Gate, ...]:
    """The gate `soak`, and what it names as final."""
    return load_gates("soak", gate_shelf(NOWHERE), NOWHERE, "gate")


@dataclass(frozen=True)
class Setup:
    """How a lane is controlled; without a `tuner` its parameters stay as they are."""

    market: str
    profile: str
    tuner: str | None = None
    guards: bool = True
    warmup: str | None = None
    presets: tuple[str, ...] = ()

    def plan(self, seed: int) -> LanePlan:
        """The plan of a lane from a cold start, as the target `sim` has it, judged by `soak`."""
        typed = {
            "iterations": str(ITERATIONS),
            "profile": self.profile,
            "market": self.market,
            "seed": str(seed),
            "preset": list(self.presets),
            "auto-tune": "1" if self.tuner else "0",
            "tuner": self.tuner,
            "guards": "1" if self.guards else "0",
            "warmup": "1" if self.warmup else "0",
            "warmup-preset": self.warmup,
        }
        settings = resolve_settings(Inputs(typed, {}, {}, NOWHERE, NOWHERE, NOWHERE))
        [lane] = settings.lanes()
        return plan_lane(settings, lane, abilities(SimulatedTarget, "sim"), "sim")


@dataclass(frozen=True)
class Ran:
    """What became of one lane; a panic may have ended it early."""

    records: tuple[IterationRecord, ...]
    result: LaneResult

    def of(self, kpi: str) -> NDArray[np.float64]:
        """One KPI, hour by hour; NaN where there is none."""
        values = [record.summary.kpis[kpi] for record in self.records]
        return np.array([np.nan if value is None else value for value in values])

    def verdicts(self) -> list[str]:
        """The raw verdicts, hour by hour."""
        return [record.verdict_raw.value for record in self.records]


def run_setup(setup: Setup, seed: int) -> Ran:
    """Run one lane to its end."""
    plan = setup.plan(seed)
    target = SimulatedTarget(plan.lane)
    target.start(plan.lane)
    state, records, ending = begin(plan), [], Ending.COMPLETED
    for _ in range(ITERATIONS):
        state = enter(plan, state, {})
        seen = target.run(state.overrides, state.window(plan.lane.minutes))
        state, record = advance(plan, state, summarize(seen))
        records.append(record)
        if record.ending is not None:
            ending = record.ending
            break
    return Ran(tuple(records), finish(plan, state, ending))


@cache
def run_setups(setup: Setup, seeds: range, jobs: int) -> list[Ran]:
    """Run a lane a seed, `jobs` at a time."""
    load_kernel()  # once, before threads ask for it side by side
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda seed: run_setup(setup, seed), seeds))
