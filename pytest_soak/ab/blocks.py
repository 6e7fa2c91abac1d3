"""What of a block an A/B needs: sums over its judged minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pytest_soak.kpi.tables import notional
from pytest_soak.observation.columns import STAND_INS

if TYPE_CHECKING:
    from pytest_soak.observation.columns import Observation

Blocks = NDArray[np.void]
"""An array of BLOCK."""

BLOCK = np.dtype(
    [
        ("net_quote", "f8"),
        ("volume_quote", "f8"),
        ("slippage_quote", "f8"),  # of taker fills; a cost is negative
        ("taker_quote", "f8"),  # their volume
        ("ticks", "f8"),
        ("misses", "f8"),  # ticks past their deadline
        ("tick_total_p95_ms", "f8"),
    ]
)
"""A block; NaN where nothing is known."""


NOTHING = np.full((), np.nan, BLOCK)
"""A block of which nothing is known."""


def block_of(observation: Observation, skipped_us: int) -> Blocks:
    """One BLOCK, of shape (): the events of a window without its first `skipped_us`.

    Its net is the change of the equity between the marks at both ends, so that the nets of a
    window's parts add up to its own.
    """
    start = observation.start_us + skipped_us
    block = NOTHING.copy()
    marks = observation.marks[observation.marks["time_us"] >= start]
    if len(marks) > 1 and not observation.lacks(*STAND_INS):
        fills = observation.fills[observation.fills["time_us"] > marks["time_us"][0]]
        takers = fills[~fills["maker"]]
        cost = takers["side"] * takers["quantity"] * (takers["mid"] - takers["price"])
        block["net_quote"] = marks["equity_quote"][-1] - marks["equity_quote"][0]
        block["volume_quote"] = np.sum(notional(fills))
        block["slippage_quote"] = np.sum(cost)
        block["taker_quote"] = np.sum(notional(takers))
    ticks = observation.ticks[observation.ticks["time_us"] >= start]
    if len(ticks):
        block["ticks"] = len(ticks)
        block["misses"] = np.sum(ticks["deadline_miss"])
        block["tick_total_p95_ms"] = np.percentile(ticks["total_ms"], 95)
    return block


class Contrast(NamedTuple):
    """B beside A: BLOCK arrays of shape (seeds, values), and `where` they are compared."""

    b: Blocks
    a: Blocks
    where: NDArray[np.bool_]


class Evidence(Protocol):
    """The judged blocks so far, of shape (seeds, blocks); lane T is under B where `treated`."""

    @property
    def treated(self) -> NDArray[np.bool_]:
        """The blocks of lane T that were under B."""

    @property
    def lanes(self) -> tuple[Blocks, ...]:
        """The blocks of each lane, T first."""

    @property
    def effect(self) -> Contrast:
        """Where B and A may differ."""

    @property
    def placebo(self) -> Contrast | None:
        """Where nothing should differ, for both are A; None where that cannot be told."""


@dataclass(frozen=True)
class PairedBlocks:
    """Lane T beside lane C, which met the same draws and is all A."""

    t: Blocks
    c: Blocks
    treated: NDArray[np.bool_]

    @property
    def lanes(self) -> tuple[Blocks, ...]:
        """T and C."""
        return self.t, self.c

    @property
    def effect(self) -> Contrast:
        """T and C in the blocks under B."""
        return Contrast(self.t, self.c, self.treated)

    @property
    def placebo(self) -> Contrast:
        """T and C where T is under A again: before its first block under B it is lane C."""
        return Contrast(self.t, self.c, self.begun & ~self.treated)

    @property
    def begun(self) -> NDArray[np.bool_]:
        """Where lane T has been under B, or is."""
        return np.logical_or.accumulate(self.treated, axis=1)


@dataclass(frozen=True)
class SwitchedBlocks:
    """Lane T alone: in each `group` of blocks in a row some are under B and some under A."""

    t: Blocks
    treated: NDArray[np.bool_]
    group: int
    placebo: None = None

    @property
    def lanes(self) -> tuple[Blocks, ...]:
        """T."""
        return (self.t,)

    @property
    def effect(self) -> Contrast:
        """Of each whole group the mean block under B beside the mean block under A."""
        lanes, blocks = self.t.shape
        shape = (lanes, blocks // self.group, self.group)
        whole = shape[1] * self.group
        t, treated = self.t[:, :whole].reshape(shape), self.treated[:, :whole].reshape(shape)
        return Contrast(_means(t, treated), _means(t, ~treated), np.ones(shape[:2], np.bool_))


def _means(blocks: Blocks, where: NDArray[np.bool_]) -> Blocks:
    """The mean of the blocks of each group that are `where`; NaN where one of them is."""
    found = np.full(blocks.shape[:2], np.nan, BLOCK)
    for name in BLOCK.names or ():
        values = np.where(where, blocks[name], 0.0).sum(axis=2)
        found[name] = values / np.maximum(where.sum(axis=2), 1)
    return found
