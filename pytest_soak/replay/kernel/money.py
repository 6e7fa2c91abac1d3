"""What fills are in money, of linear contracts and of inverse ones.

A lot of an inverse contract is the same in quote at any price. The market's kernel values lots x
ticks at one figure: here it follows the mid, and is that of its own price for each fill.
"""

from __future__ import annotations

from pytest_soak.market.kernel.account import book_fill
from pytest_soak.market.kernel.jit import Record, kernel_function


@kernel_function
def value_lots(world: Record, replay: Record) -> None:
    """Let a lot of an inverse contract be worth at the mid what it always is."""
    if replay.lot_quote > 0.0:
        world.instrument.lot_tick_quote = replay.lot_quote / world.mid


@kernel_function
def book(
    world: Record,
    tape: Record,
    replay: Record,
    time: int,
    side: int,
    maker: int,
    price: int,
    lots: int,
    mid: float,
    handle: int,
) -> None:
    """Account for a fill: base changes hands for quote, and the fee is of that quote."""
    if replay.lot_quote > 0.0:
        world.instrument.lot_tick_quote = replay.lot_quote / price
        replay.held += side * lots * replay.lot_quote / (price * replay.feed.tick)
    book_fill(world, tape, time, side, maker, price, lots, mid, handle)
    value_lots(world, replay)
