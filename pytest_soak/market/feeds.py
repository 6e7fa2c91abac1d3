"""What a bot did in a window, as columns: the input of every KPI."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FILL = np.dtype(
    [
        ("time_us", "i8"),
        ("side", "i1"),  # +1 bought, -1 sold
        ("maker", "?"),
        ("price", "f8"),  # quote currency a unit of base
        ("quantity", "f8"),  # base
        ("fee_quote", "f8"),  # paid > 0, rebate < 0
        ("mid", "f8"),  # maker: just before the fill; taker: when the order was decided
        ("mid_1s", "f8"),  # one second after the fill; NaN where the window ended before
    ]
)
TICK = np.dtype(
    [
        ("time_us", "i8"),
        ("fetch_md_ms", "f8"),
        ("total_ms", "f8"),
        ("cache_hit", "?"),
        ("deadline_miss", "?"),
    ]
)
BLOCK = np.dtype([("time_us", "i8"), ("reason", "i1"), ("side", "i1"), ("level", "i1")])
LATENCY = np.dtype([("time_us", "i8"), ("latency_ms", "f8")])
MARK = np.dtype([("time_us", "i8"), ("mid", "f8"), ("inventory", "f8"), ("equity_quote", "f8")])

BLOCK_REASONS = ("min_interval", "concurrency", "risk", "inventory", "throttle", "deadline")


@dataclass(frozen=True)
class Observation:
    """Everything a bot did in one window.

    Shapes: each array is one-dimensional with the dtype that its comment names; times are
    microseconds on the target's clock, inventories are in base, money in quote currency.
    `reason` of a block event is an index into `block_reasons`.
    """

    start_us: int
    end_us: int
    fills: NDArray[np.void]  # FILL
    ticks: NDArray[np.void]  # TICK
    blocks: NDArray[np.void]  # BLOCK
    acks: NDArray[np.void]  # LATENCY: order sent -> acknowledged
    marks: NDArray[np.void]  # MARK: the account, sampled at least once a second
    ws_lag_ms: NDArray[np.float64]
    order_age_ms: NDArray[np.float64]  # of each order when it left the book
    intended_changes: int  # quote changes the bot wanted, each counted once
    orders_sent: int
    cancels_sent: int
    side_time_us: int  # time x sides on which the bot wanted to quote
    side_time_risk_blocked_us: int
    inventory_start: float
    inventory_end: float
    mid_start: float
    mid_end: float
    block_reasons: tuple[str, ...] = BLOCK_REASONS
    market: dict[str, int] = field(default_factory=dict)  # e.g. spike_count, gap_events
