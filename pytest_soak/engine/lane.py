"""A lane as a value: `advance(plan, state, summary) -> (state, record)`, pure and serialisable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from pytest_soak.canonical import state_hash
from pytest_soak.engine import control as control_loop
from pytest_soak.engine.control import Control
from pytest_soak.engine.plan import GateMode, LanePlan
from pytest_soak.engine.record import Ending, IterationRecord, LaneResult
from pytest_soak.engine.watch import Watched
from pytest_soak.gates.engine import (
    OF_ITERATIONS,
    Judgement,
    Sample,
    Verdict,
    badness,
    history_needed,
    judge,
    value_over,
    worst,
)
from pytest_soak.gates.evidence import Evidence, FailedIteration, failure_of, judge_final
from pytest_soak.gates.sustained import Transition, checks_of
from pytest_soak.kpi.spans import derivable
from pytest_soak.kpi.summary import Summary, drivers
from pytest_soak.targets.base import Window
from pytest_soak.tuning.phases import Phase, phase_of

_Kept = tuple[Sample, ...]


class LaneState(BaseModel):
    """Everything a lane carries from one iteration to the next.

    `overrides` are those in force, with their `sources`; what they came from is in `control`, and
    `judged` is the baseline of the last iteration, `judged_sources` where it is from; `evidence`
    are the iterations with that baseline.
    """

    model_config = ConfigDict(frozen=True)

    iteration: int = 0
    overrides: dict[str, float]
    sources: dict[str, str]
    control: Control
    judged: dict[str, float]
    judged_sources: dict[str, str]
    notes: tuple[str, ...] = ()
    history: _Kept = ()
    evidence: Evidence = Evidence()
    counts: dict[str, int] = {}
    ungraded: dict[str, int] = {}
    unsoftened: tuple[str, ...] = ()
    stopped: Transition | None = None

    def window(self, minutes: float) -> Window:
        """The window of the next iteration."""
        return Window(self.iteration + 1, self.iteration * minutes, minutes)


def begin(plan: LanePlan) -> LaneState:
    """The state before the first iteration."""
    values, sources = dict(plan.overrides.values), dict(plan.overrides.sources)
    control = Control(baseline=values, sources=sources)
    return LaneState(
        overrides=values,
        sources=sources,
        control=control,
        judged=values,
        judged_sources=sources,
        notes=plan.overrides.notes,
    )


def prepare(plan: LanePlan, state: LaneState, edits: Mapping[str, float]) -> LaneState:
    """The state in which the next iteration runs; `edits` are an operator's of the runtime file."""
    control, values, sources = control_loop.put_in_force(
        plan, state.control, state.iteration + 1, edits
    )
    before = state.overrides
    notes = [f"operator set {k}: {before[k]:.12g} -> {v:.12g}" for k, v in sorted(edits.items())]
    return state.model_copy(
        update={
            "overrides": values,
            "sources": sources,
            "control": control,
            "notes": (*state.notes, *notes),
        }
    )


def note(state: LaneState, text: str) -> LaneState:
    """Something the next record should tell."""
    return state.model_copy(update={"notes": (*state.notes, text)})


def advance(
    plan: LanePlan, state: LaneState, summary: Summary, watched: Watched | None = None
) -> tuple[LaneState, IterationRecord]:
    """Judge the iteration that `summary` measured; the state after it, and its record.

    `watched` is what the lane's sustained criteria found in it. An iteration that one of them ended
    fails, and is no evidence of anything else.
    """
    watched = watched or Watched()
    fired = watched.fired
    iteration = state.iteration + 1
    phase = phase_of(iteration, plan.warmup)
    sample = Sample(values=summary.kpis, reasons=summary.reasons, samples=summary.samples)
    earlier = () if iteration == plan.gate.grace + 1 else state.history
    history = (*earlier, sample)[-history_needed(plan.gate) :]
    judgement = judge(plan.gate, plan.lane.market, history)
    lacking = judgement.no_data_failed
    judgement = _with_faults(_with_stops(plan, judgement, watched), summary)
    graded = iteration > plan.gate.grace and fired is None
    hardened = lacking or bool(summary.faults) or fired is not None
    counts = (graded and phase is not Phase.WARMUP) or hardened
    verdict = judgement.verdict if fired else _soften(plan, judgement.verdict, counts)
    failed = counts and judgement.verdict is Verdict.FAIL
    failure = failure_of(iteration, judgement) if failed else None
    evidence = _evidence(plan, state, sample, failure, phase, graded=graded)
    eaten_by = tuple(drivers(summary.kpis))
    control, tuning = control_loop.conclude(
        plan,
        state.control,
        iteration,
        state.overrides,
        summary.kpis,
        eaten_by,
        graded=graded,
        failed=judgement.verdict is Verdict.FAIL,
    )
    ending = Ending.STOP if fired else _ending(plan, verdict, control)
    record = IterationRecord(
        lane=plan.lane,
        target=plan.target,
        iteration=iteration,
        planned=plan.planned,
        phase=phase,
        window=state.window(plan.lane.minutes),
        overrides=state.overrides,
        sources=state.sources,
        state_hash=state_hash(state.overrides),
        summary=summary,
        drivers=eaten_by,
        judgement=judgement,
        verdict=verdict,
        verdict_raw=judgement.verdict,
        graded=graded,
        rests_on=evidence.graded,
        stops=watched.transitions,
        fired_at=fired.at if fired else None,
        failure=_failure(summary, judgement, ending),
        ending=ending,
        tuning=tuning,
        notes=(*state.notes, *summary.notes),
    )
    after = state.model_copy(
        update={
            "iteration": iteration,
            "control": control,
            "judged": state.control.baseline,
            "judged_sources": state.control.sources,
            "notes": (),
            "history": history,
            "evidence": evidence,
            "counts": _one_more(state.counts, verdict),
            "ungraded": state.ungraded if graded else _one_more(state.ungraded, verdict),
            "stopped": fired,
            "unsoftened": _unsoftened(state, iteration, judgement, ending, hardened),
        }
    )
    return after, record


def _evidence(
    plan: LanePlan,
    state: LaneState,
    sample: Sample,
    failure: FailedIteration | None,
    phase: Phase,
    *,
    graded: bool,
) -> Evidence:
    """The evidence after an iteration: it begins anew with another baseline than before.

    From then on it is of steady iterations alone: what a phase adds is not what was found good.
    """
    changed = state.iteration > 0 and state.control.baseline != state.judged
    evidence = Evidence(tuned=True) if changed else state.evidence
    if not graded or (evidence.tuned and phase is not Phase.STEADY):
        return evidence
    evidence = evidence.with_graded(sample, failure)
    return evidence.with_steady(sample, plan.series) if phase is Phase.STEADY else evidence


def _ending(plan: LanePlan, verdict: Verdict, control: Control) -> Ending | None:
    if plan.gate_mode is GateMode.HARD and verdict is Verdict.FAIL:
        return Ending.GATE
    return Ending.PANIC if control.watch.panics >= plan.limits.panic.most else None


def finish(
    plan: LanePlan,
    state: LaneState,
    ending: Ending,
    cause: str = "",
    failures: Sequence[str] = (),
) -> LaneResult:
    """The verdict on the lane as far as it came.

    It is the worse of the gates on the medians of the last graded iterations and of what nothing
    softens: an end before its time, a missing measurement, `failures` of the iterations' tests.
    A gate that is hard wants a decision: where it has graded nothing, that is HOLD.
    """
    evidence = state.evidence
    unit = "hour" if plan.lane.minutes == 60 else "iteration"
    ungraded = Verdict.HOLD if plan.gate_mode is GateMode.HARD else Verdict.WARN
    judgement = judge_final(plan.finals, plan.lane.market, evidence, unit, ungraded)
    reasons = [*([cause] if cause else []), *failures, *state.unsoftened, *judgement.reasons()]
    broken = ending in (Ending.TARGET, Ending.TEST, Ending.PANIC, Ending.STOP) or bool(failures)
    failed = broken or ending is Ending.GATE or bool(state.unsoftened)
    raw: Verdict | None = worst([judgement.verdict, Verdict.FAIL if failed else Verdict.PASS])
    if ending is Ending.INTERRUPTED:
        raw = None
    kept = evidence.last or state.history
    return LaneResult(
        lane=plan.lane,
        target=plan.target,
        gate=plan.gate.name,
        gate_mode=plan.gate_mode,
        verdict=raw if broken or raw is None else _soften(plan, raw, counts=True),
        verdict_raw=raw,
        judgement=judgement,
        reasons=tuple(reasons or ([judgement.note] if not evidence.graded else [])),
        ending=ending,
        iterations=state.iteration,
        planned=plan.planned,
        counts={verdict: state.counts.get(verdict, 0) for verdict in OF_ITERATIONS},
        ungraded=state.ungraded,
        medians=_medians(kept),
        samples=_fewest(kept),
        overrides=state.judged,
        sources=state.judged_sources,
        changed=_changed(plan, state),
        began_with=state_hash(plan.overrides.values),
        frozen=state.control.watch.frozen == state.judged,
        evidence=evidence,
        stopped=state.stopped,
        deterministic=plan.deterministic,
    )


def _one_more(counts: dict[str, int], verdict: Verdict) -> dict[str, int]:
    return counts | {verdict: counts.get(verdict, 0) + 1}


def _soften(plan: LanePlan, raw: Verdict, counts: bool) -> Verdict:
    softened = plan.gate_mode is GateMode.OFF or not counts
    return min(raw, Verdict.WARN, key=badness) if softened else raw


def _with_faults(judgement: Judgement, summary: Summary) -> Judgement:
    if not summary.faults:
        return judgement
    return judgement.model_copy(update={"verdict": Verdict.FAIL, "note": "; ".join(summary.faults)})


def _with_stops(plan: LanePlan, judgement: Judgement, watched: Watched) -> Judgement:
    """`judgement` with what the sustained criteria say before it."""
    said = checks_of(plan.criteria.name, watched.transitions, watched.still())
    verdict = worst([judgement.verdict, *(check.verdict for check in said)])
    return judgement.model_copy(update={"verdict": verdict, "checks": (*said, *judgement.checks)})


def _changed(plan: LanePlan, state: LaneState) -> tuple[str, ...]:
    first, last = plan.overrides.values, state.judged
    return tuple(name for name, value in last.items() if value != first[name])


def _failure(summary: Summary, judgement: Judgement, ending: Ending | None) -> str | None:
    if summary.faults:
        return "the target gave what is no measurement: " + "; ".join(summary.faults)
    if ending is None:
        return None
    why = "; ".join(judgement.reasons())
    if ending is Ending.STOP:
        return f"stop: {judgement.reasons()[0]}"
    return f"gate: {why}" if ending is Ending.GATE else f"a second panic: {why}"


def _unsoftened(
    state: LaneState,
    iteration: int,
    judgement: Judgement,
    ending: Ending | None,
    hardened: bool,
) -> tuple[str, ...]:
    """Why the lane fails whatever softens gates: the first cause, and before it what stopped it."""
    reasons = judgement.reasons()
    if ending is Ending.STOP:
        return (f"iteration {iteration}: {reasons[0]}", *state.unsoftened)
    if not (hardened or ending is not None) or state.unsoftened:
        return state.unsoftened
    return (f"iteration {iteration}: {judgement.note or '; '.join(reasons)}",)


def _fewest(samples: _Kept) -> dict[str, int]:
    names = samples[-1].samples if samples else {}
    return {name: min(sample.samples.get(name, 0) for sample in samples) for name in names}


def _medians(samples: _Kept) -> dict[str, float | None]:
    if not samples:
        return {}
    found: dict[str, float | None] = {}
    for name in samples[-1].values:
        given = [s for s in samples if s.values.get(name) is not None]
        found[name] = value_over(name, given)[0] if given else None
    return found | {name: value_over(name, samples)[0] for name in derivable(set(found))}
