"""The handler that writes the files of a lane."""

from __future__ import annotations

from collections import deque

from pytest_soak.artifacts import build, names, tuning
from pytest_soak.artifacts.layout import LaneFiles
from pytest_soak.artifacts.models import ProductionSnapshot, TunedIteration
from pytest_soak.clock import Clock
from pytest_soak.engine.events import Event, IterationFinished, LaneFinished, LaneStarted
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import Ending, IterationRecord, LaneResult
from pytest_soak.errors import ArtifactError
from pytest_soak.gates.engine import FINAL_WINDOW
from pytest_soak.storage.files import write_json

NEWEST_SECONDS = 1.0
"""How old what is told of the newest iteration may get while a lane runs."""


class LaneArtifacts:
    """Writes what a lane's events tell, and what a journal can tell again; one object a lane.

    The files of the newest iteration are replaced once a second, and when the lane ends.
    """

    def __init__(self, files: LaneFiles, clock: Clock) -> None:
        self._files = files
        self._clock = clock
        self._broken = False
        self._plan: LanePlan | None = None
        self._newest: IterationFinished | None = None
        self._due = clock.monotonic()
        self._tuned: list[str] = []
        self._snapshot: ProductionSnapshot | None = None
        self._graded: deque[dict[str, float | None]] = deque(maxlen=FINAL_WINDOW)

    def handle(self, event: Event) -> None:
        """Write what `event` tells.

        Raises ArtifactError the first time that a file cannot be written; then writes no more.
        """
        if self._broken:
            return
        try:
            self._write(event)
        except ArtifactError:
            self._broken = True
            raise

    def _write(self, event: Event) -> None:
        if isinstance(event, LaneStarted):
            self._plan = event.plan
            return
        assert self._plan is not None
        if isinstance(event, IterationFinished):
            self._iteration(event.record)
            self._newest = event
            if self._clock.monotonic() >= self._due:
                self._write_newest()
        elif isinstance(event, LaneFinished):
            self._final(event.result)

    def _iteration(self, record: IterationRecord) -> None:
        assert self._plan is not None
        files = self._files
        self._tuned.append(tuning.tuned_iteration(record).model_dump_json())
        if record.graded:
            self._graded.append(record.summary.kpis)
        if record.tuning.frozen is not None and not self._plan.lane.drills:
            rests_on = list(self._graded)[-record.rests_on :] if record.rests_on else []
            self._take_snapshot(tuning.snapshot(self._plan, record, rests_on))
        write_json(files.summary(record.iteration), build.iter_summary(record).data())

    def _take_snapshot(self, snapshot: ProductionSnapshot) -> None:
        self._snapshot = snapshot
        write_json(self._files.named(names.PRODUCTION_SNAPSHOT), snapshot.data())

    def _write_newest(self) -> None:
        assert self._plan is not None
        if self._newest is None:
            return
        files, record, control = self._files, self._newest.record, self._newest.control
        write_json(files.artifact(names.EDGE_REPORT), build.edge_report(record).data())
        write_json(files.artifact(names.EDGE_SENTINEL), tuning.sentinel(record).data())
        gate = build.iteration_gate(self._plan, record)
        write_json(files.artifact(names.KPI_GATE), gate.data())
        if control is not None:
            state = tuning.tuning_state(self._plan, record.iteration, control)
            write_json(files.named(names.TUNING_STATE), state.data())
        self._newest, self._due = None, self._clock.monotonic() + NEWEST_SECONDS

    def _final(self, result: LaneResult) -> None:
        assert self._plan is not None
        self._write_newest()
        tuned = [TunedIteration.model_validate_json(text) for text in self._tuned]
        report = tuning.tuning_report(self._plan, result, tuned)
        write_json(self._files.named(names.TUNING_REPORT), report.data())
        if self._snapshot is not None and result.frozen:
            self._take_snapshot(tuning.confirmed(self._snapshot, result.evidence))
        if result.ending is Ending.INTERRUPTED:
            return
        gate = build.final_gate(self._plan, result)
        write_json(self._files.artifact(names.KPI_GATE), gate.data())
        write_json(self._files.final, build.final_summary(result).data())
