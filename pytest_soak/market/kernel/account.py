"""The agent's account at the venue: position, cash in whole lots x ticks, fees, fills."""

from __future__ import annotations

from pytest_soak.market.kernel.jit import Record, kernel_function, numbers
from pytest_soak.market.kernel.tape import put_fill

REFERENCE_PRICE = 40_000.0
"""Price in quote currency around which the units below are chosen."""

TICK_QUOTE = 1.0
"""One tick is 0.25 bps of the reference price."""

LOT_BASE = 0.0025
"""One lot is worth 100 in quote currency at the reference price."""

LOT_TICK_QUOTE = LOT_BASE * TICK_QUOTE
"""Quote currency in one lot x tick."""

TAKER, MAKER = numbers(2)
"""On which side of a trade the agent was."""

MAKER_FEE = -0.9e-4
"""Share of notional: a rebate, as venues pay to their largest makers. An assumption."""

TAKER_FEE = 3.5e-4


@kernel_function
def book_fill(
    world: Record, tape: Record, time: int, side: int, maker: int, price: int, lots: int, mid: float
) -> None:
    """Change position, cash and fees for a fill of the agent, and put it on the tape."""
    account = world.account
    account.position += side * lots
    account.cash -= side * lots * price
    rate = MAKER_FEE if maker == MAKER else TAKER_FEE
    fee = rate * (lots * price * LOT_TICK_QUOTE)
    account.fees_quote += fee
    put_fill(tape, time, side, maker, price, lots, fee, mid)
