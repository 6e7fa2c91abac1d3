"""The ways to show a soak while it runs: rows for people, or marker lines for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from pytest_soak.engine.events import (
    Event,
    IterationFailed,
    IterationFinished,
    LaneStarted,
    StopFired,
)
from pytest_soak.engine.record import IterationRecord
from pytest_soak.gates.engine import Verdict
from pytest_soak.report.closing import INDENT
from pytest_soak.report.columns import GAP, Column, other_columns
from pytest_soak.report.fitted import wrapped
from pytest_soak.report.iteration_rows import (
    COUNTER,
    VERDICT,
    Row,
    Told,
    details,
    heading,
    limits,
    roomy,
    row,
    word,
)
from pytest_soak.report.lane_rows import LaneRows
from pytest_soak.report.progress_line import progress_line
from pytest_soak.run.progress import Progress
from pytest_soak.session.markers import fired_text, marker_lines

_ROWS_A_HEADING = 40


class Paper(Protocol):
    """What a view writes on."""

    def line(self, text: str) -> None:
        """One line, or several."""

    def coloured(self, text: str, verdict: str) -> str:
        """`text` in the colour of a verdict, where there are colours."""

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""


class View(Protocol):
    """Shows the events of a soak."""

    def handle(self, event: Event) -> None:
        """Show an event, if there is anything to see."""

    def live(self, progress: Progress, now: float) -> Sequence[str]:
        """The lines that stay the last ones at a terminal."""


class Markers:
    """Marker lines, to be parsed."""

    def __init__(self, paper: Paper, several_lanes: bool) -> None:
        self._paper = paper
        self._several_lanes = several_lanes
        self._counts: Counter[str] = Counter()

    def handle(self, event: Event) -> None:
        """Print the markers of an event."""
        if isinstance(event, IterationFinished):
            self._counts[word(event.record)] += 1
            if event.replayed:
                return
        lines = marker_lines(event, several_lanes=self._several_lanes)
        if lines:
            self._paper.line("\n".join(lines))

    def live(self, progress: Progress, now: float) -> Sequence[str]:
        """How far it is."""
        return [progress_line(progress, self._counts, now, self._paper.size[0])]


class Rows:
    """A lane alone: a row an iteration under the limits of its gate."""

    def __init__(self, paper: Paper, columns: Sequence[Column], grace: int, tuner: Told) -> None:
        self._paper = paper
        self._columns = [*columns]
        self._grace = grace
        self._tuner = tuner
        self._printed = 0
        self._fitting: list[Column] = []
        self._counts: Counter[str] = Counter()

    def handle(self, event: Event) -> None:
        """Print the row of an iteration, and what belongs beneath it."""
        if isinstance(event, LaneStarted):
            self._columns += other_columns(event.plan.declared or (), self._columns)
        if isinstance(event, IterationFinished):
            self._counts[word(event.record)] += 1
            if not event.replayed:
                self._finished(event.record)
        elif isinstance(event, IterationFailed):
            failed = self._paper.coloured("FAILED", Verdict.FAIL)
            self._paper.line(f"{event.iteration:>{COUNTER}}{GAP}{failed}{GAP}{event.cause}")
        elif isinstance(event, StopFired):
            self._beneath(f"stop: {fired_text(event.fired)}")

    def live(self, progress: Progress, now: float) -> Sequence[str]:
        """How far it is."""
        return [progress_line(progress, self._counts, now, self._paper.size[0])]

    def _finished(self, record: IterationRecord) -> None:
        columns = roomy(self._columns, self._paper.size[0])
        if self._printed % _ROWS_A_HEADING == 0 or columns != self._fitting:
            self._paper.line(f"{heading(columns)}\n{limits(columns, self._grace)}")
        self._printed, self._fitting = self._printed + 1, columns
        self._paper.line(self._shown(row(record, columns)))
        for text in details(record, self._tuner):
            self._beneath(text)

    def _shown(self, found: Row) -> str:
        room = self._paper.size[0] - len(found.figures) - VERDICT - 2 * len(GAP)
        note = found.note if len(found.note) <= room else f"{found.note[: max(0, room - 1)]}~"
        verdict = self._paper.coloured(found.verdict.ljust(VERDICT), found.verdict)
        return f"{found.figures}{GAP}{verdict}{GAP}{note if room > 0 else ''}".rstrip()

    def _beneath(self, text: str) -> None:
        self._paper.line("\n".join(wrapped(text, self._paper.size[0], INDENT, len(INDENT))))


class Lanes:
    """Several lanes: a row each that stays in place, and lines of what warns or fails."""

    def __init__(self, paper: Paper, rows: LaneRows, tuner: Told) -> None:
        self._paper = paper
        self._rows = rows
        self._tuner = tuner

    def handle(self, event: Event) -> None:
        """Take note of an event; print what the row of its lane has no room for."""
        self._rows.handle(event)
        if isinstance(event, IterationFinished) and not event.replayed:
            record = event.record
            texts = list(details(record, self._tuner))
            if record.graded and record.verdict is not Verdict.PASS:
                texts.append(f"{record.verdict}: {'; '.join(record.judgement.reasons())}")
            for text in texts:
                self._tell(event.lane, f"it {record.iteration} {text}", str(record.verdict))
        elif isinstance(event, IterationFailed):
            self._tell(event.lane, f"it {event.iteration} {event.cause}", Verdict.FAIL)
        elif isinstance(event, StopFired):
            self._tell(event.lane, f"stop: {fired_text(event.fired)}", Verdict.FAIL)

    def live(self, progress: Progress, now: float) -> Sequence[str]:
        """The lanes that there is room for, and how far it is."""
        columns, rows = self._paper.size
        line = progress_line(progress, self._rows.counts, now, columns)
        return [*self._rows.shown(columns, rows - 2, self._paper.coloured), line]

    def _tell(self, lane: str, text: str, verdict: str) -> None:
        name = self._paper.coloured(lane, verdict)
        first, *rest = wrapped(f"{lane} {text}", self._paper.size[0])
        self._paper.line("\n".join([first.replace(lane, name, 1), *rest]))
