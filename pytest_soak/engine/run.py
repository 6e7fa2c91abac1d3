"""Driving a lane: the target is called here, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from pytest_soak.config.overrides import operator_edits
from pytest_soak.engine.events import (
    Event,
    IterationFailed,
    IterationFinished,
    LaneFinished,
    LaneStarted,
    PhaseChanged,
)
from pytest_soak.engine.lane import advance, begin, enter, finish, note
from pytest_soak.engine.pace import Clock, ClockWatch, Pace
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import Ending, IterationRecord
from pytest_soak.errors import SoakUsageError, TargetError, one_line
from pytest_soak.kpi.summary import Summary, checked, summary_of
from pytest_soak.targets.base import Target
from pytest_soak.tuning.phases import phase_of

ExtraKpi = Callable[[Any, Summary], "float | None"]


class RuntimeFile(Protocol):
    """The one mutable file: the overrides in force."""

    def read(self) -> Mapping[str, Any] | None:
        """What the file says now; None when it is gone. SoakUsageError when it is broken."""

    def write(self, overrides: Mapping[str, float]) -> None:
        """Replace it."""


class LaneRun:
    """One lane under way: owns its target and its state, and emits its events.

    `pause` are the seconds between two of its iterations.
    """

    def __init__(
        self,
        plan: LanePlan,
        target: Target,
        runtime: RuntimeFile,
        clock: Clock,
        emit: Callable[[Event], None],
        extra_kpis: Mapping[str, ExtraKpi] | None = None,
        pause: float = 0.0,
    ) -> None:
        self.plan = plan
        self.state = begin(plan)
        self.ended: Ending | None = None
        self._target = target
        self._runtime = runtime
        self._clock = clock
        self._pace = Pace(clock, pause, 60 * plan.lane.minutes)
        self._clocks = ClockWatch(clock)
        self._emit = emit
        self._extra_kpis = dict(extra_kpis or {})
        self._started = False
        self._held: Mapping[str, float] = {}

    def pause(self) -> None:
        """Wait until the next iteration is due; not before the first, nor after the last."""
        if self.ended is None:
            self._pace.wait()

    def run_iteration(self) -> IterationRecord:
        """Run the next window and judge it.

        Raises TargetError, after the lane has ended, when the target raised or returned what is
        no measurement; RuntimeError when the lane has ended before.
        """
        if self.ended is not None:
            raise RuntimeError(f"lane {self.plan.lane.id} has ended ({self.ended})")
        try:
            self._enter()
            self._pace.begin()
            started, clock = self._clock.now(), self._clock.monotonic()
            observation, summary = self._measure()
            self._pace.end()
        except TargetError as error:
            cause = str(error)
            self._emit(
                IterationFailed(
                    lane=self.plan.lane.id, iteration=self.state.iteration + 1, cause=cause
                )
            )
            self.end(Ending.TARGET, f"iteration {self.state.iteration + 1}: {cause}")
            raise
        jump = self._clocks.look()
        state = self.state if jump is None else note(self.state, jump)
        self.state, record = advance(self.plan, state, summary)
        record = record.model_copy(
            update={
                "started": started.isoformat(timespec="milliseconds"),
                "seconds": self._clock.monotonic() - clock,
            }
        )
        self._emit(
            IterationFinished(record=record, control=self.state.control, observation=observation)
        )
        if record.ending is not None:
            self.end(record.ending, "")
        elif record.iteration == self.plan.iterations:
            self.end(Ending.COMPLETED, "")
        return record

    def end(self, ending: Ending, cause: str) -> None:
        """End the lane, once; the target is stopped, also when that is its last complaint."""
        if self.ended is not None:
            return
        self.ended = ending
        try:
            if self._started:
                ask("stop", self._target.stop)
        except TargetError as error:
            cause = f"{cause}; {error}" if cause else str(error)
            if ending is Ending.COMPLETED:
                self.ended = Ending.TARGET
        if self._started:
            result = finish(self.plan, self.state, self.ended, one_line(cause))
            self._emit(LaneFinished(result=result))

    def _enter(self) -> None:
        """Make the next iteration's overrides be in force; start the target before the first."""
        if not self._started:
            self._start()
        edits = self._edits()
        self.state = enter(self.plan, self.state, edits or {})
        if edits is None or self._held != self.state.overrides:
            self._write()
        self._announce_phase()

    def _start(self) -> None:
        self.state = enter(self.plan, self.state, {})
        self._write()
        self._emit(LaneStarted(plan=self.plan))
        self._started = True
        ask("start", lambda: self._target.start(self.plan.lane))

    def _write(self) -> None:
        self._runtime.write(self.state.overrides)
        self._held = self.state.overrides

    def _edits(self) -> dict[str, float] | None:
        """What an operator changed in the runtime file; None when he broke it."""
        try:
            found = self._runtime.read()
            if found is None:
                raise SoakUsageError("runtime_overrides.json", "is gone")
            edits = operator_edits(self.plan.table, self._held, found, "runtime_overrides.json")
            self._held = dict(found)
            return edits
        except SoakUsageError as error:
            self.state = note(self.state, f"edit refused, last good values kept: {error}")
            return None

    def _announce_phase(self) -> None:
        iteration, warmup = self.state.iteration + 1, self.plan.warmup
        phase = phase_of(iteration, warmup)
        if warmup is not None and (iteration == 1 or phase is not phase_of(iteration - 1, warmup)):
            self._emit(PhaseChanged(lane=self.plan.lane.id, iteration=iteration, phase=phase))

    def _measure(self) -> tuple[Any, Summary]:
        state, minutes = self.state, self.plan.lane.minutes
        overrides = dict(state.overrides)
        given = ask("run", lambda: self._target.run(overrides, state.window(minutes)))
        summary = measure(given, self.plan.declared)
        extra = {
            name: ask(f"extra KPI {name}", partial(kpi, given, summary))
            for name, kpi in self._extra_kpis.items()
        }
        if not extra:
            return given, summary
        more = summary_of(extra, list(extra))
        kept = {name: why for name, why in summary.reasons.items() if name not in more.kpis}
        return given, summary.model_copy(
            update={
                "kpis": summary.kpis | more.kpis,
                "reasons": kept | more.reasons,
                "faults": summary.faults + more.faults,
            }
        )


def measure(given: Any, declared: tuple[str, ...] | None) -> Summary:
    """The summary of what a target returned; TargetError when that is no measurement."""
    try:
        if isinstance(given, Summary):
            return checked(given)
        if isinstance(given, Mapping):
            return summary_of(given, declared)
        if hasattr(given, "fills"):
            from pytest_soak.kpi.edge import summarize

            return checked(summarize(given))
    except Exception as error:
        cause = f"{type(error).__name__}: {error}"
        raise TargetError(f"what run() returned cannot be measured: {cause}") from error
    raise TargetError(
        f"run() returned {type(given).__name__}, expected an Observation or a mapping of KPIs"
    )


def ask(what: str, call: Callable[[], Any]) -> Any:
    """What `call` to the target gives; whatever it raises becomes a TargetError.

    So does what ends it from outside, like a test's timeout; Ctrl-C alone passes.
    """
    try:
        return call()
    except (TargetError, KeyboardInterrupt):
        raise
    except BaseException as error:
        how = "raised" if isinstance(error, Exception) else "was ended by"
        text = f"{type(error).__name__}: {error}".strip().rstrip(":")
        raise TargetError(f"the target's {what} {how} {text}") from error
