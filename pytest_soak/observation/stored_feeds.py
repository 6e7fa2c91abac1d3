"""The feeds in a folder, plain or packed, of a bot, a run or an export."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.errors import SoakUsageError
from pytest_soak.observation.columns import OTHER_MIDS, Observation
from pytest_soak.observation.conserve import LATE_US
from pytest_soak.observation.feed_files import DAY_US, PACKED, FeedFile, feed_file
from pytest_soak.observation.feed_lines import Table, empty
from pytest_soak.observation.feed_schema import FEEDS, NO_TIME
from pytest_soak.observation.from_feeds import FRESH_US, joined, observed
from pytest_soak.observation.line_batches import FeedProblem, Splitter, tabled
from pytest_soak.storage.archives import unpacking
from pytest_soak.storage.files import opened
from pytest_soak.storage.packing import unpacked

MOST_TOLD = 100
"""How many problems are told; all bad lines are counted."""
MARGIN_US = max(LATE_US, FRESH_US + max(map(abs, OTHER_MIDS.values())))
"""How far beyond a span marks and fills tell something of it."""

_CHUNK = 2**20


class Stored(NamedTuple):
    """What feeds say of a span: their lines by feed, in order of time, and MARGIN_US around it.

    `held` is the inventory before the first fill, `reasons` are those of blocks until the span's
    end, `cut` the feeds that have a line which tells of a time across an end of the span, `lines`
    all that were read. `unended` are lines that were cut where a newest file ends, which are not
    bad.
    """

    start_us: int
    end_us: int
    tables: dict[str, Table]
    held: float
    reasons: tuple[str, ...]
    cut: frozenset[str]
    present: frozenset[str]
    lines: int
    bad_lines: int
    unended: int
    problems: tuple[FeedProblem, ...]

    def observed(self) -> Observation:
        """What happened in the span; raises TargetError where no mark and no fill tells a mid."""
        return observed(self.tables, self.start_us, self.end_us, self.reasons, self.held)


def read_feeds(folder: Path, start_us: int | None = None, end_us: int | None = None) -> Stored:
    """What the feeds in a folder say of [start_us, end_us), by default of all their time.

    Raises SoakUsageError for a folder without feeds, and for a file that cannot be read.
    """
    (stored,) = _read(folder, start_us, end_us, by_day=False)
    return stored


def read_days(
    folder: Path, start_us: int | None = None, end_us: int | None = None
) -> Iterator[Stored]:
    """The same in parts that end with a UTC day, of which no more than two are in memory.

    What is counted and told is so of all that was read up to a part: the last one has all.
    """
    yield from _read(folder, start_us, end_us, by_day=True)


def _read(
    folder: Path, start_us: int | None, end_us: int | None, *, by_day: bool
) -> Iterator[Stored]:
    files = feed_paths(folder)
    present = frozenset(file.feed for file, _ in files)
    reading = _Reading(folder, present, start_us, end_us)
    newest = max(file.day for file, _ in files)
    for day, group in groupby(sorted(files, key=_day), key=_day):
        for file, path in group:
            reading.take(file, path, newest=day == newest)
        if by_day:  # lines of a day before lie in no later file
            yield from reading.until(day * DAY_US)
    yield from reading.rest()


def _day(entry: tuple[FeedFile, Path]) -> int:
    return entry[0].day


def feed_paths(folder: Path) -> list[tuple[FeedFile, Path]]:
    """The files of feeds in a folder, in order of feed and day; of a file and its packed form one.

    Raises SoakUsageError where there are none.
    """
    found: dict[FeedFile, Path] = {}
    try:
        for path in sorted(folder.iterdir(), reverse=True):
            file = feed_file(path.name.removesuffix(PACKED))
            if file is not None:
                found[file] = path
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}; give the folder of the feeds"
        raise SoakUsageError(str(folder), problem) from None
    if not found:
        problem = "has no feeds; expected files like fills_20250101.jsonl, as in latest/feeds"
        raise SoakUsageError(str(folder), problem)
    return sorted(found.items())


class _Reading:
    """What was read and not given out; `_given_us` is until when."""

    def __init__(
        self, folder: Path, present: frozenset[str], start_us: int | None, end_us: int | None
    ) -> None:
        self._folder, self._present = folder, present
        self._start, self._end = start_us, end_us
        self._given_us: int | None = None
        self._parts: dict[str, list[Table]] = {name: [] for name in FEEDS}
        self._reasons: dict[str, None] = {}
        self._held, self._lines, self._bad, self._unended = 0.0, 0, 0, 0
        self._cut: set[str] = set()
        self._problems: list[FeedProblem] = []
        self._first, self._last = 2**62, 0

    def take(self, file: FeedFile, path: Path, *, newest: bool) -> None:
        lines = Splitter(path.name)
        for chunk in _chunks(path):
            table, problems = tabled(file, lines.split(chunk))
            self._tell(problems)
            self._bad += len(problems)
            self._keep(file.feed, table)
        rest = lines.rest()
        self._tell(rest)
        self._unended += len(rest) if newest else 0
        self._bad += 0 if newest else len(rest)

    def _tell(self, problems: list[FeedProblem]) -> None:
        self._problems += problems[: MOST_TOLD - len(self._problems)]

    def _keep(self, feed: str, table: Table) -> None:
        times = table["time_us"]
        self._lines += len(times)
        if not len(times):
            return
        self._first = min(self._first, int(times.min()))
        self._last = max(self._last, int(times.max()))
        if "since_us" in table and self._cuts(table["since_us"], times):
            self._cut.add(feed)
        if feed == "blocks":
            until = times < self._end if self._end is not None else slice(None)
            self._reasons.update(dict.fromkeys(table["reason"][until].tolist()))
        kept = times < self._end + _margin(feed) if self._end is not None else slice(None)
        table = {name: column[kept] for name, column in table.items()}
        first = self._first if self._start is None else self._start
        self._parts[feed] += self._since(feed, [table], first)

    def _since(self, feed: str, tables: list[Table], first_us: int) -> list[Table]:
        """What of tables tells something of the time from `first_us` on."""
        kept = []
        for table in tables:
            gone = table["time_us"] < first_us - _margin(feed)
            if feed == "fills":
                self._held += float((table["side"][gone] * table["quantity"][gone]).sum())
            if gone.any():
                table = {name: column[~gone] for name, column in table.items()}
            if len(table["time_us"]):
                kept.append(table)
        return kept

    def _cuts(self, since: NDArray[np.int64], times: NDArray[np.int64]) -> bool:
        """Whether a line tells of a time across an end of the span."""
        ends = [end for end in (self._start, self._end) if end is not None]
        told = since != NO_TIME
        return any(bool((told & (since < end) & (times >= end)).any()) for end in ends)

    def until(self, end_us: int) -> Iterator[Stored]:
        """What was read of the time before `end_us`, if there is some and the span goes on."""
        start = self._begun()
        if not self._lines or end_us <= start or (self._end is not None and end_us >= self._end):
            return
        found = [self._stored(start, end_us)]
        self._given_us = end_us
        for feed, tables in self._parts.items():
            self._parts[feed] = self._since(feed, tables, end_us)
        yield found.pop()  # none of it stays here while the next day is read

    def rest(self) -> Iterator[Stored]:
        """What was not given out; raises SoakUsageError where there was nothing at all."""
        if not self._lines:
            raise SoakUsageError(str(self._folder), "has feeds without any line that can be read")
        start, end = self._begun(), self._ended()
        if start < end:
            yield self._stored(start, end)
        elif self._given_us is None:
            problem = "has no time in the span; leave out one end of it, or give another"
            raise SoakUsageError(str(self._folder), problem)

    def _stored(self, start_us: int, end_us: int) -> Stored:
        tables = {}
        for name, parts in self._parts.items():
            last = end_us + _margin(name)
            tables[name] = joined([empty(FEEDS[name]), *(_before(part, last) for part in parts)])
        return Stored(
            start_us,
            end_us,
            tables,
            self._held,
            tuple(self._reasons),
            frozenset(self._cut),
            self._present,
            self._lines,
            self._bad,
            self._unended,
            tuple(self._problems),
        )

    def _begun(self) -> int:
        given, start = self._given_us, self._start
        return given if given is not None else self._first if start is None else start

    def _ended(self) -> int:
        """The end of the span; by default the last line: a window's end, or within the span."""
        if self._end is not None:
            return self._end
        marks = self._parts["marks"]
        ends = [table["time_us"][table["boundary"]].max(initial=0) for table in marks]
        closed = max(ends, default=0) == self._last
        return self._last if closed else self._last + 1


def _margin(feed: str) -> int:
    return MARGIN_US if feed in ("marks", "fills") else 0


def _before(table: Table, end_us: int) -> Table:
    inside = table["time_us"] < end_us
    return table if inside.all() else {name: column[inside] for name, column in table.items()}


def _chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, unpacked; raises SoakUsageError where it cannot be read."""
    try:
        with opened(path, "rb") as raw, unpacking():
            file = unpacked(raw, path.name)
            while chunk := file.read(_CHUNK):
                yield chunk
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise SoakUsageError(str(path), f"cannot be read: {why}") from None
