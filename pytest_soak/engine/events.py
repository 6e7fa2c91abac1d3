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
    """Something that happened at `time` (UTC) in `lane`, which is empty for the whole run."""

    model_config = ConfigDict(frozen=True)

    kind: str
    lane: str
    time: datetime


class LaneStarted(Event):
    """The lane begins: its target is started next."""

    kind: Literal["lane_started"] = "lane_started"
    plan: LanePlan


class LaneResumed(Event):
    """An earlier session did the first `iterations` of the lane.

    `ending` is why they were its last, if they were. Else the target goes on from its checkpoint
    (`restored`), or has none.
    """

    kind: Literal["lane_resumed"] = "lane_resumed"
    iterations: int
    ending: Ending | None
    restored: bool


class PhaseChanged(Event):
    """An iteration begins that stands in another phase than the one before it."""

    kind: Literal["phase_changed"] = "phase_changed"
    iteration: int
    phase: Phase


class IterationStarted(Event):
    """The target is asked for the window of an iteration next."""

    kind: Literal["iteration_started"] = "iteration_started"
    iteration: int
    phase: Phase


class Sampled(Event):
    """The target reported a part of the window: it has come to `minutes` of it, on its own clock.

    `fills` counts the fills since the window began. `part` is the Observation of the span since the
    last report; it never leaves the process.
    """

    kind: Literal["sampled"] = "sampled"
    iteration: int
    minutes: float
    fills: int
    part: Annotated[Any, Field(exclude=True, repr=False)] = None


class StopFired(Event):
    """A stop criterion fired: the window is to end, and the lane ends with it as FAIL."""

    kind: Literal["stop_fired"] = "stop_fired"
    iteration: int
    fired: Transition


class IterationFinished(Event):
    """An iteration was measured and judged; `replayed` says that an earlier session did it.

    `control` is what it hands to the next one; it never leaves the process.
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

    `counters` and `histograms` say by how much each grew, `gauges` what each is now: by the name of
    the metric, counters and gauges also by the value of a label of their own, empty without.
    """

    kind: Literal["metered"] = "metered"
    counters: dict[str, dict[str, float]] = {}
    histograms: dict[str, Spread] = {}
    gauges: dict[str, dict[str, float]] = {}


class IterationFailed(Event):
    """An iteration came to nothing; the lane ends with it."""

    kind: Literal["iteration_failed"] = "iteration_failed"
    iteration: int
    cause: str


class LaneFinished(Event):
    """The lane is over and judged; told again where it is judged once more."""

    kind: Literal["lane_finished"] = "lane_finished"
    result: LaneResult


class Notice(Event):
    """Something to tell of the run, or of a lane; a `problem` fails the run."""

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
