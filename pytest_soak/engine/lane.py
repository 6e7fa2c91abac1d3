"""A lane as a value: `advance(plan, state, summary) -> (state, record)`, pure and serialisable."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from pydantic import BaseModel, ConfigDict

from pytest_soak.canonical import state_hash
from pytest_soak.config.overrides import OPERATOR
from pytest_soak.engine.plan import GateMode, LanePlan
from pytest_soak.engine.record import Ending, IterationRecord, LaneResult
from pytest_soak.gates.engine import (
    FINAL_WINDOW,
    Judgement,
    Sample,
    Verdict,
    history_needed,
    judge,
    judge_final,
    worst,
)
from pytest_soak.kpi.summary import Summary, drivers
from pytest_soak.targets.base import Window

STEADY = "steady"
_Kept = tuple[Sample, ...]


class LaneState(BaseModel):
    """Everything a lane carries from one iteration to the next."""

    model_config = ConfigDict(frozen=True)

    iteration: int = 0
    overrides: dict[str, float]
    sources: dict[str, str]
    notes: tuple[str, ...] = ()
    history: _Kept = ()
    graded: _Kept = ()
    counts: dict[str, int] = {}
    unsoftened: tuple[str, ...] = ()

    def window(self, minutes: float) -> Window:
        """The window of the next iteration."""
        return Window(self.iteration + 1, self.iteration * minutes, minutes)


def begin(plan: LanePlan) -> LaneState:
    """The state before the first iteration."""
    overrides = plan.overrides
    return LaneState(
        overrides=dict(overrides.values), sources=dict(overrides.sources), notes=overrides.notes
    )


def edit(state: LaneState, edits: Mapping[str, float]) -> LaneState:
    """An operator's edits of the runtime file, in force from the next iteration."""
    if not edits:
        return state
    before = state.overrides
    notes = [f"operator set {k}: {before[k]:.12g} -> {v:.12g}" for k, v in sorted(edits.items())]
    return state.model_copy(
        update={
            "overrides": before | dict(edits),
            "sources": state.sources | dict.fromkeys(edits, OPERATOR),
            "notes": (*state.notes, *notes),
        }
    )


def note(state: LaneState, text: str) -> LaneState:
    """Something the next record should tell."""
    return state.model_copy(update={"notes": (*state.notes, text)})


def advance(
    plan: LanePlan, state: LaneState, summary: Summary
) -> tuple[LaneState, IterationRecord]:
    """Judge the iteration that `summary` measured; the state after it, and its record."""
    iteration = state.iteration + 1
    sample = Sample(values=summary.kpis, reasons=summary.reasons, samples=summary.samples)
    history = (*state.history, sample)[-history_needed(plan.gate) :]
    judgement = _with_faults(judge(plan.gate, plan.lane.market, history), summary)
    graded = iteration > plan.gate.grace
    hardened = judgement.no_data_failed or bool(summary.faults)
    verdict = _soften(plan, judgement.verdict, graded or hardened)
    ends = plan.gate_mode is GateMode.HARD and verdict is Verdict.FAIL
    record = IterationRecord(
        lane=plan.lane,
        target=plan.target,
        iteration=iteration,
        planned=plan.planned,
        phase=STEADY,
        window=state.window(plan.lane.minutes),
        overrides=state.overrides,
        sources=state.sources,
        state_hash=state_hash(state.overrides),
        summary=summary,
        drivers=tuple(drivers(summary.kpis)),
        judgement=judgement,
        verdict=verdict,
        verdict_raw=judgement.verdict,
        graded=graded,
        failure=_failure(summary, judgement, ends),
        ends_lane=ends,
        notes=state.notes,
    )
    after = state.model_copy(
        update={
            "iteration": iteration,
            "notes": (),
            "history": history,
            "graded": (*state.graded, sample)[-FINAL_WINDOW:] if graded else state.graded,
            "counts": state.counts | {verdict: state.counts.get(verdict, 0) + 1},
            "unsoftened": _unsoftened(state, iteration, judgement, hardened or ends),
        }
    )
    return after, record


def finish(plan: LanePlan, state: LaneState, ending: Ending, cause: str = "") -> LaneResult:
    """The verdict on the lane as far as it came.

    It is the worse of the gates on the medians of the last graded iterations and of what nothing
    softens: an end before its time, a missing measurement.
    """
    judgement = judge_final(plan.finals, plan.lane.market, state.graded)
    reasons = [*([cause] if cause else []), *state.unsoftened, *judgement.reasons()]
    broken = ending in (Ending.TARGET, Ending.TEST)
    failed = broken or ending is Ending.GATE or bool(state.unsoftened)
    raw = worst([judgement.verdict, Verdict.FAIL if failed else Verdict.PASS])
    return LaneResult(
        lane=plan.lane,
        target=plan.target,
        gate=plan.gate.name,
        gate_mode=plan.gate_mode,
        verdict=raw if broken else _soften(plan, raw, counts=True),
        verdict_raw=raw,
        judgement=judgement,
        reasons=tuple(reasons or ([judgement.note] if not state.graded else [])),
        ending=ending,
        iterations=state.iteration,
        planned=plan.planned,
        counts={verdict: state.counts.get(verdict, 0) for verdict in Verdict},
        medians=_medians(state.graded or state.history),
    )


def _soften(plan: LanePlan, raw: Verdict, counts: bool) -> Verdict:
    if raw is Verdict.FAIL and (plan.gate_mode is GateMode.OFF or not counts):
        return Verdict.WARN
    return raw


def _with_faults(judgement: Judgement, summary: Summary) -> Judgement:
    if not summary.faults:
        return judgement
    return judgement.model_copy(update={"verdict": Verdict.FAIL, "note": "; ".join(summary.faults)})


def _failure(summary: Summary, judgement: Judgement, ends: bool) -> str | None:
    if summary.faults:
        return "the target gave what is no measurement: " + "; ".join(summary.faults)
    return "gate: " + "; ".join(judgement.reasons()) if ends else None


def _unsoftened(
    state: LaneState, iteration: int, judgement: Judgement, applies: bool
) -> tuple[str, ...]:
    if not applies or state.unsoftened:
        return state.unsoftened
    why = judgement.note or "; ".join(judgement.reasons())
    return (f"iteration {iteration}: {why}",)


def _medians(samples: _Kept) -> dict[str, float | None]:
    if not samples:
        return {}
    found: dict[str, float | None] = {}
    for name in samples[-1].values:
        values = [v for s in samples if (v := s.values.get(name)) is not None]
        found[name] = median(values) if values else None
    return found
