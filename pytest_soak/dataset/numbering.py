"""What the numbers of lines tell: which are missing, doubled, or out of order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.observation.feed_lines import Table
from pytest_soak.observation.feed_schema import WATCHED
from pytest_soak.observation.from_feeds import between

BACK_US = 1_000_000
"""By how much a line may be older than one of a lower number."""


class Runs(NamedTuple):
    """Numbers without a gap: of each run the first and the last one, and the time of the first.

    `back` counts lines out of order.
    """

    firsts: NDArray[np.int64]
    lasts: NDArray[np.int64]
    times: NDArray[np.int64]
    back: int


class Gaps(NamedTuple):
    """Of each gap the time of the line after it, and how many numbers are missing."""

    times: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def missing(self, start_us: int, end_us: int) -> int:
        """How many numbers are missing before the lines of [start_us, end_us)."""
        return int(self.sizes[(self.times >= start_us) & (self.times < end_us)].sum())


def without_doubles(
    tables: Mapping[str, Table], start_us: int, end_us: int
) -> tuple[dict[str, Table], int]:
    """The tables with each line once, and how many in [start_us, end_us) were doubled.

    Lines are one by their number. Without numbers, ticks are by all that they say; fills never,
    since a venue may fill twice alike in a microsecond.
    """
    found, doubled = {}, 0
    for name, table in tables.items():
        kept = _first(table["seq"])
        if name == "pipeline_ticks":
            kept &= _first_unnumbered(table)
        found[name] = table
        if not kept.all():
            inside = (table["time_us"] >= start_us) & (table["time_us"] < end_us)
            doubled += int(np.count_nonzero(inside & ~kept))
            found[name] = {field: column[kept] for field, column in table.items()}
    return found, doubled


def _first(seq: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a line is the first one of its number, or has none."""
    if (seq[1:] > seq[:-1]).all():
        return np.ones(len(seq), bool)
    kept: NDArray[np.bool_] = seq == 0
    kept[np.unique(seq, return_index=True)[1]] = True
    return kept


def _first_unnumbered(table: Table) -> NDArray[np.bool_]:
    """The same of lines without a number, by all that they say."""
    kept: NDArray[np.bool_] = table["seq"] != 0
    places = np.flatnonzero(~kept)
    if len(places):
        columns = [column[places].astype(float) for column in table.values()]
        firsts = np.unique(np.column_stack(columns), axis=0, return_index=True)[1]
        kept[places[firsts]] = True
    return kept


def equal_fills(fills: Table) -> int:
    """How many fills without a number are equal to another one in all that they say."""
    columns = [column[fills["seq"] == 0].tolist() for column in fills.values()]
    rows = list(zip(*map(_comparable, columns), strict=True))
    return len(rows) - len(set(rows))


def _comparable(values: list[object]) -> list[object]:
    """NaN is equal to itself."""
    return [None if value != value else value for value in values]


def runs(tables: Mapping[str, Table], start_us: int, end_us: int) -> Runs:
    """The numbers of the lines in [start_us, end_us), over all feeds of a lane but the one that
    has its own.
    """
    numbered = [table for name, table in tables.items() if name != WATCHED]
    inside = [between(table, start_us, end_us) for table in numbered]
    times, seq = (np.concatenate([part[name] for part in inside]) for name in ("time_us", "seq"))
    order = np.argsort(seq, kind="stable")[np.count_nonzero(seq == 0) :]
    times, seq = times[order], seq[order]
    back = np.count_nonzero(times < np.maximum.accumulate(times) - BACK_US)
    begins = np.flatnonzero(np.diff(seq, prepend=-1) != 1)
    ends = np.append(begins[1:], len(seq)) - 1 if len(begins) else begins
    return Runs(seq[begins], seq[ends], times[begins], int(back))


def gaps(parts: Sequence[Runs]) -> Gaps:
    """What is missing between the runs of all parts; before the first number nothing is."""
    firsts, lasts, times = (np.concatenate([part[place] for part in parts]) for place in range(3))
    order = np.argsort(firsts, kind="stable")
    firsts, times, reached = firsts[order], times[order], np.maximum.accumulate(lasts[order])
    sizes = firsts[1:] - reached[:-1] - 1
    missing = sizes > 0
    return Gaps(times[1:][missing], sizes[missing])
