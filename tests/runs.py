"""Runs on disk that no soak made: as many lanes and iterations as a test wants, in no time."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_soak.artifacts.models import (
    BlockShare,
    EdgeReport,
    FinalSummary,
    GateMetric,
    IterationKpis,
    IterSummary,
    KpiGate,
    LaneOutcome,
    RunResult,
    Tuning,
)
from pytest_soak.storage.files import write_json

QUIET = Tuning(
    suggested_deltas={},
    deltas={},
    suppressed={},
    rationale=[],
    freeze_active=False,
    freeze_reason=None,
    freeze_from=None,
    freeze_until=None,
    signature_hash=None,
    panicked=False,
    error=None,
)


def kpis_of(number: int) -> dict[str, float | None]:
    wave = random.Random(number).uniform(-1, 1)
    return {
        "gross_bps": 3.6 + 0.1 * wave,
        "fees_eff_bps": -0.2,
        "slippage_bps": -0.2,
        "inventory_bps": -0.1,
        "net_bps": 3.1 + 0.1 * wave,
        "risk_ratio": 0.3 + 0.02 * wave,
        "p95_latency_ms": 260.0 + 10.0 * wave,
        "volume_quote": 1e6,
    }


def summary_of(number: int, lane: str = "safe-calm-1", **more: Any) -> IterSummary:
    """An iteration; `more` are its `kpis`, `tuning`, `overrides`, `sources`, or of its summary."""
    summary: dict[str, Any] = {
        "phase": "steady",
        "verdict": "PASS",
        "verdict_raw": "PASS",
        "graded": number > 2,
        "verdict_reasons": [],
        "state_hash": "0" * 64,
        "drivers": [],
        "reasons": {},
        "samples": {},
        "market": "calm",
        "mock_mode": "calm",
        "mock_seed": 1,
        "oscillation_detected": False,
        "velocity_violation": False,
        "cooldown_active": False,
        "spike_count": 0,
        "gap_events": 0,
    }
    tuning = QUIET.model_copy(update=more.pop("tuning", {}))
    overrides = more.pop("overrides", {"spread": 1.0})
    sources = more.pop("sources", dict.fromkeys(overrides, "default"))
    kpis = more.pop("kpis", None) or kpis_of(number)
    return IterSummary(
        source="fake",
        lane=lane,
        iteration=number,
        summary=IterationKpis(**(kpis | summary | more)),
        overrides=overrides,
        sources=sources,
        tuning=tuning,
        notes=[],
        meta={"started": "then", "seconds": 1.0},
    )


def metric(name: str = "net_bps", **more: Any) -> GateMetric:
    given = {
        "gate": "soak",
        "metric": name,
        "value": 3.1,
        "verdict": "PASS",
        "fail_unless": ">= 2.0",
        "warn_unless": ">= 2.7",
        "reason": "",
        "no_data": False,
    }
    return GateMetric(**(given | more))


def outcome_of(lane: str, iterations: int, **more: Any) -> LaneOutcome:
    given = {
        "lane": lane,
        "profile": "safe",
        "market": "calm",
        "seed": 1,
        "gate": "soak",
        "verdict": "PASS",
        "verdict_raw": "PASS",
        "reasons": [],
        "ending": "completed",
        "iterations": iterations,
        "planned": iterations,
        "counts": {"PASS": iterations, "WARN": 0, "FAIL": 0},
        "medians": {"net_bps": 3.1},
        "samples": {},
        "changed": [],
    }
    return LaneOutcome(**(given | more))


def write_lane(
    home: Path, iterations: list[IterSummary], checks: list[GateMetric], **more: Any
) -> LaneOutcome:
    """The files of a lane that ended."""
    lane = iterations[0].lane
    outcome = outcome_of(lane, len(iterations), **more)
    for one in iterations:
        write_json(home / f"ITER_SUMMARY_{one.iteration}.json", one.data())
    final = FinalSummary(source="fake", result=outcome, overrides={}, sources={}, meta={})
    write_json(home / "ITER_SUMMARY_final.json", final.data())
    gate = KpiGate(
        source="fake",
        lane=lane,
        gate="soak",
        mode="soft",
        final=True,
        iteration=len(iterations),
        verdict="PASS",
        verdict_raw="PASS",
        note="medians of its last 8 graded",
        reasons=[],
        metrics=checks,
        meta={},
    )
    write_json(home / "artifacts/KPI_GATE.json", gate.data())
    edge = EdgeReport(
        source="fake",
        lane=lane,
        iteration=len(iterations),
        totals={},
        component_breakdown={},
        block_reasons={
            "risk": BlockShare(count=3, ratio=0.75),
            "age": BlockShare(count=1, ratio=0.25),
        },
        neg_edge_drivers=[],
        meta={},
    )
    write_json(home / "artifacts/EDGE_REPORT.json", edge.data())
    return outcome


def write_result(run: Path, lanes: list[LaneOutcome], settings: Mapping[str, str] = {}) -> None:
    verdicts = [lane.verdict for lane in lanes]
    result = RunResult(
        source="fake",
        status="finished",
        verdict="FAIL" if "FAIL" in verdicts else "PASS",
        exit_status=0,
        gate_mode="soft",
        settings=dict(settings),
        lanes=lanes,
        unfinished=[],
        meta={"run": "20250101T000000Z-00000000", "host": "here"},
    )
    write_json(run / "RESULT.json", result.data())


def write_run(run: Path, lanes: int = 1, iterations: int = 24) -> Path:
    """A finished run of good lanes."""
    checks = [metric(), metric("risk_ratio", fail_unless="<= 0.5", warn_unless="<= 0.4")]
    done = []
    for n in range(1, lanes + 1):
        lane = f"safe-calm-{n}"
        home = run / lane if lanes > 1 else run
        done.append(
            write_lane(
                home, [summary_of(k, lane) for k in range(1, iterations + 1)], checks, seed=n
            )
        )
    write_result(run, done)
    return run
