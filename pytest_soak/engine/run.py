"""Driving a lane: the target is called here, and nowhere else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from pytest_soak.config.overrides import operator_edits
from pytest_soak.engine.ask import ask
from pytest_soak.engine.events import (
    Event,
    IterationFailed,
    IterationFinished,
    LaneFinished,
    LaneResumed,
    LaneStarted,
    PhaseChanged,
)
from pytest_soak.engine.lane import LaneState, advance, begin, enter, finish
from pytest_soak.engine.measure import closing, measure
from pytest_soak.engine.pace import Clock, ClockWatch, Pace
from pytest_soak.engine.past import (
    NO_EDITS,
    Done,
    Edits,
    Ended,
    Failure,
    Past,
    entered,
    noted,
    other_source,
    redo,
    rehearse,
)
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import Ending, IterationRecord
from pytest_soak.errors import ArtifactError, SoakUsageError, TargetError, one_line
from pytest_soak.kpi.summary import Summary, summary_of, unmeasured
from pytest_soak.observation.closing import Closing
from pytest_soak.targets.base import Target
from pytest_soak.tuning.phases import phase_of

ExtraKpi = Callable[[Any, Summary], "float | None"]


class RuntimeFile(Protocol):
    """The one mutable file: the overrides in force."""

    def untouched(self) -> bool:
        """Whether nobody has read or changed it since it was written: a cheaper question."""

    def read(self) -> Mapping[str, Any] | None:
        """What the file says now; None when it is gone. SoakUsageError when it is broken."""

    def write(self, overrides: Mapping[str, float]) -> None:
        """Replace it."""


class Journal(Protocol):
    """What of a lane survives the process. Each method raises ArtifactError where it cannot."""

    past: Past

    def begin(self) -> None:
        """Say that the lane begins."""

    def settle(self) -> None:
        """Take away what a killed process left half done."""

    def take(self, edits: Edits) -> None:
        """Make durable with which edits the next iteration begins."""

    def keep(self, done: Done, checkpoint: bytes | None, observation: Any) -> None:
        """Make an iteration durable, with the target's checkpoint after it and its events."""

    def fail(self, failure: Failure) -> None:
        """Make durable why the test of a completed iteration failed."""

    def end(self, ended: Ended) -> None:
        """Make durable that the lane has ended."""


class LaneRun:
    """One lane under way: owns its target and its state, and emits its events.

    What the journal has of the lane is not run again: its iterations are replayed one by one, and
    the target is started before the first new one. Raises SoakUsageError where the journal's past
    is not one of `plan`. `pause` are the seconds between two iterations, `source` is a digest of
    the target's source file: where an earlier session had another, that is noted.
    """

    def __init__(
        self,
        plan: LanePlan,
        target: Target,
        runtime: RuntimeFile,
        clock: Clock,
        emit: Callable[[Event], None],
        journal: Journal,
        extra_kpis: Mapping[str, ExtraKpi] | None = None,
        pause: float = 0.0,
        source: str | None = None,
    ) -> None:
        self.plan = plan
        self.state = begin(plan)
        self.ended: Ending | None = None
        self._target = target
        self._runtime = runtime
        self._clock = clock
        self._pace = Pace(clock, pause, 60 * plan.lane.minutes)
        self._clocks = ClockWatch(clock, plan.clocks)
        self._emit = emit
        self._journal = journal
        self._extra_kpis = dict(extra_kpis or {})
        self._last = rehearse(plan, journal.past)
        self._left = deque(journal.past.iterations)
        self._failures = {x.iteration: x.cause for x in journal.past.failures}
        self._cause = ""
        self._source = source
        self._note = other_source(journal.past.iterations, source)
        self._begun = False
        self._serving = False
        self._lasting = False
        self._written: tuple[Mapping[str, float], ...] = ()
        self._taken = NO_EDITS
        self._before: Closing | None = None
        self._told = {note for done in journal.past.iterations for note in done.summary.notes}

    def pause(self) -> None:
        """Wait until the next iteration is due; not before the first, nor after the last."""
        if self.ended is None:
            self._pace.wait()

    def run_iteration(self) -> IterationRecord:
        """Run the next window and judge it; or replay it, where the journal has it.

        Raises TargetError, after the lane has ended, when the target raised or returned what is
        no measurement; RuntimeError when the lane has ended before.
        """
        if self.ended is not None:
            raise RuntimeError(f"lane {self.plan.lane.id} has ended ({self.ended})")
        if not self._begun:
            self._begin()
        if self._left:
            return self._finish(*redo(self.plan, self.state, self._left.popleft()), replayed=True)
        if self._journal.past.end is not None:
            cause = self._journal.past.end.cause
            self.end(Ending.TARGET, cause)
            raise TargetError(cause)
        try:
            return self._finish(*self._run(), replayed=False)
        except ArtifactError:
            self._lasting = False
            raise

    def end(self, ending: Ending, cause: str) -> None:
        """End the lane, once; the target is stopped, also when that is its last complaint.

        A lane that has ended in an earlier session ends as it did there.
        """
        if self.ended is not None:
            return
        self.ended = ending
        past = self._journal.past.end
        if past is not None and not self._left and ending is not Ending.INTERRUPTED:
            self.ended, cause = past.ending, past.cause
        else:
            self.ended, cause = self._stop(ending, one_line(cause))
        try:
            if self._lasting and cause and self.ended is not Ending.INTERRUPTED:
                self._journal.end(Ended(ending=self.ended, cause=cause))
        finally:
            self._cause = cause
            if self._begun:
                self._tell_end(self.ended)

    def fail(self, iteration: int, cause: str) -> None:
        """Say that the test of a completed iteration failed: the lane goes on, but fails.

        A lane that is over is judged, and told of, once more.
        """
        if iteration in self._failures:
            return
        failure = Failure(iteration=iteration, cause=one_line(cause))
        self._failures[iteration] = failure.cause
        if self._lasting:
            self._journal.fail(failure)
        if self.ended is not None:
            self._tell_end(self.ended)

    def _tell_end(self, ending: Ending) -> None:
        failures = [f"iteration {n}: {cause}" for n, cause in sorted(self._failures.items())]
        result = finish(self.plan, self.state, ending, self._cause, failures)
        self._emit(LaneFinished(result=result))

    def _begin(self) -> None:
        self._journal.settle()
        self._begun = True
        self._emit(LaneStarted(plan=self.plan))
        past = self._journal.past
        if self._last is not None:
            self._emit(
                LaneResumed(
                    lane=self.plan.lane.id,
                    iterations=self._last.iteration,
                    ending=past.end.ending if past.end else self._ending(self._last),
                    restored=past.checkpoint is not None,
                )
            )

    def _run(self) -> tuple[LaneState, IterationRecord]:
        iteration = self.state.iteration + 1
        try:
            edits = self._enter()
            self._pace.begin()
            started, clock = self._clock.now(), self._clock.monotonic()
            observation, summary = self._measure()
            seconds = self._clock.monotonic() - clock
            self._pace.end()
            checkpoint = self._checkpoint()
        except TargetError as error:
            cause = str(error)
            self._emit(IterationFailed(lane=self.plan.lane.id, iteration=iteration, cause=cause))
            self.end(Ending.TARGET, f"iteration {iteration}: {cause}")
            raise
        jump = self._clocks.look()
        note, self._note = self._note, None
        state, record = advance(self.plan, noted(noted(self.state, jump), note), summary)
        done = Done(
            iteration=iteration,
            edits=edits,
            jump=jump,
            source=self._source,
            note=note,
            closing=self._before,
            summary=summary,
            state_hash=record.state_hash,
            started=started.isoformat(timespec="milliseconds"),
            seconds=seconds,
        )
        self._journal.keep(done, checkpoint, observation)
        return state, record.model_copy(update={"started": done.started, "seconds": seconds})

    def _finish(
        self, state: LaneState, record: IterationRecord, *, replayed: bool
    ) -> IterationRecord:
        self.state = state
        self._emit(IterationFinished(record=record, control=state.control, replayed=replayed))
        ending = self._ending(record)
        if ending is not None:
            self.end(ending, "")
        return record

    def _ending(self, record: IterationRecord) -> Ending | None:
        """Why the lane ends with `record`, if it does."""
        done = record.iteration == self.plan.iterations
        return record.ending or (Ending.COMPLETED if done else None)

    def _stop(self, ending: Ending, cause: str) -> tuple[Ending, str]:
        try:
            if self._serving:
                ask("stop", self._target.stop)
        except TargetError as error:
            cause = f"{cause}; {error}" if cause else str(error)
            if ending is Ending.COMPLETED:
                ending = Ending.TARGET
        return ending, cause

    def _enter(self) -> Edits:
        """Make the next iteration's overrides be in force, an operator's edits among them."""
        if not self._serving:
            self._serve()
        edits = self._edits()
        if edits != self._taken:
            self._journal.take(edits)
        self._taken = NO_EDITS
        self.state = entered(self.plan, self.state, edits)
        if edits.refused is not None or self._written != (self.state.overrides,):
            self._write()
        self._announce_phase()
        return edits

    def _serve(self) -> None:
        """Start the target before the first new iteration.

        Until it goes on, no failure of a resumed lane lasts: another session may try again.
        """
        past, in_force = self._journal.past, self.state.overrides
        if self.state.iteration == 0:
            self.state = enter(self.plan, self.state, {})
        ahead = entered(self.plan, self.state, past.edits).overrides
        self._written = (in_force, ahead) if past.iterations else (ahead,)
        self._taken = past.edits
        if not past.begun:
            self._write()
            self._journal.begin()
            self._lasting = True
        self._serving = True
        ask("start", lambda: self._target.start(self.plan.lane))
        if past.checkpoint is not None:
            restore: Any = getattr(self._target, "restore", None)
            ask("restore", lambda: restore(past.checkpoint))
            self._before = past.iterations[-1].closing
        self._lasting = True

    def _checkpoint(self) -> bytes | None:
        take = getattr(self._target, "checkpoint", None)
        if take is None or not hasattr(self._target, "restore"):
            return None
        taken = ask("checkpoint", take)
        if not isinstance(taken, bytes):
            raise TargetError(f"checkpoint() returned {type(taken).__name__}, expected bytes")
        return taken

    def _write(self) -> None:
        self._runtime.write(self.state.overrides)
        self._written = (self.state.overrides,)

    def _edits(self) -> Edits:
        """What an operator changed in the runtime file.

        After a crash the file may be that of the last iteration or of the one that was under way,
        whose edits are in the journal.
        """
        before = self._taken
        if self._runtime.untouched():
            return before
        try:
            found = self._runtime.read()
            if found is None:
                raise SoakUsageError("runtime_overrides.json", "is gone")
            table, source = self.plan.table, "runtime_overrides.json"
            values = operator_edits(table, self._written, found, source)
            self._written = (dict(found),)
        except SoakUsageError as error:
            refused = f"edit refused, last good values kept: {error}"
            return Edits(values=before.values, refused=refused)
        return Edits(values=before.values | values, refused=before.refused)

    def _announce_phase(self) -> None:
        iteration, warmup = self.state.iteration + 1, self.plan.warmup
        phase = phase_of(iteration, warmup)
        if warmup is not None and (iteration == 1 or phase is not phase_of(iteration - 1, warmup)):
            self._emit(PhaseChanged(lane=self.plan.lane.id, iteration=iteration, phase=phase))

    def _measure(self) -> tuple[Any, Summary]:
        """What the target gave, None where it cannot be true, and its summary."""
        state, minutes = self.state, self.plan.lane.minutes
        overrides = dict(state.overrides)
        given = ask("run", lambda: self._target.run(overrides, state.window(minutes)))
        given, summary = measure(given, self.plan.declared, minutes, self._before)
        self._before = closing(given)
        return given, self._noted_once(self._with_extra(given, summary))

    def _with_extra(self, given: Any, summary: Summary) -> Summary:
        """`summary` with the users' KPIs; they are asked only of what can be true."""
        if not self._extra_kpis:
            return summary
        if given is None:
            more = unmeasured(self._extra_kpis, (), ())
        else:
            extra = {
                name: ask(f"extra KPI {name}", partial(kpi, given, summary))
                for name, kpi in self._extra_kpis.items()
            }
            more = summary_of(extra, list(extra))
        kept = {name: why for name, why in summary.reasons.items() if name not in more.kpis}
        return summary.model_copy(
            update={
                "kpis": summary.kpis | more.kpis,
                "reasons": kept | more.reasons,
                "faults": summary.faults + more.faults,
            }
        )

    def _noted_once(self, summary: Summary) -> Summary:
        """`summary` without the notes that the lane has told already."""
        notes = tuple(note for note in summary.notes if note not in self._told)
        self._told.update(notes)
        return summary.model_copy(update={"notes": notes})
