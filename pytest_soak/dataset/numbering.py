"""What the numbers of lines tell: which are missing, doubled, or out of order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.observation.feed_lines import Table
from pytest_soak.observation.feed_schema import WATCHED

BACK_US = 1_000_000
"""By how much a line may be older than one of a lower number."""


class Numbering(NamedTuple):
    """Of each gap the time of the line after it and how many numbers are missing.

    `back` counts lines out of order, `last` is the highest number.
    """

    gap_times: NDArray[np.int64]
    gap_sizes: NDArray[np.int64]
    back: int
    last: int


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


def numbering(tables: Mapping[str, Table], start_us: int, end_us: int, after: int = 0) -> Numbering:
    """What the numbers of the lines in [start_us, end_us) tell, over all feeds of a lane but the
    one that has its own.

    `after` is the last number before them; 0: not known, what is missing before the first is not
    seen.
    """
    numbered = [table for name, table in tables.items() if name != WATCHED]
    times = np.concatenate([table["time_us"] for table in numbered])
    seq = np.concatenate([table["seq"] for table in numbered])
    told = (seq > 0) & (times >= start_us) & (times < end_us)
    order = np.argsort(seq[told], kind="stable")
    times, seq = times[told][order], seq[told][order]
    if not len(seq):
        return Numbering(times, seq, 0, after)
    missing = np.diff(seq, prepend=after or seq[0] - 1) - 1
    gaps = np.flatnonzero(missing > 0)
    back = np.count_nonzero(times < np.maximum.accumulate(times) - BACK_US)
    return Numbering(times[gaps], missing[gaps], int(back), max(after, int(seq[-1])))
