"""A run as its main process sees it: the folder, the handlers, what has come of the lanes."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_soak.artifacts.baseline_models import AgainstBaseline
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.baseline.judge import judge_run
from pytest_soak.baseline.reference import Baseline, read_again
from pytest_soak.clock import Clock
from pytest_soak.engine.events import Event, IterationFinished, LaneFinished, LaneStarted, Notice
from pytest_soak.engine.record import LaneResult
from pytest_soak.errors import ArtifactError, SoakUsageError
from pytest_soak.run.baseline import THIS_RUN, check_has_baseline
from pytest_soak.run.folder import RunFolder, layout_of
from pytest_soak.run.handlers import Handler, Handlers
from pytest_soak.run.lanes import Lanes
from pytest_soak.run.result import ResultFile
from pytest_soak.run.settings import Settings
from pytest_soak.run.verdict import Conclusion, conclude, judged


class Run:
    """Takes the events of all lanes, from whichever process, and tells the handlers.

    `problems` are what fails the run beside its lanes; `began` says that something happened;
    `beside_baseline` is how it stands beside its baseline, once it is judged.
    """

    def __init__(self, settings: Settings, handlers: Sequence[Handler], clock: Clock) -> None:
        self.settings = settings
        self.layout = layout_of(settings)
        self.result_file = ResultFile(settings, self.layout, clock)
        self.folder = RunFolder(settings, self.layout, self.result_file)
        self.problems: dict[str, None] = {}
        self.iterations = 0
        self.began = False
        self.beside_baseline: list[AgainstBaseline] = []
        self._baseline: Baseline | None = None
        self._results: dict[str, LaneResult] = {}
        self._clock = clock
        self._handlers = Handlers(handlers, self._complain)

    @property
    def results(self) -> list[LaneResult]:
        """What has come of the lanes that are over, in their order."""
        order = {lane.id: n for n, lane in enumerate(self.settings.lanes())}
        return sorted(self._results.values(), key=lambda result: order[result.lane.id])

    def prepare(self) -> None:
        """Make room for the run's artifacts, or go on in the latest run's; once.

        Raises SoakUsageError where that is not possible.
        """
        if self.folder.prepared:
            return
        check_has_baseline(self.settings)
        if self.settings.baseline is not None:
            self._baseline = read_again(self.settings.baseline)
        try:
            told = self.folder.prepare()
        except ArtifactError as error:
            raise SoakUsageError("--soak-dir", str(error)) from error
        self._handlers.start(self.settings)
        for text in told:
            self.note(text)

    def note(self, text: str, *, problem: bool = False) -> None:
        """Tell something of the run."""
        self.handle(Notice(lane="", time=self._clock.now(), text=text, problem=problem))

    def handle(self, event: Event) -> None:
        """Take note of an event, and tell the handlers."""
        if isinstance(event, Notice):
            if event.problem:
                self.problems.setdefault(event.text)
        else:
            self.began = True
        if isinstance(event, LaneStarted):
            self._name_target(event.plan.target)
        elif isinstance(event, IterationFinished):
            self.iterations += 1
        elif isinstance(event, LaneFinished):
            self._results[event.lane] = event.result
        self._handlers.handle(event)

    def _name_target(self, target: str) -> None:
        try:
            self.result_file.name(target)
        except ArtifactError as error:
            self.note(str(error), problem=True)

    def _complain(self, text: str, problem: bool) -> None:
        self.note(text, problem=problem)

    def close(self, lanes: Lanes) -> bool:
        """End what is under way, tell the handlers that the run is over; what they raise counts.

        Returns whether KeyboardInterrupt came meanwhile: it ends the call it meets, no other.
        """
        try:
            lanes.close()
            self._handlers.close()
        except KeyboardInterrupt:
            self.close(lanes)
            return True
        return False

    def conclude(self, lanes: int, done: int, failed: Sequence[str] = ()) -> Conclusion:
        """Judge the run: so many lanes were to be judged, so many iterations are done.

        `failed` names what failed beside the lanes, as do the problems.
        """
        self.judge_beside(lanes)
        first, *others = [*(f"{name} failed" for name in failed), *self.problems] or [""]
        more = f" (and {len(others)} more)" if others else ""
        return conclude(self.results, lanes, done, first + more, self.beside_baseline)

    def judge_beside(self, lanes: int) -> None:
        """Judge a run of so many lanes beside its baseline, once they are over.

        What cannot be read is a problem.
        """
        if self._baseline is None or self.beside_baseline or not judged(self.results, lanes):
            return
        result = self.result_file.result("finished", self.results, None, None)
        run = StoredRun(THIS_RUN, self.layout.latest, result)
        try:
            self.beside_baseline = judge_run(run, self._baseline, self.settings.gates)
        except SoakUsageError as error:
            self._baseline = None
            self.note(f"not judged beside its baseline: {error}", problem=True)
