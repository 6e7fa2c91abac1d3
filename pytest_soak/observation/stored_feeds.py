"""The feeds in a folder, plain or packed, of a bot, a run or an export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.observation.bad_lines import BadCount, FeedProblem, counted
from pytest_soak.observation.columns import OTHER_MIDS, Observation
from pytest_soak.observation.conserve import LATE_US
from pytest_soak.observation.feed_files import DAY_US
from pytest_soak.observation.feed_lines import SPARE_US, Table
from pytest_soak.observation.feed_schema import FEEDS, LINE_FIELDS, NO_TIME
from pytest_soak.observation.feed_sources import UNDATED, Source, mapped_sources, own_sources
from pytest_soak.observation.from_feeds import FRESH_US, in_order, observed
from pytest_soak.observation.gathered import Gathered
from pytest_soak.observation.line_batches import Splitter
from pytest_soak.observation.line_mapping import FeedMapping

MOST_TOLD = 100
"""How many problems are told; all bad lines are counted."""
MARGIN_US = max(LATE_US, FRESH_US + max(map(abs, OTHER_MIDS.values())))
"""How far beyond a span marks and fills tell something of it."""


class Stored(NamedTuple):
    """What feeds say of a span: their lines by feed, in order of time, and MARGIN_US around it.

    `held` is the inventory before the first fill, `reasons` are those of blocks until the span's
    end, `cut` the feeds that have a line which tells of a time across an end of the span, `lines`
    all that were read. `unended` are lines that were cut where a newest file ends, which are not
    bad. `boundaries` are the times of all numbered boundary marks, by number.
    """

    start_us: int
    end_us: int
    tables: dict[str, Table]
    held: float
    reasons: tuple[str, ...]
    cut: frozenset[str]
    present: frozenset[str]
    lines: int
    bad: tuple[BadCount, ...]
    unended: int
    boundaries: Mapping[int, int]
    problems: tuple[FeedProblem, ...]

    @property
    def bad_lines(self) -> int:
        """How many lines are bad."""
        return sum(bad.lines for bad in self.bad)

    def observed(self) -> Observation:
        """What happened in the span; raises TargetError where no mark and no fill tells a mid."""
        return observed(self.tables, self.start_us, self.end_us, self.reasons, self.held)


class Asked(NamedTuple):
    """Of which time feeds are read, and what of them.

    Of feeds that are not `whole`, the time and number of each line are kept. A line's time may lie
    `spare_us` outside of the day of its file. With a `mapping`, the files that it names are read.
    """

    start_us: int | None = None
    end_us: int | None = None
    whole: frozenset[str] = frozenset(FEEDS)
    spare_us: int = SPARE_US
    mapping: Mapping[str, FeedMapping] | None = None


ALL = Asked()


def read_feeds(folder: Path, asked: Asked = ALL) -> Stored:
    """What the feeds in a folder say, by default of all their time.

    Raises SoakUsageError for a folder without feeds, and for a file that cannot be read.
    """
    (stored,) = _read(folder, asked, DAY_US, by_day=False)
    return stored


def read_parts(folder: Path, asked: Asked, step_us: int) -> Iterator[Stored]:
    """The same in parts that end at multiples of `step_us`, each about a day.

    What is counted and told is so of all that was read up to a part: the last one has all.
    """
    yield from _read(folder, asked, step_us, by_day=True)


def _read(folder: Path, asked: Asked, step_us: int, *, by_day: bool) -> Iterator[Stored]:
    mapping, spare_us = asked.mapping, asked.spare_us
    if mapping is None:
        sources = own_sources(folder, spare_us)
    else:
        sources = mapped_sources(folder, mapping, spare_us)
    present = frozenset(feed for source in sources for feed in source.feeds)
    reading, newest = _Reading(folder, present, asked), sources[-1].day
    for day, group in groupby(sources, key=lambda source: source.day):
        for source in group:
            reading.take(source, newest=day in (newest, UNDATED))
        if by_day:
            known_us = (day + 1) * DAY_US - spare_us - MARGIN_US
            yield from reading.until(known_us // step_us * step_us)
    yield from reading.rest()


class _Reading:
    """What was read and not given out; `_given_us` is until when."""

    def __init__(self, folder: Path, present: frozenset[str], asked: Asked) -> None:
        self._folder, self._present = folder, present
        self._asked, self._start, self._end = asked, asked.start_us, asked.end_us
        self._given_us: int | None = None
        self._gathered = {
            name: Gathered(feed.fields if name in asked.whole else LINE_FIELDS)
            for name, feed in FEEDS.items()
        }
        self._reasons: dict[str, None] = {}
        self._held, self._lines, self._unended = 0.0, 0, 0
        self._bad: tuple[BadCount, ...] = ()
        self._cut: set[str] = set()
        self._boundaries: dict[int, int] = {}
        self._problems: list[FeedProblem] = []
        self._first, self._last, self._closed = 2**62, 0, 0

    def take(self, source: Source, *, newest: bool) -> None:
        lines = Splitter(source.path.name)
        for chunk in source.chunks():
            tables, problems = source.read(lines.split(chunk))
            self._tell(problems)
            for feed, table in tables.items():
                self._keep(feed, table)
        rest = lines.rest()
        self._tell(rest, bad=not newest)
        self._unended += len(rest) if newest else 0

    def _tell(self, problems: list[FeedProblem], *, bad: bool = True) -> None:
        self._problems += problems[: MOST_TOLD - len(self._problems)]
        if bad and problems:
            self._bad = counted(self._bad, problems)

    def _keep(self, feed: str, table: Table) -> None:
        times = table["time_us"]
        self._lines += len(times)
        if not len(times):
            return
        self._first = min(self._first, int(times.min()))
        self._last = max(self._last, int(times.max()))
        if feed == "marks":
            self._bound(times[table["boundary"]], table["seq"][table["boundary"]])
        if "since_us" in table and self._cuts(table["since_us"], times):
            self._cut.add(feed)
        if feed == "blocks":
            until = times < self._end if self._end is not None else slice(None)
            self._reasons.update(dict.fromkeys(table["reason"][until].tolist()))
        if self._start is not None or self._end is not None:
            table = self._near(feed, in_order(table))
        self._gathered[feed].add(table)

    def _bound(self, times: NDArray[np.int64], numbers: NDArray[np.int64]) -> None:
        """Note when windows began and ended."""
        self._closed = max(self._closed, int(times.max(initial=0)))
        told = numbers > 0
        self._boundaries |= zip(numbers[told].tolist(), times[told].tolist(), strict=True)

    def _near(self, feed: str, table: Table) -> Table:
        """What of a table in order of time tells something of the span that was asked for."""
        first, last = 0, len(table["time_us"])
        if self._end is not None:
            last = _place(table, self._end + _margin(feed))
        if self._start is not None:
            first = _place(table, self._start - _margin(feed))
            self._hold(feed, table, first)
        return {name: column[first:last] for name, column in table.items()}

    def _hold(self, feed: str, table: Table, until: int) -> None:
        """Note what was filled in lines that are let go."""
        if feed == "fills":
            gone = slice(0, until)
            self._held += float((table["side"][gone] * table["quantity"][gone]).sum())

    def _cuts(self, since: NDArray[np.int64], times: NDArray[np.int64]) -> bool:
        """Whether a line tells of a time across an end of the span."""
        ends = [end for end in (self._start, self._end) if end is not None]
        told = since != NO_TIME
        return any(bool((told & (since < end) & (times >= end)).any()) for end in ends)

    def until(self, end_us: int) -> Iterator[Stored]:
        """What was read of the time before `end_us`, if there is some and the span goes on."""
        start = self._begun()
        if start < end_us < self._ended():
            yield self._given(start, end_us)

    def rest(self) -> Iterator[Stored]:
        """What was not given out; raises SoakUsageError where there was nothing at all."""
        if not self._lines:
            first = f"; first {self._problems[0]}" if self._problems else ""
            problem = f"has feeds without any line that can be read{first}"
            raise SoakUsageError(str(self._folder), one_line(problem))
        start, end = self._begun(), self._ended()
        if start < end:
            yield self._given(start, end)
        elif self._given_us is None:
            problem = "has no time in the span; leave out one end of it, or give another"
            raise SoakUsageError(str(self._folder), problem)

    def _given(self, start_us: int, end_us: int) -> Stored:
        """What was read of a span; what comes after it stays."""
        tables, held = {}, self._held
        for name, gathered in self._gathered.items():
            table, margin = gathered.take(), _margin(name)
            last = _place(table, end_us + margin)
            rest = _place(table, end_us - margin)
            tables[name] = {key: column[:last] for key, column in table.items()}
            self._hold(name, table, rest)
            gathered.add({key: column[rest:] for key, column in table.items()})
        self._given_us = end_us
        return Stored(
            start_us,
            end_us,
            tables,
            held,
            tuple(self._reasons),
            frozenset(self._cut),
            self._present,
            self._lines,
            self._bad,
            self._unended,
            dict(self._boundaries),
            tuple(self._problems),
        )

    def _begun(self) -> int:
        given, start = self._given_us, self._start
        return given if given is not None else self._first if start is None else start

    def _ended(self) -> int:
        """The end of the span; by default the last line: a window's end, or within the span."""
        if self._end is not None:
            return self._end
        return self._last if self._closed == self._last else self._last + 1


def _place(table: Table, time_us: int) -> int:
    return int(np.searchsorted(table["time_us"], time_us, "left"))


def _margin(feed: str) -> int:
    return MARGIN_US if feed in ("marks", "fills") else 0
