"""From the engine's values to artifacts."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
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
    Tuning,
)
from pytest_soak.canonical import flags_hash
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import IterationRecord, LaneResult
from pytest_soak.gates.engine import Check, Verdict
from pytest_soak.kpi.definitions import COMPONENTS
from pytest_soak.tuning.guards import Guard
from pytest_soak.version import __version__

_TOTALS = (
    "net_bps",
    "gross_bps",
    "net_quote",
    "volume_quote",
    "num_fills",
    "maker_taker_ratio",
    "max_drawdown_quote",
)
_COMPONENTS = (*COMPONENTS, "adverse_bps")


def machine() -> dict[str, str]:
    """Versions and host, for `meta`."""
    return {
        "pytest_soak": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": platform.node(),
    }


def iter_summary(record: IterationRecord) -> IterSummary:
    """ITER_SUMMARY of a record."""
    summary, stopped = record.summary, set(record.tuning.suppressed.values())
    judged: dict[str, Any] = {
        "phase": record.phase,
        "verdict": record.verdict,
        "verdict_raw": record.verdict_raw,
        "graded": record.graded,
        "verdict_reasons": [*summary.faults, *record.judgement.reasons()],
        "state_hash": record.state_hash,
        "drivers": list(record.drivers),
        "reasons": summary.reasons,
        "samples": summary.samples,
        "market": record.lane.market,
        "mock_mode": record.lane.market,
        "mock_seed": record.lane.seed,
        "oscillation_detected": Guard.OSCILLATION in stopped,
        "velocity_violation": Guard.VELOCITY in stopped,
        "cooldown_active": Guard.COOLDOWN in stopped,
        "spike_count": summary.market.get("spike_count", 0),
        "gap_events": summary.market.get("gap_events", 0),
    }
    return IterSummary(
        source=record.target,
        lane=record.lane.id,
        iteration=record.iteration,
        summary=IterationKpis(**(summary.kpis | judged)),
        overrides=record.overrides,
        sources=record.sources,
        flags=dict(record.lane.config),
        flags_hash=flags_hash(record.lane.config),
        tuning=tuning(record),
        stops=list(record.stops),
        fired_at=record.fired_at,
        notes=list(record.notes),
        curves=summary.curves,
        meta={"started": record.started, "seconds": round(record.seconds, 6)},
    )


def tuning(record: IterationRecord) -> Tuning:
    """What was suggested after an iteration and what was done; a stopped step is 0."""
    made = record.tuning
    lock = made.lock
    return Tuning(
        suggested_deltas=made.suggested,
        deltas=dict.fromkeys(made.suppressed, 0.0) | made.deltas,
        suppressed={name: f"SUPPRESSED: {guard}" for name, guard in made.suppressed.items()},
        rationale=list(made.rationale),
        freeze_active=lock is not None,
        freeze_reason=lock.reason if lock else None,
        freeze_from=lock.since if lock else None,
        freeze_until=lock.until if lock else None,
        signature_hash=lock.signature if lock else None,
        panicked=made.panicked,
        error=made.error,
    )


def iteration_gate(plan: LanePlan, record: IterationRecord) -> KpiGate:
    """KPI_GATE after an iteration."""
    verdicts = record.verdict, record.verdict_raw
    reasons = record.judgement.reasons()
    return _gate(plan, record, verdicts, record.iteration, reasons, final=False)


def final_gate(plan: LanePlan, result: LaneResult) -> KpiGate:
    """KPI_GATE at the end of a lane that was judged."""
    assert result.verdict is not None
    assert result.verdict_raw is not None
    verdicts = result.verdict, result.verdict_raw
    return _gate(plan, result, verdicts, result.iterations, result.reasons, final=True)


def _gate(
    plan: LanePlan,
    judged: IterationRecord | LaneResult,
    verdicts: tuple[Verdict, Verdict],
    iteration: int,
    reasons: Sequence[str],
    *,
    final: bool,
) -> KpiGate:
    return KpiGate(
        source=plan.target,
        lane=plan.lane.id,
        gate=plan.gate.name,
        mode=plan.gate_mode,
        final=final,
        iteration=iteration,
        verdict=verdicts[0],
        verdict_raw=verdicts[1],
        note=judged.judgement.note,
        reasons=list(reasons),
        metrics=[_metric(check) for check in judged.judgement.checks] or _unjudged(plan, judged),
        meta={},
    )


def _unjudged(plan: LanePlan, judged: IterationRecord | LaneResult) -> list[GateMetric]:
    """The thresholds of a lane of which nothing was graded."""
    return [
        GateMetric(
            gate=gate.name,
            metric=threshold.metric,
            value=None,
            verdict=Verdict.WARN,
            fail_unless=threshold.fail_unless,
            warn_unless=threshold.warn_unless,
            fail_at_once=threshold.fail_at_once,
            reason=judged.judgement.note,
            no_data=True,
        )
        for gate in plan.finals
        for threshold in gate.on(plan.lane.market)
    ]


def edge_report(record: IterationRecord) -> EdgeReport:
    """EDGE_REPORT of a record."""
    kpis, blocks = record.summary.kpis, record.summary.block_counts
    total = sum(blocks.values())
    return EdgeReport(
        source=record.target,
        lane=record.lane.id,
        iteration=record.iteration,
        totals=_pick(kpis, _TOTALS),
        component_breakdown=_pick(kpis, _COMPONENTS),
        block_reasons={
            reason: BlockShare(count=count, ratio=count / total if total else 0.0)
            for reason, count in blocks.items()
        },
        neg_edge_drivers=list(record.drivers),
        meta={},
    )


def outcome(result: LaneResult) -> LaneOutcome:
    """The verdict on a lane."""
    return LaneOutcome(
        lane=result.lane.id,
        profile=result.lane.profile,
        market=result.lane.market,
        seed=result.lane.seed,
        variant=result.lane.variant,
        flags_hash=flags_hash(result.lane.config),
        scenario_hash=result.lane.scenario.digest if result.lane.scenario else None,
        gate=result.gate,
        verdict=result.verdict,
        verdict_raw=result.verdict_raw,
        reasons=list(result.reasons),
        ending=result.ending,
        iterations=result.iterations,
        planned=result.planned,
        counts=result.counts,
        ungraded=result.ungraded,
        medians=result.medians,
        samples=result.samples,
        changed=list(result.changed),
        began_with=result.began_with,
        graded=result.evidence.graded,
        failed=result.evidence.failed,
        drifts=result.judgement.drifts,
        drills=[str(drill) for drill in result.lane.drills],
        exchange=None if result.lane.exchange is None else result.lane.exchange.words,
        stopped=result.stopped,
        deterministic=result.deterministic,
    )


def final_summary(result: LaneResult) -> FinalSummary:
    """ITER_SUMMARY_final of a lane that ended."""
    return FinalSummary(
        source=result.target,
        result=outcome(result),
        overrides=result.overrides,
        sources=result.sources,
        meta=machine(),
    )


def _metric(check: Check) -> GateMetric:
    return GateMetric(**check.model_dump())


def _pick(kpis: Mapping[str, float | None], names: tuple[str, ...]) -> dict[str, float | None]:
    return {name: kpis[name] for name in names if name in kpis}
