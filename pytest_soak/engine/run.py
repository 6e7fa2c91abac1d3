"""Driving a lane: the target is called here, and nowhere else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pytest_soak.clock import Clock
from pytest_soak.engine.events import (
    Event,
    IterationFailed,
    IterationFinished,
    IterationStarted,
    LaneFinished,
    LaneResumed,
    LaneStarted,
    Notice,
    PhaseChanged,
    Sampled,
    StopFired,
)
from pytest_soak.engine.in_force import InForce, RuntimeFile
from pytest_soak.engine.lane import LaneState, advance, begin, finish, prepare
from pytest_soak.engine.pace import ClockWatch, Pace
from pytest_soak.engine.past import (
    NO_EDITS,
    Carried,
    Done,
    Edits,
    Ended,
    Failure,
    Past,
    noted,
    notes_of,
    redo,
    rehearse,
    repeats,
    told_before,
    with_edits,
)
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import Ending, IterationRecord
from pytest_soak.engine.service import Elsewhere, Here, Measured, Service
from pytest_soak.engine.windows import ExtraKpi
from pytest_soak.errors import ArtifactError, TargetError, one_line
from pytest_soak.gates.sustained import Sustained, Transition
from pytest_soak.targets.abilities import Abilities, abilities
from pytest_soak.targets.asked import Asked
from pytest_soak.targets.base import Target, Window
from pytest_soak.tuning.phases import phase_of


class Journal(Protocol):
    """What of a lane survives the process. Each method raises ArtifactError where it cannot."""

    past: Past

    def begin(self) -> None:
        """Say that the lane begins."""

    def settle(self) -> None:
        """Take away what a killed process left half done."""

    def take(self, edits: Edits) -> None:
        """Make durable with which edits the next iteration begins."""

    def keep(
        self, done: Done, carried: Carried, checkpoint: bytes | None, observation: Any
    ) -> None:
        """Make an iteration durable, with its events, and what is there after it in place of
        what was: the target's checkpoint, and what is carried on."""

    def fail(self, failure: Failure) -> None:
        """Make durable why the test of a completed iteration failed."""

    def end(self, ended: Ended) -> None:
        """Make durable that the lane has ended."""

    def complain(self, complaint: str) -> None:
        """Make durable what the target's end said at an interruption, which ends no lane."""

    def close(self) -> None:
        """Put in order what the target wrote itself, now that it has ended."""


class Observer(Protocol):
    """Told of what a lane's target does, which is in no event that goes to another process."""

    def reported(self, part: Any) -> None:
        """The target reported a part of the window, an Observation."""

    def evaluated(self, sustained: Sustained) -> None:
        """Its stop criteria were evaluated."""

    def measured(self, measured: Measured) -> None:
        """A window is over, and durable."""


class _Nobody:
    def reported(self, part: Any) -> None:
        pass

    def evaluated(self, sustained: Sustained) -> None:
        pass

    def measured(self, measured: Measured) -> None:
        pass


class LaneRun:
    """One lane under way: owns its target and its state, and emits its events.

    What the journal has of the lane is not run again: its iterations are replayed one by one, and
    the target is started before the first new one. Raises SoakUsageError where the journal's past
    is not one of `plan`. `pause` are the seconds between two iterations, `can` is what the target
    is able to: where an earlier session had another source file of it, that is noted. Its windows
    are run `elsewhere` where that is given. `observer` is told of what happens in them, and
    `asked` knows whether the target asked for its market when it was built.
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
        can: Abilities | None = None,
        elsewhere: Elsewhere | None = None,
        observer: Observer | None = None,
        asked: Asked | None = None,
    ) -> None:
        self.plan = plan
        self.state = begin(plan)
        self.ended: Ending | None = None
        self._file = InForce(runtime, plan.table)
        self._clock = clock
        self._pace = Pace(clock, pause, 60 * plan.lane.minutes)
        self._clocks = ClockWatch(clock, plan.clocks)
        self._emit = emit
        self._journal = journal
        self._last = rehearse(plan, journal.past)
        self._left = deque(journal.past.iterations)
        self._failures = {x.iteration: x.cause for x in journal.past.failures}
        self._cause = ""
        self._can = abilities(target, plan.target) if can is None else can
        self._notes = notes_of(journal.past, self._can.source)
        self._anew = bool(journal.past.iterations)
        self._elsewhere = elsewhere
        self._observer: Observer = observer or _Nobody()
        self._service: Service = elsewhere or Here(
            plan,
            target,
            self._can,
            journal.past,
            clock,
            self._heard,
            self._fired,
            journal.past.told,
            extra_kpis,
            self._observer.evaluated,
            asked,
            self._said,
        )
        self._begun = False
        self._serving = False
        self._lasting = False

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

    def foresee(self) -> None:
        """Let the next window begin elsewhere, if it is a new one, under what would be in force."""
        over = self.ended is not None or self._left or self._journal.past.end is not None
        if self._elsewhere is not None and not over:
            ahead = with_edits(self.plan, self.state, NO_EDITS)
            self._elsewhere.foresee(ahead.overrides, self._window)

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
                self._close()
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
        self._tell(LaneFinished, result=result)

    def _begin(self) -> None:
        self._journal.settle()
        self._begun = True
        self._tell(LaneStarted, plan=self.plan)
        past = self._journal.past
        if past.complaint is not None and past.end is None:
            self._tell(Notice, text=told_before(past.complaint))
        if self._last is not None:
            self._tell(
                LaneResumed,
                iterations=self._last.iteration,
                ending=past.end.ending if past.end else self._ending(self._last),
                restored=past.checkpoint is not None,
            )

    def _run(self) -> tuple[LaneState, IterationRecord]:
        iteration = self.state.iteration + 1
        try:
            edits = self._begin_iteration()
            self._announce(iteration)
            self._pace.begin()
            started = self._clock.now()
            measured = self._service.run(self.state.overrides, self._window)
            self._pace.end()
        except TargetError as error:
            cause = str(error)
            self._tell(IterationFailed, iteration=iteration, cause=cause)
            self.end(Ending.TARGET, f"iteration {iteration}: {cause}")
            raise
        for fired in measured.fired:
            self._fired(fired)
        jump = self._clocks.look()
        if self._anew and (text := repeats(self._journal.past, measured.summary)):
            self._tell(Notice, text=text)
        self._anew = False
        note, self._notes = "; ".join(self._notes) or None, ()
        ready = noted(noted(self.state, jump), note)
        summary, watched = measured.summary, measured.carried.watched
        state, record = advance(self.plan, ready, summary, watched)
        done = Done(
            iteration=iteration,
            edits=edits,
            jump=jump,
            source=self._can.source,
            note=note,
            watched=None if watched is None else watched.without_rows(),
            summary=summary,
            state_hash=record.state_hash,
            started=started.isoformat(timespec="milliseconds"),
            seconds=measured.seconds,
        )
        self._journal.keep(done, measured.carried, measured.checkpoint, measured.observation)
        self._observer.measured(measured)
        return state, record.model_copy(update={"started": done.started, "seconds": done.seconds})

    @property
    def _window(self) -> Window:
        return self.state.window(self.plan.lane.minutes)

    def _finish(
        self, state: LaneState, record: IterationRecord, *, replayed: bool
    ) -> IterationRecord:
        self.state = state
        self._tell(IterationFinished, record=record, control=state.control, replayed=replayed)
        ending = self._ending(record)
        if ending is not None:
            self.end(ending, "")
        self.foresee()
        return record

    def _ending(self, record: IterationRecord) -> Ending | None:
        """Why the lane ends with `record`, if it does."""
        done = record.iteration == self.plan.iterations
        return record.ending or (Ending.COMPLETED if done else None)

    def _stop(self, ending: Ending, cause: str) -> tuple[Ending, str]:
        try:
            if self._serving:
                text = self._service.stop()
                if text is not None:
                    self._tell(Notice, text=text)
        except TargetError as error:
            if ending is Ending.INTERRUPTED:
                self._complain(str(error))
            elif ending is Ending.COMPLETED:
                ending = Ending.TARGET
            cause = f"{cause}; {error}" if cause else str(error)
        return ending, cause

    def _complain(self, complaint: str) -> None:
        """Tell what went wrong at an interruption, of which no verdict will tell."""
        self._tell(Notice, text=f"{self.plan.lane.id}: {complaint}", problem=True)
        try:
            if self._lasting:
                self._journal.complain(complaint)
        except ArtifactError as error:
            self._tell(Notice, text=str(error), problem=True)

    def _close(self) -> None:
        try:
            self._journal.close()
        except ArtifactError as error:
            self._tell(Notice, text=str(error), problem=True)

    def _begin_iteration(self) -> Edits:
        """Make the next iteration's overrides be in force, an operator's edits among them."""
        if not self._serving:
            self._serve()
        edits, news = self._file.edits()
        if news:
            self._journal.take(edits)
        self.state = with_edits(self.plan, self.state, edits)
        self._file.put(self.state.overrides, anew=edits.refused is not None)
        return edits

    def _serve(self) -> None:
        """Start the target before the first new iteration.

        Until it goes on, no failure of a resumed lane lasts: another session may try again.
        """
        past, in_force = self._journal.past, self.state.overrides
        if self.state.iteration == 0:
            self.state = prepare(self.plan, self.state, {})
        ahead = with_edits(self.plan, self.state, past.edits).overrides
        self._file.resume((in_force, ahead) if past.iterations else (ahead,), past.edits)
        if not past.begun:
            self._file.put(self.state.overrides, anew=True)
            self._journal.begin()
            self._lasting = True
        self._serving = True
        self._service.start()
        self._lasting = True

    def _announce(self, iteration: int) -> None:
        warmup = self.plan.warmup
        phase = phase_of(iteration, warmup)
        if warmup is not None and (iteration == 1 or phase is not phase_of(iteration - 1, warmup)):
            self._tell(PhaseChanged, iteration=iteration, phase=phase)
        self._tell(IterationStarted, iteration=iteration, phase=phase)

    def _heard(self, minutes: float, fills: int, part: Any) -> None:
        iteration = self.state.iteration + 1
        self._tell(Sampled, iteration=iteration, minutes=minutes, fills=fills, part=part)
        self._observer.reported(part)

    def _said(self, text: str) -> None:
        self._tell(Notice, text=text)

    def _fired(self, fired: Transition) -> None:
        self._tell(StopFired, iteration=self.state.iteration + 1, fired=fired)

    def _tell(self, kind: type[Event], **facts: Any) -> None:
        self._emit(kind(lane=self.plan.lane.id, time=self._clock.now(), **facts))
