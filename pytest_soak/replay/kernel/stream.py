"""A feed as the agent sees it: its rows in the order of receipt, as snapshots of the market's kind.

A snapshot every pulse holds what has been received by then; nothing is in it that came later.
"""

from __future__ import annotations

import math

from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.market.kernel.market_data import number_at, snapshot
from pytest_soak.replay.kernel.book import size_at
from pytest_soak.replay.kernel.own import take_row
from pytest_soak.replay.kernel.state import NO_ASK, NO_BID
from pytest_soak.replay.rows import BUY, TRADE

SIGN_MEMORY = 0.05  # of the mean sign of takers, a trade
DEPTH_BPS = 5.0  # from the best prices, within which sizes are depth


@kernel_function
def receive(replay: Record, row: Record) -> None:
    """Let the agent know of a row."""
    if row.local_ts != row.exch_ts:  # else it has no time of the venue
        replay.lag_us = (row.local_ts - row.exch_ts) // 1000
    if row.ev & 0xFF == TRADE:
        sign = 1.0 if row.ev & BUY else -1.0
        replay.sign += SIGN_MEMORY * (sign - replay.sign)
        replay.taken += row.qty / replay.seen.lot
        return
    take_row(replay.seen, row)


@kernel_function
def has_book(feed: Record) -> bool:
    """Whether both sides are known."""
    return bool(feed.known != 0 and feed.bids.best != NO_BID and feed.asks.best != NO_ASK)


@kernel_function
def mid_of(feed: Record, otherwise: float) -> float:
    """The mid in ticks, or `otherwise` without a book."""
    if not has_book(feed):
        return otherwise
    return 0.5 * (feed.bids.best + feed.asks.best)


@kernel_function
def measure_depth(world: Record, replay: Record) -> None:
    """Add up the sizes near the best prices."""
    seen = replay.seen
    if not has_book(seen):
        return
    reach = int(math.ceil(DEPTH_BPS * world.ticks_per_bps))  # noqa: RUF046
    total = 0.0
    for away in range(reach):
        total += size_at(seen.bids, seen.bids.best - away)
        total += size_at(seen.asks, seen.asks.best + away)
    replay.depth = 0.5 * total / seen.lot


@kernel_function
def publish(world: Record, replay: Record, time: int) -> None:
    """Take the snapshot of this pulse; without a book it repeats the one before."""
    venue = world.venue
    seen = replay.seen
    number = number_at(time)
    previous = snapshot(world, number - 1)
    row = snapshot(world, number)
    row.time = time
    row.delivered = time
    row.bid = previous.bid
    row.ask = previous.ask
    row.bid_lots = 0
    row.ask_lots = 0
    if has_book(seen):
        row.bid = seen.bids.best
        row.ask = seen.asks.best
        row.bid_lots = int(size_at(seen.bids, row.bid) / seen.lot)
        row.ask_lots = int(size_at(seen.asks, row.ask) / seen.lot)
    row.mid = mid_of(seen, previous.mid)
    row.taken_lots = int(replay.taken)
    row.flow = replay.sign
    row.depth = replay.depth
    venue.snapshot_number = number
    venue.feed_number = number
