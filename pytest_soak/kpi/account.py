"""The account of a lane, put together from what its windows kept of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from pytest_soak.kpi.curves import SLICES, Account


class Stretch(NamedTuple):
    """Some neighbouring slices of a lane's windows.

    `equity`, `high` and `low` are in quote currency since the lane began, the first of them at the
    end of the stretch. `drawdown` >= 0 is the equity's largest fall in it from any peak of the lane
    so far. Inventories are in base.
    """

    equity: float
    high: float
    low: float
    drawdown: float
    inventory: float
    inventory_high: float
    inventory_low: float


class Running:
    """Takes a lane's windows in order; `equity` is what they gained, `peak` the most of it."""

    def __init__(self) -> None:
        self.equity = 0.0
        self.peak = 0.0

    def add(self, account: Account, together: int = 1) -> list[Stretch]:
        """The stretches of the next window, each of so many slices."""
        before = self.equity
        peaks = list(accumulate((before + x for x in account.high), max, initial=self.peak))
        self.equity, self.peak = before + account.equity[-1], peaks[-1]
        fallen = [
            max(peak - (before + low), fall)
            for peak, low, fall in zip(peaks, account.low, account.fall, strict=False)
        ]
        slices = [
            Stretch(before + equity, before + high, before + low, drawdown, *inventory)
            for equity, high, low, drawdown, *inventory in zip(
                account.equity,
                account.high,
                account.low,
                fallen,
                account.inventory,
                account.inventory_high,
                account.inventory_low,
                strict=True,
            )
        ]
        return [joined(slices[n : n + together]) for n in range(0, SLICES, together)]

    def skip(self, gained: float) -> None:
        """Go over a window of which only is known what it gained."""
        self.equity += gained
        self.peak = max(self.peak, self.equity)


def joined(parts: Sequence[Stretch]) -> Stretch:
    """Neighbours, at least one, as one."""
    return Stretch(
        equity=parts[-1].equity,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        drawdown=max(part.drawdown for part in parts),
        inventory=parts[-1].inventory,
        inventory_high=max(part.inventory_high for part in parts),
        inventory_low=min(part.inventory_low for part in parts),
    )


def largest_drawdown(parts: Iterable[Stretch]) -> float | None:
    """The largest of them; None of none."""
    return max((part.drawdown for part in parts), default=None)
