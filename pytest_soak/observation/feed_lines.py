"""From lines of a feed to columns; what is wrong with a line that is none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from pytest_soak.errors import escaped
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
    why: str


class Lines(NamedTuple):
    """What lines hold: the good ones as a table, in their order."""

    table: Table
    bad: tuple[BadLine, ...]


def parsed(file: FeedFile, lines: Sequence[bytes]) -> Lines:
    """The lines of a feed's file; a bad one costs no other."""
    feed = FEEDS[file.feed]
    try:
        rows = list(map(orjson.loads, lines))
        table = _columns(feed, rows)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        table = None
    if table is not None and _on_its_day(file, table["time_us"]):
        return Lines(table, ())
    return _line_by_line(file, lines)


def _line_by_line(file: FeedFile, lines: Sequence[bytes]) -> Lines:
    feed = FEEDS[file.feed]
    problems = [_problem(file, feed, line) for line in lines]
    good = [why is None for why in problems]
    table = _columns(feed, [orjson.loads(line) for line in compress(lines, good)])
    assert table is not None
    bad = [BadLine(place, why) for place, why in enumerate(problems) if why is not None]
    return Lines(table, tuple(bad))


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


def _on_its_day(file: FeedFile, times: NDArray[np.int64]) -> bool:
    if not len(times):
        return True
    first, last = file.start_us - SPARE_US, file.start_us + DAY_US + SPARE_US
    return bool(first <= times.min() and times.max() < last)


def _problem(file: FeedFile, feed: Feed, line: bytes) -> str | None:
    """What is wrong with a line; None of a good one."""
    try:
        row = orjson.loads(line)
    except ValueError:
        return "not JSON"
    if not isinstance(row, dict):
        return "not a JSON object"
    for field in feed.fields:
        value = row.get(field.name)
        if value is None and not field.required:
            continue
        if value is None:
            return f"no {field.name}, expected {field.kind.expected}"
        if not field.kind.holds(value):
            return f"{field.name}={field.kind.problem(value)}"
    if not _on_its_day(file, np.array([row["time_us"]])):
        start = file.start_us
        cause = time_cause(row["time_us"], start, start + DAY_US)
        return f"time_us={row['time_us']}, expected the day of {file.name}{cause}"
    return None


def shown(line: bytes) -> str:
    """As much of a line as a message can take."""
    return escaped(line[: 4 * LONGEST_SHOWN].decode(errors="replace"))[:LONGEST_SHOWN]
