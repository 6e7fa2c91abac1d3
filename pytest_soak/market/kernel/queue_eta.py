"""A quote that would wait too long in the queue is brought a tick nearer.

Off by default (`queue_eta.enabled`). What must trade before a new quote is reckoned from the best
price's volume, as if each price behind it held as much, and how fast that trades from the market
orders of the last minute, half of them on each side.
"""

from __future__ import annotations

import math

from pytest_soak.market.kernel.jit import Record, kernel_function

RATE_S = 60.0
_RATE_STEP = 1.0 - math.exp(-1.0 / RATE_S)


@kernel_function
def on_second(maker: Record, market: Record) -> None:
    """Take what was traded since the last second into the rate."""
    taken = market.taken_lots - maker.feed_taken_lots
    maker.feed_taken_lots = market.taken_lots
    maker.taken_per_s += _RATE_STEP * (taken - maker.taken_per_s)


@kernel_function
def is_too_long(maker: Record, market: Record, slot: Record, price: int) -> bool:
    """Whether an inner quote at `price` would wait longer than `queue_eta.max_s`."""
    flags = maker.flags
    if flags.queue_eta_enabled == 0 or slot.level != 0:
        return False
    return bool(expected_s(maker, market, slot.side, price) > flags.queue_eta_max_s)


@kernel_function
def expected_s(maker: Record, market: Record, side: int, price: int) -> float:
    """Return the expected time until all that is ahead of a new quote has traded."""
    behind = market.bid - price if side > 0 else price - market.ask
    if behind < 0:
        return 0.0
    ahead = (behind + 1) * (market.bid_lots if side > 0 else market.ask_lots)
    per_s = 0.5 * maker.taken_per_s
    return float(ahead / per_s) if per_s > 0.0 else math.inf
