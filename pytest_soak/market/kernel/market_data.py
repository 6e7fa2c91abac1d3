"""The venue's market data: a snapshot every pulse, streamed to the agent with a lag.

A snapshot shows the crowd's orders only: an agent knows its own and takes them out.
"""

from __future__ import annotations

from pytest_soak.config.sizes import SNAPSHOTS
from pytest_soak.market.kernel import rng
from pytest_soak.market.kernel.book import crowd_best, level_at
from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.market.kernel.state import BUY, SELL

PULSE_US = 25_000
LONGEST_LAG_US = (SNAPSHOTS - 2) * PULSE_US
"""Beyond it a snapshot would be overwritten before it is delivered."""


@kernel_function
def snapshot(world: Record, number: int) -> Record:
    """Return snapshot `number`; only the last SNAPSHOTS of them are kept."""
    return world.venue.snapshots[number & (SNAPSHOTS - 1)]


@kernel_function
def number_at(time: int) -> int:
    """Return the number of the newest snapshot at `time`."""
    return time // PULSE_US


@kernel_function
def _crowd_lots(level: Record) -> int:
    return int(level.volume - level.agent_volume)


@kernel_function
def publish(world: Record, time: int) -> None:
    """Take the snapshot of this pulse and deliver those whose lag has passed."""
    venue = world.venue
    number = number_at(time)
    previous = snapshot(world, number - 1)
    row = snapshot(world, number)
    row.time = time
    row.bid = previous.bid
    row.ask = previous.ask
    book = world.book
    row.bid_lots = 0
    row.ask_lots = 0
    if book.bid_volume > 0:
        row.bid = crowd_best(book, BUY)
        row.bid_lots = _crowd_lots(level_at(book, row.bid))
    if book.ask_volume > 0:
        row.ask = crowd_best(book, SELL)
        row.ask_lots = _crowd_lots(level_at(book, row.ask))
    row.taken_lots = world.flow.taken_lots
    row.mid = world.mid
    row.flow = world.flow.mean_sign
    row.depth = 0.5 * (book.bid_volume + book.ask_volume)
    lag = venue.market_data.base_us + int(
        rng.lognormal(
            world.keys[rng.FEED],
            world.flow.pulse_number,
            venue.market_data.median_us,
            venue.market_data.log_sd,
        )
    )
    row.delivered = max(previous.delivered, time + min(lag, LONGEST_LAG_US))
    venue.snapshot_number = number
    while venue.feed_number < number and snapshot(world, venue.feed_number + 1).delivered <= time:
        venue.feed_number += 1
