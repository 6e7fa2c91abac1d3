"""What is kept of a window's events to be drawn later: small, and its parts add up to the lane.

It is reckoned when the window is measured, and is the same for the same events.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SLICES = 24
"""Of a window, of equal length."""
BINS_A_DECADE, LEAST_MS, DECADES = 20, 0.01, 8
"""Of a histogram: from LEAST_MS up. The first bin has what is below, the last what is above."""
MOST_BINS = BINS_A_DECADE * DECADES
PERCENTILES = (50.0, 95.0, 99.0, 99.9)


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Account(_Kept):
    """Equity and inventory by slice of the window, oldest first.

    `equity` is what was gained since the window's begin, in quote currency, at the end of each
    slice; `high` and `low` are its extremes within the slice, `fall` its largest fall from a peak
    within it. Inventories are in base. `by` says what the equity is reckoned from: the bot's
    `marks` of its account, or its `fills`, each at its own mid.
    """

    by: Literal["marks", "fills"]
    equity: list[float]
    high: list[float]
    low: list[float]
    fall: list[float]
    inventory: list[float]
    inventory_high: list[float]
    inventory_low: list[float]

    @model_validator(mode="after")
    def _are_slices(self) -> Self:
        for name in type(self).model_fields:
            column = getattr(self, name)
            if name != "by" and len(column) != SLICES:
                raise ValueError(f"{name}: expected {SLICES} numbers, got {len(column)}")
        return self


class Markout(_Kept):
    """What maker fills were worth `after_ms` later: all of them for which that mid is known.

    `gain_quote` is the sum of side x quantity x (mid then - price): what a desk would have gained,
    without fees, by giving all of it away at that mid; `notional_quote` is what was traded.
    """

    after_ms: int = Field(ge=0)
    fills: int = Field(ge=0)
    notional_quote: float
    gain_quote: float

    @property
    def bps(self) -> float | None:
        """The gain in basis points of what was traded; None where nothing was."""
        return 1e4 * self.gain_quote / self.notional_quote if self.notional_quote > 0 else None


class Histogram(_Kept):
    """How many times, in milliseconds, lie in each of some neighbouring bins.

    Bin n reaches from LEAST_MS x 10^(n / BINS_A_DECADE) to the next; `counts` begin with the bin
    `first`. `largest_ms` is the largest time itself.
    """

    first: int = Field(ge=0, lt=MOST_BINS)
    counts: list[int] = Field(min_length=1, max_length=MOST_BINS)
    largest_ms: float

    @property
    def total(self) -> int:
        """How many times there are."""
        return sum(self.counts)

    def percentile(self, percent: float) -> float:
        """The time that so many percent do not exceed, within the 12 % that a bin is wide."""
        wanted, below = self.total * percent / 100.0, 0
        for n, count in enumerate(self.counts):
            if count and below + count >= wanted:
                share = max(wanted - below, 0.0) / count
                found = edge_ms(self.first + n + share)
                return min(found, self.largest_ms)
            below += count
        return self.largest_ms


class Curves(_Kept):
    """What is kept of a window of so many `minutes`; None and empty: there were no such events."""

    minutes: float = Field(gt=0)
    account: Account | None = None
    no_account: str = Field("", description="Why there is no account; empty: there is one.")
    markouts: list[Markout] = []
    acks: Histogram | None = Field(None, description="Order sent to acknowledged.")
    ticks: Histogram | None = Field(None, description="Whole pipeline ticks.")


def edge_ms(bin_number: float) -> float:
    """Where a bin begins; a fraction lies within it."""
    return float(LEAST_MS * 10.0 ** (bin_number / BINS_A_DECADE))


def histograms_sum(parts: Iterable[Histogram | None]) -> Histogram | None:
    """All of them as one; None without any."""
    there = [part for part in parts if part is not None]
    if not there:
        return None
    first = min(part.first for part in there)
    counts = [0] * (max(part.first + len(part.counts) for part in there) - first)
    for part in there:
        for n, count in enumerate(part.counts, part.first - first):
            counts[n] += count
    largest = max(part.largest_ms for part in there)
    return Histogram(first=first, counts=counts, largest_ms=largest)


def markouts_sum(parts: Sequence[Markout]) -> Markout:
    """Those of one horizon, at least one, as one."""
    return Markout(
        after_ms=parts[0].after_ms,
        fills=sum(part.fills for part in parts),
        notional_quote=math.fsum(part.notional_quote for part in parts),
        gain_quote=math.fsum(part.gain_quote for part in parts),
    )
