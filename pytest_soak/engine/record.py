"""What an iteration and a lane leave behind: immutable, serialisable values."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from pytest_soak.engine.control import TuningRecord
from pytest_soak.engine.plan import GateMode
from pytest_soak.gates.engine import Judgement, Verdict
from pytest_soak.gates.evidence import Evidence
from pytest_soak.gates.sustained import Transition
from pytest_soak.kpi.summary import Summary
from pytest_soak.targets.base import LaneInfo, Window
from pytest_soak.tuning.phases import Phase


class Ending(StrEnum):
    """Why a lane ended."""

    COMPLETED = "completed"
    GATE = "gate"
    TARGET = "target"
    TEST = "test"
    PANIC = "panic"
    STOP = "stop"
    INTERRUPTED = "interrupted"


class IterationRecord(BaseModel):
    """All of one iteration: what was in force, what was measured, what the gate says.

    Attributes:
        lane: The lane that it is of.
        target: The name of what is soaked.
        iteration: Its number in the lane, from 1.
        planned: How many iterations the lane was to have.
        phase: `warmup`, `rampdown` or `steady`.
        window: Its window on the target's clock.
        overrides: The parameters in force, by name.
        sources: Where each of them comes from, as in `cli` or `profile:NAME`.
        state_hash: SHA-256 of the overrides in force, hexadecimal.
        summary: Its KPIs.
        drivers: The cost components that eat the edge, the largest first.
        judgement: What the gate says, threshold by threshold.
        verdict: PASS, WARN or FAIL, after grace and the gate mode softened it.
        verdict_raw: The gate's own.
        graded: Whether it counts for the lane: it is past the gate's grace.
        rests_on: How many graded iterations have had these overrides without a change.
        stops: The sustained criteria that began to stop or warn in the window, or are over.
        fired_at: When one of them stopped the lane, in microseconds on the target's clock, or None.
        failure: Why the item fails; None when it passes.
        ending: Why the lane stops here; None when it goes on.
        tuning: What the tuner suggested, what was done, and why not more.
        notes: What to know of how it was run.
        started: When it began, in UTC as ISO 8601.
        seconds: How long it took.
    """

    model_config = ConfigDict(frozen=True)

    lane: LaneInfo
    target: str
    iteration: int
    planned: int
    phase: Phase
    window: Window
    overrides: dict[str, float]
    sources: dict[str, str]
    state_hash: str
    summary: Summary
    drivers: tuple[str, ...]
    judgement: Judgement
    verdict: Verdict
    verdict_raw: Verdict
    graded: bool
    rests_on: int = 0
    stops: tuple[Transition, ...] = ()
    fired_at: int | None = None
    failure: str | None = None
    ending: Ending | None = None
    tuning: TuningRecord
    notes: tuple[str, ...] = ()
    started: str = ""
    seconds: float = 0.0


class LaneResult(BaseModel):
    """The verdict on a lane, and what it rests on.

    Attributes:
        lane: The lane.
        target: The name of what is soaked.
        gate: The name of the gate.
        gate_mode: `hard`, `soft` or `off`.
        verdict: PASS, WARN, HOLD or FAIL; None of a lane that was interrupted.
        verdict_raw: The gate's own, before the gate mode softened it.
        judgement: What the gate says of the lane's end, threshold by threshold.
        reasons: Why it is no PASS, the worst first.
        ending: Why the lane ended.
        iterations: How many it has had.
        planned: How many it was to have.
        counts: Iterations by verdict.
        ungraded: Those of the counts that are of the gate's grace, by verdict.
        medians: By KPI, over the newest iterations of the `evidence`; None without a value.
        overrides: The last iteration's baseline, without what a warm-up made of it.
        sources: Where each of these comes from.
        samples: By KPI, the fewest events that it rests on in any of those iterations.
        changed: The parameters in which the overrides are no longer what the lane began with.
        began_with: The state hash of what it began with.
        frozen: Whether the last snapshot of a freeze holds its overrides.
        evidence: What it is judged on: the graded iterations since its overrides changed last.
        stopped: The criterion that stopped it, if one did.
        deterministic: Whether the target calls itself so.
    """

    model_config = ConfigDict(frozen=True)

    lane: LaneInfo
    target: str
    gate: str
    gate_mode: GateMode
    verdict: Verdict | None
    verdict_raw: Verdict | None
    judgement: Judgement
    reasons: tuple[str, ...]
    ending: Ending
    iterations: int
    planned: int
    counts: dict[str, int]
    ungraded: dict[str, int] = {}
    medians: dict[str, float | None]
    overrides: dict[str, float]
    sources: dict[str, str]
    samples: dict[str, int] = {}
    changed: tuple[str, ...] = ()
    began_with: str = ""
    frozen: bool = False
    evidence: Evidence = Evidence()
    stopped: Transition | None = None
    deterministic: bool = False
