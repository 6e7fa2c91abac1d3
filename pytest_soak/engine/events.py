"""What happens in a soak, told when it happens: typed, serialisable events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from pytest_soak.engine.control import Control
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import Ending, IterationRecord, LaneResult
from pytest_soak.gates.sustained import Transition
from pytest_soak.tuning.phases import Phase


class Event(BaseModel):
    """Something that happened.

    Attributes:
        kind: What it is, as text, such as `lane_started`.
        lane: The id of the lane; empty for the whole run.
        time: When it happened, in UTC.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    lane: str
    time: datetime


class LaneStarted(Event):
    """The lane begins: its target is started next.

    Attributes:
        plan: With what: gate, overrides, parameter table, iterations.
    """

    kind: Literal["lane_started"] = "lane_started"
    plan: LanePlan


class LaneResumed(Event):
    """An earlier session did the first iterations of the lane.

    Attributes:
        iterations: How many.
        ending: Why they were its last; None if they were not.
        restored: Whether the target goes on from its checkpoint; else it has none.
    """

    kind: Literal["lane_resumed"] = "lane_resumed"
    iterations: int
    ending: Ending | None
    restored: bool


class PhaseChanged(Event):
    """An iteration begins that stands in another phase than the one before it.

    Attributes:
        iteration: Its number, from 1.
        phase: `warmup`, `rampdown` or `steady`.
    """

    kind: Literal["phase_changed"] = "phase_changed"
    iteration: int
    phase: Phase


class IterationStarted(Event):
    """The target is asked for the window of an iteration next.

    Attributes:
        iteration: Its number, from 1.
        phase: `warmup`, `rampdown` or `steady`.
    """

    kind: Literal["iteration_started"] = "iteration_started"
    iteration: int
    phase: Phase


class Sampled(Event):
    """The target reported a part of its window.

    Attributes:
        iteration: The number of the window, from 1.
        minutes: How much of the window is done, on the target's clock.
        fills: How many there have been since the window began.
        part: The Observation of the span since the last report; it never leaves the process.
    """

    kind: Literal["sampled"] = "sampled"
    iteration: int
    minutes: float
    fills: int
    part: Annotated[Any, Field(exclude=True, repr=False)] = None


class StopFired(Event):
    """A stop criterion fired: the window is to end, and the lane ends with it as FAIL.

    Attributes:
        iteration: The number of the window, from 1.
        fired: Which criterion, on what, and when.
    """

    kind: Literal["stop_fired"] = "stop_fired"
    iteration: int
    fired: Transition


class IterationFinished(Event):
    """An iteration was measured and judged.

    Attributes:
        record: All of it.
        control: What it hands to the next one; it never leaves the process.
        replayed: Whether an earlier session did it.
    """

    kind: Literal["iteration_finished"] = "iteration_finished"
    record: IterationRecord
    control: Annotated[Control | None, Field(exclude=True, repr=False)] = None
    replayed: bool = False


class Spread(BaseModel):
    """Values by the buckets that they fall into, one more than there are bounds, and their sum."""

    model_config = ConfigDict(frozen=True)

    counts: tuple[int, ...]
    total: float


class Metered(Event):
    """What the bot did since the last one, as metrics; told where somebody asked for metrics.

    All are by the names of metrics. Values of counters and gauges are by that of the metric's own
    label, which is empty where it has none.

    Attributes:
        counters: By how much each grew.
        histograms: By how much each grew, bucket by bucket.
        gauges: What each is now.
    """

    kind: Literal["metered"] = "metered"
    counters: dict[str, dict[str, float]] = {}
    histograms: dict[str, Spread] = {}
    gauges: dict[str, dict[str, float]] = {}


class IterationFailed(Event):
    """An iteration came to nothing; the lane ends with it.

    Attributes:
        iteration: Its number, from 1.
        cause: Why, in one line.
    """

    kind: Literal["iteration_failed"] = "iteration_failed"
    iteration: int
    cause: str


class LaneFinished(Event):
    """The lane is over and judged; told again where it is judged once more.

    Attributes:
        result: Its verdict, and what that rests on.
    """

    kind: Literal["lane_finished"] = "lane_finished"
    result: LaneResult


class Notice(Event):
    """Something to tell of the run, or of a lane.

    Attributes:
        text: One line.
        problem: Whether it fails the run.
    """

    kind: Literal["notice"] = "notice"
    text: str
    problem: bool = False


_Any = Annotated[
    LaneStarted
    | LaneResumed
    | PhaseChanged
    | IterationStarted
    | Sampled
    | StopFired
    | Metered
    | IterationFinished
    | IterationFailed
    | LaneFinished
    | Notice,
    Field(discriminator="kind"),
]
_event: TypeAdapter[Any] = TypeAdapter(_Any)


def pack(event: Event) -> str:
    """An event as JSON text, to travel to another process."""
    return event.model_dump_json()


def unpack(text: str) -> Event:
    """The event that `pack` packed."""
    return _event.validate_json(text)  # type: ignore[no-any-return]
