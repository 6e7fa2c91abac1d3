"""Own orders against the rows of a feed: no partial fills, whole at their own price or the best."""

from __future__ import annotations

from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.replay.kernel.book import (
    clear_all,
    clear_asks,
    clear_bids,
    rounded,
    size_at,
    update_ask,
    update_bid,
)
from pytest_soak.replay.kernel.queue import is_first, on_size, on_trade
from pytest_soak.replay.kernel.state import NO_ASK, NO_BID, OWN
from pytest_soak.replay.rows import BUY as BUY_BIT
from pytest_soak.replay.rows import CLEAR, DEPTH, GAP, SNAPSHOT, TRADE
from pytest_soak.replay.rows import SELL as SELL_BIT


@kernel_function
def take_row(feed: Record, row: Record) -> int:
    """Let a row of the exchange side happen; return how many own orders it filled (`filled`)."""
    feed.fills = 0
    kind = row.ev & 0xFF
    if kind in (DEPTH, SNAPSHOT):
        if kind == SNAPSHOT:
            feed.known = 1
        _on_depth(feed, row)
    elif kind == TRADE:
        if feed.open > 0 and feed.known != 0:
            _on_trade(feed, row)
    elif kind == CLEAR:
        if row.ev & BUY_BIT:
            clear_bids(feed, rounded(row.px / feed.tick))
        elif row.ev & SELL_BIT:
            clear_asks(feed, rounded(row.px / feed.tick))
        else:
            clear_all(feed)
    elif kind == GAP:
        feed.known = 0
    return int(feed.fills)


@kernel_function
def _on_depth(feed: Record, row: Record) -> None:
    tick = rounded(row.px / feed.tick)
    if row.ev & BUY_BIT:
        best = feed.bids.best
        before = update_bid(feed, tick, row.qty)
        if feed.open > 0:
            _change_places(feed, 1, tick, before, row.qty)
            if feed.bids.best > best and feed.bids.best >= feed.low:
                _fill_crossed(feed, -1, feed.bids.best)
    elif row.ev & SELL_BIT:
        best = feed.asks.best
        before = update_ask(feed, tick, row.qty)
        if feed.open > 0:
            _change_places(feed, -1, tick, before, row.qty)
            if feed.asks.best < best and feed.asks.best <= feed.high:
                _fill_crossed(feed, 1, feed.asks.best)


@kernel_function
def _change_places(feed: Record, side: int, tick: int, before: float, size: float) -> None:
    if tick < feed.low or tick > feed.high:
        return
    for place in range(feed.open):
        order = feed.orders[place]
        if order.tick == tick and order.side == side:
            on_size(feed, order, before, size)


@kernel_function
def _fill_crossed(feed: Record, side: int, best: int) -> None:
    """Fill own orders of a side that the other side's best has reached or passed."""
    place = 0
    while place < feed.open:
        order = feed.orders[place]
        if order.side == side and side * (order.tick - best) >= 0:
            _fill(feed, place)
        else:
            place += 1


@kernel_function
def _on_trade(feed: Record, row: Record) -> None:
    tick = rounded(row.px / feed.tick)
    if row.ev & BUY_BIT:
        if tick >= feed.low:
            _trade_against(feed, -1, tick, row.qty)
    elif row.ev & SELL_BIT and tick <= feed.high:
        _trade_against(feed, 1, tick, row.qty)


@kernel_function
def _trade_against(feed: Record, side: int, tick: int, size: float) -> None:
    """A trade at `tick` against own orders of a side."""
    place = 0
    while place < feed.open:
        order = feed.orders[place]
        better = side * (order.tick - tick)
        if order.side != side or better < 0:
            place += 1
            continue
        if better == 0:
            on_trade(order, size)
            if not is_first(feed, order):
                place += 1
                continue
        _fill(feed, place)


@kernel_function
def _fill(feed: Record, place: int) -> None:
    feed.filled[feed.fills] = feed.orders[place]
    feed.fills += 1
    remove(feed, place)


@kernel_function
def remove(feed: Record, place: int) -> None:
    """Take an own order away; another one takes its place."""
    feed.open -= 1
    feed.orders[place] = feed.orders[feed.open]
    feed.low = NO_ASK
    feed.high = NO_BID
    for other in range(feed.open):
        feed.low = min(feed.low, feed.orders[other].tick)
        feed.high = max(feed.high, feed.orders[other].tick)


@kernel_function
def find(feed: Record, number: int) -> int:
    """The place of an own order that rests, -1 where it does not."""
    for place in range(feed.open):
        if feed.orders[place].id == number:
            return place
    return -1


@kernel_function
def crosses(feed: Record, side: int, tick: int) -> bool:
    """Whether an order would trade as it comes in."""
    if side > 0:
        return bool(tick >= feed.asks.best)
    return bool(tick <= feed.bids.best)


@kernel_function
def rest(feed: Record, time: int, number: int, side: int, tick: int, size: float) -> None:
    """Put an own order behind all that rests at its price."""
    if feed.open >= OWN:
        raise OverflowError("too many own orders rest")
    order = feed.orders[feed.open]
    feed.open += 1
    order.id = number
    order.side = side
    order.tick = tick
    order.size = size
    order.ahead = size_at(feed.bids if side > 0 else feed.asks, tick)
    order.traded = 0.0
    order.time = time
    feed.low = min(feed.low, tick)
    feed.high = max(feed.high, tick)
