"""What several tests build: plans, targets that do as told, observations, settings inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from pytest_soak.config.overrides import Overrides
from pytest_soak.config.parameters import ParameterTable, reference_table
from pytest_soak.config.presets import Adjustment, Preset, WarmupLength, load_preset, preset_shelf
from pytest_soak.engine.events import Event
from pytest_soak.engine.pace import load_pacing
from pytest_soak.engine.past import NO_EDITS, NOTHING, Carried, Done, Edits, Ended, Failure, Past
from pytest_soak.engine.plan import GateMode, LanePlan
from pytest_soak.engine.run import LaneRun
from pytest_soak.engine.windows import ExtraKpi
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.engine import Sample
from pytest_soak.gates.model import Gate, Threshold
from pytest_soak.observation.columns import (
    BLOCK,
    BLOCK_REASONS,
    MARKED_FILL,
    OTHER_MIDS,
    Observation,
)
from pytest_soak.run.resolve import Inputs
from pytest_soak.targets.base import LaneInfo, Window
from pytest_soak.testing import GOOD
from pytest_soak.tuning.limits import load_limits
from pytest_soak.tuning.rules import load_rules

LANE = LaneInfo("steady_safe-calm-42", "steady_safe", "calm", 42)
LIMITS, RULES, PACING = load_limits(), load_rules(), load_pacing()
START = datetime(2025, 1, 1, tzinfo=UTC)

net_at_least_2 = Threshold(metric="net_bps", fail_unless=">= 2", warn_unless=">= 3")


def usage_error(call: Callable[[], object]) -> str:
    """The message of the usage error that `call` raises: always one printable line."""
    with pytest.raises(SoakUsageError) as caught:
        call()
    message = str(caught.value)
    assert message.isprintable()
    return message


Result = TypeVar("Result")


def attempt(call: Callable[[], Result]) -> tuple[Result | None, str]:
    """The result of `call`, or None and its usage error; any other exception is a bug."""
    try:
        return call(), ""
    except SoakUsageError as error:
        message = str(error)
    if not message.isprintable():
        pytest.fail(f"more than one printable line: {message!r}")
    return None, message


def gate(*thresholds: Threshold, **more: Any) -> Gate:
    return Gate(name="test", thresholds=list(thresholds) or [net_at_least_2], **more)


def sample(**values: float | None) -> Sample:
    return Sample(values=values)


def nets(*values: float | None) -> list[Sample]:
    """A history of `net_bps`."""
    return [sample(net_bps=value) for value in values]


def plan(
    judged_by: Gate | None = None,
    mode: GateMode = GateMode.SOFT,
    iterations: int = 3,
    table: ParameterTable | None = None,
    finals: Sequence[Gate] | None = None,
    declared: tuple[str, ...] | None = None,
    lane: LaneInfo = LANE,
    **tuning: Any,
) -> LanePlan:
    """A plan of defaults, tuned by the rules.

    `tuning` are its fields `tuner`, `auto_tune`, `guards`, `warmup`, `fallback`, `limits`.
    """
    judged_by = judged_by or gate()
    values = (table or reference_table()).defaults()
    return LanePlan(
        lane=lane,
        target="fake",
        iterations=iterations,
        planned=iterations,
        gate=judged_by,
        finals=(judged_by,) if finals is None else tuple(finals),
        gate_mode=mode,
        overrides=Overrides(values=values, sources=dict.fromkeys(values, "default")),
        parameters=dict(table or reference_table()),
        declared=declared,
        **({"tuner": "rules", "limits": LIMITS, "rules": RULES, "clocks": PACING.clocks} | tuning),
    )


def preset(
    changes: Mapping[str, Mapping[str, float]],
    name: str = "mine",
    warmup: tuple[int, int] | None = None,
) -> Preset:
    """A user's preset; `warmup` is how many iterations it lasts and fades."""
    length = WarmupLength(iterations=warmup[0], rampdown=warmup[1]) if warmup else None
    given = {parameter: Adjustment(**change) for parameter, change in changes.items()}
    return Preset(name=name, warmup=length, changes=given)


def preset_named(name: str) -> Preset:
    """A preset of the wheel."""
    return load_preset(name, preset_shelf(Path("/nowhere")), Path("/nowhere"), "test")


@dataclass
class FakeTarget:
    """Returns or raises what it is told, window by window; remembers how it was called."""

    returns: Iterable[Any] = ()
    on_start: Exception | None = None
    on_stop: Exception | None = None
    calls: list[str] = field(default_factory=list)
    overrides: list[Mapping[str, float]] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._returns = iter(self.returns)

    def start(self, lane: LaneInfo) -> None:
        self.calls.append("start")
        if self.on_start:
            raise self.on_start

    def run(self, overrides: Mapping[str, float], window: Window) -> Any:
        self.calls.append("run")
        self.overrides.append(overrides)
        self.windows.append(window)
        given = next(self._returns, GOOD)
        if isinstance(given, BaseException):
            raise given
        return given

    def stop(self) -> None:
        self.calls.append("stop")
        if self.on_stop:
            raise self.on_stop


@dataclass
class MemoryFile:
    """A runtime file in memory; `edits` are applied before the read of that number (from 1)."""

    edits: Mapping[int, Mapping[str, Any] | SoakUsageError | None] = field(default_factory=dict)
    content: dict[str, Any] = field(default_factory=dict)
    reads: int = 0

    def untouched(self) -> bool:
        return False

    def read(self) -> Mapping[str, Any] | None:
        self.reads += 1
        if self.reads not in self.edits:
            return self.content
        edit = self.edits[self.reads]
        if isinstance(edit, SoakUsageError):
            raise edit
        if edit is None:
            return None
        self.content = {**self.content, **edit}
        return self.content

    def write(self, overrides: Mapping[str, float]) -> None:
        self.content = dict(overrides)


@dataclass
class MemoryJournal:
    """A journal in memory; `again()` is what a later session finds of it."""

    past: Past = field(default_factory=Past)
    begun: bool = False
    kept: list[Done] = field(default_factory=list)
    checkpoint: bytes | None = None
    observations: list[Any] = field(default_factory=list)
    edits: Edits = NO_EDITS
    ended: Ended | None = None
    failures: list[Failure] = field(default_factory=list)
    carried: Carried = NOTHING
    complaint: str | None = None

    def __post_init__(self) -> None:
        self.begun, self.kept = self.past.begun, list(self.past.iterations)
        self.checkpoint, self.ended = self.past.checkpoint, self.past.end
        self.edits, self.failures = self.past.edits, list(self.past.failures)
        self.carried, self.complaint = self.past.carried, self.past.complaint

    def settle(self) -> None:
        pass

    def take(self, edits: Edits) -> None:
        self.edits = edits

    def begin(self) -> None:
        assert not self.begun
        self.begun = True

    def keep(
        self, done: Done, carried: Carried, checkpoint: bytes | None, observation: Any
    ) -> None:
        assert self.begun
        assert self.ended is None
        assert done.iteration == len(self.kept) + 1
        self.kept.append(done)
        self.edits, self.complaint = NO_EDITS, None
        self.carried, self.checkpoint = carried, checkpoint
        self.observations.append(observation)

    def close(self) -> None:
        pass

    def fail(self, failure: Failure) -> None:
        assert self.begun
        self.failures.append(failure)

    def end(self, ended: Ended) -> None:
        assert self.ended is None
        self.ended = ended

    def complain(self, complaint: str) -> None:
        self.complaint = complaint

    def again(self) -> MemoryJournal:
        kept = tuple(Done.model_validate_json(done.model_dump_json()) for done in self.kept)
        carried = Carried.model_validate_json(self.carried.model_dump_json())
        ended, failures = self.ended, tuple(self.failures)
        past = Past(self.begun, kept, self.edits, self.checkpoint, ended, failures, carried)
        return MemoryJournal(replace(past, complaint=self.complaint))


@dataclass
class FakeClock:
    """Moves when told, or by sleeping; every sleep is `late` seconds late. `slept` has them all."""

    seconds: float = 0.0
    wall_ahead: float = 0.0
    late: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds + self.wall_ahead)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds + self.late


@dataclass
class Lane:
    """A lane on a fake target, with all that can be looked at."""

    run: LaneRun
    target: FakeTarget
    file: MemoryFile
    events: list[Event]
    journal: MemoryJournal

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


def lane_of(
    *returns: Any,
    of: LanePlan | None = None,
    target: FakeTarget | None = None,
    edits: Mapping[int, Any] | None = None,
    extra: Mapping[str, ExtraKpi] | None = None,
    file: MemoryFile | None = None,
    journal: MemoryJournal | None = None,
    clock: FakeClock | None = None,
    pause: float = 0.0,
) -> Lane:
    target, events = target or FakeTarget(returns), list[Event]()
    file, journal = file or MemoryFile(edits or {}), journal or MemoryJournal()
    clock = clock or FakeClock()
    run = LaneRun(of or plan(), target, file, clock, events.append, journal, extra, pause)
    return Lane(run, target, file, events, journal)


def fills(rows: Sequence[tuple[int, bool, float, float, float, float, float]]) -> NDArray[np.void]:
    """Fills from (side, maker, price, quantity, fee, mid, mid one second later)."""
    found = np.zeros(len(rows), MARKED_FILL)
    for later in OTHER_MIDS:
        found[later] = np.nan
    names = ("side", "maker", "price", "quantity", "fee_quote", "mid", "mid_1s")
    for n, row in enumerate(rows):
        for name, value in zip(names, row, strict=True):
            found[name][n] = value
    found["time_us"] = np.arange(len(rows))
    return found


def observation(**parts: Any) -> Observation:
    """An hour in which nothing happened but `parts`, whose times count from its start."""
    nothing: dict[str, Any] = {
        "start_us": 0,
        "end_us": 3_600_000_000,
        "fills": np.zeros(0, MARKED_FILL),
        "inventory_start": 0.0,
        "inventory_end": 0.0,
        "mid_start": 100.0,
        "mid_end": 100.0,
    }
    start = parts.get("start_us", 0)
    nothing["end_us"] = start + nothing["end_us"]
    for value in parts.values():
        if isinstance(value, np.ndarray) and "time_us" in (value.dtype.names or ()):
            value["time_us"] += start
    if "fills" in parts:
        traded = np.sum(parts["fills"]["side"] * parts["fills"]["quantity"])
        nothing["inventory_end"] = parts.get("inventory_start", 0.0) + float(traded)
    return Observation(**(nothing | parts))


def blocks(**counts: int) -> NDArray[np.void]:
    """Block events, so many of each reason, over a minute."""
    reasons = [BLOCK_REASONS.index(name) for name, n in counts.items() for _ in range(n)]
    found = np.zeros(len(reasons), BLOCK)
    found["reason"] = reasons
    found["time_us"] = np.linspace(0, 60e6, len(reasons))
    return found


def inputs(
    root: Path,
    cli: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    ini: Mapping[str, str] | None = None,
    ini_dir: Path | None = None,
) -> Inputs:
    """Where settings come from; one iteration unless `cli` says otherwise."""
    typed = {"iterations": "1", **(cli or {})}
    return Inputs(typed, env or {}, ini or {}, root, ini_dir or root, root)
