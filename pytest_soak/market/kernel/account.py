"""The agent's account at the venue: position, cash in whole lots x ticks, fees, fills."""

from __future__ import annotations

from pytest_soak.market.kernel.jit import Record, kernel_function, numbers
from pytest_soak.market.kernel.tape import put_fill

TAKER, MAKER = numbers(2)
"""On which side of a trade the agent was."""


@kernel_function
def book_fill(
    world: Record,
    tape: Record,
    time: int,
    side: int,
    maker: int,
    price: int,
    lots: int,
    mid: float,
    order: int,
) -> None:
    """Change position, cash and fees for a fill of the agent, and put it on the tape."""
    account = world.account
    account.fills += 1
    account.position += side * lots
    account.cash -= side * lots * price
    instrument = world.instrument
    rate = instrument.maker_fee if maker == MAKER else instrument.taker_fee
    fee = rate * (lots * price * instrument.lot_tick_quote)
    account.fees_quote += fee
    put_fill(tape, time, side, maker, price, lots, fee, mid, order)
