"""What a bot did in a window, as columns: the input of every KPI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FILL = np.dtype(
    [
        ("time_us", "i8"),
        ("side", "i1"),  # +1 bought, -1 sold
        ("maker", "?"),
        ("price", "f8"),  # quote currency a unit of base
        ("quantity", "f8"),  # base, above 0
        ("fee_quote", "f8"),  # paid > 0, rebate < 0
        ("mid", "f8"),  # maker: just before the fill; taker: when the order was decided
        ("mid_1s", "f8"),  # one second after the fill; NaN where that is not known
    ]
)
OTHER_MIDS = {
    "mid_1s_before": -1_000_000,
    "mid_100ms": 100_000,
    "mid_10s": 10_000_000,
    "mid_60s": 60_000_000,
}
"""Optional columns of fills: the mid so many microseconds after the fill's own `time_us`.

As `mid_1s` it is the mid of the market that the fill was made on, whichever side and whether maker
or taker; NaN where it is not known. What lies beyond the window's end counts too, if it is known
when the window is handed over. `pickoff_bps` is reckoned from the one before.
"""

MARKED_FILL = np.dtype([*FILL.descr, *((name, "f8") for name in OTHER_MIDS)])
"""FILL and the columns of OTHER_MIDS."""

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
ERROR = np.dtype([("time_us", "i8")])
BREAKER = np.dtype([("time_us", "i8"), ("open", "?")])  # of the bot: True, it has stopped itself
RESOURCE = np.dtype(
    [
        ("time_us", "i8"),
        ("rss_mb", "f8"),  # resident memory, 1 MB = 1,000,000 bytes
        ("cpu_pct", "f8"),  # of one processor
        ("open_fds", "f8"),  # open files, sockets and pipes
        ("threads", "f8"),
        ("started_us", "f8"),  # may be left out: when the process was started that all this is of
    ]
)
OPTIONAL = {*OTHER_MIDS, "started_us"}
"""Columns that may be left out, NaN where they are."""

FILL_IDS = ("fill_ids", "order_ids")
"""What an Observation may tell of each fill beside its columns."""

BLOCK_REASONS = ("min_interval", "concurrency", "risk", "inventory", "throttle", "deadline")


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Everything a bot did in one window; what it does not hand over stays empty.

    Shapes: each array is one-dimensional with the dtype that its comment names; times are
    microseconds on the target's clock, inventories are in base, money in quote currency.
    `reason` of a block event is an index into `block_reasons`. `equity_quote` of a mark is cash
    and inventory at the mark's mid, less fees, up to a constant. `fill_ids` are the venue's ids of
    the fills, `order_ids` those of the orders that they filled: whole numbers or text, in the order
    of the fills.

    What must hold of all this is said, and checked, in `observation.validate` and
    `observation.conserve`.
    """

    start_us: int
    end_us: int
    fills: NDArray[np.void]  # FILL or MARKED_FILL; MARKED_FILL once it is converted
    inventory_start: float
    inventory_end: float
    mid_start: float
    mid_end: float
    ticks: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, TICK))
    blocks: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, BLOCK))
    # LATENCY: order sent -> acknowledged
    acks: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, LATENCY))
    # MARK: the account, sampled at least once a second
    marks: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, MARK))
    # ERROR: what the bot logs as one
    errors: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, ERROR))
    # BREAKER: whenever it opens or closes
    breaker: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, BREAKER))
    # RESOURCE: what the bot uses, sampled every few seconds
    resources: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, RESOURCE))
    ws_lag_ms: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    # of each order when it left the book
    order_age_ms: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    intended_changes: int = 0  # quote changes the bot wanted, each counted once
    orders_sent: int = 0
    cancels_sent: int = 0
    side_time_us: int = 0  # time x sides on which the bot wanted to quote
    side_time_risk_blocked_us: int = 0
    block_reasons: tuple[str, ...] = BLOCK_REASONS
    market: Mapping[str, int] = field(default_factory=dict)  # e.g. spike_count, gap_events
    fill_ids: NDArray[np.int64] | NDArray[np.str_] | None = None
    order_ids: NDArray[np.int64] | NDArray[np.str_] | None = None
    # with a window's last part: later mids of all its fills, in place of what its parts said
    later_mids: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    process: Mapping[str, float] = field(default_factory=dict)  # KPIs of a bot's own process
    notes: tuple[str, ...] = ()  # what to know of how it was measured
    apart: bool = False  # the bot went on, unmeasured, between the window before and this one
