"""A run's events on the board of its metrics."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_soak.config.durations import span_us
from pytest_soak.engine.events import (
    Event,
    IterationFinished,
    IterationStarted,
    LaneFinished,
    LaneStarted,
    Metered,
)
from pytest_soak.engine.record import IterationRecord
from pytest_soak.gates.engine import Verdict
from pytest_soak.metrics import table
from pytest_soak.metrics.board import Board, keyed
from pytest_soak.metrics.table import Metric
from pytest_soak.targets.base import LaneInfo
from pytest_soak.tuning.phases import Phase


class Follower:
    """Keeps a board by the events of a run of `lanes`, each of so many `iterations`.

    `soak_run_info` tells the `version`, and as target what the lanes have, until then `target`.
    """

    def __init__(self, lanes: list[LaneInfo], iterations: int, version: str, target: str) -> None:
        self.board = Board(lanes)
        self._planned = {lane.id: iterations for lane in lanes}
        self._done = dict.fromkeys(self._planned, 0)
        self._over: set[str] = set()
        self._version = version
        self._targets: dict[str, None] = {}
        self._name(target)
        self._of_run(table.LANES, len(lanes))
        self._of_run(table.LANES_ASIDE, self.board.aside)
        self._count()

    def take(self, event: Event) -> None:
        """Something happened."""
        if isinstance(event, Metered):
            self.board.take(event)
        elif isinstance(event, LaneStarted):
            self._begin(event)
        elif isinstance(event, IterationStarted):
            self._of_lane(table.ITERATION, event.lane, event.iteration)
            self._one_of(table.PHASE, event.lane, event.phase, Phase)
        elif isinstance(event, IterationFinished):
            self._finished(event.lane, event.record)
        elif isinstance(event, LaneFinished):
            self._judged(event.lane, event.result.verdict)

    def _name(self, target: str) -> None:
        self.board.put(table.INFO, "", {(self._version, target): 1.0})

    def _begin(self, event: LaneStarted) -> None:
        self._targets.setdefault(event.plan.target)
        self._name(", ".join(self._targets))
        self._planned[event.lane] = event.plan.iterations
        self._of_lane(table.PLANNED, event.lane, event.plan.iterations)
        self._of_lane(table.DONE, event.lane, 0)
        lasts = {one.name: span_us(one.for_) / 1e6 for one in event.plan.criteria.criteria}
        self.board.put(table.LASTS, event.lane, keyed(lasts))
        self._count()

    def _judged(self, lane: str, verdict: Verdict | None) -> None:
        """The lane is over, or was interrupted: then there is no verdict on it."""
        if verdict is not None:
            self._one_of(table.LANE_VERDICT, lane, verdict, Verdict)
            self._over.add(lane)
            self._count()

    def _finished(self, lane: str, record: IterationRecord) -> None:
        self._done[lane] += 1
        self._of_lane(table.DONE, lane, self._done[lane])
        self._of_lane(table.ITERATION, lane, record.iteration)
        self._of_lane(table.SECONDS, lane, record.seconds)
        self.board.add(table.GRADED, lane, keyed({str(record.verdict): 1.0}))
        self._one_of(table.VERDICT, lane, record.verdict, Verdict)
        self._one_of(table.PHASE, lane, record.phase, Phase)
        self.board.put(table.PARAMETER, lane, keyed(record.overrides))
        self._kpis(lane, record)
        self._count()

    def _kpis(self, lane: str, record: IterationRecord) -> None:
        """What was measured; of a KPI that was not there is no series, and no older value."""
        measured = {n: v for n, v in record.summary.kpis.items() if v is not None}
        for name, metric in table.KPIS.items():
            self.board.put(metric, lane, {(): measured[name]} if name in measured else {})
        own = {name: value for name, value in measured.items() if name not in table.KPIS}
        self.board.put(table.OWN_KPI, lane, keyed(own))

    def _count(self) -> None:
        self._of_run(table.RUN_PLANNED, sum(self._planned.values()))
        self._of_run(table.RUN_DONE, sum(self._done.values()))
        self._of_run(table.LANES_OVER, len(self._over))

    def _of_run(self, metric: Metric, value: float) -> None:
        self.board.put(metric, "", {(): float(value)})

    def _of_lane(self, metric: Metric, lane: str, value: float) -> None:
        self.board.put(metric, lane, {(): float(value)})

    def _one_of(self, metric: Metric, lane: str, value: str, all_: Iterable[str]) -> None:
        self.board.put(metric, lane, keyed({str(one): float(one == value) for one in all_}))
