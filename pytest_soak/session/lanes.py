"""The lanes of this process: started when their first item runs, ended when they must."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_soak import __version__
from pytest_soak.artifacts.feeds import Feeds
from pytest_soak.artifacts.handlers import LaneArtifacts
from pytest_soak.artifacts.lane_journal import LaneJournal
from pytest_soak.artifacts.layout import Layout
from pytest_soak.artifacts.runtime import RuntimeOverridesFile
from pytest_soak.clock import SystemClock
from pytest_soak.engine.events import Event, LaneFinished, Notice
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import Ending, IterationRecord
from pytest_soak.engine.run import LaneRun
from pytest_soak.errors import ArtifactError, SoakUsageError, TargetError
from pytest_soak.run.folder import RunFolder
from pytest_soak.run.planning import plan_lane
from pytest_soak.run.result import ResultFile
from pytest_soak.session.context import Slot, SoakContext
from pytest_soak.session.targets import Chosen, extra_kpis
from pytest_soak.targets.base import LaneInfo, Target, TargetFactory
from pytest_soak.targets.resolve import build, describe, source_digest


class LaneBook:
    """The lanes under way in this process, and the events not yet reported."""

    def __init__(self, config: pytest.Config, context: SoakContext) -> None:
        self._config = config
        self._context = context
        self._infos = {lane.id: lane for lane in context.settings.lanes()}
        self._runs: dict[str, LaneRun] = {}
        self._events: list[Event] = []
        self._finished: dict[str, LaneFinished] = {}
        self._why: dict[str, str] = {}
        self.layout = Layout(context.settings.directory, several_lanes=len(self._infos) > 1)
        self.result_file = ResultFile(context.settings, self.layout)
        self.run = RunFolder(context.settings, self.layout, self.result_file)

    def prepare(self) -> None:
        """Make room for the run's artifacts, or go on in the latest run's; once.

        Raises SoakUsageError where that is not possible.
        """
        try:
            if self._context.on_worker:
                self.run.join(self._config.workerinput["workerid"])  # type: ignore[attr-defined]
            else:
                self._events += [Notice(text=text) for text in self.run.prepare()]
        except ArtifactError as error:
            raise SoakUsageError("--soak-dir", str(error)) from error

    def obstacle(self, slot: Slot) -> str | None:
        """Why the slot's iteration cannot run; None when it can."""
        if slot.lane in self._why:
            return self._why[slot.lane]
        run = self._runs.get(slot.lane)
        done = run.state.iteration if run else 0
        if done == slot.iteration - 1:
            return None
        return f"iteration {slot.iteration - 1} of {slot.lane} did not run in this process"

    def pause(self, slot: Slot) -> None:
        """Wait until the slot's iteration is due."""
        if slot.lane in self._runs:
            self._runs[slot.lane].pause()

    def lane(self, slot: Slot, chosen: Chosen) -> LaneRun:
        """The lane of a slot; started if this is its first iteration.

        Raises SoakUsageError when the target and the settings do not fit.
        """
        if slot.lane not in self._runs:
            self._runs[slot.lane] = self._open(slot.lane, chosen)
        return self._runs[slot.lane]

    def _open(self, lane: str, chosen: Chosen) -> LaneRun:
        settings, info = self._context.settings, self._infos[lane]
        target = _build(chosen.factory, info)
        spec = describe(target, chosen.name)
        extra = extra_kpis(self._config)
        last = self._context.selected.get(lane)
        plan = plan_lane(settings, info, spec, chosen.name, extra, last)
        self.prepare()
        files = self.layout.lane(lane)
        clock = SystemClock()
        artifacts = LaneArtifacts(files, clock)
        feeds = Feeds(files, kept=settings.feeds)
        journal = LaneJournal(files, _fingerprint(plan, target, extra, settings.feeds), feeds)

        def emit(event: Event) -> None:
            self._note(event)
            artifacts.handle(event)

        journal.open()
        runtime = RuntimeOverridesFile(files.runtime)
        pause, source = settings.sleep, source_digest(target)
        return LaneRun(plan, target, runtime, clock, emit, journal, extra, pause, source)

    def _note(self, event: Event) -> None:
        if isinstance(event, LaneFinished):
            self._finished[event.result.lane.id] = event
        else:
            self._events.append(event)

    def take_events(self, *, finished: bool = True) -> list[Event]:
        """The events since the last call.

        What is `finished` is told last: until its test is over, a lane may still fail by it.
        """
        events, self._events = self._events, []
        if finished:
            events += self._finished.values()
            self._finished = {}
        return events

    def settle(self, slot: Slot, record: IterationRecord | None, failure: str | None) -> None:
        """After a slot's test: say why its lane cannot go on, if it cannot."""
        run = self._runs.get(slot.lane)
        if slot.lane in self._why:
            return
        if record is None:
            self._why[slot.lane] = f"iteration {slot.iteration} did not complete: {failure}"
            if run is not None:
                self._end(run, Ending.TEST, self._why[slot.lane])
        elif record.ending is not None:
            self._why[slot.lane] = (
                f"the {record.ending} ended the lane at iteration {slot.iteration}"
            )

    def fail(self, slot: Slot, cause: str) -> None:
        """Say why the test of an iteration failed that was itself measured: its lane fails."""
        if slot.lane in self._runs:
            with self._complaining():
                self._runs[slot.lane].fail(slot.iteration, cause)

    def close(self) -> None:
        """End what is still under way: the session was interrupted."""
        for run in self._runs.values():
            cause = f"interrupted after iteration {run.state.iteration}"
            self._end(run, Ending.INTERRUPTED, cause)

    def _end(self, run: LaneRun, ending: Ending, cause: str) -> None:
        with self._complaining():
            run.end(ending, cause)

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        """Tell what cannot be written."""
        try:
            yield
        except ArtifactError as error:
            self._events.append(Notice(text=str(error), problem=True))


def _fingerprint(
    plan: LanePlan, target: Target, extra_kpis: Iterable[str], feeds: bool
) -> dict[str, Any]:
    """All that a lane's bytes depend on, but for its length."""
    version = getattr(target, "version", None)
    return plan.model_dump(mode="json", exclude={"iterations", "planned"}) | {
        "pytest_soak": __version__,
        "target_version": version if isinstance(version, str) else None,
        "extra_kpis": sorted(extra_kpis),
        "feeds": feeds,
    }


class _Unbuilt:
    """Stands in for a target whose factory raised, so that its lane fails like any other."""

    def __init__(self, error: TargetError) -> None:
        self._error = error

    def start(self, lane: LaneInfo) -> None:
        raise self._error

    def run(self, overrides: object, window: object) -> dict[str, float | None]:
        return {}

    def stop(self) -> None:
        pass


def _build(factory: TargetFactory, lane: LaneInfo) -> Target:
    try:
        return build(factory, lane)
    except TargetError as error:
        return _Unbuilt(error)
