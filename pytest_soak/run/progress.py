"""How far a soak is, and when it will be over by the measured length of its iterations."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_soak.engine.events import (
    Event,
    IterationFailed,
    IterationFinished,
    IterationStarted,
    LaneFinished,
    LaneStarted,
    Sampled,
)


@dataclass
class _Lane:
    """How far a lane is; `since` is when its iteration under way began, None between two.

    `starting` is when its target began to be started, None once an iteration has begun.
    """

    left: int
    begun: bool = False
    iteration: int = 0
    since: float | None = None
    starting: float | None = None
    minutes: float | None = None


class Progress:
    """Follows the events of a soak; times are seconds of a clock that only grows.

    `lanes` are the iterations that each lane is to run, `at_once` is how many lanes run at a time,
    `pause` are the seconds between two iterations of a lane.
    """

    def __init__(self, lanes: Mapping[str, int], at_once: int, pause: float) -> None:
        self.total = sum(lanes.values())
        self.done = 0
        self._lanes = {lane: _Lane(left) for lane, left in lanes.items()}
        self._at_once = max(1, at_once)
        self._pause = pause
        self._measured = 0
        self._seconds = 0.0

    def handle(self, event: Event, now: float) -> None:
        """Take note of what happened at `now`."""
        lane = self._lanes.get(event.lane)
        if lane is None:
            return
        if isinstance(event, LaneStarted):
            lane.starting = now
        elif isinstance(event, IterationStarted):
            lane.starting = None
            lane.begun, lane.iteration, lane.since, lane.minutes = True, event.iteration, now, None
        elif isinstance(event, Sampled):
            lane.minutes = event.minutes
        elif isinstance(event, IterationFinished):
            self.done += 1
            lane.begun, lane.left = True, lane.left - 1
            if lane.since is not None and not event.replayed:
                self._measured += 1
                self._seconds += now - lane.since
            lane.since = None
        elif isinstance(event, IterationFailed | LaneFinished):
            lane.left, lane.since, lane.starting = 0, None, None

    def running(self, now: float) -> list[tuple[str, int, float, float | None]]:
        """The iterations under way: lane, number, seconds, and reported minutes of the window."""
        return [
            (name, lane.iteration, now - lane.since, lane.minutes)
            for name, lane in self._lanes.items()
            if lane.since is not None
        ]

    def starting(self, now: float) -> list[tuple[str, float]]:
        """The lanes whose targets are being started, and for how many seconds."""
        return [
            (name, now - lane.starting)
            for name, lane in self._lanes.items()
            if lane.starting is not None
        ]

    def seconds_left(self, now: float) -> float | None:
        """When the last lane will end, in seconds from `now`; None before an iteration has ended.

        Lanes that have not begun follow, in their order, where the others end first.
        """
        if not self._measured:
            return None
        each = self._seconds / self._measured
        begun = [self._left(lane, each, now) for lane in self._lanes.values() if lane.begun]
        ahead = [self._left(lane, each, now) for lane in self._lanes.values() if not lane.begun]
        ends = sorted(left for left in begun if left > 0)
        ends = ends + [0.0] * (self._at_once - len(ends))
        heapq.heapify(ends)
        for left in ahead:
            heapq.heappush(ends, heapq.heappop(ends) + left)
        return max(ends)

    def _left(self, lane: _Lane, each: float, now: float) -> float:
        if not lane.left:
            return 0.0
        if lane.since is None:
            return lane.left * each + (lane.left - (not lane.begun)) * self._pause
        return max(0.0, each - (now - lane.since)) + (lane.left - 1) * (each + self._pause)
