"""The control loop of a lane as a value: baseline, phases, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.overrides import OPERATOR
from pytest_soak.engine.plan import LanePlan
from pytest_soak.errors import one_line
from pytest_soak.tuning import freeze, guards, phases
from pytest_soak.tuning.conditions import Kpis
from pytest_soak.tuning.freeze import PANIC, Lock, Watch
from pytest_soak.tuning.guards import Decision, Guard, Move, Situation
from pytest_soak.tuning.phases import Phase
from pytest_soak.tuning.tuners import TUNERS
from pytest_soak.tuning.view import Proposal, Reading, View

TUNER = "tuner"


class Control(BaseModel):
    """What the control loop carries from one iteration to the next.

    `baseline` is what the tuner works on; phases act on it afresh each iteration. `held` are the
    parameters that an operator set for this iteration; `previous` are the last iteration's KPIs.
    `readings` are what the tuner may learn from.
    """

    model_config = ConfigDict(frozen=True)

    baseline: dict[str, float]
    sources: dict[str, str]
    moves: tuple[Move, ...] = ()
    watch: Watch = Watch()
    held: tuple[str, ...] = ()
    previous: dict[str, float | None] = {}
    readings: tuple[Reading, ...] = ()


class TuningRecord(BaseModel):
    """What was suggested after an iteration, what was done, and why not more.

    Attributes:
        suggested: Changes by parameter, as the tuner wants them.
        deltas: Those that are in force in the next iteration.
        suppressed: By parameter, the guard that stopped or shortened its change.
        rationale: Why, a line each.
        lock: The lock that the decision met; None without one.
        frozen: The overrides of a freeze that this iteration brought about.
        thawed: Whether a freeze ended.
        panicked: Whether the overrides went back to the snapshot, or the fallback.
        error: What the tuner raised, in one line.
    """

    model_config = ConfigDict(frozen=True)

    suggested: dict[str, float] = {}
    deltas: dict[str, float] = {}
    suppressed: dict[str, Guard] = {}
    rationale: tuple[str, ...] = ()
    lock: Lock | None = None
    frozen: dict[str, float] | None = None
    thawed: bool = False
    panicked: bool = False
    error: str | None = None


def put_in_force(
    plan: LanePlan, control: Control, iteration: int, edits: Mapping[str, float]
) -> tuple[Control, dict[str, float], dict[str, str]]:
    """The start of an iteration: the control, the overrides in force, and their sources.

    An operator's edit is both baseline and in force; the phase leaves it alone this time.
    """
    baseline = control.baseline | dict(edits)
    sources = control.sources | dict.fromkeys(edits, OPERATOR)
    values = phases.in_force(
        plan.table, plan.warmup, plan.limits.warmup, iteration, baseline, control.previous
    )
    values |= edits
    shown = dict(sources)
    if plan.warmup is not None:
        moved = [name for name, value in values.items() if value != baseline[name]]
        shown |= dict.fromkeys(moved, f"preset:{plan.warmup.name}")
    update = {"baseline": baseline, "sources": sources, "held": tuple(sorted(edits))}
    return control.model_copy(update=update), values, shown


def conclude(
    plan: LanePlan,
    control: Control,
    iteration: int,
    overrides: Mapping[str, float],
    kpis: Kpis,
    drivers: Sequence[str],
    *,
    graded: bool,
    failed: bool,
) -> tuple[Control, TuningRecord]:
    """The end of an iteration under `overrides`: the control for the next, and what to tell."""
    phase = phases.phase_of(iteration, plan.warmup)
    counts = graded and phase is Phase.STEADY
    if counts:
        control = _read(control, overrides, kpis, plan.limits.effects.readings)
    watched = freeze.observe(
        control.watch,
        plan.limits.freeze,
        plan.limits.panic,
        iteration,
        kpis,
        control.baseline,
        plan.fallback,
        counts=counts,
        failed=failed,
        freezes=plan.guards,
        panics=plan.auto_tune,
    )
    lock = watched.watch.locked(iteration + 1)
    proposal = _propose(plan, control, kpis, drivers, warmup=phase is Phase.WARMUP)
    decision = _decide(plan, control, iteration, proposal, lock, warmup=phase is Phase.WARMUP)
    record = TuningRecord(
        suggested=proposal.deltas | proposal.swallowed,
        deltas=decision.applied,
        suppressed=decision.suppressed | dict.fromkeys(proposal.swallowed, Guard.TUNER_RANGE),
        rationale=proposal.rationale,
        lock=lock,
        frozen=watched.watch.frozen if watched.froze else None,
        thawed=watched.thawed,
        panicked=watched.revert is not None,
        error=proposal.error,
    )
    after = control.model_copy(update={"watch": watched.watch, "previous": dict(kpis)})
    if watched.revert is not None:
        return _revert(after, watched.revert), record
    return _apply(plan, after, iteration, decision.applied), record


def _read(control: Control, overrides: Mapping[str, float], kpis: Kpis, most: int) -> Control:
    reading = Reading(overrides=dict(overrides), kpis=dict(kpis))
    return control.model_copy(update={"readings": (*control.readings, reading)[-most:]})


def _propose(
    plan: LanePlan, control: Control, kpis: Kpis, drivers: Sequence[str], *, warmup: bool
) -> Proposal:
    if not plan.tuned:
        return Proposal()
    try:
        view = View(
            table=plan.table,
            baseline=dict(control.baseline),
            kpis=kpis,
            drivers=drivers,
            warmup=warmup,
            readings=control.readings,
            goals=plan.goals,
            limits=plan.limits,
            rules=plan.rules,
        )
        proposal = TUNERS[plan.tuner](view)
        for name, delta in proposal.deltas.items():
            if name not in plan.table or not isfinite(delta):
                raise ValueError(f"no step that can be taken: {name} {delta:+g}")
        return proposal
    except Exception as error:  # a tuner's mistake costs its suggestion, never the soak
        return Proposal(error=one_line(f"{plan.tuner}: {type(error).__name__}: {error}"))


def _decide(
    plan: LanePlan,
    control: Control,
    iteration: int,
    proposal: Proposal,
    lock: Lock | None,
    *,
    warmup: bool,
) -> Decision:
    now = Situation(
        iteration=iteration,
        minute=iteration * plan.lane.minutes,
        baseline=control.baseline,
        moves=control.moves,
        frozen=lock is not None,
        warmup=warmup,
        held=control.held,
        final=plan.is_final(iteration),
    )
    decision = guards.decide(
        plan.table, plan.limits.guards, now, proposal.deltas, enabled=plan.guards
    )
    return decision if plan.auto_tune else decision.model_copy(update={"applied": {}})


def _apply(
    plan: LanePlan, control: Control, iteration: int, deltas: Mapping[str, float]
) -> Control:
    minute = iteration * plan.lane.minutes
    before = control.baseline
    after = {name: plan.table[name].clamp(before[name] + delta) for name, delta in deltas.items()}
    made = [
        Move(iteration=iteration, minute=minute, parameter=n, before=before[n], after=value)
        for n, value in after.items()
    ]
    moves = guards.keep_recent(plan.limits.guards, (*control.moves, *made), iteration, minute)
    return control.model_copy(
        update={
            "baseline": before | after,
            "sources": control.sources | dict.fromkeys(after, TUNER),
            "moves": moves,
        }
    )


def _revert(control: Control, safe: Mapping[str, float]) -> Control:
    """Back to what was safe; the moves made before still count for the velocity."""
    changed = [name for name, value in safe.items() if value != control.baseline[name]]
    sources = control.sources | dict.fromkeys(changed, PANIC)
    return control.model_copy(update={"baseline": dict(safe), "sources": sources})
