"""The handler that writes the files of a lane."""

from __future__ import annotations

from collections import deque

from pytest_soak.artifacts import build, tuning
from pytest_soak.artifacts.files import write_json
from pytest_soak.artifacts.layout import LaneFiles
from pytest_soak.artifacts.models import TunedIteration
from pytest_soak.engine.events import Event, IterationFinished, LaneFinished, LaneStarted
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import Ending, IterationRecord, LaneResult
from pytest_soak.errors import ArtifactError
from pytest_soak.gates.engine import FINAL_WINDOW


class LaneArtifacts:
    """Writes what a lane's events tell, and what a journal can tell again; one object a lane."""

    def __init__(self, files: LaneFiles) -> None:
        self._files = files
        self._broken = False
        self._plan: LanePlan | None = None
        self._tuned: list[TunedIteration] = []
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
            if event.control is not None:
                state = tuning.tuning_state(self._plan, event.record.iteration, event.control)
                write_json(self._files.home / "TUNING_STATE.json", state.data())
        elif isinstance(event, LaneFinished):
            self._final(event.result)

    def _iteration(self, record: IterationRecord) -> None:
        assert self._plan is not None
        files = self._files
        write_json(files.artifact("EDGE_REPORT.json"), build.edge_report(record).data())
        write_json(files.artifact("EDGE_SENTINEL.json"), tuning.sentinel(record).data())
        self._tuned.append(tuning.tuned_iteration(record))
        if record.graded:
            self._graded.append(record.summary.kpis)
        if record.tuning.frozen is not None:
            taken = tuning.snapshot(self._plan, record, self._graded)
            write_json(files.home / "PRODUCTION_SNAPSHOT.json", taken.data())
        gate = build.iteration_gate(self._plan, record)
        write_json(files.artifact("KPI_GATE.json"), gate.data())
        write_json(files.summary(record.iteration), build.iter_summary(record).data())

    def _final(self, result: LaneResult) -> None:
        assert self._plan is not None
        report = tuning.tuning_report(self._plan, result, self._tuned)
        write_json(self._files.home / "TUNING_REPORT.json", report.data())
        if result.ending is Ending.INTERRUPTED:
            return
        gate = build.final_gate(self._plan, result)
        write_json(self._files.artifact("KPI_GATE.json"), gate.data())
        write_json(self._files.summary("final"), build.final_summary(result).data())
