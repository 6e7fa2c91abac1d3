"""From lines of a feed to columns; what is wrong with a line that is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from pytest_soak.errors import escaped
from pytest_soak.observation.bad_lines import Reason, refused, unreadable
from pytest_soak.observation.causes import time_cause
from pytest_soak.observation.feed_files import DAY_US, FeedFile
from pytest_soak.observation.feed_schema import FEEDS, Feed, FeedField

Table = dict[str, NDArray[Any]]
"""Columns by the names of a feed's fields, all of one length."""
Row = dict[str, Any]

SPARE_US = 3_600_000_000
"""How far from its file's day the time of a line may lie."""
LONGEST_SHOWN = 200


class BadLine(NamedTuple):
    """The place of a bad line among those given, and what is wrong with it."""

    place: int
    reason: Reason
    why: str


class Lines(NamedTuple):
    """What lines hold: the good ones as a table, in their order."""

    table: Table
    bad: tuple[BadLine, ...]


class Day(NamedTuple):
    """Where the times of a file's lines lie: its day, from 1970, and `spare_us` around it."""

    file: str
    number: int
    spare_us: int = SPARE_US

    @property
    def start_us(self) -> int:
        """When it begins."""
        return self.number * DAY_US

    def holds(self, times: NDArray[np.int64]) -> bool:
        """Whether all times lie there."""
        first, last = self.start_us - self.spare_us, self.start_us + DAY_US + self.spare_us
        return not len(times) or bool(first <= times.min() and times.max() < last)

    def problem(self, time_us: int) -> str:
        """What to say of a time that does not."""
        cause = time_cause(time_us, self.start_us, self.start_us + DAY_US)
        return f"time_us={time_us}, expected the day of {self.file}{cause}"


def parsed(file: FeedFile, lines: Sequence[bytes], spare_us: int = SPARE_US) -> Lines:
    """The lines of a feed's file; a bad one costs no other."""
    feed, day = FEEDS[file.feed], Day(file.name, file.day, spare_us)
    try:
        rows = list(map(orjson.loads, lines))
    except ValueError:
        return _line_by_line(feed, lines, day)
    return tabled_rows(feed, rows, day)


def _line_by_line(feed: Feed, lines: Sequence[bytes], day: Day) -> Lines:
    """The same where a line is no JSON."""
    rows, places, bad = [], [], []
    for place, line in enumerate(lines):
        try:
            rows.append(orjson.loads(line))
            places.append(place)
        except ValueError:
            bad.append(BadLine(place, unreadable(line), "not JSON"))
    table, more = tabled_rows(feed, rows, day)
    bad += [one._replace(place=places[one.place]) for one in more]
    return Lines(table, tuple(sorted(bad)))


def tabled_rows(feed: Feed, rows: Sequence[Any], day: Day | None) -> Lines:
    """What was read of a feed's lines, without a day where times are not held to one."""
    try:
        table = _columns(feed, rows)
    except (TypeError, KeyError, AttributeError, OverflowError):
        table = None
    if table is not None and (day is None or day.holds(table["time_us"])):
        return Lines(table, ())
    found = [_problem(feed, row, day) for row in rows]
    good = _columns(feed, [row for row, why in zip(rows, found, strict=True) if why is None])
    assert good is not None
    return Lines(good, tuple(BadLine(n, *why) for n, why in enumerate(found) if why is not None))


def empty(feed: Feed) -> Table:
    """A table without lines."""
    return {field.name: field.kind.column(()) for field in feed.fields}


def _columns(feed: Feed, rows: Sequence[Row]) -> Table | None:
    """The rows as columns; None where a value is not what its field says."""
    table = {}
    for field in feed.fields:
        column = _column(field, rows)
        if column is None:
            return None
        table[field.name] = column
    return table


def _column(field: FeedField, rows: Sequence[Row]) -> NDArray[Any] | None:
    name, kind = field.name, field.kind
    if field.required:
        return kind.checked([row[name] for row in rows])
    told = [row.get(name) for row in rows]
    if None not in told:
        return kind.checked(told)
    if kind.checked([value for value in told if value is not None]) is None:
        return None
    absent = field.filled
    null = np.nan if kind.dtype == "f8" and absent is not None else absent
    values = (row.get(name, absent) for row in rows)
    return kind.column([null if value is None else value for value in values])


def _problem(feed: Feed, row: Any, day: Day | None) -> tuple[Reason, str] | None:
    """What is wrong with what a line holds; None of a good one."""
    if not isinstance(row, dict):
        return Reason.NO_OBJECT, "not a JSON object"
    for field in feed.fields:
        value = row.get(field.name)
        if value is None and not field.required:
            continue
        if value is None:
            return Reason.MISSING, f"no {field.name}, expected {field.kind.expected}"
        if not field.kind.holds(value):
            return refused(value, field.kind.types), f"{field.name}={field.kind.problem(value)}"
    if day is not None and not day.holds(np.array([row["time_us"]])):
        return Reason.TIME, day.problem(row["time_us"])
    return None


def shown(line: bytes) -> str:
    """As much of a line as a message can take."""
    return escaped(line[: 4 * LONGEST_SHOWN].decode(errors="replace"))[:LONGEST_SHOWN]
