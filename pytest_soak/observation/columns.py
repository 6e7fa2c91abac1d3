"""What a bot did in a window, as columns: the input of every KPI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from inspect import cleandoc
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.observation import tables
from pytest_soak.observation.tables import OTHER_MIDS as OTHER_MIDS

FILL = tables.FILLS.dtype
MARKED_FILL = tables.MARKED_FILLS.dtype
TICK = tables.TICKS.dtype
BLOCK = tables.BLOCKS.dtype
LATENCY = tables.LATENCIES.dtype
MARK = tables.MARKS.dtype
ERROR = tables.ERRORS.dtype
BREAKER = tables.BREAKERS.dtype
RESOURCE = tables.RESOURCES.dtype
OPTIONAL = {*OTHER_MIDS, "started_us"}
"""Columns that may be left out, NaN where they are."""

FILL_IDS = ("fill_ids", "order_ids")
"""What an Observation may tell of each fill beside its columns."""

STAND_INS = ("fills.maker", "fills.fee_quote", "fills.mid", "mid_start", "mid_end")
"""What may be `untold` though something stands there: NaN, and False in `maker`."""
UNFED = ("pipeline_ticks", "acks", "marks", "orders", "quoting", "ws_lag")
"""What may be `untold` because there is none: feeds."""

BLOCK_REASONS = ("min_interval", "concurrency", "risk", "inventory", "throttle", "deadline")


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Everything a bot did in one window; what it does not hand over stays empty.

    Each array is one-dimensional. Times are microseconds on the target's clock and lie within the
    window, inventories are in base, money in quote currency. What is of another type is converted
    where nothing is lost. A window that cannot be true, or that has not this shape, is refused when
    it is handed over: see docs/OBSERVATION.md.
    """

    start_us: int
    end_us: int
    fills: NDArray[np.void]
    inventory_start: float
    inventory_end: float
    mid_start: float
    mid_end: float
    ticks: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, TICK))
    blocks: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, BLOCK))
    acks: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, LATENCY))
    marks: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, MARK))
    errors: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, ERROR))
    breaker: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, BREAKER))
    resources: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, RESOURCE))
    ws_lag_ms: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    order_age_ms: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    intended_changes: int = 0
    orders_sent: int = 0
    cancels_sent: int = 0
    side_time_us: int = 0
    side_time_risk_blocked_us: int = 0
    block_reasons: tuple[str, ...] = BLOCK_REASONS
    market: Mapping[str, int] = field(default_factory=dict)
    fill_ids: NDArray[np.int64] | NDArray[np.str_] | None = None
    order_ids: NDArray[np.int64] | NDArray[np.str_] | None = None
    later_mids: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    process: Mapping[str, float] = field(default_factory=dict)
    exchange: Mapping[str, float | str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    apart: bool = False
    untold: Mapping[str, str] = field(default_factory=dict)

    def lacks(self, *names: str) -> str | None:
        """Why one of `names` (such as `fills.maker`) is `untold`; None where all are told."""
        return next((self.untold[name] for name in names if name in self.untold), None)

    @classmethod
    def from_fills(
        cls,
        fills: Any,
        *,
        start_us: int | datetime,
        end_us: int | datetime,
        columns: Mapping[str, str] | None = None,
        mids: Any = None,
        inventory_start: float | None = None,
        mid_start: float | None = None,
        mid_end: float | None = None,
        apart: bool = False,
    ) -> Observation:
        """What a bot did from `start_us` until `end_us`, by its fills alone.

        `fills` are rows or columns by name, a numpy structured array, a DataFrame (pandas, polars),
        or a CSV file, by its path or open. Their columns are those of a line of the feed `fills`:
        time_us, side, price and quantity are needed; maker, fee_quote, mid, mid_1s, mid_1s_before,
        mid_100ms, mid_10s, mid_60s, execution_id and order_id may be left out. `columns` names
        theirs by ours, as in {"time_us": "ts"}. Times are whole microseconds on the target's clock,
        or dates with a zone; sides +1 or -1, "buy" or "sell"; makers true or false, "maker" or
        "taker"; money and signs as of FILL. Rows outside of the span are left out, as a note says.

        `mids` are the market's, in any of these forms, with columns time_us and mid. From them the
        mids of fills are taken that no column tells: the last one up to the time, of the fill's or
        a second later, and so on; none where that is more than two seconds old. `inventory_start`
        (base, long > 0) is what the fills before the span make, from nothing, unless it is given.
        `mid_start` and `mid_end` (quote) are the last mid up to then, or else the first one after.
        `apart` says that the bot traded on, unmeasured, between the window before and this one.

        Every KPI that rests on more than is told is null, and says why. Raises SoakUsageError,
        which names column, row, value and what was expected.
        """
        from pytest_soak.observation.from_fills import observed_fills

        return observed_fills(
            fills,
            span=(start_us, end_us),
            columns=columns or {},
            mids=mids,
            inventory_start=inventory_start,
            ends={"mid_start": mid_start, "mid_end": mid_end},
            apart=apart,
        )


if Observation.__doc__ is not None:  # there is none under `python -OO`
    Observation.__doc__ = f"{cleandoc(Observation.__doc__)}\n\n{tables.described()}"
