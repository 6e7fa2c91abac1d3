"""The levels of the built-in market that an event has changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_soak.config.sizes import LEVELS
from pytest_soak.market.kernel.book import level_at
from pytest_soak.market.kernel.jit import Record, kernel_function

KNOWN = np.dtype(
    [
        ("lots", "i8", (LEVELS,)),  # negative of an ask, by price as the book has its levels
        ("low", "i8"),  # the prices between which levels lie
        ("high", "i8"),
    ],
    align=True,
)
CHANGE = np.dtype([("price", "i8"), ("lots", "i8"), ("side", "i8")], align=True)


@kernel_function
def level_changes(world: Record, known: Record, changes: Any) -> int:
    """Write what is new since the last call; return how many changes there are."""
    book = world.book
    low = book.best_bid
    left = book.bid_volume
    while left > 0:
        level = level_at(book, low)
        left -= level.volume if level.price == low else 0
        low -= 1
    high = book.best_ask
    left = book.ask_volume
    while left > 0:
        level = level_at(book, high)
        left -= level.volume if level.price == high else 0
        high += 1
    count = 0
    for price in range(min(low, known.low), max(high, known.high) + 1):
        level = level_at(book, price)
        lots = level.volume if level.price == price else 0
        if book.bid_orders == 0 or price > book.best_bid:
            lots = -lots
        before = known.lots[price & (LEVELS - 1)]
        if lots == before:
            continue
        known.lots[price & (LEVELS - 1)] = lots
        if before != 0 and (lots == 0 or (lots > 0) != (before > 0)):
            count = _put(changes, count, price, 0, before)
        if lots != 0:
            count = _put(changes, count, price, abs(lots), lots)
    known.low = low
    known.high = high
    return int(count)


@kernel_function
def _put(changes: Any, count: int, price: int, lots: int, signed: int) -> int:
    row = changes[count]
    row.price = price
    row.lots = lots
    row.side = 1 if signed > 0 else -1
    return count + 1
