"""The recorder's clock beside the venue's: how far it is off, and what is made of that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.rows import BOTH, EXCHANGE, LOCAL, Rows, has, kinds

MS = 1_000_000
LONGEST_MS = 60_000.0


class Clock(NamedTuple):
    """Nanoseconds: receipt less the venue's time at least and at most; by how much it is moved.

    The least is the floor: a message can take longer, but none is received before it is sent.
    """

    least: int
    most: int
    shift: int
    has_receipt: bool

    def moved(self, rows: Rows) -> Rows:
        """Rows with the recorder's times moved; those without a venue's time get the same."""
        rows = rows.copy()
        if self.shift == 0:
            return rows
        made_up = rows["exch_ts"] == rows["local_ts"]
        made_up &= has(rows, LOCAL) & ~has(rows, EXCHANGE)
        rows["local_ts"] += self.shift
        rows["exch_ts"][made_up] = rows["local_ts"][made_up]
        return rows


class Seen:
    """Kinds of rows, and the least and most of receipt less the venue's time, as rows go by."""

    def __init__(self) -> None:
        self._found: list[tuple[int, int]] = []
        self.kinds: Counter[int] = Counter()

    def watched(self, pieces: Iterable[Rows]) -> Iterator[Rows]:
        """The pieces as they are."""
        for rows in pieces:
            found = latencies(rows)
            if len(found):
                self._found.append((int(found.min()), int(found.max())))
            numbers, counts = np.unique(kinds(rows), return_counts=True)
            self.kinds.update(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))
            yield rows

    @property
    def least(self) -> int:
        """In nanoseconds; 0 without any."""
        return min((low for low, _ in self._found), default=0)

    @property
    def most(self) -> int:
        """In nanoseconds; 0 without any."""
        return max((high for _, high in self._found), default=0)


def latencies(rows: Rows) -> NDArray[np.int64]:
    """Receipt less the venue's time of rows that have both, in nanoseconds."""
    both = has(rows, BOTH)
    found: NDArray[np.int64] = (rows["local_ts"] - rows["exch_ts"])[both]
    return found


def clock_of(
    least: int,
    most: int,
    base_latency_ms: float | None,
    feed_latency_ms: float | None,
    has_receipt: bool,
) -> Clock:
    """What is done to a clock; raises SoakUsageError for a latency that cannot be meant.

    A base latency makes the floor that; without one a floor below 0, which no clock can have that
    is right, becomes 0. A recording without receipt takes its feed latency.
    """
    for source, value in (("base_latency_ms", base_latency_ms), ("feed_latency_ms",
                          feed_latency_ms)):  # fmt: skip
        if value is not None and not 0.0 <= value <= LONGEST_MS:
            problem = f"expected 0 to {LONGEST_MS:g} ms, got {value:g}"
            raise SoakUsageError(source, problem)
    if not has_receipt:
        return Clock(least, most, round((feed_latency_ms or 0.0) * MS), False)
    if feed_latency_ms is not None:
        problem = "the recording has times of receipt; give base_latency_ms to move its clock"
        raise SoakUsageError("feed_latency_ms", problem)
    if base_latency_ms is not None:
        return Clock(least, most, round(base_latency_ms * MS) - least, True)
    return Clock(least, most, max(0, -least), True)
