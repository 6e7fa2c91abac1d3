"""What the engine tells its handlers, in order, lane by lane."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from pytest_soak.engine.control import Control
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import Ending, IterationRecord, LaneResult
from pytest_soak.tuning.phases import Phase


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True)


class LaneStarted(_Event):
    """The lane begins: its target is started next."""

    kind: Literal["lane_started"] = "lane_started"
    plan: LanePlan


class LaneResumed(_Event):
    """An earlier session did the first `iterations` of the lane.

    `ending` is why they were its last, if they were. Else the target goes on from its checkpoint
    (`restored`), or has none.
    """

    kind: Literal["lane_resumed"] = "lane_resumed"
    lane: str
    iterations: int
    ending: Ending | None
    restored: bool


class PhaseChanged(_Event):
    """An iteration begins that stands in another phase than the one before it."""

    kind: Literal["phase_changed"] = "phase_changed"
    lane: str
    iteration: int
    phase: Phase


class IterationFinished(_Event):
    """An iteration was measured and judged; `replayed` says that an earlier session did it.

    `control` is what it hands to the next one; it never leaves the process.
    """

    kind: Literal["iteration_finished"] = "iteration_finished"
    record: IterationRecord
    control: Annotated[Control | None, Field(exclude=True, repr=False)] = None
    replayed: bool = False


class IterationFailed(_Event):
    """An iteration came to nothing; the lane ends with it."""

    kind: Literal["iteration_failed"] = "iteration_failed"
    lane: str
    iteration: int
    cause: str


class LaneFinished(_Event):
    """The lane is over and judged."""

    kind: Literal["lane_finished"] = "lane_finished"
    result: LaneResult


class Notice(_Event):
    """Something to tell of the run; a `problem` fails the session."""

    kind: Literal["notice"] = "notice"
    text: str
    problem: bool = False


Event = (
    LaneStarted
    | LaneResumed
    | PhaseChanged
    | IterationFinished
    | IterationFailed
    | LaneFinished
    | Notice
)

_events: TypeAdapter[list[Event]] = TypeAdapter(list[Annotated[Event, Field(discriminator="kind")]])


def pack(events: list[Event]) -> list[dict[str, Any]]:
    """Events as plain JSON data, to travel on a test report."""
    return _events.dump_python(events, mode="json")  # type: ignore[no-any-return]


def unpack(data: list[dict[str, Any]]) -> list[Event]:
    """The events that `pack` packed."""
    return _events.validate_python(data)
