"""A book of levels: sizes by tick, each side with its best and the end of what it ever had.

A level that should have gone stays where a feed lost its update; it is not the best again before
an update says so, as in hftbacktest.
"""

from __future__ import annotations

import math

from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.replay.kernel.state import FREE, FULL, NO_ASK, NO_BID, PLACES


@kernel_function
def rounded(value: float) -> int:
    """To the nearest whole number, halves up."""
    return math.floor(value + 0.5)


@kernel_function
def _place(side: Record, tick: int) -> int:
    place = tick & (PLACES - 1)
    while side.ticks[place] != FREE and side.ticks[place] != tick:
        place = (place + 1) & (PLACES - 1)
    return place


@kernel_function
def size_at(side: Record, tick: int) -> float:
    """The size at a tick, 0 without any."""
    place = _place(side, tick)
    return float(side.sizes[place]) if side.ticks[place] == tick else 0.0


@kernel_function
def put_size(side: Record, tick: int, size: float) -> float:
    """Set the size at a tick and return the one before."""
    place = _place(side, tick)
    before = 0.0
    if side.ticks[place] == tick:
        before = side.sizes[place]
    elif size > 0.0:
        side.ticks[place] = tick
        side.used += 1
    else:
        return 0.0
    side.sizes[place] = size
    if side.used > FULL:
        _drop_empty(side)
    return float(before)


@kernel_function
def _drop_empty(side: Record) -> None:
    ticks = side.ticks.copy()
    sizes = side.sizes.copy()
    side.used = 0
    side.ticks[:] = FREE
    for old in range(PLACES):
        if ticks[old] != FREE and sizes[old] > 0.0:
            place = _place(side, ticks[old])
            side.ticks[place] = ticks[old]
            side.sizes[place] = sizes[old]
            side.used += 1
    if side.used > FULL:
        raise OverflowError("the feed's book has more levels than are held")


@kernel_function
def below(bids: Record, tick: int) -> int:
    """The best bid under a tick, NO_BID without one."""
    for at in range(tick - 1, bids.end - 1, -1):
        if size_at(bids, at) > 0.0:
            return at
    return NO_BID


@kernel_function
def above(asks: Record, tick: int) -> int:
    """The best ask over a tick, NO_ASK without one."""
    for at in range(tick + 1, asks.end + 1):
        if size_at(asks, at) > 0.0:
            return at
    return NO_ASK


@kernel_function
def update_bid(feed: Record, tick: int, size: float) -> float:
    """Set a bid's size; return the one before."""
    bids, asks = feed.bids, feed.asks
    stays = rounded(size / feed.lot) > 0
    before = put_size(bids, tick, size if stays else 0.0)
    if not stays:
        if tick == bids.best:
            bids.best = below(bids, tick)
            if bids.best == NO_BID:
                bids.end = NO_ASK
        return before
    if tick > bids.best:
        bids.best = tick
        if bids.best >= asks.best:
            asks.best = above(asks, bids.best)
    bids.end = min(bids.end, tick)
    return before


@kernel_function
def update_ask(feed: Record, tick: int, size: float) -> float:
    """Set an ask's size; return the one before."""
    bids, asks = feed.bids, feed.asks
    stays = rounded(size / feed.lot) > 0
    before = put_size(asks, tick, size if stays else 0.0)
    if not stays:
        if tick == asks.best:
            asks.best = above(asks, tick)
            if asks.best == NO_ASK:
                asks.end = NO_BID
        return before
    if tick < asks.best:
        asks.best = tick
        if bids.best >= asks.best:
            bids.best = below(bids, asks.best)
    asks.end = max(asks.end, tick)
    return before


@kernel_function
def _forget(side: Record) -> None:
    if side.used > 0:
        side.ticks[:] = FREE
        side.used = 0


@kernel_function
def clear_all(feed: Record) -> None:
    """Empty the book."""
    _forget(feed.bids)
    _forget(feed.asks)
    feed.bids.best, feed.bids.end = NO_BID, NO_ASK
    feed.asks.best, feed.asks.end = NO_ASK, NO_BID


@kernel_function
def clear_bids(feed: Record, down_to: int) -> None:
    """Take away the bids from the best down to a tick."""
    bids = feed.bids
    if bids.best != NO_BID:
        for tick in range(max(down_to, bids.end), bids.best + 1):
            put_size(bids, tick, 0.0)
    bids.best = below(bids, down_to - 1) if bids.best != NO_BID else NO_BID
    if bids.best == NO_BID:
        bids.end = NO_ASK


@kernel_function
def clear_asks(feed: Record, up_to: int) -> None:
    """Take away the asks from the best up to a tick."""
    asks = feed.asks
    if asks.best != NO_ASK:
        for tick in range(asks.best, min(up_to, asks.end) + 1):
            put_size(asks, tick, 0.0)
    asks.best = above(asks, up_to + 1) if asks.best != NO_ASK else NO_ASK
    if asks.best == NO_ASK:
        asks.end = NO_BID
