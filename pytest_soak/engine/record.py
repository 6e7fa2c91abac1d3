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

    `verdict_raw` is the gate's; `verdict` is after grace and the gate mode softened it. `graded`
    iterations count for the lane, and `rests_on` of them have had these overrides without a change.
    `stops` are the sustained criteria that began to stop or warn in the window, or are over;
    where one stopped the lane, `fired_at` is when, in microseconds on the target's clock.
    `failure` is why the item fails, None when it passes; `ending` is why the lane stops here, None
    when it goes on.
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
    """The verdict on a lane, and what it rests on; an interrupted lane has none.

    `medians` are over the newest iterations of the `evidence`, `samples` the fewest of any of them.
    `overrides` and `sources` are the last iteration's baseline: without what a warm-up made of it.
    `stopped` is the criterion that stopped it, if one did.
    `changed` are the parameters in which that is no longer what the lane began with, whose state
    hash is `began_with`; `frozen` says that the last snapshot of a freeze holds it.
    `deterministic` says that the target calls itself so.
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
