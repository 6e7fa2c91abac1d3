"""The feeds of a bot that writes them while it is soaked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pytest_soak.observation.bad_lines import FeedProblem
from pytest_soak.observation.columns import Observation
from pytest_soak.observation.conserve import LATE_US
from pytest_soak.observation.feed_files import feed_file
from pytest_soak.observation.feed_lines import Table, empty
from pytest_soak.observation.feed_schema import FEEDS
from pytest_soak.observation.from_feeds import (
    FRESH_US,
    LATER_MIDS,
    MOST_REASONS,
    between,
    joined,
    observed,
)
from pytest_soak.observation.line_batches import Batch, tabled
from pytest_soak.observation.tail import Tail

MOST_TOLD = 100
"""How many problems one poll tells of; all bad lines are counted."""
_NEEDED_US = max(LATE_US, FRESH_US - min(LATER_MIDS.values()))
"""For how long before a window marks and fills still tell something of it."""


class GrowingFeeds:
    """Reads what is appended to the feeds in a folder, and gives it out window by window.

    A line belongs to the window of its own time. One that comes when that window has been given
    out is late: it is counted, and in no other window.
    """

    def __init__(self, folder: Path) -> None:
        self.bad_lines = 0
        """How many lines were bad so far."""
        self.last_time_us: int | None = None
        """The latest time of any line; None before the first."""
        self.repeated = 0
        """How many lines had a number that was none above those of their feed before."""
        self.told: set[str] = set()
        """The feeds that had a line; see `kpi.fed_by` for the KPIs that others cost."""
        self._folder = folder
        self._tails: dict[str, Tail] = {}
        self._parts: dict[str, list[Table]] = {name: [] for name in FEEDS}
        self._reasons: dict[str, None] = {}
        self._held = 0.0
        self._closed_us: int | None = None
        self._numbers: dict[str, int] = {}
        self._late: list[NDArray[np.int64]] = []
        self._late_before = 0

    def poll(self) -> list[FeedProblem]:
        """Read what was appended since the last call; what is wrong with it, MOST_TOLD at most.

        A line without its end waits for it. A symbolic link is not read.
        """
        problems: list[FeedProblem] = []
        for name in _names(self._folder):
            tail = self._tails.setdefault(name, Tail(self._folder / name))
            for batch in tail.batches():
                found = self._take(name, batch)
                self.bad_lines += sum(1 for problem in found if problem.line)
                problems += found[: MOST_TOLD - len(problems)]
        return problems

    def window(self, start_us: int, end_us: int) -> Observation:
        """What the bot did in [start_us, end_us), with what has been read so far.

        `observation.from_feeds` says what follows where something is not told. Raises TargetError
        where there has been neither a mark nor a fill.
        """
        tables = {name: self._table(name) for name in FEEDS}
        found = observed(tables, start_us, end_us, tuple(self._reasons), self._held)
        self._closed_us = max(end_us, self._closed_us or end_us)
        return found

    def table(self, feed: str, start_us: int, end_us: int) -> Table:
        """The lines of one feed in [start_us, end_us) as columns, in order of time."""
        return between(self._table(feed), start_us, end_us)

    def late(self, before_us: int) -> int:
        """How many lines so far came late, and have a time before `before_us`."""
        return self._late_before + sum(int((times < before_us).sum()) for times in self._late)

    def drop_before(self, time_us: int) -> None:
        """Forget lines from before a window that begins at `time_us`, but for what it needs."""
        for name in FEEDS:
            table = self._table(name)
            needed = _NEEDED_US if name in ("marks", "fills") else 0
            first = int(np.searchsorted(table["time_us"], time_us - needed, "left"))
            if name == "marks":
                first = min(first, max(0, len(table["time_us"]) - 1))
            if name == "fills":
                gone = slice(0, first)
                self._held += float((table["side"][gone] * table["quantity"][gone]).sum())
            self._parts[name] = [{key: column[first:].copy() for key, column in table.items()}]
        old = self.late(time_us)
        self._late = [times[times >= time_us] for times in self._late if times.max() >= time_us]
        self._late_before = old

    def _take(self, name: str, batch: Batch) -> list[FeedProblem]:
        file = feed_file(name)
        assert file is not None
        table, problems = tabled(file, batch)
        self._keep(file.feed, table)
        return problems

    def _keep(self, feed: str, table: Table) -> None:
        times = table["time_us"]
        if not len(times):
            return
        self.told.add(feed)
        if feed == "blocks" and len(self._reasons) <= MOST_REASONS:
            self._reasons.update(dict.fromkeys(table["reason"].tolist()))
        self._number(feed, table["seq"])
        self.last_time_us = max(int(times.max()), self.last_time_us or 0)
        if self._closed_us is not None and (late := times[times < self._closed_us]).size:
            self._late.append(late)
        self._parts[feed].append(joined([table]))

    def _number(self, feed: str, seq: NDArray[np.int64]) -> None:
        told = seq[seq > 0]
        before = np.maximum.accumulate(np.append(self._numbers.get(feed, 0), told))
        self.repeated += int((told <= before[:-1]).sum())
        self._numbers[feed] = int(before[-1])

    def _table(self, feed: str) -> Table:
        """All kept lines of a feed, in order of time, and as they came within a microsecond."""
        parts = self._parts[feed]
        if len(parts) != 1:
            parts = [joined(parts) if parts else empty(FEEDS[feed])]
            self._parts[feed] = parts
        return parts[0]


def _names(folder: Path) -> list[str]:
    """The names of the files in a folder that feeds are called by; none where it is not yet."""
    try:
        return sorted(path.name for path in folder.iterdir() if feed_file(path.name) is not None)
    except FileNotFoundError:
        return []
