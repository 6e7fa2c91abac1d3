"""The report of a run that goes on: one that is killed has it."""

from __future__ import annotations

from pathlib import Path

from pytest_soak.artifacts.layout import Layout
from pytest_soak.clock import Clock
from pytest_soak.engine.events import Event, IterationFinished
from pytest_soak.run.settings import Settings

LEAST_SECONDS = 10.0
TIMES = 20.0
"""How much longer than the last writing took the time to the next one is at least."""
FIRST_SECONDS, ITERATION_SECONDS = 0.3, 5e-4
"""What is taken for the first writing, and for each iteration that there is to be read."""


def expected_seconds(iterations: int) -> float:
    """How long a writing may take at least, before one was timed."""
    return FIRST_SECONDS + iterations * ITERATION_SECONDS


class Pace:
    """When something is to be done again that takes a while: seldom enough to be no burden."""

    def __init__(self, now: float, least: float = LEAST_SECONDS) -> None:
        self._least = least
        self._since = now
        self._took = 0.0

    def is_due(self, now: float, expected: float = 0.0) -> bool:
        """Whether it is time; `expected` is how many seconds it may take at least."""
        return now - self._since >= max(self._least, TIMES * max(self._took, expected))

    def done(self, begun: float, now: float) -> None:
        """It was done, from `begun` until `now`."""
        self._since, self._took = now, now - begun


class ReportWhileRunning:
    """A handler that writes the HTML report after an iteration, where that is due."""

    optional = True
    reads_only = True

    def __init__(self, layout: Layout, report: Path, clock: Clock) -> None:
        self._layout = layout
        self._report = report
        self._clock = clock
        self._iterations = 0
        self._pace = Pace(clock.monotonic())

    def start(self, settings: Settings) -> None:
        """The first report is due some time after the run began."""
        self._pace = Pace(self._clock.monotonic())

    def handle(self, event: Event) -> None:
        """Write it after an iteration; raises as `write_unfinished`."""
        if not isinstance(event, IterationFinished):
            return
        self._iterations += 1
        expected, begun = expected_seconds(self._iterations), self._clock.monotonic()
        if event.replayed or not self._pace.is_due(begun, expected):
            return
        from pytest_soak.report.write import write_unfinished

        write_unfinished(self._layout, self._report)
        self._pace.done(begun, self._clock.monotonic())

    def close(self) -> None:
        """The last report is written once the run is judged."""
