"""Sustained criteria over stored feeds, minute by minute, and how they stood on each UTC day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pytest_soak.dataset.setting import windows
from pytest_soak.engine.measure import used
from pytest_soak.engine.watch import MINUTE_US, Vigil, Watched
from pytest_soak.gates.criteria import Criteria
from pytest_soak.gates.sustained import Standing, Sustained, Transition
from pytest_soak.kpi.usage import Usage
from pytest_soak.observation.columns import (
    BREAKER,
    ERROR,
    LATENCY,
    MARKED_FILL,
    RESOURCE,
    TICK,
    Observation,
)
from pytest_soak.observation.feed_files import DAY_US
from pytest_soak.observation.from_feeds import as_rows, between
from pytest_soak.observation.stored_feeds import Stored

_TABLES = {
    "fills": ("fills", MARKED_FILL),
    "ticks": ("pipeline_ticks", TICK),
    "acks": ("acks", LATENCY),
    "errors": ("errors", ERROR),
    "breaker": ("breaker", BREAKER),
    "resources": ("resources", RESOURCE),
}
"""What criteria look at: tables of an Observation, the feed of each, and its columns."""


@dataclass
class Stood:
    """How a criterion stood over a day.

    `minutes` is how often it was evaluated: `pending` of them its limit held without its having
    acted, `longest_us` in a row at most, `no_data` of them there was no value. `standing` is that
    of the last one, `transitions` what it did.
    """

    minutes: int = 0
    pending: int = 0
    longest_us: int = 0
    no_data: int = 0
    standing: Standing = field(default_factory=Standing)
    transitions: list[Transition] = field(default_factory=list)


Days = defaultdict[int, defaultdict[str, Stood]]
"""By the UTC day, counted from 1970, and the criterion."""


def no_days() -> Days:
    """No days yet."""
    return defaultdict(lambda: defaultdict(Stood))


class Replay:
    """Criteria over parts of a lane's feeds, in their order; `days` is what was found.

    Where the feeds tell of the windows of a soak, the time between two of them is left out, as in
    the soak. What happened at midnight is of the day that ended.
    """

    def __init__(self, criteria: Criteria) -> None:
        self.days = no_days()
        self._criteria = criteria
        self._watched = Watched()
        self._usage: Usage | None = None

    def take(self, stored: Stored) -> None:
        """Evaluate what the next part tells."""
        for start_us, end_us in _spans(stored):
            usage = self._usage or Usage()
            minutes = (end_us - start_us) / MINUTE_US
            vigil = Vigil(self._criteria, self._watched, usage, minutes, self._see)
            events = _events(stored, start_us, end_us)
            acted = vigil.hear(events)
            self._watched, last = vigil.close()
            self._usage = used(events, self._usage)
            for one in (*acted, *last):
                self.days[_day(one.at)][one.criterion].transitions.append(one)

    def _see(self, state: Sustained) -> None:
        assert state.at is not None
        day = self.days[_day(state.at)]
        for name, standing in state.standings.items():
            _add(day[name], standing, state.at)


def recorded(transitions: Iterable[Transition]) -> Days:
    """What a soak says that its criteria did, of those that no feed tells of."""
    days = no_days()
    for one in sorted(transitions, key=lambda each: each.at):
        stood = days[_day(one.at)][one.criterion]
        stood.transitions.append(one)
        stood.standing = Standing(stopped=one.kind == "stop", warned=one.kind == "warn")
    return days


def _add(stood: Stood, standing: Standing, at: int) -> None:
    stood.minutes += 1
    stood.standing = standing
    acted = standing.stopped or standing.warned
    if standing.active_since is not None and not acted:
        stood.pending += 1
        stood.longest_us = max(stood.longest_us, at - standing.active_since)
    stood.no_data += standing.no_data_since is not None


def _day(time_us: int) -> int:
    """The day of the events before a time."""
    return (time_us - 1) // DAY_US


def _spans(stored: Stored) -> Iterator[tuple[int, int]]:
    """The windows that a part tells of, or all of it."""
    part = stored.start_us, stored.end_us
    for start, end in windows(stored.boundaries) or [part]:
        first, last = max(start, stored.start_us), min(end, stored.end_us)
        if first < last:
            yield first, last


def _events(stored: Stored, start_us: int, end_us: int) -> Observation:
    """The events of a span; its account is not looked at."""
    tables: dict[str, Any] = {
        name: as_rows(between(stored.tables[feed], start_us, end_us), columns)
        for name, (feed, columns) in _TABLES.items()
    }
    return Observation(
        start_us=start_us,
        end_us=end_us,
        inventory_start=0.0,
        inventory_end=0.0,
        mid_start=0.0,
        mid_end=0.0,
        **tables,
    )
