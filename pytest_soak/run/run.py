"""A run as its main process sees it: the folder, the handlers, what has come of the lanes."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_soak.clock import Clock
from pytest_soak.engine.events import Event, IterationFinished, LaneFinished, Notice
from pytest_soak.engine.record import LaneResult
from pytest_soak.errors import ArtifactError, SoakUsageError
from pytest_soak.run.folder import RunFolder, layout_of
from pytest_soak.run.handlers import Handler, Handlers
from pytest_soak.run.lanes import Lanes
from pytest_soak.run.result import ResultFile
from pytest_soak.run.settings import Settings
from pytest_soak.run.verdict import Conclusion, conclude


class Run:
    """Takes the events of all lanes, from whichever process, and tells the handlers.

    `problems` are what fails the run beside its lanes; `began` says that something happened.
    """

    def __init__(self, settings: Settings, handlers: Sequence[Handler], clock: Clock) -> None:
        self.settings = settings
        self.layout = layout_of(settings)
        self.result_file = ResultFile(settings, self.layout, clock)
        self.folder = RunFolder(settings, self.layout, self.result_file)
        self.problems: dict[str, None] = {}
        self.iterations = 0
        self.began = False
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
        if isinstance(event, IterationFinished):
            self.iterations += 1
        elif isinstance(event, LaneFinished):
            self._results[event.lane] = event.result
        self._handlers.handle(event)

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
        first, *others = [*(f"{name} failed" for name in failed), *self.problems] or [""]
        more = f" (and {len(others)} more)" if others else ""
        return conclude(self.results, lanes, done, first + more)
