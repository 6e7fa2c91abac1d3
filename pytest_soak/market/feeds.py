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
        ("compute_ms", "f8"),  # pricing, risk checks, tracing
        ("wait_ms", "f8"),  # of the stages for one another
        ("send_ms", "f8"),
        ("total_ms", "f8"),
        ("cache_hit", "?"),
        ("deadline_miss", "?"),
    ]
)
BLOCK = np.dtype([("time_us", "i8"), ("reason", "i1"), ("side", "i1"), ("level", "i1")])
LATENCY = np.dtype([("time_us", "i8"), ("latency_ms", "f8")])
MARK = np.dtype([("time_us", "i8"), ("mid", "f8"), ("inventory", "f8"), ("equity_quote", "f8")])
TRADE = np.dtype(
    [
        ("time_us", "i8"),
        ("side", "i1"),  # of the order that came in: +1 bought, -1 sold
        ("price", "f8"),
        ("quantity", "f8"),
    ]
)
TOP = np.dtype(
    [
        ("time_us", "i8"),
        ("bid", "f8"),
        ("bid_quantity", "f8"),  # 0 where the side is empty; its price is then the last one
        ("ask", "f8"),
        ("ask_quantity", "f8"),
    ]
)
SECOND = np.dtype([("time_us", "i8"), ("mid", "f8")])
REPORT = np.dtype(
    [
        ("time_us", "i8"),  # of arrival at the agent
        ("sent_us", "i8"),  # of the request that it answers; a fill's own time at the venue
        ("order", "i8"),  # handle
        ("kind", "i1"),  # index into REPORT_KINDS
        ("is_answer", "?"),  # to a request, not an event of its own
        ("side", "i1"),
        ("maker", "?"),
        ("price", "f8"),
        ("quantity", "f8"),
    ]
)

REPORT_KINDS = ("accepted", "rejected", "cancelled", "filled")

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
