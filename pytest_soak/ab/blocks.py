"""What of a block an A/B needs: sums over its judged minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pytest_soak.kpi.tables import notional

if TYPE_CHECKING:
    from pytest_soak.observation.columns import Observation

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


def block_of(observation: Observation, skipped_us: int) -> NDArray[np.void]:
    """One BLOCK, of shape (): the events of a window without its first `skipped_us`.

    Its net is the change of the equity between the marks at both ends, so that the nets of a
    window's parts add up to its own.
    """
    start = observation.start_us + skipped_us
    block = np.full((), np.nan, BLOCK)
    marks = observation.marks[observation.marks["time_us"] >= start]
    if len(marks) > 1:
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


@dataclass(frozen=True)
class Blocks:
    """The judged blocks so far: BLOCK arrays of shape (seeds, blocks) of lanes T and C.

    Lane C is all A; lane T is under B where `treated`.
    """

    t: NDArray[np.void]
    c: NDArray[np.void]
    treated: NDArray[np.bool_]

    @property
    def begun(self) -> NDArray[np.bool_]:
        """Where lane T has been under B before: until then it is lane C."""
        return np.logical_or.accumulate(self.treated, axis=1)
