"""Whether a resource grows: the slope of what it falls back to, robust to peaks and saw-teeth.

A garbage collector, a cache or a pool makes memory rise and fall; what leaks is what it does not
fall back to. So the series is the 5 % quantile of each five minutes, without the first half hour,
in which a program fills its caches, and its slope is Theil and Sen's, with the interval of
`stats.trend`, once two hours have been seen.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from pytest_soak.stats.trend import recent_and_whole

BUCKET_US, DROPPED_US, LEAST_US = 300_000_000, 1_800_000_000, 7_200_000_000
QUANTILE, CHANCE = 0.05, 0.05
HOUR_US = 3_600_000_000

Point = tuple[int, float]


class Lows(BaseModel):
    """A series as the lows of its buckets, which `with_values` adds to in the order of time.

    `lows` are those of the buckets that are over, each with its start; `unfinished` are the values
    of the last one. `first_us` is when the series began, None before that. Times are microseconds.
    """

    model_config = ConfigDict(frozen=True)

    first_us: int | None = None
    lows: tuple[Point, ...] = ()
    unfinished: tuple[Point, ...] = ()

    def with_values(self, times_us: NDArray[np.int64], values: NDArray[np.float64]) -> Lows:
        """The series with more values; what is before those that it has, or not finite, is none."""
        last = self.unfinished[-1][0] if self.unfinished else times_us.min(initial=0)
        good = np.isfinite(values) & (times_us >= last)
        rows = [*self.unfinished, *zip(times_us[good].tolist(), values[good].tolist(), strict=True)]
        if not rows:
            return self
        buckets = [list(group) for _, group in groupby(rows, lambda row: row[0] // BUCKET_US)]
        done = [(b[0][0] // BUCKET_US * BUCKET_US, _low([v for _, v in b])) for b in buckets[:-1]]
        first = rows[0][0] if self.first_us is None else self.first_us
        return Lows(first_us=first, lows=(*self.lows, *done), unfinished=tuple(buckets[-1]))

    def seen_us(self) -> int:
        """How long the series has gone on, to its last value."""
        if self.first_us is None:
            return 0
        return self.unfinished[-1][0] - self.first_us


class Growth(NamedTuple):
    """A slope an hour, and its 95 % interval; without bounds the series says nothing of it."""

    per_hour: float
    low: float | None
    high: float | None

    @property
    def sure(self) -> float:
        """The slope, 0 where its interval holds 0: what cannot be told from none."""
        if self.low is None or self.high is None or self.low <= 0.0 <= self.high:
            return 0.0
        return self.per_hour


def growth(series: Lows) -> Growth | None:
    """How fast a series grows; None before two hours of it were seen."""
    first = series.first_us
    if first is None or series.seen_us() < LEAST_US:
        return None
    kept = [(start, low) for start, low in series.lows if start >= first + DROPPED_US]
    if len(kept) < 2:
        return None
    hours = np.array([(start - first) / HOUR_US for start, _ in kept])
    lows = np.array([low for _, low in kept])
    whole = recent_and_whole(hours, lows, len(lows), CHANCE)[1]
    assert whole.slope is not None
    return Growth(whole.slope, whole.low, whole.high)


def grows(series: Lows, limit: float) -> bool:
    """Whether a series grows by more than `limit` an hour, and surely at all."""
    found = growth(series)
    return found is not None and found.sure > max(limit, 0.0)


def _low(values: list[float]) -> float:
    return float(np.quantile(values, QUANTILE))
