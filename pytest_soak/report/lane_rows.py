"""Lanes under way, a row each: where it is, its newest KPIs, its verdicts so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_soak.engine.events import (
    Event,
    IterationFailed,
    IterationFinished,
    IterationStarted,
    LaneFinished,
    LaneStarted,
)
from pytest_soak.report.columns import GAP, Column, cells, fitting, other_columns
from pytest_soak.report.iteration_rows import word
from pytest_soak.report.lane_table import COUNTS, counts
from pytest_soak.text import plural, shortened

_LANE, _AT, _COUNTS, _STATE = 30, 7, 11, 7
_WAITING = "waiting"
RUNNING = "runs"


@dataclass
class _Lane:
    planned: int
    iteration: int = 0
    kpis: Mapping[str, float | None] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    state: str = _WAITING


class LaneRows:
    """Follows the events of lanes, which run so many iterations each."""

    def __init__(self, lanes: Mapping[str, int], columns: Sequence[Column]) -> None:
        self.counts: Counter[str] = Counter()
        self._columns = [*columns]
        self._lanes = {name: _Lane(planned) for name, planned in lanes.items()}

    def handle(self, event: Event) -> None:
        """Take note of what happened."""
        if isinstance(event, LaneStarted):
            self._columns += other_columns(event.plan.declared or (), self._columns)
        lane = self._lanes.get(event.lane)
        if lane is None:
            return
        if isinstance(event, IterationStarted):
            lane.iteration, lane.state = event.iteration, RUNNING
        elif isinstance(event, IterationFinished):
            lane.iteration, lane.kpis = event.record.iteration, event.record.summary.kpis
            lane.counts[word(event.record)] += 1
            self.counts[word(event.record)] += 1
        elif isinstance(event, IterationFailed):
            lane.state = "FAIL"
        elif isinstance(event, LaneFinished):
            verdict = event.result.verdict
            lane.state = "ended" if verdict is None else str(verdict)

    def shown(self, width: int, height: int, coloured: Callable[[str, str], str]) -> list[str]:
        """A heading and as many lanes as there is room for; those that wait or PASS give way."""
        names = min(_LANE, max(map(len, ("lane", *self._lanes))))
        fixed = names + sum(len(GAP) + n for n in (_AT, _COUNTS, _STATE))
        columns = fitting(self._columns, width - fixed - 1)
        heads = cells(column.label.rjust(column.width) for column in columns)
        lines = [f"{'lane':<{names}}{GAP}{'it':>{_AT}}{heads}{GAP}{COUNTS:>{_COUNTS}}"]
        kept = self._chosen(max(1, height - 2))
        for name, lane in self._lanes.items():
            if name in kept:
                lines.append(self._row(name, lane, names, columns, coloured))
        if len(kept) < len(self._lanes):
            lines.append(
                f"and {plural(len(self._lanes) - len(kept), 'lane')} that wait or are over"
            )
        return [line for line in lines if line] if fixed < width else []

    def _chosen(self, most: int) -> set[str]:
        def urgency(name: str) -> int:
            state = self._lanes[name].state
            return 0 if state == RUNNING else 2 if state in (_WAITING, "PASS") else 1

        return set(sorted(self._lanes, key=urgency)[:most])

    def _row(
        self,
        name: str,
        lane: _Lane,
        names: int,
        columns: Sequence[Column],
        coloured: Callable[[str, str], str],
    ) -> str:
        at = f"{lane.iteration}/{lane.planned}".rjust(_AT)
        values = cells(column.cell(lane.kpis) for column in columns)
        counted = counts(lane.counts).rjust(_COUNTS)
        state = coloured(lane.state, lane.state)
        return f"{shortened(name, names):<{names}}{GAP}{at}{values}{GAP}{counted}{GAP}{state}"
