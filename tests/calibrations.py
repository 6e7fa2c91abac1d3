"""Recorded lanes and calibrations that tests make by hand."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from builders import LANE, gate, plan

from pytest_soak.artifacts.calibration import CalibratedGate, CalibrationKey, Detectable, Rate
from pytest_soak.calibration.lanes import RecordedLane
from pytest_soak.engine.past import NO_EDITS, Done
from pytest_soak.engine.plan import GateMode
from pytest_soak.gates.model import Failed, Gate, Threshold
from pytest_soak.kpi.summary import Summary

NET_AT_LEAST_2 = gate(Threshold(metric="net_bps", fail_unless=">= 2"), grace=2)


_PLAN = plan(NET_AT_LEAST_2, GateMode.SOFT, tuned=False)


def done(number: int, **kpis: float | None) -> Done:
    summary = Summary(kpis=kpis)
    return Done(
        iteration=number, edits=NO_EDITS, summary=summary, state_hash="", started="", seconds=0.0
    )


def lane(
    *rows: dict[str, float | None], seed: int = 1, judged_by: Gate = NET_AT_LEAST_2, **facts: Any
) -> RecordedLane:
    """A whole lane that measured `rows`; `facts` are fields of its plan."""
    info = replace(LANE, id=f"steady_safe-calm-{seed}", seed=seed)
    length = {"iterations": len(rows), "planned": len(rows)}
    update = {"gate": judged_by, "finals": (judged_by,), "lane": info, **length, **facts}
    made = _PLAN.model_copy(update=update)
    measured = tuple(done(n, **row) for n, row in enumerate(rows, 1))
    return RecordedLane(f"lane {seed}", made, measured, "v1")


def nets(*values: float | None, **facts: Any) -> RecordedLane:
    return lane(*({"net_bps": value} for value in values), **facts)


def noisy(seed: int, iterations: int = 4, mean: float = 3.0, **facts: Any) -> RecordedLane:
    """A lane whose net is drawn about `mean` with a standard deviation of 0.3."""
    random = Random(seed)
    drawn = [random.gauss(mean, 0.3) for _ in range(iterations)]
    return nets(*drawn, seed=seed, **facts)


def key(**other: Any) -> CalibrationKey:
    facts: dict[str, Any] = {
        "gate": "soak",
        "market": "calm",
        "profile": "steady_safe",
        "iterations": 24,
        "minutes": 60.0,
        "gate_mode": "soft",
        "target": "sim",
        "target_version": "k1",
        "pytest_soak": "1.0",
        "gate_hash": "g1",
        "settings_hash": "s1",
    }
    return CalibrationKey(**(facts | other))


def calibrated(**other: Any) -> CalibratedGate:
    """One that is known of 100 lanes; `other` are fields of its key."""
    changes = {"50": -0.4, "80": -0.45, "95": -0.6}
    return CalibratedGate(
        key=key(**other),
        seeds=list(range(1, 101)),
        false_alarms=Rate(lanes=100, failed=1, share=0.01, low=0.0018, high=0.0545),
        lacking=None,
        draws=0,
        detectable=[
            Detectable(kpi="net_bps", median=3.2, changes=changes, reason=None),
            Detectable(kpi="drawdown_ratio", median=None, changes={}, reason="is of several"),
        ],
        causes=[],
    )


FAILED = Failed(fail_unless="<= 10 %", at_least=2)
