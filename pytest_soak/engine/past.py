"""What earlier sessions did of a lane: the inputs of `advance`, from which all else follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from pytest_soak.engine.lane import LaneState, advance, begin, note, prepare
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import Ending, IterationRecord
from pytest_soak.engine.watch import Watched
from pytest_soak.errors import SoakUsageError
from pytest_soak.kpi.summary import Summary
from pytest_soak.kpi.usage import Usage
from pytest_soak.observation.closing import Closing


class Edits(BaseModel):
    """What an operator changed in the runtime file; `refused` tells why that cannot be used."""

    model_config = ConfigDict(frozen=True)

    values: dict[str, float] = {}
    refused: str | None = None


class Done(BaseModel):
    """A completed iteration: the edits it began with, and what it measured.

    `state_hash` is of the overrides that were in force; `jump` is what happened to the clocks.
    `source` is the digest of the target's source file, `note` tells that it is another than before;
    `watched` is what the sustained criteria found in it, without the rows that they go on with.
    """

    model_config = ConfigDict(frozen=True)

    iteration: int
    edits: Edits
    summary: Summary
    state_hash: str
    started: str
    seconds: float
    jump: str | None = None
    watched: Watched | None = None
    source: str | None = None
    note: str | None = None


class Carried(BaseModel):
    """What an iteration leaves to the next one alone.

    `closing` is how its window ended, `usage` what the lane has used up to then, `watched` what the
    sustained criteria go on with.
    """

    model_config = ConfigDict(frozen=True)

    closing: Closing | None = None
    usage: Usage | None = None
    watched: Watched | None = None


class Ended(BaseModel):
    """The end of a lane that no session may undo."""

    model_config = ConfigDict(frozen=True)

    ending: Ending
    cause: str


class Failure(BaseModel):
    """Why the test of a completed iteration failed: no matter of the gates, and for good."""

    model_config = ConfigDict(frozen=True)

    iteration: int
    cause: str


NO_EDITS = Edits()
NOTHING = Carried()


@dataclass(frozen=True)
class Past:
    """What earlier sessions did of a lane, with the target's checkpoint and what is `carried` on.

    `edits` are those with which the first iteration that is not done had begun; `complaint` is what
    its target's end said when the last session was interrupted.
    """

    begun: bool = False
    iterations: tuple[Done, ...] = ()
    edits: Edits = NO_EDITS
    checkpoint: bytes | None = None
    end: Ended | None = None
    failures: tuple[Failure, ...] = ()
    carried: Carried = NOTHING
    complaint: str | None = None

    @property
    def told(self) -> tuple[str, ...]:
        """The notes of its summaries."""
        return tuple(note for done in self.iterations for note in done.summary.notes)


def repeats(past: Past, summary: Summary) -> str | None:
    """What to tell where a target that began anew measures just what it did before; mostly None.

    KPIs that are the same in each iteration tell nothing.
    """
    before = {done.iteration: done.summary.kpis for done in past.iterations}
    same = [number for number, kpis in before.items() if kpis == summary.kpis]
    if past.checkpoint is not None or not same or len(same) == len(before):
        return None
    return (
        f"iteration {len(before) + 1} measured just what iteration {same[0]} did: without "
        "checkpoint() and restore() the target began anew, and what it repeats is no new evidence"
    )


def redo(plan: LanePlan, state: LaneState, done: Done) -> tuple[LaneState, IterationRecord]:
    """The state after an iteration that was done before, and its record."""
    if state.iteration == 0:
        state = prepare(plan, state, {})
    ready = noted(noted(with_edits(plan, state, done.edits), done.jump), done.note)
    state, record = advance(plan, ready, done.summary, done.watched)
    return state, record.model_copy(update={"started": done.started, "seconds": done.seconds})


def with_edits(plan: LanePlan, state: LaneState, edits: Edits) -> LaneState:
    """The state in which the next iteration runs."""
    return prepare(plan, noted(state, edits.refused), edits.values)


def noted(state: LaneState, text: str | None) -> LaneState:
    """`state` with a note, if there is something to note."""
    return state if text is None else note(state, text)


def notes_of(past: Past, source: str | None) -> tuple[str, ...]:
    """What to note of the next iteration, of a target with this source; mostly nothing."""
    complaint = None if past.complaint is None else told_before(past.complaint)
    return tuple(filter(None, (complaint, other_source(past.iterations, source))))


def told_before(complaint: str) -> str:
    """What an interrupted session's end said, for the session that goes on."""
    return f"when the session before was interrupted, {complaint}"


def other_source(before: Sequence[Done], now: str | None) -> str | None:
    """What to note of the next iteration: another target did those `before`; None if not."""
    if not before or None in (now, before[-1].source) or now == before[-1].source:
        return None
    last = f"in iteration {before[-1].iteration}"
    return f"the target's source file is not what it was {last}: this lane mixes two versions of it"


def rehearse(plan: LanePlan, past: Past) -> IterationRecord | None:
    """The record of the last iteration of `past`; None without one.

    Raises SoakUsageError where the plan is shorter, or does not lead to what was in force.
    """
    if len(past.iterations) > plan.iterations:
        raise SoakUsageError(
            "--soak-resume",
            f"{plan.lane.id} has {len(past.iterations)} iterations in its journal, more than the "
            f"{plan.iterations} asked for; ask for at least as many, or start anew without it",
        )
    state, record = begin(plan), None
    for done in past.iterations:
        state, record = redo(plan, state, done)
        if record.state_hash != done.state_hash:
            raise SoakUsageError(
                "--soak-resume",
                f"iteration {done.iteration} of {plan.lane.id} would run under other overrides "
                "than it did: pytest-soak itself has changed; start anew without it",
            )
    return record
