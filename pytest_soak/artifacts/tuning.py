"""From the control loop's values to artifacts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, median

from pytest_soak.artifacts.build import machine, tuning
from pytest_soak.artifacts.models import (
    EdgeSentinel,
    ProductionSnapshot,
    Spread,
    TunedIteration,
    TuningReport,
    TuningState,
    TuningSummary,
)
from pytest_soak.engine.control import Control
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import IterationRecord, LaneResult
from pytest_soak.gates.evidence import Evidence
from pytest_soak.stats.spread import deviation


def tuned_iteration(record: IterationRecord) -> TunedIteration:
    """An entry of TUNING_REPORT."""
    return TunedIteration(
        iteration=record.iteration,
        net_bps=record.summary.kpis.get("net_bps"),
        **tuning(record).model_dump(),
    )


def tuning_report(
    plan: LanePlan, result: LaneResult, iterations: Sequence[TunedIteration]
) -> TuningReport:
    """TUNING_REPORT of a lane."""
    stopped = Counter(
        why.removeprefix("SUPPRESSED: ") for one in iterations for why in one.suppressed.values()
    )
    return TuningReport(
        source=plan.target,
        lane=plan.lane.id,
        auto_tune=plan.auto_tune,
        tuner=plan.tuner,
        iterations=list(iterations),
        summary=TuningSummary(
            suggested=sum(bool(one.suggested_deltas) for one in iterations),
            applied=sum(any(one.deltas.values()) for one in iterations),
            suppressed=dict(stopped),
            frozen_iterations=sum(one.freeze_active for one in iterations),
            panics=sum(one.panicked for one in iterations),
            changed=list(result.changed),
        ),
        meta=machine(),
    )


def tuning_state(plan: LanePlan, iteration: int, control: Control) -> TuningState:
    """TUNING_STATE after an iteration."""
    watch = control.watch
    return TuningState(
        source=plan.target,
        lane=plan.lane.id,
        iteration=iteration,
        tuner=plan.tuner,
        auto_tune=plan.auto_tune,
        guards=plan.guards,
        baseline=control.baseline,
        sources=control.sources,
        moves=list(control.moves),
        lock=watch.lock,
        frozen=watch.frozen,
        good=watch.good,
        bad=watch.bad,
        panics=watch.panics,
        meta={},
    )


def sentinel(record: IterationRecord) -> EdgeSentinel:
    """EDGE_SENTINEL of a record."""
    return EdgeSentinel(
        source=record.target,
        lane=record.lane.id,
        iteration=record.iteration,
        drivers=list(record.drivers),
        advice=list(record.tuning.rationale) or ["nothing to change"],
        meta={},
    )


def snapshot(
    plan: LanePlan, record: IterationRecord, graded: Iterable[Mapping[str, float | None]]
) -> ProductionSnapshot:
    """PRODUCTION_SNAPSHOT of a freeze; `graded` are the KPIs of the iterations it rests on."""
    lock, frozen = record.tuning.lock, record.tuning.frozen
    assert lock is not None
    assert frozen is not None
    return ProductionSnapshot(
        source=plan.target,
        lane=plan.lane.id,
        profile=plan.lane.profile,
        market=plan.lane.market,
        seed=plan.lane.seed,
        iteration=record.iteration,
        overrides=frozen,
        sources=record.sources,
        parameters=list(plan.parameters),
        rests_on=record.rests_on,
        kpis=spread(graded),
        signature_hash=lock.signature,
        meta=machine(),
    )


def confirmed(snapshot: ProductionSnapshot, evidence: Evidence) -> ProductionSnapshot:
    """A snapshot whose overrides were in force to the lane's end, with all that speaks for them."""
    kpis = spread(sample.values for sample in evidence.last)
    return snapshot.model_copy(update={"rests_on": evidence.graded, "kpis": kpis})


def spread(samples: Iterable[Mapping[str, float | None]]) -> dict[str, Spread]:
    """Median, standard deviation and number of values of each KPI that has some."""
    values: dict[str, list[float]] = {}
    for sample in samples:
        for name, value in sample.items():
            if value is not None:
                values.setdefault(name, []).append(value)
    return {
        name: Spread(median=median(v), sd=deviation(v, fmean(v)) if len(v) > 1 else None, n=len(v))
        for name, v in values.items()
    }
